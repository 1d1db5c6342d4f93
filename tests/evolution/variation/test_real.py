"""Operators on real numbers against their published densities and their bounds."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import variation
from evolution.variation import VariationError
from evolution.variation.pairs import mate_rows, mutate_rows
from tests.evolution.variation.samples import (
    N,
    assert_even,
    assert_mean,
    assert_uniform,
    column,
    generator,
)


@pytest.mark.parametrize(("mother", "father"), [(0.3, 0.5), (0.95, 0.02), (0.0, 0.1)])
def test_simulated_binary_crossover_has_the_bounded_density(mother, father):
    eta = 5.0
    children = variation.simulated_binary_crossover(
        column(mother), column(father), 0.0, 1.0, generator(), eta, share=1.0
    ).ravel()
    below, above = sorted((mother, father))
    middle, half = (below + above) / 2, (above - below) / 2
    low_side = children < middle
    assert_mean(low_side.astype(float), 0.5)
    # The cumulative density of the spread factor, cut at the side's bound, is uniform.
    beta = np.abs(children - middle) / half
    room = np.where(low_side, below, 1.0 - above)
    mass = 2.0 - (1.0 + room / half) ** -(eta + 1.0)
    below_one = beta ** (eta + 1.0)
    beyond_one = 2.0 - np.maximum(beta, 1.0) ** -(eta + 1.0)
    cumulative = np.where(beta <= 1.0, below_one, beyond_one) / mass
    assert_uniform(np.clip(cumulative, 0.0, 1.0))


def test_simulated_binary_crossover_keeps_the_middle_and_has_the_published_variance():
    eta = 10.0
    children = variation.simulated_binary_crossover(
        column(-1.0), column(1.0), -1e9, 1e9, generator(), eta, share=1.0
    ).ravel()
    assert_mean(children, 0.0)
    assert_mean(children**2, 0.5 * (eta + 1) / (eta + 3) + 0.5 * (eta + 1) / (eta - 1))


def test_simulated_binary_crossover_leaves_the_rest_to_the_mother():
    mothers, fathers = column(0.2), column(0.6)
    children = variation.simulated_binary_crossover(mothers, fathers, 0.0, 1.0, generator())
    assert_mean((children != 0.2).ravel().astype(float), 0.5)
    twins = variation.simulated_binary_crossover(mothers, mothers, 0.0, 1.0, generator())
    np.testing.assert_array_equal(twins, mothers)


@pytest.mark.parametrize("position", [0.0, 0.1, 0.5, 0.97])
def test_polynomial_mutation_has_the_bounded_density(position):
    eta = 4.0
    moved = variation.polynomial_mutation(column(position), 0.0, 1.0, generator(), 1.0, eta).ravel()
    power = eta + 1.0
    tail_down, tail_up = (1.0 - position) ** power, position**power
    step = moved - position
    with np.errstate(invalid="ignore", divide="ignore"):
        down = ((1.0 + step) ** power - tail_down) / (2.0 * (1.0 - tail_down))
        up = 1.0 - ((1.0 - step) ** power - tail_up) / (2.0 * (1.0 - tail_up))
    cumulative = np.where(step < 0.0, down, up)
    if position == 0.0:  # half the draws ask for a step down and stay
        assert_mean((step == 0.0).astype(float), 0.5)
        cumulative = 2.0 * (cumulative[step > 0.0] - 0.5)
    assert_uniform(np.clip(cumulative, 0.0, 1.0))


def test_polynomial_mutation_steps_one_twentysecond_of_the_range_at_eta_20():
    moved = variation.polynomial_mutation(column(50.0), 0.0, 100.0, generator(), 1.0).ravel()
    assert_mean(moved, 50.0)
    assert_mean(np.abs(moved - 50.0), 100.0 / 22.0)


def test_gaussian_mutation_is_normal_inside_and_folded_at_a_bound():
    inside = variation.gaussian_mutation(column(0.0), -10.0, 10.0, generator(), 1.0, 0.05).ravel()
    assert_mean(inside, 0.0)
    assert_mean(inside**2, 1.0)
    at_bound = variation.gaussian_mutation(column(3.0), 3.0, 13.0, generator(), 1.0, 0.1).ravel()
    assert_mean(at_bound - 3.0, np.sqrt(2.0 / np.pi))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    low=st.floats(-1e6, 1e6),
    span=st.sampled_from([0.0, 1e-12, 0.1, 1.0, 1e6]),
    dtype=st.sampled_from([np.float64, np.float32]),
    eta=st.sampled_from([0.0, 2.0, 20.0, 200.0]),
)
def test_real_operators_keep_bounds_dtype_and_inputs(seed, low, span, dtype, eta):
    rng = generator(seed)
    floor = np.array([low, low - 1.0, low], dtype)
    ceiling = np.array([low + span, low, low + 2 * span], dtype)
    mothers, fathers = (rng.uniform(floor, ceiling, (50, 3)).astype(dtype) for _ in range(2))
    mothers[:9], fathers[3:12] = floor, ceiling
    before = mothers.tobytes(), fathers.tobytes()
    for children in (
        variation.simulated_binary_crossover(mothers, fathers, floor, ceiling, rng, eta),
        variation.polynomial_mutation(mothers, floor, ceiling, rng, 0.7, eta),
        variation.gaussian_mutation(mothers, floor, ceiling, rng, 0.7, eta),
        variation.uniform_mutation(mothers, floor, ceiling, rng, 0.7),
        variation.interval_crossover(mothers, fathers, floor, ceiling, rng, eta),
        variation.intermediate_crossover(mothers, fathers, 0.3),
    ):
        assert children.dtype == dtype
        assert (children >= floor).all()
        assert (children <= ceiling).all()
    assert (mothers.tobytes(), fathers.tobytes()) == before


@pytest.mark.parametrize("eta", [1.5, 2.0, 15.0])
def test_genes_beyond_their_bounds_are_brought_back(eta):
    """Of parents out of bounds, as founders and other operators may leave them, comes no NaN."""
    rng = generator(5)
    mothers, fathers = rng.uniform(-2.0, 3.0, (2, 500, 4))
    children = [
        variation.simulated_binary_crossover(mothers, fathers, 0.0, 1.0, rng, eta, 1.0),
        variation.polynomial_mutation(mothers, 0.0, 1.0, rng, 1.0, eta),
    ]
    low, high = np.zeros(1), np.ones(1)
    first, second, mutated = mothers.copy(), fathers.copy(), mothers.copy()
    mate_rows(first, second, low, high, eta, 1.0, np.array([0.5]), np.array([6], np.uint64))
    mutate_rows(mutated, low, high, eta, 1.0, np.array([7], np.uint64))
    for rows in (*children, first, second, mutated):
        assert (rows >= 0.0).all()
        assert (rows <= 1.0).all()


def crossed_plain(mother, father, low, high, rng, eta, share):
    """SBX of one gene after the paper's formulas; the draw picks gene, side and spread at once."""
    u = rng.random()
    if u >= share or abs(mother - father) <= 1e-14:
        return mother
    below, above = min(mother, father), max(mother, father)
    u = u / share
    side, u = (-1, 2 * u) if u < 0.5 else (1, 2 * u - 1)
    nearest = 1 + 2 * (below - low if side < 0 else high - above) / (above - below)
    alpha = 2 - nearest ** -(eta + 1)
    spread = u * alpha if u <= 1 / alpha else 1 / (2 - u * alpha)
    gene = (above + below) / 2 + side * (above - below) / 2 * spread ** (1 / (eta + 1))
    return min(max(gene, low), high)


