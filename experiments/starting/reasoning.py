"""Agents that reason about a graph, evolve, and are watched by a system of one's own.

A tick is the list of systems below, in that order: leave one out, or put one of your own between
them, and see what changes. The study beside this file lives the same kind of agents with the tables
and the report of a run.

    python my_world.py              lives it once and draws my_world.png
    noosphere run my_world.toml     a run with baselines, checkpoints and a report
"""

from pathlib import Path

import numpy as np

from swarm import (
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    System,
    Tasks,
    World,
)
from swarm.reasoning import Problem, load_graph

TICKS = 80


class Diary(System):
    """Writes down how unequal the agents' tokens are: `gini` of every tick so far, 0 for equal."""

    kept = ("gini",)

    def __init__(self) -> None:
        self.gini = np.zeros(0)

    def __call__(self, world: World) -> None:
        """Add a tick."""
        tokens = np.sort(world.ledger.balance(world.population["account"]))
        ranks = np.arange(1, len(tokens) + 1)
        share = 2 * (ranks @ tokens) / (len(tokens) * max(tokens.sum(), 1))
        self.gini = np.append(self.gini, share - (len(tokens) + 1) / len(tokens))


class MyWorld(World):
    """Reasoners on the relations between nations."""

    def __init__(self, agents: int = 100, seed: int | None = None):
        problem = Problem.pose(load_graph("nations"))
        systems = [
            Tasks(problem, per_tick=128),  # questions arrive
            Gossip(),  # agents hear rumours
            ComputeMarket(),  # they bid for compute
            Reasoning(),  # who got it answers
            Settlement(),  # right answers are paid
            Remembering(),  # findings go to the shared memory
            Selection(),  # the better ones have children
            Diary(),
            Observation(keep=True),
        ]
        super().__init__(agents, systems, seed)


if __name__ == "__main__":
    import matplotlib.pyplot as plt

    world = MyWorld(seed=1)
    for _ in range(TICKS):
        world.step()
    rows, agents = world.system(Observation).drain()  # of every tick, of every generation
    accuracy = rows["accuracy_best"]
    print(f"the best agent: {accuracy[0]:.2f} at first, {accuracy[-1]:.2f} after {TICKS} ticks")

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    left.plot(rows["tick"], accuracy)
    left.set(xlabel="tick", ylabel="accuracy of the best agent")
    right.plot(rows["tick"], world.system(Diary).gini, color="#D55E00")
    right.set(xlabel="tick", ylabel="inequality of tokens (Gini)", ylim=(0, 1))
    picture = Path(__file__).with_name("my_world.png")
    figure.savefig(picture, dpi=120)
    print("picture:", picture.name)
