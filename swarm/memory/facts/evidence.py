"""What facts were derived from: ids of earlier facts, one fact's after another's."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import IDS_MAX, FactError, whole, with_room

Ids = NDArray[np.int64]


class Grounds:
    """Evidence of facts 0..facts−1, in two arrays: 4 bytes a fact and 4 a ground.

    Facts after the last one with evidence take no bytes, so that a memory without any has none.
    """

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int32)
        self._stop = np.zeros(1, np.int32)  # fact i has ids stop[i]..stop[i + 1] - 1
        self._facts = 0

    def __len__(self) -> int:
        return int(self._stop[self._facts])

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        return 4 * (len(self) + self._facts + 1)

    def checked(self, ids: ArrayLike, counts: ArrayLike, first: int, size: int) -> tuple[Ids, Ids]:
        """Evidence of the facts first..first+size−1, or why it is none."""
        grounds = np.atleast_1d(whole("evidence", ids, 0, IDS_MAX)).astype(np.int64)
        number = np.atleast_1d(whole("counts of evidence", counts, 0, IDS_MAX)).astype(np.int64)
        if len(number) != size or number.sum() != len(grounds):
            raise FactError(
                "evidence is the ids of grounds, one fact's after another's, and how many each of "
                f"the {size} facts has, such as ([4, 7, 4], [2, 1]); got {len(grounds)} ids and "
                f"{len(number)} counts that add up to {number.sum()}."
            )
        own = first + np.repeat(np.arange(size), number)
        if (grounds >= own).any():
            at = int(np.argmax(grounds >= own))
            raise FactError(
                f"a fact is derived from earlier ones: {grounds[at]} cannot be evidence of "
                f"{own[at]}."
            )
        if len(self) + len(grounds) > IDS_MAX:
            raise FactError(f"a memory holds up to {IDS_MAX} grounds in all.")
        return grounds, number

    def append(self, first: int, grounds: Ids, counts: Ids) -> None:
        """Write down what the facts from `first` on are derived from, as `checked` returned it."""
        if not len(grounds):
            return
        used, facts = len(self), first + len(counts)
        self._stop = with_room(self._stop, facts + 1)
        self._stop[self._facts + 1 : first + 1] = used
        self._stop[first + 1 : facts + 1] = used + np.cumsum(counts)
        self._ids = with_room(self._ids, used + len(grounds))
        self._ids[used : used + len(grounds)] = grounds
        self._facts = facts

    def view(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """All ids, and where they stop: those of fact i < len(stops) − 1 end at stops[i + 1].

        They begin at stops[i], and later facts have none. Read-only, and no copies.
        """
        ids, stops = self._ids[: len(self)], self._stop[: self._facts + 1]
        ids.flags.writeable = stops.flags.writeable = False
        return ids, stops

    def of(self, facts: Ids) -> tuple[Ids, Ids]:
        """Ids of the grounds of some facts, one fact's after another's, and counts."""
        start = self._stop[np.minimum(facts, self._facts)].astype(np.int64)
        counts = self._stop[np.minimum(facts + 1, self._facts)] - start
        first = np.repeat(start - np.cumsum(counts) + counts, counts)
        return self._ids[first + np.arange(counts.sum())].astype(np.int64), counts
