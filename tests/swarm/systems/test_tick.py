"""The systems of a tick together: the board, the observers, the dead, and systems left out."""

import numpy as np
import pytest

from swarm import (
    Agent,
    ComputeMarket,
    Observation,
    Reasoning,
    Remembering,
    Settlement,
    System,
    Tasks,
    World,
)
from tests.swarm.worlds import Idle, Watch, all_systems, plenty, problem, reasoners, run

TICKS = 13  # three generations and a tick


def test_the_board_has_no_task_twice_and_everybody_the_same_share() -> None:
    world = World(30, [Tasks(problem(), 48, per_agent=20)], seed=1)
    tasks = world.system(Tasks)
    boards = set()
    for _ in range(5):
        world.step()
        assert len(set(tasks.board.tolist())) == 48
        boards.add(tuple(tasks.board.tolist()))
        assert np.bincount(tasks.agent).tolist() == [20] * 30
        for row in range(30):
            assert len(set(tasks.place[tasks.agent == row].tolist())) == 20
        assert tasks.sealed.sum() == 24
    assert len(boards) == 5


def test_threads_do_not_change_the_answers() -> None:
    one, two = (run(reasoners(reasoning=Reasoning(threads)), 5) for threads in (1, 2))
    for name in one.population.names:
        np.testing.assert_array_equal(one.population[name], two.population[name])


def test_what_is_observed_is_what_there_is() -> None:
    world = reasoners()
    observation = world.system(Observation)
    for _ in range(8):
        world.step()
        seen = observation.latest
        assert seen["tick"] == world.steps
        assert seen["supply"] == world.ledger.supply
        assert seen["price"] == world.system(ComputeMarket).price
        assert seen["findings"] == len(world.system(Remembering).facts)
        assert seen["answered"] == len(world.system(Reasoning).agent) < 40 * 48
        assert seen["accuracy_mean"] == world.system(Settlement).credit.mean()
        assert 0 < seen["accuracy_mean"] <= 1
        reasoning = world.system(Reasoning)
        assert reasoning.answers is not None
        used = reasoning.answers.used[reasoning.in_time]  # of what was answered in time
        for engine, name in enumerate(problem().faculties.names):
            assert seen[f"use_{name}"] == np.mean(used >> engine & 1)
    ticks, agents = observation.drain()
    assert ticks["tick"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ticks["generation"].tolist() == [0, 0, 0, 1, 1, 1, 1, 2]
    assert agents["tick"].tolist() == [4] * 40 + [8] * 40
    assert agents["alive"].sum() == 40
    assert all(len(column) == 80 for column in agents.values())
    assert observation.drain() == ({}, {})


def test_an_agent_that_died_earlier_in_the_tick_neither_bids_nor_answers() -> None:
    class Reaper(System):
        def __call__(self, world: World) -> None:
            world.population.kill([0, 1, 2])

    def look(world: World) -> None:
        assert not np.isin([0, 1, 2], world.system(Tasks).agent).any()
        assert set(world.system(Reasoning).agent.tolist()) == set(range(3, 40))
        assert (world.population["quota"] > 0).tolist() == [False] * 3 + [True] * 37
        assert world.ledger.balance(world.agents.get("account")[:3]).tolist() == [100_000] * 3

    world = World(40, [Reaper(), *all_systems(market=plenty()), Watch(look)], seed=1)
    world.step()
    assert len(world.agents) == 37


@pytest.mark.parametrize("name", ["gossip", "market", "remembering", "selection", "observation"])
def test_a_world_goes_on_without_one_of_its_systems(name: str) -> None:
    world = run(reasoners(**{name: Idle()}), TICKS)
    assert len(world.agents) == 40
    assert world.system(Settlement).credit.mean() > 0


def test_a_plain_agent_needs_no_system() -> None:
    assert len(run(World({Agent: 3}, [], seed=1), 3).agents) == 3
