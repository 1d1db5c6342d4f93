"""Bonding curves against the formulas in high precision; rounding; saved state."""

from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from economy.ledger import Ledger
from economy.pools import BondingCurve, CurveDesk, PoolError, SwapRefusal

weights = st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(1, 10), Fraction(3, 7), 0.333])
sizes = st.one_of(st.integers(1, 10**3), st.integers(1, 10**9), st.integers(1, 2**62))


def precise(curve, amount, *, selling):
    """The formulas of the paper to 150 digits."""
    with localcontext() as context:
        context.prec = 150
        weight = Decimal(curve.weight.numerator) / Decimal(curve.weight.denominator)
        supply, reserve = Decimal(curve.supply), Decimal(curve.reserve)
        if selling:
            return reserve * (1 - (1 - amount / supply) ** (1 / weight))
        return supply * ((1 + amount / reserve) ** weight - 1)


@given(sizes, sizes, weights, st.integers(1, 10**10))
@example(4, 1, Fraction(1, 2), 8)  # exactly 12: the root of a square
@settings(max_examples=60, deadline=None)
def test_equals_the_formulas_rounded_against_whoever_asks(supply, reserve, weight, amount):
    curve = BondingCurve(supply, reserve, weight)

    def floors(value, result):
        # Within 1e-60 of a whole number, 150 digits of a power cannot tell; the curve can.
        slack = Decimal(10) ** -60
        with localcontext() as context:
            context.prec = 150
            low, high = ((value + s).to_integral_value(ROUND_FLOOR) for s in (-slack, slack))
            return low <= result <= high

    try:
        issued = curve.tokens_for(amount)
    except PoolError:
        assert precise(curve, amount, selling=False) + supply > 2**63 - 2
    else:
        assert floors(precise(curve, amount, selling=False), issued)
        if issued:
            assert curve.cost(issued) <= amount
            least = curve.cost(issued)
            assert curve.tokens_for(least) >= issued
            assert least == 1 or curve.tokens_for(least - 1) < issued
    if amount < supply:
        refund = curve.refund(amount)
        exact = precise(curve, amount, selling=True)
        assert floors(exact, refund) or (refund == reserve - 1 and exact > refund)


def test_exact_where_the_answer_is_whole():
    assert BondingCurve(4, 1, 0.5).tokens_for(8) == 8  # 4 * (9 ** .5 - 1)
    assert BondingCurve(4, 1, 0.5).tokens_for(7) == 7
    big = BondingCurve(10**17, 10**12, Fraction(1, 3))
    assert big.tokens_for(7 * 10**12) == 10**17  # eight times the reserve, twice the supply
    assert big.cost(10**17) == 7 * 10**12
    assert BondingCurve(1000, 250, 1).price == 0.25


@given(
    st.integers(1, 10**12),
    st.integers(1, 10**12),
    weights,
    st.lists(st.tuples(st.booleans(), st.integers(1, 10**9)), max_size=8),
)
@settings(max_examples=40, deadline=None)
def test_no_round_trip_profits_and_the_backing_never_falls(supply, reserve, weight, trades):
    curve = BondingCurve(supply, reserve, weight)
    p, q = curve.weight.as_integer_ratio()
    money, tokens = 0, 0
    for buying, amount in trades:
        before = curve.supply, curve.reserve
        try:
            if buying:
                tokens += curve.buy(amount)
                money -= amount
            else:
                money += curve.sell(amount)
                tokens -= amount
        except PoolError:
            assert (curve.supply, curve.reserve) == before
        assert curve.reserve**p * before[0] ** q >= before[1] ** p * curve.supply**q
        assert (curve.supply, curve.reserve) == (supply + tokens, reserve - money)
        if tokens == 0:
            assert money <= 0


class Desk:
    """A desk over two ledgers, its founder, a trader and one who has nothing."""

    def __init__(self):
        self.money, self.shares = Ledger(), Ledger()
        self.shares.open(3)  # so that ids differ
        ids = zip(self.money.open(3).tolist(), self.shares.open(3).tolist(), strict=True)
        self.founder, self.alice, self.poor = ids
        self.money.mint([self.founder[0], self.alice[0]], 10**6)
        self.desk = CurveDesk(
            self.money, self.shares, self.founder, supply=1000, reserve=250, weight="1/2", code=4
        )

    def check(self):
        self.money.verify()
        self.shares.verify()
        assert self.money.supply == 2 * 10**6
        curve = self.desk.curve
        assert (self.shares.supply, self.money.balance(self.desk.account)) == (
            curve.supply,
            curve.reserve,
        )


