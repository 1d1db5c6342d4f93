"""Crossovers that exchange genes: where they cut, against a plain reference."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import variation
from evolution.variation import VariationError
from tests.evolution.variation.samples import N, assert_even, assert_mean, column, generator


def test_uniform_crossover_takes_the_father_at_its_share():
    children = variation.uniform_crossover(
        column(0, dtype=np.int16), column(1, dtype=np.int16), generator(), 0.3
    )
    assert children.dtype == np.int16
    assert_mean(children.ravel().astype(float), 0.3)


def cuts_of(children):
    """Where rows of zeros and ones change."""
    return [tuple((np.flatnonzero(np.diff(row)) + 1).tolist()) for row in children]


@pytest.mark.parametrize("points", [1, 2, 3])
def test_every_choice_of_cuts_is_equally_likely(points):
    size = 5
    mothers, fathers = np.zeros((N, size), np.int8), np.ones((N, size), np.int8)
    children = variation.multi_point_crossover(mothers, fathers, generator(), points)
    got = Counter(cuts_of(children))
    assert set(got) == set(combinations(range(1, size), points))
    assert_even(list(got.values()))
    assert not children[:, 0].any()  # the first piece is the mother's


def test_one_point_crossover_is_multi_point_crossover_with_one():
    mothers, fathers = generator(2).random((2, 50, 6))
    np.testing.assert_array_equal(
        variation.one_point_crossover(mothers, fathers, generator()),
        variation.multi_point_crossover(mothers, fathers, generator(), 1),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 8), st.data())
def test_pieces_are_the_parents_in_turn(seed, size, data):
    points = data.draw(st.integers(1, size - 1))
    rng = generator(seed)
    parents = rng.random((2, 10, size)).astype(data.draw(st.sampled_from([np.float64, np.float32])))
    before = parents.tobytes()
    children = variation.multi_point_crossover(parents[0], parents[1], rng, points)
    assert parents.tobytes() == before
    assert children.dtype == parents.dtype
    for child, mother, father in zip(children, *parents, strict=True):
        (cuts,) = cuts_of([child == father])
        assert len(cuts) == points
        pieces = np.split(np.arange(size), cuts)
        expected = [(mother, father)[i % 2][piece] for i, piece in enumerate(pieces)]
        np.testing.assert_array_equal(child, np.concatenate(expected))


@pytest.mark.parametrize("points", [0, 4])
def test_there_must_be_places_to_cut(points):
    rows = np.zeros((3, 4))
    with pytest.raises(VariationError, match=f"points is {points}; rows of 4 genes have 3 places"):
        variation.multi_point_crossover(rows, rows, generator(), points)
    with pytest.raises(VariationError, match="rows of 1 genes have 0 places"):
        variation.one_point_crossover(rows[:, :1], rows[:, :1], generator())
    with pytest.raises(VariationError, match="share is -1"):
        variation.uniform_crossover(rows, rows, generator(), -1)
