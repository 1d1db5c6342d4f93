"""Combinatorial auctions beside brute force, and what they promise to bidders."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.auctions.combinatorial import Payment, combinatorial_auction
from economy.auctions.uniform_price import AuctionError


def feasible(units, supply, bidder, won):
    sold = [sum(units[i][k] for i in won) for k in range(len(supply))]
    whose = [bidder[i] for i in won]
    return all(s <= most for s, most in zip(sold, supply, strict=True)) and len(set(whose)) == len(
        whose
    )


def brute_force(units, value, supply, bidder, without=None):
    # Bids for nothing lose.
    rows = [i for i in range(len(value)) if bidder[i] != without and any(units[i])]
    best = 0
    for flags in product([False, True], repeat=len(rows)):
        won = [i for i, flag in zip(rows, flags, strict=True) if flag]
        if feasible(units, supply, bidder, won):
            best = max(best, sum(value[i] for i in won))
    return best


@st.composite
def auctions(draw, single_minded=False, bids=8):
    items = draw(st.integers(1, 4))
    supply = draw(st.lists(st.integers(0, 3), min_size=items, max_size=items))
    m = draw(st.integers(1, bids))
    rows = st.lists(st.integers(0, 2), min_size=items, max_size=items)
    units = draw(st.lists(rows, min_size=m, max_size=m))
    top = draw(st.sampled_from([5, 1000]))
    value = draw(st.lists(st.integers(0, top), min_size=m, max_size=m))
    whose = st.integers(0, 4)
    bidder = list(range(m)) if single_minded else draw(st.lists(whose, min_size=m, max_size=m))
    return units, value, supply, bidder


@given(auctions())
@settings(max_examples=30, deadline=None)
def test_winners_bound_and_payments_equal_brute_force(auction):
    units, value, supply, bidder = auction
    best = brute_force(*auction)
    sold = combinatorial_auction(units, value, supply, bidder=bidder, payment=Payment.VCG)
    won = np.flatnonzero(sold.won).tolist()
    assert feasible(units, supply, bidder, won)
    assert sum(value[i] for i in won) == sold.welfare == best == sold.bound
    assert sold.gap == 0
    for i in range(len(value)):
        without = brute_force(*auction, without=bidder[i])
        assert sold.payment[i] == (without - (best - value[i]) if i in won else 0)
        assert 0 <= sold.payment[i] <= value[i]


@given(auctions())
@settings(max_examples=30, deadline=None)
def test_greedy_winners_fit_and_their_gap_holds(auction):
    units, value, supply, bidder = auction
    sold = combinatorial_auction(units, value, supply, bidder=bidder, greedy=True)
    won = np.flatnonzero(sold.won).tolist()
    assert feasible(units, supply, bidder, won)
    assert sold.welfare <= brute_force(*auction) <= sold.bound
    assert sold.payment.tolist() == [v if i in won else 0 for i, v in enumerate(value)]
    assert sold.revenue == sold.welfare


@given(auctions(single_minded=True))
@settings(max_examples=30, deadline=None)
def test_critical_payments_are_the_least_that_would_have_won(auction):
    units, value, supply, _ = auction

    def wins(i, bid):
        bids = [bid if k == i else v for k, v in enumerate(value)]
        return combinatorial_auction(units, bids, supply, greedy=True).won[i]

    critical = {"greedy": True, "payment": Payment.CRITICAL}
    sold = combinatorial_auction(units, value, supply, **critical)
    for i in np.flatnonzero(sold.won)[:2]:
        price = int(sold.payment[i])
        assert 1 <= price <= value[i]
        assert wins(i, price)
        assert not wins(i, price - 1)


@pytest.mark.parametrize(
    "rule", [{"payment": Payment.VCG}, {"payment": Payment.CRITICAL, "greedy": True}]
)
def test_truth_is_a_best_reply(rule):
    """Nobody gains by another bid than the value of the bundle; paying the bid it would."""
    rng = np.random.default_rng(6)
    gains, naive = 0, 0
    for _ in range(5):
        units = rng.integers(0, 2, (5, 3))
        units[:, 0] |= ~units.any(axis=1)
        value = np.append(11, rng.integers(1, 12, 4))
        honest = combinatorial_auction(units, value, **rule)
        for bid in range(0, 14, 2):
            bids = value.copy()
            bids[0] = bid
            tried = combinatorial_auction(units, bids, **rule)
            utility = [int(a.won[0]) * int(value[0]) - int(a.payment[0]) for a in (honest, tried)]
            gains += utility[1] > utility[0]
            naive += tried.won[0] and value[0] > bid  # paying the bid, truth would earn 0
    assert gains == 0
    assert naive > 0


def test_greedy_is_within_the_square_root_of_the_items():
    """Lehmann, O'Callaghan & Shoham 2002, theorem 5.2, and an example where it is nearly so far."""
    items = 16
    units = np.vstack([np.eye(items, dtype=int), np.ones((1, items), int)])
    value = [1000] * items + [4 * 1000 + 1]
    sold = combinatorial_auction(units, value, greedy=True)
    assert sold.won.tolist() == [False] * items + [True]
    assert sold.bound == 16_000
    assert sold.gap == pytest.approx(1 - 4001 / 16_000)
    assert combinatorial_auction(units, value).welfare == 16_000


