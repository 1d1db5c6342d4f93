"""Mesa's flocks fly by the formula, each in its own space."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from benchmarks.peers import MesaBinnedFlocking, MesaExampleFlocking, MesaFlocking
from tests.peers.draws import order_of, seeds

FLOCKS = (MesaFlocking, MesaBinnedFlocking, MesaExampleFlocking)


def flown(flock: list[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions and velocities of birds of any kind, float64[n, 2] each."""
    if all(hasattr(bird, "velocity") for bird in flock):
        places, ways = [bird.position for bird in flock], [bird.velocity for bird in flock]
    else:
        places = [(bird.x, bird.y) for bird in flock]
        ways = [(bird.dx, bird.dy) for bird in flock]
    return np.array(places), np.array(ways)


def plant(bird: Any, position: tuple[float, float], velocity: tuple[float, float]) -> None:
    if hasattr(bird, "velocity"):
        bird.position = np.array(position)
        bird.velocity = np.array(velocity, dtype=np.float64)
    else:
        bird.move_to(*position)
        bird.dx, bird.dy = velocity


def apart(
    one: NDArray[np.float64], other: NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    """From one to the other, the shortest way around."""
    between = other - one
    return between - width * np.round(between / width)


def steered(
    place: NDArray[np.float64], fly: NDArray[np.float64], i: int, width: float, vision: float
) -> NDArray[np.float64]:
    """The formula for bird i, from all positions and velocities, float64[n, 2] each."""
    heading = apart(place[i], place, width)
    distance = np.hypot(*heading.T)
    near = distance <= vision
    near[i] = False
    if not near.any():
        return fly[i]
    close = near & (distance < 1)
    pull = heading[near].sum(0) * 0.03 + fly[near].sum(0) * 0.05 - heading[close].sum(0) * 0.015
    turned = fly[i] + pull / near.sum()
    return turned / np.linalg.norm(turned)


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(FLOCKS),
    birds=st.integers(1, 12),
    width=st.sampled_from([4.0, 7.5, 12.0]),
    vision=st.sampled_from([0.9, 1.3, 2.0]),
    seed=seeds,
)
def test_a_flock_flies_by_the_formula(
    kind: type[MesaFlocking], birds: int, width: float, vision: float, seed: int
) -> None:
    model = kind(birds, width, vision, seed)
    flock = list(model.agents)
    place, fly = flown(flock)
    for _ in range(3):
        for bird in order_of(model):
            i = flock.index(bird)
            fly[i] = steered(place, fly, i, width, vision)
            place[i] = (place[i] + fly[i]) % width
        model.step()
        places, ways = flown(flock)
        assert np.abs(apart(place, places, width)).max() < 1e-9
        assert ways == pytest.approx(fly, abs=1e-9)
    headings = fly / np.linalg.norm(fly, axis=1)[:, None]
    order = float(np.linalg.norm(headings.mean(0)))
    assert model.measures()["order"] == pytest.approx(order, abs=1e-9)


@pytest.mark.parametrize("kind", FLOCKS)
def test_three_birds_by_hand(kind: type[MesaFlocking]) -> None:
    model = kind(3, 10, 3, seed=1)
    first, second, alone = model.agents
    plant(first, (9.75, 5), (0.5, 0))
    plant(second, (0.25, 5), (0, 0.5))  # half a unit to the right, over the edge
    plant(alone, (5, 5), (-0.25, 0.75))
    first.step()
    x, y = 0.5 + 0.5 * 0.03 - 0.5 * 0.015, 0.5 * 0.05
    length = math.sqrt(x * x + y * y)
    alone.step()  # keeps a velocity that is not of length 1
    (turned, _, kept), (way, _, same) = flown([first, second, alone])
    assert way == pytest.approx((x / length, y / length))
    assert turned == pytest.approx((9.75 + x / length - 10, 5 + y / length))
    assert (*same, *kept) == (-0.25, 0.75, 4.75, 5.75)


def test_vision_counts_the_bird_at_its_very_edge() -> None:
    for kind in FLOCKS:
        model = kind(2, 12, 3, seed=1)
        first, second = model.agents
        plant(first, (1, 1), (1, 0))
        plant(second, (10, 1), (0, 1))
        first.step()
        assert flown([first])[1][0, 1] > 0
        plant(first, (1.001, 1), (1, 0))
        first.step()
        assert flown([first])[1][0, 1] == 0


@pytest.mark.parametrize("kind", [MesaBinnedFlocking, MesaExampleFlocking])
def test_every_kind_flies_the_flight_of_the_tuned_one(kind: type[MesaFlocking]) -> None:
    model, tuned = kind(60, 20, 3, seed=5), MesaFlocking(60, 20, 3, seed=5)
    chance = np.random.default_rng(6)
    for mine, its in zip(model.agents, tuned.agents, strict=True):
        place, way = tuple(chance.uniform(0, 20, 2)), tuple(chance.normal(size=2))
        plant(mine, place, way)
        plant(its, place, way)
    start, _ = flown(list(tuned.agents))
    for _ in range(20):
        model.step()
        tuned.step()
    places, ways = flown(list(tuned.agents))
    assert np.abs(apart(start, places, 20)).max() > 1  # they did fly
    found = flown(list(model.agents))
    assert np.abs(apart(places, found[0], 20)).max() < 1e-9
    assert found[1] == pytest.approx(ways, abs=1e-9)
    assert model.measures() == pytest.approx(tuned.measures())


def test_a_vision_over_half_the_width_is_refused() -> None:
    with pytest.raises(ValueError, match="half the width"):
        MesaFlocking(3, 10, 5.5, seed=1)
