"""Payoffs and strategies, checked as they come in; the error that the whole room raises."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-9
"""Probabilities may miss a sum of 1 by this much."""


class EquilibriumError(ValueError):
    """A game, a strategy or a setting that nothing can be solved with; the message says why."""


def matrix(name: str, values: ArrayLike) -> Floats:
    """Return values as a finite float64[m, n], m and n at least 1; raises ``EquilibriumError``."""
    found = np.array(values, dtype=np.float64, order="C")
    if found.ndim != 2 or 0 in found.shape:
        raise EquilibriumError(
            f"{name} must be a matrix with a row for each action of the first player and a column "
            f"for each of the second, such as [[1, -1], [-1, 1]]; got shape {found.shape}"
        )
    if not np.isfinite(found).all():
        raise EquilibriumError(f"{name} must be finite; got {found[~np.isfinite(found)][0]}")
    return found


def bimatrix(row: ArrayLike, column: ArrayLike) -> tuple[Floats, Floats]:
    """Return both players' payoffs as float64[m, n]; raises ``EquilibriumError``."""
    first, second = matrix("the row player's payoffs", row), matrix("the column player's", column)
    if first.shape != second.shape:
        raise EquilibriumError(
            f"both players' payoffs have a row for each action of the first and a column for each "
            f"of the second; got shapes {first.shape} and {second.shape} (transpose one?)"
        )
    return first, second


def square(name: str, values: ArrayLike) -> Floats:
    """Return the payoffs of a symmetric game, float64[n, n]; raises ``EquilibriumError``."""
    found = matrix(name, values)
    if found.shape[0] != found.shape[1]:
        raise EquilibriumError(
            f"{name} must be square, as one population plays itself; got shape {found.shape}"
        )
    return found


def mixture(name: str, values: ArrayLike, size: int) -> Floats:
    """Return a mixed strategy float64[size], not negative, of sum 1; or ``EquilibriumError``."""
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (size,):
        raise EquilibriumError(
            f"{name} must have a probability for each of {size} actions; got shape {found.shape}"
        )
    if not (found >= 0).all() or not abs(found.sum() - 1) <= ROUNDING:
        raise EquilibriumError(
            f"{name} must hold probabilities, none negative, that sum to 1; got {found.tolist()}"
        )
    return found
