"""Constant product against published values and plain integers; its batch; its ledgers."""

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from economy.ledger import Ledger
from economy.pools import (
    MINIMUM_LIQUIDITY,
    ConstantProduct,
    LiquidityPool,
    PoolError,
    SwapRefusal,
    amount_in,
    amount_out,
    impermanent_loss,
    swap_batch,
)

LARGEST = 2**63 - 1
E18 = 10**18

sizes = st.one_of(st.integers(1, 10**4), st.integers(1, LARGEST), st.integers(2**62, LARGEST))
fees = st.sampled_from([0, 1, 100, 500, 3000, 9999, 10_000, 999_999])


def test_published_values():
    pool = ConstantProduct()
    pool.mint(5 * E18, 10 * E18)
    assert pool.swap(E18) == 1662497915624478906
    assert amount_out(2, 100, 100) == 1
    assert amount_in(1, 100, 100) == 2
    assert MINIMUM_LIQUIDITY == 1000
    pool = ConstantProduct()
    assert pool.mint(E18, 4 * E18) == 2 * E18 - 1000  # the paper's own test of a first mint


def test_impermanent_loss():
    assert impermanent_loss(2.0) == pytest.approx(-0.05719096, abs=5e-9)
    assert impermanent_loss(4.0) == pytest.approx(-0.2, abs=1e-15)
    assert impermanent_loss([1.0, 0.25]) == pytest.approx([0.0, -0.2], abs=1e-15)
    with pytest.raises(PoolError, match="above 0"):
        impermanent_loss([1.0, 0.0])


