"""Operators on integers and categories against their distributions and their bounds."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import variation
from evolution.variation import VariationError
from tests.evolution.variation.samples import assert_even, assert_mean, column, generator


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
