"""The hall of fame: champions of the past, met again lest they be forgotten.

Rosin & Belew 1997, "New methods for competitive coevolution", Evolutionary Computation 5, section
3.3: the best of each generation is kept, and later generations are tested against a sample of them.

Guarantees: a hall with a limit holds an even sample of all champions it was ever given, whenever
one looks (Vitter 1985, "Random sampling with a reservoir", algorithm R); members never change.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.coevolution.errors import CoevolutionError
from evolution import Genomes, Representation
from evolution.state import packed, unpacked

Integers = npt.NDArray[np.int64]


class HallOfFame:
    """Champions, one genome each.

    Attributes:
        spec: what the genomes are.
        limit: how many are kept, or None for all.
        given: how many there ever were.
        generations: int64[n], when each member was champion.
    """

    def __init__(self, spec: Representation, limit: int | None = None) -> None:
        if limit is not None and limit < 1:
            raise CoevolutionError(f"limit is {limit}; at least 1 member, or None to keep all")
        self.spec, self.limit, self.given = spec, limit, 0
        self._members: list[Genomes] = []
        self._generations: list[int] = []

    def __len__(self) -> int:
        return len(self._members)

    @property
    def generations(self) -> Integers:
        """int64[n], when each member was champion."""
        return np.array(self._generations, np.int64)

    @property
    def members(self) -> Genomes:
        """All members, a row each."""
        if not self._members:
            raise CoevolutionError(
                "the hall of fame is empty: it holds somebody after a generation"
            )
        return self.spec.concatenate(*self._members)

    def add(self, champion: Genomes, generation: int, rng: np.random.Generator) -> None:
        """Take in a champion, one row; a full hall may show one out for it, or refuse it."""
        if self.spec.count(champion) != 1:
            raise CoevolutionError(f"{self.spec.count(champion)} champions; they are added singly")
        self.given += 1
        one = self.spec.take(champion, slice(None))
        if self.limit is None or len(self) < self.limit:
            self._members.append(one)
            self._generations.append(generation)
            return
        place = int(rng.integers(self.given))
        if place < self.limit:
            self._members[place], self._generations[place] = one, generation

    def sample(self, k: int, rng: np.random.Generator) -> Genomes | None:
        """Any k different members, all where there are no more; None where that is nobody."""
        number = min(k, len(self))
        if number < 1:
            return None
        rows = rng.choice(len(self), number, replace=False)
        return self.spec.concatenate(*(self._members[row] for row in rows))

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Members as arrays, and how many there were."""
        arrays = packed(self.members, "members") if self._members else {}
        return arrays, {"given": self.given, "generations": list(self._generations)}

    def restore(self, state: tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]) -> None:
        """Hold what the hall that gave ``state`` held.

        Raises:
            CoevolutionError: for a state that is damaged; the hall stays as it was.
        """
        arrays, facts = state
        members = unpacked(arrays, "members")
        generations, given = list(facts["generations"]), int(facts["given"])
        if members:
            self.spec.validate(members)
        n = self.spec.count(members) if members else 0
        if n != len(generations) or n > given or n > (self.limit or n):
            raise CoevolutionError(
                f"the state of a hall of fame is damaged: {n} members, {len(generations)} "
                f"generations, {given} ever given, limit {self.limit}"
            )
        self._members = [self.spec.take(members, slice(row, row + 1)) for row in range(n)]
        self._generations, self.given = [int(each) for each in generations], given
