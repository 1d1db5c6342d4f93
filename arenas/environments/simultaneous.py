"""Arenas in which all move at once, as PettingZoo's `ParallelEnv`.

J. Terry et al. 2021, "PettingZoo: Gym for multi-agent reinforcement learning", NeurIPS 34.

An arena says who plays, in which spaces, how an episode begins, what is seen and what a joint move
brings; `reset`, `step`, seeds and checks are here. Guarantees, held by the tests for every arena:
all chance comes from the seed of `reset`; the same seed and moves give the same trajectory to the
bit; `reset()` without a seed goes on in the stream of the last one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from arenas.environments.errors import MoveError, missing_extra

try:
    from gymnasium.spaces import Space
    from pettingzoo import ParallelEnv
except ModuleNotFoundError as error:
    raise missing_extra(error) from None


class Simultaneous(ParallelEnv):  # type: ignore[misc]
    """What simultaneous arenas share.

    Args:
        players: their names, in the order of the seats.
        observations, actions: what each player sees and may do.
        render_mode: "ansi" lets `render()` return a line of text.

    Attributes:
        rng: of the episode, seeded by `reset`.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "is_parallelizable": True}

    def __init__(
        self,
        players: Sequence[str],
        observations: Mapping[str, Space],
        actions: Mapping[str, Space],
        render_mode: str | None = None,
    ):
        self.possible_agents = list(players)
        self.agents: list[str] = []
        self.observation_spaces = dict(observations)
        self.action_spaces = dict(actions)
        self.render_mode = render_mode
        self.rng: np.random.Generator | None = None

    def observation_space(self, agent: str) -> Space:
        """What a player sees; the same object at each call."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space:
        """What a player may do; the same object at each call."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Begin an episode; returns what everybody sees, and empty infos."""
        if seed is not None or self.rng is None:
            self.rng = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self._begin(self.rng)
        return self._seen(), {agent: {} for agent in self.agents}

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[
        dict[str, Any],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """All move at once.

        Returns:
            Observations, rewards, terminations, truncations and infos, by player; players who
            are out are gone from `agents` afterwards.

        Raises:
            MoveError: before `reset`, or for moves that are missing or not allowed; nothing
                happens then.
        """
        if self.rng is None:
            raise MoveError(f"{self}: reset() comes before step()")
        if not self.agents:
            return {}, {}, {}, {}, {}
        for agent in self.agents:
            if agent not in actions:
                raise MoveError(f"{self}: {agent} has to move, but gave nothing")
            space = self.action_spaces[agent]
            if not space.contains(actions[agent]):
                raise MoveError(
                    f"{self}: {agent} moved {actions[agent]!r}; allowed is {space}, such as "
                    f"{_example(space)!r}"
                )
        rewards, out, cut = self._play({agent: actions[agent] for agent in self.agents}, self.rng)
        seen = self._seen()
        players = self.agents
        self.agents = [agent for agent in players if agent not in out and agent not in cut]
        return (
            seen,
            {agent: float(rewards.get(agent, 0.0)) for agent in players},
            {agent: agent in out for agent in players},
            {agent: agent in cut and agent not in out for agent in players},
            {agent: {} for agent in players},
        )

    def render(self) -> str | None:
        """A line of text, with `render_mode="ansi"`."""
        return self._line() if self.render_mode == "ansi" else None

    def close(self) -> None:
        """Nothing to let go of."""

    def __str__(self) -> str:
        return str(self.metadata.get("name", type(self).__name__))

    def _seen(self) -> dict[str, Any]:
        return {agent: self._observe(agent) for agent in self.agents}

    @abstractmethod
    def _begin(self, rng: np.random.Generator) -> None:
        """Begin an episode."""

    @abstractmethod
    def _observe(self, agent: str) -> Any:
        """What a player sees now."""

    @abstractmethod
    def _play(
        self, moves: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[Mapping[str, float], set[str], set[str]]:
        """Play the moves of all; returns rewards, who is out, and for whom time is up."""

    @abstractmethod
    def _line(self) -> str:
        """What stands, in a line."""


def _example(space: Space) -> Any:
    lowest = getattr(space, "low", None)
    return getattr(space, "start", 0) if lowest is None else lowest
