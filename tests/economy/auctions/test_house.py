"""The auction house killed, repeated and reordered; each of its rules; and bugs planted in it."""

import hashlib
import json

import numpy as np
import pytest

import economy.auctions.house as room
from economy import AuctionError, Ledger, uniform_price_auction
from economy.auctions.bids import LIVE, STRUCK, BidRefusal, _slot_of, owe
from economy.auctions.house import AuctionHouse, Terms

LARGEST = 2**63 - 1
TILL, SELLER, FIRST = 1, 2, 3  # accounts; bidders come after


class Scene:
    """What happens, but not when: bidders, incomes, auctions and messages."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        bidders = int(rng.integers(2, 5))
        self.funds = rng.integers(10, 120, bidders)
        self.income = [(int(rng.integers(1, 4)), FIRST, int(rng.integers(1, 60)))]
        self.terms = {
            7: Terms(int(rng.integers(1, 9)), int(rng.integers(0, 4)), 2, SELLER),
            4: Terms(int(rng.integers(1, 9)), 1, int(rng.integers(2, 5)), FIRST),
        }
        self.salt = int(rng.integers(2**63))
        n = int(rng.integers(4, 12))
        # Few prices, so that ties are common; and numbers that come twice.
        self.bids = np.column_stack(
            (
                rng.choice([7, 4], n),
                rng.integers(0, 8, n),
                rng.integers(FIRST, FIRST + bidders, n),
                rng.integers(1, 9, n),
                rng.integers(1, 9, n),
            )
        )
        self.cancels = self.bids[rng.random(n) < 0.15, :3]

    def build(self, make):
        ledger = Ledger()
        ledger.open(FIRST - 1 + self.funds.size)
        house = make(ledger, TILL, salt=self.salt)
        return ledger, house

    def play(self, rng=None, make=AuctionHouse):
        """The hash of all that came of it; with rng, the messages are disturbed."""
        ledger, house = self.build(make)
        ledger.mint(np.arange(FIRST, FIRST + self.funds.size), self.funds)
        for auction, terms in self.terms.items():
            assert house.open(auction, *terms) == BidRefusal.OK
        bids, cancels = (self.timed(m, rng) for m in (self.bids, self.cancels))
        digest = hashlib.sha256()
        for tick in range(5):
            ledger.tick = tick
            for _, account, amount in (i for i in self.income if i[0] == tick):
                ledger.mint(account, amount)
            for outcome in house.close():
                for part in (outcome.bidder, outcome.message, outcome.filled, outcome.payment):
                    digest.update(part.tobytes())
                digest.update(b"%d %d" % (outcome.auction, outcome.price))
            parts = [("bid", bids), ("cancel", cancels)]
            for send, messages in parts[:: 1 if rng is None or rng.random() < 0.5 else -1]:
                now = messages[messages[:, 0] == tick, 1:]
                if len(now):
                    getattr(house, send)(*now.T)
                if rng is not None and rng.random() < 0.15:
                    ledger, house = self.killed(ledger, house, make)
                ledger.check()
                assert ledger.supply == self.funds.sum() + sum(
                    amount for at, _, amount in self.income if at <= tick
                )
            digest.update(ledger.balances.tobytes())
        assert not ledger.held().any()
        ledger.verify()
        return digest.hexdigest()

    def timed(self, messages, rng):
        """Messages with the tick in front; disturbed, each comes once or more in its window."""
        closes = np.array([self.terms[int(a)].closes for a in messages[:, 0]], np.int64)
        if rng is None:
            return np.column_stack((closes - 1, messages))
        copies = rng.permutation(np.repeat(np.arange(len(messages)), rng.integers(1, 4)))
        ticks = rng.integers(0, 99, copies.size) % np.maximum(closes[copies], 1)
        return np.column_stack((ticks, messages[copies]))

    def killed(self, ledger, house, make):
        """Both again, from text."""
        saved = json.dumps([plain(ledger.state()), plain(house.state())])
        books, rest = json.loads(saved)
        ledger, house = self.build(make)
        ledger.restore(books)
        house.restore(rest)
        return ledger, house


def plain(state):
    return {name: np.asarray(column).tolist() for name, column in state.items()}


def disturbed_differ(seeds, make=AuctionHouse):
    """The seeds at which a disturbed run does not give what the undisturbed one did.

    Every scene is disturbed in five ways.
    """
    wrong = []
    for scene in range(seeds // 5):
        expected = Scene(scene).play(make=make)
        for seed in range(5 * scene, 5 * scene + 5):
            if Scene(scene).play(np.random.default_rng([seed, 1]), make) != expected:
                wrong.append(seed)
    return wrong


def test_hundreds_of_seeds_of_kill_duplicate_and_reorder():
    assert disturbed_differ(400) == []


@pytest.mark.slow
def test_thousands_of_seeds_of_kill_duplicate_and_reorder():
    assert disturbed_differ(3_000) == []


# Planted bugs


class PotsAreForgotten(AuctionHouse):
    def restore(self, state):
        super().restore(state)
        self._pot[:] = 0

    def state(self):
        return {**super().state(), "pots": np.zeros(0), "holds": np.zeros(0)}


class NothingIsToppedUp(AuctionHouse):
    def close(self):
        self.closing = True
        outcomes = super().close()
        self.closing = False
        return outcomes

    def _secure(self, bidders):
        if not getattr(self, "closing", False):
            super()._secure(bidders)


class RepetitionsCount(AuctionHouse):
    calls = 0

    def bid(self, auction, message, *rest):
        self.calls += 1
        return super().bid(auction, message + 100 * self.calls, *rest)


def first_version_stays(bids, owed, message, cancels, refusals):
    before = bids.status.copy()
    TRUE_RECEIVE(bids, owed, message, cancels, refusals)
    for row in np.flatnonzero((before == LIVE) & (bids.status == STRUCK)):
        bids.status[row] = LIVE
        owe(bids, owed, row, 1)


def early_cancels_are_lost(bids, owed, message, cancels, refusals):
    for i in range(refusals.size if cancels else 0):
        known = bids.index[_slot_of(bids, *(int(column[i]) for column in message[:3]))]
        refusals[i] = refusals[i] if known else BidRefusal.CANCELLED
    TRUE_RECEIVE(bids, owed, message, cancels, refusals)


TRUE_RECEIVE = room.receive


@pytest.mark.parametrize("make", [PotsAreForgotten, NothingIsToppedUp, RepetitionsCount])
def test_a_planted_house_is_caught(make):
    with pytest.raises((AssertionError, ValueError)):
        assert disturbed_differ(60, make) == []


@pytest.mark.parametrize("receive", [first_version_stays, early_cancels_are_lost])
def test_a_planted_kernel_is_caught(receive, monkeypatch):
    monkeypatch.setattr(room, "receive", receive)
    assert disturbed_differ(60) != []


# The rules


@pytest.fixture
def ledger():
    """Till, seller and three bidders, 3 to 5, with 100 tokens each."""
    ledger = Ledger()
    ledger.open(5)
    ledger.mint([3, 4, 5], 100)
    return ledger


@pytest.fixture
def house(ledger):
    """A house with auction 1: 10 units from 2 tokens on, until tick 5."""
    house = AuctionHouse(ledger, TILL)
    house.open(1, 10, 2, 5, SELLER)
    return house


def closed(house, tick=5):
    house.ledger.tick = tick
    return house.close()


def test_it_clears_as_the_auction_does_and_pays_the_seller(house, ledger):
    rng = np.random.default_rng(5)
    price, quantity, bidder = rng.integers(2, 6, 12), rng.integers(1, 4, 12), rng.integers(3, 6, 12)
    assert not house.bid(1, np.arange(12), bidder, price, quantity).any()
    costs = [int((price * quantity)[bidder == i].sum()) for i in (3, 4, 5)]
    assert ledger.held([3, 4, 5]).tolist() == costs
    [outcome] = closed(house)
    at = outcome.message
    again = uniform_price_auction(
        price[at],
        quantity[at],
        10,
        reserve=2,
        priority=room.priorities(0, 1, outcome.bidder, at),
    )
    assert outcome.price == again.price
    assert outcome.filled.tolist() == again.filled.tolist()
    assert outcome.payment.tolist() == (again.filled * again.price).tolist()
    assert sorted(zip(bidder, range(12), strict=True)) == list(zip(outcome.bidder, at, strict=True))
    assert ledger.balance(SELLER) == 10 * again.price
    assert ledger.balance(TILL) == 0
    assert not ledger.held().any()
    assert house.auctions == {}


def test_bids_beyond_the_funds_are_cut_from_the_lowest_price(house):
    house.bid(1, [1, 2, 3], 3, [9, 20, 7], [4, 3, 5])  # 60, then 36, then 4 tokens for one at 7
    [outcome] = closed(house)
    assert (outcome.price, outcome.filled.tolist()) == (2, [4, 3, 0])


def test_the_pot_grows_and_shrinks_with_funds_and_bids(house, ledger):
    house.open(2, 5, 1, 9, SELLER)
    house.bid([1, 2], [1, 1], 3, [30, 30], [3, 2])  # 150 tokens
    assert ledger.held(3) == 100
    ledger.mint(3, 70)
    house.bid(1, 2, 3, 2, 1)
    assert ledger.held(3) == 152
    house.cancel(2, 1, 3)
    assert ledger.held(3) == 92
    [outcome] = closed(house)
    assert outcome.price == 2
    assert ledger.balance(3) == 170 - 4 * 2
    assert ledger.held(3) == 0


def test_a_message_in_two_versions_counts_as_none(house, ledger):
    assert house.bid(1, [8, 8, 8], 3, [5, 5, 6], 2).tolist() == [
        BidRefusal.OK,
        BidRefusal.ALREADY_MADE,
        BidRefusal.KEY_REUSED,
    ]
    assert ledger.held(3) == 0
    assert house.bid(1, 8, 4, 5, 2).tolist() == [BidRefusal.OK]  # another bidder's number 8
    [outcome] = closed(house)
    assert outcome.bidder.tolist() == [4]


def test_a_cancellation_counts_before_its_bid(house, ledger):
    assert house.cancel(1, [5, 5], 3).tolist() == [BidRefusal.OK, BidRefusal.ALREADY_MADE]
    assert house.bid(1, 5, 3, 9, 9).tolist() == [BidRefusal.CANCELLED]
    assert ledger.held(3) == 0


def test_every_refusal_has_its_reason(house, ledger):
    house.open(3, 2**32, 1, 6, SELLER)
    auction = [9, 1, 1, 1, 1, 3, 3]
    bidder = [3, 0, TILL, 6, 3, 3, 3]
    price = [5, 5, 5, 5, 0, 2**31, LARGEST]
    quantity = [1, 1, 1, 1, 1, LARGEST, 1]
    reasons = house.bid(auction, 1, bidder, price, quantity)
    assert reasons.tolist() == [1, 3, 3, 3, 4, BidRefusal.TOO_LARGE, 0]
    assert house.bid(1, 2, 3, 1, 1).tolist() == [BidRefusal.BELOW_RESERVE]
    assert ledger.held(3) == 100  # as much as there is
    closed(house)
    assert house.bid([1, 3], 3, 3, 5, 1).tolist() == [BidRefusal.CLOSED_AUCTION, 0]
    assert house.cancel(1, 1, 3).tolist() == [BidRefusal.CLOSED_AUCTION]
    ledger.tick = 6  # due, though nobody has closed it yet
    assert house.bid(3, 4, 3, 5, 1).tolist() == [BidRefusal.CLOSED_AUCTION]


def test_sums_of_costs_beyond_int64_are_counted_exactly(house, ledger):
    house.open(2, 2, 1, 9, SELLER)
    house.bid(2, np.arange(5), 3, LARGEST, 1)
    assert ledger.held(3) == 100
    house.cancel(2, np.arange(5), 3)
    assert ledger.held(3) == 0
    assert not house._owed.any()


def test_the_salt_decides_between_equal_bids(ledger):
    winners = set()
    for salt in range(20):
        house = AuctionHouse(ledger, TILL, salt=salt)
        house.open(1, 1, 1, ledger.tick + 1, SELLER)
        house.bid(1, 1, [3, 4, 5], 1, 1)
        [outcome] = closed(house, ledger.tick + 1)
        winners.add(int(outcome.bidder[outcome.filled > 0][0]))
    assert winners == {3, 4, 5}


def test_opening_is_a_message_too(house):
    assert house.open(1, 10, 2, 5, SELLER) == BidRefusal.ALREADY_MADE
    assert house.open(1, 11, 2, 5, SELLER) == BidRefusal.KEY_REUSED
    closed(house)
    assert house.open(1, 10, 2, 5, SELLER) == BidRefusal.CLOSED_AUCTION
    assert house.close() == []


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ((0, 1, 1, 9, 2), "numbers are 1 or more"),
        ((2, 1, -1, 9, 2), "reserves 0 or more"),
        ((2, 0, 1, 9, 2), "supply is 1 to"),
        ((2, 2**33, 1, 9, 2), "supply is 1 to"),
        ((2, 1, 1, 9, 0), "ordinary account"),
        ((2, 1, 1, 0, 2), "closes after the tick"),
    ],
)
def test_wrong_terms_are_explained(house, terms, message):
    with pytest.raises(AuctionError, match=message):
        house.open(*terms)


def test_wrong_arguments_and_states_are_explained(house, ledger):
    with pytest.raises(AuctionError, match="one length"):
        house.bid(1, [1, 2], [3, 4, 5], 1, 1)
    with pytest.raises(AuctionError, match="price must be whole"):
        house.bid(1, 1, 3, 1.5, 1)
    with pytest.raises(AuctionError, match="till 9 is no ordinary account"):
        AuctionHouse(ledger, 9)
    with pytest.raises(AuctionError, match="salt"):
        AuctionHouse(ledger, TILL, salt=-1)
    house.bid(1, [1, 2], 3, 5, 1)
    before = house.state()
    for name, value, message in (
        ("holds", [], "differ in length"),
        ("holds", [99], "does not hold the pots"),
        ("pots", [77], "accounts 77 to 77"),
        ("bids_status", [1, 9], "bids_status"),
        ("bids_price", [0, 5], "bids_price"),
        ("bids_quantity", [1, -1], "bids_quantity"),
        ("bids_quantity", [1, 2**61], "bids_quantity"),
        ("bids_message", [1, 1], "there once"),
        ("bids_auction", [1, 2], "to an open auction"),
        ("pots", [4], "does not hold the pots"),
        ("supply", [0], "supply is 1"),
        ("seller", [77], "seller has an ordinary account"),
        ("reserve", [-1], "reserves 0 or more"),
        ("closed", [1], "not open if it was closed"),
        ("till", None, "till must be whole"),
        ("code", 2**15, "code must fit int16"),
        ("supply", [], "differ in length"),
    ):
        with pytest.raises(AuctionError, match=message):
            house.restore({**before, name: value})
    with pytest.raises(AuctionError, match="missing"):
        house.restore({})
    assert plain(house.state()) == plain(before)


def test_a_restored_house_is_the_same(house, ledger):
    house.open(2, 3, 1, 9, SELLER)
    house.bid([1, 2, 2], [1, 1, 2], [3, 4, 4], 5, 4)
    house.cancel(2, [2, 3], 4)
    closed(house)
    state, books = house.state(), ledger.state()
    house.bid(2, 9, 5, 5, 1)
    house.restore(state)
    ledger.restore(books)
    assert plain(house.state()) == plain(state)
    assert house.bid([2, 2], [1, 3], 4, 5, 4).tolist() == [7, 9]


def test_pots_that_somebody_else_spent_are_noticed(house, ledger):
    house.bid(1, 1, 3, 5, 1)
    ledger.void(house.state()["holds"])
    ledger.transfer(3, 4, 100)
    [outcome] = closed(house)
    assert outcome.filled.tolist() == [0]  # nothing is left to pay with, and nothing is sold
    ledger.verify()
