"""The grid of MAP-Elites: ranges of measures cut into equal boxes.

Mouret & Clune 2015, "Illuminating search spaces by mapping elites", arXiv:1504.04909.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numba import njit

from evolution.diversity.cells import DiversityError, Ranges, Tessellation, checked_ranges
from evolution.search import Floats, Integers

# Rounding must not push a point that lies on an edge into the box below it; a part of a box.
_EDGE = 1e-6


class Grid(Tessellation):
    """Boxes of equal size, the last measure running fastest; points outside go to the edge.

    >>> grid = Grid([(0, 1), (-5, 5)], (100, 50))
    >>> grid.index_of([[0.0, -5.0], [1.0, 5.0], [np.nan, 0.0]])
    array([   0, 4999,   -1])

    Attributes: ``low`` and ``high`` ``float64[dimensions]``, ``resolution``, a number of boxes
    per measure.
    """

    def __init__(self, ranges: Ranges, resolution: int | Sequence[int]) -> None:
        self.low, self.high = checked_ranges(ranges)
        self.dimensions = len(self.low)
        each = (
            np.broadcast_to(np.asarray(resolution), (self.dimensions,))
            if (np.shape(resolution) in ((), (self.dimensions,)))
            else np.zeros(0)
        )
        if each.dtype.kind not in "iu" or not len(each) or each.min() < 1:
            raise DiversityError(
                f"resolution is {resolution!r}; expected a whole number of cells from 1, or "
                f"{self.dimensions} of them, one per measure, e.g. {(10,) * self.dimensions}"
            )
        self.resolution = tuple(int(boxes) for boxes in each)
        self.cells = prod(self.resolution)
        if self.cells > 2**31:
            raise DiversityError(
                f"{self.resolution} are {self.cells} cells; at most 2^31. With many measures "
                "use CVT, which has as many cells as you say."
            )
        self._boxes = np.array(self.resolution)

    @property
    def settings(self) -> dict[str, Any]:
        """Ranges and resolution."""
        return {
            "cells": "Grid",
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "resolution": list(self.resolution),
        }

    @property
    def centres(self) -> Floats:
        """The middle of each box."""
        places = np.stack(np.unravel_index(np.arange(self.cells), self.resolution), axis=1)
        return np.asarray(self.low + (places + 0.5) * ((self.high - self.low) / self._boxes))

    def _index(self, points: Floats) -> Integers:
        cells = np.empty(len(points), dtype=np.int64)
        _locate(points, self.low, self.high, self._boxes, cells)
        return cells


@njit(cache=True, nogil=True)
def _locate(points: Floats, low: Floats, high: Floats, boxes: Integers, cells: Integers) -> None:
    """Number the box of each finite point, by row-major order of the boxes."""
    for i in range(len(points)):
        cell = 0
        for m in range(len(low)):
            place = boxes[m] * ((points[i, m] - low[m]) / (high[m] - low[m])) + _EDGE
            # Compared as floats, because a far point would overflow an integer.
            box = int(min(max(place, 0.0), boxes[m] - 1.0))
            cell = cell * boxes[m] + box
        cells[i] = cell
