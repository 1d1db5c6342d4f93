"""Traders without intelligence, on a real order book.

D. Gode and S. Sunder, "Allocative efficiency of markets with zero-intelligence traders", Journal
of Political Economy 101, 1993: traders who shout random prices reach nearly all the gains from
trade as soon as nobody may trade at a loss (ZI-C), though their prices scatter; without that rule
(ZI-U) prices scatter over the whole range. What the market as a whole achieves is the doing of its
rules.

Every shout is for one unit and must better the standing one of its side; a trade happens at the
price of the standing shout and clears the book. Each trader's units are traded in the order given.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.auctions.call import call_auction
from economy.book.exchange import Exchange
from economy.book.messages import OrderError, Side
from economy.columns import LARGEST, whole_numbers
from economy.ledger import Ledger

SHOUTS = 64  # drawn at once


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """What a session of trading came to."""

    prices: NDArray[np.int64]
    """The prices of the trades, int64[t], in order."""
    buyers: NDArray[np.int64]
    """Who bought, int64[t], rows of values."""
    sellers: NDArray[np.int64]
    """Who sold, int64[t], rows of costs."""
    gains: int
    """Values less costs of the units traded, in tokens."""
    most_gains: int
    """The most that any trading could have gained."""
    equilibrium: int
    """The price at which demand meets supply."""

    @property
    def efficiency(self) -> float:
        """Gains in percent of the most possible (V. Smith, 1962)."""
        return 100.0 * self.gains / self.most_gains

    @property
    def alpha(self) -> float:
        """Smith's alpha: root mean square distance of prices from equilibrium, in percent of it."""
        distance = self.prices - float(self.equilibrium)
        return 100.0 * float(np.sqrt(np.mean(distance**2))) / self.equilibrium


def zero_intelligence_session(
    values: ArrayLike,
    costs: ArrayLike,
    rng: np.random.Generator,
    *,
    highest: int = 200,
    constrained: bool = True,
) -> Session:
    """Let buyers and sellers shout until nobody can trade any more.

    ``values`` int64[b, u] are what each buyer's units are worth to it and ``costs`` int64[s, u]
    what each seller's cost it, first unit first, from 1 to ``highest`` tokens. Constrained
    traders (ZI-C) bid from 1 to the value and ask from the cost to ``highest``; the others (ZI-U)
    shout any price up to ``highest``, and trade until one side has no units left.

    Raises ``OrderError`` for values and costs that are no such tables or admit no gains.
    """
    worth, cost = _table("values", values, highest), _table("costs", costs, highest)
    best = _equilibrium(worth, cost)
    limits = np.full((len(worth) + len(cost), max(worth.shape[1], cost.shape[1]) + 1), -1)
    limits[: len(worth), : worth.shape[1]] = worth
    limits[len(worth) :, : cost.shape[1]] = cost
    exchange, first = _market(len(limits), highest)
    buying = np.arange(len(limits)) < len(worth)
    traded = np.zeros(len(limits), np.int64)
    trades: list[tuple[int, int, int]] = []
    while True:
        limit = limits[np.arange(len(limits)), traded]
        open_bids, open_asks = limit[buying & (limit > 0)], limit[~buying & (limit > 0)]
        if not (open_bids.size and open_asks.size):
            break
        if constrained and open_bids.max() < open_asks.min():
            break
        shouting = np.flatnonzero(limit > 0)
        lowest_shout = np.where(buying | (not constrained), 1, limit)
        highest_shout = np.where(buying & constrained, limit, highest)
        buyer, seller, price = _next_trade(
            exchange, first, shouting, buying, lowest_shout, highest_shout, rng
        )
        traded[[buyer, seller]] += 1
        trades.append((buyer, seller, price))
    buyers, sellers, prices = np.array(trades, np.int64).reshape(-1, 3).T
    gains = sum(limits[b, k] for b, k in _units(buyers)) - sum(
        limits[s, k] for s, k in _units(sellers)
    )
    return Session(prices, buyers, sellers - len(worth), int(gains), best[0], best[1])


def _next_trade(
    exchange: Exchange,
    first: int,
    shouting: NDArray[np.int64],
    buying: NDArray[np.bool_],
    lowest: NDArray[np.int64],
    highest: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[int, int, int]:
    """Shout until two trade; returns buyer, seller, price and clears the book."""
    while True:
        who = rng.choice(shouting, SHOUTS)
        price = rng.integers(lowest[who], highest[who], endpoint=True)
        bid, ask = exchange.best_bid or 0, exchange.best_ask or exchange.highest + 1
        bids = np.where(buying[who], price, 0)
        asks = np.where(buying[who], exchange.highest + 1, price)
        best_bid = np.maximum.accumulate(np.append(bid, bids))[:-1]
        best_ask = np.minimum.accumulate(np.append(ask, asks))[:-1]
        meeting = np.where(buying[who], price >= best_ask, price <= best_bid)
        heard = np.where(buying[who], price > best_bid, price < best_ask)
        end = int(np.argmax(meeting)) + 1 if meeting.any() else SHOUTS
        heard = np.flatnonzero(heard[:end])
        side = np.where(buying[who], Side.BUY, Side.SELL)
        report = exchange.submit(first + who[heard], side[heard], price[heard], 1)
        if report.trades["price"].size:
            standing = exchange.orders()
            exchange.cancel(standing["account"], standing["order"])
            buyer, seller = (int(report.trades[who][0]) - first for who in ("buyer", "seller"))
            return buyer, seller, int(report.trades["price"][0])


def _units(traders: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Which of its units, from 0 on, each of these traders traded."""
    listed = traders.tolist()
    return [(trader, listed[:k].count(trader)) for k, trader in enumerate(listed)]


def _market(traders: int, highest: int) -> tuple[Exchange, int]:
    """An exchange with an account for each trader, and the first of these accounts."""
    cash, goods = Ledger(), Ledger()
    exchange = Exchange(cash, goods, highest=highest)
    accounts = cash.open(traders)
    plenty = LARGEST // traders  # more than a trader can have standing: no shout lacks funds
    cash.mint(accounts, plenty)
    goods.mint(goods.open(traders), plenty)
    return exchange, int(accounts[0])


def _table(name: str, limits: ArrayLike, highest: int) -> NDArray[np.int64]:
    table = np.atleast_2d(np.asarray(limits))
    flat = whole_numbers(name, table.reshape(-1), OrderError)
    if table.ndim != 2 or not flat.size or not 1 <= flat.min() <= flat.max() <= highest:
        raise OrderError(
            f"{name} must be a table, int64[traders, units], of 1 to {highest} tokens, as in "
            f"[[90, 80], [85, 70]]; got shape {table.shape}"
        )
    return flat.reshape(table.shape)


def _equilibrium(worth: NDArray[np.int64], cost: NDArray[np.int64]) -> tuple[int, int]:
    """The most gains from trade, and the price at which they are made."""
    side = np.repeat([0, 1], [worth.size, cost.size])
    limits = np.append(worth, cost)
    call = call_auction(side, limits, np.ones(limits.size, np.int64))
    gains = int((np.where(side == 0, 1, -1) * limits * call.filled).sum())
    if call.price is None or gains == 0:
        raise OrderError("there is nothing to gain: no value is above a cost")
    return gains, call.price
