"""Replicated counters: columns of grow-only and positive–negative counters.

Shapiro, Preguiça, Baquero & Zawirski 2011, "Conflict-free replicated data types", SSS; as deltas
in Almeida, Shoker & Baquero 2018. In concept a counter is a table [keys, replicas] in which each
replica counts what it did itself, and a join takes the greater entry. Here the entries that are
not zero stand in two columns, sorted by cell, so that any int64 may be a key (up to a bound that
the error names), a delta is a short state, and zeros cost nothing.

Guarantees: the value of a key is the sum of all amounts ever added by updates that are known, each
counted once. A join costs O(n + m) in one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.replicas.errors import ReplicaError
from swarm.memory.replicas.lattice import Replicated, whole_numbers

Column = NDArray[np.int64]
_MOST = 2**62


class GCounter(Replicated):
    """Counters that only grow, one for each key.

    >>> ours, theirs = GCounter(replica=0, replicas=2), GCounter(replica=1, replicas=2)
    >>> delta = ours.add([7, 7, 9], [1, 2, 5])
    >>> theirs.merge(delta), theirs.merge(delta), theirs.value([7, 8, 9]).tolist()
    (True, False, [3, 0, 5])
    """

    _names = ("cells", "counts")
    _signs = 1

    def __init__(self, replica: int, replicas: int) -> None:
        super().__init__(replica, replicas)
        self._cells: Column = np.zeros(0, np.int64)
        self._counts: Column = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, keys: ArrayLike, amounts: ArrayLike = 1) -> Self:
        """Count amounts ≥ 0 for keys, int[m] each (or one amount for all); returns the delta.

        Raises:
            ReplicaError: for keys outside 0..2⁶²/(2·replicas), amounts below 0, or a count that
                would pass 2⁶².
        """
        return self._count(keys, amounts, 0)

    def value(self, keys: ArrayLike) -> Column:
        """The counters of the keys, int64[m]; 0 for a key never counted."""
        wanted = whole_numbers(keys, "keys", 0, self._last_key)
        sums = np.concatenate(([0], np.cumsum(self._signed())))
        first = wanted * self._stride
        ends = np.searchsorted(self._cells, first + self._stride)
        return sums[ends] - sums[np.searchsorted(self._cells, first)]

    def keys(self) -> Column:
        """Every key that was ever counted, ascending."""
        return np.unique(self._cells // self._stride)

    def table(self, keys: ArrayLike) -> Column:
        """What each replica has counted for the keys, int64[m, replicas]."""
        wanted = whole_numbers(keys, "keys", 0, self._last_key)
        cells = wanted[:, None] * self._stride + np.arange(self._stride)
        counts = self._at(cells.reshape(-1)).reshape(len(wanted), self.replicas, self._signs)
        return counts @ np.array([1, -1][: self._signs])

    def merge(self, other: Self) -> bool:
        """Join a state or a delta; returns whether that changed anything."""
        self._check_kind(other)
        cells, counts, changed = _join(self._cells, self._counts, other._cells, other._counts)
        if changed:
            self._hold(cells, counts)
        return bool(changed)

    @property
    def _stride(self) -> int:
        return self.replicas * self._signs

    @property
    def _last_key(self) -> int:
        return _MOST // (2 * self.replicas)

    def _signed(self) -> Column:
        return self._counts

    def _at(self, cells: Column) -> Column:
        if not self._cells.size:
            return np.zeros(cells.shape, np.int64)
        rows = np.minimum(np.searchsorted(self._cells, cells), self._cells.size - 1)
        return np.where(self._cells[rows] == cells, self._counts[rows], 0)

    def _count(self, keys: ArrayLike, amounts: ArrayLike, sign: int) -> Self:
        counted = whole_numbers(keys, "keys", 0, self._last_key)
        added = whole_numbers(amounts, "amounts", 0, _MOST // max(1, counted.size))
        if added.size == 1:
            added = np.broadcast_to(added, counted.shape)
        if added.shape != counted.shape:
            raise ReplicaError(
                "each key has an amount, such as [7, 9] and [1, 5]; got "
                f"{counted.size} keys and {added.size} amounts."
            )
        order = np.argsort(counted, kind="stable")
        counted, added = counted[order], added[order]
        firsts = np.flatnonzero(np.diff(counted, prepend=-1))
        sums = np.add.reduceat(added, firsts) if firsts.size else added
        cells = (counted[firsts] * self.replicas + self.replica) * self._signs + sign
        counts = self._at(cells) + sums
        if (counts > _MOST).any():
            raise ReplicaError("a counter would pass 2**62; count in larger units.")
        delta = self._like(cells[sums > 0], counts[sums > 0])
        self.merge(delta)
        return delta

    def _columns(self) -> tuple[NDArray, ...]:
        return self._cells, self._counts

    def _hold(self, *columns: NDArray) -> None:
        self._cells, self._counts = columns

    def _adopt(self, columns: Sequence[NDArray]) -> None:
        cells, counts = columns
        ordered = cells.shape == counts.shape and bool((cells[:-1] < cells[1:]).all())
        if not ordered or (
            (cells < 0).any()
            or (cells >= (self._last_key + 1) * self._stride).any()
            or (counts < 1).any()
            or (counts > _MOST).any()
        ):
            raise ReplicaError(
                "the cells of a counter ascend, and their counts lie in 1..2**62; these do not."
            )
        self._hold(cells, counts)


class PNCounter(GCounter):
    """Counters that grow and shrink, one for each key: two grow-only ones side by side.

    >>> stock = PNCounter(replica=0, replicas=2)
    >>> _ = stock.add([7], [5]), stock.subtract([7, 8], [2, 1])
    >>> stock.value([7, 8]).tolist()
    [3, -1]
    """

    _signs = 2

    def subtract(self, keys: ArrayLike, amounts: ArrayLike = 1) -> Self:
        """Take amounts ≥ 0 from keys; as `add`."""
        return self._count(keys, amounts, 1)

    def _signed(self) -> Column:
        return np.where(self._cells & 1 == 1, -self._counts, self._counts)


@njit(cache=True, nogil=True)
def union_size(keys_a: Column, keys_b: Column) -> int:
    """How many distinct keys two ascending columns have together."""
    n, m = keys_a.size, keys_b.size
    i = j = k = 0
    while i < n and j < m:
        a, b = keys_a[i], keys_b[j]
        i += a <= b
        j += b <= a
        k += 1
    return k + n - i + m - j


@njit(cache=True, nogil=True)
def _join(
    cells_a: Column, counts_a: Column, cells_b: Column, counts_b: Column
) -> tuple[Column, Column, bool]:
    """The greater entry of each cell; and whether that differs from `a`."""
    n, m = cells_a.size, cells_b.size
    total = union_size(cells_a, cells_b)
    cells, counts = np.empty(total, np.int64), np.empty(total, np.int64)
    changed = total > n
    i = j = 0
    for k in range(total):
        if j == m or (i < n and cells_a[i] < cells_b[j]):
            cells[k], counts[k] = cells_a[i], counts_a[i]
            i += 1
        elif i == n or cells_b[j] < cells_a[i]:
            cells[k], counts[k] = cells_b[j], counts_b[j]
            j += 1
        else:
            changed |= counts_b[j] > counts_a[i]
            cells[k], counts[k] = cells_a[i], max(counts_a[i], counts_b[j])
            i += 1
            j += 1
    return cells, counts, changed
