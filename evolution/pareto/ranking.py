"""Fronts of non-dominated points and how crowded they are. Objectives are minimised.

Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm:
NSGA-II", IEEE Transactions on Evolutionary Computation 6(2).

Guarantees: ties go to the smaller index, so a result depends on nothing but the arguments. A point
with a NaN objective is a failed evaluation and ranks behind all others. Errors: `ObjectiveError`.
"""

from __future__ import annotations

import moocore
import numpy as np
import numpy.typing as npt

from evolution.search import Floats, Integers, ObjectiveError, failed


def pareto_ranks(F: npt.ArrayLike) -> Integers:
    """The front ``int64[n]`` of each point of ``F[n, M]``: 0 is dominated by nobody.

    Equal points share a front. Points with a NaN come one front after all others. O(n log n) for
    M = 2, O(n² log n) and more beyond (moocore, after Jensen 2003).
    """
    points = as_objectives(F)
    lost = failed(points)
    ranks = np.zeros(len(points), dtype=np.int64)
    if not lost.all():
        ranks[~lost] = moocore.pareto_rank(points[~lost])
        ranks[lost] = ranks.max() + 1
    return ranks


def crowding_distance(F: npt.ArrayLike, ranks: npt.ArrayLike) -> Floats:
    """The crowding distance ``float64[n]`` of each point of ``F[n, M]`` within its front.

    The mean over objectives of the gap between a point's two neighbours, as a share of the
    front's range; infinite at either end of any objective. An objective in which a front has no
    finite range adds nothing. Points equal in an objective stand in the order of the objectives
    before it and then of their index, so of equal points the first and last may get a distance
    and those between get none. Failed points (NaN) get 0. O(M n log n), all fronts at once.
    """
    points = as_objectives(F)
    fronts = np.asarray(ranks)
    n, M = points.shape
    if fronts.shape != (n,):
        raise ObjectiveError(f"ranks are {list(fronts.shape)}; expected [{n}], one per point")
    distance = np.zeros(n)
    if n == 0:
        return distance
    order = np.argsort(fronts, kind="stable")
    front = fronts[order]
    first = np.flatnonzero(np.r_[True, front[1:] != front[:-1]])
    last = np.r_[first[1:], n] - 1
    length = last - first + 1
    for objective in range(M):
        order = order[np.lexsort((points[order, objective], front))]
        value = points[order, objective]
        gap = np.zeros(n)
        # Nothing but infinite values or a front of no extent can make these invalid.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            gap[1:-1] = value[2:] - value[:-2]
            share = gap / (M * np.repeat(value[last] - value[first], length))
        share[~np.isfinite(share)] = 0.0
        share[first] = np.inf
        share[last] = np.inf
        distance[order] += share
    distance[failed(points)] = 0.0
    return distance


def best_rows(ranks: Integers, crowding: Floats, k: int) -> Integers:
    """The best ``k`` rows, best first: lower front, then less crowded, then smaller index."""
    if not 0 <= k <= len(ranks):
        raise ObjectiveError(f"cannot select {k} of {len(ranks)} points")
    return np.lexsort((-crowding, ranks))[:k]


def select(F: npt.ArrayLike, k: int) -> Integers:
    """Environmental selection: the best ``k`` rows of ``F[n, M]``, best first."""
    ranks = pareto_ranks(F)
    return best_rows(ranks, crowding_distance(F, ranks), k)


def binary_tournament(
    ranks: Integers, crowding: Floats, n: int, rng: np.random.Generator
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


def as_objectives(F: npt.ArrayLike) -> Floats:
    """Objectives as ``float64[n, M]``; `ObjectiveError` where they are no such thing."""
    points = np.asarray(F, dtype=np.float64)
    if points.ndim != 2 or (points.shape[1] == 0 and len(points)):
        raise ObjectiveError(
            f"objectives are {list(points.shape)}; expected [n, M]: a row per point, a column "
            "per objective to be minimised, e.g. np.column_stack([cost, -accuracy])"
        )
    return points
