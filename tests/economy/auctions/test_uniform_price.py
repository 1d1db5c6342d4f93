"""The uniform-price auction against a plain reference, and what its mechanism promises."""

from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy import AuctionError, uniform_price_auction


def plain_auction(price, quantity, supply, reserve, priority):
    """Serve level after level, from the top; return price and filled."""
    filled, left = [0] * len(price), supply
    for level in sorted({p for p in price if p >= reserve}, reverse=True):
        bids = [i for i in range(len(price)) if price[i] == level]
        total = sum(quantity[i] for i in bids)
        if total > left:
            ideal = {i: Fraction(left * quantity[i], total) for i in bids}
            for i in bids:
                filled[i] = int(ideal[i])
            bids.sort(key=lambda i: (filled[i] - ideal[i], priority[i], i))
            for i in bids[: left - sum(filled[i] for i in bids)]:
                filled[i] += 1
            return level, filled
        for i in bids:
            filled[i] = quantity[i]
        left -= total
    return reserve, filled


def bids_with(prices, quantities):
    return st.lists(st.tuples(prices, quantities, st.integers(0, 3)), max_size=25)


books = st.one_of(
    bids_with(st.integers(-2, 6), st.integers(0, 9)),  # many ties
    bids_with(st.integers(0, 2**63 - 1), st.integers(0, 2**48)),  # every digit of the radix
    bids_with(st.sampled_from([2**11 - 1, 2**11, 2**22, 2**22 + 1, 2**62]), st.integers(0, 3)),
)


@given(bids=books, part=st.fractions(0, 1.2), reserve=st.integers(0, 4))
@settings(max_examples=400, deadline=None)
def test_equals_the_plain_auction_and_keeps_its_promises(bids, part, reserve):
    price, quantity, priority = (
        (list(column) for column in zip(*bids, strict=True))
        if bids
        else (
            [],
            [],
            [],
        )
    )
    supply = int(part * sum(quantity))
    clearing = uniform_price_auction(price, quantity, supply, reserve=reserve, priority=priority)
    filled = clearing.filled.tolist()
    assert (clearing.price, filled) == plain_auction(price, quantity, supply, reserve, priority)
    assert clearing.demand == sum(q for p, q in zip(price, quantity, strict=True) if p >= reserve)
    assert clearing.sold == sum(filled) == min(supply, clearing.demand)
    assert clearing.price >= reserve
    assert all(0 <= f <= q for f, q in zip(filled, quantity, strict=True))
    served = [p for p, f in zip(price, filled, strict=True) if f > 0]
    short = [p for p, q, f in zip(price, quantity, filled, strict=True) if f < q and p >= reserve]
    assert all(p >= clearing.price for p in served)
    assert not served or not short or min(served) >= max(short)
    assert clearing.price == max([reserve, *short])  # the highest bid not fully served


def test_equals_the_plain_auction_on_thousands_of_bids():
    rng = np.random.default_rng(2)
    for spread in (40, 10**7):
        price, quantity = rng.integers(1, spread, 3000), rng.integers(1, 50, 3000)
        rank = rng.permutation(3000)
        for supply in rng.integers(0, 80_000, 10).tolist():
            clearing = uniform_price_auction(price, quantity, supply, reserve=9, priority=rank)
            expected = plain_auction(price.tolist(), quantity.tolist(), supply, 9, rank.tolist())
            assert (clearing.price, clearing.filled.tolist()) == expected


def test_ties_share_by_largest_remainder_then_priority_then_order():
    # 5 units over quantities 2, 2, 2, 1: ideals 10/7, 10/7, 10/7, 5/7.
    auction = [[8, 8, 8, 8], [2, 2, 2, 1], 5]
    assert uniform_price_auction(*auction).filled.tolist() == [2, 1, 1, 1]
    late_first = uniform_price_auction(*auction, priority=[2, 1, 0, 3])
    assert late_first.filled.tolist() == [1, 1, 2, 1]


def test_price_is_the_highest_bid_not_fully_served():
    def price(supply):
        return uniform_price_auction([10, 8, 5], [5, 5, 5], supply, reserve=2).price

    assert [price(supply) for supply in (0, 4, 5, 9, 10, 14, 15, 99)] == [10, 10, 8, 8, 5, 5, 2, 2]


def test_nobody_bids_enough():
    clearing = uniform_price_auction([3, 4], [1, 1], 5, reserve=6)
    assert (clearing.price, clearing.filled.tolist(), clearing.demand) == (6, [0, 0], 0)
    assert uniform_price_auction([], [], 5).price == 1


@pytest.mark.parametrize("supply", [1, 2, 3])
def test_one_unit_each_no_profitable_deviation(supply):
    """Bidding the value is best whatever the others bid: exhaustive, ties with them included."""

    def gain(value, bid, others, place):
        bids = [*others[:place], bid, *others[place:]]
        clearing = uniform_price_auction(bids, [1] * len(bids), supply, reserve=2)
        return int(clearing.filled[place]) * (value - clearing.price)

    for others in product(range(1, 6), repeat=3):
        for place in (0, 3):  # served first and last among equals
            for value in range(1, 6):
                truthful = gain(value, value, others, place)
                assert truthful >= 0
                for bid in range(1, 7):
                    assert gain(value, bid, others, place) <= truthful


def test_truthful_bidding_is_an_equilibrium_for_distinct_values():
    for values in permutations(range(2, 8), 4):
        clearing = uniform_price_auction(values, [1] * 4, 2)
        ranked = sorted(values, reverse=True)
        assert clearing.price == ranked[2]
        assert [values[i] for i in np.flatnonzero(clearing.filled)] == [
            value for value in values if value in ranked[:2]
        ]


def test_several_units_each_demand_reduction_pays():
    """The example of the module: the auction is not truthful for more than one unit."""

    def gain(asked):
        clearing = uniform_price_auction([10, 9], [asked, 1], 2)
        return int(clearing.filled[0]) * (10 - clearing.price)

    assert (gain(2), gain(1)) == (2, 9)


def test_revenue_of_five_uniform_bidders_is_two_thirds():
    # The expected second-highest of five uniform values (Krishna, section 2.2).
    values = np.random.default_rng(3).integers(0, 10**6, (10_000, 5))
    prices = [uniform_price_auction(row, [1] * 5, 1, reserve=0).price for row in values]
    assert np.mean(prices) / 10**6 == pytest.approx(2 / 3, abs=0.006)  # over 3 standard errors


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([1.5], [1], 1), {}, "price must be whole numbers"),
        (([1], [1], 1.5), {}, "supply must be whole numbers"),
        (([1, 2], [1], 1), {}, "2 prices, but 1 quantities"),
        (([1, 2], [1, -4], 1), {}, "bid 1 asks for -4"),
        (([1], [1], -1), {}, "supply must be 0 or more; got -1"),
        (([1], [1], 1), {"reserve": -1}, "reserve must be 0 or more"),
        (([1, 1], [1, 1], 1), {"priority": [1]}, "2 bids, but 1 priorities"),
        (([1] * 3, [2**62] * 3, 1), {}, r"more than 2\*\*53 units"),
    ],
)
def test_wrong_bids_are_explained(arguments, options, message):
    with pytest.raises(AuctionError, match=message):
        uniform_price_auction(*arguments, **options)
