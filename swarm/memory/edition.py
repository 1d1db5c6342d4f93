"""An edition of the memory: what one group of agents knows of it, and what that says in sum.

Facts come to an edition, and are taken back, in whatever order the news arrive: one that was taken
back before it came never counts. Guarantee: editions that have heard the same news are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts import Facts
from swarm.memory.facts.discovery import first_of_each_author
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
        self.lately = np.empty(0, np.int64)

    def first_to_say(
        self,
        facts: Facts,
        stated: Sequence[ArrayLike],
        most: int,
        ended: bool = False,
    ) -> NDArray[np.int64]:
        """Who of those it has said facts first: ids int64[m, most], earliest first, −1 for no more.

        No two of one author. O(m log m + facts of the pairs of subject and relation), each pair
        looked at once.

        Args:
            facts: the memory.
            stated: subjects, relations and objects int[m], in their canonical direction.
            most: how many of each, 1 or more.
            ended: also those that have ended while it does not know yet, or that it lost lately;
                what agents used, in short, and not what stands.
        """
        subject, relation, object = (np.asarray(column, np.int64) for column in stated)
        pair = subject * facts.relations + relation
        pairs, place = np.unique(pair, return_inverse=True)
        asked, which = np.unique(place * facts.entities + object, return_inverse=True)
        place, objects = np.divmod(asked, facts.entities)
        subjects, relations = np.divmod(pairs[place], facts.relations)
        offsets, ids = facts.match_many(subjects, relations, objects, ended=ended)
        has = self.has(ids)
        if ended and len(self.lately):
            has |= np.isin(ids, self.lately)
        offsets, ids = np.concatenate([[0], np.cumsum(has)])[offsets], ids[has]
        authors = facts.values(ids, "author")
        first = np.full((len(asked), most), -1, np.int64)
        first_of_each_author(offsets, np.arange(len(ids)), authors, first)
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
