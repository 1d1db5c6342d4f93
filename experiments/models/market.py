"""A market of traders without intelligence, which finds the price all the same.

Gode & Sunder 1993, "Allocative efficiency of markets with zero-intelligence traders", Journal of
Political Economy 101. Everybody values one unit of a good. Those who have one ask a random price
not below their value, the others bid a random price not above it, one after the other in random
order, through an order book with price-time priority. Now and then a value changes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Interval

from economy import Side
from swarm import Acting, Agent, AgentSet, GoodsMarket, World

TOKENS = 1_000_000
"""What everybody begins with at least: more than can be lost by buying dear. A thousand times the
highest price where that is more."""


class Trader(Agent):
    """Values a unit, in tokens; owns one, or did when the day began."""

    value: int = 1
    owns: bool = False

    @classmethod
    def step_all(cls, traders: AgentSet) -> None:
        """Bid or ask, in random order."""
        world, columns = traders.model, traders.model.population
        rng, market = world.stream("Trader"), world.system(GoodsMarket)
        value, n = columns["value"], len(columns)
        fickle = np.flatnonzero(rng.random(n) < world.fickle)
        value[fickle] = rng.integers(1, world.highest + 1, len(fickle))
        columns["owns"][:] = market.stock(world) > 0
        order = rng.permutation(n)
        value, sells = value[order], columns["owns"][order]
        room = np.where(sells, world.highest + 1 - value, -value)
        price = value + np.trunc(world.greed * rng.random(n) * room).astype(int)
        market.submit(world, order, np.where(sells, Side.SELL, Side.BUY), price)


class Market(World):
    """Traders and an order book.

    Args:
        traders: how many.
        owners: share of them that begin with a unit of the good.
        highest: the highest value and price, tokens.
        fickle: share of the traders whose value changes in a tick.
        greed: how far prices go beyond values, of how far they could; 1 is Gode and Sunder's.
        seed: of all chance.
    """

    ticks: ClassVar = 100
    shown: ClassVar = "value"
    steerable: ClassVar = ("fickle", "greed")

    def __init__(
        self,
        traders: int = 1000,
        owners: Annotated[float, Interval(ge=0, le=1)] = 0.5,
        highest: Annotated[int, Ge(1), Interval(le=10**6)] = 200,
        fickle: Annotated[float, Interval(ge=0, le=1)] = 0.1,
        greed: Annotated[float, Interval(ge=0, le=1)] = 1.0,
        seed: int | None = None,
    ):
        self.highest, self.fickle, self.greed = highest, fickle, greed
        super().__init__({Trader: traders}, [Acting(), GoodsMarket(highest)], seed=seed)
        values = self.stream("Trader").integers(1, highest + 1, traders)
        self.agents.set("value", values)
        self.ledger.mint(self.agents.get("account"), max(TOKENS, 1000 * highest))
        self.system(GoodsMarket).endow(self, np.arange(round(owners * traders)), 1)

    def measures(self) -> dict[str, float]:
        """Mean price (0 if none), units traded, and the share of what the good could be worth."""
        market, value = self.system(GoodsMarket), np.sort(self.agents.get("value"))
        units = int(market.goods.supply)
        worth = self.agents.get("value")[market.stock(self) > 0].sum()
        best = value[len(value) - units :].sum() if units else 0
        return {
            "price": market.turnover / max(market.traded, 1),
            "traded": market.traded,
            "efficiency": float(worth / max(best, 1)),
        }
