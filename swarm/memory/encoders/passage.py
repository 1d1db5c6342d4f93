"""What vectors went through on their way to the space they lie in, and how that space is asked.

Vectors of an encoder e₁ that adapters have mapped, x̂ = A₂(A₁(e₁(x))), lie in the space of the
last encoder e₃, but distorted: what the maps could not tell is gone. A query has two forms there:
A₂(A₁(e₁(q))), distorted just as the vectors are, and e₃(q), which is as it should be but lies
elsewhere. The first tells more where the adapters are poor, the second where they are good, and
which is not known beforehand; so vectors are ordered by the mean of their distances to both. That
takes one search: distances being squared or inner products, it is the order of the distances to
the mean form m = (f₁ + f₂) / 2, as

    mean |fᵢ − x̂|² = |m − x̂|² + |f₁ − f₂|² / 4,    mean (1 − fᵢ·x̂) = 1 − m·x̂,

under cosine with the forms brought to length one. The encoders between need not be called. What one
of them, narrow or blind, has lost on the way stays lost until the items are encoded anew.
"""

from __future__ import annotations

from collections.abc import Mapping
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

    @property
    def askers(self) -> tuple[Identity, ...]:
        """The encoders that a query may be encoded by: the first and the last."""
        return tuple(dict.fromkeys((self.encoders[0], self.encoders[-1])))

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
            asked: queries as encoders have them, by one of the askers at least. One that is not in
                it gives no form.
            metric: of the index that is searched.
        """
        forms: list[Floats] = [asked[self.space]] if self.space in asked else []
        if self.adapters and self.encoders[0] in asked:
            form = asked[self.encoders[0]]
            for adapter in self.adapters:
                form = adapter.apply(form)
            forms.append(form)
        if len(forms) == 1:
            return forms[0]
        first, second = (unit(form) if metric == "cosine" else form for form in forms)
        mean: Floats = (first + second) * np.float32(0.5)
        if metric == "cosine":
            opposed = (mean**2).sum(axis=1) < 1e-12  # no direction is left: one form alone
            mean[opposed] = first[opposed]
        return mean
