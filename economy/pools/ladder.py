"""The ticks of a concentrated pool at which positions begin or end, in order.

Fees earned between two ticks are told from what was earned outside each ("Uniswap v3 Core",
section 6.3): a boundary remembers the fees per liquidity of its other side, as seen from the
price, and swaps sides when the price crosses it.
"""

from __future__ import annotations

from bisect import bisect_right, insort

from economy.pools.positions import Boundary

Fees = tuple[int, int]
"""Fees of tokens 0 and 1 per unit of liquidity, in 2**-128 tokens."""


class Ladder:
    """Boundaries by tick; those that no position needs any more are forgotten."""

    def __init__(self) -> None:
        self.boundaries: dict[int, Boundary] = {}
        self.ticks: list[int] = []
        """The boundaries in order."""

    def there(self, tick: int) -> int:
        """The liquidity of all positions that begin or end at a tick."""
        return self.boundaries[tick].gross if tick in self.boundaries else 0

    def enter(self, tick: int, now: int, fees: Fees) -> None:
        """Make a tick a boundary, if it is none, while the price's tick is ``now``."""
        if tick not in self.boundaries:
            # By convention, all fees so far were earned below a tick that is new.
            self.boundaries[tick] = Boundary(outside=fees if tick <= now else (0, 0))
            insort(self.ticks, tick)

    def change(self, tick: int, liquidity: int, *, upper: bool) -> None:
        """Add liquidity (negative: remove it) of a position that begins, or ends, at a boundary."""
        boundary = self.boundaries[tick]
        boundary.gross += liquidity
        boundary.net += -liquidity if upper else liquidity
        if not boundary.gross:
            del self.boundaries[tick]
            self.ticks.remove(tick)

    def cross(self, tick: int, fees: Fees) -> None:
        """Let the price pass a boundary, when the pool's fees per liquidity are ``fees``."""
        boundary = self.boundaries[tick]
        boundary.outside = fees[0] - boundary.outside[0], fees[1] - boundary.outside[1]

    def ahead(self, tick: int, *, down: bool) -> int | None:
        """The first boundary at or below a tick, or the first above it; None if there is none."""
        i = bisect_right(self.ticks, tick)
        if down:
            return self.ticks[i - 1] if i else None
        return self.ticks[i] if i < len(self.ticks) else None

    def inside(self, lower: int, upper: int, now: int, fees: Fees) -> Fees:
        """Fees per liquidity earned between two boundaries, up to a constant.

        For a range whose boundaries are forgotten, which holds no liquidity, it is of no use.
        """
        found = []
        for i in (0, 1):
            below = above = 0
            if lower in self.boundaries:
                outside = self.boundaries[lower].outside[i]
                below = outside if now >= lower else fees[i] - outside
            if upper in self.boundaries:
                outside = self.boundaries[upper].outside[i]
                above = outside if now < upper else fees[i] - outside
            found.append(fees[i] - below - above)
        return found[0], found[1]
