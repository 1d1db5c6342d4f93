"""Many agents as columns."""

import numpy as np
import pytest

from swarm import Agent, AgentError, AgentSet, PopulationError, World
from tests.swarm.kinds import Grass, Walker


def test_agents_of_a_world_are_the_columnar_set() -> None:
    world = World({Walker: 4, Grass: 2}, seed=1)
    agents = world.agents
    assert isinstance(agents, AgentSet)
    assert len(agents) == 6
    assert [agent.unique_id for agent in agents] == [0, 1, 2, 3, 4, 5]
    assert agents.get("energy").base is not None  # of everybody: a view, not a copy
    assert agents.set("energy", np.arange(6)) is not None
    strong = agents.select(agents.get("energy") >= 2)
    assert strong.get("id").tolist() == [2, 3, 4, 5]
    assert strong.of(Walker).get("id").tolist() == [2, 3]
    assert strong.select(lambda agent: agent.unique_id % 2 == 1).get("id").tolist() == [3, 5]
    assert agents.of(Walker).agg("energy", np.sum) == 0 + 1 + 2 + 3
    assert world.agents_by_type[Grass].get("id").tolist() == [4, 5]
    assert world.agent_types == [Walker, Grass]
    strong.set("energy", 10)
    assert agents.get("energy").tolist() == [0, 1, 10, 10, 10, 10]
    assert len(agents.select(np.zeros(6, bool))) == 0
    with pytest.raises(PopulationError, match="no column 'wings'"):
        agents.get("wings")


def test_a_set_keeps_to_its_agents_while_others_come_and_go() -> None:
    world = World({Walker: 5}, seed=1)
    odd = world.agents.select(lambda agent: agent.unique_id % 2 == 1)
    world.agents[0].remove()
    world.agents[3].remove()
    world.birth(Walker, 2)
    world.step()
    assert odd.get("id").tolist() == [1]
    assert odd.rows.tolist() == [0]
    assert world.agents.get("id").tolist() == [1, 2, 4, 5, 6]


def test_do_calls_a_method_by_name_with_arguments_in_order() -> None:
    class Singer(Agent):
        sung: int = 0

        def sing(self, times: int) -> None:
            self.sung += times * (self.model.agents.agg("sung", np.sum) + 1)

    world = World({Singer: 3}, seed=1)
    assert world.agents.do("sing", 1).get("sung").tolist() == [1, 2, 4]
    world.agents.set("sung", 0)
    orders = set()
    for _ in range(20):
        world.agents.set("sung", 0).shuffle_do("sing", 1)
        assert sorted(world.agents.get("sung").tolist()) == [1, 2, 4]
        orders.add(tuple(world.agents.get("sung").tolist()))
    assert len(orders) > 1


def test_a_set_in_step_all_is_of_those_who_were_there() -> None:
    class Founder(Agent):
        mark: int = 0

        @classmethod
        def step_all(cls, agents: AgentSet) -> None:
            if len(agents) == 3:
                agents.model.birth(Agent, 2)
                agents.model.birth(cls, 2)
                agents.model.population.kill([0])
                agents.model.turn()
            agents.set("mark", agents.get("mark") + 7)

    world = World({Founder: 3}, seed=1)
    world.step()
    assert world.agents.get("mark").tolist() == [7, 7, 0, 0, 0, 0]
    world.step()
    assert world.agents.of(Founder).get("mark").tolist() == [14, 14, 7, 7]


def test_slices_are_sets_and_who_is_selected_is_told_by_truth() -> None:
    world = World({Walker: 5}, seed=1)
    assert world.agents[1:3].get("id").tolist() == [1, 2]
    assert world.agents[-1].unique_id == 4
    for wanted in ([0, 1], np.array([1, 0, 1, 0, 1]), np.array([True])):
        with pytest.raises(AgentError, match=r"told by bool\[5\]"):
            world.agents.select(wanted)  # type: ignore[arg-type]
    with pytest.raises(AgentError, match="Walker has no method 'dance'"):
        world.agents.do("dance")


def test_asking_for_a_kind_that_is_not_there_changes_nothing() -> None:
    world = World({Agent: 3}, seed=1)
    assert len(world.agents.of(Grass)) == 0
    assert world.agent_types == [Agent]
    assert "height" not in world.population
