"""The peers of the benchmarks follow the rules they are said to follow.

A step of Mesa's first draws the order in which its agents act; `order_of` draws the same from a
copy of the generator, so that plain references can live the step again.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.peers import (
    MesaBinnedFlocking,
    MesaBoltzmann,
    MesaCellSchelling,
    MesaFlocking,
    MesaForestFire,
    MesaSchelling,
    MesaWolfSheep,
)
from benchmarks.peers.flocking import Bird
from benchmarks.peers.forest_fire import BURNED, BURNING, FINE
from benchmarks.peers.wolf_sheep import Sheep, Wolf

seeds = st.integers(0, 2**31)


def order_of(model: Any) -> list[Any]:
    """The agents in the order in which the next step will call them."""
    order = list(model.agents)
    same_chance(model).shuffle(order)
    return order


def same_chance(model: Any) -> random.Random:
    """A copy of the model's generator: what it draws, the model will draw."""
    chance = random.Random()
    chance.setstate(model.random.getstate())
    return chance


# Flocking

FLOCKS = (MesaFlocking, MesaBinnedFlocking)


def steered(
    place: NDArray[np.float64], fly: NDArray[np.float64], i: int, width: float, vision: float
) -> NDArray[np.float64]:
    """The formula for bird i, from all positions and velocities, float64[n, 2] each."""
    heading = place - place[i]
    heading -= width * np.round(heading / width)
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
    place = np.array([(bird.x, bird.y) for bird in flock])
    fly = np.array([(bird.dx, bird.dy) for bird in flock])
    for _ in range(3):
        for bird in order_of(model):
            i = flock.index(bird)
            fly[i] = steered(place, fly, i, width, vision)
            place[i] = (place[i] + fly[i]) % width
        model.step()
        apart = np.array([(bird.x, bird.y) for bird in flock]) - place
        apart -= width * np.round(apart / width)
        assert np.abs(apart).max() < 1e-9
        assert np.array([(bird.dx, bird.dy) for bird in flock]) == pytest.approx(fly, abs=1e-9)
    headings = fly / np.linalg.norm(fly, axis=1)[:, None]
    order = float(np.linalg.norm(headings.mean(0)))
    assert model.measures()["order"] == pytest.approx(order, abs=1e-9)


def plant(bird: Bird, position: tuple[float, float], velocity: tuple[float, float]) -> None:
    bird.move_to(*position)
    bird.dx, bird.dy = velocity


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
    assert (first.dx, first.dy) == pytest.approx((x / length, y / length))
    assert (first.x, first.y) == pytest.approx((9.75 + x / length - 10, 5 + y / length))
    alone.step()  # keeps a velocity that is not of length 1
    assert (alone.dx, alone.dy, alone.x, alone.y) == (-0.25, 0.75, 4.75, 5.75)


def test_vision_counts_the_bird_at_its_very_edge() -> None:
    for kind in FLOCKS:
        model = kind(2, 12, 3, seed=1)
        first, second = model.agents
        plant(first, (1, 1), (1, 0))
        plant(second, (10, 1), (0, 1))
        first.step()
        assert first.dy > 0
        plant(first, (1.001, 1), (1, 0))
        first.step()
        assert first.dy == 0


def test_a_vision_over_half_the_width_is_refused() -> None:
    with pytest.raises(ValueError, match="half the width"):
        MesaFlocking(3, 10, 5.5, seed=1)


