"""Where the facts of an entity are: compressed sparse rows, and lists of what is newer.

Row k of `Rows` holds the facts of key k (a subject, an object or an author). A row of up to `LONG`
facts is in the order of ids; a longer one is ordered by relation and then by id, so that the facts
of (key, relation) are found by bisection: O(log of the row + answer).

Facts that are not merged yet are in linked lists (`swarm.memory.facts.lists`), each key's walked in
O(its length). When the lists hold as many facts as the rows have facts and keys, they are merged:
in place, by counting, long rows as in the merge step of a sort. That costs O(1) on average for each
fact written, and O(log of the row) in long rows.

Bytes: 4 for each fact and 8 for each key. Rows and lists share one array: the rows of the facts
0..merged−1 fill its first places, and the link of every later fact is at its own. A merge writes
over the links, which it does not read, and takes no memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.facts.ahead import AHEAD, prefetch
from swarm.memory.facts.columns import with_room
from swarm.memory.facts.lists import NONE, link

LEAST = 4096
"""Facts that are always left in lists: small memories never merge."""
SHARE = 1.0
"""Facts in lists to facts and keys in rows, at most. A fact takes 4 bytes in either."""
LONG = 16
"""Facts of a row that are looked at one by one for their relation, and not sorted by it."""

_LOW = 2**32 - 1


class Index(NamedTuple):
    """`Rows` as kernels take them."""

    starts: NDArray[np.int32]
    ids: NDArray[np.int32]  # rows, then what `lists` calls `older`
    newest: NDArray[np.int32]
    listed: int


class Rows:
    """An index of facts by one column.

    Args:
        keys: values of the column are 0..keys−1.

    Attributes:
        merged: facts 0..merged−1 are in rows.
        stop: facts merged..stop−1 are in lists.
    """

    def __init__(self, keys: int) -> None:
        self.merged = self.stop = 0
        self._starts = np.full(keys + 1, 0, np.int32)  # not zeros: for large pages
        self._ids = np.empty(0, np.int32)
        self._newest = np.full(keys, NONE, np.int32)

    @property
    def keys(self) -> int:
        """The number of rows."""
        return self._newest.size

    @property
    def limit(self) -> int:
        """Most facts in lists."""
        return LEAST + int(SHARE * (self.merged + self.keys))

    @property
    def nbytes(self) -> int:
        """Bytes in use; what is kept in reserve is not touched, and takes no memory."""
        return 4 * (2 * self.keys + 1 + self.stop)

    @property
    def index(self) -> Index:
        """The arrays, for kernels."""
        listed = self.stop - self.merged
        return Index(self._starts, self._ids, self._newest, listed)

    def length(self, key: int) -> int:
        """How many facts of a key are merged."""
        return int(self._starts[key + 1] - self._starts[key])

    def with_keys(self, keys: int) -> None:
        """Make room for more keys."""
        known = self.keys
        if keys > known:
            self._starts = with_room(self._starts, keys + 1, 16)
            self._starts[known + 1 :] = self.merged
            self._newest = with_room(self._newest, self._starts.size - 1, 16)
            self._newest = self._newest[: self._starts.size - 1]
            self._newest[known:] = NONE

    def with_room(self, facts: int) -> None:
        """Make room for as many facts."""
        self._ids = with_room(self._ids, facts)

    def extend(self, column: NDArray[np.int32], relation: NDArray[np.int32], stop: int) -> None:
        """Take in the facts up to stop−1, of these columns."""
        self.with_room(stop)
        while self.stop < stop:
            full = self.merged + self.limit
            until = min(stop, full)
            link(column, self.stop, until, self._ids, self._newest)
            self.stop = until
            if until == full:
                self.merge(column, relation)

    def merge(self, column: NDArray[np.int32], relation: NDArray[np.int32]) -> None:
        """Move all facts from lists to rows."""
        if self.stop > self.merged:
            arrays = self._starts, self._ids, self._newest
            merge(*arrays, self.merged, self.stop, column, relation)
            self.merged = self.stop


@njit(cache=True, nogil=True)
def merge(
    starts: NDArray[np.int32],
    ids: NDArray[np.int32],
    newest: NDArray[np.int32],
    merged: int,
    stop: int,
    column: NDArray[np.int32],
    relation: NDArray[np.int32],
) -> None:
    """Put facts merged..stop−1 into rows, as counting sort does; the lists are empty then.

    Lists are not walked: where one stops is not known before it is read, and each step would wait
    for the one before. `newest` holds counts instead, and then the places to write to.
    """
    newest[:] = 0
    for i in range(merged, stop):
        if i + AHEAD < stop:
            prefetch(newest, np.int64(column[i + AHEAD]))
        newest[column[i]] += 1
    shift, high = stop - merged, merged
    for key in range(newest.size - 1, -1, -1):
        low, count = starts[key], newest[key]
        starts[key + 1] = high + shift
        shift -= count
        for place in range(high - 1, low - 1, -1):
            ids[place + shift] = ids[place]
        newest[key] = high + shift
        high = low
    for i in range(merged, stop):
        if i + AHEAD < stop:
            prefetch(newest, np.int64(column[i + AHEAD]))
        ids[newest[column[i]]] = i
        newest[column[i]] += 1
    taken = np.empty(64, np.int64)
    for key in range(newest.size):
        if starts[key + 1] - starts[key] > LONG:
            taken = order(ids, starts[key], starts[key + 1], merged, relation, taken)
    newest[:] = NONE


@njit(cache=True, nogil=True)
def order(
    ids: NDArray[np.int32],
    low: int,
    high: int,
    merged: int,
    relation: NDArray[np.int32],
    taken: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Order a long row by relation and id, if facts of `merged` and after came to its end.

    The others are in order already, if they are many. Returns `taken`, moved if it had to grow.
    """
    first = high
    while first > low and ids[first - 1] >= merged:
        first -= 1
    if first == high:
        return taken
    if first - low <= LONG:  # a long row for the first time
        first = low
    count = high - first
    if count > taken.size:
        taken = longer(taken, count)
    for place in range(count):
        i = ids[first + place]
        taken[place] = (np.int64(relation[i]) << 32) | i
    ascending(taken, 0, count)
    old = first - 1
    for place in range(count - 1, -1, -1):
        # What came is newer: it goes after the others of its relation.
        while old >= low and relation[ids[old]] > taken[place] >> 32:
            ids[old + place + 1] = ids[old]
            old -= 1
        ids[old + place + 1] = taken[place] & _LOW
    return taken


@njit(cache=True, nogil=True)
def ascending(values: NDArray[np.int64], low: int, high: int) -> None:
    """Sort values low..high−1 in place (D. Shell 1959): most rows are short, or nearly sorted."""
    sorted_until = low + 1
    while sorted_until < high and values[sorted_until - 1] <= values[sorted_until]:
        sorted_until += 1
    if sorted_until >= high:
        return
    gap = 1
    while high - low > 3 * max(gap, 8):
        gap = 9 * gap // 4 + 1
    while gap > 0:
        for i in range(low + gap, high):
            value, place = values[i], i
            while place >= low + gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value
        gap = 4 * gap // 9 if gap > 2 else gap - 1


@njit(cache=True, nogil=True)
def longer(values: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The same with room for `size` or more, at least doubled."""
    more = np.empty(max(size, 2 * values.size), np.int64)
    more[: values.size] = values
    return more