def moved_plain(gene, low, high, rng, eta):
    """Polynomial mutation of one gene that is hit, after the formulas of NSGA-II's code."""
    if high <= low:
        return gene
    down, up = (gene - low) / (high - low), (high - gene) / (high - low)
    u = rng.random()
    if u < 0.5:
        delta = (2 * u + (1 - 2 * u) * (1 - down) ** (eta + 1)) ** (1 / (eta + 1)) - 1
    else:
        delta = 1 - (2 * (1 - u) + 2 * (u - 0.5) * (1 - up) ** (eta + 1)) ** (1 / (eta + 1))
    return min(max(gene + delta * (high - low), low), high)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    eta=st.sampled_from([0.0, 1.5, 20.0, 100.0]),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    apart=st.sampled_from([0.0, 1e-15, 1e-3, 10.0]),
)
def test_simulated_binary_crossover_equals_the_plain_one(seed, eta, share, apart):
    rng = generator(seed)
    low, high = np.array([-1.0, 0.0, 2.0]), np.array([5.0, 0.0, 2.5])
    mothers = rng.uniform(low, high, (6, 3))
    fathers = np.clip(mothers + apart * rng.standard_normal((6, 3)), low, high)
    children = variation.simulated_binary_crossover(
        mothers, fathers, low, high, generator(seed), eta, share
    )
    plain = generator(seed)
    expected = [
        [crossed_plain(*gene, plain, eta, share) for gene in zip(*row, low, high, strict=True)]
        for row in zip(mothers.tolist(), fathers.tolist(), strict=True)
    ]
    np.testing.assert_allclose(children, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), eta=st.sampled_from([0.0, 1.5, 20.0, 100.0]))
