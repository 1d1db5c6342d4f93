"""Concentrated liquidity: published values, solvency, no free lunch, fees, saved state."""

import json
from decimal import Decimal, localcontext
from math import isqrt

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.ledger import Ledger
from economy.pools import (
    ConcentratedPool,
    ConstantProduct,
    PoolError,
    SwapRefusal,
    Till,
    sqrt_price_at,
    swap_step,
    tick_at,
)
from economy.pools.ticks import (
    HIGHEST_SQRT_PRICE,
    HIGHEST_TICK,
    LOWEST_SQRT_PRICE,
    LOWEST_TICK,
    Q96,
)

E18 = 10**18


def test_published_ticks():
    known = {
        LOWEST_TICK: 4295128739,
        LOWEST_TICK + 1: 4295343490,
        HIGHEST_TICK - 1: 1461373636630004318706518188784493106690254656249,
        HIGHEST_TICK: 1461446703485210103287273052203988822378723970342,
        50: 79426470787362580746886972461,
        1000: 83290069058676223003182343270,
        50_000: 965075977353221155028623082916,
        738_203: 847134979253254120489401328389043031315994541,
    }
    assert {tick: sqrt_price_at(tick) for tick in known} == known
    assert (known[LOWEST_TICK], known[HIGHEST_TICK]) == (LOWEST_SQRT_PRICE, HIGHEST_SQRT_PRICE)


@given(st.integers(LOWEST_TICK, HIGHEST_TICK - 1))
@settings(max_examples=50, deadline=None)
def test_ticks_are_powers_and_invert(tick):
    price = sqrt_price_at(tick)
    with localcontext() as context:
        context.prec = 60
        exact = Decimal("1.0001") ** (Decimal(tick) / 2) * Q96
        # Factors are rounded at 2**-128, results to whole numbers of 2**-96.
        assert abs(Decimal(price) - exact) <= 1 + exact * Decimal(2) ** -40
    assert tick_at(price) == tick == tick_at(sqrt_price_at(tick + 1) - 1)


@pytest.mark.parametrize("wrong", [LOWEST_TICK - 1, HIGHEST_TICK + 1])
def test_ticks_end(wrong):
    with pytest.raises(PoolError, match="ticks run from"):
        sqrt_price_at(wrong)
    with pytest.raises(PoolError, match="square-root prices run from"):
        tick_at(LOWEST_SQRT_PRICE - 1 if wrong < 0 else HIGHEST_SQRT_PRICE)


