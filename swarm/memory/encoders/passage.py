"""What vectors went through on their way to the space they lie in, and how that space is asked.

Vectors of an encoder e₁ that adapters have mapped, x̂ = A₂(A₁(e₁(x))), lie in the space of the
last encoder e₃, but distorted: what the maps could not tell is gone. A query has as many forms
there as there are encoders on the way that can still be called: A₂(A₁(e₁(q))), distorted just as
the vectors are, A₂(e₂(q)), and e₃(q), which is as it should be but lies elsewhere. The first tells
more where the adapters are poor, the last where they are good, and neither is known beforehand; so
vectors are ordered by the mean of their distances to all forms. That costs one search: distances
being squared or inner products, it is the order of the distances to the mean form m, as

    mean |fᵢ − x̂|² = |m − x̂|² + mean |fᵢ − m|²,    mean (1 − fᵢ·x̂) = 1 − m·x̂,

under cosine with the forms brought to length one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

from swarm.memory.encoders.adapters import Adapter
from swarm.memory.encoders.encoder import EncoderError, Floats, Identity, unit
from swarm.memory.vectors.index import Metric


@dataclass(frozen=True, eq=False)
class Passage:
    """The encoders whose spaces vectors lay in, one after another, and the adapters between.

    Attributes:
        encoders: identities; the first made the vectors, in the space of the last they lie.
        adapters: one from each encoder to the next.
    """

    encoders: tuple[Identity, ...]
    adapters: tuple[Adapter, ...] = ()

    @property
    def space(self) -> Identity:
        """The encoder in whose space the vectors lie."""
        return self.encoders[-1]

    def then(self, adapter: Adapter, encoder: Identity) -> Passage:
        """The passage of these vectors once the adapter has mapped them, too."""
        return Passage((*self.encoders, encoder), (*self.adapters, adapter))

    def asked_by(self, callable: Container[Identity]) -> list[Identity]:
        """Those of the encoders that a query is encoded by."""
        return [each for each in self.encoders if each in callable]

    def widths(self, last: int) -> dict[Identity, int]:
        """The width of each encoder's vectors, where the last one's is given.

        Raises:
            EncoderError: for adapters of which one does not begin where the one before it ends.
        """
        begins = [each.widths[0] for each in self.adapters] + [last]
        ends = begins[:1] + [each.widths[1] for each in self.adapters]
        if begins != ends or len(begins) != len(self.encoders):
            raise EncoderError(
                f"adapters between {len(self.encoders)} encoders, in turn, begin at widths "
                f"{begins} and end at {ends}: each must begin where the one before it ends."
            )
        return dict(zip(self.encoders, begins, strict=True))

    def question(self, asked: Mapping[Identity, Floats], metric: Metric) -> Floats:
        """What to search for: the mean form of every query, float32[Q, width of the space].

        Args:
            asked: queries as the encoders have them, one of this passage at least. Those that are
                not in it give no form.
            metric: of the index that is searched.
        """
        forms = []
        for place, encoder in enumerate(self.encoders):
            if encoder in asked:
                form = asked[encoder]
                for adapter in self.adapters[place:]:
                    form = adapter.apply(form)
                forms.append(form)
        if len(forms) == 1:
            return forms[0]
        if metric != "cosine":
            return np.mean(forms, axis=0, dtype=np.float32)
        forms = [unit(form) for form in forms]
        mean = np.mean(forms, axis=0, dtype=np.float32)
        opposed = (mean**2).sum(axis=1) < 1e-12  # no direction is left: the last form alone
        return np.where(opposed[:, None], forms[-1], mean)
