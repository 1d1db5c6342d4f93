"""A replicated map in which the last writer wins, by hybrid logical clocks.

Johnson & Thomas 1975, "The maintenance of duplicate databases" (RFC 677); stamps of Kulkarni et
al. 2014 (`swarm.memory.replicas.clocks`). Each key has a row: the stamp of its last write, the
replica that wrote it, and the value, in words of 64 bits.

Guarantees: a write that knew of another wins over it. Of concurrent writes the greater stamp
wins, then the greater replica, then the greater value by its words, so the order is total and
every replica keeps the same row. A join costs O(n + m) in one pass. Keys are not removed: a field
that says so does it, such as {"gone": np.bool_}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, DTypeLike, NDArray

from swarm.memory.replicas.clocks import HybridClock
from swarm.memory.replicas.counters import union_size
from swarm.memory.replicas.errors import ReplicaError
from swarm.memory.replicas.fields import Fields, Words
from swarm.memory.replicas.lattice import Replicated, whole_numbers

Column = NDArray[np.int64]
_LEAST, _MOST = -(2**63), 2**63 - 1


class LWWMap(Replicated):
    """A map from int64 keys to rows of named columns; the last write of a key wins.

    >>> ours = LWWMap(replica=0, replicas=2, fields={"price": np.int64})
    >>> theirs = LWWMap(replica=1, replicas=2, fields={"price": np.int64})
    >>> ours.merge(theirs.set([3, 4], physical=7, price=[30, 40]))
    True
    >>> theirs.merge(ours.set([4], physical=5, price=[41]))  # its clock lags, but it knew
    True
    >>> theirs.value([3, 4])["price"].tolist()
    [30, 41]
    """

    _names = ("keys", "stamps", "origins", "values")

    def __init__(self, replica: int, replicas: int, fields: Mapping[str, DTypeLike]) -> None:
        self.fields = Fields(fields)
        super().__init__(replica, replicas, self.fields, self.fields.words)
        self._keys, self._stamps, self._origins = (np.zeros(0, np.int64) for _ in range(3))
        self._values: Words = np.zeros((0, self.fields.words), np.uint64)
        self._latest = 0

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def latest(self) -> int:
        """The greatest stamp known; the next write gets a greater one."""
        return self._latest

    def set(self, keys: ArrayLike, physical: int, **columns: ArrayLike) -> Self:
        """Write rows, all with one new stamp; of a key that comes twice the last row counts.

        Args:
            keys: int64[m].
            physical: the physical time 0..2⁴⁷−1, such as the tick.
            columns: m values for each field.

        Returns:
            The delta.

        Raises:
            ReplicaError: for columns that do not match the keys or the fields.
        """
        written = whole_numbers(keys, "keys", _LEAST, _MOST)
        values = self.fields.pack(columns)
        if len(values) != len(written):
            raise ReplicaError(
                f"each key has a row; got {len(written)} keys and {len(values)} rows of columns."
            )
        if not written.size:
            return self.empty()
        distinct, rows = np.unique(written[::-1], return_index=True)
        clock = HybridClock(self._latest)
        stamps = np.full(distinct.shape, clock.tick(physical))
        origins = np.full(distinct.shape, self.replica)
        delta = self._like(distinct, stamps, origins, values[written.size - 1 - rows])
        self.merge(delta)
        return delta

    def holds(self, keys: ArrayLike) -> NDArray[np.bool_]:
        """Which keys were ever written, bool[m]."""
        return self._rows(keys)[1]

    def value(self, keys: ArrayLike | None = None) -> dict[str, NDArray]:
        """The columns of the keys (of all, in the order of `keys()`, by default).

        Raises:
            ReplicaError: for a key that was never written; `holds` tells.
        """
        if keys is None:
            return self.fields.unpack(self._values)
        rows, known = self._rows(keys)
        if not known.all():
            missing = np.atleast_1d(np.asarray(keys))[~known][0]
            raise ReplicaError(f"key {missing} was never written; holds(keys) tells which were.")
        return self.fields.unpack(self._values[rows])

    def keys(self) -> Column:
        """Every key, ascending."""
        return self._keys.copy()

    def tags(self, keys: ArrayLike) -> tuple[Column, Column]:
        """Stamp and writer of each key's row, int64[m] both; −1 for a key never written."""
        rows, known = self._rows(keys)
        if not self._keys.size:
            return np.full(rows.shape, -1), np.full(rows.shape, -1)
        return np.where(known, self._stamps[rows], -1), np.where(known, self._origins[rows], -1)

    def merge(self, other: Self) -> bool:
        """Join a state or a delta; returns whether that changed anything."""
        self._check_kind(other)
        *columns, changed = _join(*self._columns(), *other._columns())
        if changed:
            latest = max(self._latest, other._latest)
            self._keys, self._stamps, self._origins, self._values = columns
            self._latest = latest
        return bool(changed)

    def _rows(self, keys: ArrayLike) -> tuple[Column, NDArray[np.bool_]]:
        wanted = whole_numbers(keys, "keys", _LEAST, _MOST)
        if not self._keys.size:
            return np.zeros(wanted.shape, np.int64), np.zeros(wanted.shape, np.bool_)
        rows = np.minimum(np.searchsorted(self._keys, wanted), self._keys.size - 1)
        return rows, self._keys[rows] == wanted

    def _columns(self) -> tuple[NDArray, ...]:
        return self._keys, self._stamps, self._origins, self._values

    def _hold(self, *columns: NDArray) -> None:
        self._keys, self._stamps, self._origins, self._values = columns
        self._latest = int(self._stamps.max(initial=0))

    def _adopt(self, columns: Sequence[NDArray]) -> None:
        keys, stamps, origins, values = columns
        if len({len(column) for column in columns}) != 1 or (
            (keys[:-1] >= keys[1:]).any()
            or (stamps < 0).any()
            or (origins < 0).any()
            or (origins >= self.replicas).any()
        ):
            raise ReplicaError(
                "the keys of a map ascend, its stamps are ≥ 0 and its writers lie in "
                f"0..{self.replicas - 1}; these do not."
            )
        self._hold(keys, stamps, origins, values)


