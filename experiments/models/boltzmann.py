"""Wealth without merit: everybody gives at random, and few end up with much.

Drăgulescu & Yakovenko 2000, "Statistical mechanics of money", European Physical Journal B 17. One
agent after the other, in a new random order every tick, gives a unit to somebody if it has one;
wealth comes close to the exponential distribution of Boltzmann and Gibbs.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from numba import njit

from swarm import Agent, AgentSet, World
from swarm.chance import below, seed_from, seeded, shuffled


class Person(Agent):
    """Has some wealth, in whole units."""

    wealth: int = 1

    @classmethod
    def step_all(cls, people: AgentSet) -> None:
        """Whoever has a unit gives one away."""
        world = people.model
        give(world.population["wealth"], seed_from(world.stream("Person")))


class Boltzmann(World):
    """People who give.

    Args:
        people: how many.
        wealth: units that each begins with.
        seed: of all chance.
    """

    ticks: ClassVar = 100
    shown: ClassVar = "wealth"

    def __init__(
        self, people: int = 1000, wealth: Annotated[int, Ge(1)] = 1, seed: int | None = None
    ):
        super().__init__({Person: people}, seed=seed)
        self.agents.set("wealth", wealth)

    def measures(self) -> dict[str, float]:
        """Gini coefficient of wealth (units: 0 equal, 1 one has all), and the share of the poor."""
        wealth = np.sort(self.agents.get("wealth"))
        n, ranks = max(len(wealth), 1), np.arange(1, len(wealth) + 1)
        share = 2 * (ranks @ wealth) / max(wealth.sum(), 1)
        gini = (share - (n + 1)) / n if wealth.any() else 0.0
        return {"gini": float(gini), "poor": float((wealth == 0).sum() / n)}


@njit(cache=True, nogil=True)
def give(wealth, seed):  # type: ignore[no-untyped-def]
    """In random order, each gives one unit, if it has one, to anyone, itself included."""
    stream = seeded(seed)
    for giver in shuffled(len(wealth), stream):
        if wealth[giver] > 0:
            wealth[giver] -= 1
            wealth[below(stream, len(wealth))] += 1
