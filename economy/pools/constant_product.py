"""A pool of two tokens that keeps the product of its reserves: exact, in plain integers.

H. Adams, N. Zinsmeister & D. Robinson 2020, "Uniswap v2 Core". Whoever swaps pays ``a`` of one
token into a reserve ``x`` and receives of the other, with reserve ``y``, the most that leaves
``(x + a (1 - fee)) (y - out) >= x y``. The fee stays in the pool and belongs to the shares.

Guarantees, held by the tests:

* What comes out is rounded down, what is asked for rounded up, by the formulas of the paper's
  contracts: rounding is against whoever trades, provides or withdraws.
* A swap, a mint and a burn never lower the product of the reserves per squared share.
* Nothing is lost: the reserves change by exactly the amounts returned.

Python integers have no limit, so amounts may be in the 10**18ths that tokens on a chain are
counted in. Pools whose tokens settle in ledgers hold int64: see ``economy.pools.LiquidityPool``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

from economy.pools.errors import WHOLE, PoolError, millionths, whole

MINIMUM_LIQUIDITY = 1000
"""Shares of the first provider that nobody owns, so that one share never costs a fortune."""


def amount_out(amount_in: int, reserve_in: int, reserve_out: int, *, fee: int = 3000) -> int:
    """Tokens that a swap of ``amount_in`` receives, rounded down; fee in millionths.

    Raises ``PoolError`` for reserves or amounts below 1.

    >>> amount_out(2, 100, 100)
    1
    """
    paid, held, asked = _positive(amount_in=amount_in, reserve_in=reserve_in, other=reserve_out)
    kept = paid * (WHOLE - millionths(fee))
    return kept * asked // (held * WHOLE + kept)


def amount_in(amount_out: int, reserve_in: int, reserve_out: int, *, fee: int = 3000) -> int:
    """Tokens to pay in to receive ``amount_out``: rounded down and one more, as in the paper.

    Raises ``PoolError`` for amounts below 1 and for as much as the reserve or more.

    >>> amount_in(1, 100, 100)
    2
    """
    asked, held, holding = _positive(
        amount_out=amount_out, reserve_in=reserve_in, reserve_out=reserve_out
    )
    if asked >= holding:
        raise PoolError(f"a pool of {holding} cannot give {asked}; ask for {holding - 1} at most")
    return held * asked * WHOLE // ((holding - asked) * (WHOLE - millionths(fee))) + 1


class ConstantProduct:
    """Reserves of two tokens and the shares in them, as plain integers.

    >>> pool = ConstantProduct()
    >>> pool.mint(5 * 10**18, 10 * 10**18)
    7071067811865474244
    >>> pool.swap(10**18)
    1662497915624478906
    """

    def __init__(self, *, fee: int = 3000) -> None:
        self.fee = millionths(fee)
        self.reserves = (0, 0)
        self.shares = 0

    def mint(self, amount0: int, amount1: int) -> int:
        """Take both tokens in and return the new shares: those of the scarcer side, rounded down.

        The first provider receives the square root of the product less ``MINIMUM_LIQUIDITY``.
        Raises ``PoolError`` where that would be no share at all.
        """
        paid0, paid1 = _positive(amount0=amount0, amount1=amount1)
        x, y = self.reserves
        if self.shares:
            made = min(paid0 * self.shares // x, paid1 * self.shares // y)
        else:
            made = isqrt(paid0 * paid1) - MINIMUM_LIQUIDITY
        if made < 1:
            raise PoolError(
                f"{paid0} and {paid1} tokens make no share of this pool; the first provider needs "
                f"amounts whose product exceeds {MINIMUM_LIQUIDITY}**2, later ones a share's worth"
            )
        self.shares += made if self.shares else made + MINIMUM_LIQUIDITY
        self.reserves = x + paid0, y + paid1
        return made

    def burn(self, shares: int) -> tuple[int, int]:
        """Give shares back and return their part of both reserves, each rounded down.

        Raises ``PoolError`` for more shares than may leave and where either part is nothing.
        """
        (given,) = _positive(shares=shares)
        most = self.shares - MINIMUM_LIQUIDITY
        if given > most:
            raise PoolError(f"cannot burn {given} shares; {max(most, 0)} are held by providers")
        x, y = self.reserves
        out0, out1 = given * x // self.shares, given * y // self.shares
        if not out0 or not out1:
            raise PoolError(f"{given} of {self.shares} shares are less than one token of each")
        self.shares -= given
        self.reserves = x - out0, y - out1
        return out0, out1

    def quote(self, amount_in: int, *, zero_for_one: bool = True) -> int:
        """What `swap` would return, changing nothing."""
        x, y = self.reserves if zero_for_one else self.reserves[::-1]
        return amount_out(amount_in, x, y, fee=self.fee)

    def swap(self, amount_in: int, *, zero_for_one: bool = True, least: int = 1) -> int:
        """Pay token 0 (or 1) in, return the tokens 1 (or 0) that come out.

        Raises ``PoolError`` where less than ``least`` would come out; then nothing changes.
        """
        out = self.quote(amount_in, zero_for_one=zero_for_one)
        if out < max(least, 1):
            raise PoolError(f"{amount_in} tokens buy {out}, below the least asked for, {least}")
        x, y = self.reserves
        paid = whole("amount_in", amount_in)
        self.reserves = (x + paid, y - out) if zero_for_one else (x - out, y + paid)
        return out

    def state(self) -> dict[str, int | list[int]]:
        """Everything, as JSON values."""
        return {"fee": self.fee, "reserves": list(self.reserves), "shares": self.shares}

    def restore(self, state: Mapping[str, object]) -> None:
        """Become the pool that wrote ``state``; on ``PoolError`` this one is unchanged."""
        match state:
            case {"fee": int(fee), "reserves": [int(x), int(y)], "shares": int(shares)}:
                empty = x == y == shares == 0
                if not empty and (min(x, y) < 1 or not MINIMUM_LIQUIDITY <= shares <= isqrt(x * y)):
                    raise PoolError(f"{shares} shares cannot own reserves of {x} and {y}")
                self.fee, self.reserves, self.shares = millionths(fee), (x, y), shares
            case _:
                raise PoolError(
                    "not the state of a constant-product pool: needs fee, reserves of two and "
                    f"shares, all whole; got {dict(state)}"
                )


def _positive(**amounts: int) -> tuple[int, ...]:
    found = {name: whole(name, amount) for name, amount in amounts.items()}
    for name, amount in found.items():
        if amount < 1:
            raise PoolError(f"{name} must be at least 1 token; got {amount}")
    return tuple(found.values())