# Schelling


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from([MesaSchelling, MesaCellSchelling]),
    width=st.integers(3, 8),
    share=st.floats(0.1, 0.95),
    radius=st.integers(1, 3),
    minimum=st.integers(1, 6),
    seed=seeds,
)
def test_those_who_want_to_move_and_no_others_do(
    kind: type[MesaSchelling], width: int, share: float, radius: int, minimum: int, seed: int
) -> None:
    model = kind(width, max(1, int(share * (width**2 - 1))), radius, minimum, seed)
    people = list(model.agents)

    def homes() -> dict[Any, tuple[int, int]]:
        return {a: a.pos if kind is MesaSchelling else a.cell.coordinate for a in people}

    def around(city: dict[tuple[int, int], int], home: tuple[int, int]) -> list[int]:
        x, y = home
        near = [(u, v) for u, v in city if max(abs(u - x), abs(v - y)) <= radius]
        return [city[place] for place in near if place != home]

    for _ in range(3):
        before = homes()
        city = {home: agent.group for agent, home in before.items()}
        order = order_of(model)
        model.step()
        after = homes()
        assert len(set(after.values())) == len(people)
        for agent in order:
            alike = around(city, before[agent]).count(agent.group)
            assert (after[agent] != before[agent]) == (alike < minimum)
            if alike < minimum:
                assert after[agent] not in city  # at that moment
                del city[before[agent]]
                city[after[agent]] = agent.group
    shares, happy = [], 0
    for home, group in city.items():
        near = around(city, home)
        happy += near.count(group) >= minimum
        shares += [near.count(group) / len(near)] if near else []
    assert model.measures() == pytest.approx(
        {"segregation": np.mean(shares) if shares else 0.0, "happy": happy / len(city)}
    )


def test_movers_go_anywhere_that_is_empty() -> None:
    # One agent alone on nine cells is never content, and leaves for each of eight alike.
    for kind in (MesaSchelling, MesaCellSchelling):
        model = kind(3, 1, 1, 1, seed=3)
        (agent,) = model.agents
        moves: Counter[Any] = Counter()
        for _ in range(7_200):
            model.step()
            moves[agent.pos if kind is MesaSchelling else agent.cell.coordinate] += 1
        # Without staying put, visits spread a little more evenly than by free draws.
        assert len(moves) == 9
        assert all(abs(count - 800) < 4 * math.sqrt(800) for count in moves.values())


def test_groups_are_halves_and_a_full_city_is_refused() -> None:
    model = MesaSchelling(10, 80, 1, 3, seed=1)
    assert Counter(model.agents.get("group")) == {0: 40, 1: 40}
    with pytest.raises(ValueError, match="a cell to move to"):
        MesaSchelling(10, 100, 1, 3, seed=1)
    with pytest.raises(ValueError, match="nobody moves"):
        MesaSchelling(10, 50, 1, 0, seed=1)


# Wolves and sheep


def only(model: MesaWolfSheep, kind: type) -> Any:
    (animal,) = model.agents_by_type[kind]
    return animal


@pytest.mark.parametrize("regrowth", [1, 2, 5])
def test_a_patch_grows_again_after_regrowth_steps(regrowth: int) -> None:
    model = MesaWolfSheep(3, 1, 0, regrowth, 0.0, 0.0, seed=4)
    sheep = only(model, Sheep)
    sheep.energy = energy = 10_000
    # The first step in which a patch can be eaten, by the countdown it was drawn with.
    start = np.where(model.grown.data, 1, 1 + np.maximum(model.countdown.data, 1))
    ripe = {place: int(start[place]) for place in np.ndindex(3, 3)}
    eaten = 0
    for step in range(1, 120):
        model.step()
        energy -= 1
        if ripe[sheep.pos] <= step:
            energy += 5
            ripe[sheep.pos] = step + regrowth
            eaten += 1
        assert sheep.energy == energy
        # What the step leaves grown is what the next could eat.
        assert model.measures()["grass"] == sum(due <= step + 1 for due in ripe.values())
    assert 10 < eaten <= 119


def test_the_start_is_drawn_as_documented() -> None:
    model = MesaWolfSheep(100, 4_000, 4_000, 10, 0.4, 0.2, seed=5)
    for kind, most in ((Sheep, 9), (Wolf, 25)):
        counts = Counter(model.agents_by_type[kind].get("energy"))
        mean = 4_000 / (most + 1)
        assert set(counts) == set(range(most + 1))
        assert all(abs(count - mean) < 4 * math.sqrt(mean) for count in counts.values())
    bare = model.countdown.data[~model.grown.data]
    assert abs(bare.size - 5_000) < 4 * math.sqrt(2_500)
    assert (model.countdown.data[model.grown.data] == 0).all()
    counts = Counter(bare.tolist())
    assert set(counts) == set(range(10))
    assert all(abs(count - 500) < 4 * math.sqrt(500) for count in counts.values())
    assert model.measures() == {"sheep": 4_000, "wolves": 4_000, "grass": 10_000 - bare.size}


