"""SPEA2's truncation: drop whoever is nearest to another, one at a time.

Zitzler, Laumanns & Thiele 2001, TIK-Report 103, section 3.2. Instead of the distances between all
pairs, every point remembers those to a few nearest neighbours, and looks for new ones when it has
lost them: memory O(n), time O(M n) for each point dropped, ties or not. Points equally far from
as many neighbours as are remembered count as equals.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from evolution.search import Floats, Integers

# How many neighbours are remembered.
_DEPTH = 16


def truncated(points: Floats, k: int) -> Integers:
    """The rows ``int64[k]``, ascending, of ``points[n, M]`` (no NaN) that are left of all.

    Of points whose 16 nearest neighbours are equally far, the one with the largest index is
    dropped.
    """
    return _truncate(np.ascontiguousarray(points.T), k)


@njit(cache=True, nogil=True)
def nearest_distances(columns: Floats, i: int, n: int, found: Floats, row: Floats) -> int:
    """Squared distances of point ``i`` to its nearest of the first ``n`` ``columns[M, ·]``.

    As many as ``found`` holds, ascending; ``row[n]`` is overwritten. Returns how many there are.
    """
    distances_of(columns, i, row[:n])
    row[i] = np.inf
    count, most = 0, min(len(found), n - 1)
    for j in range(n):
        distance = row[j]
        if j == i or (count == most and distance >= found[most - 1]):
            continue
        place = count if count < most else most - 1
        while place > 0 and found[place - 1] > distance:
            found[place] = found[place - 1]
            place -= 1
        found[place] = distance
        count = min(count + 1, most)
    return count


@njit(cache=True, nogil=True)
def distances_of(columns: Floats, i: int, row: Floats) -> None:
    """Fill ``row[n]`` with squared distances from point ``i`` to the first ``n``."""
    M, n = columns.shape[0], len(row)
    row[:] = 0.0
    for m in range(M):
        value = columns[m, i]
        for j in range(n):
            gap = columns[m, j] - value
            # Two infinite values are equal, though their difference is no number.
            row[j] += 0.0 if columns[m, j] == value else gap * gap


@njit(cache=True, nogil=True)
def _truncate(columns: Floats, k: int) -> Integers:
    """Points move to the front as others are dropped: the first ``n`` columns are alive."""
    columns = columns.copy()
    n = columns.shape[1]
    names = np.arange(n)
    row = np.empty(n)
    known, count = np.empty((n, _DEPTH)), np.empty(n, dtype=np.int64)
    for i in range(n):
        count[i] = nearest_distances(columns, i, n, known[i], row)
    rivals = np.empty(n, dtype=np.int64)
    while n > k:
        drop = _most_crowded(columns, n, names, known, count, rivals, row)
        distances_of(columns, drop, row[:n])
        n -= 1
        # The last one moves into the gap.
        columns[:, drop], names[drop] = columns[:, n], names[n]
        known[drop], count[drop], row[drop] = known[n], count[n], row[n]
        for i in range(n):
            if count[i] and row[i] <= known[i, count[i] - 1]:
                _forget(known[i], count[i], row[i])
                count[i] -= 1
        for i in range(n):
            if count[i] == 0:
                count[i] = nearest_distances(columns, i, n, known[i], row)
    return np.sort(names[:n])


@njit(cache=True, nogil=True)
def _forget(known: Floats, count: int, distance: float) -> None:
    """Take one of the distances of this length out of a list."""
    place = 0
    while place < count - 1 and known[place] != distance:
        place += 1
    for later in range(place, count - 1):
        known[later] = known[later + 1]


@njit(cache=True, nogil=True)
def _most_crowded(
    columns: Floats,
    n: int,
    names: Integers,
    known: Floats,
    count: Integers,
    rivals: Integers,
    row: Floats,
) -> int:
    """Whose distances, sorted, come first lexicographically; of equals, the last by name."""
    many = n
    for i in range(n):
        rivals[i] = i
    for depth in range(min(_DEPTH, n - 1)):
        least, left = np.inf, 0
        for r in range(many):
            i = rivals[r]
            if count[i] <= depth:
                count[i] = nearest_distances(columns, i, n, known[i], row)
            if known[i, depth] < least:
                least, left = known[i, depth], 0
            if known[i, depth] == least:
                rivals[left] = i
                left += 1
        many = left
        if many == 1:
            break
    last = rivals[0]
    for r in range(1, many):
        if names[rivals[r]] > names[last]:
            last = rivals[r]
    return last
