"""Judges nobody has met: against plain references, published values and planted differences."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.imitation import (
    ImitationError,
    Mixture,
    classifier_test,
    discrepancy_test,
    proportion_interval,
    ring,
)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(8, 12), st.integers(8, 12))
def test_discrepancy_is_the_unbiased_estimate_of_the_paper(seed, n, m):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 2)), rng.normal(0.5, 1, size=(m, 2))

    def k(a, b):
        return math.exp(-(math.dist(a, b) ** 2) / (2 * 0.7**2))

    within = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    others = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    across = sum(k(a, b) for a in x for b in y) / (n * m)
    found = discrepancy_test(x, y, rng, permutations=19, length=0.7)
    assert found.squared == pytest.approx(within + others - 2 * across, abs=1e-12)
    assert (found.p * 20) == pytest.approx(round(found.p * 20))
    assert 0.05 <= found.p <= 1


@pytest.mark.parametrize("judge", ["classifier", "discrepancy"])
def test_equals_are_rejected_as_often_as_they_should_be(judge):
    target, tests, level = ring(deviation=0.1), 60, 0.2
    rejected = 0
    for seed in range(tests):
        rng = np.random.default_rng(seed)
        x, y = target.sample(60, rng), target.sample(60, rng)
        found = (
            classifier_test(x, y, rng, features=24)
            if judge == "classifier"
            else discrepancy_test(x, y, rng, permutations=39)
        )
        rejected += found.p <= level
    z = (rejected / tests - level) / math.sqrt(level * (1 - level) / tests)
    assert -4 < z < 4


@pytest.mark.parametrize("kept", [1, 4])
def test_a_collapsed_sample_is_told_from_the_target(kept):
    rng, target = np.random.default_rng(kept), ring(deviation=0.1)
    real = target.sample(300, rng)
    made = Mixture(target.modes[:: 8 // kept], target.deviation).sample(300, rng)
    judged = classifier_test(real, made, rng)
    assert judged.accuracy.low > 0.6
    assert judged.p < 1e-4
    assert discrepancy_test(real, made, rng, permutations=199, length=0.3).p == 1 / 200


# Newcombe 1998, "Two-sided confidence intervals for the single proportion", Statistics in Medicine
# 17, table I, method 3.
@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_of_shares_are_the_published_ones(right, n, low, high):
    found = proportion_interval(right, n)
    assert found.mean == right / n
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_samples_no_test_can_be_made_of_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ImitationError, match="at least 8 rows"):
        discrepancy_test(np.zeros((3, 2)), np.zeros((9, 2)), rng)
    with pytest.raises(ImitationError, match="as many"):
        classifier_test(np.zeros((10, 2)), np.zeros((9, 2)), rng)
    with pytest.raises(ImitationError, match="not finite"):
        classifier_test(np.full((10, 2), np.nan), np.zeros((10, 2)), rng)
    with pytest.raises(ImitationError, match="such as 3 of 4"):
        proportion_interval(5, 4)
