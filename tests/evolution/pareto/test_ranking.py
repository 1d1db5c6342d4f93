"""Ranks of many points against moocore and planted fronts; the sort below them."""

import moocore
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from evolution.pareto import crowding_distance, pareto_ranks, ranking, select
from evolution.pareto.dominators import ranks_by_dominators
from evolution.pareto.fronts import _ranks_by_staircases, front_ranks
from evolution.pareto.ordering import sort_stably


def points_of(shape, n, M, rng):
    if shape == "random":
        return rng.random((n, M))
    if shape == "ties":
        return rng.integers(0, 4, (n, M)).astype(float)
    if shape == "copies":
        return rng.random((max(n // 5, 1), M))[rng.integers(0, max(n // 5, 1), n)]
    if shape == "chain":
        return np.repeat(rng.permutation(n)[:, np.newaxis].astype(float), M, axis=1)
    if shape == "one front":
        simplex = rng.standard_exponential((n, M))
        return simplex / simplex.sum(axis=1, keepdims=True)
    return rng.normal(size=(n, M)) + 3.0 * rng.normal(size=(n, 1))  # many small fronts


SHAPES = ["random", "ties", "copies", "chain", "one front", "correlated"]


@pytest.mark.parametrize("M", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("shape", SHAPES)
def test_ranks_equal_moocores(shape, M):
    rng = np.random.default_rng([SHAPES.index(shape), M])
    for n in (1, 2, 63, 64, 65, 130, 1500):
        F = points_of(shape, n, M, rng)
        np.testing.assert_array_equal(pareto_ranks(F), moocore.pareto_rank(F))


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 6), st.integers(1, 300), st.sampled_from(SHAPES), st.integers(0, 2**32))
def test_ranks_equal_moocores_at_any_size(M, n, shape, seed):
    F = points_of(shape, n, M, np.random.default_rng(seed))
    np.testing.assert_array_equal(pareto_ranks(F), moocore.pareto_rank(F))


@pytest.mark.parametrize("M", [2, 3, 4, 6])
@pytest.mark.parametrize(("fronts", "width"), [(400, 3), (3, 400)])
def test_planted_fronts_are_found(M, fronts, width):
    rng = np.random.default_rng(M)
    one = points_of("one front", width, M, rng)
    # Each front is the first one, a step of the diagonal further than its extent.
    F = np.concatenate([one + 2.0 * front for front in range(fronts)])
    shuffled = rng.permutation(len(F))
    expected = np.repeat(np.arange(fronts), width)
    np.testing.assert_array_equal(pareto_ranks(F[shuffled]), expected[shuffled])


def test_a_long_staircase_is_given_up_and_its_ranks_are_right_all_the_same():
    n = 3000
    rng = np.random.default_rng(1)
    second = rng.permutation(n).astype(float)
    F = np.column_stack([np.arange(n, dtype=float), second, -second])
    assert len(_ranks_by_staircases(F[:, 1].copy(), F[:, 2].copy())) == 0
    assert (pareto_ranks(F) == 0).all()
    # A copy of the front behind it is a second one.
    np.testing.assert_array_equal(pareto_ranks(np.concatenate([F + 0.25, F])), np.repeat([1, 0], n))


@pytest.mark.parametrize("M", [2, 3])
def test_dominators_find_the_ranks_of_staircases(M):
    F = np.unique(points_of("ties", 400, M, np.random.default_rng(2)), axis=0)
    columns = np.ascontiguousarray(F.T)
    orders = np.argsort(columns, axis=1, kind="stable")
    np.testing.assert_array_equal(ranks_by_dominators(columns, orders), front_ranks(columns))


def test_zeros_of_either_sign_are_equal():
    F = np.array([[0.0, 1.0, 2.0, -0.0], [-0.0, 1.0, 2.0, 0.0]])
    for M in (1, 2, 3, 4):
        assert pareto_ranks(F[:, :M]).tolist() == [0, 0]


any_float = st.floats(allow_nan=False)


@settings(max_examples=150, deadline=None)
@given(hnp.arrays(np.float64, st.integers(0, 80), elements=st.one_of(any_float, st.just(-0.0))))
def test_the_sort_is_stable(values):
    order = np.arange(len(values))[::-1].copy()
    expected = order[np.argsort(values[order], kind="stable")]
    np.testing.assert_array_equal(sort_stably(order, values), expected)
    assert order.tolist() == list(range(len(values)))[::-1]


def test_the_sort_of_many():
    values = np.random.default_rng(3).normal(size=20_000).round(3)
    values[::7] = -np.inf
    np.testing.assert_array_equal(
        sort_stably(np.arange(20_000), values), np.argsort(values, kind="stable")
    )


def test_ranks_of_any_numbers_will_do_for_crowding():
    rng = np.random.default_rng(4)
    F, ranks = rng.random((30, 3)), rng.integers(0, 4, 30)
    expected = crowding_distance(F, ranks)
    for same in (ranks - 7, ranks * 10**15, ranks.astype(float), ranks.astype(np.uint8)):
        np.testing.assert_array_equal(crowding_distance(F, same), expected)


def test_selection_tells_the_fronts_too():
    F = points_of("random", 200, 3, np.random.default_rng(5))
    F[::9, 1] = np.nan
    for k in (0, 1, 50, 199, 200):
        rows, ranks = ranking.select_ranked(F, k)
        np.testing.assert_array_equal(rows, select(F, k))
        np.testing.assert_array_equal(ranks, pareto_ranks(F)[rows])
