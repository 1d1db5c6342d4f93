"""Agents trade a good for tokens through an order book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy import Exchange, Ledger, OrderReport
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World

RESERVED = 20
"""Code in the journals of what goes into escrow; 21 is trade, 22 what comes back."""


class GoodsMarket(System):
    """An `economy.Exchange` in the world: tokens in its ledger, the good in a ledger of its own.

    Agents send orders when they like, `market.submit(rows, side, price)`; the system itself ends
    the day: at its place in the tick, orders that rest are withdrawn if they are for the day.

    Args:
        highest: the highest price, tokens a unit; the lowest is 1.
        for_the_day: withdraw in every tick what still rests; else orders rest until they trade.

    Attributes:
        goods: the ledger of the good; accounts have the same numbers as in `world.ledger`.
        exchange: the order book.
        traded: units traded in this tick.
        turnover: tokens paid for them.

    The goods of the dead go to the treasury, as their tokens do.
    """

    def __init__(self, highest: int = 1_000, for_the_day: bool = True):
        self.highest = highest
        self.for_the_day = for_the_day
        self.traded = 0
        self.turnover = 0
        self.goods: Ledger
        self.exchange: Exchange
        self._tick = -1

    def setup(self, world: World) -> None:
        """An empty book."""
        self.goods = Ledger()
        self.goods.open(len(world.ledger) - len(self.goods))
        self.exchange = Exchange(world.ledger, self.goods, highest=self.highest, code=RESERVED)

    @property
    def price(self) -> float:
        """Tokens a unit, on average over this tick's trades; NaN if there were none."""
        return self.turnover / self.traded if self.traded else np.nan

    def stock(self, world: World) -> np.ndarray:
        """int64[n]: units that each agent holds and has not on offer."""
        return self.goods.balance(world.population["account"])

    def endow(self, world: World, rows: NDArray, units: ArrayLike) -> None:
        """Bring units of the good into the world."""
        self.goods.mint(world.population["account"][rows], units)

    def submit(
        self, world: World, rows: NDArray, side: ArrayLike, price: ArrayLike, units: ArrayLike = 1
    ) -> OrderReport:
        """Send the orders of agents, by row, in this order; see `economy.Exchange.submit`."""
        self._begin(world)
        accounts = world.population["account"][rows]
        report = self.exchange.submit(accounts, side, price, units)
        quantity, paid = report.trades["quantity"], report.trades["price"]
        self.traded += int(quantity.sum())
        self.turnover += int((quantity * paid).sum())
        return report

    def __call__(self, world: World) -> None:
        """The end of the day."""
        self._begin(world)
        if self.for_the_day:
            resting = self.exchange.orders()
            self.exchange.cancel(resting["account"], resting["order"])
        if self.goods.entries:
            self.goods.check()

    def _begin(self, world: World) -> None:
        """Counts start anew with the first order of a tick."""
        if self._tick == world.steps:
            return
        self._tick = world.steps
        self.traded = self.turnover = 0
        self.goods.drain()
        self.goods.tick = world.steps

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """The born have an account for the good, too."""
        self.goods.open(max(len(world.ledger) - len(self.goods), 0))

    def on_death(self, world: World, rows: np.ndarray) -> None:
        """Orders are withdrawn, and what is left is inherited."""
        accounts = world.population["account"][rows]
        resting = self.exchange.orders()
        theirs = np.isin(resting["account"], accounts)
        self.exchange.cancel(resting["account"][theirs], resting["order"][theirs])
        held = self.goods.balance(accounts)
        owners = held > 0
        self.goods.transfer(accounts[owners], world.treasury, held[owners])

    def state(self) -> dict[str, Any]:
        """The ledger of the good, the book, and the counts of the tick."""
        return {
            "goods": self.goods.state(),
            "book": self.exchange.state(),
            "tick": [self._tick, self.traded, self.turnover],
        }

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Take up the book; the ledger of tokens is already restored."""
        self.goods.restore(state["goods"])
        self.exchange.restore(state["book"])
        self._tick, self.traded, self.turnover = state["tick"]
