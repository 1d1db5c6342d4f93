"""What all operators share: columns, bounds, which genes are hit, and the error of an operator."""

from __future__ import annotations

from math import log1p
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Column = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Above this rate it is cheaper to draw for every gene than to draw the gaps between hits.
_SPARSE = 0.3


class VariationError(ValueError):
    """Rows or parameters that an operator cannot work on."""


def bounds_of(low: npt.ArrayLike, high: npt.ArrayLike, shape: tuple[int, ...]) -> list[Floats]:
    """Both bounds, broadcast to the shape of the column."""
    return [np.broadcast_to(np.asarray(bound, np.float64), shape) for bound in (low, high)]


def reflect(offset: Column, span: npt.ArrayLike) -> Column:
    """Fold offsets into 0 … span as a mirror at both ends would, however far they went."""
    folded: Column = np.asarray(span) - np.abs(np.asarray(span) - offset % (2 * np.asarray(span)))
    return folded


def require_pairs(mothers: Column, fathers: Column) -> None:
    """Raise `VariationError` unless there are as many fathers as mothers, of the same kind."""
    if mothers.ndim != 2 or mothers.shape != fathers.shape or mothers.dtype != fathers.dtype:
        raise VariationError(
            f"mothers are {mothers.dtype}{list(mothers.shape)}, fathers {fathers.dtype}"
            f"{list(fathers.shape)}; they pair by row, so both are [n, size] of one dtype"
        )


def require_rate(rate: float) -> None:
    """Raise `VariationError` unless this is a probability."""
    if not 0.0 <= rate <= 1.0:
        raise VariationError(f"rate is {rate}; a rate is a probability per gene, from 0 to 1")


def require_eta(eta: float) -> None:
    """Raise `VariationError` unless this is a distribution index."""
    if not 0.0 <= eta < np.inf:
        raise VariationError(f"eta is {eta}; allowed: 0 (far) or more (nearer), customarily 20")


def hits(shape: tuple[int, ...], rate: float, rng: np.random.Generator) -> Integers:
    """Draw which genes of ``[n, size]`` are hit, each with probability ``rate``.

    Returns their places int64[k], ascending; place p is gene p % size of row p // size. Rare hits
    are found by the gaps between them, which are geometric, so they cost one draw each.
    """
    require_rate(rate)
    count = int(np.prod(shape))
    if rate > _SPARSE:
        return np.flatnonzero(rng.random(count) < rate)
    return _scattered(count, float(rate), rng)


@njit(cache=True, nogil=True)
def _scattered(count: int, rate: float, rng: np.random.Generator) -> Integers:
    found = np.empty(int(1.1 * count * rate) + 4, np.int64)
    k = 0
    at = -1.0  # as a float, because a gap at a tiny rate fits no integer
    spread = log1p(-rate)
    while spread < 0.0:
        at += 1.0 + np.floor(log1p(-rng.random()) / spread)
        if not at < count:
            break
        if k == len(found):
            found = np.concatenate((found, np.empty(len(found), np.int64)))
        found[k] = int(at)
        k += 1
    return found[:k].copy()