def test_published_step():
    target = isqrt(101 * Q96**2 // 100)
    step = swap_step(Q96, target, 2 * E18, E18, 600)
    assert step == (target, 9975124224178055, 9925619580021728, 5988667735148)


@given(
    st.integers(2**60, 2**130),
    st.integers(2**60, 2**130),
    st.integers(1, 2**100),
    st.one_of(st.integers(-(2**90), 2**90), st.integers(-500, 500)),
    st.sampled_from([0, 500, 3000, 100_000]),
)
@settings(max_examples=60, deadline=None)
def test_a_step_is_never_better_than_the_exact_curve(price, target, liquidity, remaining, fee):
    step = swap_step(price, target, liquidity, remaining, fee)
    assert min(price, target) <= step.sqrt_price <= max(price, target)
    if remaining >= 0:
        assert step.amount_in + step.fee <= remaining
        assert step.sqrt_price == target or step.amount_in + step.fee == remaining
    else:
        assert step.amount_out <= -remaining
        assert step.sqrt_price == target or step.amount_out == -remaining
    assert step.fee * 10**6 >= (step.amount_in + step.fee) * fee - 10**6
    # Virtual reserves x y = L**2: paid in at least, paid out at most what the price change means.
    top, bottom = max(price, step.sqrt_price), min(price, step.sqrt_price)
    zero, one = liquidity * Q96 * (top - bottom), liquidity * (top - bottom)
    zero_in = target <= price
    paid0, paid1 = (
        (step.amount_in, step.amount_out) if zero_in else (step.amount_out, step.amount_in)
    )
    if zero_in:
        assert paid0 * top * bottom >= zero
        assert paid1 * Q96 <= one
    else:
        assert paid1 * Q96 >= one
        assert paid0 * top * bottom <= zero


def test_over_all_prices_it_is_the_constant_product():
    """One position over the whole ladder swaps as a constant-product pool of its reserves."""
    pool, plain = ConcentratedPool(fee=3000), ConstantProduct(fee=3000)
    paid = pool.mint(1, -887_220, 887_220, 10**18)
    plain.mint(*paid)
    for amount in (10**15, 3 * 10**16, 12345):
        for zero_for_one in (True, False):
            mine = pool.swap(amount, zero_for_one=zero_for_one).amounts
            # Here fees do not compound, there they do.
            theirs = plain.swap(amount, zero_for_one=zero_for_one)
            assert -mine[1 if zero_for_one else 0] == pytest.approx(theirs, rel=1e-3)


RANGES = [(-120, 120), (-60, 0), (0, 60), (-600, 540), (180, 240)]

actions = st.lists(
    st.tuples(
        st.sampled_from(["mint", "burn", "collect", "pay 0", "pay 1", "take 0", "take 1"]),
        st.integers(0, len(RANGES) - 1),
        st.one_of(st.integers(1, 50), st.integers(1, 10**7)),
    ),
    max_size=15,
)


def check(pool):
    """The tokens cover all positions; the liquidity at the price is that of those in range."""
    here = [
        position.liquidity
        for (_, low, high), position in pool.positions.items()
        if low <= pool.tick < high
    ]
    assert pool.liquidity == sum(here)
    assert sqrt_price_at(pool.tick) <= pool.sqrt_price <= sqrt_price_at(pool.tick + 1)
    copy = ConcentratedPool()
    copy.restore(json.loads(json.dumps(pool.state())))
    assert copy.state() == pool.state()
    for key, position in list(copy.positions.items()):
        if position.liquidity:
            copy.burn(*key, position.liquidity)
        copy.collect(*key)
    assert min(copy.held) >= 0
    assert (copy.liquidity, copy.positions, copy.state()["boundaries"]) == (0, {}, [])
    return copy.held


def act(pool, action, place, amount):
    key = (place % 2, *RANGES[place])
    if action == "mint":
        pool.mint(*key, amount)
    elif action == "burn":
        pool.burn(*key, min(amount, pool.positions[key].liquidity))
    elif action == "collect":
        pool.collect(*key)
    else:
        verb, token = action.split()
        zero_for_one = (verb == "pay") == (token == "0")
        done = pool.swap(amount if verb == "pay" else -amount, zero_for_one=zero_for_one)
        moved = done.amounts[int(token)] * (1 if verb == "pay" else -1)
        assert 0 <= moved <= amount


@given(actions)
@settings(max_examples=50, deadline=None)
def test_it_can_always_pay_everybody(rows):
    pool = ConcentratedPool(fee=500)
    pool.mint(9, -240, 240, 10**6)
    for row in rows:
        before = pool.state()
        try:
            act(pool, *row)
        except (PoolError, KeyError):
            assert pool.state() == before
        check(pool)


@given(
    st.integers(1, 10**8),
    st.booleans(),
    st.sampled_from([0, 500]),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 10**9)), min_size=1, max_size=4),
)
@settings(max_examples=50, deadline=None)
def test_there_and_back_earns_nothing(amount, zero_for_one, fee, positions):
    pool = ConcentratedPool(fee=fee)
    for place, liquidity in positions:
        pool.mint(1, *RANGES[place], liquidity)
    there = pool.swap(amount, zero_for_one=zero_for_one).amounts
    got = -there[1 if zero_for_one else 0]
    if got:
        back = pool.swap(got, zero_for_one=not zero_for_one).amounts
        assert there[0] + back[0] >= 0
        assert there[1] + back[1] >= 0
    check(pool)


