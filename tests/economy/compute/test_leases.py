"""Leases against plain ones, their last tick, and their saved state."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.compute import LEASES, ComputeError, Leases
from economy.ledger import Ledger

LARGEST = 2**63 - 1

leased = st.lists(
    st.tuples(st.integers(1, 4), st.one_of(st.integers(1, 9), st.integers(2**62, LARGEST))),
    max_size=12,
)


def opened(funds):
    ledger = Ledger()
    house = int(ledger.open(5)[4])
    for account, amount in enumerate(funds, start=1):
        if amount:
            ledger.mint(account, amount)
    return ledger, house


@given(
    leased,
    st.lists(st.one_of(st.integers(0, 200), st.integers(2**59, 2**60)), min_size=4, max_size=4),
    st.lists(st.one_of(st.integers(1, 9), st.integers(2**40, LARGEST)), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_equals_plain_leases_tick_by_tick(rows, funds, prices):
    ledger, house = opened(funds)
    leases = Leases()
    account, rate = zip(*rows, strict=True) if rows else ([], [])
    ids = leases.open(account, rate)
    running = [[i, *row, 0] for i, row in zip(ids.tolist(), rows, strict=True)]
    plain = [0, *funds, 0]
    for tick, price in enumerate(prices):
        ledger.tick = tick
        settled = leases.settle(ledger, price, house, code=5)
        units, ended = [], []
        for lease in running:
            name, who, asked, _ = lease
            units.append(min(asked, plain[who] // price))
            plain[who] -= units[-1] * price
            plain[house] += units[-1] * price
            lease[3] += units[-1]
            if units[-1] < asked:
                ended.append(name)
                assert plain[who] < price  # what stays is less than one unit's price
        assert settled.id.tolist() == [lease[0] for lease in running]
        assert (settled.units.tolist(), settled.ended.tolist()) == (units, ended)
        assert settled.paid == sum(units) * price
        running = [lease for lease in running if lease[0] not in ended]
        assert list(zip(leases["id"], leases["served"], strict=True)) == [
            (lease[0], lease[3]) for lease in running
        ]
        assert ledger.balances[1:].tolist() == plain[1:]
    ledger.verify()
    journal = ledger.journal()
    np.testing.assert_array_equal(journal["credit"] == house, journal["code"] == 5)


def test_ends_exactly_at_the_tick_the_funds_run_out():
    for funds in range(40):
        ledger, house = opened([funds])
        leases = Leases()
        leases.open(1, rate=4)
        served = []
        while len(leases):
            served += leases.settle(ledger, 3, house).units.tolist()
        # Whole ticks of 12, then one last tick of whole units, which may be none.
        assert served == [4] * (funds // 12) + [funds % 12 // 3]
        assert ledger.balance(1) == funds % 3


def test_held_tokens_are_not_drawn():
    ledger, house = opened([100])
    ledger.hold(1, house, 70)
    leases = Leases()
    leases.open(1, rate=50)
    assert leases.settle(ledger, 1, house).units.tolist() == [30]


def test_ids_are_never_reused_and_ends_are_told():
    ledger, house = opened([100, 100])
    leases = Leases()
    assert leases.open([1, 2], 5).tolist() == [0, 1]
    assert leases.end([1, 7]).tolist() == [4, 0]
    assert leases.open(2, 5).tolist() == [2]
    assert leases["id"].tolist() == [0, 2]
    settled = leases.settle(ledger, 21, house)
    assert settled.units.tolist() == [4, 4]
    assert settled.ended.tolist() == [0, 2]
    assert len(leases) == 0
    with pytest.raises(ValueError, match="read-only"):
        leases["id"][:] = 0


def test_state_goes_on_identically_and_a_broken_one_changes_nothing():
    rng = np.random.default_rng(5)
    ledger, house = opened([900, 800, 700, 600])
    leases = Leases()
    leases.open(rng.integers(1, 5, 40), rng.integers(1, 9, 40), limit=8, rank=2, tick=3)
    leases.settle(ledger, 2, house)
    state, other, books = leases.state(), Leases(), Ledger()
    other.restore(state)
    books.restore(ledger.state())
    np.testing.assert_equal(other.state(), state)
    np.testing.assert_equal(
        other.settle(books, 3, house).units, leases.settle(ledger, 3, house).units
    )
    np.testing.assert_equal(other.state(), leases.state())
    before = other.state()
    for change in (
        {"id": state["id"][::-1]},
        {"next": 3},
        {"rate": state["rate"] - 100},
        {"rate": state["rate"][1:]},
        {"account": state["account"] * 1.5},
    ):
        with pytest.raises(ComputeError):
            other.restore(state | change)
    with pytest.raises(ComputeError, match="missing"):
        other.restore({"id": state["id"]})
    np.testing.assert_equal(other.state(), before)
    assert set(before) == {"next", *LEASES}


def test_mistakes_are_explained():
    ledger, house = opened([100])
    leases = Leases()
    for arguments, message in (
        ((0, 5), "account of a lease is 1 or more"),
        ((1, 0), "rate of a lease is 1 or more"),
        (([1, 2], [1, 2, 3]), "one length"),
        ((1, 1.5), "whole numbers"),
    ):
        with pytest.raises(ComputeError, match=message):
            leases.open(*arguments)
    leases.open([1, 99], 5)
    with pytest.raises(ComputeError, match="account 99 was never opened"):
        leases.settle(ledger, 1, house)
    leases.end([1])
    for price, payee in ((0, house), (1, 1), (1, 0)):
        with pytest.raises(ComputeError, match=r"price is|payee"):
            leases.settle(ledger, price, payee)
    with pytest.raises(ComputeError, match="no column 'colour'"):
        leases["colour"]
