"""Operators against their published distributions, plain references and their bounds."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolution import variation
from evolution.variation import VariationError

N = 40_000


def generator(seed=1):
    return np.random.default_rng(seed)


def assert_even(counts):
    """Chi-square of counts that should be equal, as a z-score."""
    counts = np.asarray(counts, float)
    expected = counts.sum() / len(counts)
    freedom = len(counts) - 1
    z = (((counts - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom)
    assert abs(z) < 4, counts


def assert_uniform(shares):
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert_even(np.histogram(shares, bins=20, range=(0, 1))[0])


def assert_mean(sample, expected):
    z = (sample.mean() - expected) / (sample.std(ddof=1) / np.sqrt(len(sample)))
    assert abs(z) < 4, (sample.mean(), expected)


def column(value, n=N, dtype=np.float64):
    rows = np.full((n, 1), value, dtype)
    rows.flags.writeable = False
    return rows


# Real numbers


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
    ):
        assert children.dtype == dtype
        assert (children >= floor).all()
        assert (children <= ceiling).all()
    assert (mothers.tobytes(), fathers.tobytes()) == before


# Integers and categories


def test_creep_steps_are_geometric_and_never_zero():
    mean = 2.5
    step = variation.creep_mutation(
        column(0, dtype=np.int32), -1000, 1000, generator(), 1.0, mean
    ).ravel()
    assert_mean((step > 0).astype(float), 0.5)
    length = np.abs(step)
    assert length.min() == 1
    assert_mean(length.astype(float), mean)
    for k in (1, 2, 3, 5):
        assert_mean((length == k).astype(float), (1 / mean) * (1 - 1 / mean) ** (k - 1))


def test_creep_reflects_at_the_bounds():
    at_low = variation.creep_mutation(column(3, dtype=np.int32), 3, 9, generator(), 1.0)
    assert set(at_low.ravel()) == {4}
    with pytest.raises(VariationError, match="at least 1"):
        variation.creep_mutation(column(3, dtype=np.int32), 3, 9, generator(), 1.0, 0.5)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    low=st.integers(-(2**31), 2**31 - 1),
    span=st.integers(0, 2**32),
    step=st.sampled_from([1.0, 7.0, 1e9]),
)
def test_creep_keeps_bounds_dtype_and_inputs(seed, low, span, step):
    rng = generator(seed)
    high = min(low + span, 2**31 - 1)
    rows = rng.integers(low, high, (60, 3), dtype=np.int32, endpoint=True)
    rows[:5], rows[5:10] = low, high
    before = rows.tobytes()
    children = variation.creep_mutation(rows, low, high, rng, 0.7, step)
    assert children.dtype == np.int32
    assert children.min() >= low
    assert children.max() <= high
    assert rows.tobytes() == before


def test_reset_reaches_every_other_category_evenly_and_never_the_same():
    moved = variation.reset_mutation(column(2, dtype=np.int16), 6, generator(), 1.0).ravel()
    counts = np.bincount(moved, minlength=6)
    assert counts[2] == 0
    assert_even(np.delete(counts, 2))
    assert moved.dtype == np.int16


def test_a_single_category_stays():
    rows = np.zeros((100, 2), np.int16)
    moved = variation.reset_mutation(rows, [1, 2], generator(), 1.0)
    np.testing.assert_array_equal(moved, np.tile([0, 1], (100, 1)))


def test_uniform_crossover_takes_the_father_at_its_share():
    children = variation.uniform_crossover(
        column(0, dtype=np.int16), column(1, dtype=np.int16), generator(), 0.3
    )
    assert children.dtype == np.int16
    assert_mean(children.ravel().astype(float), 0.3)


# Permutations


def order_crossover_plain(mother, father, start, stop):
    size = len(mother)
    kept = mother[start:stop]
    child = [None] * size
    child[start:stop] = kept
    rest = [father[(stop + i) % size] for i in range(size)]
    places = [(stop + i) % size for i in range(size - len(kept))]
    for place, value in zip(places, [v for v in rest if v not in kept], strict=True):
        child[place] = value
    return child


def test_order_crossover_of_eiben_and_smith():
    child = np.array([[1, 2, 3, 4, 5, 6, 7, 8, 9]]) - 1
    father = np.array([[9, 3, 7, 8, 2, 6, 5, 1, 4]]) - 1
    variation._fill_in_order(child, father, np.array([3]), np.array([7]))
    assert (child[0] + 1).tolist() == [3, 8, 2, 4, 5, 6, 7, 1, 9]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_order_crossover_equals_the_plain_one(data):
    size = data.draw(st.integers(1, 9))
    mother = data.draw(st.permutations(range(size)))
    father = data.draw(st.permutations(range(size)))
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, size)] * 2)))
    child = np.array([mother])
    variation._fill_in_order(child, np.array([father]), np.array([start]), np.array([stop]))
    assert child[0].tolist() == order_crossover_plain(mother, father, start, stop)


def test_order_crossover_cuts_everywhere_evenly():
    mother, father = [0, 1, 2, 3, 4], [3, 1, 4, 0, 2]
    children = variation.order_crossover(
        np.tile(np.int8(mother), (N, 1)), np.tile(np.int8(father), (N, 1)), generator()
    )
    expected = Counter(
        tuple(order_crossover_plain(mother, father, *cut)) for cut in combinations(range(6), 2)
    )
    got = Counter(map(tuple, children.tolist()))
    assert set(got) == set(expected)
    assert_even([got[child] / ways for child, ways in expected.items()])


def test_order_crossover_refuses_what_is_no_permutation():
    rows = np.array([[1, 2, 3]])
    with pytest.raises(VariationError, match=r"permutations of 0\.\.2; got values from 1 to 3"):
        variation.order_crossover(rows, rows, generator())


def test_swap_exchanges_every_pair_of_places_evenly():
    rows = np.tile(np.arange(5, dtype=np.int8), (200_000, 1))
    moved = variation.swap_mutation(rows, generator(), 0.01)
    changed = moved != rows
    single = np.flatnonzero(changed.sum(axis=1) == 2)
    assert len(single) > 5000
    assert not (changed.sum(axis=1) == 1).any()
    pairs = Counter(tuple(np.flatnonzero(row).tolist()) for row in changed[single])
    assert_even([pairs[pair] for pair in combinations(range(5), 2)])
    assert_mean(changed.any(axis=1).astype(float), 1 - 0.99**5)


def test_insertion_moves_every_place_to_every_other_evenly():
    size = 4
    rows = np.tile(np.arange(size, dtype=np.int8), (200_000, 1))
    moved = variation.insertion_mutation(rows, generator(), 0.005)
    ways = Counter()
    for source in range(size):
        for target in set(range(size)) - {source}:
            order = list(range(size))
            order.insert(target, order.pop(source))
            ways[tuple(order)] += 1
    got = Counter(map(tuple, moved[(moved != rows).any(axis=1)].tolist()))
    assert sum(got[order] for order in ways) > 0.97 * sum(got.values())
    # Two hits in a row, under 1%, blur the counts by less than their chance.
    assert_even([got[order] / count for order, count in ways.items()])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_swap_and_insertion_kernels_equal_plain_lists(data):
    size = data.draw(st.integers(2, 7))
    order = data.draw(st.permutations(range(size)))
    hits = data.draw(st.lists(st.permutations(range(size)).map(lambda p: p[:2]), max_size=5))
    row = np.zeros(len(hits), int)
    place, partner = np.array(hits, int).reshape(-1, 2).T
    swapped, inserted = np.array([order]), np.array([order])
    variation._swap(swapped, row, place, partner)
    variation._insert(inserted, row, place, partner)
    plain_swap, plain_insert = list(order), list(order)
    for a, b in hits:
        plain_swap[a], plain_swap[b] = plain_swap[b], plain_swap[a]
        plain_insert.insert(b, plain_insert.pop(a))
    assert swapped[0].tolist() == plain_swap
    assert inserted[0].tolist() == plain_insert


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.floats(0, 1))
def test_permutation_operators_keep_permutations_and_inputs(seed, size, rate):
    rng = generator(seed)
    mothers, fathers = (
        rng.permuted(np.tile(np.arange(size, dtype=np.int8), (20, 1)), axis=1) for _ in range(2)
    )
    before = mothers.tobytes(), fathers.tobytes()
    for children in (
        variation.order_crossover(mothers, fathers, rng),
        variation.swap_mutation(mothers, rng, rate),
        variation.insertion_mutation(mothers, rng, rate),
    ):
        assert children.dtype == np.int8
        np.testing.assert_array_equal(np.sort(children, axis=1), np.tile(np.arange(size), (20, 1)))
    assert (mothers.tobytes(), fathers.tobytes()) == before


# Simplexes


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


# All mutations

MUTATIONS = {
    "polynomial": (0.5, lambda rows, *args: variation.polynomial_mutation(rows, 0, 1, *args)),
    "gaussian": (0.5, lambda rows, *args: variation.gaussian_mutation(rows, 0, 1, *args)),
    "creep": (5000, lambda rows, *args: variation.creep_mutation(rows, 0, 10_000, *args)),
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
