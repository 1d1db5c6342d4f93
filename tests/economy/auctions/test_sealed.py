"""Sealed bids against plain auctions, and the theory that they are known for."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.auctions import AuctionError
from economy.auctions.sealed import double_auction, first_price_auction, second_price_auction

LARGEST = 2**63 - 1

prices = st.one_of(st.integers(0, 6), st.integers(0, LARGEST))


@st.composite
def tables(draw, low=0):
    n = draw(st.integers(1, 6))
    bid = st.one_of(st.integers(low, 6), st.integers(low, LARGEST))
    return draw(st.lists(st.lists(bid, min_size=n, max_size=n), min_size=1, max_size=8))


@given(tables(low=-3), prices)
@settings(max_examples=60, deadline=None)
def test_equal_plain_auctions(bids, reserve):
    first = first_price_auction(bids, reserve=reserve)
    second = second_price_auction(bids, reserve=[reserve] * len(bids))
    for a, row in enumerate(bids):
        best = max(row)
        if best < reserve:
            assert (first.winner[a], first.price[a]) == (-1, 0)
            assert (second.winner[a], second.price[a]) == (-1, 0)
            continue
        others = sorted(row)[:-1]
        assert first.winner[a] == second.winner[a] == row.index(best)
        assert first.price[a] == best
        assert second.price[a] == max([reserve, *others])


@given(tables(), st.integers(0, 12), st.integers(0, 5), st.integers(0, 12), st.integers(0, 8))
@settings(max_examples=80, deadline=None)
def test_at_second_price_no_bid_is_better_than_the_value(bids, value, place, lie, reserve):
    row = bids[0]
    place %= len(row)

    def gain(bid):
        outcome = second_price_auction([[*row[:place], bid, *row[place + 1 :]]], reserve=reserve)
        return (value - int(outcome.price[0])) if outcome.winner[0] == place else 0

    assert gain(value) >= max(0, gain(lie))


def test_at_first_price_shading_pays():
    # The planted counterexample: the search above would find a deviation here.
    def gain(bid):
        outcome = first_price_auction([[bid, 4]])
        return 10 - int(outcome.price[0]) if outcome.winner[0] == 0 else 0

    assert gain(10) == 0 < gain(5) == 5


def test_revenue_equivalence():
    """Five even values: two thirds either way (Krishna, section 2.4)."""
    values = np.random.default_rng(6).integers(0, 10**9, (60_000, 5))
    first = first_price_auction(values * 4 // 5).price / 10**9
    second = second_price_auction(values).price / 10**9
    for revenue in (first, second):
        error = revenue.std() / np.sqrt(revenue.size)
        assert abs(revenue.mean() - 2 / 3) < 4 * error < 0.004
    assert first.std() < second.std()  # the same mean, but not the same risk


def test_the_linear_equilibrium_of_the_double_auction():
    """Chatterjee & Samuelson 1983: P(trade) 9/32, gains 9/64."""
    unit = 12 * 10**9
    value, cost = np.random.default_rng(7).integers(0, unit, (2, 200_000))
    bid, ask = value * 2 // 3 + unit // 12, cost * 2 // 3 + unit // 4
    outcome = double_auction(bid, ask)
    gains = np.where(outcome.traded, value - cost, 0) / unit
    for sample, expected in ((outcome.traded, 9 / 32), (gains, 9 / 64)):
        assert abs(sample.mean() - expected) < 4 * sample.std() / np.sqrt(sample.size) < 0.005

    def buyer(bid, value):
        """Mean gain of a bid against asks in equilibrium."""
        found = double_auction(
            np.full(20_001, bid), np.linspace(unit // 4, unit * 11 // 12, 20_001).astype(int)
        )
        return np.where(found.traded, value - found.price, 0).mean()

    for value in (unit // 2, unit * 3 // 4, unit):
        best = buyer(value * 2 // 3 + unit // 12, value)
        for other in np.linspace(0, unit, 41).astype(int):
            assert buyer(other, value) <= best * (1 + 1e-3)


@given(prices, prices, st.fractions(0, 1, max_denominator=1000))
@settings(max_examples=60, deadline=None)
def test_the_price_lies_between_and_is_exact(bid, ask, k):
    outcome = double_auction([bid], [ask], k=k)
    assert outcome.traded.tolist() == [bid >= ask]
    expected = ask + (bid - ask) * k.numerator // k.denominator if bid >= ask else 0
    assert outcome.price.tolist() == [expected]


def test_mistakes_are_explained():
    for bids, options, message in (
        ([1, 2], {}, "a table"),
        ([[]], {}, "a table"),
        ([[1.5]], {}, "whole numbers"),
        ([[1], [2]], {"reserve": [1, 2, 3]}, "one for each of 2 auctions"),
        ([[1]], {"reserve": -1}, "0 tokens or more"),
    ):
        with pytest.raises(AuctionError, match=message):
            first_price_auction(bids, **options)
        with pytest.raises(AuctionError, match=message):
            second_price_auction(bids, **options)
    with pytest.raises(AuctionError, match="k is 0 to 1"):
        double_auction(1, 1, k=2)
    with pytest.raises(AuctionError, match="k is 0 to 1"):
        double_auction(1, 1, k=Fraction(1, 7919))
    with pytest.raises(AuctionError, match="2 bids, but 3 asks"):
        double_auction([1, 2], [1, 2, 3])
    with pytest.raises(AuctionError, match="negative"):
        double_auction([-1], [1])
    assert double_auction([], []).price.size == 0
