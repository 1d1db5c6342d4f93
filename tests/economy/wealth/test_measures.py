"""Measures of wealth against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.wealth import WealthError, gini, lorenz_curve, tail_index, top_share

holdings = st.lists(st.integers(0, 10**6), min_size=1, max_size=30)


@given(holdings)
@settings(max_examples=60, deadline=None)
def test_gini_is_half_the_relative_mean_difference_and_twice_the_area(held):
    total = sum(held)
    apart = sum(abs(a - b) for a in held for b in held)
    expected = apart / (2 * len(held) * total) if total else 0.0
    assert gini(held) == pytest.approx(expected, abs=1e-12)
    # At the holders themselves the curve is straight between the points.
    curve = lorenz_curve(held, len(held) + 1)
    area = ((curve[1:] + curve[:-1]) / 2).mean()
    assert gini(held) == pytest.approx(1 - 2 * area, abs=1e-12)
    assert (np.diff(curve) >= 0).all()
    assert (curve[0], curve[-1]) == (0, pytest.approx(1))


@given(holdings, st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_top_share_is_what_the_richest_hold(held, k):
    k = min(k, len(held))
    expected = sum(sorted(held)[-k:]) / sum(held) if sum(held) else k / len(held)
    assert top_share(held, k / len(held)) == pytest.approx(expected, abs=1e-9)
    assert top_share(held, 1) == pytest.approx(1)


def test_known_values():
    assert gini(np.arange(1, 101)) == pytest.approx(0.33)  # (n - 1) / (3 n)
    assert gini([5] * 7) == 0.0
    assert gini([0] * 9 + [1]) == pytest.approx(0.9)
    exponential = np.random.default_rng(1).exponential(size=40_000)
    assert gini(exponential) == pytest.approx(0.5, abs=0.01)
    assert top_share(exponential, 0.1) == pytest.approx(0.1 * (1 + np.log(10)), abs=0.01)


def test_the_tail_index_of_a_pareto_sample():
    for a in (1.5, 3.0):
        sample = np.random.default_rng(2).pareto(a, 50_000) + 1
        assert abs(tail_index(sample, 0.2) - a) < 4 * a / np.sqrt(10_000)
    assert tail_index(np.random.default_rng(3).exponential(size=50_000), 0.01) > 3  # no such tail


@pytest.mark.parametrize("measure", [gini, lorenz_curve, top_share, tail_index])
def test_mistakes_are_explained(measure):
    for wrong, message in (
        ([], "empty"),
        ([-5, 5], r"ledger\.balances\[1:\]"),
        ([1.0, np.nan], "finite"),
        ([1.0, np.inf], "finite"),
    ):
        with pytest.raises(WealthError, match=message):
            measure(wrong)


def test_parts_and_points_are_checked():
    for part in (0, 1.5, -1):
        with pytest.raises(WealthError, match="part is above 0"):
            top_share([1, 2], part)
        with pytest.raises(WealthError, match="part is above 0"):
            tail_index([1, 2], part)
    with pytest.raises(WealthError, match="points is 2"):
        lorenz_curve([1, 2], 1)
    with pytest.raises(WealthError, match="say nothing about a tail"):
        tail_index([1] * 100)


def test_measures_do_not_depend_on_the_unit():
    assert gini([0, 1e308, 1e308, 1e308]) == gini([0, 1, 1, 1])
    assert top_share([1e308, 1e308, 1e308, 1e308], 0.25) == 0.25
    assert lorenz_curve([1e308, 1e308], points=3).tolist() == [0.0, 0.5, 1.0]


def test_a_part_is_so_many_holders_whatever_float64_makes_of_it():
    assert 0.29 * 100 < 29
    expected = 29 / np.log(np.arange(72, 101) / 71).sum()
    assert tail_index(np.arange(1, 101), 0.29) == pytest.approx(expected)


def test_names_are_no_holdings():
    with pytest.raises(WealthError, match="numbers"):
        gini(["a"])
