"""Agents as rows: columns from annotations, steps, births and deaths."""

from typing import Any, ClassVar

import numpy as np
import pytest

from swarm import Agent, AgentError, AgentSet, PopulationError, World, WorldError, column
from tests.swarm.kinds import Grass, Walker


class Runner(Walker):
    """Walks faster, with a column more."""

    speed: int = 4

    def step(self) -> None:
        self.place[0] += self.speed
        super().step()


# Columns


def test_annotated_attributes_become_columns_and_classvars_do_not() -> None:
    assert list(Walker.columns) == ["energy", "steps", "tired", "place"]
    assert list(Runner.columns) == ["energy", "steps", "tired", "place", "speed"]
    assert not Agent.columns
    world = World({Walker: 2, Runner: 1}, seed=1)
    dtypes = {name: world.population[name].dtype for name in Runner.columns}
    assert dtypes == {
        "energy": np.float64,
        "steps": np.int64,
        "tired": np.bool_,
        "place": np.float32,
        "speed": np.int64,
    }
    assert world.agents.get("energy").tolist() == [3, 3, 3]
    assert world.agents.get("place").tolist() == [[0.5, 0.5]] * 3
    assert world.agents.of(Runner).get("speed").tolist() == [4]
    walker: Any = world.agents[0]
    assert (type(walker.energy), type(walker.steps), type(walker.tired)) == (float, int, bool)
    assert walker.legs == 2
    assert walker.kin is Walker.kin
    for name in ("kin", "legs"):
        assert name not in world.population


def test_two_kinds_may_share_a_column_with_defaults_of_their_own() -> None:
    class Sparrow(Agent):
        energy: float = 1.0

    world = World({Walker: 1, Sparrow: 2}, seed=1)
    assert world.agents.get("energy").tolist() == [3, 1, 1]

    class Machine(Agent):
        energy: int = 1

    with pytest.raises(PopulationError, match="'energy' is already there"):
        World({Walker: 1, Machine: 1}, seed=1)


def test_reading_and_writing_an_agent_is_reading_and_writing_its_row() -> None:
    world = World({Walker: 3}, seed=1)
    walker: Any = world.agents[1]
    walker.energy = 7
    walker.place = (8, 9)
    walker.place[1] = 10
    assert world.agents.get("energy").tolist() == [3, 7, 3]
    assert world.agents.get("place").tolist() == [[0.5, 0.5], [8, 10], [0.5, 0.5]]
    world.agents.set("energy", [4, 5, 6])
    assert walker.energy == 5
    assert walker == world.agents[1]
    assert walker != world.agents[0]
    assert len({walker, world.agents[1], world.agents[2]}) == 2
    assert walker != World({Walker: 3}, seed=1).agents[1]
    assert repr(walker) == "<Walker 1>"


@pytest.mark.parametrize("name", ["id", "kind", "alive", "born"])
def test_reserved_names_are_refused(name: str) -> None:
    with pytest.raises(AgentError, match=rf"Thief\.{name}: the name is taken; reserved: alive, b"):
        type("Thief", (Agent,), {"__annotations__": {name: int}, name: 0})


@pytest.mark.parametrize("kind", [str, list, np.ndarray, "float | None", complex])
def test_annotations_that_are_no_column_are_refused(kind: Any) -> None:
    with pytest.raises(AgentError, match=r"Odd\.trait: a column is float, int or bool, or"):
        type("Odd", (Agent,), {"__annotations__": {"trait": kind}, "trait": None})


@pytest.mark.parametrize(
    "name", ["row", "model", "unique_id", "columns", "rng", "step", "step_all", "remove", "birth"]
)
def test_names_that_an_agent_has_already_are_refused(name: str) -> None:
    with pytest.raises(AgentError, match="the name is taken"):
        type("Thief", (Agent,), {"__annotations__": {name: int}, name: 0})


def test_a_bare_classvar_is_skipped() -> None:
    kind: Any = type("Plain", (Agent,), {"__annotations__": {"limit": ClassVar}, "limit": 3})
    assert not kind.columns


class Forgetful(Agent):
    """Keeps what it should not."""

    energy: float = 1.0

    def step(self) -> None:
        self.hungry = True


def test_an_attribute_without_a_column_is_not_lost_silently() -> None:
    world = World({Forgetful: 1}, seed=1)
    agent: Any = world.agents[0]
    with pytest.raises(AttributeError, match="hungry"):
        agent.hungry = True
    with pytest.raises(AgentError, match=r"Forgetful has no column 'hungry'.*annotate it in the"):
        world.step()


def test_an_error_of_another_making_passes_as_it_is() -> None:
    world = World({Walker: 1}, seed=1)
    with pytest.raises(AttributeError, match="'int' object has no attribute 'shout'"):
        world.agents.do(lambda agent: (1).shout())  # type: ignore[attr-defined]


def test_agents_are_born_and_not_made() -> None:
    with pytest.raises(AgentError, match=r"agents are born, as in World\(\{Walker: 10\}\)"):
        Walker()
    with pytest.raises(AgentError, match=r"Made\.__init__ would never be called"):
        type("Made", (Agent,), {"__init__": lambda self: None})


def test_rows_stay_while_agents_act_one_by_one() -> None:
    class Hasty(Agent):
        def step(self) -> None:
            self.birth()
            self.model.turn()

    world = World({Hasty: 2}, seed=1)
    with pytest.raises(PopulationError, match="acting one by one"):
        world.step()


