"""Prices on a ladder: the tick of a square-root price and back, exact.

Tick i stands for the price 1.0001**i of token 0 in token 1. Square roots of prices are Q64.96:
whole numbers of 2**-96 (H. Adams, N. Zinsmeister, M. Salem, R. Keefer & D. Robinson 2021,
"Uniswap v3 Core", section 6.1). The results are, to the last bit, those of the paper's contracts,
which multiply one factor for each bit of the tick and drop what is below 2**-128 each time.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache

from economy.pools.errors import PoolError

Q96 = 2**96
"""One, as a square-root price."""

LOWEST_TICK, HIGHEST_TICK = -887_272, 887_272
LOWEST_SQRT_PRICE = 4295128739
"""The square-root price of the lowest tick."""
HIGHEST_SQRT_PRICE = 1461446703485210103287273052203988822378723970342
"""The square-root price of the highest tick, which no pool reaches."""


@cache
def _factors() -> tuple[int, ...]:
    """1.0001**(-2**i / 2) in units of 2**-128, to the nearest, for the 20 bits of a tick."""
    factors = []
    with localcontext() as context:
        context.prec = 100
        factor = 1 / Decimal("1.0001").sqrt()
        for _ in range(20):
            factors.append(int((factor * 2**128).to_integral_value()))
            factor *= factor
    return tuple(factors)


@cache
def sqrt_price_at(tick: int) -> int:
    """Return the square-root price of a tick, in units of 2**-96, rounded up.

    Raises ``PoolError`` outside -887,272 to 887,272.

    >>> sqrt_price_at(0) == Q96
    True
    """
    if not LOWEST_TICK <= tick <= HIGHEST_TICK:
        raise PoolError(f"ticks run from {LOWEST_TICK:,} to {HIGHEST_TICK:,}; got {tick}")
    ratio = 2**128
    for bit, factor in enumerate(_factors()):
        if abs(tick) >> bit & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = (2**256 - 1) // ratio
    return -(-ratio >> 32)


def tick_at(sqrt_price: int) -> int:
    """Return the highest tick whose square-root price is not above ``sqrt_price``.

    Raises ``PoolError`` below the lowest tick's price, and from the highest one's up.

    >>> tick_at(sqrt_price_at(-5) - 1)
    -6
    """
    if not LOWEST_SQRT_PRICE <= sqrt_price < HIGHEST_SQRT_PRICE:
        raise PoolError(
            f"square-root prices run from {LOWEST_SQRT_PRICE} to below {HIGHEST_SQRT_PRICE}, in "
            f"units of 2**-96 (1.0 is 2**96); got {sqrt_price}"
        )
    low, high = LOWEST_TICK, HIGHEST_TICK  # the tick is in [low, high)
    while high - low > 1:
        middle = (low + high) // 2
        if sqrt_price_at(middle) <= sqrt_price:
            low = middle
        else:
            high = middle
    return low
