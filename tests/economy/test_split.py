"""Exact shares against exact fractions, published apportionments and the largest pots."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy import SplitError, split_exactly

pots = st.one_of(st.integers(0, 100), st.integers(2**53 - 5, 2**53), st.integers(0, 2**53))
weights = st.one_of(
    st.floats(0, 1e308, allow_subnormal=True),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.1, 0.2, 1 / 3, 1.0, 3.0]),
)


def plain_split(pot, weights):
    """Largest remainder in exact fractions; earlier first among equals."""
    total = sum(map(Fraction, weights))
    if total == 0:
        return [0] * len(weights)
    ideal = [pot * Fraction(weight) / total for weight in weights]
    share = [int(part) for part in ideal]
    by_remainder = sorted(range(len(weights)), key=lambda i: (share[i] - ideal[i], i))
    for i in by_remainder[: pot - sum(share)]:
        share[i] += 1
    return share


@given(pot=pots, weights=st.lists(weights, max_size=12))
@settings(max_examples=400, deadline=None)
def test_sums_exactly_and_stays_within_one_of_the_ideal(pot, weights):
    share = split_exactly(pot, weights).tolist()
    total = sum(map(Fraction, weights))
    assert sum(share) == (pot if total else 0)
    for part, weight in zip(share, weights, strict=True):
        if weight == 0:
            assert part == 0
        else:
            assert abs(part - pot * Fraction(weight) / total) <= 1


@given(
    pot=pots,
    weights=st.one_of(
        st.lists(st.integers(0, 12), max_size=12), st.lists(st.integers(0, 2**49), max_size=12)
    ),
)
@settings(max_examples=400, deadline=None)
def test_whole_weights_give_the_exact_largest_remainders(pot, weights):
    assert split_exactly(pot, weights).tolist() == plain_split(pot, weights)


@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=40),
    pots=st.lists(st.integers(0, 200), min_size=5, max_size=5),
)
@settings(max_examples=200, deadline=None)
def test_each_group_is_split_as_if_alone(rows, pots):
    group = np.array([g for g, _ in rows], np.int64)
    weights = np.array([w for _, w in rows], np.float64)
    share = split_exactly(pots, weights, group)
    for g, pot in enumerate(pots):
        assert share[group == g].tolist() == plain_split(pot, weights[group == g].tolist())


@given(
    pot=st.integers(0, 10**6),
    weights=st.lists(st.floats(0, 100), min_size=1, max_size=12),
    data=st.data(),
)
@settings(max_examples=200, deadline=None)
def test_order_decides_nothing_but_ties(pot, weights, data):
    order = np.array(data.draw(st.permutations(range(len(weights)))))
    here = split_exactly(pot, weights)
    there = split_exactly(pot, np.array(weights)[order])
    moved = here[order] != there
    if moved.any():  # only equal remainders, to a float64, may change places
        total = sum(map(Fraction, weights))
        ideal = [pot * Fraction(weights[i]) / total for i in order[moved]]
        remainders = [float(part - int(part)) for part in ideal]
        assert max(remainders) == pytest.approx(min(remainders), rel=1e-12)
        assert sorted(here[order][moved] - there[moved]) == sorted(
            there[moved] - here[order][moved]
        )


def test_published_apportionments():
    # The textbook example: 100,000 votes over six parties, 10 seats ...
    votes = [47_000, 16_000, 15_900, 12_000, 6_000, 3_100]
    assert split_exactly(10, votes).tolist() == [5, 2, 1, 1, 1, 0]
    # ... and the Alabama paradox: with one seat more, the small state loses one.
    assert split_exactly(10, [6, 6, 2]).tolist() == [4, 4, 2]
    assert split_exactly(11, [6, 6, 2]).tolist() == [5, 5, 1]


def test_ties_go_to_the_lower_index():
    assert split_exactly(2, [0.1, 0.0, 0.1, 0.1]).tolist() == [1, 0, 1, 0]
    assert split_exactly([1, 1], [5, 5, 5, 5], [1, 0, 0, 1]).tolist() == [1, 1, 0, 0]
    # Remainders 1/3, 1/3, 1/3 of weights that differ.
    assert split_exactly(4, [1, 4, 7]).tolist() == plain_split(4, [1, 4, 7]) == [1, 1, 2]


def test_a_group_without_weight_pays_nobody():
    assert split_exactly([10, 20, 30], [0, 0, 1], [0, 0, 2]).tolist() == [0, 0, 30]
    assert split_exactly(10, [0.0, 0.0]).tolist() == [0, 0]
    assert split_exactly(10, []).tolist() == []
    assert split_exactly([], [], []).tolist() == []


def test_the_largest_pot_over_many_claimants_to_the_last_token():
    weights = np.random.default_rng(4).random(20_000)
    share = split_exactly(2**53, weights)
    assert share.sum() == 2**53
    total = sum(map(Fraction, weights.tolist()))
    for part, weight in zip(share[:1000].tolist(), weights[:1000].tolist(), strict=True):
        assert abs(part - 2**53 * Fraction(weight) / total) < 1


def test_weights_that_one_float64_would_lose_are_counted():
    weights = [1.0] + [1e-17] * 1000
    assert np.cumsum(weights)[-1] == 1.0  # the planted trap: the small ones vanish in the sum
    share = split_exactly(2**53, weights)
    assert share.tolist() == plain_split(2**53, weights)
    assert share[0] == 2**53 - 90
    # Here even the sum of the two is no float64: ideals 2**53 - 3/4 and 3/4.
    assert split_exactly(2**53, [1.0, 1.5 * 2.0**-54]).tolist() == [2**53 - 1, 1]


def test_extreme_weights_neither_overflow_nor_vanish():
    assert split_exactly(10, [1e308, 1e308, 5e-324]).tolist() == [5, 5, 0]
    assert split_exactly(9, [5e-324, 1e-323]).tolist() == [3, 6]
    # Each pot by its own scale.
    assert (
        split_exactly([6, 6], [1e300, 2e300, 1e-300, 2e-300], [0, 0, 1, 1]).tolist() == [2, 4] * 2
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.5, [1]), "pot must be whole numbers"),
        ((-1, [1]), "pots are 0 to"),
        ((2**53 + 1, [1]), "pots are 0 to"),
        ((1, [1, -2]), r"\[1\] is -2"),
        ((1, [np.nan]), "finite and not negative"),
        ((1, [[1]]), r"one column, float64\[n\]; got shape \(1, 1\)"),
        (([1, 2], [1]), "2 pots need group"),
        (([1, 2], [1], [2]), "group must name pots 0 to 1; got 2 to 2"),
        (([1, 2], [1], [0.0]), "group must be whole numbers"),
        (([1, 2], [1], [0, 1]), "group has 2 rows, but weights has 1"),
    ],
)
def test_wrong_claims_are_explained(arguments, message):
    with pytest.raises(SplitError, match=message):
        split_exactly(*arguments)
