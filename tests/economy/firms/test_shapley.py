"""Shapley values: published games, plain permutations in fractions, and sampled error bars."""

from fractions import Fraction
from itertools import permutations
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.firms import FirmError, sampled_shapley, shapley, shapley_split


def game(n, worth):
    """Worths of all coalitions, from a function of the list of members."""
    return np.array([worth([i for i in range(n) if s >> i & 1]) for s in range(1 << n)])


def plain_shapley(worth, n):
    values = [Fraction(0)] * n
    for order in permutations(range(n)):
        coalition = 0
        for i in order:
            gain = int(worth[coalition | 1 << i]) - int(worth[coalition])
            values[i] += Fraction(gain, factorial(n))
            coalition |= 1 << i
    return values


def test_the_glove_game():
    """Shapley & Shubik 1969: one left glove, two right ones: 2/3, 1/6, 1/6."""
    worth = game(3, lambda s: min(s.count(0), len(s) - s.count(0)))
    np.testing.assert_allclose(shapley(worth), [2 / 3, 1 / 6, 1 / 6], rtol=1e-15)


def test_the_airport_game():
    """Littlechild & Owen 1973: each part of the runway is shared by those who need it."""
    costs = [4, 10, 10, 25, 60]
    worth = game(5, lambda s: max((costs[i] for i in s), default=0))
    parts = np.diff([0, *costs]) / np.arange(5, 0, -1)
    np.testing.assert_allclose(shapley(worth), np.cumsum(parts), rtol=1e-15)


def test_the_security_council():
    """Shapley & Shubik 1954 on the council of 1954: 5 with a veto of 11, 7 votes needed."""
    worth = game(11, lambda s: int(len(s) >= 7 and all(veto in s for veto in range(5))))
    # A small member decides when it joins after all five great and exactly one small one.
    small = comb(5, 1) * factorial(6) * factorial(4) / factorial(11)
    found = shapley(worth)
    np.testing.assert_allclose(found[5:], small, rtol=1e-12)
    np.testing.assert_allclose(found[:5], (1 - 6 * small) / 5, rtol=1e-12)
    assert found[:5].sum() == pytest.approx(0.987, abs=5e-4)  # as printed in the paper


@given(data=st.data(), n=st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_equals_the_mean_over_all_orders(data, n):
    numbers = st.integers(-50, 50) | st.integers(-(2**33), 2**33)
    rest = st.lists(numbers, min_size=2**n - 1, max_size=2**n - 1)
    worth = np.array([0, *data.draw(rest)])
    plain = plain_shapley(worth, n)
    assert shapley(worth).tolist() == [float(value) for value in plain]
    many = shapley(np.stack([worth, -worth]).astype(np.float64))
    np.testing.assert_allclose(many, [shapley(worth), -shapley(worth)], atol=1e-4)
    if worth[-1] >= 0:
        split = shapley_split(worth)
        ideal = [max(value, 0) for value in plain]
        total = sum(ideal)
        assert split.sum() == (worth[-1] if total else 0)
        for part, value in zip(split.tolist(), ideal, strict=True):
            assert not total or abs(part - int(worth[-1]) * value / total) < 1


def test_twelve_members_are_exact():
    weights = np.arange(1, 13) * 1000
    worth = (np.arange(4096)[:, None] >> np.arange(12) & 1) @ weights
    assert shapley(worth).tolist() == weights.tolist()  # an additive game
    assert shapley_split(worth).tolist() == weights.tolist()


def test_sampled_values_agree_within_their_errors():
    costs = np.arange(1.0, 21)
    sampled = sampled_shapley(
        lambda c: (c * costs).max(axis=1), 20, np.random.default_rng(3), pairs=1500
    )
    exact = np.cumsum(np.diff([0, *costs]) / np.arange(20, 0, -1))
    z = (sampled.value - exact) / sampled.error
    assert np.abs(z).max() < 4
    assert 0.4 < np.sqrt((z**2).mean()) < 1.8  # the errors are neither too small nor too large
    assert sampled.value.sum() == pytest.approx(20)
    assert sampled.evaluations == 2 * 1500 * 21


def test_pairs_of_reverses_are_exact_for_what_two_members_do():
    """In a game of pairs a permutation and its reverse give each member half of what it is in."""
    rng = np.random.default_rng(8)
    pair = np.triu(rng.random((9, 9)), 1)
    sampled = sampled_shapley(
        lambda c: np.einsum("ki,ij,kj->k", c, pair, c.astype(float)), 9, rng, pairs=2
    )
    np.testing.assert_allclose(sampled.value, (pair + pair.T).sum(axis=1) / 2, rtol=1e-12)
    assert sampled.error.max() < 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shapley([0, 1, 2]), r"each of the 2\*\*n coalitions"),
        (lambda: shapley(np.zeros(2**13)), "use sampled_shapley"),
        (lambda: shapley([1, 2]), "empty coalition"),
        (lambda: shapley([0, 2**33 + 1]), r"at most 2\*\*33"),
        (lambda: shapley_split([0.0, 1.0]), "whole tokens"),
        (lambda: shapley_split([0, -1]), "whole tokens"),
        (lambda: sampled_shapley(lambda c: c, 2, np.random.default_rng(1)), "one finite number"),
        (lambda: sampled_shapley(len, 2, np.random.default_rng(1), pairs=1), "pairs >= 2"),
    ],
)
def test_what_is_no_game_is_explained(call, message):
    with pytest.raises(FirmError, match=message):
        call()
