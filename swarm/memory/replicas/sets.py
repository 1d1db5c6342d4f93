"""A replicated set in which what is added and removed at once stays: the optimised OR-set.

Bieniusa, Zawirski, Preguiça, Shapiro, Baquero, Balegas & Duarte 2012, "An optimized conflict-free
replicated set", arXiv:1210.3368; as deltas in Almeida, Shoker & Baquero 2018, Figure 8. Every
addition is a dot (replica, sequence). The set keeps the dots that stand for each element, and the
causal context of all dots ever seen; an element is removed by dropping the dots that were
observed, and an addition that was not observed survives.

Guarantees: an element is in the set if and only if some addition of it is not known to any
removal (or later addition) that is known. A removal leaves no tombstone: a state has one row for
each live element (more only where it was added concurrently), and a context of at most one run
for each replica once nothing is missing in between; both stay bounded however long elements come
and go. A join costs O(n + m), times a search of the short context.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.replicas.dots import (
    EMPTY,
    NO_DOTS,
    SEQUENCE_BITS,
    Context,
    check_context,
    context_of,
    in_runs,
    join_runs,
)
from swarm.memory.replicas.errors import ReplicaError
from swarm.memory.replicas.lattice import Replicated, whole_numbers

Column = NDArray[np.int64]
_LEAST, _MOST = -(2**63), 2**63 - 1


class ORSet(Replicated):
    """A set of int64 elements; additions win over concurrent removals.

    >>> ours, theirs = ORSet(replica=0, replicas=2), ORSet(replica=1, replicas=2)
    >>> theirs.merge(ours.add([3, 5]))
    True
    >>> removal, addition = theirs.remove([3, 5]), ours.add([5])
    >>> ours.merge(removal), theirs.merge(addition), ours.value().tolist(), ours == theirs
    (True, True, [5], True)
    """

    _names = ("elements", "dots", "starts", "ends")

    def __init__(self, replica: int, replicas: int) -> None:
        super().__init__(replica, replicas)
        self._elements: Column = NO_DOTS
        self._dots: Column = NO_DOTS
        self._context = EMPTY

    @property
    def context(self) -> Context:
        """The dots of all additions ever seen, live or not."""
        return self._context

    def add(self, elements: ArrayLike) -> Self:
        """Add elements, int64[m]; returns the delta. One addition each, repeated or not."""
        added = np.unique(whole_numbers(elements, "elements", _LEAST, _MOST))
        if not added.size:
            return self.empty()
        first = self._context.next_of(self.replica)
        dots = np.arange(first, first + added.size)
        if dots[-1] >> SEQUENCE_BITS != self.replica:
            raise ReplicaError(f"a replica makes at most 2**{SEQUENCE_BITS} additions.")
        # The addition stands for all that were observed before it: one dot an element.
        context = Context(dots[:1], dots[-1:] + 1).joined(context_of(self._dots_of(added)))
        delta = self._like(added, dots, *context)
        self.merge(delta)
        return delta

    def remove(self, elements: ArrayLike) -> Self:
        """Remove elements, int64[m], as far as they were observed; returns the delta."""
        removed = np.unique(whole_numbers(elements, "elements", _LEAST, _MOST))
        delta = self._like(NO_DOTS, NO_DOTS, *context_of(self._dots_of(removed)))
        self.merge(delta)
        return delta

    def value(self) -> Column:
        """The elements, int64[n] ascending."""
        return (
            self._elements[np.diff(self._elements, append=_LEAST) != 0]
            if (self._elements.size)
            else NO_DOTS.copy()
        )

    def holds(self, elements: ArrayLike) -> NDArray[np.bool_]:
        """Which elements are in the set, bool[m]."""
        wanted = whole_numbers(elements, "elements", _LEAST, _MOST)
        if not self._elements.size:
            return np.zeros(wanted.shape, np.bool_)
        rows = np.minimum(np.searchsorted(self._elements, wanted), self._elements.size - 1)
        return self._elements[rows] == wanted

    def __contains__(self, element: object) -> bool:
        return isinstance(element, int | np.integer) and bool(self.holds([int(element)])[0])

    def __len__(self) -> int:
        return len(self.value())

    def merge(self, other: Self) -> bool:
        """Join a state or a delta; returns whether that changed anything."""
        self._check_kind(other)
        *columns, changed = _join(*self._columns(), *other._columns())
        if changed:
            self._hold(*columns)
        return bool(changed)

    def _dots_of(self, elements: Column) -> Column:
        """The live dots of distinct elements."""
        first = np.searchsorted(self._elements, elements)
        counts = np.searchsorted(self._elements, elements, side="right") - first
        ends = np.cumsum(counts)
        if not counts.any():
            return NO_DOTS
        rows = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
        return self._dots[rows]

    def _columns(self) -> tuple[NDArray, ...]:
        return self._elements, self._dots, *self._context

    def _hold(self, *columns: NDArray) -> None:
        self._elements, self._dots = columns[:2]
        self._context = Context(*columns[2:])

    def _adopt(self, columns: Sequence[NDArray]) -> None:
        elements, dots, starts, ends = columns
        check_context(starts, ends, self.replicas)
        context = Context(starts, ends)
        if elements.shape != dots.shape or not context.holds(dots).all():
            raise ReplicaError("each element of a set has a dot, and its context holds them all.")
        same = elements[1:] == elements[:-1]
        ordered = (elements[1:] > elements[:-1]) | same & (dots[1:] > dots[:-1])
        if not ordered.all():
            raise ReplicaError("elements ascend, then their dots; these do not.")
        self._hold(*columns)


@njit(cache=True, nogil=True)
def _join(
    elements_a: Column,
    dots_a: Column,
    starts_a: Column,
    ends_a: Column,
    elements_b: Column,
    dots_b: Column,
    starts_b: Column,
    ends_b: Column,
) -> tuple[Column, Column, Column, Column, bool]:
    """Keep a dot that both have, or that one has and the other has not seen."""
    n, m = elements_a.size, elements_b.size
    elements, dots = np.empty(n + m, np.int64), np.empty(n + m, np.int64)
    changed = False
    i = j = k = 0
    while i < n or j < m:
        if j == m:
            order = -1
        elif i == n:
            order = 1
        elif elements_a[i] != elements_b[j]:
            order = -1 if elements_a[i] < elements_b[j] else 1
        else:
            order = (dots_a[i] > dots_b[j]) - (dots_a[i] < dots_b[j])
        if order <= 0:
            element, dot = elements_a[i], dots_a[i]
            kept = order == 0 or not in_runs(starts_b, ends_b, dot)
            changed |= not kept
        else:
            element, dot = elements_b[j], dots_b[j]
            kept = not in_runs(starts_a, ends_a, dot)
            changed |= kept
        i += order <= 0
        j += order >= 0
        if kept:
            elements[k], dots[k] = element, dot
            k += 1
    starts, ends = join_runs(starts_a, ends_a, starts_b, ends_b)
    if not changed:
        changed = starts.size != starts_a.size
        for r in range(starts.size):
            changed = changed or starts[r] != starts_a[r] or ends[r] != ends_a[r]
    return elements[:k].copy(), dots[:k].copy(), starts, ends, changed
