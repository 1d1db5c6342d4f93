"""Columns that grow, and columns that are handed out but not to be written."""

import numpy as np
from numpy.typing import NDArray


def with_room(column: NDArray, size: int) -> NDArray:
    """Return a column of at least ``size``: itself, or a copy at least twice as long."""
    if size <= column.size:
        return column
    grown = np.zeros(max(size, 2 * column.size), column.dtype)
    grown[: column.size] = column
    return grown


def stretched(column: NDArray, n: int) -> NDArray:
    """Return a column of n: itself, or the scalar it holds, n times."""
    return column if column.size == n else np.full(n, column)


def read_only(view: NDArray) -> NDArray:
    """Return the view, locked."""
    view.flags.writeable = False
    return view
