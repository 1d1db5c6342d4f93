"""Grids and centroidal cells: each point in its box or by its nearest centroid, evenly."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution.diversity import CVT, Grid

UNIT = [(0.0, 1.0), (0.0, 1.0)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-2, 3), st.floats(-20, 20)), max_size=20))
def test_a_point_lies_in_the_box_that_holds_it(points):
    grid = Grid([(0, 1), (-10, 10)], (4, 5))
    points = np.array(points, dtype=float).reshape(-1, 2)
    for point, cell in zip(points, grid.index_of(points), strict=True):
        place = [
            min(max(int((x + 1e-9 - low) // width), 0), boxes - 1)
            for x, low, width, boxes in zip(point, (0, -10), (0.25, 4.0), (4, 5), strict=True)
        ]
        on_an_edge = any(
            abs((x - low) / width - round((x - low) / width)) < 1e-6
            for x, low, width in zip(point, (0, -10), (0.25, 4.0), strict=True)
        )
        assert on_an_edge or cell == place[0] * 5 + place[1]


def test_edges_far_points_and_failures_of_a_grid():
    grid = Grid([(0, 1)], 10)
    edges = np.arange(10)[:, np.newaxis] / 10
    assert grid.index_of(edges).tolist() == list(range(10))
    far = [[1.0], [1e300], [-1e300], [np.nan], [np.inf]]
    assert grid.index_of(far).tolist() == [9, 9, 0, -1, -1]
    small = Grid([(0, 1e-6)], 10)  # whose boxes are no wider than the tolerance at edges
    assert small.index_of(edges * 1e-6).tolist() == list(range(10))
    assert small.index_of([[0.55e-6], [0.95e-6]]).tolist() == [5, 9]
    box = Grid(UNIT, (3, 7))
    assert box.index_of(box.centres).tolist() == list(range(21))


@pytest.mark.parametrize("dimensions", [2, 9])
def test_a_centroidal_cell_is_that_of_the_nearest_centroid(dimensions):
    rng = np.random.default_rng(1)
    ranges = [(-1.0, 3.0)] * (dimensions - 1) + [(0.0, 100.0)]
    cells = CVT(ranges, 50, rng=2, samples=10, rounds=3)
    low, high = np.array(ranges).T
    points = low + rng.uniform(-0.2, 1.2, (200, dimensions)) * (high - low)
    gaps = (points[:, np.newaxis] - cells.centroids) / (high - low)
    assert (cells.index_of(points) == (gaps**2).sum(axis=2).argmin(axis=1)).all()
    assert cells.index_of(np.full((1, dimensions), np.nan)).tolist() == [-1]
    again = CVT(ranges, 50, rng=2, samples=10, rounds=3)
    assert again.settings == cells.settings != CVT(ranges, 50, rng=3, samples=10).settings


@pytest.mark.parametrize("dimensions", [2, 9])
def test_a_point_far_away_lies_in_the_outermost_cell_on_its_side(dimensions):
    centroids = np.full((3, dimensions), 0.5)
    centroids[:, 0] = [0.5, 0.75, 0.25]
    for size in (1.0, 1e-3):
        cells = CVT.at(size * centroids, [(0.0, size)] * dimensions)
        for far in (1e8, 1e160, 1e308):
            points = np.full((2, dimensions), 0.5 * size)
            points[:, 0] = far, -far
            assert cells.index_of(points).tolist() == [1, 2]


def test_centroidal_cells_are_of_even_size():
    cells = CVT([(0, 1), (-50, 50)], 200, rng=1)
    points = np.random.default_rng(2).uniform([0, -50], [1, 50], (200_000, 2))
    cell = cells.index_of(points)
    held = np.bincount(cell, minlength=200) / 1000
    # Cells around points drawn at random have a standard deviation of 0.53.
    assert held.std() < 0.12
    assert 0.6 < held.min() <= held.max() < 1.5
    # Each centroid is the mean of its cell, as its name says.
    means = [points[cell == each].mean(axis=0) for each in range(200)]
    off = (np.array(means) - cells.centroids) / [1, 100]
    assert np.abs(off).max() < 0.01


def test_centroids_of_ones_own():
    cells = CVT.at([[0.0, 0.0], [10.0, 0.0]])
    assert cells.index_of([[4.9, 50.0], [5.1, 50.0]]).tolist() == [0, 1]
    assert cells.centres.tolist() == [[0.0, 0.0], [10.0, 0.0]]
    scaled = CVT.at([[0.0, 0.0], [1.0, 100.0]], [(0, 1), (0, 1000)])
    assert scaled.index_of([[0.4, 200.0]]).tolist() == [0]
