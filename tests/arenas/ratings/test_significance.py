"""Tests of pairs and their adjustments: known values, plain references, and false findings."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.ratings import (
    RatingError,
    adjusted,
    benjamini_hochberg,
    gap_test,
    groups,
    holm,
    rate,
    sign_flip_test,
    sign_test,
)

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=12)
# Benjamini & Hochberg 1995, section 3.1: fifteen endpoints of a trial of rt-PA.
TRIAL = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
TRIAL += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]


def test_the_trial_of_benjamini_and_hochberg() -> None:
    assert np.count_nonzero(benjamini_hochberg(TRIAL) <= 0.05) == 4
    assert np.count_nonzero(holm(TRIAL) <= 0.05) == 3


@settings(deadline=None, max_examples=40)
@given(p=CHANCES)
def test_adjusted_values_reject_what_the_step_procedures_reject(p: list[float]) -> None:
    m, order = len(p), np.argsort(p, kind="stable")
    fair = {"holm": holm(p), "bh": benjamini_hochberg(p)}
    for alpha in (0.01, 0.05, 0.3):
        down = next((k for k in range(m) if p[order[k]] * (m - k) > alpha), m)
        assert set(order[:down]) == set(np.flatnonzero(fair["holm"] <= alpha))
        up = [k for k in range(m) if p[order[k]] * m / (k + 1) <= alpha]
        assert set(order[: up[-1] + 1] if up else []) == set(np.flatnonzero(fair["bh"] <= alpha))
    assert (fair["holm"] >= fair["bh"] - 1e-15).all()
    assert (fair["bh"] >= np.array(p) - 1e-15).all()


def test_values_that_are_no_test_are_not_counted() -> None:
    assert np.array_equal(holm([0.01, np.nan, 0.03]), [0.02, np.nan, 0.03], equal_nan=True)
    table = np.array([[1, 0.01, np.nan], [0.01, 1, 0.04], [np.nan, 0.04, 1]])
    fair = adjusted(table)
    assert fair[0, 1] == fair[1, 0] == 0.02
    assert np.isnan(fair[0, 2])


@settings(deadline=None, max_examples=30)
@given(won=st.integers(0, 30), lost=st.integers(0, 30))
def test_the_sign_test_is_the_binomial_tail(won: int, lost: int) -> None:
    n = won + lost
    tail = sum(math.comb(n, k) for k in range(min(won, lost) + 1)) / 2**n
    assert sign_test(won, lost) == pytest.approx(min(2 * tail, 1))


@settings(deadline=None, max_examples=20)
@given(differences=st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_the_permutation_test_tries_every_sign(differences: list[int]) -> None:
    seen = abs(sum(differences))
    signs = list(itertools.product([1, -1], repeat=len(differences)))
    reached = [abs(sum(s * d for s, d in zip(each, differences, strict=True))) for each in signs]
    rng = np.random.default_rng(0)
    exact = sum(each >= seen for each in reached) / len(signs)
    assert sign_flip_test(differences, rng) == pytest.approx(exact)
    many = np.stack([differences, np.zeros(len(differences)), np.ones(len(differences))], axis=1)
    assert sign_flip_test(many, rng) == pytest.approx([exact, 1, 0.5 ** (len(differences) - 1)])


def test_a_permutation_test_of_many_differences_is_near_the_normal_one() -> None:
    rng = np.random.default_rng(1)
    differences = rng.normal(0.2, 1, 100)
    z = differences.sum() / math.sqrt(np.square(differences).sum())
    normal = math.erfc(abs(z) / math.sqrt(2))
    found = sign_flip_test(differences, rng)
    assert abs(found - normal) < 4 * math.sqrt(normal * (1 - normal) / 9_999) + 0.005
    assert sign_flip_test(np.zeros(3), rng) == 1
    assert sign_flip_test(np.ones(20), rng, permutations=99) == 1 / 100  # never 0


def test_gaps_of_equal_players_are_seldom_significant() -> None:
    rng = np.random.default_rng(2)
    number, found = 400, 0
    for _ in range(number):
        won = rng.binomial(40, 0.5, 3)
        wins = np.zeros((3, 3))
        wins[[0, 0, 1], [1, 2, 2]], wins[[1, 2, 2], [0, 0, 1]] = won, 40 - won
        p = gap_test(rate(wins))
        assert (np.diag(p) == 1).all()
        found += p[0, 1] <= 0.05
    assert abs(found - 0.05 * number) / math.sqrt(0.05 * 0.95 * number) < 4


def false_findings(adjust, uniform: bool, number: int, seed: int) -> int:
    """How often any of 28 pairs of equal players is told apart at 5%."""
    rng = np.random.default_rng(seed)
    if uniform:
        p = rng.random((number, 28))
    else:
        won = rng.binomial(30, 0.5, (number, 28))
        p = sign_test(won, 30 - won)
    return sum(bool((adjust(each) <= 0.05).any()) for each in p)


def test_false_findings_among_equals_are_as_rare_as_said() -> None:
    number = 2_000
    spread = math.sqrt(0.05 * 0.95 * number)
    # With p-values that are exactly uniform Benjamini and Hochberg's rate is exactly 5%.
    found = false_findings(benjamini_hochberg, True, number, 1)
    assert abs(found - 0.05 * number) / spread < 4
    # The sign test takes steps, so its rates are no more than that.
    for adjust in (holm, benjamini_hochberg):
        assert (false_findings(adjust, False, number, 2) - 0.05 * number) / spread < 4


def test_the_share_of_false_findings_is_held_where_some_players_differ() -> None:
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(1_000):
        p = rng.random(20)
        p[:5] *= 1e-3  # five that differ
        found = benjamini_hochberg(p) <= 0.1
        shares.append(found[5:].sum() / max(found.sum(), 1))
    error = np.std(shares) / math.sqrt(len(shares))
    assert abs(np.mean(shares) - 0.1 * 15 / 20) < 4 * error  # q m0 / m, their theorem 1


def test_groups_are_the_longest_runs_without_a_difference() -> None:
    p = np.ones((5, 5))
    for i, j in ((0, 2), (0, 3), (0, 4), (1, 4)):
        p[i, j] = p[j, i] = 0.01
    assert groups(p, range(5)) == [[0, 1], [1, 2, 3], [2, 3, 4]]
    assert groups(np.ones((3, 3)), [2, 0, 1]) == [[2, 0, 1]]
    assert groups(np.full((2, 2), 0.01), [1, 0]) == [[1], [0]]


def test_what_cannot_be_tested_is_refused() -> None:
    rng = np.random.default_rng(0)
    for wrong in (
        lambda: holm([0.5, 1.5]),
        lambda: holm([[0.5]]),
        lambda: sign_test([1.5], [0]),
        lambda: sign_test([-1], [3]),
        lambda: sign_flip_test([np.inf], rng),
        lambda: sign_flip_test([], rng),
        lambda: adjusted(np.ones((2, 2)), "bonferroni"),
        lambda: adjusted(np.ones((2, 3))),
    ):
        with pytest.raises(RatingError):
            wrong()
