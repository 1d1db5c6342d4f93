"""Operators on permutations against plain references, and even in all they choose."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import variation
from evolution.variation import VariationError, permutation
from tests.evolution.variation.samples import N, assert_even, assert_mean, generator


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
    permutation._fill_in_order(child, father, np.array([3]), np.array([7]))
    assert (child[0] + 1).tolist() == [3, 8, 2, 4, 5, 6, 7, 1, 9]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_order_crossover_equals_the_plain_one(data):
    size = data.draw(st.integers(1, 9))
    mother = data.draw(st.permutations(range(size)))
    father = data.draw(st.permutations(range(size)))
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, size)] * 2)))
    child = np.array([mother])
    permutation._fill_in_order(child, np.array([father]), np.array([start]), np.array([stop]))
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


def partially_mapped_plain(mother, father, start, stop):
    """Goldberg & Lingle: the father, after swapping its values into the mother's slice."""
    child = list(father)
    for place in range(start, stop):
        other = child.index(mother[place])
        child[place], child[other] = child[other], child[place]
    return child


def partially_mapped(mother, father, start, stop):
    child = np.array([mother])
    permutation._fill_by_map(child, np.array([father]), np.array([start]), np.array([stop]))
    return child[0].tolist()


def test_partially_mapped_crossover_of_goldberg_and_lingle():
    a = [9, 8, 4, 5, 6, 7, 1, 3, 2, 0]
    b = [8, 7, 1, 2, 3, 0, 9, 5, 4, 6]
    assert partially_mapped(b, a, 3, 6) == [9, 8, 4, 2, 3, 0, 1, 6, 5, 7]
    assert partially_mapped(a, b, 3, 6) == [8, 0, 1, 5, 6, 7, 9, 2, 4, 3]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_partially_mapped_crossover_equals_the_plain_one(data):
    size = data.draw(st.integers(1, 9))
    mother = data.draw(st.permutations(range(size)))
    father = data.draw(st.permutations(range(size)))
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, size)] * 2)))
    expected = partially_mapped_plain(mother, father, start, stop)
    assert partially_mapped(mother, father, start, stop) == expected


def test_partially_mapped_crossover_cuts_everywhere_evenly():
    mother, father = [0, 1, 2, 3, 4], [3, 1, 4, 0, 2]
    children = variation.partially_mapped_crossover(
        np.tile(np.int8(mother), (N, 1)), np.tile(np.int8(father), (N, 1)), generator()
    )
    expected = Counter(
        tuple(partially_mapped_plain(mother, father, *cut)) for cut in combinations(range(6), 2)
    )
    got = Counter(map(tuple, children.tolist()))
    assert set(got) == set(expected)
    assert_even([got[child] / ways for child, ways in expected.items()])


@pytest.mark.parametrize("wrong", [[1, 2, 3], [0, 0, 1], [-1, 0, 1]])
@pytest.mark.parametrize("cross", [variation.order_crossover, variation.partially_mapped_crossover])
def test_crossovers_refuse_what_is_no_permutation(cross, wrong):
    rows = np.array([[2, 1, 0], wrong])
    with pytest.raises(VariationError, match=rf"permutations of 0\.\.2; row 1 is \{wrong}"):
        cross(rows, rows[[0, 0]], generator())
    with pytest.raises(VariationError, match="row 1 is"):
        cross(rows[[0, 0]], rows, generator())


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


def test_inversion_turns_every_slice_evenly():
    size = 5
    rows = np.tile(np.arange(size, dtype=np.int8), (200_000, 1))
    moved = variation.inversion_mutation(rows, generator(), 0.005)
    turned = []
    for first, last in combinations(range(size), 2):
        order = list(range(size))
        order[first : last + 1] = order[first : last + 1][::-1]
        turned.append(tuple(order))
    got = Counter(map(tuple, moved[(moved != rows).any(axis=1)].tolist()))
    assert sum(got[order] for order in turned) > 0.97 * sum(got.values())
    assert_even([got[order] for order in turned])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_kernels_of_mutation_equal_plain_lists(data):
    size = data.draw(st.integers(2, 7))
    order = data.draw(st.permutations(range(size)))
    hits = data.draw(st.lists(st.permutations(range(size)).map(lambda p: p[:2]), max_size=5))
    row = np.zeros(len(hits), int)
    place, partner = np.array(hits, int).reshape(-1, 2).T
    swapped, inserted, inverted = (np.array([order]) for _ in range(3))
    permutation._swap(swapped, row, place, partner)
    permutation._insert(inserted, row, place, partner)
    permutation._invert(inverted, row, place, partner)
    plain_swap, plain_insert, plain_invert = (list(order) for _ in range(3))
    for a, b in hits:
        plain_swap[a], plain_swap[b] = plain_swap[b], plain_swap[a]
        plain_insert.insert(b, plain_insert.pop(a))
        first, last = min(a, b), max(a, b) + 1
        plain_invert[first:last] = plain_invert[first:last][::-1]
    assert swapped[0].tolist() == plain_swap
    assert inserted[0].tolist() == plain_insert
    assert inverted[0].tolist() == plain_invert


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
        variation.inversion_mutation(mothers, rng, rate),
        variation.partially_mapped_crossover(mothers, fathers, rng),
    ):
        assert children.dtype == np.int8
        np.testing.assert_array_equal(np.sort(children, axis=1), np.tile(np.arange(size), (20, 1)))
    assert (mothers.tobytes(), fathers.tobytes()) == before