@njit(cache=True, nogil=True)
def _join(
    keys_a: Column,
    stamps_a: Column,
    origins_a: Column,
    values_a: Words,
    keys_b: Column,
    stamps_b: Column,
    origins_b: Column,
    values_b: Words,
) -> tuple[Column, Column, Column, Words, bool]:
    """The greater row of each key; and whether that differs from `a`."""
    n, m, width = keys_a.size, keys_b.size, values_a.shape[1]
    total = union_size(keys_a, keys_b)
    keys, stamps = np.empty(total, np.int64), np.empty(total, np.int64)
    origins, values = np.empty(total, np.int64), np.empty((total, width), np.uint64)
    changed = total > n
    i = j = 0
    for k in range(total):
        shared = i < n and j < m and keys_a[i] == keys_b[j]
        if shared:
            theirs = stamps_b[j] > stamps_a[i]
            if stamps_b[j] == stamps_a[i]:
                theirs = origins_b[j] > origins_a[i]
                if origins_b[j] == origins_a[i]:
                    for w in range(width):
                        if values_b[j, w] != values_a[i, w]:
                            theirs = values_b[j, w] > values_a[i, w]
                            break
        else:
            theirs = i == n or (j < m and keys_b[j] < keys_a[i])
        if theirs:
            changed = True
            keys[k], stamps[k], origins[k] = keys_b[j], stamps_b[j], origins_b[j]
            for w in range(width):
                values[k, w] = values_b[j, w]
        else:
            keys[k], stamps[k], origins[k] = keys_a[i], stamps_a[i], origins_a[i]
            for w in range(width):
                values[k, w] = values_a[i, w]
        i += shared or not theirs
        j += shared or theirs
    return keys, stamps, origins, values, changed
