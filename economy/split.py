"""Exact shares: whole tokens divided in proportion, by the largest remainder.

A. Hamilton's method of 1792 (M. Balinski and H. P. Young, "Fair Representation", 1982): everyone
receives the whole part of the ideal share, and the tokens left over go one each to the largest
remainders. Shares therefore sum exactly to the pot and each is within 1 of its ideal,
``pot * weight / sum of weights``.

A float64 holds neither pot * weight nor the sum of the weights exactly, so both are carried as
the unevaluated sum of two float64 (T. J. Dekker, "A floating-point technique for extending the
available precision", Numerische Mathematik 18, 1971): about 106 bits. Whole weights of sum up to
2**53 are exact.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers

LARGEST_POT = 2**53
"""The largest pot, in tokens: up to here float64 counts every token."""


class SplitError(ValueError):
    """A pot, weight or group that cannot be split."""


def split_exactly(
    pot: ArrayLike, weights: ArrayLike, group: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Divide pots among claimants in proportion to their weights, to the last token.

    ``pot`` is int64[G] tokens, 0 to 2**53; ``weights`` float64[n], finite and not negative;
    ``group`` int64[n] the pot each claimant draws on, 0 to G - 1 in any order (left out: all draw
    on the one pot). Equal remainders are served lower index first, where remainders that round
    to the same float64 are equal. A weight of 0 receives nothing; where all the weights of a
    group are 0, nobody receives anything and the tokens stay with the pot.

    Returns int64[n] tokens. O(n log n). Raises ``SplitError``.

    >>> split_exactly(10, [47.0, 16.0, 15.9, 12.0, 6.0, 3.1]).tolist()
    [5, 2, 1, 1, 1, 0]
    >>> split_exactly([7, 5], [1, 1, 3, 0], group=[0, 0, 1, 1]).tolist()
    [4, 3, 5, 0]
    """
    pots = whole_numbers("pot", pot, SplitError)
    if pots.size and not 0 <= pots.min() <= pots.max() <= LARGEST_POT:
        raise SplitError(f"pots are 0 to 2**53 tokens; got {pots.min()} to {pots.max()}")
    weight = np.require(weights, np.float64, ("C", "W"))
    if weight.ndim != 1:
        raise SplitError(f"weights must be one column, float64[n]; got shape {weight.shape}")
    good = np.isfinite(weight) & (weight >= 0)
    if not good.all():
        first = int(np.argmin(good))
        raise SplitError(f"weights must be finite and not negative; [{first}] is {weight[first]}")
    if group is None:
        if pots.size != 1:
            raise SplitError(f"{pots.size} pots need group, int64[n]: which pot each draws on")
        member = np.zeros(weight.size, np.int64)
    else:
        member = whole_numbers("group", group, SplitError)
    if member.size != weight.size:
        raise SplitError(f"group has {member.size} rows, but weights has {weight.size}")
    if member.size and not 0 <= member.min() <= member.max() < pots.size:
        raise SplitError(
            f"group must name pots 0 to {pots.size - 1}; got {member.min()} to {member.max()}"
        )
    share: NDArray[np.int64]
    share, remainder, left = _whole_shares(pots, member, weight)
    if left.any():
        # One order serves all pots: within each it is by remainder, then by index.
        _hand_out(share, remainder, left, member, np.argsort(-remainder, kind="stable"))
    return share


def sum_groups(
    amount: NDArray[np.int64], group: NDArray[np.int64], groups: int
) -> NDArray[np.int64]:
    """Return the sums of int64[n] tokens by group, int64[groups], exact where they fit int64.

    >>> sum_groups(np.array([5, 2, 3]), np.array([1, 0, 1]), 3).tolist()
    [2, 8, 0]
    """
    total = np.zeros(groups, np.int64)
    np.add.at(total, group, amount)
    return total


@njit(cache=True, nogil=True)
def _whole_shares(
    pots: NDArray[np.int64], group: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the whole part of each share, its remainder, and the tokens left in each pot."""
    largest = np.zeros(pots.size)
    for i in range(weight.size):
        largest[group[i]] = max(largest[group[i]], weight[i])
    # Scaling by a power of two is exact and keeps products from overflowing.
    exponent = np.zeros(pots.size, np.int64)
    for g in range(pots.size):
        exponent[g] = -math.frexp(largest[g])[1]
    scaled = np.empty(weight.size)
    high, low = np.zeros(pots.size), np.zeros(pots.size)
    for i in range(weight.size):
        g = group[i]
        scaled[i] = math.ldexp(weight[i], exponent[g])
        high[g], error = _two_sum(high[g], scaled[i])
        low[g] += error
    for g in range(pots.size):
        high[g], low[g] = _two_sum(high[g], low[g])

    share, remainder = np.zeros(weight.size, np.int64), np.zeros(weight.size)
    left = np.where(high > 0, pots, 0)
    for i in range(weight.size):
        g = group[i]
        if scaled[i] == 0:
            continue
        # The quotient may be some units off at the largest pots; the remainder corrects it.
        pot = float(pots[g])
        whole = min(math.floor(pot * scaled[i] / high[g]), pot)
        while _remainder(pot, scaled[i], whole, high[g], low[g]) < 0:
            whole -= 1.0
        while whole < pot and _remainder(pot, scaled[i], whole + 1.0, high[g], low[g]) >= 0:
            whole += 1.0
        share[i] = int(whole)
        remainder[i] = _remainder(pot, scaled[i], whole, high[g], low[g])
        left[g] -= share[i]
    return share, remainder, left


@njit(cache=True, nogil=True)
def _hand_out(
    share: NDArray[np.int64],
    remainder: NDArray[np.float64],
    left: NDArray[np.int64],
    group: NDArray[np.int64],
    order: NDArray[np.int64],
) -> None:
    """Give what is left of each pot one token each, in the order given, in place."""
    for i in order:
        if left[group[i]] > 0 and remainder[i] > 0:
            share[i] += 1
            left[group[i]] -= 1


@njit(cache=True, nogil=True)
def _remainder(pot: float, weight: float, whole: float, high: float, low: float) -> float:
    """Return pot * weight - whole * (high + low), rounded once at the end or nearly so."""
    product, product_error = _two_product(pot, weight)
    taken, taken_error = _two_product(whole, high)
    difference, error = _two_sum(product, -taken)
    rest: float = difference + (error + (product_error - taken_error) - whole * low)
    return rest


@njit(cache=True, nogil=True)
def _two_sum(a: float, b: float) -> tuple[float, float]:
    """Return the rounded sum and its exact error (D. E. Knuth)."""
    total = a + b
    b_part = total - a
    return total, (a - (total - b_part)) + (b - b_part)


@njit(cache=True, nogil=True)
def _two_product(a: float, b: float) -> tuple[float, float]:
    """Return the rounded product and its exact error (T. J. Dekker)."""
    product = a * b
    a_high, b_high = _upper_half(a), _upper_half(b)
    a_low, b_low = a - a_high, b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


@njit(cache=True, nogil=True)
def _upper_half(a: float) -> float:
    """Return the upper 26 bits of a (G. W. Veltkamp)."""
    shifted = 134217729.0 * a  # 2**27 + 1
    return shifted - (shifted - a)
