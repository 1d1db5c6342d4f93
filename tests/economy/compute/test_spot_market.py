"""The spot market against a plain one; the published price; classes, quotas, pre-emption."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy import uniform_price_auction
from economy.compute import (
    ComputeError,
    LeaseEnd,
    Leases,
    Shortfall,
    SpotMarket,
    SpotPrice,
    priority_auction,
)
from economy.ledger import Ledger

ACCOUNTS, CLASSES = 4, 2


class PlainMarket:
    """What a tick means: dictionaries, one lease and one bid at a time."""

    def __init__(self, funds, quotas, capacity):
        self.funds, self.quotas, self.capacity = dict(funds), quotas, capacity
        self.price, self.leases, self.opened, self.revenue = 1, [], 0, 0

    def tick(self, bids):
        ended = {name: LeaseEnd.PREEMPTED for name, *_, limit, _ in self.leases}
        ended = {lease[0]: LeaseEnd.PREEMPTED for lease in self.leases if lease[3] < self.price}
        alive = [lease for lease in self.leases if lease[0] not in ended]
        used = 0
        for lease in sorted(alive, key=lambda lease: (lease[4], -lease[3], lease[0])):
            used += lease[2]
            if used > self.capacity:
                ended[lease[0]] = LeaseEnd.DISPLACED
        allowed, drawn = dict(self.quotas), 0
        for lease in alive:
            name, who, rate, *_ = lease
            if name in ended:
                continue
            units = min(rate, self.funds[who] // self.price)
            self.pay(who, units * self.price)
            drawn += units
            allowed[who] -= units
            if units < rate:
                ended[name] = LeaseEnd.FUNDS_OUT
        self.leases = [lease for lease in alive if lease[0] not in ended]
        wanted, reasons, funds = [], [], dict(self.funds)
        for who, price, quantity, _, _ in bids:
            units, reason = 0, Shortfall.NONE
            if quantity < 1 or price < 1:
                reason = Shortfall.NOT_POSITIVE
            elif who not in funds:
                reason = Shortfall.UNKNOWN_ACCOUNT
            elif price < self.price:
                reason = Shortfall.BELOW_PRICE
            else:
                units = quantity
                if units > allowed[who]:
                    units, reason = max(allowed[who], 0), Shortfall.QUOTA
                if units * price > funds[who]:
                    units, reason = funds[who] // price, Shortfall.FUNDS
                allowed[who] -= units
                funds[who] -= units * price
            wanted.append(min(units, self.capacity))
            reasons.append(reason)
        demand, left, filled, prices = drawn, self.capacity - drawn, [0] * len(bids), []
        for c in range(CLASSES):
            members = [i for i, bid in enumerate(bids) if bid[3] == c]
            clearing = uniform_price_auction(
                [bids[i][1] for i in members],
                [wanted[i] for i in members],
                left,
                reserve=self.price,
            )
            demand, left = demand + clearing.demand, left - clearing.sold
            prices.append(clearing.price)
            for i, units in zip(members, clearing.filled.tolist(), strict=True):
                filled[i] = units
                self.pay(bids[i][0], units * clearing.price)
                assert clearing.price <= bids[i][1] or not units
        for i, (who, price, quantity, c, keep) in enumerate(bids):
            if filled[i] < wanted[i] or (filled[i] < quantity and not reasons[i]):
                reasons[i] = Shortfall.OUTBID
            if keep and filled[i]:
                self.leases.append((self.opened, who, filled[i], price, c))
                self.opened += 1
        paid = self.price
        goal = max(self.capacity * 4 // 5, 1)
        off = min(abs(demand - goal), goal)
        step = max(self.price * off // (goal * 8), 1) if off else 0
        self.price = max(self.price + (step if demand > goal else -step), 1)
        return paid, prices, filled, reasons, ended, drawn, demand

    def pay(self, who, amount):
        if amount:
            self.funds[who] -= amount
        self.revenue += amount
        assert all(funds >= 0 for funds in self.funds.values())


bid = st.tuples(
    st.one_of(st.integers(1, ACCOUNTS), st.sampled_from([0, ACCOUNTS + 1, 99])),
    st.one_of(st.integers(0, 12), st.integers(2**61, 2**63 - 1)),
    st.one_of(st.integers(0, 12), st.integers(2**61, 2**63 - 1)),
    st.integers(0, CLASSES - 1),
    st.booleans(),
)


@given(
    st.lists(
        st.tuples(st.lists(bid, max_size=8), st.one_of(st.none(), st.integers(0, 30))), max_size=8
    ),
    st.lists(st.integers(0, 400), min_size=ACCOUNTS, max_size=ACCOUNTS),
    st.integers(0, 9),
)
@settings(max_examples=50, deadline=None)
def test_equals_a_plain_market(ticks, funds, quota):
    ledger = Ledger()
    ledger.open(ACCOUNTS)
    for account, amount in enumerate(funds, start=1):
        if amount:
            ledger.mint(account, amount)
    supply = ledger.supply
    market = SpotMarket(ledger, 20, quota=15, classes=CLASSES, code=9)
    market.set_quota(1, quota)
    quotas = {1: quota} | dict.fromkeys(range(2, ACCOUNTS + 1), 15)
    plain = PlainMarket(enumerate(funds, start=1), quotas, 20)
    for bids, capacity in ticks:
        if capacity is not None:
            market.capacity = plain.capacity = capacity
        columns = list(zip(*bids, strict=True)) if bids else [[], [], [], [], True]
        account, price, quantity, rank, keep = columns
        report = market.tick(account, price, quantity, rank=rank if bids else 0, keep=keep)
        paid, prices, filled, reasons, ended, drawn, demand = plain.tick(bids)
        assert (report.price, report.next_price) == (paid, plain.price)
        assert (report.class_prices.tolist(), report.filled.tolist()) == (prices, filled)
        assert report.shortfall.tolist() == reasons
        assert dict(zip(report.ended.tolist(), report.end.tolist(), strict=True)) == ended
        assert (report.drawn, report.sold, report.demand) == (drawn, sum(filled), demand)
        assert 0 <= report.utilisation <= 1
        running = zip(*(market.leases[name].tolist() for name in FIELDS), strict=True)
        assert list(running) == plain.leases
        expected = [-ledger.supply, *plain.funds.values(), plain.revenue]
        assert ledger.balances.tolist() == expected
    ledger.verify()
    assert ledger.supply == supply


FIELDS = ("id", "account", "rate", "limit", "rank")


def test_the_published_price_climbs_until_demand_meets_the_target():
    """Demand falls with the price: it settles where 80% of the capacity is asked for."""
    ledger = Ledger()
    accounts = ledger.open(100)
    ledger.mint(accounts, 10**9)
    market = SpotMarket(ledger, 50)
    value = np.arange(1, 101) * 10  # 40 units are worth 610 and more
    for _ in range(300):
        report = market.tick(accounts, value, 1)
    assert 590 <= report.price <= 620
    assert report.utilisation == pytest.approx(0.8, abs=0.05)
    assert report.revenue == report.sold * report.price  # nobody was rationed


def test_the_rule_of_the_published_price():
    spot = SpotPrice(100, target=0.5, pace=8, price=1000)
    # EIP-1559 with target 50 of 100: twice the target is an eighth up, none an eighth down.
    assert spot.follow(100, 100) == 1125
    assert spot.follow(0, 100) == 985  # 1125 - 140, rounded towards no change
    assert spot.follow(50, 100) == 985
    assert spot.follow(10**9, 100) == 1108  # never by more than an eighth
    assert spot.follow(51, 100) == 1110
    for _ in range(100):
        spot.follow(0, 100)
    assert spot.price == 100
    cheap = SpotPrice()
    assert [cheap.follow(2, 1) for _ in range(3)] == [2, 3, 4]  # at least one token
    assert [cheap.follow(0, 0) for _ in range(4)] == [3, 2, 1, 1]


def test_preemption_and_displacement():
    ledger = Ledger()
    accounts = ledger.open(3)
    ledger.mint(accounts, 10**6)
    market = SpotMarket(ledger, 12, pace=1, classes=2)
    first = market.tick(accounts, [3, 9, 9], 4, rank=[0, 1, 1], keep=True)
    assert first.filled.tolist() == [4, 4, 4]
    assert first.next_price == 2  # 12 units asked for, above 9
    assert market.tick().next_price == 3
    assert market.tick().ended.size == 0
    report = market.tick()  # at 4, above the limit of 3
    assert (report.ended.tolist(), report.end.tolist()) == ([0], [LeaseEnd.PREEMPTED])
    assert report.drawn == 8
    market.capacity = 7
    report = market.tick()
    assert (report.ended.tolist(), report.end.tolist()) == ([2], [LeaseEnd.DISPLACED])
    assert report.drawn == 4


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(0, 1)), max_size=12),
    st.integers(0, 20),
)
@settings(max_examples=60, deadline=None)
def test_priority_never_costs_and_is_served_first(bids, supply):
    price, quantity, rank = zip(*bids, strict=True) if bids else ([], [], [])
    sale = priority_auction(price, quantity, rank, supply, classes=2)
    among_all = uniform_price_auction(price, quantity, supply)
    assert sale.prices[0] <= among_all.price
    assert sale.sold.sum() == among_all.sold == sale.filled.sum()
    served = [f > 0 for f in sale.filled]
    first = [i for i in range(len(bids)) if rank[i] == 0 and price[i] >= 1]
    if any(served[i] for i in range(len(bids)) if rank[i] == 1):
        assert all(sale.filled[i] == quantity[i] for i in first)


def test_state_goes_on_identically():
    def market_of(ledger):
        return SpotMarket(ledger, 30, quota=20, classes=2)

    def bids(rng):
        return rng.integers(1, 5, 12), rng.integers(1, 9, 12), rng.integers(1, 9, 12)

    ledgers = Ledger(), Ledger()
    for ledger in ledgers:
        ledger.mint(ledger.open(4), 2000)
    mine, other = map(market_of, ledgers)
    rng = np.random.default_rng(8)
    for _ in range(5):
        mine.tick(*bids(rng), rank=rng.integers(0, 2, 12), keep=rng.random(12) < 0.5)
    mine.set_quota([2], 3)
    state = mine.state()
    ledgers[1].restore(ledgers[0].state())
    other.restore(state)
    for market in (mine, other):
        again = np.random.default_rng(9)
        for _ in range(5):
            market.tick(*bids(again), rank=again.integers(0, 2, 12), keep=True)
    np.testing.assert_equal(other.state(), mine.state())
    np.testing.assert_equal(ledgers[1].state(), ledgers[0].state())
    before = other.state()
    for change in ({"account": 99}, {"spot": {}}, {"leases": {}}, {"capacity": -1}, {"classes": 0}):
        with pytest.raises(ComputeError):
            other.restore(state | change)
    np.testing.assert_equal(other.state(), before)


def test_mistakes_are_explained():
    ledger = Ledger()
    ledger.open(2)
    market = SpotMarket(ledger, 10)
    before = market.state()
    for arguments, options, message in (
        (([1], [1.5], [1]), {}, "price must be whole numbers"),
        (([1], [1, 2], [1]), {}, "price has 2 rows"),
        (([1], [1], [1]), {"rank": 1}, "rank is 0 to 0"),
        (([1], [1], [1]), {"keep": 1}, "keep is true or false"),
    ):
        with pytest.raises(ComputeError, match=message):
            market.tick(*arguments, **options)
    np.testing.assert_equal(market.state(), before)
    with pytest.raises(ComputeError, match=r"accounts are 1 to"):
        market.set_quota(77, 5)
    with pytest.raises(ComputeError, match="units are 0 or more"):
        market.set_quota([1, 2], [5, -5])
    for options in ({"capacity": -1}, {"capacity": 9, "quota": -1}, {"capacity": 9, "classes": 0}):
        with pytest.raises(ComputeError):
            SpotMarket(ledger, **options)
    for options in ({"target": 0}, {"pace": 0}, {"reserve": 0}, {"reserve": 5, "price": 4}):
        with pytest.raises(ComputeError):
            SpotPrice(**options)
    with pytest.raises(ComputeError, match="not the state"):
        SpotPrice().restore({"target": [1, 0]})
    with pytest.raises(ComputeError, match="one each per bid"):
        priority_auction([1, 2], [1], 0, 5)
    with pytest.raises(ComputeError, match="served first, to 0"):
        priority_auction([1], [1], [1], 5, classes=1)
    assert SpotPrice(target=Fraction(1, 3)).target == Fraction(1, 3)


class Overdrawn(Leases):
    """A planted bug: a lease that cannot pay for its tick is served all the same."""

    def settle(self, ledger, price, payee, *, code=0):
        settled = super().settle(ledger, price, payee, code=code)
        settled.units[:] = np.maximum(settled.units, 1)
        return settled


def test_units_that_nobody_paid_for_would_be_noticed():
    def unpaid(leases):
        ledger = Ledger()
        account, house = ledger.open(2)
        ledger.mint(account, 10)
        leases.open(account, 3)
        served = 0
        while len(leases):
            served += int(leases.settle(ledger, 3, house).units.sum())
        return served * 3 != ledger.balance(house)

    assert unpaid(Overdrawn())
    assert not unpaid(Leases())


def test_leases_beyond_int64_together_are_displaced_before_anybody_pays():
    ledger = Ledger()
    alice = ledger.open()[0]
    ledger.mint(alice, 10**15)
    market = SpotMarket(ledger, capacity=10)
    market.leases.open([alice] * 3, rate=2**62)
    report = market.tick()
    assert report.drawn == 0
    assert report.end.tolist() == [LeaseEnd.DISPLACED] * 3
    assert ledger.balance(alice) == 10**15


def test_demand_of_numpy_does_not_overflow():
    prices = [SpotPrice(price=2**52, target=1) for _ in range(2)]
    for _ in range(2):
        assert prices[0].follow(2**33, 2**32) == prices[1].follow(np.int64(2**33), np.int64(2**32))
    assert prices[0].price > 2**52


@pytest.mark.parametrize("target", [float("nan"), float("inf"), "x", None, 0, 1.5])
def test_targets_that_are_no_part_are_explained(target):
    with pytest.raises(ComputeError, match="target"):
        SpotPrice(target=target)


def test_fractions_are_explained():
    ledger = Ledger()
    alice, house = ledger.open(2)
    ledger.mint(alice, 10)
    leases = Leases()
    leases.open(alice, rate=1)
    for mistake in (
        lambda: leases.settle(ledger, 2.7, house),
        lambda: SpotPrice().follow(1.5, 10),
        lambda: SpotPrice(1.5),
        lambda: SpotMarket(ledger, 10, quota=2.5),
        lambda: SpotMarket(ledger, 10, quota=2**64),
        lambda: SpotMarket(ledger, 10, classes=1.5),
        lambda: SpotMarket(ledger, []),
        lambda: leases.restore(leases.state() | {"rank": [-1]}),
    ):
        with pytest.raises(ComputeError):
            mistake()
    assert ledger.balance(alice) == 10
