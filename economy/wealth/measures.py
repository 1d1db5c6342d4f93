"""How unevenly something is held: Lorenz curve, Gini coefficient, top shares, tail index.

M. O. Lorenz, "Methods of measuring the concentration of wealth", Publications of the American
Statistical Association 9, 1905; C. Gini, "Variabilità e mutabilità", 1912; B. M. Hill, "A simple
general approach to inference about the tail of a distribution", Annals of Statistics 3, 1975.

Holdings are float64[n] or whole tokens, finite and not negative; their order does not matter. All
measures but the tail index are 0 / equal where nobody holds anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.wealth.errors import WealthError

LARGEST_SUMMED = 1e280


def gini(holdings: ArrayLike) -> float:
    """The Gini coefficient, 0 where all hold the same to (n - 1) / n where one holds all.

    It is half the mean absolute difference between two holders, over the mean; O(n log n).

    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    held = _sorted(holdings)
    total = held.sum()
    if total == 0:
        return 0.0
    n = held.size
    # Differences from the mean rank, so that equal holdings give exactly 0.
    return float((held * (2 * np.arange(1, n + 1) - n - 1)).sum() / (n * total))


def lorenz_curve(holdings: ArrayLike, points: int = 101) -> NDArray[np.float64]:
    """What the poorest hold: float64[points], parts of the whole at evenly spaced parts of all.

    The first is 0, the last 1; between two holders the curve is straight.

    >>> lorenz_curve([1, 3], points=3).tolist()
    [0.0, 0.25, 1.0]
    """
    held = _sorted(holdings)
    if points < 2:
        raise WealthError(f"points is 2 or more, the two ends; got {points}")
    if held.sum() == 0:
        held = np.ones_like(held)
    reached = np.concatenate(([0.0], np.cumsum(held)))
    at = np.linspace(0.0, 1.0, points)
    return np.interp(at, np.linspace(0.0, 1.0, reached.size), reached / reached[-1])


def top_share(holdings: ArrayLike, part: float = 0.1) -> float:
    """What part of the whole the richest ``part`` of the holders have, 0 < part <= 1.

    Where that is no whole number of holders, the last of them counts in part.

    >>> top_share([1, 1, 2, 6], 0.25)
    0.6
    """
    if not 0 < part <= 1:
        raise WealthError(f"part is above 0, up to 1, as in 0.01 for the top per cent; got {part}")
    held = _sorted(holdings)
    if held.sum() == 0:
        return float(part)
    reached = np.concatenate(([0.0], np.cumsum(held[::-1])))
    return float(np.interp(part * held.size, np.arange(reached.size), reached) / reached[-1])


def tail_index(holdings: ArrayLike, part: float = 0.1) -> float:
    """Hill's estimate of the exponent a of a tail P(X > x) ~ x**-a, from the richest ``part``.

    It is k over the sum of log(x / x_k+1) over the k richest. The standard error is a / sqrt(k).
    Raises ``WealthError`` unless there are at least two holders beyond a positive threshold.
    """
    if not 0 < part < 1:
        raise WealthError(f"part is above 0 and below 1, as in 0.1; got {part}")
    held = _sorted(holdings)
    k = int(part * held.size + 1e-9)  # 0.29 of 100 are 29, whatever float64 makes of it
    if k < 2 or held[-k - 1] <= 0 or held[-1] == held[-k - 1]:
        raise WealthError(
            f"the richest {k} of {held.size} say nothing about a tail: needs 2 or more holders "
            "above a threshold that is positive, and not all on it"
        )
    return float(k / np.log(held[-k:] / held[-k - 1]).sum())


def _sorted(holdings: ArrayLike) -> NDArray[np.float64]:
    try:
        held = np.sort(np.asarray(holdings, np.float64).reshape(-1))
    except (TypeError, ValueError) as error:
        raise WealthError(f"holdings are numbers, one a holder; numpy says: {error}") from None
    if held.size == 0:
        raise WealthError("nobody holds anything to measure: holdings are empty")
    if not np.isfinite(held[-1]) or held[0] < 0 or np.isnan(held).any():
        raise WealthError(
            f"holdings are finite and not negative; the least is {held[0]}, the most {held[-1]}. "
            "Leave the issuer's account out, as in ledger.balances[1:]"
        )
    # No measure depends on the unit, and sums of the largest floats would overflow.
    return held / held[-1] if held[-1] > LARGEST_SUMMED else held
