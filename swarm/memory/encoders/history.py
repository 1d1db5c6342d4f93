"""Where the vector of every item lies, and when it was made: columns indexed by the item's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.chance import GAMMA
from swarm.memory.encoders.encoder import EncoderError

Ids = NDArray[np.int64]

NOWHERE = -1
# Ids index the columns: 2²⁷ of them fill 1 GiB.
ID_MAX = 2**27 - 1
_ROOM_AT_FIRST = 1024


class History:
    """For every id: its generation, and when its vector was made.

    Attributes:
        generation: int32[room], -1 for ids that are unknown.
        tick: int32[room], when the vector was made.
    """

    def __init__(self) -> None:
        self.generation = np.full(0, NOWHERE, np.int32)
        self.tick = np.zeros(0, np.int32)

    def checked(self, ids: ArrayLike) -> Ids:
        """Distinct ids 0..`ID_MAX` as int64[m]; one number is one id.

        Raises:
            EncoderError: for anything else.
        """
        given = np.atleast_1d(np.asarray(ids))
        if given.size == 0:
            given = given.astype(np.int64)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise EncoderError(
                "ids must be a column of whole numbers, such as [3, 5]; got "
                f"{given.dtype} of shape {given.shape}."
            )
        numbers = given.astype(np.int64)
        if numbers.size and not (numbers.min() >= 0 and numbers.max() <= ID_MAX):
            raise EncoderError(
                f"ids must lie in 0..{ID_MAX}, for they index columns; got "
                f"{numbers.min()}..{numbers.max()}."
            )
        if np.unique(numbers).size != numbers.size:
            raise EncoderError("each id must come once; try np.unique(ids).")
        return numbers

    def known(self, ids: ArrayLike) -> Ids:
        """The same, all of which have a vector.

        Raises:
            EncoderError: naming some that have none.
        """
        numbers = self.checked(ids)
        unknown = numbers[self.generations(numbers) == NOWHERE]
        if unknown.size:
            raise EncoderError(f"no vectors are known of ids {unknown[:5].tolist()}; write them.")
        return numbers

    def generations(self, ids: Ids) -> NDArray[np.int32]:
        """The generation of each id, -1 for the unknown."""
        inside = ids < self.generation.size
        found = np.full(ids.shape, NOWHERE, np.int32)
        found[inside] = self.generation[ids[inside]]
        return found

    def sizes(self, allowed: ArrayLike) -> dict[int, int]:
        """How many of the ids that a search is allowed lie in each generation.

        Args:
            allowed: ids, of which unknown ones count nowhere, or a bool mask indexed by id.
        """
        given = np.asarray(allowed)
        by_mask = given.dtype == np.bool_
        ids = np.flatnonzero(given) if by_mask else np.unique(given).astype(np.int64)
        numbers = self.generations(ids[ids >= 0])
        found, counts = np.unique(numbers[numbers != NOWHERE], return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    def written(self, ids: Ids, generation: int, tick: int) -> None:
        """New vectors of these ids were made."""
        self._make_room(int(ids.max(initial=-1)) + 1)
        self.generation[ids] = generation
        self.tick[ids] = tick

    def stale(self, generation: int) -> Ids:
        """All ids that lie in other generations, spread evenly: ascending by id · 2⁶⁴/φ mod 2⁶⁴.

        By the golden ratio every beginning of this order has its share of every stretch of ids
        (Knuth 1998, The Art of Computer Programming 3, section 6.4, theorem S), so that ids
        given in the order of time or topic are no less a fair sample.
        """
        ids = np.flatnonzero((self.generation != generation) & (self.generation != NOWHERE))
        return ids[np.argsort(ids.astype(np.uint64) * GAMMA)]

    def first_stale(self, due: Ids, generation: int, most: int) -> tuple[Ids, Ids]:
        """The first that are stale still of what is due, `most` of them, and what is due then."""
        stale = np.zeros(0, np.int64)
        while due.size and stale.size < most:
            some, due = np.split(due, [most - stale.size])
            numbers = self.generations(some)  # some were written, read or removed since
            stale = np.append(stale, some[(numbers != generation) & (numbers != NOWHERE)])
        return stale, due

    def state(self, numbers: list[int]) -> dict[str, Any]:
        """The columns of known ids; generations as their places in `numbers`."""
        ids = np.flatnonzero(self.generation != NOWHERE)
        places = np.full(max(numbers) + 1, NOWHERE, np.int32)
        places[numbers] = np.arange(len(numbers))
        return {
            "ids": ids,
            "generation": places[self.generation[ids]],
            "ticks": self.tick[ids],
        }

    def restore(self, state: Mapping[str, Any], generations: int) -> None:
        """Take the columns of a state whose generations are 0..generations−1.

        Raises:
            EncoderError: for columns that do not fit; nothing changes then.
        """
        read = History()
        ids = read.checked(state["ids"])
        for name, most in (("generation", generations - 1), ("ticks", 2**31 - 1)):
            column = np.asarray(state[name])
            whole = column.dtype.kind in "iu" or column.size == 0
            inside = column.size == 0 or (column.min() >= 0 and column.max() <= most)
            if column.shape != ids.shape or not whole or not inside:
                raise EncoderError(
                    f"the saved column {name} must have {ids.size} whole numbers in 0..{most}; got "
                    f"{column.dtype} of shape {column.shape}, {column.ravel()[:5].tolist()}…"
                )
        read._make_room(int(ids.max(initial=-1)) + 1)
        read.generation[ids] = state["generation"]
        read.tick[ids] = state["ticks"]
        vars(self).update(vars(read))

    def _make_room(self, size: int) -> None:
        """Grow by doubling, so that writing stays O(1) on average."""
        room = self.generation.size
        if size <= room:
            return
        more = max(size, 2 * room, _ROOM_AT_FIRST) - room
        self.generation = np.pad(self.generation, (0, more), constant_values=NOWHERE)
        self.tick = np.pad(self.tick, (0, more))
