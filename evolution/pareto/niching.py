"""NSGA-III's environmental selection: survivors spread over reference directions.

Deb & Jain 2014, "An evolutionary many-objective optimization algorithm using reference-point-based
nondominated sorting approach, part I: solving problems with box constraints", IEEE Transactions on
Evolutionary Computation 18(4). Objectives are minimised.

Guarantees: a result depends on nothing but the arguments and the generator's stream; failed points
(a NaN objective) are chosen only where nothing else is left and never move the scale. Errors:
`ObjectiveError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.pareto.niches import nearest_lines, niche_select, unit_lines
from evolution.pareto.objectives import as_objectives
from evolution.pareto.ranking import pareto_ranks
from evolution.search import Floats, Integers, ObjectiveError, failed

# An axis' extreme point is nearest to that axis: other objectives weigh this much more.
_OFF_AXIS = 1e6
# A hyperplane that cuts an axis closer than this share of the range to the ideal is degenerate.
_LEAST_INTERCEPT = 1e-6
# Infinite objectives are this far away, in ranges: far, but a number.
_FARTHEST = 1e100

_REMEMBERED = ("ideal", "worst", "extremes", "nadir", "ranks", "niches", "distances")


class ReferenceSurvival:
    """Choose survivors, generation after generation: it remembers the scale of the objectives.

    >>> survival = ReferenceSurvival(das_dennis(3, 12))
    >>> rows = survival.select(F, 92, rng)

    Attributes: ``directions`` ``[H, M]``; ``ideal`` and ``worst`` ``[M]``, the least and the
    greatest ever seen; ``extremes`` ``[M, M]``, the point found nearest to each axis (NaN before
    the first selection); ``nadir`` ``[M]``, where the last selection's scale ended. Of the rows
    last selected: their ``ranks``, ``niches`` (the nearest direction; -1 if failed) and
    ``distances`` to it, on the common scale (inf if failed).
    """

    def __init__(self, directions: npt.ArrayLike) -> None:
        lines = np.array(directions, dtype=np.float64)
        if lines.ndim != 2 or not lines.size or not _are_directions(lines):
            raise ObjectiveError(
                f"directions are {list(lines.shape)}; expected [H, M], finite, none negative, "
                "no row all zero, e.g. das_dennis(3, 12)"
            )
        M = lines.shape[1]
        self.directions = lines
        self._lines = unit_lines(lines)
        self.ideal = np.full(M, np.inf)
        self.worst = np.full(M, -np.inf)
        self.extremes = np.full((M, M), np.nan)
        self.nadir = np.full(M, np.nan)
        self.ranks = np.empty(0, dtype=np.int64)
        self.niches = np.empty(0, dtype=np.int64)
        self.distances = np.empty(0)

    def select(self, F: npt.ArrayLike, k: int, rng: np.random.Generator) -> Integers:
        """``k`` rows of ``F[n, M]``: whole fronts first, then from the emptiest niches."""
        points = as_objectives(F)
        n, M = points.shape
        width = len(self.ideal)
        if width != M:
            raise ObjectiveError(f"F has {M} objectives; the directions have {width}")
        if not 0 <= k <= n:
            raise ObjectiveError(f"cannot select {k} of {n} points")
        lost = failed(points)
        ranks = pareto_ranks(points)
        order = np.argsort(ranks, kind="stable")
        # The front that the k-th point is in may have to be split.
        split = ranks[order[k - 1]] if k else -1
        rows = order[: np.count_nonzero(ranks <= split)]
        fine = rows[~lost[rows]]
        niches, distances = np.full(n, -1), np.full(n, np.inf)
        if len(fine):
            self._learn(points[fine], int(np.count_nonzero(ranks[fine] == 0)))
            niches[fine], distances[fine] = nearest_lines(self.scaled(points[fine]), self._lines)
        if len(rows) > k:
            rows = self._split(rows, ranks, niches, distances, k, rng)
        self.ranks, self.niches, self.distances = ranks[rows], niches[rows], distances[rows]
        return rows

    def scaled(self, points: Floats) -> Floats:
        """Objectives ``[n, M]`` from 0 at the ideal to 1 at the nadir."""
        span = self.nadir - self.ideal
        with np.errstate(over="ignore"):
            share = (points - self.ideal) / np.where(span > 0.0, span, 1.0)
        return np.clip(share, 0.0, _FARTHEST)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What it remembers, by name; the directions apart."""
        return {name: getattr(self, name).copy() for name in _REMEMBERED}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over what `arrays` gave."""
        for name in _REMEMBERED:
            setattr(self, name, np.array(arrays[name]))

    def _split(
        self,
        rows: Integers,
        ranks: Integers,
        niches: Integers,
        distances: Floats,
        k: int,
        rng: np.random.Generator,
    ) -> Integers:
        inside = rows[ranks[rows] < ranks[rows[-1]]]
        last = rows[len(inside) :]
        missing = k - len(inside)
        if niches[last[0]] < 0:  # the failed, who are all alike
            return np.concatenate([inside, last[:missing]])
        counts = np.bincount(niches[inside], minlength=len(self.directions))
        chosen = niche_select(niches[last], distances[last], counts, missing, rng)
        return np.concatenate([inside, last[chosen]])

    def _learn(self, points: Floats, free: int) -> None:
        """Move the scale; the first ``free`` points are those that nobody dominates."""
        points = _finite(points)
        front = points[:free]
        self.ideal = np.minimum(self.ideal, front.min(axis=0))
        self.worst = np.maximum(self.worst, points.max(axis=0))
        known = [front] if np.isnan(self.extremes[0, 0]) else [self.extremes, front]
        self.extremes = extreme_points(np.concatenate(known), self.ideal)
        self.nadir = _nadir(self.extremes, self.ideal, self.worst, points, free)


@njit(cache=True, nogil=True)
def extreme_points(points: Floats, ideal: Floats) -> Floats:
    """The point ``[M, M]`` nearest to each axis through the ideal (achievement scalarising)."""
    M = len(ideal)
    found = np.empty((M, M))
    for axis in range(M):
        least = np.inf
        found[axis] = points[0]
        for point in points:
            farthest = -np.inf
            for m in range(M):
                weight = 1.0 if m == axis else _OFF_AXIS
                farthest = max(farthest, (point[m] - ideal[m]) * weight)
            if farthest < least:
                least = farthest
                found[axis] = point
    return found


def _nadir(extremes: Floats, ideal: Floats, worst: Floats, points: Floats, free: int) -> Floats:
    """Where the hyperplane through the extreme points cuts the axes; the worst where it fails."""
    span = worst - ideal
    try:
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            intercepts = 1.0 / np.linalg.solve(extremes - ideal, np.ones(len(ideal)))
    except np.linalg.LinAlgError:
        intercepts = np.full(len(ideal), np.nan)
    if (np.isfinite(intercepts) & (intercepts > _LEAST_INTERCEPT * span)).all():
        nadir = np.minimum(ideal + intercepts, worst)
    else:
        nadir = points[:free].max(axis=0)
    narrow = nadir - ideal <= _LEAST_INTERCEPT * span
    return np.where(narrow, points.max(axis=0), nadir)


def _finite(points: Floats) -> Floats:
    return np.clip(points, -_FARTHEST, _FARTHEST)


def _are_directions(lines: Floats) -> bool:
    fine = np.isfinite(lines).all() and (lines >= 0.0).all() and lines.any(axis=1).all()
    return bool(fine)