def test_the_relaxation_does_not_see_a_triangle():
    """Three bids for two items each: the relaxation takes half of all three."""
    units = [[1, 1, 0], [0, 1, 1], [1, 0, 1]]
    assert combinatorial_auction(units, [10, 10, 10], greedy=True).bound == 15
    assert combinatorial_auction(units, [10, 10, 10]).bound == 10


def test_one_unit_of_one_item_is_the_vickrey_auction():
    sold = combinatorial_auction([[1]] * 4, [7, 30, 12, 30], payment=Payment.VCG)
    assert sold.won.sum() == 1
    assert sold.revenue == 30
    sold = combinatorial_auction([[1]] * 3, [7, 30, 12], 2, payment=Payment.VCG)
    assert sold.payment.tolist() == [0, 7, 7]


def test_nothing_to_sell_or_to_buy():
    for units, value, supply in (
        (np.zeros((0, 3), int), [], 1),
        ([[1, 0]], [0], 1),
        ([[0, 0]], [5], 1),
        ([[2, 0]], [5], 1),
    ):
        for greedy in (False, True):
            sold = combinatorial_auction(units, value, supply, greedy=greedy)
            assert (sold.welfare, sold.bound, sold.revenue, sold.gap) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": [1], "value": [1]}, "units must be whole numbers"),
        ({"units": [[0.5]], "value": [1]}, "units must be whole numbers"),
        ({"units": [[1]], "value": [1, 2]}, "there must be 1 values"),
        ({"units": [[1]], "value": [2**53 + 1]}, r"values are 0 to 2\*\*53"),
        ({"units": [[1]] * 2, "value": [2**53, 2**53]}, "larger units of money"),
        ({"units": [[-1]], "value": [1]}, "units are 0 to"),
        ({"units": [[1]], "value": [1], "payment": Payment.CRITICAL}, "greedy winners"),
        ({"units": [[1]], "value": [1], "payment": Payment.VCG, "greedy": True}, "exact winners"),
    ],
)
def test_what_cannot_be_auctioned_is_explained(arguments, message):
    with pytest.raises(AuctionError, match=message):
        combinatorial_auction(**arguments)


def test_vcg_payments_are_refused_where_the_winners_are_not_proven():
    rng = np.random.default_rng(1)
    units = (rng.random((60, 12)) < 0.3).astype(int)
    value = rng.integers(2**40, 2**46, 60)
    with pytest.raises(AuctionError, match="need proven winners"):
        combinatorial_auction(units, value, payment=Payment.VCG, seconds=0)