def test_the_walk_is_uniform_over_the_neighbours_that_exist() -> None:
    model = MesaWolfSheep(3, 0, 1, 1, 0.0, 0.0, seed=6)
    wolf = only(model, Wolf)
    wolf.energy = 10**6
    walks: dict[Any, Counter[Any]] = {place: Counter() for place in np.ndindex(3, 3)}
    for _ in range(16_000):
        here = wolf.pos
        model.step()
        walks[here][wolf.pos] += 1
    for (x, y), walk in walks.items():
        cells = {(u, v) for u in range(3) for v in range(3) if max(abs(u - x), abs(v - y)) == 1}
        assert set(walk) == cells
        share = 1 / len(cells)
        total = walk.total()
        error = math.sqrt(total * share * (1 - share))
        assert all(abs(count - total * share) < 4 * error for count in walk.values())
    assert wolf.energy == 10**6 - 16_000


def test_animals_die_below_nothing() -> None:
    model = MesaWolfSheep(4, 1, 1, 50, 0.0, 0.0, seed=7)
    model.grown.data[:] = False
    model.countdown.data[:] = 50
    sheep, wolf = only(model, Sheep), only(model, Wolf)
    sheep.energy, wolf.energy = 1, 0
    model.agents_by_type[Sheep].do("step")
    assert (sheep.energy, model.measures()["sheep"]) == (0, 1)
    model.agents_by_type[Sheep].do("step")
    assert model.measures()["sheep"] == 0
    wolf.step()
    assert model.measures() == {"sheep": 0, "wolves": 0, "grass": 0}
    assert not any(model.grid)  # every cell's list
    model.step()  # an empty world goes on


def test_lambs_take_half_stand_still_and_can_be_eaten_at_once() -> None:
    fates: Counter[str] = Counter()
    for seed in range(400):
        model = MesaWolfSheep(2, 1, 1, 50, 1.0, 0.0, seed)
        model.grown.data[:] = False
        model.countdown.data[:] = 50
        parent, wolf = only(model, Sheep), only(model, Wolf)
        parent.energy, wolf.energy = 9, 20
        model.step()
        left = list(model.agents_by_type[Sheep])
        assert all(sheep.energy == 4 for sheep in left)  # 9, less a walk, halved
        assert wolf.energy == 20 - 1 + 13 * (2 - len(left))
        if len(left) == 2:
            assert left[0].pos == left[1].pos != wolf.pos
            fates["none eaten"] += 1
        else:
            fates["lamb eaten" if left == [parent] else "parent eaten"] += 1
    eaten = 400 - fates["none eaten"]
    assert 0 < eaten < 400
    assert abs(fates["lamb eaten"] - eaten / 2) < 4 * math.sqrt(eaten / 4)


def test_a_wolf_eats_one_sheep_and_halves_when_it_bears() -> None:
    model = MesaWolfSheep(2, 12, 1, 50, 0.0, 1.0, seed=8)
    for sheep in model.agents_by_type[Sheep]:
        sheep.energy = 100
    only(model, Wolf).energy = 100
    model.step()
    wolves = list(model.agents_by_type[Wolf])
    eaten = 12 - len(model.agents_by_type[Sheep])
    assert eaten == 1
    assert [wolf.energy for wolf in wolves] == [56, 56]
    assert wolves[0].pos == wolves[1].pos


def test_a_world_without_room_or_time_is_refused() -> None:
    with pytest.raises(ValueError, match="width must be at least 2"):
        MesaWolfSheep(1, 1, 1, 5, 0.1, 0.1, seed=1)
    with pytest.raises(ValueError, match="regrowth at least 1"):
        MesaWolfSheep(5, 1, 1, 0, 0.1, 0.1, seed=1)


