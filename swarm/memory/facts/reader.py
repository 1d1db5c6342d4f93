"""Whoever may read only a part of a memory: those that are public, and some of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import COLUMNS, FactError, different, whole
from swarm.memory.facts.queries import Queries

if TYPE_CHECKING:
    from swarm.memory.facts.store import Store

Ids = NDArray[np.int64]


class Reader(Queries):
    """A view of the facts that its holder may read: 0..before−1, and those of `also`.

    Made by `Facts.reader`. No answer to any query depends on a fact that it may not see, but for
    one thing: a fact that was ended no longer stands, for whatever reason that was.

    Attributes:
        before: facts 0..before−1 can be seen.
        also: int64, ascending, other facts that can be seen, such as its own and those that it was
            told; read-only.

    >>> mine = memory.match(author=12, ended=True)
    >>> reader = memory.reader(before=memory.public_count(tick=9, embargo=4), also=mine)
    >>> reader.match(subject=3, relation=7)
    """

    __slots__ = ("_also", "_before", "_facts")

    def __init__(self, facts: Store, before: int, also: ArrayLike) -> None:
        known = len(facts)
        if not 0 <= before <= known:
            raise FactError(
                f"before must lie in 0..{known}, as many facts as there are; got {before}."
            )
        ids = np.atleast_1d(whole("also", also, 0, known - 1)).astype(np.int64)
        self._facts, self._before = facts, int(before)
        self._also = different(ids[ids >= before])

    @property
    def before(self) -> int:
        """Facts 0..before−1 can be seen."""
        return self._before

    @property
    def also(self) -> Ids:
        """Other facts that can be seen, int64, ascending: a copy."""
        return self._also.copy()

    def __len__(self) -> int:
        return self._before + self._also.size

    def sees(self, ids: ArrayLike) -> NDArray[np.bool_]:
        """Whether facts can be seen, bool[m]."""
        asked = np.atleast_1d(np.asarray(ids))
        seen: NDArray[np.bool_] = (asked >= 0) & (asked < self._before)
        return seen | np.isin(asked, self._also)

    def values(self, ids: ArrayLike) -> dict[str, NDArray]:
        """Return what facts say, as copied columns by name.

        Raises:
            FactError: if one of them cannot be seen, or does not exist.
        """
        asked = np.atleast_1d(np.asarray(ids))
        # The same words whether it exists or not: refusals would tell how much is hidden.
        seen = self.sees(asked)
        if not seen.all():
            raise FactError(f"this reader may not read facts {asked[~seen][:5].tolist()}.")
        return {name: self._facts.values(asked, name) for name in COLUMNS}

    def _sight(self) -> tuple[Store, int, Ids]:
        memory = self._facts._sight()[0]
        return memory, self._before, self._also
