"""The indexes of a store whose encoder was replaced: one for each generation of vectors.

A generation is an index of vectors that lie in the space of one encoder: its own, or those of an
older one that an adapter has mapped there. The newest is where everything is written.
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
from swarm.memory.vectors.index import Neighbours, VectorIndex

Ids = NDArray[np.int64]
Make = Callable[[int], VectorIndex]


@dataclass
class Generation:
    """Vectors in the space of `encoder`: made by it, or `adapted` to it."""

    encoder: Encoder
    index: VectorIndex
    adapted: bool = False


class Generations:
    """Generations by number, and which of them is the newest.

    Attributes:
        by_number: from the oldest to the newest.
        newest: the number of the last.
    """

    def __init__(self, encoder: Encoder, make: Make) -> None:
        self.make = make
        self.by_number = {0: Generation(encoder, make(encoder.dimensions))}
        self.newest = 0

    @property
    def present(self) -> Generation:
        """The newest."""
        return self.by_number[self.newest]

    def __len__(self) -> int:
        return sum(len(each.index) for each in self.by_number.values())

    def succeed(self, new: Encoder, adapter: Adapter | None) -> tuple[Ids, int]:
        """Begin the generation of another encoder, or go back to it if it is still there.

        Returns:
            The ids that the adapter has mapped, and the number of their generation.

        Raises:
            EncoderError: for an encoder or adapter that does not fit; nothing changes then.
        """
        now = self.present.encoder
        self._check(new, adapter)
        mapped = None if adapter is None else self._mapped(new, adapter)
        number = max(self.by_number) + 1
        ids = np.zeros(0, np.int64)
        if mapped is not None:
            ids = mapped.index.ids()
            self.by_number = {
                key: each
                for key, each in self.by_number.items()
                if each.encoder.identity != now.identity
            }
            self.by_number[number] = mapped
        own = [
            key
            for key, each in self.by_number.items()
            if each.encoder.identity == new.identity and not each.adapted
        ]
        self.newest = own[0] if own else number + 1
        fresh = self.by_number.pop(self.newest, None)
        self.by_number[self.newest] = fresh or Generation(new, self.make(new.dimensions))
        self.drop_empty()
        return ids, number

    def take_out(self, ids: Ids, numbers: NDArray[np.int32]) -> None:
        """Remove vectors from the generations in which they lie; -1 is none."""
        for number in np.unique(numbers[numbers >= 0]).tolist():
            self.by_number[number].index.remove(ids[numbers == number])

    def drop_empty(self) -> None:
        """Forget generations of which nothing is left, but for the newest."""
        self.by_number = {
            number: each
            for number, each in self.by_number.items()
            if number == self.newest or len(each.index)
        }

    def answers(
        self, queries: Items, k: int, allowed: ArrayLike | None, asked: dict[Identity, Floats]
    ) -> dict[int, Neighbours]:
        """What each generation answers, from the oldest.

        Args:
            queries, k, allowed: of a search.
            asked: the queries as they were encoded for each space; filled where it lacks one.
        """
        found = {}
        for number, each in self.by_number.items():
            space = each.encoder.identity
            if space not in asked:
                asked[space] = encoded(each.encoder, queries)
            found[number] = each.index.search(asked[space], k, allowed)
        return found

    def spaces(self) -> list[list[int]]:
        """The numbers of the generations of each space, the present one first."""
        spaces: dict[Identity, list[int]] = {self.present.encoder.identity: []}
        for number, each in self.by_number.items():
            spaces.setdefault(each.encoder.identity, []).append(number)
        return list(spaces.values())

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
        now = self.present.encoder
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
        for each in self.by_number.values():
            if each.encoder.identity == new.identity and each.encoder.dimensions != widths[1]:
                raise EncoderError(
                    f"{new.identity} had {each.encoder.dimensions} dimensions before and has "
                    f"{widths[1]} now: give it another version."
                )

    def _mapped(self, new: Encoder, adapter: Adapter) -> Generation | None:
        """All vectors in the present space, in the space to come."""
        space = self.present.encoder.identity
        old = [each.index for each in self.by_number.values() if each.encoder.identity == space]
        ids = np.concatenate([index.ids() for index in old])
        if ids.size == 0:
            return None
        vectors = np.concatenate([index.vectors(index.ids()) for index in old])
        order = np.argsort(ids)
        index = self.make(new.dimensions)
        index.add(adapter.apply(vectors[order]), ids[order])
        return Generation(new, index, adapted=True)
