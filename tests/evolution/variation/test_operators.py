"""What holds for all operators."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import variation
from evolution.variation.columns import hits
from tests.evolution.variation.samples import N, assert_even, assert_mean, generator

MUTATIONS = {
    "polynomial": (0.5, lambda rows, *args: variation.polynomial_mutation(rows, 0, 1, *args)),
    "gaussian": (0.5, lambda rows, *args: variation.gaussian_mutation(rows, 0, 1, *args)),
    "creep": (5000, lambda rows, *args: variation.creep_mutation(rows, 0, 10_000, *args)),
    "uniform": (0.5, lambda rows, *args: variation.uniform_mutation(rows, 0, 1, *args)),
    "reset": (3, lambda rows, *args: variation.reset_mutation(rows, 7, *args)),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_rate_is_a_probability_per_gene(name):
    value, mutate = MUTATIONS[name]
    rows = np.full((N, 2), value)
    assert (mutate(rows, generator(), 0.0) == rows).all()
    assert (mutate(rows, generator(), 1.0) != rows).all()
    assert_mean((mutate(rows, generator(), 0.1) != rows).ravel().astype(float), 0.1)


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_same_stream_gives_the_same_children(name):
    value, mutate = MUTATIONS[name]
    rows = np.full((50, 2), value)
    first, again, other = (mutate(rows, generator(seed), 0.5) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("rate", [0.0, 1e-300, 0.03, 0.29, 0.31, 0.9, 1.0])
def test_hits_are_ascending_and_as_frequent_as_the_rate(rate):
    n, size = 20_000, 5
    places = hits((n, size), rate, generator())
    assert (np.diff(places) > 0).all()
    assert ((places >= 0) & (places < n * size)).all()
    hit = np.zeros(n * size)
    hit[places] = 1.0
    if 0.001 < rate < 1.0:
        assert_mean(hit, rate)
        pairs = hit.reshape(-1, 2)  # neighbours know nothing of each other
        assert_mean(pairs[:, 0] * pairs[:, 1], rate**2)
        assert_even(hit.reshape(n, size).sum(axis=0))
    else:
        assert hit.all() if rate == 1.0 else not hit.any()


def test_the_gaps_between_rare_hits_are_geometric():
    rate = 0.2
    places = hits((400_000, 1), rate, generator())
    gaps = np.diff(places)
    assert_mean(gaps.astype(float), 1 / rate)
    for k in (1, 2, 5, 9):
        assert_mean((gaps == k).astype(float), rate * (1 - rate) ** (k - 1))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60), st.sampled_from([1e-300, 1e-3, 0.1, 0.29]))
def test_rare_hits_equal_the_plain_ones(seed, count, rate):
    plain, expected, at = generator(seed), [], -1
    while True:
        at += 1 + math.floor(math.log1p(-plain.random()) / math.log1p(-rate))
        if at >= count:
            break
        expected.append(at)
    assert hits((count, 1), rate, generator(seed)).tolist() == expected


def test_no_rows_give_no_children():
    empty = np.empty((0, 3))
    rng = generator()
    for children in (
        variation.simulated_binary_crossover(empty, empty, 0, 1, rng),
        variation.polynomial_mutation(empty, 0, 1, rng, 0.5),
        variation.order_crossover(empty.astype(np.int8), empty.astype(np.int8), rng),
        variation.blend_crossover(empty, empty, rng),
    ):
        assert children.shape == (0, 3)
