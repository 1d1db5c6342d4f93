"""Matrix games: what two players get for one move each, at the same time.

The payoffs are data: `payoffs[i, j]` is what the first and the second player get when the first
plays action i and the second action j. The games that ship are those of the literature on
iterated play; in the games of two actions that have a cooperative one, it is action 0.

Errors: `IteratedError`, for all of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

COOPERATE, DEFECT = 0, 1
"""The actions of the social dilemmas."""

ACTIONS_MAX = 64


class IteratedError(ValueError):
    """A game, player or match that cannot be; the message says what would be right."""


@dataclass(frozen=True, eq=False)
class MatrixGame:
    """A game of two players who choose among the same number of actions.

    >>> game = MatrixGame("prisoner's dilemma", [[[3, 3], [0, 5]], [[5, 0], [1, 1]]])
    >>> len(game)
    2

    Attributes:
        name: of the game.
        payoffs: float64[A, A, 2], finite, 2 <= A <= 64; not to be altered.
        actions: a name for each action.
    """

    name: str
    payoffs: Floats
    actions: tuple[str, ...] = ()

    def __init__(
        self, name: str, payoffs: npt.ArrayLike, actions: Sequence[str] | None = None
    ) -> None:
        table = _numbers(name, payoffs)
        if table.ndim != 3 or table.shape[0] != table.shape[1] or table.shape[2] != 2:
            raise IteratedError(
                f"the payoffs of {name!r} are {list(table.shape)}; expected [A, A, 2]: for each "
                "pair of actions what both get, such as [[[3, 3], [0, 5]], [[5, 0], [1, 1]]]"
            )
        if not 2 <= len(table) <= ACTIONS_MAX:
            raise IteratedError(f"{name!r} has {len(table)} actions; allowed: 2 to {ACTIONS_MAX}")
        if not np.isfinite(table).all():
            raise IteratedError(f"the payoffs of {name!r} have to be finite numbers")
        named = tuple(map(str, range(len(table)) if actions is None else actions))
        if len(set(named)) != len(table):
            raise IteratedError(
                f"the actions of {name!r} are named {list(named)}; expected {len(table)} names, "
                "each another"
            )
        table.flags.writeable = False
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "payoffs", table)
        object.__setattr__(self, "actions", named)

    @classmethod
    def symmetric(
        cls, name: str, mine: npt.ArrayLike, actions: Sequence[str] | None = None
    ) -> MatrixGame:
        """The game in which both seats are alike: `mine[i, j]` for playing i against j.

        >>> MatrixGame.symmetric("prisoner's dilemma", [[3, 0], [5, 1]]).payoffs[1, 0].tolist()
        [5.0, 0.0]
        """
        table = _numbers(name, mine)
        if table.ndim != 2 or table.shape[0] != table.shape[1]:
            raise IteratedError(
                f"the payoffs of {name!r} are {list(table.shape)}; expected [A, A], such as "
                "[[3, 0], [5, 1]]"
            )
        return cls(name, np.stack([table, table.T], axis=2), actions)

    def __reduce__(self) -> tuple[Any, ...]:
        # Made anew where it is sent, so that its payoffs are read-only there too.
        return MatrixGame, (self.name, self.payoffs, self.actions)

    def __len__(self) -> int:
        return len(self.payoffs)

    @property
    def is_symmetric(self) -> bool:
        """Whether both seats are alike."""
        return bool((self.payoffs[:, :, 0] == self.payoffs[:, :, 1].T).all())


def _numbers(name: str, payoffs: npt.ArrayLike) -> Floats:
    try:
        return np.array(payoffs, np.float64)
    except (TypeError, ValueError) as error:
        raise IteratedError(
            f"the payoffs of {name!r} are no table of numbers ({error}); expected e.g. "
            "[[[3, 3], [0, 5]], [[5, 0], [1, 1]]]"
        ) from error


_DILEMMA = ("cooperate", "defect")

PRISONERS_DILEMMA = MatrixGame.symmetric("prisoner's dilemma", [[3, 0], [5, 1]], _DILEMMA)
"""R = 3, S = 0, T = 5, P = 1, as in Axelrod's tournaments ("Effective choice in the prisoner's
dilemma", Journal of Conflict Resolution 24, 1980)."""

HAWK_DOVE = MatrixGame.symmetric("hawk-dove", [[1, 0], [2, -1]], ("dove", "hawk"))
"""Maynard Smith & Price 1973 with V = 2 and C = 4: half the population hawks is stable."""

CHICKEN = MatrixGame.symmetric("chicken", [[0, -1], [1, -10]], ("swerve", "straight"))
"""Rapoport & Chammah, "The game of chicken", American Behavioral Scientist 10, 1966."""

STAG_HUNT = MatrixGame.symmetric("stag hunt", [[4, 0], [3, 3]], ("stag", "hare"))
"""Skyrms, "The stag hunt and the evolution of social structure", 2004."""

MATCHING_PENNIES = MatrixGame(
    "matching pennies", [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], ("heads", "tails")
)
"""Zero-sum: the first player wins when the pennies match."""

ROCK_PAPER_SCISSORS = MatrixGame.symmetric(
    "rock-paper-scissors", [[0, -1, 1], [1, 0, -1], [-1, 1, 0]], ("rock", "paper", "scissors")
)
"""Zero-sum: each action beats the one before it."""

GAMES = (
    PRISONERS_DILEMMA,
    HAWK_DOVE,
    CHICKEN,
    STAG_HUNT,
    MATCHING_PENNIES,
    ROCK_PAPER_SCISSORS,
)
"""The games that ship."""
