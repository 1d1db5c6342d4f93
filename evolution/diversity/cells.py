"""Measure space cut into cells: what every tessellation has in common.

A measure is a number that says how a genome behaves, a row of measures is a point, and a
tessellation gives each point its cell. Errors: `DiversityError` (a ValueError).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.search import Floats, Integers

NOWHERE = -1

Ranges = Sequence[tuple[float, float]]


class DiversityError(ValueError):
    """Ranges, resolutions, emitters or measures that no archive can be built from."""


class Tessellation(ABC):
    """Cells numbered from 0; a subclass says how many, and in which one a point lies.

    Attributes: ``cells``, how many; ``dimensions``, how many measures a point has.
    """

    cells: int
    dimensions: int

    def index_of(self, measures: npt.ArrayLike) -> Integers:
        """The cell ``int64[n]`` of each row of ``measures[n, dimensions]``.

        -1 where a measure is NaN or infinite: such a point lies nowhere.
        """
        points = np.asarray(measures, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != self.dimensions:
            raise DiversityError(
                f"measures are {list(points.shape)}; expected [n, {self.dimensions}], a row of "
                f"{self.dimensions} measures per genome"
            )
        known = np.isfinite(points).all(axis=1)
        if known.all():
            return self._index(points)
        cells = np.full(len(points), NOWHERE)
        cells[known] = self._index(points[known])
        return cells

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What makes two tessellations the same, in the types that JSON knows."""

    @property
    @abstractmethod
    def centres(self) -> Floats:
        """The middle ``float64[cells, dimensions]`` of each cell."""

    @abstractmethod
    def _index(self, points: Floats) -> Integers:
        """The cell of each point; all are finite."""


def checked_ranges(ranges: Ranges) -> tuple[Floats, Floats]:
    """The lower and upper ends ``float64[dimensions]`` of the ranges of the measures."""
    ends = np.array(ranges, dtype=np.float64)
    if ends.ndim != 2 or ends.shape[1:] != (2,) or not len(ends):
        raise DiversityError(
            f"ranges are {ranges!r}; expected a (low, high) per measure, e.g. [(0, 1), (-5, 5)]"
        )
    low, high = ends[:, 0].copy(), ends[:, 1].copy()
    if not (np.isfinite(ends).all() and (low < high).all() and np.isfinite(high - low).all()):
        raise DiversityError(f"ranges are {ranges!r}; each must be finite, low below high")
    return low, high
