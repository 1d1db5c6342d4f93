"""Boltzmann wealth as a Mesa user writes it: the peer of our benchmark.

Dragulescu & Yakovenko 2000, "Statistical mechanics of money", as in Mesa's first tutorial: all
begin with a wealth of 1; in a step every agent acts once, in a new random order, and one that has
anything gives 1 to an agent drawn uniformly from all, itself included.

Which Mesa: no space is needed. The model keeps its agents in a list as well, because indexing an
`AgentSet` (`self.random.choice(self.model.agents)`, as in the tutorial) copies it: about 55 times
slower with 1,000 agents, 400 to 600 times with 10,000. `MesaExampleBoltzmann` goes that way of
the tutorial. Both make the same draws, so that a seed gives both the same history. (The example of
the name that Mesa ships plays another game, among those who meet on a grid.)
"""

from __future__ import annotations

import numpy as np
from mesa import Agent, Model


class Person(Agent):  # type: ignore[misc]
    """One that has some `wealth`, a whole number."""

    model: MesaBoltzmann

    def __init__(self, model: MesaBoltzmann) -> None:
        super().__init__(model)
        self.wealth = 1

    def step(self) -> None:
        """Give 1 away, if there is any."""
        if self.wealth > 0:
            model = self.model
            self.wealth -= 1
            model.random.choice(model.people).wealth += 1


class ExamplePerson(Person):
    """One that draws from all agents of the model."""

    def step(self) -> None:
        """Give 1 away, if there is any."""
        if self.wealth > 0:
            receiver = self.random.choice(self.model.agents)
            receiver.wealth += 1
            self.wealth -= 1


class MesaBoltzmann(Model):  # type: ignore[misc]
    """People who give.

    Args:
        agents: how many, at least 1.
        seed: of Mesa's generators.

    Raises:
        ValueError: for no agents.
    """

    person = Person

    def __init__(self, agents: int, seed: int) -> None:
        super().__init__(seed=seed)
        if agents < 1:
            raise ValueError(f"at least 1 agent is needed, such as 1000; got {agents}.")
        self.people = list(self.person.create_agents(self, agents))

    def step(self) -> None:
        """Every agent acts once, in random order."""
        self.agents.shuffle_do("step")

    def measures(self) -> dict[str, float]:
        """The `gini` index of wealth (0 for equal shares) and the share of the `poor`, who have 0.

        Gini = Σ_ij |w_i − w_j| / (2 n Σ w), taken from the sorted wealth.
        """
        wealth = np.sort(self.agents.get("wealth"))
        ranks = 2 * np.arange(1, wealth.size + 1) - wealth.size - 1
        return {
            "gini": float((ranks * wealth).sum() / (wealth.size * wealth.sum())),
            "poor": float(np.mean(wealth == 0)),
        }


class MesaExampleBoltzmann(MesaBoltzmann):
    """The same in the manner of the tutorial; arguments and measures are those of the tuned."""

    person = ExamplePerson
