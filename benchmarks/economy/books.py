"""Order messages a second, end to end, beside two Python books; and a call auction beside numpy.

Every message is checked, matched, settled in a ledger of cash and one of goods, and journalled.
The flow is a steady one: some half of the messages cancel a random resting order, the others are
limit orders around the same price, of which a good third trade. Its first half is served before
the clock starts, so that the book is as full as it stays.

The peers do the same work in plain Python, each order an object: one keeps its price levels in a
``sortedcontainers.SortedDict``, the other in sorted Python lists that it walks through, which is
*like* the order book of ABIDES (D. Byrd, M. Hybinette and T. Balch, 2020), but is not ABIDES. All
three must make the same trades and leave the same balances before they are timed. Times are CPU
seconds, the best of several.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sortedcontainers import SortedDict

from benchmarks.rows import Row
from economy.auctions.call import call_auction
from economy.book import Exchange, Kind, Side
from economy.ledger import Ledger

PRICES = 20_000
CASH, STOCK = 10**11, 10**6
Column = NDArray[np.int64]


@dataclass(frozen=True)
class Flow:
    """Messages as columns; ``target`` is the row of the order that a cancel withdraws."""

    account: Column
    side: Column
    price: Column
    quantity: Column
    kind: Column
    order: Column
    target: Column
    entered: dict[int, int]
    accounts: int


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of the book, then of the call auction."""
    start = time.process_time()
    flow = steady_flow(2_000, 100)
    compile_s = round(time.process_time() - start, 2)
    yield from against_peers(6_000 if quick else 60_000, compile_s)
    n = 100_000 if quick else 2_000_000
    flow = steady_flow(n, 1_000 if quick else 100_000)
    for batch in (1, 100, 50_000) if quick else (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000):
        yield alone(flow, batch, None if quick or batch < 100_000 else 20.0)
    for accounts in () if quick else (1_000, 10_000, 1_000_000, 10_000_000):
        yield alone(steady_flow(n, accounts), 1_000_000, None)
    yield from calls(quick)


# The book


