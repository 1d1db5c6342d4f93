"""A call auction trades at one price, pays exactly, and keeps what waits paid for."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy import CallAuction, Ledger
from economy.auctions import AuctionError, Rationing, call_auction, gathering

TRADERS = 5


def market(rationing: str = "time", cash: int = 60, goods: int = 6) -> CallAuction:
    money, things = Ledger(), Ledger()
    traders = money.open(TRADERS), things.open(TRADERS)
    money.mint(traders[0], cash)
    things.mint(traders[1], goods)
    return CallAuction(money, things, rationing=rationing)


def wealth(auction: CallAuction) -> tuple[list[int], list[int]]:
    traders = np.arange(1, TRADERS + 1)
    return auction.cash.balance(traders).tolist(), auction.goods.balance(traders).tolist()


class Reference:
    """The same rules in plain Python, an order at a time."""

    def __init__(self, rationing: str, cash: int = 60, goods: int = 6):
        self.rationing = rationing
        self.cash = dict.fromkeys(range(1, TRADERS + 1), cash)
        self.goods = dict.fromkeys(range(1, TRADERS + 1), goods)
        self.waiting: list[list[int]] = []  # id, account, side, price, quantity
        self.next = 0

    def submit(self, account: int, side: int, price: int, quantity: int) -> int:
        purse, cost = (self.goods, quantity) if side else (self.cash, price * quantity)
        if purse[account] < cost:
            return -1
        purse[account] -= cost
        self.waiting.append([self.next, account, side, price, quantity])
        self.next += 1
        return self.next - 1

    def cancel(self, order: int) -> bool:
        for row in self.waiting:
            if row[0] == order:
                _, account, side, price, quantity = row
                purse = self.goods if side else self.cash
                purse[account] += quantity if side else price * quantity
                self.waiting.remove(row)
                return True
        return False

    def clear(self, keep: bool) -> int | None:
        columns = [[row[k] for row in self.waiting] for k in (2, 3, 4)]
        call = call_auction(*columns, rationing=self.rationing)
        for row, filled in zip(self.waiting, call.filled.tolist(), strict=True):
            _, account, side, price, _ = row
            if filled:
                if side:
                    self.cash[account] += call.price * filled
                else:
                    self.goods[account] += filled
                    self.cash[account] += (price - call.price) * filled
                row[4] -= filled
        self.waiting = [row for row in self.waiting if row[4]]
        if not keep:
            for row in list(self.waiting):
                self.cancel(row[0])
        return call.price


ORDERS = st.tuples(
    st.integers(1, TRADERS), st.integers(0, 1), st.integers(1, 12), st.integers(1, 5)
)
ACTS = st.lists(
    st.one_of(
        st.lists(ORDERS, min_size=1, max_size=6),
        st.integers(0, 20),
        st.sampled_from(["clear", "close"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(ACTS, st.sampled_from([rule.value for rule in Rationing]))
def test_it_is_the_plain_auction_and_keeps_every_token(acts, rationing: str) -> None:
    auction, plain = market(rationing), Reference(rationing)
    supply = auction.cash.supply, auction.goods.supply
    for act in acts:
        if isinstance(act, list):
            ids = auction.submit(*zip(*act, strict=True)).ids.tolist()
            # Both sides of a batch are taken in their order, but they share no purse.
            assert ids == [plain.submit(*order) for order in act]
        elif isinstance(act, int):
            assert auction.cancel(act).tolist() == [plain.cancel(act)]
        else:
            cleared = auction.clear(keep=act == "clear")
            assert cleared.call.price == plain.clear(act == "clear")
        auction.check()
        assert wealth(auction) == (list(plain.cash.values()), list(plain.goods.values()))
        columns = auction.orders.values()
        assert [list(row) for row in zip(*columns, strict=True)] == plain.waiting
        assert (auction.cash.supply, auction.goods.supply) == supply
    auction.cash.verify()
    auction.goods.verify()


def test_a_saved_auction_goes_on_the_same() -> None:
    auction, other = market(), market()
    auction.submit([1, 2, 3], [0, 1, 0], [9, 7, 8], [2, 3, 4])
    for ledger, copy in ((auction.cash, other.cash), (auction.goods, other.goods)):
        copy.restore(ledger.state())
    other.restore(auction.state())
    for each in (auction, other):
        each.clear()
        each.ask(4, 5, 3)
        each.clear(keep=False)
    assert wealth(auction) == wealth(other)
    assert auction.orders["order"].tolist() == other.orders["order"].tolist() == []


def test_a_state_that_is_none_leaves_it_as_it_was() -> None:
    auction = market()
    auction.bid(1, 9, 2)
    good = auction.state()
    wrong = [
        {**good, "quantity": good["quantity"] + 1},
        {**good, "terms": np.array([99, 1, 1])},
        {**good, "terms": np.array([*auction.escrow, 0])},
        {name: column for name, column in good.items() if name != "side"},
    ]
    for state in wrong:
        with pytest.raises(AuctionError):
            auction.restore(state)
        auction.check()
    assert len(auction) == 1


def test_errors_teach_and_move_nothing() -> None:
    auction = market()
    before = wealth(auction)
    for columns, words in (
        (([1, 2], 0, [1, 2, 3], 1), "one length"),
        ((1, 2, 1, 1), "side is 0"),
        ((1, 0, 0, 1), "1 or more"),
        ((1, 0, 2**62, 4), "below 2\\*\\*63"),
        ((1, 0, 1.5, 4), "whole numbers"),
    ):
        with pytest.raises(AuctionError, match=words):
            auction.submit(*columns)
    with pytest.raises(AuctionError, match="two ledgers"):
        CallAuction(auction.cash, auction.cash)
    with pytest.raises(AuctionError, match="rationing is one of"):
        CallAuction(auction.cash, auction.goods, rationing="luck")
    assert auction.bid(99, 1, 1).ids.tolist() == [-1]
    assert wealth(auction) == before
    assert len(auction) == 0


def test_an_escrow_that_somebody_robbed_is_noticed() -> None:
    auction = market()
    auction.bid(1, 9, 2)
    auction.cash.transfer(auction.escrow[0], 2, 5)
    with pytest.raises(AuctionError, match="only the auction"):
        auction.check()


def test_its_example() -> None:
    assert doctest.testmod(gathering).failed == 0
