"""The exchange against a plain one, one message at a time; its promises and its saved state."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from economy.book import (
    Exchange,
    Kind,
    Movement,
    OrderError,
    OrderRefusal,
    SelfTrade,
    Side,
    exchange as exchange_room,
)
from economy.ledger import Ledger
from tests.economy.book.plain import Twin, scenario

LARGEST = 2**63 - 1

# Lowest price, highest price, tokens and units of four traders.
MARKETS = (
    (1, 8, (60, 40, 200, 0), (30, 5, 0, 60)),
    (1, 2**19, (2**40, 10, 2**60, 500), (50, 2**40, 0, 2**61)),
    (2**62 - 3, 2**62 + 3, (2**63 - 1 - 5, 0, 5, 0), (2**62, 7, 2, 1)),
    (LARGEST - 70, LARGEST, (LARGEST, 0, 0, 0), (LARGEST - 9, 3, 3, 3)),
)


class ExchangeMachine(RuleBasedStateMachine):
    """Random lives of an exchange beside the plain one."""

    @initialize(market=st.sampled_from(MARKETS), self_trade=st.sampled_from(SelfTrade))
    def begin(self, market, self_trade):
        self.lowest, self.highest, wealth, stock = market
        self.twin = Twin(wealth, stock, self.lowest, self.highest, self_trade)

    def prices(self):
        near = st.integers(self.lowest, min(self.highest, self.lowest + 7))
        return st.one_of(near, near, st.integers(self.lowest - 1, min(self.highest + 1, LARGEST)))

    @rule(data=st.data())
    def orders(self, data):
        row = st.tuples(
            st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4]),
            st.integers(4, 7),
            st.integers(0, 1),
            self.prices(),
            st.one_of(st.integers(1, 6), st.sampled_from([2**40, 2**61, 2**62, LARGEST])),
            st.just(-1),
        )
        self.twin.send(data.draw(st.lists(row, min_size=1, max_size=12)))

    @rule(data=st.data())
    def nonsense(self, data):
        row = st.tuples(
            st.integers(-1, 8),
            st.integers(-1, 9),
            st.integers(-1, 2),
            self.prices(),
            st.sampled_from([-(2**63), -1, 0, 1, LARGEST]),
            st.integers(-2, 9),
        )
        self.twin.send(data.draw(st.lists(row, min_size=1, max_size=8)))

    @rule(data=st.data())
    def withdrawals(self, data):
        known = [(o["number"], o["account"]) for o in self.twin.plain.resting]
        if known:
            kind = st.sampled_from([Kind.CANCEL, Kind.REDUCE])
            picks = st.lists(
                st.tuples(st.sampled_from(known), kind, st.integers(1, 5)), min_size=1, max_size=6
            )
            rows = [(k, who, 0, 0, off, n) for (n, who), k, off in data.draw(picks)]
            self.twin.send(rows)

    @rule()
    def save_and_restore(self):
        twin, old = self.twin, self.twin.exchange
        state, cash, goods = old.state(), Ledger(), Ledger()
        twin.exchange = Exchange(cash, goods, highest=3)
        cash.restore(twin.cash.state())
        goods.restore(twin.goods.state())
        twin.exchange.restore(state)
        twin.cash, twin.goods = cash, goods
        assert same_state(twin.exchange.state(), state)
        twin.compare()


TestExchangeMachine = ExchangeMachine.TestCase
TestExchangeMachine.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)


@pytest.mark.slow
class TestLongExchangeMachine(ExchangeMachine.TestCase):
    """More and longer lives."""

    settings = settings(max_examples=100, stateful_step_count=20, deadline=None)


def same_state(one, other):
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype and one[name].tobytes() == other[name].tobytes()
        for name in one
    )


@pytest.mark.parametrize("self_trade", SelfTrade)
@pytest.mark.parametrize(("lowest", "spread"), [(1, 9), (2**50, 3000)])
def test_equals_the_plain_exchange_over_long_lives(self_trade, lowest, spread):
    wide = spread > 9
    scale = {"wealth": [2**60, 2**58, 2**57, 2**59]} if wide else {}
    twin = scenario(spread, self_trade, lowest, spread, batches=20, size=25, **scale)
    assert len(twin.exchange) > 0
    assert len(twin.ids) > 50


def test_a_batch_is_its_messages_one_by_one_in_every_room():
    """Also where the journals run out of room while an order is under way."""

    def run(step, block):
        with patch.object(exchange_room, "BLOCK", block):
            cash, goods, exchange = market()
            rows = flow(np.random.default_rng(3), 900)
            reports = [
                exchange.submit(*(c[i : i + step] for c in rows[:4]), kind=rows[4][i : i + step])
                for i in range(0, 900, step)
            ]
        orders = np.concatenate([r.orders for r in reports]).tolist()
        filled = np.concatenate([r.filled for r in reports]).tolist()
        state = {n: c.tolist() for n, c in exchange.state().items()}
        journals = [{n: c.tolist() for n, c in book.journal().items()} for book in (cash, goods)]
        return orders, filled, state, journals

    expected = run(1, 2**13)
    assert max(expected[1]) > 60  # one order meets dozens
    for step, block in ((900, 1), (900, 7), (900, 2**13), (31, 2**13)):
        assert run(step, block) == expected


def market(**options):
    cash, goods = Ledger(), Ledger()
    exchange = Exchange(cash, goods, highest=200, **options)
    for ledger in (cash, goods):
        ledger.mint(ledger.open(30), 10**9)
    return cash, goods, exchange


def flow(rng, n):
    """Many small orders and now and then a large one."""
    side = rng.integers(0, 2, n)
    price = 100 + np.where(side == 0, -3, 3) + rng.integers(-3, 4, n)
    quantity = np.where(rng.random(n) < 0.02, 90, rng.integers(1, 3, n))
    kind = np.where(quantity > 50, Kind.MARKET, Kind.LIMIT)
    return rng.integers(2, 32, n), side, price, quantity, kind


def test_a_better_price_is_the_incoming_orders_gain_and_the_journal_says_who_paid_whom():
    cash, goods, exchange = market(code=5)
    cash.drain(), goods.drain()
    first, second = exchange.submit([2, 3], Side.SELL, [90, 92], [4, 4]).orders.tolist()
    report = exchange.buy(4, price=95, quantity=10)
    assert {name: column.tolist() for name, column in report.trades.items()} == {
        "message": [0, 0],
        "order": [first, second],
        "buyer": [4, 4],
        "seller": [2, 3],
        "price": [90, 92],
        "quantity": [4, 4],
    }
    escrow, units = exchange.escrow
    paid, moved = cash.journal(), goods.journal()
    rows = zip(*(paid[c].tolist() for c in ("debit", "credit", "amount", "code")), strict=True)
    trade, reserve = 5 + Movement.TRADE, 5 + Movement.RESERVE
    assert list(rows) == [(4, 2, 360, trade), (4, 3, 368, trade), (4, escrow, 190, reserve)]
    rows = zip(*(moved[c].tolist() for c in ("debit", "credit", "amount", "code")), strict=True)
    reserved = [(2, units, 4, reserve), (3, units, 4, reserve)]
    assert list(rows) == [*reserved, (units, 4, 4, trade), (units, 4, 4, trade)]
    assert exchange.cancel(4, report.orders).tolist() == [0]
    assert (cash.journal()["code"][-1], exchange.reserved) == (5 + Movement.RELEASE, (0, 0))


def test_what_the_book_shows():
    _, _, exchange = market()
    assert (exchange.best_bid, exchange.best_ask, exchange.spread, len(exchange)) == (
        None,
        None,
        None,
        0,
    )
    exchange.submit([2, 3, 4, 5], [0, 0, 0, 1], [50, 60, 60, 77], [1, 2, 3, 4])
    assert (exchange.best_bid, exchange.best_ask, exchange.spread, len(exchange)) == (60, 77, 17, 4)
    depth = {name: column.tolist() for name, column in exchange.depth(Side.BUY).items()}
    assert depth == {"price": [60, 50], "quantity": [5, 1], "orders": [2, 1]}
    assert exchange.depth(Side.BUY, prices=1)["price"].tolist() == [60]
    assert exchange.depth(Side.SELL)["quantity"].tolist() == [4]
    assert exchange.orders()["account"].tolist() == [2, 3, 4, 5]


def test_slots_are_used_again_but_never_an_id_and_worn_out_slots_never():
    _, _, exchange = market()
    seen = set()
    for _ in range(5):
        ids = exchange.submit([2, 3], 0, [5, 6], 1).orders
        assert not seen & set(ids.tolist())
        seen |= set(ids.tolist())
        assert exchange.cancel([2, 3], ids).tolist() == [0, 0]
        assert exchange.cancel(2, ids[:1]).tolist() == [OrderRefusal.UNKNOWN_ORDER]
    assert exchange.state()["generation"].tolist() == [5, 5]
    state = exchange.state()
    state["generation"][:] = 2**31 - 2
    exchange.restore(state)
    for generation in (2**31 - 2, 2**31 - 1):
        (last,) = exchange.buy(2, 5, 1).orders.tolist()
        assert last >> 32 == generation
        exchange.cancel(2, last)
    exchange.restore(exchange.state())
    ids = exchange.submit(2, 0, [5, 5, 5], 1).orders
    assert last & 0xFF not in (ids & 0xFF).tolist()
    exchange.check()


def test_an_emptied_escrow_is_noticed_before_anything_moves():
    cash, _, exchange = market()
    exchange.buy(2, 50, 2)
    cash.transfer(exchange.escrow[0], 3, 1)
    before = exchange.state(), cash.entries
    with pytest.raises(OrderError, match="only the exchange may move"):
        exchange.sell(4, 50, 2)
    assert same_state(exchange.state(), before[0])
    assert cash.entries == before[1]


def test_errors_say_what_is_allowed():
    ledger = Ledger()
    with pytest.raises(OrderError, match="two ledgers"):
        Exchange(ledger, ledger, highest=9)
    with pytest.raises(OrderError, match="highest=1000"):
        Exchange(Ledger(), Ledger(), highest=2**24 + 1)
    with pytest.raises(OrderError, match="int16"):
        Exchange(Ledger(), Ledger(), highest=9, code=2**15)
    _, _, exchange = market()
    with pytest.raises(OrderError, match="one length or be scalars"):
        exchange.submit([2, 3], [0, 0, 0], 1, 1)
    with pytest.raises(OrderError, match="whole numbers"):
        exchange.submit(2, 0, 1.5, 1)
    exchange.submit([2, 3], [0, 1], [4, 8], 1)
    state = exchange.state()
    for name, wrong in (
        ("terms", state["terms"][:2]),
        ("order", state["order"][:1]),
        ("order", state["order"] + 2**32),
        ("free", np.array([0])),
        ("side", state["side"] + 1),
        ("row", np.array([3, 10**6])),
        ("row", np.array([7, 3])),  # crossed
        ("left", np.array([1, 0])),
        ("left", np.array([1, 5])),  # more than lies in escrow
        ("account", np.array([2, 10**6])),  # not in the ledgers
        ("account", np.array([2, 0])),  # the issuer
        ("account", np.array([2, exchange.escrow[0]])),
    ):
        with pytest.raises(OrderError):
            exchange.restore(state | {name: wrong})
    with pytest.raises(OrderError, match="missing"):
        exchange.restore({})
    worn = {"generation": np.array([0, 0, 2**31 - 1]), "free": np.array([-63])}
    with pytest.raises(OrderError, match="distinct, 0 to 2"):
        exchange.restore(state | worn)
    assert same_state(exchange.state(), state)


def test_ledgers_restored_to_an_earlier_state_are_noticed_before_anything_moves():
    cash, goods, exchange = market()
    early, empty = cash.state(), exchange.state()
    cash.open(), goods.open()
    cash.mint(32, 100)
    exchange.buy(32, 50, 2)
    cash.restore(early)
    with pytest.raises(OrderError, match="restored to an earlier state"):
        exchange.sell(2, 50, 2)
    exchange.restore(empty)
    assert exchange.sell(2, 50, 2).refusals.tolist() == [0]
