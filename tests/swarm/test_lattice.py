"""Cells of a grid and who is in them, against plain lists."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.chance import below, seeded
from swarm.motion.lattice import (
    Lattice,
    around,
    build as build_with,
    chain,
    die,
    inhabitants,
    is_empty,
    random_around,
    random_empty,
    random_inhabitant,
    relocate,
)


def build(cell: np.ndarray, width: int, height: int, periodic: bool) -> Lattice:
    """With everybody alive."""
    return build_with(cell, np.ones(len(cell), bool), width, height, periodic)


def cells_around(lattice: Lattice, cell: int, radius: int, moore: bool) -> list[int]:
    """Distance by distance: the least number of steps over all images of a cell."""
    found = []
    x, y = cell % lattice.width, cell // lattice.width
    images = (-1, 0, 1) if lattice.periodic else (0,)
    for other in range(lattice.width * lattice.height):
        column, line = other % lattice.width, other // lattice.width
        dx = min(abs(column - x + i * lattice.width) for i in images)
        dy = min(abs(line - y + i * lattice.height) for i in images)
        if other != cell and (max(dx, dy) if moore else dx + dy) <= radius:
            found.append(other)
    return found


@settings(max_examples=150, deadline=None)
@given(
    width=st.integers(1, 7),
    height=st.integers(1, 7),
    periodic=st.booleans(),
    moore=st.booleans(),
    radius=st.integers(0, 8),
    place=st.integers(0, 48),
)
def test_around_gives_each_cell_within_the_radius_once(
    width: int, height: int, periodic: bool, moore: bool, radius: int, place: int
) -> None:
    lattice = build(np.zeros(1, np.int32), width, height, periodic)
    cell = place % (width * height)
    found = np.empty(width * height, np.int64)
    number = around(lattice, cell, radius, moore, found)
    assert sorted(found[:number]) == cells_around(lattice, cell, radius, moore)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), number=st.integers(1, 25), side=st.integers(1, 5))
def test_chains_agree_with_plain_lists(seed: int, number: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    lattice = build(rng.integers(0, side * side, number).astype(np.int32), side, side, False)
    plain = [set(np.flatnonzero(lattice.cell == cell)) for cell in range(side * side)]
    gone = set()
    found = np.empty(number, np.int64)
    for _ in range(3 * number):
        row, cell = rng.integers(number), rng.integers(side * side)
        if row in gone:
            continue
        plain[lattice.cell[row]].discard(row)
        if rng.random() < 0.1:
            die(lattice, row)
            assert not lattice.alive[row]
            relocate(lattice, row, 0)  # no way back
            gone.add(row)
        else:
            relocate(lattice, row, cell)
            plain[cell].add(row)
            assert lattice.cell[row] == cell
        for each, who in enumerate(plain):
            assert set(found[: inhabitants(lattice, each, found)]) == who
            assert is_empty(lattice, each) == (not who)
    assert chain(lattice)
    for each, who in enumerate(plain):
        assert found[: inhabitants(lattice, each, found)].tolist() == sorted(who)


def test_cells_beyond_the_grid_are_noticed() -> None:
    cell = np.array([0, 9], np.int32)
    with pytest.raises(ValueError, match="cells are from 0 to 8"):
        build(cell, 3, 3, False)
    build_with(cell, np.array([True, False]), 3, 3, False)


@pytest.mark.parametrize("empty", [1, 12, 200])  # by luck, and by counting
def test_every_empty_cell_is_as_likely(empty: int) -> None:
    cells, draws = 400, 20_000
    lattice = build(np.arange(cells - empty, dtype=np.int32), 20, 20, False)
    stream = seeded(7)
    drawn = np.bincount([random_empty(lattice, stream) for _ in range(draws)], minlength=cells)
    assert (drawn[: cells - empty] == 0).all()
    expected = draws / empty
    surprise = ((drawn[cells - empty :] - expected) ** 2 / expected).sum()
    assert abs(surprise - (empty - 1)) < 4 * max(1, 2 * (empty - 1)) ** 0.5


@pytest.mark.parametrize(("width", "height"), [(5, 4), (2, 2), (1, 3), (1, 1)])
@pytest.mark.parametrize("periodic", [True, False])
def test_a_random_cell_around_is_drawn_as_from_a_list(
    width: int, height: int, periodic: bool
) -> None:
    lattice = build(np.zeros(1, np.int32), width, height, periodic)
    found = np.empty(8, np.int64)
    stream, other = seeded(1), seeded(1)
    for cell in list(range(width * height)) * 20:
        choices = around(lattice, cell, 1, True, found)
        wanted = found[below(other, choices)] if choices else cell
        assert random_around(lattice, cell, stream) == wanted


def test_an_inhabitant_of_a_kind_is_drawn_any_as_likely() -> None:
    lattice = build(np.zeros(7, np.int32), 2, 2, False)
    kind, stream = np.array([0, 1, 1, 0, 1, 2, 1]), seeded(3)
    drawn = np.bincount(
        [random_inhabitant(lattice, 0, kind, 1, stream) for _ in range(8000)], minlength=7
    )
    assert drawn[kind != 1].tolist() == [0, 0, 0]
    assert (np.abs(drawn[kind == 1] - 2000) < 4 * (8000 * 3 / 16) ** 0.5).all()
    assert random_inhabitant(lattice, 0, kind, 5, stream) == -1
    assert random_inhabitant(lattice, 1, kind, 1, stream) == -1


def test_a_full_grid_has_no_empty_cell() -> None:
    assert random_empty(build(np.arange(9, dtype=np.int32), 3, 3, False), seeded(1)) == -1