def test_impermanent_loss_is_that_of_a_pool_without_fees():
    pool = ConstantProduct(fee=0)
    pool.mint(E18, E18)
    while pool.reserves[0] < 2 * E18:  # until token 0 costs a quarter
        pool.swap(E18 // 1000)
    x, y = pool.reserves
    price = Fraction(y, x)
    worth, held = x * price + y, E18 * price + E18
    assert float(worth / held - 1) == pytest.approx(impermanent_loss(float(price)), abs=1e-9)


@given(sizes, sizes, sizes, fees)
@settings(max_examples=60, deadline=None)
def test_a_swap_gives_the_most_that_keeps_the_product(paid, x, y, fee):
    out = amount_out(paid, x, y, fee=fee)
    effective = Fraction(paid * (10**6 - fee), 10**6)
    assert (x + effective) * (y - out) >= x * y > (x + effective) * (y - out - 1)
    if out:
        assert amount_in(out, x, y, fee=fee) <= paid + 1  # rounds down and adds one
        assert amount_out(amount_in(out, x, y, fee=fee), x, y, fee=fee) >= out


@given(st.integers(2000, 10**12), st.integers(2000, 10**12), fees, st.data())
@settings(max_examples=40, deadline=None)
def test_nobody_profits_and_the_product_per_share_never_falls(x, y, fee, data):
    pool = ConstantProduct(fee=fee)
    pool.mint(x, y)
    trader, deposited, withdrawn = [0, 0], [0, 0], [0, 0]
    provided = 0
    for _ in range(12):
        product, shares = pool.reserves[0] * pool.reserves[1], pool.shares
        action = data.draw(st.sampled_from(["swap", "mint", "burn", "round trip"]))
        amount = data.draw(st.integers(1, 10**9))
        try:
            if action == "mint":
                provided += pool.mint(amount, amount)
                deposited = [deposited[0] + amount, deposited[1] + amount]
            elif action == "burn":
                burnt = min(amount, provided)
                out = pool.burn(burnt)
                provided -= burnt
                withdrawn = [withdrawn[0] + out[0], withdrawn[1] + out[1]]
            else:
                first = data.draw(st.booleans())
                got = pool.swap(amount, zero_for_one=first)
                trader[1 - first] -= amount
                trader[first] += got
                if action == "round trip":
                    back = pool.swap(got, zero_for_one=not first)
                    trader[first] -= got
                    trader[1 - first] += back
                    assert back < amount or (fee == 0 and back <= amount)
        except PoolError:
            assert (pool.reserves[0] * pool.reserves[1], pool.shares) == (product, shares) or (
                action == "round trip"
            )
        assert pool.reserves[0] * pool.reserves[1] * shares**2 >= product * pool.shares**2
        flows = zip((x, y), deposited, withdrawn, trader, strict=True)
        assert pool.reserves == tuple(
            start + paid - back - gain for start, paid, back, gain in flows
        )
        assert pool.shares <= isqrt(pool.reserves[0] * pool.reserves[1])


def plain_swaps(reserves, rows, fee):
    """One by one, in plain integers."""
    held, outs, reasons = list(reserves), [], []
    for zero_for_one, paid, least in rows:
        x, y = (0, 1) if zero_for_one else (1, 0)
        bought, reason = 0, SwapRefusal.NOT_POSITIVE
        if paid > 0:
            kept = paid * (10**6 - fee)
            bought = kept * held[y] // (held[x] * 10**6 + kept)
            reason = SwapRefusal.OK
            if bought == 0:
                reason = SwapRefusal.NOTHING_OUT
            elif bought < least:
                reason = SwapRefusal.BELOW_LIMIT
            elif held[x] + paid > LARGEST:
                reason = SwapRefusal.FULL
        reasons.append(reason)
        outs.append(bought if reason == SwapRefusal.OK else 0)
        if reason == SwapRefusal.OK:
            held[x] += paid
            held[y] -= bought
    return held, outs, reasons


swaps = st.lists(
    st.tuples(st.booleans(), st.one_of(st.integers(-1, 10**4), sizes), st.integers(0, 9)),
    max_size=20,
)


@given(sizes, sizes, swaps, fees)
@example(LARGEST - 1, LARGEST, [(True, 1, 0)], 0)
@example(1, LARGEST, [(True, LARGEST - 1, 0), (False, LARGEST // 2, 0)], 1)
@settings(max_examples=60, deadline=None)
def test_a_batch_is_its_swaps_one_by_one_in_unlimited_integers(x, y, rows, fee):
    zero_for_one, paid, least = zip(*rows, strict=True) if rows else ([], [], [])
    after, out, refusals = swap_batch([x, y], zero_for_one, paid, least=least, fee=fee)
    held, outs, reasons = plain_swaps((x, y), rows, fee)
    assert (after.tolist(), out.tolist(), refusals.tolist()) == (held, outs, reasons)


def test_thousands_of_single_swaps_of_every_size_are_exact():
    rng = np.random.default_rng(1)
    for fee in (0, 1, 3000):
        x, y, paid = (2 ** rng.integers(0, 63, (3, 2000)) * rng.random((3, 2000))).astype(int) + 1
        for row in zip(x.tolist(), y.tolist(), paid.tolist(), strict=True):
            if row[0] <= LARGEST - row[2]:
                _, out, _ = swap_batch(row[:2], True, row[2], fee=fee)
                assert out[0] == amount_out(row[2], *row[:2], fee=fee)


class House:
    """A pool, three traders with accounts under different ids, and a provider."""

    def __init__(self, fee=3000):
        self.tokens = Ledger(), Ledger()
        self.tokens[1].open(2)  # so that ids differ between the ledgers
        self.pool = LiquidityPool(*self.tokens, fee=fee, code=7)
        self.traders = list(zip(*(token.open(3).tolist() for token in self.tokens), strict=True))
        for trader in self.traders:
            for token, account in zip(self.tokens, trader, strict=True):
                token.mint(account, 10**6)
        self.holder = int(self.pool.shares.open()[0])
        self.pool.provide(self.holder, self.traders[0], (500_000, 200_000))

    def check(self):
        for token in self.tokens:
            token.verify()
            assert token.supply == 3 * 10**6
        assert self.pool.till.balances == self.pool.reserves
        self.pool.shares.verify()


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(-1, 6),
            st.integers(-1, 7),
            st.integers(-1, 700_000),
            st.integers(0, 9),
        ),
        max_size=25,
    )
)
@settings(max_examples=40, deadline=None)
def test_both_legs_move_or_none(rows):
    house = House()
    columns = zip(*rows, strict=True) if rows else ([], [], [], [], [])
    direction, first, second, paid, least = columns
    before = [token.balances.tolist() for token in house.tokens]
    reserves = house.pool.reserves
    out, refusals = house.pool.swap(direction, first, second, paid, least=least)
    # The plain exchange: balances as lists, both legs checked before either.
    held = list(reserves)
    tills = house.pool.till.accounts
    for row, bought, refusal in zip(rows, out.tolist(), refusals.tolist(), strict=True):
        zero, account0, account1, amount, limit = row
        after, (got,), (reason,) = plain_swaps(held, [(zero, amount, limit)], 3000)
        accounts = account0, account1
        for i in (0, 1):
            pays = (i == 0) == zero
            if reason == SwapRefusal.OK:
                if not 0 < accounts[i] < len(before[i]) or accounts[i] == tills[i]:
                    reason = SwapRefusal.UNKNOWN_ACCOUNT
                elif pays and before[i][accounts[i]] < amount:
                    reason = SwapRefusal.INSUFFICIENT
        assert refusal == reason
        assert bought == (got if reason == SwapRefusal.OK else 0)
        if reason == SwapRefusal.OK:
            for i in (0, 1):
                change = held[i] - after[i]
                before[i][accounts[i]] += change
                before[i][tills[i]] -= change
            held = after
    assert [token.balances.tolist() for token in house.tokens] == before
    assert house.pool.reserves == tuple(held)
    house.check()


def test_providing_takes_what_matches_and_withdrawing_gives_no_more():
    house = House()
    pool, alice, bob = house.pool, house.traders[0], house.traders[1]
    assert pool.shares.balance(house.holder) == isqrt(500_000 * 200_000) - 1000
    holder = int(pool.shares.open()[0])
    made = pool.provide(holder, bob, (1001, 900_000))  # 1001 * 2/5, rounded up
    assert [t.balance(a) for t, a in zip(house.tokens, bob, strict=True)] == [998_999, 999_599]
    pool.swap(True, *alice, [1000, 2000])
    paid = pool.withdraw(holder, bob, made)
    assert paid[0] <= 1010
    assert paid[1] <= 401
    house.check()
    before = pool.state(), [token.state() for token in house.tokens]
    for holder_, payer, amounts in ((99, bob, (10, 10)), (holder, (98, 99), (10, 10))):
        with pytest.raises(PoolError, match=r"no account 99|UNKNOWN_ACCOUNT"):
            pool.provide(holder_, payer, amounts)
    with pytest.raises(PoolError, match="INSUFFICIENT"):
        pool.provide(holder, bob, (5 * 10**6, 5 * 10**6))
    with pytest.raises(PoolError, match="does not hold 1000 shares"):
        pool.withdraw(holder, bob, 1000)
    pool.shares.hold(house.holder, holder, 300_000)  # shares that are promised to another
    before = pool.state(), before[1]
    with pytest.raises(PoolError, match="does not hold 20000 shares"):
        pool.withdraw(house.holder, bob, 20_000)
    np.testing.assert_equal((pool.state(), [token.state() for token in house.tokens]), before)


def test_state_goes_on_identically_and_a_broken_one_changes_nothing():
    house, other = House(), House()
    rng = np.random.default_rng(4)

    def trade(pool, columns):
        return [column.tolist() for column in pool.swap(*columns)]

    columns = rng.random(50) < 0.5, *house.traders[1], rng.integers(1, 5000, 50)
    trade(house.pool, columns)
    state = house.pool.state()
    for mine, theirs in zip(house.tokens, other.tokens, strict=True):
        theirs.restore(mine.state())
    other.pool.restore(state)
    assert trade(house.pool, columns) == trade(other.pool, columns)
    np.testing.assert_equal(house.pool.state(), other.pool.state())
    before = other.pool.state()
    broken = [{}, state | {"accounts": [1]}, state | {"pool": {"fee": 1}}, state | {"code": "x"}]
    broken += [state | {"pool": state["pool"] | {"shares": state["pool"]["shares"] - 1}}]
    for each in broken:
        with pytest.raises(PoolError):
            other.pool.restore(each)
    np.testing.assert_equal(other.pool.state(), before)


def test_mistakes_are_explained():
    pool = ConstantProduct()
    with pytest.raises(PoolError, match="make no share"):
        pool.mint(1000, 1000)
    with pytest.raises(PoolError, match="0 are held"):
        pool.burn(5)
    with pytest.raises(PoolError, match="reserve_in must be at least 1"):
        pool.swap(5)
    pool.mint(5000, 5000)
    with pytest.raises(PoolError, match="below the least asked for, 99"):
        pool.swap(50, least=99)
    with pytest.raises(PoolError, match="ask for 99 at most"):
        amount_in(100, 100, 100)
    with pytest.raises(PoolError, match=r"fee=3000 for 0.3%"):
        ConstantProduct(fee=10**6)
    with pytest.raises(PoolError, match="one length"):
        swap_batch([9, 9], [True, False], [1, 2, 3])
    with pytest.raises(PoolError, match="true or false"):
        swap_batch([9, 9], [0, 1], [1, 2])
    with pytest.raises(PoolError, match="two numbers of 1 token"):
        swap_batch([9, 0], True, 1)
    with pytest.raises(PoolError, match="same one twice"):
        LiquidityPool(ledger := Ledger(), ledger)
    with pytest.raises(PoolError, match="not the state"):
        pool.restore({"fee": 3})


class Generous(ConstantProduct):
    """A planted bug: rounds a swap up."""

    def quote(self, amount_in, *, zero_for_one=True):
        return super().quote(amount_in, zero_for_one=zero_for_one) + 1


def test_a_pool_that_rounds_for_the_trader_would_be_noticed():
    def product_fell(pool):
        pool.mint(10_000, 10_000)
        for amount in range(1, 50):
            product = pool.reserves[0] * pool.reserves[1]
            pool.swap(amount, least=0) if pool.quote(amount) else None
            if pool.reserves[0] * pool.reserves[1] < product:
                return True
        return False

    assert product_fell(Generous(fee=0))
    assert not product_fell(ConstantProduct(fee=0))


def test_amounts_of_numpy_do_not_overflow():
    gold, grain = Ledger(), Ledger()
    pool, alice = LiquidityPool(gold, grain), (gold.open()[0], grain.open()[0])
    gold.mint(alice[0], 10**12)
    grain.mint(alice[1], 10**12)
    holder = pool.shares.open()[0]
    pool.provide(holder, alice, (10**11, 10**11))
    amount = np.int64(10**11)  # whose product with the reserve is beyond int64
    assert pool.provide(holder, alice, (amount, amount)) == 10**11
    assert pool.reserves == (2 * 10**11, 2 * 10**11)
    with pytest.raises(PoolError, match="int16"):
        pool.restore(pool.state() | {"code": 2**15})
    with pytest.raises(PoolError, match="whole"):
        ConstantProduct().mint(1.5, 2)


def test_what_is_provided_is_taken_at_the_price_rounded_up():
    gold, grain = Ledger(), Ledger()
    pool, alice = LiquidityPool(gold, grain), (gold.open()[0], grain.open()[0])
    gold.mint(alice[0], 10**6)
    grain.mint(alice[1], 10**6)
    holder = pool.shares.open()[0]
    pool.provide(holder, alice, (3000, 1000))
    pool.provide(holder, alice, (100, 10**5))  # 33.3 match
    assert pool.reserves == (3100, 1034)
