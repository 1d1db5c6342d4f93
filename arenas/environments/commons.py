"""Red against blue as an environment: attacks on a shared memory and a market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from arenas.environments.errors import missing_extra
from arenas.environments.simultaneous import Simultaneous
from arenas.red_blue import LIMITS, Act, Commons, CommonsRules

try:
    from gymnasium.spaces import Box, MultiDiscrete
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

SIDES = ("red", "blue")
MOST = 8
"""The largest amount of an action."""


class RedAgainstBlue(Simultaneous):
    """Two sides of a commons: see `arenas.red_blue.Commons`.

    Red moves one action a tick, int64[5]: kind, actor, target, answer, and amount less 1; kind 0
    is silence. Blue moves its settings, float32[10] from 0, the lowest of `LIMITS`, to 1, the
    highest; whole ones are rounded. Red is paid the harm of the tick, blue minus that. The episode
    is truncated when all queries have closed.

    Args:
        rules: of the commons.
        render_mode: see `Simultaneous`.
    """

    metadata: ClassVar[dict[str, Any]] = {**Simultaneous.metadata, "name": "red_blue_v0"}

    def __init__(self, rules: CommonsRules | None = None, render_mode: str | None = None):
        self.rules = CommonsRules() if rules is None else rules
        self._commons = Commons(self.rules, 0)
        seen = {side: Box(-np.inf, np.inf, self._observe(side).shape, np.float32) for side in SIDES}
        kinds = [len(Act), self.rules.red, self.rules.queries, self.rules.answers, MOST]
        moves = {"red": MultiDiscrete(kinds), "blue": Box(0.0, 1.0, (len(LIMITS),), np.float32)}
        super().__init__(SIDES, seen, moves, render_mode)

    def _begin(self, rng: np.random.Generator) -> None:
        self._commons = Commons(self.rules, int(rng.integers(2**63)))

    def _observe(self, agent: str) -> np.ndarray:
        return self._commons.observe("red" if agent == "red" else "blue")

    def _play(
        self, moves: Mapping[str, Any], rng: np.random.Generator
    ) -> tuple[Mapping[str, float], set[str], set[str]]:
        action = np.asarray(moves["red"], np.int64) + np.array([0, 0, 0, 0, 1])
        harm, relief = self._commons.step(action[None], settings_of(moves["blue"]))
        cut = set(SIDES) if self._commons.over else set()
        return {"red": harm, "blue": relief}, set(), cut

    def _line(self) -> str:
        return f"tick {self._commons.tick} of {self.rules.ticks}: harm {self._commons.harm:.3f}"


def settings_of(shares: np.ndarray) -> np.ndarray:
    """Settings float64[10] in the order of `LIMITS`, from shares of their ranges in [0, 1]."""
    low, high = np.array(list(LIMITS.values()), float).T
    settings = low + np.asarray(shares, float) * (high - low)
    whole = [isinstance(lowest, int) for lowest, _ in LIMITS.values()]
    rounded: np.ndarray = np.where(whole, np.round(settings), settings)
    return rounded
