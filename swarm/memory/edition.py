"""An edition of the memory: what one group of agents knows of it, and what that says in sum.

Facts come to an edition, and are taken back, in whatever order the news arrive: one that was taken
back before it came never counts. Guarantee: editions that have heard the same news are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts import FOREVER, Facts
from swarm.memory.facts.discovery import first_of_each_author
from swarm.memory.priority import Priority, Stated
from swarm.memory.tally import Tally

CAME, GONE = np.uint8(1), np.uint8(2)


class Edition:
    """The part of a memory that has come to a group, and a tally of what stands of it.

    Attributes:
        tally: how often and how strongly it says what.
        lately: int64, ids of facts that it had, and lost since it was settled.
    """

    def __init__(self, entities: int, relations: int) -> None:
        self.tally = Tally(entities, relations)
        self.lately = np.empty(0, np.int64)
        self._news = np.zeros(0, np.uint8)
        self._priority: Priority | None = None  # until it is asked who was first
        self._stale = np.empty(0, np.int64)  # lost, and in the lists of priority still

    def hear(self, facts: Facts, came: ArrayLike, gone: ArrayLike = ()) -> None:
        """Take in facts that came and facts that were taken back, int[m] each, in any order."""
        came, gone = (np.unique(np.asarray(ids, np.int64)) for ids in (came, gone))
        if len(facts) > len(self._news):
            longer = np.zeros(max(len(facts), 2 * len(self._news)), np.uint8)
            longer[: len(self._news)] = self._news
            self._news = longer
        lost = gone[self._news[gone] == CAME]
        if len(lost):
            self.lately = np.concatenate([self.lately, lost])
        self._news[gone] |= GONE
        new = came[self._news[came] == 0]
        self._news[came] |= CAME
        self.tally.forget(facts, lost)
        self.tally.absorb(facts, new)
        if self._priority is not None:
            self._priority.add(facts, new)

    def has(self, ids: ArrayLike) -> NDArray[np.bool_]:
        """bool[m]: which facts came and stand."""
        return self._of(ids) == CAME

    def lost(self, ids: ArrayLike) -> NDArray[np.bool_]:
        """bool[m]: which facts are known to have been taken back."""
        return (self._of(ids) & GONE) > 0

    def heard_of(self, ids: ArrayLike) -> NDArray[np.bool_]:
        """bool[m]: which facts came or were taken back."""
        return self._of(ids) > 0

    def visible(self) -> NDArray[np.int64]:
        """Ids of all facts that came and stand, ascending."""
        return np.flatnonzero(self._news == CAME)

    def settle(self) -> None:
        """From now on agents use what stands: forget what was lost before."""
        if self._priority is not None and len(self.lately):
            self._stale = np.concatenate([self._stale, self.lately])
        self.lately = np.empty(0, np.int64)

    def first_to_say(
        self,
        facts: Facts,
        stated: Sequence[ArrayLike],
        most: int,
        ended: bool = False,
    ) -> NDArray[np.int64]:
        """Who of those it has said facts first: ids int64[m, most], earliest first, −1 for no more.

        No two of one author. O(m · most), however often a fact was repeated; once O(all facts) when
        first asked, or asked for more than before; and O(facts of its subject) for each fact that
        lost one of its first since the last time, and, unless `ended`, for each of whose first one
        has ended.

        Args:
            facts: the memory.
            stated: subjects, relations and objects int[m], in their canonical direction.
            most: how many of each, 1 or more.
            ended: also those that have ended while it does not know yet, or that it lost lately;
                what agents used, in short, and not what stands.
        """
        subject, relation, object = (np.ascontiguousarray(column, np.int64) for column in stated)
        found = self._priorities(facts, most).first(facts, (subject, relation, object), most)
        if ended:
            return found
        known = np.maximum(found, 0)  # -1 is none
        gone = (facts.columns()["ended"][known] != FOREVER) | ~self.has(known)
        again = np.flatnonzero((gone & (found >= 0)).any(axis=1))
        if len(again):
            said = subject[again], relation[again], object[again]
            found[again] = self._standing_first(facts, said, most)
        return found

    def _priorities(self, facts: Facts, most: int) -> Priority:
        """Who said what first, of all that agents use: up to date, and of at least so many."""
        stale, self._stale = self._stale, np.empty(0, np.int64)
        if self._priority is None or self._priority.most < most:
            self._priority = Priority(most)
            self._priority.add(facts, np.union1d(self.visible(), self.lately))
        elif len(stale):
            fact = self._priority.drop(facts, stale)
            said = (facts.values(fact, name) for name in ("subject", "relation", "object"))
            ids = facts.match_many(*said, ended=True).values
            self._priority.add(facts, ids[self.has(ids) | np.isin(ids, self.lately)])
        return self._priority

    def _standing_first(self, facts: Facts, stated: Stated, most: int) -> NDArray[np.int64]:
        """`first_to_say` of what stands, by a look at every fact of the subjects."""
        different, which = np.unique(np.stack(stated), axis=1, return_inverse=True)
        offsets, ids = facts.match_many(*different)
        has = self.has(ids)
        offsets, ids = np.concatenate([[0], np.cumsum(has)])[offsets], ids[has]
        first = np.full((different.shape[1], most), -1, np.int64)
        first_of_each_author(offsets, np.arange(len(ids)), facts.values(ids, "author"), first)
        found: NDArray[np.int64] = np.append(ids, -1)[first][which]
        return found

    def state(self) -> dict[str, NDArray]:
        """The news, a bit a fact for each kind."""
        heard = self._news[: int(np.flatnonzero(self._news).max(initial=-1)) + 1]
        return {"came": np.packbits(heard & CAME), "gone": np.packbits((heard & GONE) > 0)}

    def restore(self, facts: Facts, state: Mapping[str, NDArray]) -> None:
        """Become the edition of these facts that `state` was taken from, settled."""
        again = Edition(facts.entities, facts.relations)
        again.hear(facts, *(np.flatnonzero(np.unpackbits(state[k])) for k in ("came", "gone")))
        again.settle()
        vars(self).update(vars(again))

    def _of(self, ids: ArrayLike) -> NDArray[np.uint8]:
        asked = np.asarray(ids, np.int64)
        news = np.zeros(asked.shape, np.uint8)
        known = (asked >= 0) & (asked < len(self._news))
        news[known] = self._news[asked[known]]
        return news
