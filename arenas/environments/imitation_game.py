"""The imitation game as rules of turns, so that it can be stepped through, solved and rated.

Turing 1950, "Computing machinery and intelligence", Mind 59; the same game as
`arenas.imitation.Interrogation`, with states that never change: a coin decides whether the real
agent or an imitator answers. In each turn the interrogator moves and the subject answers, not
knowing the other's move of this turn; in the end the interrogator says who it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from arenas.imitation import ImitationError
from arenas.iterated import Machines
from economy.equilibria import CHANCE, LEAF

INTERROGATOR, IMITATOR = 0, 1
MODEL, REAL = 0, 1


class Asked(NamedTuple):
    """Who answers (-1 before the coin), moves of the turns so far, and the verdict (-1 before)."""

    real: int = -1
    asks: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()
    verdict: int = -1


@dataclass(frozen=True, eq=False)
class ImitationGame:
    """The rules for one hidden agent.

    An observation is the own moves, the other's of complete turns, -1 for those to come. A right
    verdict is worth 1 to the interrogator, a wrong one on an imitator 1 to the imitator.

    Attributes:
        hidden: the real agent, one machine of 2 actions or more.
        turns: before the verdict, 1 or more.
    """

    hidden: Machines
    turns: int = 8
    name = "imitation game"
    players = 2

    def __post_init__(self) -> None:
        if len(self.hidden) != 1 or self.turns < 1:
            raise ImitationError(
                f"{len(self.hidden)} hidden agents and {self.turns} turns; expected one and at "
                "least 1, such as Grudger().machine() and 8"
            )

    @property
    def actions(self) -> int:
        """Moves of a turn, or the two verdicts."""
        return int(self.hidden.actions)

    @property
    def observation_size(self) -> int:
        """Both players' moves."""
        return 2 * self.turns

    def initial(self) -> Asked:
        """Nobody has been chosen."""
        return Asked()

    def player(self, state: Asked) -> int:
        """Who moves: the coin, the interrogator, and the agent (by chance) or the imitator."""
        if state.real < 0:
            return CHANCE
        if state.verdict >= 0:
            return LEAF
        if len(state.asks) > len(state.answers):
            return CHANCE if state.real else IMITATOR
        return INTERROGATOR

    def legal(self, state: Asked) -> tuple[int, ...]:
        """Moves; for chance, those that have any."""
        if state.real < 0 or len(state.answers) == self.turns:
            return (MODEL, REAL)
        if self.player(state) == CHANCE:
            return tuple(a for a, chance in enumerate(self._plays(state)) if chance > 0)
        return tuple(range(self.actions))

    def chance(self, state: Asked) -> tuple[float, ...]:
        """An even coin; then what the real agent plays."""
        if state.real < 0:
            return (0.5, 0.5)
        plays = self._plays(state)
        return tuple(plays[a] for a in self.legal(state))

    def next(self, state: Asked, action: int) -> Asked:
        """Choose, ask, answer, or judge."""
        if state.real < 0:
            return state._replace(real=action)
        if len(state.asks) > len(state.answers):
            return state._replace(answers=(*state.answers, action))
        if len(state.answers) == self.turns:
            return state._replace(verdict=action)
        return state._replace(asks=(*state.asks, action))

    def returns(self, state: Asked) -> tuple[float, ...]:
        """To the interrogator and to the imitator."""
        right = state.verdict == state.real
        return (float(right), float(not right and state.real == MODEL))

    def observation(self, state: Asked, player: int) -> tuple[int, ...]:
        """Own moves, then the other's of the turns that are complete."""
        played = len(state.answers)
        own, other = state.asks, state.answers
        if player == IMITATOR:
            own, other = state.answers, state.asks[:played]
        return (*_padded(own, self.turns), *_padded(other, self.turns))

    def _plays(self, state: Asked) -> list[float]:
        """What the real agent's chances are, after what it has met."""
        place = int(self.hidden.start[0])
        for answer, ask in zip(state.answers, state.asks, strict=False):
            place = int(self.hidden.moves_on[place, answer, ask])
        plays: list[float] = self.hidden.plays[place].tolist()
        return plays


def _padded(moves: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*moves, *[-1] * (length - len(moves)))