def test_what_a_column_cannot_hold_is_refused() -> None:
    class Small(Agent):
        whole: int = 0
        byte: int = column(np.int8)
        share: float = 0.0

    agent: Any = World({Small: 1}, seed=1).agents[0]
    agent.whole, agent.byte, agent.share = np.float64(3.0), np.int64(7), True
    assert (agent.whole, agent.byte, agent.share) == (3, 7, 1.0)
    agent.share = float("nan")
    for name, value in (("whole", 2.9), ("byte", 300), ("whole", float("nan")), ("share", "much")):
        with pytest.raises(AgentError, match=rf"Small\.{name} is a column of .*cannot hold"):
            setattr(agent, name, value)
    assert agent.whole == 3


# Steps


def test_step_is_run_for_each_and_step_all_for_all_whatever_kinds_there_are() -> None:
    world = World({Walker: 3, Grass: 2, Agent: 4, Runner: 1}, seed=1)
    world.step()
    world.step()
    population = world.population
    assert population["steps"].tolist() == [2, 2, 2] + [0] * 6 + [2]
    assert population["height"].tolist() == [0] * 3 + [1, 1] + [0] * 5
    assert population["place"][:, 0].tolist() == [2.5] * 3 + [0.5] * 6 + [10.5]
    assert population["tired"].tolist() == [True] * 3 + [False] * 6 + [True]
    world.step()
    assert len(world.agents) == 6  # walkers and runners have worn out
    assert world.agents.get("id").tolist() == [3, 4, 5, 6, 7, 8]
    assert {type(agent) for agent in world.agents} == {Grass, Agent}


def test_steps_are_taken_in_a_new_order_every_tick_and_all_kinds_together() -> None:
    seen: list[tuple[int, str]] = []

    class One(Agent):
        def step(self) -> None:
            seen.append((self.model.steps, type(self).__name__))

    class Two(One):
        pass

    world = World({One: 20, Two: 20}, seed=3)
    for _ in range(3):
        world.step()
    orders = [[name for tick, name in seen if tick == t] for t in (1, 2, 3)]
    assert all(sorted(order) == ["One"] * 20 + ["Two"] * 20 for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert all(order[:20].count("One") not in (0, 20) for order in orders)


def test_a_kind_with_steps_needs_a_system_that_runs_them() -> None:
    with pytest.raises(WorldError, match=r"Walker has steps to take.*add Acting\(\)"):
        World({Walker: 1}, systems=[], seed=1)
    with pytest.raises(WorldError, match="Grass"):
        World({Grass: 1}, systems=[], seed=1)
    assert len(World({Agent: 1}, systems=[], seed=1).agents) == 1


# Births and deaths


class Cell(Agent):
    """Divides at two, dies at five."""

    age: int = 0
    mother: int = -1

    def step(self) -> None:
        self.age += 1
        if self.age == 2:
            ids = self.birth(2, mother=self.unique_id)
            assert (ids > self.unique_id).all()
        if self.age == 5:
            self.remove()


def test_births_and_deaths_from_inside_a_step() -> None:
    world = World({Cell: 3}, seed=1)
    sizes = []
    for _ in range(7):
        world.step()
        sizes.append(len(world.agents))
    assert sizes == [3, 9, 9, 21, 18, 42, 36]
    ids, mothers, born = (world.agents.get(name) for name in ("id", "mother", "born"))
    assert (np.diff(ids) > 0).all()
    assert (mothers < ids).all()
    assert set(born.tolist()) == {4, 6}
    assert (world.agents.get("age") == world.steps - born).all()


def test_an_agent_that_died_in_a_tick_does_not_act_in_it() -> None:
    class Duellist(Agent):
        acted: int = 0

        def step(self) -> None:
            self.acted += 1
            for other in self.model.agents.of(Duellist):
                if other != self:
                    other.remove()

    world = World({Duellist: 10}, seed=2)
    world.step()
    survivors = world.agents
    assert survivors.get("acted").tolist() == [1]
    assert world.population["acted"].sum() == 1


def test_the_dead_of_a_tick_do_not_act_in_do_nor_shuffle_do() -> None:
    world = World({Walker: 4}, seed=1)
    dying: Any = world.agents[2]
    dying.remove()
    acted: list[int] = []
    world.agents.do(lambda agent: acted.append(agent.unique_id))
    assert acted == [0, 1, 3]
    world.agents.shuffle_do(lambda agent: acted.append(agent.unique_id))
    assert sorted(acted[3:]) == [0, 1, 3]
    assert not dying.alive
    assert dying.energy == 3  # its row can be read until the end of the tick


def test_the_dead_of_a_tick_do_not_act_in_step_all() -> None:
    acted: list[int] = []

    class Counted(Grass):
        @classmethod
        def step_all(cls, agents: AgentSet) -> None:
            acted.append(len(agents))

    class Killer(Agent):
        @classmethod
        def step_all(cls, agents: AgentSet) -> None:
            model = agents.model
            model.population.kill(model.agents.of(Counted).rows[:2])

    World({Killer: 1, Counted: 5}, seed=1).step()
    assert acted == [3]


def test_a_view_of_the_dead_and_gone_raises() -> None:
    world = World({Walker: 3}, seed=1)
    first: Any = world.agents[0]
    last: Any = world.agents[2]
    first.remove()
    assert first.energy == 3
    world.step()
    assert not first.alive
    with pytest.raises(AgentError, match="<Walker 0> is dead and gone"):
        first.energy  # noqa: B018
    with pytest.raises(AgentError, match="dead and gone"):
        first.energy = 1
    with pytest.raises(AgentError, match="dead and gone"):
        first.remove()
    assert last.row == 1  # a living view finds its row again
    assert last.energy == 2
    assert last in world.agents
    assert first not in world.agents
