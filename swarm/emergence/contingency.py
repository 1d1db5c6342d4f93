"""What the rows and the columns of a table tell about each other: entropies in bits.

Shannon 1948, "A mathematical theory of communication". A table of counts or times, divided by
its sum, is the joint distribution of its row and its column; the estimates are plug-in, without a
correction for small counts: who needs one compares with chance (`AgainstChance`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


class TableError(ValueError):
    """A table that no shares can be taken of; the message says what it should hold."""


@dataclass(frozen=True)
class Information:
    """Entropies of a table, bits; all nan where the table holds nothing.

    Attributes:
        rows, columns: entropy of the row and of the column, H(X) and H(Y).
        mutual: mutual information of the two, I(X; Y) = H(X) + H(Y) − H(X, Y), never below 0
            nor above either entropy.
    """

    rows: float
    columns: float
    mutual: float


def information(table: ArrayLike) -> Information:
    """Measure how much the rows and the columns of a table tell about each other.

    Args:
        table: int or float[n, m], ≥ 0 and finite: counts, or times.

    Raises:
        TableError: for another shape, or values below 0 or not finite.
    """
    cells = check_table(table)
    total = cells.sum()
    if total == 0:
        return Information(np.nan, np.nan, np.nan)
    rows, columns = _bits(cells.sum(axis=1)), _bits(cells.sum(axis=0))
    mutual = rows + columns - _bits(cells.ravel())
    return Information(rows, columns, max(min(mutual, rows, columns), 0.0))


def check_table(table: ArrayLike) -> NDArray[np.float64]:
    """Return the table as float64[n, m]; raises TableError unless it is one."""
    cells = np.asarray(table, dtype=np.float64)
    if cells.ndim != 2:
        raise TableError(
            "a table has two dimensions, such as [[5, 0], [1, 4]]: a row for each individual, a "
            f"column for each task; got shape {cells.shape}"
        )
    if not (np.isfinite(cells).all() and (cells >= 0).all()):
        raise TableError(
            "a table holds counts or times, finite and at least 0; got values in "
            f"{cells.min()}..{cells.max()}"
        )
    return cells


def count_pairs(first: ArrayLike, second: ArrayLike) -> NDArray[np.int64]:
    """Cross two labellings of the same things: int64[a, b], how many bear each pair of labels.

    Args:
        first, second: labels [n] of any kind that sorts; labels ascend along the table.

    Raises:
        TableError: for labellings of different lengths.
    """
    one, two = np.asarray(first), np.asarray(second)
    if one.ndim != 1 or one.shape != two.shape:
        raise TableError(
            "two labellings go side by side, such as [0, 0, 1] and [5, 5, 7]; got shapes "
            f"{one.shape} and {two.shape}"
        )
    rows, row = np.unique(one, return_inverse=True)
    columns, column = np.unique(two, return_inverse=True)
    counts = np.bincount(row * len(columns) + column, minlength=len(rows) * len(columns))
    return counts.reshape(len(rows), len(columns))


def _bits(amounts: NDArray[np.float64]) -> float:
    present = amounts[amounts > 0]
    if present.size < 2:
        return 0.0  # exactly, so that nothing is divided by what rounding leaves
    shares = present / present.sum()
    return float(-(shares * np.log2(shares)).sum())
