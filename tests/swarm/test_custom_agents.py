"""A custom agent among reasoners."""

import numpy as np

from swarm import Acting, Agent, ComputeMarket, Observation, Settlement, Tasks, World
from tests.swarm.worlds import all_systems, problem


class Imitator(Agent):
    """Each tick, thinks a little more like the richest agent around."""

    copied: int = 0

    def step(self) -> None:
        world = self.model
        wealth = world.ledger.balance(world.population["account"])
        idol = int(wealth.argmax())
        if idol != self.row:
            world.genes("order")[self.row] = world.genes("order")[idol]
            world.genes("weight")[self.row] = world.genes("weight")[idol]
            self.copied += 1


def among_reasoners(agents: dict[type[Agent], int]) -> World:
    systems = all_systems(
        tasks=Tasks(problem(), 64, bounty=400),
        market=ComputeMarket(supply=90.0),
        settlement=Settlement(endowment=1_000_000),
    )
    return World(agents, [Acting(), *systems], seed=1)


def test_a_custom_agent_lives_among_reasoners() -> None:
    world = among_reasoners({Agent: 40, Imitator: 10})
    imitators = world.agents.of(Imitator)
    for tick in range(1, 4):
        world.step()
        assert imitators.get("copied").max() == tick
        orders = world.genes("order")[imitators.rows]
        assert len(np.unique(orders, axis=0)) <= 2  # all of one mind, but for a rich imitator
    assert imitators.get("answered").min() > 0
    assert world.ledger.balance(imitators.get("account")).min() > 0
    assert world.genome is not None
    for _ in range(9):
        world.step()
        world.genome.validate({name: world.genes(name) for name in world.genome.names})
        assert len(world.agents) == 50
    observed: dict[str, float] = world.system(Observation).latest
    assert observed["generation"] == 3


def test_children_are_of_the_kinds_of_their_parents() -> None:
    world = among_reasoners({Agent: 20, Imitator: 20})
    for _ in range(4):
        world.step()
    born = world.agents.select(world.agents.get("born") == 4)
    assert 0 < len(born.of(Imitator)) < len(born)
