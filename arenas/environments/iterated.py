"""Iterated matrix games as an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from arenas.environments.errors import missing_extra
from arenas.environments.simultaneous import Simultaneous
from arenas.iterated import PRISONERS_DILEMMA, IteratedError, MatrixGame

try:
    from gymnasium.spaces import Box, Discrete
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

SEATS = ("player_0", "player_1")


class Iterated(Simultaneous):
    """Two players, one matrix game, many turns.

    A player observes what both played in the last turn, int16[2], own first, -1 before the first
    turn; the reward is the payoff of the turn. With noise, what was played and is seen may not be
    what was meant.

    Args:
        game: whose payoffs are paid.
        turns: of an episode, which is truncated then.
        noise: probability that a move trembles to one of the others, each as likely.
        ending: probability that a turn is the last one.
        render_mode: see `Simultaneous`.
    """

    metadata: ClassVar[dict[str, Any]] = {**Simultaneous.metadata, "name": "iterated_v0"}

    def __init__(
        self,
        game: MatrixGame = PRISONERS_DILEMMA,
        turns: int = 200,
        noise: float = 0.0,
        ending: float = 0.0,
        render_mode: str | None = None,
    ):
        if turns < 1 or not (0 <= noise <= 1 and 0 <= ending <= 1):
            raise IteratedError(
                "turns is 1 or more, noise and ending are probabilities, such as 200, 0.05 and 0; "
                f"got {turns}, {noise} and {ending}"
            )
        self.game, self.turns, self.noise, self.ending = game, turns, noise, ending
        seen = {seat: Box(-1, len(game) - 1, (2,), np.int16) for seat in SEATS}
        moves = {seat: Discrete(len(game)) for seat in SEATS}
        super().__init__(SEATS, seen, moves, render_mode)

    def _begin(self, rng: np.random.Generator) -> None:
        self._turn = 0
        self._last = np.full(2, -1, np.int16)

    def _observe(self, agent: str) -> np.ndarray:
        return self._last.copy() if agent == SEATS[0] else self._last[::-1].copy()

    def _play(
        self, moves: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[Mapping[str, float], set[str], set[str]]:
        played = [int(moves[seat]) for seat in SEATS]
        if self.noise:
            A = len(self.game)
            slips, others = rng.random(2) < self.noise, rng.integers(1, A, 2)
            played = [(p + s * o) % A for p, s, o in zip(played, slips, others, strict=True)]
        self._last[:] = played
        self._turn += 1
        pay = self.game.payoffs[played[0], played[1]]
        out = set(SEATS) if self.ending and rng.random() < self.ending else set()
        cut = set(SEATS) if self._turn >= self.turns else set()
        return dict(zip(SEATS, map(float, pay), strict=True)), out, cut

    def _line(self) -> str:
        named = [self.game.actions[a] if a >= 0 else "-" for a in self._last]
        return f"{self.game.name}, turn {self._turn}: {named[0]} against {named[1]}"