def test_polynomial_mutation_equals_the_plain_one(seed, eta):
    rng = generator(seed)
    low, high = np.array([-1.0, 0.0, 2.0]), np.array([5.0, 0.0, 2.5])
    rows = rng.uniform(low, high, (6, 3))
    children = variation.polynomial_mutation(rows, low, high, generator(seed), 1.0, eta)
    plain = generator(seed)
    plain.random(rows.size)  # which genes are hit: all
    expected = [
        [moved_plain(*gene, plain, eta) for gene in zip(row, low, high, strict=True)]
        for row in rows.tolist()
    ]
    np.testing.assert_allclose(children, expected, rtol=1e-9, atol=1e-12)


def test_interval_crossover_is_even_around_the_parents():
    children = variation.interval_crossover(
        column(0.3), column(0.5), 0.0, 1.0, generator(), alpha=0.5
    )
    assert_uniform((children.ravel() - 0.2) / 0.4)
    cut = variation.interval_crossover(column(0.9), column(0.1), 0.0, 1.0, generator(), 0.5)
    assert_uniform(cut.ravel())
    between = variation.interval_crossover(column(0.9), column(0.1), 0.0, 1.0, generator(), 0.0)
    assert_uniform((between.ravel() - 0.1) / 0.8)


def test_intermediate_crossover_is_the_weighted_mean():
    mothers, fathers = column(1.0, 3), column(2.0, 3)
    assert variation.intermediate_crossover(mothers, fathers).ravel().tolist() == [1.5] * 3
    assert variation.intermediate_crossover(mothers, fathers, 0.25)[0, 0] == 1.25


def test_uniform_mutation_draws_evenly_between_the_bounds():
    drawn = variation.uniform_mutation(column(-1.0), -2.0, 6.0, generator(), 1.0).ravel()
    assert_uniform((drawn + 2.0) / 8.0)
    whole = variation.uniform_mutation(column(7, dtype=np.int32), 5, 14, generator(), 1.0)
    assert whole.dtype == np.int32
    assert_even(np.bincount(whole.ravel() - 5, minlength=10))


def test_each_genome_may_have_a_deviation_of_its_own():
    rows = np.full((N, 2), 0.5)
    deviation = np.repeat([0.01, 0.05], N // 2)[:, np.newaxis]
    moved = variation.gaussian_mutation(rows, 0.0, 1.0, generator(), 1.0, deviation) - 0.5
    assert_mean(moved[: N // 2].ravel() ** 2, 0.01**2)
    assert_mean(moved[N // 2 :].ravel() ** 2, 0.05**2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v, x, rng: v.simulated_binary_crossover(x, x[1:], 0, 1, rng), "pair by row"),
        (lambda v, x, rng: v.simulated_binary_crossover(x, x, 0, 1, rng, -1.0), "eta is -1.0"),
        (lambda v, x, rng: v.simulated_binary_crossover(x, x, 0, 1, rng, 20, 2), "share is 2"),
        (lambda v, x, rng: v.interval_crossover(x, x, 0, 1, rng, -0.1), "alpha is -0.1"),
        (lambda v, x, rng: v.intermediate_crossover(x, x, 1.1), "weight is 1.1"),
        (lambda v, x, rng: v.polynomial_mutation(x, 0, 1, rng, 0.5, np.nan), "eta is nan"),
        (lambda v, x, rng: v.polynomial_mutation(x, 0, 1, rng, 1.5), "rate is 1.5"),
        (lambda v, x, rng: v.gaussian_mutation(x, 0, 1, rng, 0.5, -1.0), "deviation is -1.0"),
        (lambda v, x, rng: v.uniform_mutation(x, 0, 1, rng, np.nan), "rate is nan"),
    ],
)
def test_parameters_that_cannot_be_are_refused(call, message):
    with pytest.raises(VariationError, match=message):
        call(variation, np.full((4, 2), 0.5), generator())