def steady_flow(n: int, accounts: int, step: int = 256) -> Flow:
    """Draw messages, sending them as they are drawn, so that cancels name orders that rest."""
    rng = np.random.default_rng(1)
    exchange = market(accounts)[2]
    account, side = rng.integers(2, accounts + 2, n), rng.integers(0, 2, n)
    price = np.rint(PRICES / 2 + np.where(side == 0, -8, 8) + rng.normal(0, 12, n)).astype(np.int64)
    quantity, kind = rng.integers(1, 100, n), np.where(rng.random(n) < 0.5, Kind.CANCEL, Kind.LIMIT)
    order, target = np.full(n, -1), np.full(n, -1)
    rested, ids = np.zeros(0, np.int64), np.full(n, -1)
    for begin in range(0, n, step):
        part = slice(begin, begin + step)
        cancels = begin + np.flatnonzero(kind[part] == Kind.CANCEL)
        kind[cancels[rested.size // 64 :]] = Kind.LIMIT  # a young book grows first
        cancels = cancels[: rested.size // 64]
        chosen = rng.choice(rested.size, cancels.size, replace=False)
        target[cancels] = rested[chosen]
        order[cancels], account[cancels] = ids[target[cancels]], account[target[cancels]]
        rested = np.delete(rested, chosen)
        columns = (account, side, price, quantity)
        sent = (column[part] for column in columns)
        ids[part] = exchange.submit(*sent, kind=kind[part], order=order[part]).orders
        standing = exchange.orders()["order"] if begin // step % 64 == 0 else None
        rested = np.append(rested, begin + np.flatnonzero(ids[part] >= 0))
        if standing is not None:  # forget those that were filled meanwhile
            rested = rested[np.isin(ids[rested], standing)]
    entered = dict(zip(ids[ids >= 0].tolist(), np.flatnonzero(ids >= 0).tolist(), strict=True))
    return Flow(account, side, price, quantity, kind, order, target, entered, accounts)


def market(accounts: int) -> tuple[Ledger, Ledger, Exchange]:
    """Two ledgers whose accounts have plenty, and an exchange."""
    cash, goods = Ledger(), Ledger()
    exchange = Exchange(cash, goods, highest=PRICES)
    for ledger, amount in ((cash, CASH), (goods, STOCK)):
        ledger.mint(ledger.open(accounts), amount)
        ledger.drain()
    return cash, goods, exchange


def serve(exchange: Exchange, flow: Flow, begin: int, end: int, batch: int) -> list[Any]:
    """Send a part of a flow in batches; returns the trades of each."""
    names = ("account", "side", "price", "quantity", "kind", "order")
    columns = {name: getattr(flow, name) for name in names}
    return [
        exchange.submit(**{n: c[i : min(end, i + batch)] for n, c in columns.items()}).trades
        for i in range(begin, end, batch)
    ]


def alone(flow: Flow, batch: int, goal: float | None, times: int = 3) -> Row:
    """Messages a second at a batch size; the second half of the flow, or what takes a second."""
    half = flow.account.size // 2
    end = min(flow.account.size, half + max(20_000, 2_000 * batch))
    seconds = []
    for _ in range(times):
        cash, goods, exchange = market(flow.accounts)
        serve(exchange, flow, 0, half, half)
        cash.drain(), goods.drain()
        seconds.append(_seconds(lambda: serve(exchange, flow, half, end, batch)))  # noqa: B023
    exchange.check()
    cash.verify()
    goods.verify()
    notes = {"resting": len(exchange), "journal rows": cash.entries + goods.entries}
    rate = (end - half) / min(seconds) / 1e6
    title = f"order messages, batches of {batch:,}, {flow.accounts:,} accounts, M/s"
    return Row(title, rate, checks={"books conserve": True}, goal=goal, notes=notes)


def against_peers(n: int, compile_s: float) -> Iterator[Row]:
    """The same flow through ours and both Python books."""
    flow = steady_flow(n, 1_000)
    cash, goods, exchange = market(flow.accounts)
    (found,) = serve(exchange, flow, 0, n, n)
    trades = [
        (i, flow.entered[order], price, quantity)
        for i, order, price, quantity in zip(
            *(found[c].tolist() for c in ("message", "order", "price", "quantity")), strict=True
        )
    ]
    reserved = exchange.escrow
    for name, levels in (("SortedDict book", SortedLevels), ("ABIDES-like book", ListLevels)):
        peer = PythonBook(flow.accounts, levels)
        same = peer.serve(flow) == trades
        balances = [np.delete(b.balances, reserved[k])[1:] for k, b in enumerate((cash, goods))]
        settled = all(peer.funds[k][2:] == balances[k].tolist() for k in (0, 1))
        seconds = min(
            _seconds(lambda: PythonBook(flow.accounts, levels).serve(flow))  # noqa: B023
            for _ in range(2)
        )
        ours = min(
            _seconds(lambda: serve(exchange, flow, 0, n, n))  # noqa: B023
            for exchange in [market(flow.accounts)[2] for _ in range(3)]
        )
        yield Row(
            f"order messages, one batch of {n:,}, M/s ({name})",
            n / ours / 1e6,
            n / seconds / 1e6,
            seconds / ours,
            {"same trades": same, "same balances": settled, "trades": len(trades)},
            None,
            {"compile_s": compile_s},
        )


# The peers


class SortedLevels:
    """The orders of a side by price, in a SortedDict of ordered dictionaries."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels = SortedDict()

    def best(self) -> Any:
        """The oldest order at the best price, None if there is none."""
        return next(iter(self.levels.peekitem(0)[1].values())) if self.levels else None

    def add(self, order: list[int]) -> None:
        """Put an order last at its price."""
        key = self.sign * order[2]
        if key not in self.levels:
            self.levels[key] = OrderedDict()
        self.levels[key][order[0]] = order

    def remove(self, order: list[int]) -> None:
        """Take an order out."""
        key = self.sign * order[2]
        level = self.levels[key]
        del level[order[0]]
        if not level:
            del self.levels[key]


class ListLevels:
    """The orders of a side in a sorted list of lists, one for each price, as ABIDES keeps them."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: list[list[list[int]]] = []

    def best(self) -> Any:
        """The oldest order at the best price, None if there is none."""
        return self.levels[0][0] if self.levels else None

    def add(self, order: list[int]) -> None:
        """Walk to the order's price, and put it last there."""
        for i, level in enumerate(self.levels):
            if level[0][2] == order[2]:
                level.append(order)
                return
            if self.sign * order[2] < self.sign * level[0][2]:
                self.levels.insert(i, [order])
                return
        self.levels.append([order])

    def remove(self, order: list[int]) -> None:
        """Walk to the order's price and through its orders."""
        for i, level in enumerate(self.levels):
            if level[0][2] == order[2]:
                level.remove(order)
                if not level:
                    del self.levels[i]
                return


class PythonBook:
    """The work of an exchange in plain Python: orders [row, account, price, left, side]."""

    def __init__(self, accounts: int, levels: Callable[[int], Any]) -> None:
        # Account 0 of the funds is escrow, so that traders have the numbers that ours have.
        self.funds = [[0, 0, *[CASH] * accounts], [0, 0, *[STOCK] * accounts]]
        self.sides = (levels(-1), levels(1))
        self.resting: dict[int, list[int]] = {}
        self.journal: list[tuple[int, int, int, int]] = []

    def move(self, what: int, debit: int, credit: int, amount: int) -> None:
        """Settle and journal one movement."""
        funds = self.funds[what]
        funds[debit] -= amount
        funds[credit] += amount
        self.journal.append((what, debit, credit, amount))

    def serve(self, flow: Flow) -> list[tuple[int, int, int, int]]:
        """Serve all messages; returns trades (row, row of the resting order, price, quantity)."""
        trades: list[tuple[int, int, int, int]] = []
        columns = (flow.kind, flow.account, flow.side, flow.price, flow.quantity, flow.target)
        for row, message in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            kind, account, side, price, quantity, target = message
            if kind == Kind.CANCEL:
                order = self.resting.pop(target, None)
                if order is not None and order[1] == account:
                    self.release(order)
            elif quantity > 0 and 1 <= price <= PRICES:
                self.enter([row, account, price, quantity, side], trades)
        return trades

    def release(self, order: list[int]) -> None:
        """Take an order off the book and give back what it reserved."""
        _, account, price, left, side = order
        self.sides[side].remove(order)
        self.move(side, 0, account, price * left if side == Side.BUY else left)

    def enter(self, order: list[int], trades: list[tuple[int, int, int, int]]) -> None:
        """Check an order's funds, match it and let the rest stand."""
        row, account, price, left, side = order
        if self.funds[side][account] < (price * left if side == Side.BUY else left):
            return
        sign, opposite = 1 - 2 * side, self.sides[1 - side]
        while left:
            other = opposite.best()
            if other is None or sign * (other[2] - price) > 0:
                break
            if other[1] == account:
                del self.resting[other[0]]
                self.release(other)
                continue
            units = min(left, other[3])
            if side == Side.BUY:
                self.move(0, account, other[1], other[2] * units)
                self.move(1, 0, account, units)
            else:
                self.move(0, 0, account, other[2] * units)
                self.move(1, account, other[1], units)
            trades.append((row, other[0], other[2], units))
            left -= units
            if units == other[3]:
                opposite.remove(other)
                del self.resting[other[0]]
            other[3] -= units
        if left:
            order[3] = left
            self.move(side, account, 0, price * left if side == Side.BUY else left)
            self.sides[side].add(order)
            self.resting[row] = order


# The call auction


def calls(quick: bool) -> Iterator[Row]:
    """A call auction of many bids and asks, narrow and wide prices, beside numpy's argsort."""
    n = 50_000 if quick else 1_000_000
    rng = np.random.default_rng(2)
    side, quantity = rng.integers(0, 2, n), rng.integers(1, 100, n)
    narrow = np.clip(rng.normal(5000, 800, n), 1, 10_000).astype(np.int64)
    for name, price in (("10⁴ prices", narrow), ("2⁴⁰ prices", rng.integers(1, 2**40, n))):
        call_auction(side, price, quantity)
        call = call_auction(side, price, quantity)
        same = sorted_call(side, price, quantity) == (call.price, call.volume)
        ours = min(_seconds(lambda: call_auction(side, price, quantity)) for _ in range(7))  # noqa: B023
        peer = min(_seconds(lambda: sorted_call(side, price, quantity)) for _ in range(3))  # noqa: B023
        yield Row(
            f"call auction, {n:,} bids and asks, {name}, ms (numpy argsort)",
            1e3 * ours,
            1e3 * peer,
            peer / ours,
            {"same price and volume": same},
            None if quick else 20.0,
        )


def sorted_call(side: Column, price: Column, quantity: Column) -> tuple[int, int]:
    """Price and volume of the same rule by sorting; no units are handed out."""
    bids, asks = side == 0, side == 1
    falling, rising = np.argsort(-price[bids]), np.argsort(price[asks])
    bid, ask = price[bids][falling], price[asks][rising]
    demanded = np.append(0, np.cumsum(quantity[bids][falling]))
    supplied = np.append(0, np.cumsum(quantity[asks][rising]))
    starts = np.unique(np.concatenate((bid, bid + 1, ask, ask + 1)))
    demand = demanded[np.searchsorted(-bid, -starts, side="right")]
    supply = supplied[np.searchsorted(ask, starts, side="right")]
    volume, gap = np.minimum(demand, supply), np.abs(demand - supply)
    most = volume == volume.max()
    best = np.flatnonzero(most & (gap == gap[most].min()))
    last = int(starts[best[-1] + 1]) - 1
    first = int(starts[best[0]])
    return first + (last - first) // 2, int(volume.max())


def _seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
