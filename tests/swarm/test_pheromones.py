"""Pheromone fields against a plain reference, and what diffusion must and must not do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.motion.pheromones import PheromoneError, PheromoneField, turned

SIDES = [(0, -1), (0, 1), (-1, 0), (1, 0)]
CORNERS = [(-1, -1), (-1, 1), (1, -1), (1, 1)]


def reference_step(pheromones: PheromoneField) -> NDArray[np.float64]:
    """Every cell hands a share to each neighbour, and keeps what would cross a wall."""
    height, width = pheromones.amounts.shape
    moves = SIDES + (CORNERS if pheromones.neighbours == 8 else [])
    after = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            amount = pheromones.amounts[y, x]
            after[y, x] += amount * (1 - pheromones.diffusion)
            for down, right in moves:
                row, column = y + down, x + right
                if pheromones.periodic:
                    row, column = row % height, column % width
                elif not (0 <= row < height and 0 <= column < width):
                    row, column = y, x
                after[row, column] += amount * pheromones.diffusion / len(moves)
    return after * (1 - pheromones.evaporation)


@st.composite
def fields(draw: st.DrawFn, evaporation: float | None = None) -> PheromoneField:
    share = st.floats(0, 1)
    made = PheromoneField(
        draw(st.integers(1, 7)),
        draw(st.integers(1, 7)),
        draw(share) if evaporation is None else evaporation,
        draw(share),
        draw(st.sampled_from([4, 8])),
        draw(st.booleans()),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    made.amounts = rng.integers(0, 1000, made.amounts.shape).astype(float)
    return made


@settings(deadline=None, max_examples=50)
@given(fields())
def test_a_step_equals_the_reference(pheromones: PheromoneField) -> None:
    expected = reference_step(pheromones)
    pheromones.step()
    np.testing.assert_allclose(pheromones.amounts, expected, rtol=1e-12, atol=1e-9)
    assert (pheromones.amounts >= 0).all()


@settings(deadline=None, max_examples=50)
@given(fields(evaporation=0.0))
def test_diffusion_keeps_all_mass(pheromones: PheromoneField) -> None:
    before = math.fsum(pheromones.amounts.flat)
    for _ in range(5):
        pheromones.step()
    assert math.fsum(pheromones.amounts.flat) == pytest.approx(before, rel=1e-13)


@settings(deadline=None, max_examples=50)
@given(fields(evaporation=0.0))
def test_mass_is_kept_to_the_last_bit_where_shares_are_binary(pheromones: PheromoneField) -> None:
    pheromones.diffusion = 0.5  # an eighth or a sixteenth to each neighbour
    before = math.fsum(pheromones.amounts.flat)
    for _ in range(5):
        pheromones.step()
    assert math.fsum(pheromones.amounts.flat) == before


@pytest.mark.parametrize(("neighbours", "spread"), [(4, 1 / 2), (8, 3 / 4)])
def test_a_drop_spreads_as_the_stencil_says(neighbours: int, spread: float) -> None:
    # A share moves one column with probability 2/4, or 6/8: the variance added by each step.
    drop = PheromoneField(81, 81, 0.0, 0.3, neighbours)
    drop.deposit([[40, 40]])
    for _ in range(20):
        drop.step()
    offsets = np.arange(81) - 40
    assert drop.amounts.sum(axis=0) @ offsets**2 == pytest.approx(20 * 0.3 * spread)
    assert drop.amounts.sum(axis=1) @ offsets**2 == pytest.approx(20 * 0.3 * spread)
    np.testing.assert_allclose(drop.amounts, drop.amounts.T, rtol=1e-12)


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("neighbours", [4, 8])
def test_a_level_field_stays_level_and_fades(neighbours: int, periodic: bool) -> None:
    level = PheromoneField(5, 9, 0.25, 0.7, neighbours, periodic)
    level.amounts[:] = 2.0
    for _ in range(3):
        level.step()
    np.testing.assert_allclose(level.amounts, 2.0 * 0.75**3)


def test_the_default_is_the_mean_filter_of_jones() -> None:
    trail = PheromoneField(6, 7, evaporation=0.0)
    trail.amounts = np.random.default_rng(3).random((6, 7))
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    mean = np.mean([np.roll(trail.amounts, shift, axis=(0, 1)) for shift in shifts], axis=0)
    trail.step()
    np.testing.assert_allclose(trail.amounts, mean)


def test_deposits_in_one_cell_add_up_and_are_sensed() -> None:
    trail = PheromoneField(4, 5)
    trail.deposit([[1, 2], [3, 0], [1, 2], [-3, 7]], [1.0, 2.0, 0.5, 4.0])  # the last wraps
    trail.deposit([[3, 0]])
    trail.deposit([], [])
    assert trail.sense([[1, 2], [3, 0], [0, 0]]).tolist() == [5.5, 3.0, 0.0]
    assert trail.mass == 8.5


def test_three_sensors_look_left_ahead_and_right() -> None:
    trail = PheromoneField(10, 10, periodic=False)
    trail.deposit([[5, 8], [8, 5], [2, 5]], [1.0, 2.0, 3.0])  # columns on, rows on, rows back
    smelt = trail.sense_ahead([[5.5, 5.5]] * 2, [0.0, np.pi / 2], angle=np.pi / 2, reach=3.0)
    assert smelt.tolist() == [[2.0, 1.0, 3.0], [0.0, 2.0, 1.0]]
    assert trail.sense_ahead([[5.5, 5.5]], [0.0], reach=30.0).tolist() == [[0.0, 0.0, 0.0]]
    trail.periodic = True
    assert trail.sense_ahead([[5.5, 0.5]], [np.pi], reach=2.0)[0, 1] == 1.0


def test_turning_follows_the_rule_of_jones() -> None:
    smelt = np.array([[1, 3, 2], [3, 2, 1], [1, 2, 3], [2, 2, 2], [2, 1, 2]])
    headings = turned(np.zeros(5), smelt, np.random.default_rng(0), 0.5)
    assert headings[:4].tolist() == [0.0, 0.5, -0.5, 0.0]
    assert abs(headings[4]) == 0.5
    coins = turned(np.zeros(10_000), np.tile([2, 1, 2], (10_000, 1)), np.random.default_rng(1), 1.0)
    assert set(coins.tolist()) == {-1.0, 1.0}
    assert abs(coins.sum()) < 4 * 100


def test_walkers_find_a_trail_and_keep_to_it() -> None:
    rng = np.random.default_rng(4)
    trail = PheromoneField(40, 40)
    row = np.column_stack((np.full(40, 20), np.arange(40)))
    places, headings = rng.uniform(0, 40, (300, 2)), rng.uniform(0, 2 * np.pi, 300)
    near_before = np.mean(np.abs(places[:, 0] - 20.5) < 3)
    for _ in range(60):
        trail.deposit(row, 5.0)
        trail.step()
        headings = turned(headings, trail.sense_ahead(places, headings, reach=3.0), rng)
        places = (places + np.column_stack((np.sin(headings), np.cos(headings)))) % 40
    assert near_before < 0.3
    assert np.mean(np.abs(places[:, 0] - 20.5) < 3) > 0.9


def test_errors_say_what_is_allowed() -> None:
    with pytest.raises(PheromoneError, match="at least one cell"):
        PheromoneField(0, 4)
    with pytest.raises(PheromoneError, match=r"evaporation is the share.*got 1\.5"):
        PheromoneField(4, 4, evaporation=1.5)
    with pytest.raises(PheromoneError, match="4 or 8"):
        PheromoneField(4, 4, neighbours=6)
    walled = PheromoneField(4, 5, periodic=False)
    with pytest.raises(PheromoneError, match=r"0\.\.3, 0\.\.4.*\[2, 5\]"):
        walled.deposit([[0, 0], [2, 5]])
    with pytest.raises(PheromoneError, match=r"int\[m, 2\]"):
        walled.sense([[0.5, 1.0]])
    with pytest.raises(PheromoneError, match="one for each of the 2"):
        walled.deposit([[0, 0], [1, 1]], [1.0, 2.0, 3.0])
    with pytest.raises(PheromoneError, match="0 or more"):
        walled.deposit([[0, 0]], [-1.0])


def test_cells_of_any_whole_type_and_sizes_whole() -> None:
    for dtype in (np.uint64, np.uint8, np.int8):
        trail = PheromoneField(5, 7)
        trail.deposit(np.array([[6, 8]], dtype), 2.0)
        assert trail.amounts[1, 1] == 2.0
        assert trail.sense(np.array([[1, 15]], dtype)).tolist() == [2.0]
    for sizes in ((5.0, 5), (5, 5.0)):
        with pytest.raises(PheromoneError, match="whole numbers"):
            PheromoneField(*sizes)
