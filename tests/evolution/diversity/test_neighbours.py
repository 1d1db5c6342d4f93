"""Neighbours and novelty against brute force, with ties and numbers that float32 cannot hold."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from evolution.diversity import DiversityError, NeighbourArchive


def nearest_plain(points, queries, k, skip=None):
    squares = np.zeros((len(queries), len(points)))
    for d in range(points.shape[1]):
        squares += (queries[:, d, np.newaxis] - points[:, d]) ** 2
    if skip is not None:
        squares[np.arange(len(queries)), skip] = np.inf
    rows = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return np.sqrt(np.take_along_axis(squares, rows, axis=1)), rows


# Few values, so that distances tie; and values of which float32 knows nothing.
coarse = st.integers(-2, 2).map(float)
odd = st.sampled_from([0.0, 1e-30, 1.0, 1.0 + 1e-12, 1.0 - 1e-12, 1e8, 1e8 + 1, 1e30, -1e30])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.sampled_from([coarse, odd]), st.integers(1, 6), st.data())
def test_neighbours_equal_those_of_brute_force(dimensions, values, k, data):
    def draw(least, most):
        shape = (data.draw(st.integers(least, most)), dimensions)
        return data.draw(hnp.arrays(np.float64, shape, elements=values))

    parts, queries = [draw(0, 10) for _ in range(3)], draw(0, 4)
    archive = NeighbourArchive(dimensions)
    for part in parts:
        archive.add(part)
    points = np.concatenate(parts)
    np.testing.assert_array_equal(archive.points, points)
    distances, rows = archive.nearest(queries, k)
    expected, expected_rows = nearest_plain(points, queries, k)
    there = min(k, len(points))
    np.testing.assert_array_equal(rows[:, :there], expected_rows)
    np.testing.assert_array_equal(distances[:, :there], expected)
    assert (rows[:, there:] == -1).all()
    assert np.isinf(distances[:, there:]).all()


@pytest.mark.parametrize("dimensions", [1, 2, 7, 32])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_neighbours_among_many_points_added_in_parts(dimensions, offset):
    rng = np.random.default_rng(1)
    points = offset + np.round(rng.normal(size=(1500, dimensions)), 2)
    archive = NeighbourArchive(dimensions)
    for part in np.split(points, [1, 2, 130, 700, 701]):
        archive.add(part)
    queries = points[::10] + 0.001
    distances, rows = archive.nearest(queries, 15)
    expected, expected_rows = nearest_plain(points, queries, 15)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(distances, expected)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 6), st.integers(1, 8), st.integers(1, 5), st.data())
def test_novelty_counts_the_archive_and_the_batch_but_not_oneself(n, q, k, data):
    points = data.draw(hnp.arrays(np.float64, (n, 2), elements=coarse))
    batch = data.draw(hnp.arrays(np.float64, (q, 2), elements=coarse))
    archive = NeighbourArchive(2)
    archive.add(points)
    everyone = np.concatenate([points, batch])
    there = min(k, len(everyone) - 1)
    distances, rows = nearest_plain(everyone, batch, there, skip=n + np.arange(q))
    found, found_rows = archive.neighbourhood(batch, k)
    np.testing.assert_array_equal(found_rows[:, :there], rows)
    np.testing.assert_array_equal(found[:, :there], distances)
    novelty = archive.novelty(batch, k)
    if there:
        np.testing.assert_allclose(novelty, distances.mean(axis=1), rtol=1e-15)
    else:
        assert np.isinf(novelty).all()


def test_what_is_no_point_is_refused():
    archive = NeighbourArchive(2)
    for points in ([[np.nan, 0.0]], [[1.0]], [1.0, 2.0], [[np.inf, 1.0]]):
        with pytest.raises(DiversityError, match="all finite"):
            archive.add(points)
    with pytest.raises(DiversityError, match="k is 0"):
        archive.nearest([[0.0, 0.0]], 0)
    with pytest.raises(DiversityError, match="at least 1"):
        NeighbourArchive(0)
    assert len(archive) == 0
