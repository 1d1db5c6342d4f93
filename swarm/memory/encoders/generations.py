"""The indexes of a store whose encoder was replaced: one for each generation of vectors.

A generation is what one encoder made, in an index of its own, and lies in that encoder's space or
where adapters have since mapped it. The newest is where everything is written. There are as many
as encoders have vectors left; every search asks them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.encoders.adapters import Adapter
from swarm.memory.encoders.encoder import (
    Encoder,
    EncoderError,
    Floats,
    Identity,
    Items,
    encoded,
)
from swarm.memory.encoders.passage import Passage
from swarm.memory.encoders.training import ADAPTERS
from swarm.memory.vectors.index import Neighbours, VectorIndex

Ids = NDArray[np.int64]
Make = Callable[[int], VectorIndex]


@dataclass(frozen=True)
class Generation:
    """An index, and what its vectors went through."""

    index: VectorIndex
    passage: Passage


class Generations:
    """Generations by number, and which of them is the newest.

    Attributes:
        encoder: the present encoder, of queries and of what is written.
        callable: the encoders that queries are encoded by: the present one, and those that older
            generations still ask for and that were not retired.
        by_number: from the oldest to the newest.
        newest: the number of the last.
    """

    def __init__(self, encoder: Encoder, make: Make) -> None:
        self.make = make
        self.encoder = encoder
        self.callable: dict[Identity, Encoder] = {encoder.identity: encoder}
        own = Generation(make(encoder.dimensions), Passage((encoder.identity,)))
        self.by_number = {0: own}
        self.newest = 0

    @property
    def present(self) -> Generation:
        """The newest."""
        return self.by_number[self.newest]

    def __len__(self) -> int:
        return sum(len(each.index) for each in self.by_number.values())

    def sizes(self) -> dict[int, int]:
        """How many vectors are in each generation."""
        return {number: len(each.index) for number, each in self.by_number.items()}

    def succeed(self, new: Encoder, adapter: Adapter | None) -> None:
        """Begin the generation of another encoder, or go back to it if it is still there.

        Raises:
            EncoderError: for an encoder or adapter that does not fit; nothing changes then.
        """
        self._check(new, adapter)
        mapped = {} if adapter is None else self._mapped(new, adapter)
        generations = {**self.by_number, **mapped}
        own = [
            number
            for number, each in generations.items()
            if each.passage.encoders == (new.identity,)
        ]
        newest = own[0] if own else max(generations) + 1
        fresh = Generation(self.make(new.dimensions), Passage((new.identity,)))
        generations[newest] = generations.pop(newest, fresh)
        self.by_number, self.newest, self.encoder = generations, newest, new
        self.callable[new.identity] = new
        self.drop_empty()

    def retire(self, encoder: Identity) -> None:
        """Call an encoder no more.

        Raises:
            EncoderError: if it is not called anyway, or if vectors are found by it alone.
        """
        if encoder not in self.callable or encoder == self.encoder.identity:
            old = [each for each in self.callable if each != self.encoder.identity]
            raise EncoderError(
                f"only an old encoder that queries are still encoded by can retire, of {old}; got "
                f"{encoder!r}."
            )
        others = self.callable.keys() - {encoder}
        alone = sum(
            len(each.index)
            for each in self.by_number.values()
            if others.isdisjoint(each.passage.askers)
        )
        if alone:
            raise EncoderError(
                f"{alone} vectors are found by {encoder} alone. Migrate them first; another time, "
                "replace it with an adapter."
            )
        del self.callable[encoder]

    def take_out(self, ids: Ids, numbers: NDArray[np.int32]) -> None:
        """Remove vectors from the generations in which they lie; -1 is none."""
        for number in np.unique(numbers[numbers >= 0]).tolist():
            self.by_number[number].index.remove(ids[numbers == number])

    def drop_empty(self) -> None:
        """Forget generations of which nothing is left, but for the newest, and their encoders."""
        self.by_number = {
            number: each
            for number, each in self.by_number.items()
            if number == self.newest or len(each.index)
        }
        self.callable = {
            name: self.callable[name]
            for each in self.by_number.values()
            for name in each.passage.askers
            if name in self.callable
        }

    def answers(
        self, queries: Items, k: int, allowed: ArrayLike | None, asked: dict[Identity, Floats]
    ) -> dict[int, Neighbours]:
        """What each generation answers, from the oldest.

        Args:
            queries, k, allowed: of a search.
            asked: the queries as encoders have them; filled where it lacks one.
        """
        for name, encoder in self.callable.items():
            if name not in asked:
                asked[name] = encoded(encoder, queries)
        return {
            number: each.index.search(each.passage.question(asked, each.index.metric), k, allowed)
            for number, each in self.by_number.items()
        }

    def origin(self, numbers: NDArray[np.int32]) -> dict[str, NDArray]:
        """Columns name, version and adapters of the vectors in these generations."""
        each, rows = np.unique(numbers, return_inverse=True)
        passages = [self.by_number[number].passage for number in each.tolist()]
        return {
            "name": np.array([one.encoders[0][0] for one in passages], dtype=object)[rows],
            "version": np.array([one.encoders[0][1] for one in passages], np.int64)[rows],
            "adapters": np.array([len(one.adapters) for one in passages], np.int64)[rows],
        }

    def vectors(self, ids: Ids, numbers: NDArray[np.int32]) -> Floats:
        """The vectors of ids in these generations, in the present space.

        Raises:
            EncoderError: if some lie in another.
        """
        rows = np.empty((ids.size, self.encoder.dimensions), np.float32)
        for number in np.unique(numbers).tolist():
            each, here = self.by_number[number], numbers == number
            if each.passage.space != self.encoder.identity:
                raise EncoderError(
                    f"{np.count_nonzero(here)} of these vectors are still of encoder "
                    f"{each.passage.space}: migrate first, or replace it with an adapter."
                )
            rows[here] = each.index.vectors(ids[here])
        return rows

    def check_storable(self, vectors: Floats) -> None:
        """Refuse what the newest index could not hold, before anything is changed.

        Raises:
            EncoderError: for a vector of length zero where directions are compared.
        """
        if self.present.index.metric == "cosine" and not (some := vectors.any(axis=1)).all():
            raise EncoderError(
                f"the encoder gave item {int(np.argmin(some))} of this batch a vector of zeros, "
                "which has no direction: use an index by l2, which orders vectors of length one "
                "in the same way."
            )

    def _check(self, new: Encoder, adapter: Adapter | None) -> None:
        now = self.encoder
        if new.identity == now.identity:
            raise EncoderError(
                f"{new.identity} is the present encoder. One that gives other vectors has another "
                f"version, such as version={now.version + 1}."
            )
        widths = (now.dimensions, new.dimensions)
        if adapter is not None and adapter.widths != widths:
            raise EncoderError(
                f"an adapter from {now.identity} to {new.identity} maps width {widths[0]} to "
                f"{widths[1]}; got one from {adapter.widths[0]} to {adapter.widths[1]}."
            )
        if adapter is not None and adapter.kind not in ADAPTERS:
            raise EncoderError(
                "an adapter is kept and saved until all it mapped are migrated, and must be of "
                f"kind {', '.join(ADAPTERS)}; got {adapter.kind!r}."
            )
        for each in self.by_number.values():
            before = each.passage.widths(each.index.dimensions).get(new.identity, new.dimensions)
            if before != new.dimensions:
                raise EncoderError(
                    f"{new.identity} had {before} dimensions before and has {new.dimensions} now: "
                    "give it another version."
                )

    def _mapped(self, new: Encoder, adapter: Adapter) -> dict[int, Generation]:
        """The generations that lie in the present space, mapped to the space to come."""
        mapped = {}
        for number, each in self.by_number.items():
            if each.passage.space == self.encoder.identity and len(each.index):
                ids, index = each.index.ids(), self.make(new.dimensions)
                index.add(adapter.apply(each.index.vectors(ids)), ids)
                mapped[number] = Generation(index, each.passage.then(adapter, new.identity))
        return mapped
