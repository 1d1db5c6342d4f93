"""SPEA2's fitness and environmental selection, as functions. Objectives are minimised.

Zitzler, Laumanns & Thiele 2001, "SPEA2: Improving the strength Pareto evolutionary algorithm",
TIK-Report 103, ETH Zürich. Distances are Euclidean in objective space, not scaled, as there.

Guarantees: ties go to the smaller index, so a result depends on nothing but the arguments. A point
with a NaN objective is a failed evaluation: it dominates nobody, is nobody's neighbour, and is
behind all others. Errors: `ObjectiveError`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.pareto.objectives import as_objectives
from evolution.pareto.truncation import nearest_distances, truncated
from evolution.search import Floats, Integers, ObjectiveError, failed


def spea2_fitness(F: npt.ArrayLike, neighbour: int | None = None) -> Floats:
    """The fitness ``float64[n]`` of each point of ``F[n, M]``: below 1 where nobody dominates it.

    The strength of a point is how many points it dominates; its fitness is the summed strength
    of those that dominate it, plus a density 1/(d + 2), d being the distance to its k-th nearest
    neighbour; k is ``neighbour``, or ⌊√n⌋ unless given. Failed points get infinity. O(M n²).
    """
    points = as_objectives(F)
    k = int(np.sqrt(len(points))) if neighbour is None else neighbour
    if k < 1 and len(points):
        raise ObjectiveError(f"neighbour is {k}; the nearest is 1")
    fine, columns = _comparable(points)
    fitness = np.full(len(points), np.inf)
    fitness[fine] = _raw_fitness(columns) + _density(columns, np.arange(len(fine)), k)
    return fitness


def spea2_select(F: npt.ArrayLike, k: int) -> Integers:
    """Environmental selection: ``k`` rows of ``F[n, M]``, best fitness first.

    All points that nobody dominates, filled up with the others in order of fitness; if there are
    too many, whoever is nearest to another is dropped, one at a time, the distance to the next
    nearest deciding among equals, and so on.
    """
    return spea2_survivors(F, k)[0]


def spea2_survivors(F: npt.ArrayLike, k: int) -> tuple[Integers, Floats]:
    """The rows of `spea2_select`, and their fitness ``float64[k]`` among all points."""
    points = as_objectives(F)
    if not 0 <= k <= len(points):
        raise ObjectiveError(f"cannot select {k} of {len(points)} points")
    fine, columns = _comparable(points)
    raw = _raw_fitness(columns)
    free = np.flatnonzero(raw == 0.0)
    if len(free) > k:
        able = free[truncated(points[fine[free]], k)]
    else:
        # Density is less than 1: it decides only among equal raw fitness.
        enough = np.partition(raw, k - 1)[k - 1] if 0 < k < len(fine) else np.inf
        able = np.flatnonzero(raw <= enough)
    fitness = raw[able] + _density(columns, able, int(np.sqrt(len(points))))
    order = np.argsort(fitness, kind="stable")[:k]
    rows = np.concatenate([fine[able[order]], np.flatnonzero(failed(points))])[:k]
    fitness = np.concatenate([fitness[order], np.full(len(rows) - len(order), np.inf)])
    return rows, fitness


def _comparable(points: Floats) -> tuple[Integers, Floats]:
    """The rows of those that did not fail, and their objectives as columns."""
    fine = np.flatnonzero(~failed(points))
    return fine, np.ascontiguousarray(points[fine].T)


@njit(cache=True, nogil=True)
def _density(columns: Floats, rows: Integers, k: int) -> Floats:
    """1/(distance to the ``k``-th nearest neighbour + 2); zero for a point all alone."""
    n = columns.shape[1]
    density = np.zeros(len(rows))
    found, row = np.empty(max(k, 1)), np.empty(n)
    for i in range(len(rows)):
        count = nearest_distances(columns, rows[i], n, found, row)
        if count:
            density[i] = 1.0 / (np.sqrt(found[count - 1]) + 2.0)
    return density


@njit(cache=True, nogil=True)
def _raw_fitness(columns: Floats) -> Floats:
    """The summed strength of those that dominate each of the points ``columns[M, n]``."""
    n = columns.shape[1]
    below = np.empty(n, dtype=np.bool_)
    raw = np.zeros(n)
    for i in range(n):
        _dominated_by(columns, i, below)
        strength = 0
        for j in range(n):
            strength += below[j]
        if strength:
            for j in range(n):
                raw[j] += strength * below[j]
    return raw


@njit(cache=True, nogil=True)
def _dominated_by(columns: Floats, i: int, below: npt.NDArray[np.bool_]) -> None:
    """Mark whom point ``i`` dominates: nowhere worse, somewhere better."""
    M, n = columns.shape
    better = np.zeros(n, dtype=np.bool_)
    below[:] = True
    for m in range(M):
        value = columns[m, i]
        for j in range(n):
            below[j] &= value <= columns[m, j]
            better[j] |= value < columns[m, j]
    for j in range(n):
        below[j] &= better[j]
