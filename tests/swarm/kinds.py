"""Two kinds of agent for the tests: one that steps by itself, one that steps all at once."""

from typing import ClassVar

import numpy as np

from swarm import Agent, AgentSet, column


class Walker(Agent):
    """Loses energy by walking; dies without it."""

    energy: float = 3.0
    steps: int
    tired: bool = False
    place: np.ndarray = column(np.float32, (2,), default=0.5)
    kin: ClassVar[list[str]] = []
    legs = 2  # not annotated: an attribute of the class, as ever

    def step(self) -> None:
        self.energy -= 1
        self.steps += 1
        self.place[0] += 1
        self.tired = self.energy < 2
        if self.energy <= 0:
            self.remove()


class Grass(Agent):
    """Grows all at once."""

    height: float = 0.0

    @classmethod
    def step_all(cls, agents: AgentSet) -> None:
        agents.set("height", agents.get("height") + 0.5)
