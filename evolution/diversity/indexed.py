"""A novelty archive whose neighbours another index finds, such as an approximate one.

Exact search over everything remembered, `NeighbourArchive`, is the default and serves up to some
hundred thousand points; this one is for more.

Guarantees: the batch itself is compared exactly; distances are those of float64, whatever the
index computes in; rows are those of `NeighbourArchive`. Which points are found, and whether equal
calls find the same, is the index's promise. Errors: `DiversityError` (a ValueError), and what the
index raises.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from evolution.diversity.cells import DiversityError
from evolution.diversity.neighbours import NeighbourArchive, mean_distance
from evolution.search import Floats, Integers


class PointIndex(Protocol):
    """What can stand in for exact search: it names those near a query by Euclidean distance.

    The indexes of `swarm.memory.vectors` of metric "l2" are such.
    """

    def add(self, vectors: npt.NDArray[Any], /) -> Any:
        """Add ``[n, dimensions]``, which get the next numbers, from 0 on, as ids."""

    def search(self, queries: npt.NDArray[Any], k: int, /) -> tuple[Any, Any]:
        """For each of ``[q, dimensions]`` the ids ``int[q, k]`` of the nearest, and distances."""


class IndexedArchive:
    """Points ``[size, dimensions]``, and who is near them, as an index has it.

    >>> archive = IndexedArchive(2, HNSW(2))
    >>> archive.add([[0, 0], [3, 4]])
    >>> archive.novelty(behaviours, k=15)
    """

    def __init__(self, dimensions: int, index: PointIndex) -> None:
        self.dimensions = dimensions
        self._index = index
        self._points: Floats = np.empty((0, dimensions))
        self.size = 0

    def __len__(self) -> int:
        return self.size

    @property
    def points(self) -> Floats:
        """All points ``float64[size, dimensions]``, in the order added; do not alter them."""
        return self._points[: self.size]

    def add(self, points: npt.ArrayLike) -> None:
        """Add rows ``[n, dimensions]``, all finite."""
        rows = self._checked(points)
        if not len(rows):
            return
        self._index.add(rows)
        total = self.size + len(rows)
        if total > len(self._points):
            room = np.empty((max(total, 2 * len(self._points)), self.dimensions))
            room[: self.size] = self.points
            self._points = room
        self._points[self.size : total] = rows
        self.size = total

    def neighbourhood(self, batch: npt.ArrayLike, k: int) -> tuple[Floats, Integers]:
        """The ``k`` nearest of each row of ``batch[q, dimensions]``, among points and batch alike.

        Returns:
            Euclidean distances ``float64[q, k]`` and rows ``int64[q, k]``, nearest first; row
            ``size + j`` is row j of the batch, and no row of the batch is its own neighbour.
            Where there are fewer points, infinity and -1.
        """
        rows = self._checked(batch)
        distances, found = NeighbourArchive(self.dimensions).neighbourhood(rows, k)
        if not self.size or not len(rows):
            return distances, found
        ids = np.asarray(self._index.search(rows, k)[0], dtype=np.int64)
        away = self._points[ids] - rows[:, np.newaxis]
        apart = np.where(ids >= 0, np.sqrt((away * away).sum(axis=2)), np.inf)
        # The archive first: of equally distant points the one added earlier is the nearer.
        distances = np.concatenate([apart, distances], axis=1)
        found = np.concatenate([ids, np.where(found >= 0, found + self.size, -1)], axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(distances, order, 1), np.take_along_axis(found, order, 1)

    def novelty(self, batch: npt.ArrayLike, k: int) -> Floats:
        """The mean distance ``float64[q]`` of each row of the batch to its `neighbourhood`.

        Where there are fewer than k neighbours, the mean is over those there are, and infinite
        where there is none.
        """
        return mean_distance(*self.neighbourhood(batch, k))

    def _checked(self, points: npt.ArrayLike) -> Floats:
        rows = np.ascontiguousarray(points, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.dimensions or not np.isfinite(rows).all():
            raise DiversityError(
                f"points are {list(rows.shape)}; expected [n, {self.dimensions}], all finite: "
                "leave out those that failed"
            )
        return rows
