"""An edition of the memory: what one group of agents knows of it, and what that says in sum.

Facts come to an edition, and are taken back, in whatever order the news arrive: one that was taken
back before it came never counts. Guarantee: editions that have heard the same news are equal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts import Facts
from swarm.memory.tally import Tally

CAME, GONE = np.uint8(1), np.uint8(2)


class Edition:
    """The part of a memory that has come to a group, and a tally of what stands of it.

    Attributes:
        tally: how often and how strongly it says what.
    """

    def __init__(self, entities: int, relations: int) -> None:
        self.tally = Tally(entities, relations)
        self._news = np.zeros(0, np.uint8)

    def hear(self, facts: Facts, came: ArrayLike, gone: ArrayLike = ()) -> None:
        """Take in facts that came and facts that were taken back, int[m] each, in any order."""
        came, gone = (np.unique(np.asarray(ids, np.int64)) for ids in (came, gone))
        if len(facts) > len(self._news):
            longer = np.zeros(max(len(facts), 2 * len(self._news)), np.uint8)
            longer[: len(self._news)] = self._news
            self._news = longer
        lost = gone[self._news[gone] == CAME]
        self._news[gone] |= GONE
        new = came[self._news[came] == 0]
        self._news[came] |= CAME
        self.tally.forget(facts, lost)
        self.tally.absorb(facts, new)

    def has(self, ids: ArrayLike) -> NDArray[np.bool_]:
        """bool[m]: which facts came and stand."""
        return self._of(ids) == CAME

    def lost(self, ids: ArrayLike) -> NDArray[np.bool_]:
        """bool[m]: which facts are known to have been taken back."""
        return (self._of(ids) & GONE) > 0

    def visible(self) -> NDArray[np.int64]:
        """Ids of all facts that came and stand, ascending."""
        return np.flatnonzero(self._news == CAME)

    def _of(self, ids: ArrayLike) -> NDArray[np.uint8]:
        asked = np.asarray(ids, np.int64)
        news = np.zeros(asked.shape, np.uint8)
        known = (asked >= 0) & (asked < len(self._news))
        news[known] = self._news[asked[known]]
        return news
