"""What a game of turns is: plain rules over states that never change.

One class of rules serves everybody: ``GameTree.from_rules`` grows the whole tree from it for
solvers and exact values, an environment steps through it, and a person reads it. States are
values (tuples); ``next`` returns a new one.

    game = Kuhn()
    state = after_chance(game, game.initial(), rng)
    while game.player(state) != LEAF:
        action = choose(game.observation(state, game.player(state)), game.legal(state))
        state = after_chance(game, game.next(state, action), rng)
    game.returns(state)
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np

from economy.equilibria import CHANCE, Rules

State = TypeVar("State")


class SequentialGame(Rules[State], Protocol[State]):
    """Rules with what an environment needs besides: fixed sizes of actions and observations."""

    @property
    def name(self) -> str:
        """What the game is called."""

    @property
    def actions(self) -> int:
        """Players' actions are 0 .. actions - 1; not all are legal everywhere."""

    @property
    def observation_size(self) -> int:
        """The length of every observation."""

    def observation(self, state: State, player: int) -> tuple[int, ...]:
        """All that a player knows, past included: whole numbers, -1 for what is not there."""


def after_chance(game: Rules[State], state: State, rng: np.random.Generator) -> State:
    """Let chance move until a player has to, or the game is over; one draw for each move."""
    while game.player(state) == CHANCE:
        outcomes = game.legal(state)
        drawn = np.searchsorted(np.cumsum(game.chance(state)), rng.random(), side="right")
        state = game.next(state, outcomes[min(int(drawn), len(outcomes) - 1)])
    return state
