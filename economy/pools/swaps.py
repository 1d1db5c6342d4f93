"""Swaps in batches against one constant-product pool, in compiled int64, exact.

The formula of `amount_out` multiplies three numbers of up to 63, 63 and 20 bits. Its quotient is
below 2**63, so it is guessed in float64 and corrected by the remainder, which needs only 128 bits
however large the product: the result is that of unlimited integers, held by the tests.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.columns import LARGEST, whole_numbers
from economy.pools.errors import WHOLE, PoolError, SwapRefusal, millionths

# Plain integers: numba would keep the enum itself in its cache.
OK, NOT_POSITIVE, NOTHING_OUT, BELOW_LIMIT, FULL = (int(reason) for reason in list(SwapRefusal)[:5])

_32, _LOW = np.uint64(32), np.uint64(2**32 - 1)
_TWO_64 = 2.0**64
_MOST = 2.0**63 - 1024.0  # the largest float64 that int64 holds


def swap_batch(
    reserves: ArrayLike,
    zero_for_one: ArrayLike,
    amount_in: ArrayLike,
    *,
    least: ArrayLike = 1,
    fee: int = 3000,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Make swaps one after another; return the reserves after, what came out, and refusals.

    ``reserves`` is int64[2] tokens, both 1 or more; ``zero_for_one`` bool[n], whether token 0 is
    paid in; ``amount_in`` int64[n] tokens paid; ``least`` int64[n], the least that must come out.
    The last three may be scalars. ``fee`` is in millionths of what is paid.

    Returns int64[2], int64[n] (0 where refused) and uint8[n] of `SwapRefusal`. O(n). Raises
    ``PoolError``.

    >>> after, out, refusals = swap_batch([100, 100], [True, False], [2, 50])
    >>> after.tolist(), out.tolist()
    ([68, 149], [1, 34])
    """
    held = whole_numbers("reserves", reserves, PoolError).copy()
    if held.size != 2 or held.min() < 1:
        raise PoolError(f"reserves are two numbers of 1 token or more; got {held.tolist()}")
    pays_zero, (paid, limit) = swap_columns(zero_for_one, amount_in=amount_in, least=least)
    out, refusals = np.zeros(paid.size, np.int64), np.empty(paid.size, np.uint8)
    _swap_all(held, pays_zero, paid, limit, *kept(fee), out, refusals)
    return held, out, refusals


def swap_columns(
    zero_for_one: ArrayLike, **columns: ArrayLike
) -> tuple[NDArray[np.bool_], list[NDArray[np.int64]]]:
    """Return direction and whole-number columns, all of one length; scalars are stretched."""
    direction = np.asarray(zero_for_one)
    if direction.dtype != np.bool_ and direction.size:
        raise PoolError(f"zero_for_one must be true or false; got dtype {direction.dtype}")
    direction = direction.astype(np.bool_).reshape(-1)
    found = {name: whole_numbers(name, column, PoolError) for name, column in columns.items()}
    sizes = {direction.size, *(column.size for column in found.values())} - {1}
    if len(sizes) > 1:
        raise PoolError(f"columns must have one length or be scalars; got lengths {sorted(sizes)}")
    n = sizes.pop() if sizes else 1
    stretched = [c if c.size == n else np.full(n, c) for c in found.values()]
    return np.require(np.broadcast_to(direction, n), requirements=("C", "W")), stretched


def kept(fee: int) -> tuple[int, int]:
    """Return the part of what is paid that a fee leaves, as a fraction in lowest terms."""
    left = WHOLE - millionths(fee)
    common = math.gcd(left, WHOLE)
    return left // common, WHOLE // common


