"""Life inside Mesa: its collector and its batch runs work, its agents are refused."""

import mesa
import numpy as np
import pytest

from swarm import AgentError, World
from swarm._compat import batch
from tests.swarm.kinds import Grass, Walker


def test_agents_of_mesa_are_refused_with_what_to_do() -> None:
    world = World({Walker: 1}, seed=1)
    with pytest.raises(AgentError, match=r"subclass swarm\.Agent.*world\.birth"):
        mesa.Agent(world)


class Meadow(World):
    """A model as Mesa's tutorials write them."""

    def __init__(self, walkers: int = 5, seed: int | None = None) -> None:
        super().__init__({Walker: walkers, Grass: 2}, seed=seed)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "alive": lambda model: len(model.agents),
                "energy": lambda model: float(model.agents.of(Walker).agg("energy", np.sum)),
                "seed": "seed",
            },
            agent_reporters={
                "height": lambda agent: getattr(agent, "height", None),
                "row": lambda agent: agent.row,
            },
            agenttype_reporters={Walker: {"energy": "energy"}},
        )
        self.datacollector.collect(self)

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)


def test_the_data_collector_of_mesa_works() -> None:
    meadow = Meadow(3, seed=4)
    for _ in range(3):
        meadow.step()
    assert meadow.steps == 3
    models = meadow.datacollector.get_model_vars_dataframe()
    assert models["alive"].tolist() == [5, 5, 5, 2]
    assert models["energy"].tolist() == [9, 6, 3, 0]
    assert models["seed"].tolist() == [4] * 4
    agents = meadow.datacollector.get_agent_vars_dataframe()
    assert agents["height"].xs(4, level="AgentID").tolist() == [0, 0.5, 1, 1.5]
    assert agents["row"].xs(3, level="AgentID").tolist() == [3, 3, 3, 0]
    assert len(agents) == 5 + 5 + 5 + 2
    walkers = meadow.datacollector.get_agenttype_vars_dataframe(Walker)
    assert walkers["energy"].tolist() == [3] * 3 + [2] * 3 + [1] * 3


def test_batch_run_of_mesa_works() -> None:
    rows = mesa.batch_run(
        Meadow,
        **batch({"walkers": [1, 2]}, [5, 6]),
        max_steps=1,
        data_collection_period=1,
        display_progress=False,
    )
    models = {(row["walkers"], row["seed"], row["Step"], row["alive"]) for row in rows}
    assert models == {
        (walkers, seed, step, walkers + 2)
        for walkers in (1, 2)
        for seed in (5, 6)
        for step in (0, 1)
    }
    heights = {row["height"] for row in rows if row["Step"] == 1 and row["AgentID"] == 2}
    assert heights == {0.5}
