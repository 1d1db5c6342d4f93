"""A world is the same, counts the same and is quiet on every version of Mesa there is."""

import copy
import random
import warnings
from typing import Any

import mesa
import numpy as np
import pytest

from swarm import CheckpointError, World
from swarm._compat import EVENTS, MESA, batch
from tests.swarm.kinds import Walker
from tests.swarm.test_mesa import Meadow
from tests.swarm.worlds import drunkards, run


class Stumbling(World):
    """Falls in the third tick."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__({Walker: 5}, seed=seed)
        self.ticks: list[int] = []

    def step(self) -> None:
        if self.steps == 3 and 3 not in self.ticks:
            self.ticks.append(3)
            raise KeyboardInterrupt
        super().step()
        self.ticks.append(self.steps)


def test_the_versions_that_the_tests_know_of() -> None:
    assert (3, 3) <= MESA < (4, 0)
    assert hasattr(mesa.Model, "schedule_event") == EVENTS


def test_mesa_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        meadow = run(Meadow(seed=2), 2)
        meadow.datacollector.get_agent_vars_dataframe()
        meadow.restore(meadow.state())
        run(meadow, 1)
        mesa.batch_run(Meadow, **batch({"walkers": 1}, [1, 2]), max_steps=1, display_progress=False)


@pytest.mark.parametrize("seed", [0, 7, 2**40])
def test_the_numbers_of_mesa_are_those_of_the_seed(seed: int) -> None:
    world = World({Walker: 2}, seed=seed)
    assert world.random.random() == random.Random(seed).random()
    assert world.rng.random() == np.random.default_rng(seed).random()


def test_a_drawn_seed_is_the_seed_of_mesa_too() -> None:
    world = World({Walker: 2})
    assert world.random.random() == World({Walker: 2}, seed=world.seed).random.random()


def test_ticks_go_on_after_one_that_raised() -> None:
    world = run(Stumbling(), 2)
    with pytest.raises(KeyboardInterrupt):
        world.step()
    assert world.steps == 3
    run(world, 2)
    assert world.steps == 5
    assert world.ticks == [1, 2, 3, 4, 5]
    assert MESA < (3, 4) or world.time == 5


@pytest.mark.parametrize(("before", "after"), [(2, 0), (2, 9), (9, 2)])
def test_a_restored_world_makes_one_tick_a_step(before: int, after: int) -> None:
    saved = run(drunkards(), after)
    world = run(drunkards(), before)
    world.restore(saved.state())
    assert world.steps == after
    for tick in range(after + 1, after + 4):
        world.step()
        assert world.steps == tick
        assert MESA < (3, 4) or world.time == tick
    assert world.state()["mesa"] == run(saved, 3).state()["mesa"]


def test_a_restored_meadow_records_under_its_own_ticks() -> None:
    meadow = Meadow(seed=4)
    meadow.restore(run(Meadow(seed=4), 2).state())
    run(meadow, 1)
    ticks = meadow.datacollector.get_agent_vars_dataframe().index.get_level_values("Step")
    assert set(ticks) == {0, 3}


def test_a_copy_ticks_by_itself() -> None:
    world = run(Stumbling(), 1)
    other = copy.deepcopy(world)
    run(other, 1)
    assert (world.steps, other.steps) == (1, 2)
    assert (world.ticks, other.ticks) == ([1], [1, 2])


@pytest.mark.skipif(not EVENTS, reason="this Mesa has no events")
class TestEvents:
    """Events of Mesa 3.5 beside the ticks."""

    def test_happen_and_are_not_saved(self) -> None:
        world: Any = World({Walker: 2}, seed=1)
        rung: list[float] = []

        def bell() -> None:
            rung.append(world.time)

        world.schedule_event(bell, at=1.5)
        world.step()
        with pytest.raises(CheckpointError, match=r"events.*System"):
            world.state()
        world.step()
        assert rung == [1.5]
        world.state()

    def test_time_can_run_on(self) -> None:
        world: Any = World({Walker: 2}, seed=1)
        world.run_for(3)
        assert (world.steps, world.time) == (3, 3)


def test_batches_take_every_combination_with_every_seed() -> None:
    rows = mesa.batch_run(
        Meadow, **batch({"walkers": [1, 2]}, [5, 6]), max_steps=1, display_progress=False
    )
    assert {(row["walkers"], row["seed"]) for row in rows} == {(1, 5), (1, 6), (2, 5), (2, 6)}
