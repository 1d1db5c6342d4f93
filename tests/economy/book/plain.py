"""What an exchange means: sorted lists, one message at a time; and a twin that compares.

The plain exchange reserves the funds of every order at entry and pays back what a better price
saved, where the kernel settles trades of an incoming order from its own account: both must come to
the same.
"""

import numpy as np

from economy.book import Exchange, Kind, OrderRefusal, SelfTrade
from economy.ledger import ISSUER, Ledger

LARGEST = 2**63 - 1
BUY, SELL = 0, 1


class PlainExchange:
    """Orders as dictionaries in one list, sorted when they are needed."""

    def __init__(self, cash, goods, escrow, lowest, highest, self_trade):
        self.funds = [dict(enumerate(cash)), dict(enumerate(goods))]  # paid by buyers, by sellers
        self.escrow, self.lowest, self.highest = escrow, lowest, highest
        self.self_trade = self_trade
        self.resting, self.entered = [], 0

    def need(self, side, price, quantity):
        return price * quantity if side == BUY else quantity

    def move(self, what, debit, credit, amount):
        self.funds[what][debit] -= amount
        self.funds[what][credit] += amount

    def opposite(self, side, limit):
        """The resting orders that an order may meet, best first."""
        turn = 1 if side == BUY else -1
        met = [o for o in self.resting if o["side"] != side and (o["price"] - limit) * turn <= 0]
        return sorted(met, key=lambda o: (o["price"] * turn, o["number"]))

    def refusal(self, kind, account, side, price, quantity):
        reason, limits = (
            OrderRefusal,
            (Kind.LIMIT, Kind.IMMEDIATE, Kind.ALL_OR_NONE, Kind.POST_ONLY),
        )
        if kind not in (*limits, Kind.MARKET):
            return reason.KIND
        known = all(account in funds for funds in self.funds)
        if not known or account == ISSUER or account in self.escrow:
            return reason.ACCOUNT
        if side not in (BUY, SELL):
            return reason.SIDE
        if quantity < 1:
            return reason.QUANTITY
        if kind == Kind.MARKET:
            return reason.OK
        if not self.lowest <= price <= self.highest:
            return reason.PRICE
        if self.need(side, price, quantity) > LARGEST:
            return reason.OVERFLOW
        if self.funds[side][account] < self.need(side, price, quantity):
            return reason.INSUFFICIENT
        met = self.opposite(side, price)
        if kind == Kind.POST_ONLY and met:
            return reason.WOULD_TRADE
        if kind == Kind.ALL_OR_NONE:
            if self.self_trade == SelfTrade.CANCEL_INCOMING:
                own = [i for i, o in enumerate(met) if o["account"] == account]
                met = met[: own[0]] if own else met
            if sum(o["left"] for o in met if o["account"] != account) < quantity:
                return reason.NOT_FILLABLE
        return reason.OK

    def withdraw(self, order, quantity):
        side, account = order["side"], order["account"]
        amount = self.need(side, order["price"], quantity)
        self.move(side, self.escrow[side], account, amount)
        order["left"] -= quantity
        if not order["left"]:
            self.resting.remove(order)

    def serve(self, kind, account, side, price, quantity, number):
        """Return the refusal, the number of the order that rests or None, filled, and trades."""
        if kind in (Kind.CANCEL, Kind.REDUCE):
            if kind == Kind.REDUCE and quantity < 1:
                return OrderRefusal.QUANTITY, None, 0, []
            order = next((o for o in self.resting if o["number"] == number), None)
            if order is None:
                return OrderRefusal.UNKNOWN_ORDER, None, 0, []
            if order["account"] != account:
                return OrderRefusal.NOT_OWNER, None, 0, []
            off = min(quantity, order["left"]) if kind == Kind.REDUCE else order["left"]
            self.withdraw(order, off)
            return OrderRefusal.OK, None, 0, []
        refusal = self.refusal(kind, account, side, price, quantity)
        if refusal:
            return refusal, None, 0, []
        return OrderRefusal.OK, *self.trade(kind, account, side, price, quantity)

    def trade(self, kind, account, side, price, quantity):
        market, left, trades = kind == Kind.MARKET, quantity, []
        limit = price
        if market:
            limit = self.highest if side == BUY else self.lowest
        else:
            self.move(side, account, self.escrow[side], self.need(side, price, quantity))
        for other in self.opposite(side, limit):
            if not left:
                break
            if other["account"] == account:
                if self.self_trade == SelfTrade.CANCEL_RESTING:
                    self.withdraw(other, other["left"])
                    continue
                kind = Kind.IMMEDIATE  # what is left is dropped
                break
            at, units = other["price"], min(left, other["left"])
            whole = units
            if market:
                units = min(units, self.funds[side][account] // self.need(side, at, 1))
                if not units:
                    break
                self.move(side, account, self.escrow[side], self.need(side, at, units))
            elif side == BUY:
                self.move(BUY, self.escrow[BUY], account, (price - at) * units)
            buyer, seller = (account, other["account"])[:: 1 if side == BUY else -1]
            self.move(BUY, self.escrow[BUY], seller, at * units)
            self.move(SELL, self.escrow[SELL], buyer, units)
            trades.append((other["number"], buyer, seller, at, units))
            left -= units
            other["left"] -= units
            if not other["left"]:
                self.resting.remove(other)
            if units < whole:
                break  # the funds are spent
        number = None
        if left and kind in (Kind.LIMIT, Kind.POST_ONLY):
            number, self.entered = self.entered, self.entered + 1
            self.resting.append(
                {"number": number, "account": account, "side": side, "price": price, "left": left}
            )
        elif not market:
            self.move(side, self.escrow[side], account, self.need(side, price, left))
        return number, quantity - left, trades


class Twin:
    """An exchange and the plain one, fed with the same messages and compared."""

    def __init__(self, wealth, stock, lowest, highest, self_trade):
        self.cash, self.goods = Ledger(), Ledger()
        self.goods.open(2)  # so that the escrow accounts differ
        self.exchange = Exchange(
            self.cash, self.goods, lowest=lowest, highest=highest, self_trade=self_trade, code=7
        )
        self.cash.open(2 + len(wealth))
        self.goods.open(len(wealth))
        self.traders = list(range(4, 4 + len(wealth)))  # in both
        for trader, tokens, units in zip(self.traders, wealth, stock, strict=True):
            for ledger, amount in ((self.cash, tokens), (self.goods, units)):
                if amount:
                    ledger.mint(trader, amount)
        self.plain = PlainExchange(
            self.cash.balances.tolist(),
            self.goods.balances.tolist(),
            self.exchange.escrow,
            lowest,
            highest,
            self_trade,
        )
        self.ids = {}  # the id of the exchange by the number of the plain one

    def send(self, rows):
        """Send messages (kind, account, side, price, quantity, number) in one batch."""
        orders = [self.ids.get(row[5], row[5] if row[5] < 0 else 2**40 + row[5]) for row in rows]
        # Nobody can name an order that comes to rest in this very batch.
        rows = [(*row[:5], row[5] if row[5] in self.ids else -1) for row in rows]
        kind, account, side, price, quantity, _ = (list(c) for c in zip(*rows, strict=True))
        report = self.exchange.submit(account, side, price, quantity, kind=kind, order=orders)
        trades = []
        for i, row in enumerate(rows):
            refusal, number, filled, made = self.plain.serve(*row)
            assert (report.refusals[i], report.filled[i]) == (refusal, filled)
            order = int(report.orders[i])
            assert (order >= 0) == (number is not None)
            if number is not None:
                assert order not in self.ids.values()  # never used again
                self.ids[number] = order
            trades += [(i, self.ids[met], *trade) for met, *trade in made]
        assert list(zip(*(c.tolist() for c in report.trades.values()), strict=True)) == trades
        self.compare()

    def compare(self):
        """Ledgers and books agree, nothing was made or lost, and escrow is what was reserved."""
        self.exchange.check()
        plain, orders = self.plain, self.exchange.orders()
        for ledger, funds in zip((self.cash, self.goods), plain.funds, strict=True):
            ledger.verify()
            assert ledger.balances.tolist() == list(funds.values())
        expected = [
            (self.ids[o["number"]], o["account"], o["side"], o["price"], o["left"])
            for o in sorted(plain.resting, key=lambda o: (o["price"], o["number"]))
        ]
        assert list(zip(*(c.tolist() for c in orders.values()), strict=True)) == expected
        assert len(self.exchange) == len(expected)
        escrow = self.exchange.escrow
        reserved = self.cash.balance(escrow[0]), self.goods.balance(escrow[1])
        assert reserved == self.exchange.reserved
        for side in (BUY, SELL):
            needs = [
                plain.need(side, o["price"], o["left"]) for o in plain.resting if o["side"] == side
            ]
            assert reserved[side] == sum(needs)

    def random_rows(self, rng, n, prices):
        """Messages of every kind around some prices, most of them sensible."""
        rows = []
        for _ in range(n):
            kind = int(rng.choice(8, p=[0.4, 0.08, 0.08, 0.08, 0.06, 0.18, 0.1, 0.02]))
            known = [o for o in self.plain.resting if rng.random() < 0.9]
            order = known[rng.integers(len(known))] if known else {"number": -3, "account": 4}
            account = int(rng.integers(4, 4 + len(self.traders)))
            if kind in (Kind.CANCEL, Kind.REDUCE) and rng.random() < 0.9:
                account = order["account"]
            price, quantity = int(rng.choice(prices)), int(rng.integers(1, 9))
            rows.append((kind, account, int(rng.integers(2)), price, quantity, order["number"]))
        return rows


WEALTH = (400, 90, 150, 500)


def scenario(seed, self_trade, lowest=1, spread=9, batches=25, size=20, wealth=WEALTH):
    """A seeded life of a twin; raises what the comparison notices."""
    rng = np.random.default_rng(seed)
    twin = Twin(wealth, [30, 40, 15, 50], lowest, lowest + spread, self_trade)
    prices = np.arange(lowest, lowest + spread + 1)
    for _ in range(batches):
        twin.send(twin.random_rows(rng, size, prices))
    return twin
