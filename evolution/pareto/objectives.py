"""What counts as objectives: rows of points, columns to be minimised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evolution.search import Floats, ObjectiveError


def as_objectives(F: npt.ArrayLike) -> Floats:
    """Objectives as ``float64[n, M]``; `ObjectiveError` where they are no such thing."""
    points = np.asarray(F, dtype=np.float64)
    if points.ndim != 2 or (points.shape[1] == 0 and len(points)):
        raise ObjectiveError(
            f"objectives are {list(points.shape)}; expected [n, M]: a row per point, a column "
            "per objective to be minimised, e.g. np.column_stack([cost, -accuracy])"
        )
    return points