@given(st.lists(st.tuples(st.booleans(), st.integers(-1, 3000), st.integers(0, 50)), max_size=10))
@settings(max_examples=30, deadline=None)
def test_a_desk_moves_money_and_tokens_or_neither(trades):
    house, plain = Desk(), BondingCurve(1000, 250, Fraction(1, 2))
    money, tokens = 10**6, 0
    for buying, amount, least in trades:
        trade, one = (house.desk.buy, plain.buy) if buying else (house.desk.sell, plain.sell)
        out, refusal = trade(house.alice, amount, least=least)
        if not buying and amount > tokens:
            assert refusal  # whatever the curve says, nobody redeems more than they have
        if refusal:
            assert out == 0
        else:
            assert out == one(amount) >= least
            money += -amount if buying else out
            tokens += out if buying else -amount
        assert house.money.balance(house.alice[0]) == money
        assert house.shares.balance(house.alice[1]) == tokens
        house.check()


def test_a_desk_says_why_it_refuses():
    house = Desk()
    desk, before = house.desk, house.desk.state()
    for trade, trader, amount, least, reason in (
        (desk.buy, house.alice, 0, 1, SwapRefusal.NOT_POSITIVE),
        (desk.sell, house.alice, -1, 1, SwapRefusal.NOT_POSITIVE),
        (desk.sell, house.founder, 1, 1, SwapRefusal.NOTHING_OUT),
        (desk.buy, house.alice, 110, 201, SwapRefusal.BELOW_LIMIT),
        (desk.buy, house.poor, 110, 1, SwapRefusal.INSUFFICIENT),
        (desk.sell, house.alice, 100, 1, SwapRefusal.INSUFFICIENT),
        (desk.sell, house.founder, 1000, 1, SwapRefusal.INSUFFICIENT),
        (desk.buy, (house.alice[0], 99), 110, 1, SwapRefusal.UNKNOWN_ACCOUNT),
        (desk.buy, (desk.account, house.alice[1]), 110, 1, SwapRefusal.UNKNOWN_ACCOUNT),
    ):
        assert trade(trader, amount, least=least) == (0, reason)
        assert desk.state() == before
        house.check()
    with pytest.raises(PoolError, match="start with none"):
        CurveDesk(house.money, house.shares, house.alice, supply=1, reserve=1, weight=1)
    empty = Ledger()
    empty.open()
    with pytest.raises(PoolError, match="INSUFFICIENT"):
        CurveDesk(house.money, empty, (house.poor[0], 1), supply=1, reserve=1, weight=1)


def test_a_desk_goes_on_from_its_state():
    house, other = Desk(), Desk()
    house.desk.buy(house.alice, 5000)
    state = house.desk.state()
    with pytest.raises(PoolError, match="restore both ledgers first"):
        other.desk.restore(state)
    other.money.restore(house.money.state())
    other.shares.restore(house.shares.state())
    other.desk.restore(state)
    assert other.desk.sell(other.alice, 77) == house.desk.sell(house.alice, 77)
    assert other.desk.state() == house.desk.state()
    with pytest.raises(PoolError, match="not the state"):
        other.desk.restore({})


def test_state_and_mistakes():
    curve = BondingCurve(1000, 250, Fraction(1, 2))
    curve.buy(33)
    state = curve.state()
    other = BondingCurve(1, 1, 1)
    other.restore(state)
    assert (other.state(), other.buy(50)) == (state, curve.buy(50))
    for broken in ({}, state | {"weight": [1, 0]}, state | {"supply": 0}, state | {"reserve": "1"}):
        with pytest.raises(PoolError):
            other.restore(broken)
    assert other.state() == curve.state()
    for weight in (0, 1.5, -1, 0.33333):
        with pytest.raises(PoolError, match="denominator up to 1000"):
            BondingCurve(1, 1, weight)
    with pytest.raises(PoolError, match="one must stay"):
        curve.sell(curve.supply)
    with pytest.raises(PoolError, match="below the least asked for, 999"):
        curve.buy(5, least=999)
    with pytest.raises(PoolError, match=r"beyond 2\*\*63|2\*\*63 - 1 tokens"):
        BondingCurve(2**62, 1, 1).buy(2**62)
    with pytest.raises(PoolError, match="whole number"):
        curve.buy(1.5)


def test_amounts_of_numpy_do_not_overflow():
    plain, other = (BondingCurve(10**10, 10**10, Fraction(1, 2)) for _ in range(2))
    assert plain.buy(10**9) == other.buy(np.int64(10**9))
    assert plain.buy(10**9) == other.buy(np.int64(10**9))
    assert plain.sell(10**8) == other.sell(np.int64(10**8))
    assert plain.state() == other.state()
    assert [type(each) for each in (other.reserve, other.supply)] == [int, int]


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), "x", None])
def test_weights_that_are_no_numbers_are_explained(weight):
    with pytest.raises(PoolError, match="weight"):
        BondingCurve(10, 10, weight)