@given(st.integers(1, 10**9), st.integers(-540, 540))
@settings(max_examples=30, deadline=None)
def test_providing_and_withdrawing_at_once_earns_nothing(liquidity, start):
    pool = ConcentratedPool(sqrt_price_at(start))
    pool.mint(2, -600, 600, 10**9)
    paid = pool.mint(1, -120, 120, liquidity)
    back = pool.burn(1, -120, 120, liquidity)
    assert pool.collect(1, -120, 120) == back
    assert all(out <= given for out, given in zip(back, paid, strict=True))


def test_fees_go_to_those_in_range_in_proportion():
    pool = ConcentratedPool(fee=10_000)
    pool.mint(1, -60, 60, 10**9)
    pool.mint(2, -60, 60, 3 * 10**9)
    pool.mint(3, 120, 180, 10**12)  # out of range: earns nothing
    pool.swap(100_000)
    fees = [pool.owed(owner, *where) for owner, where in ((1, (-60, 60)), (2, (-60, 60)))]
    assert fees == [(249, 0), (749, 0)]  # of 1,000, a quarter and three, rounded down
    assert pool.owed(3, 120, 180) == (0, 0)
    late = pool.mint(4, -60, 60, 10**9)
    assert late[0] > 0
    assert pool.owed(4, -60, 60) == (0, 0)  # only from now on


def test_crossing_ticks_and_limits():
    pool = ConcentratedPool()
    pool.mint(1, -60, 60, 10**9)
    pool.mint(1, -120, -60, 5 * 10**9)
    assert pool.liquidity == 10**9
    stop = sqrt_price_at(-30)
    done = pool.swap(10**9, limit=stop)
    assert pool.sqrt_price == stop
    assert done.amounts[0] < 10**9
    pool.swap(4 * 10**6)
    assert pool.liquidity == 5 * 10**9
    done = pool.swap(10**12)  # runs out of liquidity and stops there
    assert (pool.liquidity, pool.sqrt_price, pool.tick) == (0, sqrt_price_at(-120), -121)
    assert done.amounts[0] < 10**12
    back = pool.swap(-(10**6), zero_for_one=False)
    assert back.amounts[0] == -(10**6)
    assert pool.tick >= -120


def test_a_stale_quote_is_refused():
    pool = ConcentratedPool()
    pool.mint(1, -60, 60, 10**9)
    quote = pool.quote(1000)
    pool.mint(1, -60, 60, 10)
    with pytest.raises(PoolError, match="quote it again"):
        pool.commit(quote)


def test_through_a_till_both_legs_or_none():
    tokens = Ledger(), Ledger()
    till, pool = Till(*tokens), ConcentratedPool()
    alice, poor = zip(*(token.open(2).tolist() for token in tokens), strict=True)
    for token, account in zip(tokens, alice, strict=True):
        token.mint(account, 10**6)
    tokens[0].mint(poor[0], 500)
    assert till.settle(alice, pool.cost(-60, 60, 10**8)) == SwapRefusal.OK
    pool.mint(1, -60, 60, 10**8)
    for trader, amount, expected in (
        (poor, 400, SwapRefusal.OK),
        (poor, 101, SwapRefusal.INSUFFICIENT),
        ((poor[0], 99), 50, SwapRefusal.UNKNOWN_ACCOUNT),
        ((poor[0], 0), 50, SwapRefusal.UNKNOWN_ACCOUNT),
        ((poor[0], till.accounts[1]), 50, SwapRefusal.UNKNOWN_ACCOUNT),
        (alice, -5000, SwapRefusal.OK),
    ):
        before = [token.balances.tolist() for token in tokens]
        quote = pool.quote(amount)
        assert till.settle(trader, quote.amounts, code=3) == expected
        if expected == SwapRefusal.OK:
            pool.commit(quote)
        else:
            assert [token.balances.tolist() for token in tokens] == before
        assert till.balances == pool.held
    for token in tokens:
        token.verify()


