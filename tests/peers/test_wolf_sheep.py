"""Mesa's wolves, sheep and grass follow the rules that they are said to follow."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from benchmarks.peers import MesaExampleWolfSheep, MesaWolfSheep
from benchmarks.peers.wolf_sheep import Patch, Sheep, Wolf


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


# In the manner of Mesa's example


def lives(model: MesaWolfSheep) -> list[list[tuple[Any, float]]]:
    """Places and energies of the sheep and of the wolves, eldest first."""
    kinds = (model.sheep_kind, model.wolf_kind)
    flocks = [model.agents_by_type.get(kind, ()) for kind in kinds]
    if isinstance(model, MesaExampleWolfSheep):
        return [[(one.cell.coordinate, one.energy) for one in flock] for flock in flocks]
    return [[(one.pos, one.energy) for one in flock] for flock in flocks]


def meadow(model: MesaWolfSheep, width: int) -> dict[tuple[int, int], int]:
    """How long each patch has to grow yet; 0 if it is grown."""
    if isinstance(model, MesaExampleWolfSheep):
        patches = model.agents_by_type[Patch]
        return {p.cell.coordinate: 0 if p.grown else p.countdown for p in patches}
    waiting = np.where(model.grown.data, 0, model.countdown.data)
    return {place: int(waiting[place]) for place in np.ndindex(width, width)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("width", "sheep", "wolves", "regrowth", "lambs", "cubs"),
    [
        (2, 3, 1, 1, 0.3, 0.1),
        (12, 30, 10, 5, 0.3, 0.1),
        (9, 0, 6, 3, 0.2, 0.1),
        (15, 60, 0, 20, 0.2, 0),
    ],
)
def test_the_example_lives_the_history_of_the_tuned_one(
    width: int, sheep: int, wolves: int, regrowth: int, lambs: float, cubs: float, seed: int
) -> None:
    """Not alike by chance but the same, animal by animal and patch by patch.

    It rests on Mesa's two grids listing the neighbours of a cell in one order, row by row.
    """
    start = (width, sheep, wolves, regrowth, lambs, cubs, seed)
    example, tuned = MesaExampleWolfSheep(*start), MesaWolfSheep(*start)
    for _ in range(60):
        assert lives(example) == lives(tuned)
        assert meadow(example, width) == meadow(tuned, width)
        assert example.measures() == tuned.measures()
        example.step()
        tuned.step()
