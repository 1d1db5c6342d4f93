"""PC-stable: its test against scipy, its promise of order independence, planted patterns."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2, chi2_contingency, kstest

from swarm.reasoning.networks.counting import DataError
from swarm.reasoning.networks.equivalence import pattern_of, structural_distance
from swarm.reasoning.networks.pc import discover, independence
from tests.swarm.reasoning.networks.planted import arcs, draw_cases, random_tables


def reference_test(
    data: NDArray[np.int64], x: int, y: int, known: list[int]
) -> tuple[float, int, float]:
    """The sum of scipy's likelihood-ratio tests over the strata."""
    statistic, freedom = 0.0, 0
    for stratum in np.unique(data[:, known], axis=0):
        cases = data[(data[:, known] == stratum).all(axis=1)]
        counts = np.zeros((4, 4))
        np.add.at(counts, (cases[:, x], cases[:, y]), 1)
        counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        if min(counts.shape) > 1:
            result = chi2_contingency(counts, correction=False, lambda_="log-likelihood")
            statistic += result.statistic
            freedom += result.dof
    return statistic, freedom, float(chi2.sf(statistic, freedom)) if freedom else 1.0


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 2**32), cases=st.integers(1, 60), given_count=st.integers(0, 2))
def test_independence_equals_scipy_stratum_by_stratum(
    seed: int, cases: int, given_count: int
) -> None:
    rng = np.random.default_rng(seed)
    cards = rng.integers(1, 5, 4)
    data = rng.integers(0, cards, size=(cases, 4))
    known = list(range(2, 2 + given_count))
    statistic, freedom, chance = independence(data, cards, 0, 1, tuple(known))
    expected = reference_test(data, 0, 1, known)
    assert statistic == pytest.approx(expected[0], abs=1e-8)
    assert freedom == expected[1]
    assert chance == pytest.approx(expected[2], abs=1e-8)


def test_p_values_are_uniform_under_independence() -> None:
    rng = np.random.default_rng(3)
    chances = [
        independence(rng.integers(0, 3, size=(2000, 3)), [3, 3, 3], 0, 1, (2,))[2]
        for _ in range(400)
    ]
    assert kstest(chances, "uniform").pvalue > 1e-3


PLANTED = {
    "chain": arcs(4, (0, 1), (1, 2), (2, 3)),
    "collider": arcs(4, (0, 2), (1, 2), (2, 3)),
    "diamond": arcs(4, (0, 1), (0, 2), (1, 3), (2, 3)),
    "two parts": arcs(5, (0, 1), (4, 3), (2, 3)),
    "fan": arcs(5, (4, 0), (4, 1), (4, 2), (4, 3)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_patterns_are_found_from_many_cases(name: str) -> None:
    truth = PLANTED[name]
    rng = np.random.default_rng(7)
    cards = [3] * len(truth)
    data = draw_cases(truth, random_tables(truth, cards, rng), 50_000, rng)
    found = discover(data, cards, alpha=1e-4)
    assert (found.pattern == pattern_of(truth)).all()
    assert set(found.separators) == set(map(tuple, np.argwhere(np.triu(~(truth | truth.T), 1))))


def test_random_patterns_are_nearly_found() -> None:
    distances = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        truth = np.triu(rng.random((7, 7)) < 0.3, 1)
        data = draw_cases(truth, random_tables(truth, [3] * 7, rng), 20_000, rng)
        found = discover(data, [3] * 7, alpha=1e-3, given_max=5)
        distances.append(structural_distance(found.pattern, pattern_of(truth)))
    assert np.mean(distances) <= 1.0
    assert np.median(distances) == 0


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32), order=st.permutations(range(6)))
def test_the_order_of_columns_does_not_matter(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    truth = np.triu(rng.random((6, 6)) < 0.5, 1)
    data = draw_cases(truth, random_tables(truth, [2] * 6, rng), 500, rng)
    found = discover(data, [2] * 6, alpha=0.05)
    moved = discover(data[::-1, order], [2] * 6, alpha=0.05)
    assert (moved.pattern == found.pattern[np.ix_(order, order)]).all()
    assert moved.tests == found.tests


def test_parted_pairs_say_by_what_and_how_surely() -> None:
    truth = PLANTED["diamond"]
    rng = np.random.default_rng(11)
    data = draw_cases(truth, random_tables(truth, [3] * 4, rng), 30_000, rng)
    found = discover(data, [3] * 4, alpha=1e-3)
    assert found.separators[0, 3] == (1, 2)
    assert found.separators[1, 2] == (0,)
    for (a, b), known in found.separators.items():
        assert found.p_values[a, b] == independence(data, [3] * 4, a, b, known)[2] > 1e-3


def test_given_max_bounds_the_sets() -> None:
    data = np.random.default_rng(1).integers(0, 2, size=(200, 5))
    copies = np.repeat(data[:, :1], 5, axis=1) ^ (data & (np.arange(200) % 9 == 0)[:, None])
    found = discover(copies, [2] * 5, given_max=0)
    assert found.tests == 10
    assert set(found.separators.values()) <= {()}


def test_errors_teach() -> None:
    with pytest.raises(DataError, match="alpha"):
        discover([[0, 1]], [2, 2], alpha=0.0)
    with pytest.raises(DataError, match="given_max"):
        discover([[0, 1]], [2, 2], given_max=-1)
    with pytest.raises(DataError, match="once"):
        independence([[0, 1]], [2, 2], 0, 1, (1,))