def test_broken_states_change_nothing():
    pool = ConcentratedPool()
    pool.mint(1, -60, 60, 10**9)
    pool.swap(1000)
    state = pool.state()
    for change in (
        {"tick": 5},
        {"positions": []},
        {"positions": [[1, -60]]},
        {"boundaries": [[-60, 0, 0]]},
        {"held": [1.5, 2]},
        {"fee": -1},
        {"sqrt_price": 0},
    ):
        with pytest.raises(PoolError):
            pool.restore(state | change)
        assert pool.state() == state
    with pytest.raises(PoolError, match="KeyError"):
        pool.restore({})


def test_mistakes_are_explained():
    pool = ConcentratedPool()
    for arguments, message in (
        ((1, 60, -60, 5), "two rising multiples of 60"),
        ((1, -61, 60, 5), "two rising multiples of 60"),
        ((1, -60, 60, 0), "liquidity is 1 to"),
        ((1, -60, 60, 2**128), "liquidity is 1 to"),
    ):
        with pytest.raises(PoolError, match=message):
            pool.mint(*arguments)
    with pytest.raises(PoolError, match="cannot burn 1"):
        pool.burn(1, -60, 60, 1)
    with pytest.raises(PoolError, match="has no position"):
        pool.collect(1, -60, 60)
    with pytest.raises(PoolError, match="pays 1 token or more"):
        pool.swap(0)
    with pytest.raises(PoolError, match="limit must lie"):
        pool.swap(5, limit=Q96 + 1)
    with pytest.raises(PoolError, match="tick_spacing"):
        ConcentratedPool(tick_spacing=0)


class Generous(ConcentratedPool):
    """A planted bug: what providers pay is rounded down, too."""

    def _worth(self, lower, upper, liquidity, *, up):
        return super()._worth(lower, upper, liquidity, up=False)


class Forgetful(ConcentratedPool):
    """A planted bug: ticks that are crossed do not change sides."""

    def commit(self, swap):
        super().commit(swap._replace(crossed=()))


def test_a_pool_that_could_not_pay_everybody_would_be_noticed():
    def found(kind, fee, size):
        pool = kind(sqrt_price_at(7), fee=fee)
        for owner in range(40):  # many small ones, so that what each is short of adds up
            pool.mint(owner, *RANGES[owner % 3], size + owner)
        for amount in (3, 10**5, 7):
            pool.swap(amount, zero_for_one=False)
            pool.swap(amount)
        for key, position in list(pool.positions.items()):
            pool.burn(*key, position.liquidity)
            pool.collect(*key)
        return min(pool.held) < 0

    assert found(Generous, 0, 997)
    assert found(Forgetful, 100_000, 10**6)
    assert not found(ConcentratedPool, 0, 997)
    assert not found(ConcentratedPool, 100_000, 10**6)


def test_amounts_of_numpy_are_plain_and_fractions_are_refused():
    pool, other = ConcentratedPool(), ConcentratedPool()
    for each, number in ((pool, int), (other, np.int64)):
        each.mint(1, number(-600), 600, number(10**15))
        each.swap(number(10**9))
        each.burn(1, -600, number(600), number(10**14))
    assert json.dumps(pool.state()) == json.dumps(other.state())
    for mistake in (
        lambda: pool.mint(1, -600, 600, 1e9),
        lambda: pool.swap(1.5),
        lambda: ConcentratedPool(1.5 * Q96),
        lambda: ConcentratedPool(tick_spacing=60.5),
        lambda: Till(Ledger(), Ledger()).settle((1, 1), (2**70, 0)),
    ):
        with pytest.raises(PoolError):
            mistake()


def test_a_state_that_does_not_cover_its_positions_is_refused():
    pool = ConcentratedPool()
    pool.mint(1, -600, 600, 10**9)
    pool.swap(10**6)
    saved = pool.state()
    row = saved["positions"][0]
    for damage in (
        {"held": [0, 0]},
        {"held": [saved["held"][0], saved["held"][1] // 2]},
        {"positions": [row, row]},
        {"positions": [[*row[:6], -1, 0]]},
        {"positions": [[*row[:6], saved["held"][0], 0]]},
    ):
        with pytest.raises(PoolError):
            pool.restore(saved | damage)
    assert pool.state() == saved
    pool.restore(saved)
    assert pool.state() == saved
