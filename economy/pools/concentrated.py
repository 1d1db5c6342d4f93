"""A pool whose providers choose the prices between which their liquidity works, exact.

H. Adams, N. Zinsmeister, M. Salem, R. Keefer & D. Robinson 2021, "Uniswap v3 Core". A position of
liquidity L between two ticks acts as a constant-product pool of reserves L / sqrt(P) and
L sqrt(P), shifted so that it runs out of one token exactly at either end. A swap walks from tick
to tick; crossing one adds or removes the positions that begin or end there. Fees do not compound:
they are owed to the positions in range, in proportion to liquidity.

Guarantees, held by the tests:

* Every amount is rounded against whoever pays or receives it; no round trip earns a token.
* The tokens held cover what all positions could withdraw at any time.
* The liquidity at the price is that of the positions whose range holds it.

As in the paper's contracts, but for two things: ticks that nobody uses are not stopped at, and a
swap that finds no liquidity ahead stops where the last of it ended.

Errors: ``PoolError`` for arguments that make no sense; then nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from economy.pools.errors import PoolError, millionths, whole
from economy.pools.ladder import Ladder
from economy.pools.positions import (
    LARGEST_LIQUIDITY,
    Q128,
    Position,
    Range,
    Swap,
    rows_of,
    whole_row,
)
from economy.pools.steps import amount0_between, amount1_between, swap_step
from economy.pools.ticks import (
    HIGHEST_SQRT_PRICE,
    HIGHEST_TICK,
    LOWEST_SQRT_PRICE,
    LOWEST_TICK,
    Q96,
    sqrt_price_at,
    tick_at,
)


class ConcentratedPool:
    """Ticks, positions and a price, all plain integers; see the module for what it promises.

    >>> pool = ConcentratedPool()
    >>> pool.mint(1, -600, 600, 10**9)
    (29553011, 29553011)
    >>> pool.swap(1000).amounts
    (1000, -996)
    """

    def __init__(self, sqrt_price: int = Q96, *, fee: int = 3000, tick_spacing: int = 60) -> None:
        self.fee = millionths(fee)
        self.tick_spacing = whole("tick_spacing", tick_spacing)
        if not 1 <= self.tick_spacing <= HIGHEST_TICK:
            raise PoolError(f"tick_spacing is 1 to {HIGHEST_TICK:,}; got {tick_spacing}")
        self.sqrt_price = whole("sqrt_price", sqrt_price)
        self.tick = tick_at(self.sqrt_price)
        self.liquidity = 0
        self.held = (0, 0)
        """Tokens in the pool: what it received less what it paid."""
        self.fees = (0, 0)
        self.positions: dict[Range, Position] = {}
        self._ladder = Ladder()
        self._changes = 0

    # -- liquidity --------------------------------------------------------------------------

    def cost(self, lower: int, upper: int, liquidity: int) -> tuple[int, int]:
        """Tokens 0 and 1 that `mint` would take, rounded up; changes nothing."""
        lower, upper, liquidity = self._whole_range(lower, upper, liquidity)
        self._check_range(lower, upper, liquidity)
        return self._worth(lower, upper, liquidity, up=True)

    def mint(self, owner: int, lower: int, upper: int, liquidity: int) -> tuple[int, int]:
        """Add liquidity between two ticks; return the tokens 0 and 1 to pay, rounded up.

        Ticks are multiples of ``tick_spacing``; liquidity is at least 1.
        """
        lower, upper, liquidity = self._whole_range(lower, upper, liquidity)
        amounts = self.cost(lower, upper, liquidity)
        self._touch((owner, lower, upper), liquidity)
        self.held = self.held[0] + amounts[0], self.held[1] + amounts[1]
        return amounts

    def burn(self, owner: int, lower: int, upper: int, liquidity: int) -> tuple[int, int]:
        """Withdraw liquidity; return the tokens 0 and 1 that are now owed for it, rounded down.

        `collect` pays them out, with the fees. Raises ``PoolError`` beyond what the position has.
        """
        lower, upper, liquidity = self._whole_range(lower, upper, liquidity)
        has = self.positions.get((owner, lower, upper), Position()).liquidity
        if not 1 <= liquidity <= has:
            raise PoolError(
                f"owner {owner} has {has} liquidity from {lower} to {upper}; cannot burn "
                f"{liquidity} (at least 1)"
            )
        amounts = self._worth(lower, upper, liquidity, up=False)
        self._touch((owner, lower, upper), -liquidity)
        position = self.positions[owner, lower, upper]
        position.owed = position.owed[0] + amounts[0], position.owed[1] + amounts[1]
        return amounts

    def owed(self, owner: int, lower: int, upper: int) -> tuple[int, int]:
        """Tokens 0 and 1 that `collect` would pay, fees up to now included; changes nothing."""
        position = self.positions.get((owner, lower, upper))
        if position is None:
            raise PoolError(f"owner {owner} has no position from {lower} to {upper}")
        inside = self._inside(lower, upper)
        first, second = (
            position.owed[i] + position.liquidity * (inside[i] - position.inside[i]) // Q128
            for i in (0, 1)
        )
        return first, second

    def collect(self, owner: int, lower: int, upper: int) -> tuple[int, int]:
        """Pay a position the tokens 0 and 1 that are owed to it; an empty one is forgotten."""
        paid = self.owed(owner, lower, upper)
        self._changes += 1
        position = self.positions[owner, lower, upper]
        position.inside, position.owed = self._inside(lower, upper), (0, 0)
        if not position.liquidity:
            del self.positions[owner, lower, upper]
        self.held = self.held[0] - paid[0], self.held[1] - paid[1]
        return paid

    def _worth(self, lower: int, upper: int, liquidity: int, *, up: bool) -> tuple[int, int]:
        low, high = sqrt_price_at(lower), sqrt_price_at(upper)
        at = min(max(self.sqrt_price, low), high)
        return (
            amount0_between(at, high, liquidity, up=up),
            amount1_between(low, at, liquidity, up=up),
        )

    @staticmethod
    def _whole_range(lower: int, upper: int, liquidity: int) -> tuple[int, int, int]:
        """A range and its liquidity as plain integers, which cannot overflow."""
        return whole("lower", lower), whole("upper", upper), whole("liquidity", liquidity)

    def _check_range(self, lower: int, upper: int, liquidity: int) -> None:
        spacing = self.tick_spacing
        in_order = LOWEST_TICK <= lower < upper <= HIGHEST_TICK
        if not in_order or lower % spacing or upper % spacing:
            raise PoolError(
                f"a range is two rising multiples of {spacing} within {LOWEST_TICK:,} to "
                f"{HIGHEST_TICK:,}, as in {-10 * spacing}, {10 * spacing}; got {lower}, {upper}"
            )
        there = max(self._ladder.there(lower), self._ladder.there(upper))
        if not 1 <= liquidity <= LARGEST_LIQUIDITY - there:
            raise PoolError(f"liquidity is 1 to 2**128 - 1 at any tick; got {liquidity} more")

    def _touch(self, key: Range, change: int) -> None:
        """Bring a position's fees up to date, then change its liquidity and its boundaries."""
        _, lower, upper = key
        self._changes += 1
        for tick in (lower, upper):
            self._ladder.enter(tick, self.tick, self.fees)
        position = self.positions.setdefault(key, Position(0, self._inside(lower, upper)))
        position.owed = self.owed(*key)
        position.inside = self._inside(lower, upper)
        position.liquidity += change
        self._ladder.change(lower, change, upper=False)
        self._ladder.change(upper, change, upper=True)
        if lower <= self.tick < upper:
            self.liquidity += change

    def _inside(self, lower: int, upper: int) -> tuple[int, int]:
        return self._ladder.inside(lower, upper, self.tick, self.fees)

    # -- swaps ------------------------------------------------------------------------------

    def quote(self, amount: int, *, zero_for_one: bool = True, limit: int | None = None) -> Swap:
        """What a swap would do, changing nothing; see `swap`."""
        amount = whole("amount", amount)
        if not amount:
            raise PoolError("a swap pays 1 token or more, or takes 1 or more (a negative amount)")
        if limit is None:
            limit = LOWEST_SQRT_PRICE + 1 if zero_for_one else HIGHEST_SQRT_PRICE - 1
        limit = whole("limit", limit)
        bounds = (LOWEST_SQRT_PRICE, self.sqrt_price)
        if not zero_for_one:
            bounds = (self.sqrt_price, HIGHEST_SQRT_PRICE)
        if not bounds[0] <= limit <= bounds[1] or limit in (LOWEST_SQRT_PRICE, HIGHEST_SQRT_PRICE):
            raise PoolError(
                f"the limit must lie between the price, {self.sqrt_price}, and the "
                f"{'lowest' if zero_for_one else 'highest'} price, in 2**-96; got {limit}"
            )
        remaining, total = amount, 0
        price, tick, liquidity, fees = self.sqrt_price, self.tick, self.liquidity, list(self.fees)
        crossed = []
        while remaining and price != limit:
            found = self._ladder.ahead(tick, down=zero_for_one)
            if found is None:
                break
            at = sqrt_price_at(found)
            target = max(at, limit) if zero_for_one else min(at, limit)
            step = swap_step(price, target, liquidity, remaining, self.fee)
            if amount > 0:
                remaining -= step.amount_in + step.fee
                total += step.amount_out
            else:
                remaining += step.amount_out
                total += step.amount_in + step.fee
            if liquidity:
                fees[0 if zero_for_one else 1] += step.fee * Q128 // liquidity
            moved, price = price != step.sqrt_price, step.sqrt_price
            if price != at:
                tick = tick_at(price) if moved else tick
                continue
            crossed.append((found, (fees[0], fees[1])))
            liquidity += self._ladder.boundaries[found].net * (-1 if zero_for_one else 1)
            tick = found - 1 if zero_for_one else found
        used = amount - remaining
        paid, received = (used, total) if amount > 0 else (total, -used)
        amounts = (paid, -received) if zero_for_one else (-received, paid)
        after = (fees[0], fees[1])
        return Swap(amounts, price, tick, liquidity, after, tuple(crossed), self._changes)

    def commit(self, swap: Swap) -> None:
        """Make a swap that was quoted; ``PoolError`` if the pool has changed since."""
        if swap.before != self._changes:
            raise PoolError("the pool has changed since this swap was quoted; quote it again")
        self._changes += 1
        for tick, fees in swap.crossed:
            self._ladder.cross(tick, fees)
        self.sqrt_price, self.tick, self.liquidity = swap.sqrt_price, swap.tick, swap.liquidity
        self.fees = swap.fees
        self.held = self.held[0] + swap.amounts[0], self.held[1] + swap.amounts[1]

    def swap(self, amount: int, *, zero_for_one: bool = True, limit: int | None = None) -> Swap:
        """Pay ``amount`` in, fee included, or take ``-amount`` out; return what was done.

        Token 0 is paid if ``zero_for_one``, else token 1. The price does not move past ``limit``
        (a square-root price, Q64.96); what could not be used for that, or for want of liquidity,
        is not taken: the amounts returned count.
        """
        done = self.quote(amount, zero_for_one=zero_for_one, limit=limit)
        self.commit(done)
        return done

    # -- state ------------------------------------------------------------------------------

    def state(self) -> dict[str, object]:
        """Everything, as JSON values (integers may be larger than int64)."""
        return {
            "fee": self.fee,
            "tick_spacing": self.tick_spacing,
            "sqrt_price": self.sqrt_price,
            "tick": self.tick,
            "held": list(self.held),
            "fees": list(self.fees),
            "boundaries": [
                [tick, *self._ladder.boundaries[tick].outside] for tick in self._ladder.ticks
            ],
            "positions": [
                [*key, each.liquidity, *each.inside, *each.owed]
                for key, each in sorted(self.positions.items())
            ],
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Become the pool that wrote ``state``; on ``PoolError`` this one is unchanged."""
        try:
            restored = self._restored(state)
        except (KeyError, TypeError, ValueError) as error:
            raise PoolError(f"not the state of a concentrated pool: {error!r}") from error
        vars(self).update(vars(restored), _changes=self._changes + 1)

    @staticmethod
    def _restored(state: Mapping[str, object]) -> ConcentratedPool:
        (fee, spacing, price, tick) = whole_row(
            [state[name] for name in ("fee", "tick_spacing", "sqrt_price", "tick")], 4
        )
        pool = ConcentratedPool(price, fee=fee, tick_spacing=spacing)
        # After a swap downwards that ended on a boundary, the tick is the one below it.
        if tick not in (pool.tick, pool.tick - 1) or price > sqrt_price_at(tick + 1):
            raise PoolError(f"tick {tick} is not that of the price {price}")
        pool.tick = tick
        held, fees = whole_row(state["held"], 2), whole_row(state["fees"], 2)
        pool.held, pool.fees = (held[0], held[1]), (fees[0], fees[1])
        for row in rows_of(state["positions"], 8):
            owner, lower, upper, liquidity, *rest = row
            if (owner, lower, upper) in pool.positions or min(rest[2:]) < 0:
                raise PoolError(f"position {row} is there twice, or is owed less than nothing")
            if liquidity:
                pool._check_range(lower, upper, liquidity)
                pool._touch((owner, lower, upper), liquidity)
            pool.positions[owner, lower, upper] = Position(
                liquidity, (rest[0], rest[1]), (rest[2], rest[3])
            )
        outside = {row[0]: (row[1], row[2]) for row in rows_of(state["boundaries"], 3)}
        if list(outside) != pool._ladder.ticks:
            raise PoolError(f"boundaries {list(outside)}, positions end at {pool._ladder.ticks}")
        for tick, boundary in pool._ladder.boundaries.items():
            boundary.outside = outside[tick]
        pool._check_cover()
        return pool

    def _check_cover(self) -> None:
        """Raise ``PoolError`` unless all positions could be withdrawn from what is held."""
        due = [0, 0]
        for (owner, lower, upper), position in self.positions.items():
            fees, worth = self.owed(owner, lower, upper), (0, 0)
            if position.liquidity:
                worth = self._worth(lower, upper, position.liquidity, up=False)
            due = [due[i] + fees[i] + worth[i] for i in (0, 1)]
        if due[0] > self.held[0] or due[1] > self.held[1]:
            raise PoolError(f"{self.held} tokens are held, but positions could withdraw {due}")
