"""Predators and prey as an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from arenas.environments.errors import missing_extra
from arenas.environments.simultaneous import Simultaneous
from arenas.predation import Chase, ChaseRules

try:
    from gymnasium.spaces import Box
except ModuleNotFoundError as error:
    raise missing_extra(error) from None


class Pursuing(Simultaneous):
    """A chase in a periodic plane: see `arenas.predation.Chase`.

    An animal observes float32[8] (`arenas.predation.steering`) and moves float32[1], its turn from
    -1, sharply right, to 1. A meal is worth 1 to the predator and -1 to the prey, who is out then,
    as are the starved; the episode is truncated after `rules.steps`.

    Args:
        predators, prey: how many.
        rules: of the chase.
        render_mode: see `Simultaneous`.
    """

    metadata: ClassVar[dict[str, Any]] = {**Simultaneous.metadata, "name": "pursuit_v0"}

    def __init__(
        self,
        predators: int = 2,
        prey: int = 6,
        rules: ChaseRules | None = None,
        render_mode: str | None = None,
    ):
        self.rules = ChaseRules() if rules is None else rules
        self.predators, self.prey = predators, prey
        self._chase = Chase(self.rules, predators, prey, 0)
        senses = self._chase.observations.shape[1]
        animals = [f"predator_{i}" for i in range(predators)] + [f"prey_{i}" for i in range(prey)]
        seen = {name: Box(-np.inf, np.inf, (senses,), np.float32) for name in animals}
        moves = {name: Box(-1.0, 1.0, (1,), np.float32) for name in animals}
        super().__init__(animals, seen, moves, render_mode)

    def _begin(self, rng: np.random.Generator) -> None:
        self._chase = Chase(self.rules, self.predators, self.prey, rng)
        self._sight = self._chase.observations

    def _observe(self, agent: str) -> np.ndarray:
        return self._sight[self.possible_agents.index(agent)].copy()

    def _play(
        self, moves: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[Mapping[str, float], set[str], set[str]]:
        turns = np.zeros(len(self._chase))
        for agent, move in moves.items():
            turns[self.possible_agents.index(agent)] = float(move[0])
        gained = self._chase.step(turns)
        self._sight = self._chase.observations
        rows = range(len(gained))
        rewards = {self.possible_agents[row]: float(gained[row]) for row in rows if gained[row]}
        alive, everybody = self._chase.alive, set(self.possible_agents)
        dead = {self.possible_agents[row] for row in rows if not alive[row]}
        if not self._chase.over:
            return rewards, dead, set()
        if self._chase.steps >= self.rules.steps:
            return rewards, dead, everybody
        return rewards, everybody, set()  # one kind is gone

    def _line(self) -> str:
        alive = self._chase.alive
        left = (int(alive[: self.predators].sum()), int(alive[self.predators :].sum()))
        return f"step {self._chase.steps}: {left[0]} predators, {left[1]} prey"
