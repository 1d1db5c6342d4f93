"""Games of turns, as PettingZoo's `AECEnv`: Kuhn and Leduc poker, and any `SequentialGame`.

J. Terry et al. 2021, "PettingZoo: Gym for multi-agent reinforcement learning", NeurIPS 34.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from arenas.environments.errors import MoveError, missing_extra
from arenas.games import SequentialGame, after_chance
from economy.equilibria import LEAF

try:
    from gymnasium.spaces import Box, Dict, Discrete, Space
    from pettingzoo import AECEnv
except ModuleNotFoundError as error:
    raise missing_extra(error) from None


class Turns(AECEnv):  # type: ignore[misc]
    """One hand of a game of turns.

    A player observes all that it knows, int16, -1 for what is not there, and which actions are
    legal: `{"observation": ..., "action_mask": ...}`. Rewards come at the end: what the game
    returns. Guarantees as in `arenas.environments.simultaneous`.

    Args:
        game: the rules, such as `Kuhn()` or `Leduc()`.
        render_mode: "ansi" lets `render()` return a line of text.
    """

    def __init__(self, game: SequentialGame, render_mode: str | None = None):
        self.game = game
        self.metadata = {
            "name": game.name,
            "render_modes": ["ansi"],
            "is_parallelizable": False,
        }
        self.render_mode = render_mode
        self.possible_agents = [f"player_{seat}" for seat in range(game.players)]
        self.agents: list[str] = []
        seen = Box(-1, np.iinfo(np.int16).max, (game.observation_size,), np.int16)
        mask = Box(0, 1, (game.actions,), np.int8)
        self.observation_spaces = {
            agent: Dict({"observation": seen, "action_mask": mask})
            for agent in self.possible_agents
        }
        self.action_spaces = {agent: Discrete(game.actions) for agent in self.possible_agents}
        self.rng: np.random.Generator | None = None
        self._state: Any = None
        self.agent_selection = self.possible_agents[0]

    def observation_space(self, agent: str) -> Space:
        """What a player sees; the same object at each call."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space:
        """What a player may do; the same object at each call."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Deal a new hand."""
        if seed is not None or self.rng is None:
            self.rng = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self._state = after_chance(self.game, self.game.initial(), self.rng)
        self.agent_selection = self.possible_agents[self.game.player(self._state)]

    def observe(self, agent: str) -> dict[str, np.ndarray]:
        """What a player knows, and what it may do if it is its turn; `MoveError` before `reset`."""
        if self.rng is None:
            raise MoveError(f"{self}: reset() comes before observe()")
        if agent not in self.possible_agents:
            raise MoveError(f"{self}: no player {agent!r}; there are {self.possible_agents}")
        seat = self.possible_agents.index(agent)
        legal = np.zeros(self.game.actions, np.int8)
        if self.game.player(self._state) == seat:
            legal[list(self.game.legal(self._state))] = 1
        seen = np.array(self.game.observation(self._state, seat), np.int16)
        return {"observation": seen, "action_mask": legal}

    def step(self, action: int | None) -> None:
        """The player whose turn it is moves.

        Raises:
            MoveError: before `reset`, for a move that is not legal, or for one in a hand that is
                over (None does nothing there); nothing happens then.
        """
        if self.rng is None or not (self.agents or action is None):
            raise MoveError(f"{self}: reset() comes before step()")
        if not self.agents:
            return
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        legal = self.game.legal(self._state)
        try:
            move = operator.index(action)  # type: ignore[arg-type]
        except TypeError:
            move = -1
        if move not in legal:
            raise MoveError(f"{self}: {agent} moved {action!r}; legal are {list(legal)}")
        self._clear_rewards()
        self._cumulative_rewards[agent] = 0.0
        self._state = after_chance(self.game, self.game.next(self._state, move), self.rng)
        seat = self.game.player(self._state)
        if seat == LEAF:
            returns = self.game.returns(self._state)
            self.rewards = dict(zip(self.possible_agents, map(float, returns), strict=True))
            self.terminations = dict.fromkeys(self.agents, True)
            place = self.agents.index(agent)
            self.agent_selection = self.agents[(place + 1) % len(self.agents)]
        else:
            self.agent_selection = self.possible_agents[seat]
        self._accumulate_rewards()

    def render(self) -> str | None:
        """The hand so far, with `render_mode="ansi"`."""
        return f"{self}: {self._state}" if self.render_mode == "ansi" else None

    def close(self) -> None:
        """Nothing to let go of."""

    def __str__(self) -> str:
        return str(self.game.name)
