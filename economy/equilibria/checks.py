"""Payoffs and strategies, checked as they come in; the error that the whole room raises."""

import operator

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-9
"""Probabilities may miss a sum of 1 by this much."""


class EquilibriumError(ValueError):
    """A game, a strategy or a setting that nothing can be solved with; the message says why."""


LARGEST = 1e100
"""The largest payoff, so that nothing that is made of payoffs overflows."""


def numbers(name: str, values: object) -> Floats:
    """Return values as a new float64 array of any shape; raises ``EquilibriumError``."""
    try:
        return np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError, OverflowError) as error:
        raise EquilibriumError(
            f"{name} must be an array of numbers, its rows equally long; numpy says: {error}"
        ) from None


def count(name: str, value: int, least: int = 0) -> int:
    """Return a whole number of at least ``least`` as a plain int; raises ``EquilibriumError``."""
    try:
        found = operator.index(value)
    except TypeError:
        found = least - 1
    if found < least:
        raise EquilibriumError(f"{name} must be a whole number, {least} or more; got {value!r}")
    return found


def bounded(name: str, payoffs: Floats) -> Floats:
    """Return payoffs that are finite, at most ``LARGEST``; raises ``EquilibriumError``."""
    wrong = ~(np.abs(payoffs) <= LARGEST)
    if wrong.any():
        raise EquilibriumError(
            f"{name} must be finite, at most {LARGEST:g} in size; got {payoffs[wrong][0]}"
        )
    return payoffs


def matrix(name: str, values: ArrayLike) -> Floats:
    """Return values as a finite float64[m, n], m and n at least 1; raises ``EquilibriumError``."""
    found = numbers(name, values)
    if found.ndim != 2 or 0 in found.shape:
        raise EquilibriumError(
            f"{name} must be a matrix with a row for each action of the first player and a column "
            f"for each of the second, such as [[1, -1], [-1, 1]]; got shape {found.shape}"
        )
    return bounded(name, found)


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
    found = numbers(name, values)
    if found.shape != (size,):
        raise EquilibriumError(
            f"{name} must have a probability for each of {size} actions; got shape {found.shape}"
        )
    if not (found >= 0).all() or not abs(found.sum() - 1) <= ROUNDING:
        raise EquilibriumError(
            f"{name} must hold probabilities, none negative, that sum to 1; got {found.tolist()}"
        )
    return found
