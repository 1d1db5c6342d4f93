"""Dots and causal contexts: which events of which replica have been seen.

Almeida, Shoker & Baquero 2018, "Delta state replicated data types", Journal of Parallel and
Distributed Computing 111, section 7.2. A dot names one event: its replica and its number there.
Here it is one int64, replica · 2⁴⁰ + sequence, so that dots are columns and sort by replica.

A causal context is a set of dots. The paper keeps it compact as a version vector and a cloud of
the dots that lie beyond a gap; here both are runs of following dots: a run that begins at
sequence 0 is an entry of the vector, any other belongs to the cloud. Runs are disjoint, ascending
and as long as they can be, hence equal sets have equal columns, and a whole batch of events costs
one run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.replicas.errors import ReplicaError

SEQUENCE_BITS = 40
Column = NDArray[np.int64]
NO_DOTS: Column = np.zeros(0, np.int64)


class Context(NamedTuple):
    """A set of dots as runs.

    Attributes:
        starts: int64[k], the first dot of each run, ascending.
        ends: int64[k], one more than its last dot.
    """

    starts: Column
    ends: Column

    def __contains__(self, dot: object) -> bool:
        return bool(isinstance(dot, int) and in_runs(self.starts, self.ends, dot))

    @property
    def size(self) -> int:
        """How many dots there are."""
        return int((self.ends - self.starts).sum())

    def holds(self, dots: Column) -> NDArray[np.bool_]:
        """Which of the dots, int64[m], are in the set: bool[m]."""
        if not self.starts.size:
            return np.zeros(dots.shape, np.bool_)
        run = np.searchsorted(self.starts, dots, side="right") - 1
        return (run >= 0) & (dots < self.ends[run])

    def next_of(self, replica: int) -> int:
        """The first dot of a replica after all of its dots in the set."""
        run = int(np.searchsorted(self.starts, (replica + 1) << SEQUENCE_BITS)) - 1
        first = replica << SEQUENCE_BITS
        return max(first, int(self.ends[run])) if run >= 0 else first

    def vector(self, replicas: int) -> Column:
        """How many events of each replica are known without a gap, int64[replicas]."""
        version = np.zeros(replicas, np.int64)
        whole = (self.starts & ((1 << SEQUENCE_BITS) - 1)) == 0
        version[self.starts[whole] >> SEQUENCE_BITS] = (self.ends - self.starts)[whole]
        return version

    def joined(self, other: Context) -> Context:
        """The union of two sets of dots."""
        return Context(*join_runs(self.starts, self.ends, other.starts, other.ends))


EMPTY = Context(NO_DOTS, NO_DOTS)


def context_of(dots: Column) -> Context:
    """The set of the dots given, int64[m] in any order."""
    ordered = np.unique(dots)
    breaks = np.flatnonzero(np.diff(ordered) != 1) + 1
    starts = ordered[np.concatenate(([0], breaks))] if ordered.size else ordered
    ends = ordered[np.concatenate((breaks - 1, [-1]))] + 1 if ordered.size else ordered
    return Context(starts, ends)


def check_context(starts: Column, ends: Column, replicas: int) -> None:
    """Refuse runs that are no canonical set of dots of `replicas` replicas."""
    if starts.shape != ends.shape:
        raise ReplicaError("each run of dots has a start and an end; their columns differ in size.")
    if not starts.size:
        return
    within = (starts >> SEQUENCE_BITS) == ((ends - 1) >> SEQUENCE_BITS)
    ordered = bool((starts < ends).all() and (ends[:-1] < starts[1:]).all() and within.all())
    if not ordered or starts[0] < 0 or ends[-1] > replicas << SEQUENCE_BITS:
        raise ReplicaError(
            "runs of dots must ascend, lie apart, and belong to one of the "
            f"{replicas} replicas each; these do not. They come from context_of(dots)."
        )


@njit(cache=True, nogil=True)
def in_runs(starts: Column, ends: Column, dot: int) -> bool:
    """Whether a set of runs holds a dot; O(log k)."""
    low, high = 0, starts.size
    while low < high:
        middle = (low + high) >> 1
        if starts[middle] <= dot:
            low = middle + 1
        else:
            high = middle
    return low > 0 and dot < ends[low - 1]


@njit(cache=True, nogil=True)
def join_runs(
    starts_a: Column, ends_a: Column, starts_b: Column, ends_b: Column
) -> tuple[Column, Column]:
    """The union of two sets of runs; O(k), one pass."""
    n, m = starts_a.size, starts_b.size
    starts, ends = np.empty(n + m, np.int64), np.empty(n + m, np.int64)
    i = j = k = 0
    while i < n or j < m:
        if j == m or (i < n and starts_a[i] <= starts_b[j]):
            start, end = starts_a[i], ends_a[i]
            i += 1
        else:
            start, end = starts_b[j], ends_b[j]
            j += 1
        # Runs that touch are one, but a replica's last dot does not touch the next one's first.
        if k > 0 and start <= ends[k - 1]:
            ends[k - 1] = max(ends[k - 1], end)
        else:
            starts[k], ends[k] = start, end
            k += 1
    return starts[:k].copy(), ends[:k].copy()
