"""Fronts of non-dominated points and how crowded they are. Objectives are minimised.

Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm:
NSGA-II", IEEE Transactions on Evolutionary Computation 6(2).

Guarantees: ties go to the smaller index, so a result depends on nothing but the arguments. A point
with a NaN objective is a failed evaluation and ranks behind all others. Errors: `ObjectiveError`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.pareto.fronts import front_ranks
from evolution.pareto.objectives import as_objectives
from evolution.pareto.ordering import sort_stably
from evolution.search import Floats, Integers, ObjectiveError, failed


def pareto_ranks(F: npt.ArrayLike) -> Integers:
    """The front ``int64[n]`` of each point of ``F[n, M]``: 0 is dominated by nobody.

    Equal points share a front. Points with a NaN come one front after all others. O(n log n) for
    M = 2, mostly O(n log² n) for M = 3, O(M n²/64) beyond, however the points lie.
    """
    points = as_objectives(F)
    lost = failed(points)
    if not len(points):
        return np.empty(0, dtype=np.int64)
    if not lost.any():
        return front_ranks(_columns(points))
    ranks = np.zeros(len(points), dtype=np.int64)
    if not lost.all():
        ranks[~lost] = front_ranks(_columns(points[~lost]))
        ranks[lost] = ranks.max() + 1
    return ranks


def crowding_distance(F: npt.ArrayLike, ranks: npt.ArrayLike) -> Floats:
    """The crowding distance ``float64[n]`` of each point of ``F[n, M]`` within its front.

    The mean over objectives of the gap between a point's two neighbours, as a share of the
    front's range; infinite at either end of any objective. An objective in which a front has no
    finite range adds nothing. Points equal in an objective stand in the order of the objectives
    before it and then of their index, so of equal points the first and last may get a distance
    and those between get none. Failed points (NaN) get 0. O(M n), all fronts at once.
    """
    points = as_objectives(F)
    fronts = np.asarray(ranks)
    if fronts.shape != (len(points),):
        raise ObjectiveError(
            f"ranks are {list(fronts.shape)}; expected [{len(points)}], one per point"
        )
    if not len(points):
        return np.empty(0)
    fine = ~failed(points)
    if fine.all():
        return _crowding(_columns(points), _dense(fronts))
    distance = np.zeros(len(points))
    distance[fine] = _crowding(_columns(points[fine]), _dense(fronts[fine]))
    return distance


def best_rows(ranks: Integers, crowding: Floats, k: int) -> Integers:
    """The best ``k`` rows, best first: lower front, then less crowded, then smaller index."""
    if not 0 <= k <= len(ranks):
        raise ObjectiveError(f"cannot select {k} of {len(ranks)} points")
    return np.lexsort((-crowding, ranks))[:k]


def select(F: npt.ArrayLike, k: int) -> Integers:
    """Environmental selection: the best ``k`` rows of ``F[n, M]``, best first."""
    return select_ranked(F, k)[0]


def select_ranked(F: npt.ArrayLike, k: int) -> tuple[Integers, Integers]:
    """The rows of `select`, and their fronts ``int64[k]``."""
    points = as_objectives(F)
    if not 0 <= k <= len(points):
        raise ObjectiveError(f"cannot select {k} of {len(points)} points")
    if k == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    ranks = pareto_ranks(points)
    # Beyond the front that the k-th is in, nobody needs to know how crowded it is.
    last = np.partition(ranks, k - 1)[k - 1]
    able = np.flatnonzero(ranks <= last)
    crowding = crowding_distance(points[able], ranks[able])
    rows = able[best_rows(ranks[able], crowding, k)]
    return rows, ranks[rows]


def binary_tournament(
    ranks: npt.NDArray[Any], crowding: Floats, n: int, rng: np.random.Generator
) -> Integers:
    """The winners ``int64[n]`` of tournaments of two different rows, as parents.

    Entrants come from shuffles of all rows, so that everybody enters equally often (± 1; of an
    odd number, a shuffle leaves one out). The lower front wins, then the less crowded, then
    whoever was drawn first.
    """
    pairs = len(ranks) // 2
    if pairs == 0:
        raise ObjectiveError(f"a tournament needs at least 2 points; got {len(ranks)}")
    shuffles = [rng.permutation(len(ranks))[: 2 * pairs] for _ in range(-(-n // pairs))]
    entrants = np.concatenate([np.empty(0, np.int64), *shuffles])[: 2 * n]
    home, guest = entrants[0::2], entrants[1::2]
    guest_wins = (ranks[guest] < ranks[home]) | (
        (ranks[guest] == ranks[home]) & (crowding[guest] > crowding[home])
    )
    return np.where(guest_wins, guest, home)


@njit(cache=True, nogil=True)
def _crowding(columns: Floats, fronts: Integers) -> Floats:
    """The crowding distances of points ``columns[M, n]`` in the ``fronts`` 0 … n-1 or so."""
    M, n = columns.shape
    distance = np.zeros(n)
    count = fronts.max() + 1 if n else 0
    least, span = np.empty(count), np.empty(count)
    previous = np.empty(count, dtype=np.int64)
    before = np.empty(count, dtype=np.int64)
    order = np.arange(n)
    for m in range(M):
        value = columns[m]
        order = sort_stably(order, value)
        previous[:] = -1
        for row in order:
            front = fronts[row]
            if previous[front] < 0:
                least[front] = value[row]
            span[front] = value[row] - least[front]
            previous[front] = row
        previous[:] = -1
        before[:] = -1
        for row in order:
            # What stands before this one in its front has both its neighbours now.
            front = fronts[row]
            middle, first = previous[front], before[front]
            if first < 0 <= middle:
                distance[middle] = np.inf
            elif first >= 0 and span[front] > 0.0:
                share = (value[row] - value[first]) / (M * span[front])
                if np.isfinite(share):
                    distance[middle] += share
            before[front], previous[front] = middle, row
        for front in range(count):
            if previous[front] >= 0:
                distance[previous[front]] = np.inf
    return distance


def _columns(points: Floats) -> Floats:
    return np.ascontiguousarray(points.T)


def _dense(fronts: npt.NDArray) -> Integers:
    """The fronts as ``int64`` not far above 0, for tables with a place for each."""
    least = fronts.min() if len(fronts) else 0
    if fronts.max(initial=least) - least > 4 * len(fronts) or fronts.dtype.kind not in "iu":
        return np.unique(fronts, return_inverse=True)[1].astype(np.int64)
    return (fronts - least).astype(np.int64)
