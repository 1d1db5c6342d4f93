"""Operators on simplexes against their distributions; they stay on the simplex."""

import numpy as np
from hypothesis import given, settings, strategies as st

from evolution import variation
from tests.evolution.variation.samples import N, assert_mean, generator


def test_simplex_mutation_is_normal_in_the_log_ratio():
    rows = np.tile([0.3, 0.7], (N, 1))
    moved = variation.simplex_mutation(rows, generator(), 1.0, 0.2)
    shift = np.log(moved[:, 0] / moved[:, 1]) - np.log(0.3 / 0.7)
    assert_mean(shift, 0.0)
    assert_mean(shift**2, 2 * 0.2**2)


def test_simplex_mutation_spares_rows_without_a_hit_and_frees_zeros():
    rows = generator(2).dirichlet(np.ones(3), 1000)
    moved = variation.simplex_mutation(rows, generator(), 0.1)
    same = (moved == rows).all(axis=1)
    assert_mean(same.astype(float), 0.9**3)
    vertex = np.tile([1.0, 0.0], (100, 1))
    assert (variation.simplex_mutation(vertex, generator(), 1.0)[:, 1] > 0).all()


def test_blend_keeps_mean_and_variance_of_independent_parents():
    # Parents close together in the middle, so that nothing is cut.
    parents = generator(3).dirichlet(np.full(3, 400.0), (2, N))
    children = variation.blend_crossover(parents[0], parents[1], generator())
    assert_mean(children[:, 0], 1 / 3)
    variance = parents[:, :, 0].var()
    assert_mean((children[:, 0] - 1 / 3) ** 2 / variance, 1.0)


def test_blend_without_alpha_stays_between_the_parents():
    mothers, fathers = generator(4).dirichlet(np.ones(4), (2, 500))
    children = variation.blend_crossover(mothers, fathers, generator(), alpha=0.0)
    assert (children >= np.minimum(mothers, fathers) - 1e-12).all()
    assert (children <= np.maximum(mothers, fathers) + 1e-12).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.sampled_from([0.01, 1.0, 100.0]))
def test_simplex_operators_stay_on_the_simplex_and_spare_inputs(seed, size, concentration):
    rng = generator(seed)
    mothers, fathers = rng.dirichlet(np.full(size, concentration), (2, 30))
    mothers[:3] = np.eye(size)[0]
    before = mothers.tobytes(), fathers.tobytes()
    for children in (
        variation.blend_crossover(mothers, fathers, rng),
        variation.simplex_mutation(mothers, rng, 0.7, 2.0),
    ):
        assert (children >= 0).all()
        np.testing.assert_allclose(children.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert (mothers.tobytes(), fathers.tobytes()) == before


def test_simplex_mutation_gives_shares_however_far_it_goes():
    rows = np.full((300, 4), 0.25)
    for deviation in (50.0, 1e3, 1e300):
        for rate in (0.3, 1.0):
            moved = variation.simplex_mutation(rows, generator(), rate, deviation)
            np.testing.assert_allclose(moved.sum(axis=1), 1.0, atol=1e-9)
            assert (moved >= 0.0).all()
