"""Save and restore: a resumed world goes on to the same bytes, and saving never perturbs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from swarm import (
    Acting,
    Agent,
    CheckpointError,
    Observation,
    PopulationError,
    Reasoning,
    Settlement,
    Tasks,
    World,
)
from tests.swarm.worlds import Drunkard, Weather, drunkards, mishearing, problem, run

BytesOf = Callable[[World], bytes]
Make = Callable[[], World]
worlds = pytest.mark.parametrize("make", [drunkards, mishearing])


@worlds
@pytest.mark.parametrize("ticks", [1, 4, 7])
def test_a_restored_world_goes_on_to_the_same_bytes(
    make: Make, ticks: int, bytes_of: BytesOf, tmp_path: Path
) -> None:
    whole = run(make(), ticks)
    whole.save(tmp_path / "saved")
    run(whole, 6)
    resumed = run(make(), 1)  # what it did before is forgotten
    resumed.load(tmp_path / "saved")
    assert bytes_of(resumed) == (tmp_path / "saved").read_bytes()
    assert bytes_of(run(resumed, 6)) == bytes_of(whole)


def test_a_world_is_saved_before_its_first_tick(tmp_path: Path, bytes_of: BytesOf) -> None:
    world, resumed = World({Drunkard: 3}, seed=1), World({Drunkard: 3}, seed=1)
    world.save(tmp_path / "saved")
    resumed.step()
    resumed.load(tmp_path / "saved")
    assert resumed.steps == 0
    assert bytes_of(run(resumed, 3)) == bytes_of(run(world, 3))


@worlds
def test_saving_never_perturbs(make: Make, bytes_of: BytesOf) -> None:
    quiet, saved = make(), make()
    for _ in range(6):
        quiet.step()
        saved.step()
        bytes_of(saved)
        saved.state()
    assert bytes_of(saved) == bytes_of(quiet)


def test_what_was_observed_is_the_same_after_a_resume() -> None:
    whole = run(mishearing(), 10)
    stopped = run(mishearing(), 6)
    before = stopped.system(Observation).drain()
    resumed = mishearing()
    resumed.restore(stopped.state())
    after = run(resumed, 4).system(Observation).drain()
    for first, second, expected in zip(
        before, after, whole.system(Observation).drain(), strict=True
    ):
        assert len(expected["tick"]) > 0
        for name, column in expected.items():
            np.testing.assert_array_equal(np.concatenate([first[name], second[name]]), column)


def test_a_saved_state_does_not_change_while_the_world_goes_on(bytes_of: BytesOf) -> None:
    world = run(mishearing(), 3)
    state, now = world.state(), bytes_of(world)
    run(world, 3)
    resumed = mishearing()
    resumed.restore(state)
    assert bytes_of(resumed) == now


def test_a_world_of_another_seed_or_kind_is_not_restored() -> None:
    state = drunkards(1).state()
    with pytest.raises(CheckpointError, match=r"seed 1 and kinds .*Drunkard.*this one has seed 2"):
        drunkards(2).restore(state)
    with pytest.raises(CheckpointError, match="this one has seed 1 and kinds"):
        World({Agent: 3}, [Weather(), Acting()], seed=1).restore(state)
    with pytest.raises(PopulationError, match="other columns than this world has: wet"):
        World({Drunkard: 30, Agent: 3}, [Acting()], seed=1).restore(state)


def test_streams_of_any_name_go_on(tmp_path: Path) -> None:
    names = ["", "nest", "nest.left", "nest/left", "nest/left/", "nest/right"]
    world, resumed = World(1, seed=1), World(1, seed=1)
    for name in reversed(names):
        world.stream(name).random(3)
    assert [name for name, _ in world.state()["streams"]] == names
    world.save(tmp_path / "saved")
    resumed.load(tmp_path / "saved")
    for name in names:
        assert resumed.stream(name).random() == world.stream(name).random()


def test_a_world_can_be_set_back_to_a_state_of_its_own() -> None:
    world = World(1, seed=1)
    state = world.state()
    first = world.stream("rain").random()
    world.restore(state)
    assert world.stream("rain").random() == first


def test_a_kind_that_came_later_is_made_known_first(tmp_path: Path, bytes_of: BytesOf) -> None:
    world, resumed = World(2, seed=1), World(2, seed=1)
    world.birth(Drunkard, 3)
    run(world, 2).save(tmp_path / "saved")
    with pytest.raises(CheckpointError, match=r"Drunkard.*\bworld\.kind_number\(Kind\)"):
        resumed.load(tmp_path / "saved")
    resumed.kind_number(Drunkard)
    resumed.load(tmp_path / "saved")
    assert len(resumed.agents.of(Drunkard)) > 0
    assert resumed.agents.get("place").tolist() == world.agents.get("place").tolist()
    assert bytes_of(run(resumed, 3)) == bytes_of(run(world, 3))


def test_a_treasury_is_founded_once() -> None:
    def empty() -> World:
        return World({Agent: 0}, [Tasks(problem(), 16), Reasoning(), Settlement()], seed=1)

    world, resumed = empty(), empty()
    world.birth(Agent, 5)
    world.turn()
    resumed.restore(world.state())
    for each in (world, resumed):
        each.birth(Agent, 2)
        each.step()
    assert resumed.ledger.supply == world.ledger.supply
