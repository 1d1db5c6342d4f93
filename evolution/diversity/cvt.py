"""Cells of no particular shape, but of even size: a centroidal Voronoi tessellation.

Vassiliades, Chatzilygeroudis & Mouret 2018, "Using centroidal Voronoi tessellations to scale up
the multidimensional archive of phenotypic elites algorithm", IEEE Transactions on Evolutionary
Computation 22(4). A point belongs to the nearest of k centroids, and each centroid is the mean of
its cell, so the number of cells does not grow with the number of measures.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.diversity.cells import DiversityError, Ranges, Tessellation, checked_ranges
from evolution.diversity.neighbours import NeighbourArchive
from evolution.search import Floats, Integers

# Beyond this many dimensions a tree looks at nearly every point.
_TREE_DIMENSIONS = 6
# So many ranges away, a point is brought nearer: its distances to all centroids would round to the
# same number, and further away they would overflow.
_FARTHEST = 1e9


class CVT(Tessellation):
    """``cells`` cells spread evenly over the ranges of the measures.

    >>> cells = CVT([(0, 1), (-5, 5), (0, 100)], 1000, rng=1)
    >>> cells.index_of(measures)

    The measures are scaled by their ranges, so that all count alike. Centroids are found by
    Lloyd's rounds on ``samples`` points a cell, evenly spread; the same ``rng`` gives the same.
    `CVT.at` takes centroids of your own.

    Attributes: ``centroids`` ``float64[cells, dimensions]``, ``low`` and ``high``.
    """

    def __init__(
        self,
        ranges: Ranges,
        cells: int,
        rng: np.random.Generator | int = 0,
        *,
        samples: int = 50,
        rounds: int = 20,
    ) -> None:
        low, high = checked_ranges(ranges)
        if cells < 1 or samples < 1 or rounds < 0:
            raise DiversityError(
                f"cells is {cells}, samples {samples}, rounds {rounds}; expected at least 1, 1 "
                "and 0, e.g. CVT(ranges, 1000)"
            )
        rng = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        self._settle(_even(len(low), cells, cells * samples, rounds, rng), low, high)

    @classmethod
    def at(cls, centroids: npt.ArrayLike, ranges: Ranges | None = None) -> CVT:
        """Cells around these centroids ``[cells, dimensions]``; ``ranges`` only scale distances."""
        points = np.array(centroids, dtype=np.float64)
        if points.ndim != 2 or not points.size or not np.isfinite(points).all():
            raise DiversityError(
                f"centroids are {list(points.shape)}; expected [cells, dimensions], all finite"
            )
        ranges = [(0.0, 1.0)] * points.shape[1] if ranges is None else ranges
        low, high = checked_ranges(ranges)
        if len(low) != points.shape[1]:
            raise DiversityError(f"{len(low)} ranges for centroids of {points.shape[1]} measures")
        tessellation = cls.__new__(cls)
        tessellation._settle((points - low) / (high - low), low, high)
        return tessellation

    @property
    def settings(self) -> dict[str, Any]:
        """Ranges, and a digest of the centroids."""
        digest = hashlib.sha256(self._unit.tobytes()).hexdigest()
        return {
            "cells": "CVT",
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "centroids": [self.cells, digest],
        }

    @property
    def centres(self) -> Floats:
        """The centroids."""
        return self.centroids.copy()

    def _settle(self, unit: Floats, low: Floats, high: Floats) -> None:
        self.low, self.high = low, high
        self.cells, self.dimensions = unit.shape
        self._unit = np.ascontiguousarray(unit)
        self.centroids = low + unit * (high - low)
        self._nearest = _Nearest(self._unit)

    def _index(self, points: Floats) -> Integers:
        with np.errstate(over="ignore"):
            unit = (points - self.low) / (self.high - self.low)
        return self._nearest(np.clip(unit, -_FARTHEST, _FARTHEST))


class _Nearest:
    """Which of some fixed points is the nearest: exact, and of equals always the same."""

    def __init__(self, points: Floats) -> None:
        self._tree: Any = None
        if points.shape[1] <= _TREE_DIMENSIONS:
            # Here, because it takes longer to load than all the rest of this package.
            from scipy.spatial import cKDTree

            self._tree = cKDTree(points)
        else:
            self._archive = NeighbourArchive(points.shape[1])
            self._archive.add(points)

    def __call__(self, queries: Floats) -> Integers:
        if self._tree is None:
            return self._archive.nearest(queries, 1)[1][:, 0]
        return np.asarray(self._tree.query(queries)[1], dtype=np.int64)


def _even(
    dimensions: int, cells: int, samples: int, rounds: int, rng: np.random.Generator
) -> Floats:
    """Centroids in the unit cube, by Lloyd's rounds: each moves to the mean of its cell."""
    points = _spread(samples, dimensions, rng)
    # Sequences that are even from the start need few rounds; another shift, or the first
    # centroids would lie on samples.
    centroids = _spread(cells, dimensions, rng)
    for _ in range(rounds):
        cell = _Nearest(centroids)(points)
        count = np.bincount(cell, minlength=cells)
        held = count > 0
        for m in range(dimensions):
            total = np.bincount(cell, weights=points[:, m], minlength=cells)
            centroids[held, m] = total[held] / count[held]
    return centroids


def _spread(n: int, dimensions: int, rng: np.random.Generator) -> Floats:
    """``n`` evenly spread points of the unit cube, shifted by chance.

    The additive recurrence whose steps are the powers of 1/φ, φ the root of φ^(d+1) = φ + 1.
    Roberts 2018, "The unreasonable effectiveness of quasirandom sequences".
    """
    root = 1.5
    for _ in range(60):
        root = (1.0 + root) ** (1.0 / (dimensions + 1))
    steps = root ** -np.arange(1.0, dimensions + 1.0)
    spread: Floats = (rng.random(dimensions) + np.outer(np.arange(1, n + 1), steps)) % 1.0
    return spread
