"""One step of a swap through concentrated liquidity, exact.

Between two ticks with liquidity, a pool holds L / sqrt(P) of token 0 and L sqrt(P) of token 1, up
to constants ("Uniswap v3 Core", section 6.2): a step moves the square-root price P' (Q64.96)
until what is paid, or asked for, is used up or a target is met. Amounts paid are rounded up,
amounts received down, and the price is moved less than the payment would allow: rounding is
always against the trader.
"""

from __future__ import annotations

from typing import NamedTuple

from economy.pools.errors import WHOLE
from economy.pools.ticks import Q96


class Step(NamedTuple):
    """What one step did, in tokens; the fee comes on top of what is paid in."""

    sqrt_price: int
    amount_in: int
    amount_out: int
    fee: int


def amount0_between(sqrt_price: int, other: int, liquidity: int, *, up: bool) -> int:
    """Token 0 that liquidity holds between two prices: L (1/a - 1/b), rounded up or down."""
    low, high = sorted((sqrt_price, other))
    top = (liquidity * Q96) * (high - low)
    return _over(_over(top, high, up=True), low, up=True) if up else top // high // low


def amount1_between(sqrt_price: int, other: int, liquidity: int, *, up: bool) -> int:
    """Token 1 that liquidity holds between two prices: L (b - a), rounded up or down."""
    return _over(liquidity * abs(other - sqrt_price), Q96, up=up)


def price_after_paying(sqrt_price: int, liquidity: int, amount: int, *, zero_for_one: bool) -> int:
    """The square-root price after paying in: falls with token 0, rises with token 1."""
    if zero_for_one:
        scaled = liquidity * Q96
        return _over(scaled * sqrt_price, scaled + amount * sqrt_price, up=True)
    return sqrt_price + amount * Q96 // liquidity


def price_after_taking(sqrt_price: int, liquidity: int, amount: int, *, zero_for_one: bool) -> int:
    """The square-root price after taking out, which must be less than liquidity can give."""
    if zero_for_one:
        return sqrt_price - _over(amount * Q96, liquidity, up=True)
    scaled = liquidity * Q96
    return _over(scaled * sqrt_price, scaled - amount * sqrt_price, up=True)


def swap_step(sqrt_price: int, target: int, liquidity: int, remaining: int, fee: int) -> Step:
    """Move the price towards ``target`` until that is met or nothing remains.

    ``remaining`` is what is still to be paid in, fee included, if positive, and what is still to
    come out if negative; ``fee`` is in millionths. A target below the price means that token 0
    is paid in.

    >>> swap_step(Q96, 79623317895830914510487008059, 2 * 10**18, 10**18, 600)[1:]
    (9975124224178055, 9925619580021728, 5988667735148)
    """
    zero_for_one = sqrt_price >= target
    paying = remaining >= 0
    between_in, between_out = (
        (amount0_between, amount1_between) if zero_for_one else (amount1_between, amount0_between)
    )
    after = target
    if paying:
        left = remaining * (WHOLE - fee) // WHOLE
        if left < between_in(sqrt_price, target, liquidity, up=True):
            after = price_after_paying(sqrt_price, liquidity, left, zero_for_one=zero_for_one)
    elif -remaining < between_out(sqrt_price, target, liquidity, up=False):
        after = price_after_taking(sqrt_price, liquidity, -remaining, zero_for_one=zero_for_one)
    amount_in = between_in(sqrt_price, after, liquidity, up=True)
    amount_out = between_out(sqrt_price, after, liquidity, up=False)
    if not paying:
        amount_out = min(amount_out, -remaining)
    if paying and after != target:
        return Step(after, amount_in, amount_out, remaining - amount_in)  # the rest is the fee
    return Step(after, amount_in, amount_out, _over(amount_in * fee, WHOLE - fee, up=True))


def _over(top: int, bottom: int, *, up: bool) -> int:
    """The quotient of whole numbers, rounded up or down."""
    return -(-top // bottom) if up else top // bottom