# Forest fire


def forest(model: MesaForestFire, width: int) -> NDArray[np.int64]:
    """The condition of every tree, −1 where there is none."""
    plane = np.full((width, width), -1)
    for tree in model.agents:
        plane[tree.cell.coordinate] = tree.condition
    return plane


@settings(deadline=None, max_examples=30)
@given(width=st.integers(2, 12), density=st.floats(0.2, 1), seed=seeds)
def test_fire_spreads_by_the_order_and_takes_what_is_connected(
    width: int, density: float, seed: int
) -> None:
    model = MesaForestFire(width, density, seed)
    plane = forest(model, width)
    assert (plane[0][plane[0] >= 0] == BURNING).all()
    assert (plane[1:][plane[1:] >= 0] == FINE).all()
    labels, _ = ndimage.label(plane >= 0)
    doomed = np.isin(labels, labels[0][labels[0] > 0])
    while BURNING in plane:
        for tree in order_of(model):
            x, y = tree.cell.coordinate
            if plane[x, y] == BURNING:
                for u, v in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
                    if 0 <= u < width and 0 <= v < width and plane[u, v] == FINE:
                        plane[u, v] = BURNING
                plane[x, y] = BURNED
        model.step()
        assert (forest(model, width) == plane).all()
        assert model.measures() == {
            "fine": (plane == FINE).sum(),
            "burning": (plane == BURNING).sum(),
            "burned": (plane == BURNED).sum(),
        }
    assert ((plane == BURNED) == doomed).all()


def test_trees_stand_with_the_density() -> None:
    trees = sum(MesaForestFire(100, 0.7, seed=2).measures().values())
    assert abs(trees - 7_000) < 4 * math.sqrt(10_000 * 0.7 * 0.3)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        MesaForestFire(10, 1.1, seed=1)


# Boltzmann wealth


@settings(deadline=None, max_examples=40)
@given(agents=st.integers(1, 30), seed=seeds)
def test_wealth_goes_where_the_draws_say(agents: int, seed: int) -> None:
    model = MesaBoltzmann(agents, seed)
    wealth = [1] * agents
    for _ in range(4):
        chance = same_chance(model)
        order = list(range(agents))
        chance.shuffle(order)
        for giver in order:
            if wealth[giver]:
                wealth[giver] -= 1
                wealth[chance.choice(range(agents))] += 1
        model.step()
        assert model.agents.get("wealth") == wealth
        assert sum(wealth) == agents
    gaps = sum(abs(a - b) for a in wealth for b in wealth)
    assert model.measures() == pytest.approx(
        {"gini": gaps / (2 * agents * agents), "poor": wealth.count(0) / agents}
    )


def test_gini_of_planted_wealth() -> None:
    model = MesaBoltzmann(4, seed=1)
    assert model.measures() == {"gini": 0, "poor": 0}
    for person, wealth in zip(model.people, (0, 4, 0, 0), strict=True):
        person.wealth = wealth
    assert model.measures() == {"gini": 0.75, "poor": 0.75}
    with pytest.raises(ValueError, match="at least 1 agent"):
        MesaBoltzmann(0, seed=1)


# All


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: MesaFlocking(20, 20, 3, seed),
        lambda seed: MesaBinnedFlocking(20, 20, 3, seed),
        lambda seed: MesaSchelling(10, 70, 1, 3, seed),
        lambda seed: MesaCellSchelling(10, 70, 1, 3, seed),
        lambda seed: MesaWolfSheep(10, 30, 10, 5, 0.3, 0.1, seed),
        lambda seed: MesaForestFire(20, 0.6, seed),
        lambda seed: MesaBoltzmann(50, seed),
    ],
)
def test_a_seed_gives_one_history(make: Any) -> None:
    def history(seed: int) -> list[dict[str, float]]:
        model = make(seed)
        measured = []
        for _ in range(5):
            model.step()
            measured.append(model.measures())
        assert all(type(value) is float for row in measured for value in row.values())
        return measured

    assert history(1) == history(1)
    assert history(1) != history(2)
