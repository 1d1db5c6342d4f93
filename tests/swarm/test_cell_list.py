"""Neighbours on a plane: the cell list against looking at everybody."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.motion.cell_list import (
    CellList,
    build,
    chain,
    die,
    near,
    near_place,
    relocate,
    room,
)

SIZES = st.floats(0.5, 200.0)


def planted(
    seed: int, number: int, width: float, height: float, periodic: bool, radius: float
) -> CellList:
    rng = np.random.default_rng(seed)
    position = rng.random((number, 2)) * (width, height)
    # Some stand at the border, on lines between cells, and on top of each other.
    position[: number // 4, 0] = 0.0
    position[number // 4 : number // 2, 1] = np.nextafter(height, 0)
    steps = rng.integers(0, 4, (len(position[::3]), 2)) * radius
    position[::3] = np.minimum(steps, np.nextafter((width, height), 0))
    return build(position, np.ones(number, bool), width, height, periodic, radius)


def ways_to_all(cells: CellList, x: float, y: float) -> np.ndarray:
    ways = cells.position - (x, y)
    if cells.periodic:
        size = np.array((cells.width, cells.height))
        ways = np.where(ways > size / 2, ways - size, ways)
        ways = np.where(ways < -size / 2, ways + size, ways)
    return ways


def check_everybody(cells: CellList, radius: float) -> None:
    rows, ways = room(cells)
    for row, (x, y) in enumerate(cells.position):
        found = near(cells, row, radius, rows, ways)
        wanted = ways_to_all(cells, x, y)
        far = np.hypot(*wanted.T)
        far[row] = np.inf
        # At the very radius rounding decides, in another way on the far side of the border.
        assert set(np.flatnonzero(far < radius * (1 - 1e-9))) <= set(rows[:found])
        assert set(rows[:found]) <= set(np.flatnonzero(far <= radius * (1 + 1e-9)))
        assert len(set(rows[:found])) == found
        assert ways[:found] == pytest.approx(wanted[rows[:found]], abs=1e-9 * cells.width)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    number=st.integers(0, 40),
    width=SIZES,
    height=SIZES,
    periodic=st.booleans(),
    share=st.floats(0.01, 1.5),
    other=st.floats(0.0, 2.0),
)
def test_near_finds_exactly_those_within_the_radius(
    seed: int, number: int, width: float, height: float, periodic: bool, share: float, other: float
) -> None:
    radius = share * min(width, height)
    cells = planted(seed, number, width, height, periodic, radius)
    check_everybody(cells, radius)
    check_everybody(cells, other * radius)  # a radius that the list was not built for
    rows, ways = room(cells)
    x, y = np.random.default_rng(seed).random(2) * (width, height)
    found = near_place(cells, x, y, radius, rows, ways)
    far = np.hypot(*ways_to_all(cells, x, y).T)
    assert set(np.flatnonzero(far < radius * (1 - 1e-9))) <= set(rows[:found])
    assert set(rows[:found]) <= set(np.flatnonzero(far <= radius * (1 + 1e-9)))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    number=st.integers(1, 30),
    periodic=st.booleans(),
    pace=st.floats(0.0, 30.0),
)
def test_who_moves_is_found_in_the_new_place_at_once(
    seed: int, number: int, periodic: bool, pace: float
) -> None:
    width, height, radius = 10.0, 7.0, 1.3
    cells = planted(seed, number, width, height, periodic, radius)
    rng = np.random.default_rng(seed)
    assert not cells.changed[0]
    for _ in range(3):
        for row in rng.permutation(number):
            x, y = cells.position[row] + rng.normal(size=2) * pace
            relocate(cells, row, x, y)
            size = np.array((width, height))
            wanted = np.array((x, y)) if periodic else np.clip((x, y), 0, size)
            away = np.abs(cells.position[row] - wanted)
            away = np.minimum(away % size, -away % size) if periodic else away
            assert away == pytest.approx((0, 0), abs=1e-9)
        check_everybody(cells, radius)
    assert cells.changed[0]
    assert (cells.position >= 0).all()
    assert (cells.position < (width, height)).all()


def test_a_chain_made_anew_depends_on_the_places_alone() -> None:
    cells = planted(1, 50, 10.0, 10.0, True, 2.0)
    rng = np.random.default_rng(2)
    for row in rng.integers(0, 50, 200):
        relocate(cells, row, *rng.random(2) * 10)
    chain(cells)
    fresh = build(cells.position.copy(), cells.alive, 10.0, 10.0, True, 2.0)
    assert not cells.changed[0]
    assert cells.first.tolist() == fresh.first.tolist()
    assert cells.following.tolist() == fresh.following.tolist()
    assert cells.previous.tolist() == fresh.previous.tolist()


def test_a_tiny_radius_does_not_make_a_cell_for_every_speck_of_the_plane() -> None:
    places = np.random.default_rng(0).random((10, 2)) * 1e6
    cells = build(places, np.ones(10, bool), 1e6, 1e6, True, 1e-3)
    assert len(cells.first) <= 50
    check_everybody(cells, 1e-3)


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("radius", [0.0, 9.9, 1e9, 1e300, np.inf])
def test_any_radius_is_looked_at(periodic: bool, radius: float) -> None:
    cells = planted(1, 30, 10.0, 10.0, periodic, 1.0)
    rows, ways = room(cells)
    found = near_place(cells, 5.0, 5.0, radius, rows, ways)
    far = np.hypot(*ways_to_all(cells, 5.0, 5.0).T)
    assert sorted(rows[:found]) == np.flatnonzero(far <= radius).tolist()


def test_the_dead_are_found_by_nobody() -> None:
    cells = planted(2, 40, 10.0, 10.0, True, 2.0)
    rows, ways = room(cells)
    for row in (3, 0, 3, 39):
        die(cells, row)
    relocate(cells, 3, 5.0, 5.0)  # no way back
    assert not cells.alive[[0, 3, 39]].any()
    for _ in range(2):
        found = near_place(cells, 5.0, 5.0, 20.0, rows, ways)
        assert sorted(rows[:found]) == [row for row in range(40) if row not in (0, 3, 39)]
        assert chain(cells)


def test_places_beyond_the_plane_are_noticed() -> None:
    position = np.array([[1.0, 1.0], [1.0, 10.0]])
    with pytest.raises(ValueError, match="at least 0 and less than 10"):
        build(position, np.ones(2, bool), 10.0, 10.0, True, 1.0)
    build(position, np.array([True, False]), 10.0, 10.0, True, 1.0)
