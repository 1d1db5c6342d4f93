"""Bonding curves against the formulas in high precision; rounding; saved state."""

from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from economy.ledger import ISSUER, Ledger
from economy.pools import BondingCurve, PoolError

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


def test_tokens_are_minted_and_burnt_in_a_ledger():
    """A curve's tokens come from the issuer of their ledger: linked with the deposit by order."""
    money, shares = Ledger(), Ledger()
    till, alice = money.open(2)
    (holder,) = shares.open()
    money.mint(till, 250)
    shares.mint(holder, 1000)
    money.mint(alice, 110)
    curve = BondingCurve(shares.supply, money.balance(till), Fraction(1, 2))
    assert money.transfer(alice, till, 110).tolist() == [0]
    shares.transfer(ISSUER, holder, curve.buy(110))
    assert (curve.supply, curve.reserve) == (shares.supply, money.balance(till)) == (1200, 360)


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