@njit(cache=True, nogil=True)
def _swap_all(
    reserves: NDArray[np.int64],
    zero_for_one: NDArray[np.bool_],
    amount_in: NDArray[np.int64],
    least: NDArray[np.int64],
    keep: int,
    whole: int,
    out: NDArray[np.int64],
    refusals: NDArray[np.uint8],
) -> None:
    for i in range(amount_in.size):
        x = 0 if zero_for_one[i] else 1
        refusal, bought = swap_refused(
            reserves[x], reserves[1 - x], amount_in[i], least[i], keep, whole
        )
        refusals[i] = refusal
        if refusal == OK:
            reserves[x] += amount_in[i]
            reserves[1 - x] -= bought
            out[i] = bought


@njit(cache=True, nogil=True)
def swap_refused(
    reserve_in: int, reserve_out: int, amount_in: int, least: int, keep: int, whole: int
) -> tuple[int, int]:
    """Return why the pool would refuse a swap (0: it would not) and what would come out."""
    if amount_in <= 0:
        return NOT_POSITIVE, 0
    bought = out_of(amount_in, reserve_in, reserve_out, keep, whole)
    if bought == 0:
        return NOTHING_OUT, 0
    if bought < least:
        return BELOW_LIMIT, bought
    if reserve_in > LARGEST - amount_in:
        return FULL, bought
    return OK, bought


@njit(cache=True, nogil=True)
def out_of(amount_in: int, reserve_in: int, reserve_out: int, keep: int, whole: int) -> int:
    """Return floor(paid * reserve_out / (reserve_in * whole + paid)), paid = amount_in * keep.

    All are positive, tokens below 2**63 and keep <= whole <= 10**6. Numbers of two words are
    (high, low) and modulo 2**128: the remainder of a guess that is off by 2**14 is below 2**98.
    """
    paid_high, paid_low = product(np.uint64(amount_in), np.uint64(keep))
    top_high, top_low = product(paid_low, np.uint64(reserve_out))
    top_high += paid_high * np.uint64(reserve_out)
    bottom_high, bottom_low = product(np.uint64(reserve_in), np.uint64(whole))
    bottom_low += paid_low
    bottom_high += paid_high + np.uint64(bottom_low < paid_low)

    bottom = float(bottom_high) * _TWO_64 + float(bottom_low)
    share = (float(paid_high) * _TWO_64 + float(paid_low)) / bottom
    guess = int(min(share * float(reserve_out), _MOST))
    taken_high, taken_low = product(np.uint64(guess), bottom_low)
    taken_high += np.uint64(guess) * bottom_high
    rest_high = top_high - taken_high - np.uint64(top_low < taken_low)
    rest_low = top_low - taken_low
    # Far off only where the guess has more than 53 bits; then once more for what is left.
    step = int((float(np.int64(rest_high)) * _TWO_64 + float(rest_low)) / bottom)
    if step != 0:
        size = np.uint64(abs(step))
        taken_high, taken_low = product(size, bottom_low)
        taken_high += size * bottom_high
        if step > 0:
            rest_high = rest_high - taken_high - np.uint64(rest_low < taken_low)
            rest_low = rest_low - taken_low
        else:
            rest_low = rest_low + taken_low
            rest_high = rest_high + taken_high + np.uint64(rest_low < taken_low)
        guess += step
    while np.int64(rest_high) < 0:
        rest_low = rest_low + bottom_low
        rest_high = rest_high + bottom_high + np.uint64(rest_low < bottom_low)
        guess -= 1
    while rest_high > bottom_high or (rest_high == bottom_high and rest_low >= bottom_low):
        rest_high = rest_high - bottom_high - np.uint64(rest_low < bottom_low)
        rest_low = rest_low - bottom_low
        guess += 1
    return guess


@njit(cache=True, nogil=True)
def product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return a * b of two uint64 as (high, low), by halves as on paper."""
    a_high, a_low = a >> _32, a & _LOW
    b_high, b_low = b >> _32, b & _LOW
    low = a_low * b_low
    middle = a_high * b_low + (low >> _32)
    other = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _32) + (other >> _32), (other << _32) | (low & _LOW)
