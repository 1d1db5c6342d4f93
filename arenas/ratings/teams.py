"""What the ratings share that know a skill as a normal distribution, and games of two teams."""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import numpy as np
import numpy.typing as npt

from arenas.ratings.bradley_terry import Floats, RatingError
from arenas.ratings.online import Games, OnlineRating, Rows


class TeamRating(OnlineRating):
    """Mean and variance of the skill of each of n players, learnt from games of two teams."""

    columns = ("mean", "variance")

    _mean: Floats
    _variance: Floats

    @property
    def rating(self) -> Floats:
        """float64[n], means of the skills."""
        return self._mean.copy()

    @property
    def error(self) -> Floats:
        """float64[n], deviations of the skills."""
        return np.sqrt(self._variance)

    def update_teams(
        self, first: npt.ArrayLike, second: npt.ArrayLike, score: npt.ArrayLike
    ) -> Self:
        """Learn from m games of two teams, in their order.

        Args:
            first, second: int64[m, k], the members of each team, rows of players; -1 for an
                empty place. Nobody plays twice in a game.
            score: float64[m] in 0 ... 1, of the first team.

        Raises:
            RatingError: for teams that are empty or share a player, or scores outside 0 ... 1.
        """
        one, other, points = teams_of(first, second, score, self.players)
        self._learn(one, other, points)
        return self

    def _update(self, games: Games) -> None:
        self._learn(apart(games.first), apart(games.second), games.score)

    @abstractmethod
    def _learn(self, first: Rows, second: Rows, score: Floats) -> None:
        """Move `_mean` and `_variance` by games that are checked, in their order."""


def teams_of(
    first: npt.ArrayLike, second: npt.ArrayLike, score: npt.ArrayLike, players: int
) -> tuple[Rows, Rows, Floats]:
    """Check m games of two teams: int64[m, k] members, -1 for an empty place, and scores.

    Raises:
        RatingError: for columns that do not fit together, a team without members, a player who
            is on both sides or twice on one, or scores outside 0 ... 1.
    """
    one, other = (np.ascontiguousarray(team, np.int64) for team in (first, second))
    points = np.ascontiguousarray(score, np.float64)
    if one.ndim != 2 or other.ndim != 2 or not len(one) == len(other) == len(points):
        raise RatingError(
            f"teams are {list(one.shape)} and {list(other.shape)} and scores "
            f"{list(points.shape)}; expected int64[m, k] twice and float64[m]"
        )
    both = np.sort(np.concatenate([one, other], axis=1), axis=1)
    if both.size and not (both.min() >= -1 and both.max() < players):
        raise RatingError(f"members are rows 0..{players - 1}, or -1 for an empty place")
    if ((np.diff(both, axis=1) == 0) & (both[:, 1:] >= 0)).any():
        raise RatingError("a player is in a game once, on one side")
    if not ((one >= 0).any(axis=1).all() and (other >= 0).any(axis=1).all()):
        raise RatingError("every team has at least one member")
    if not ((points >= 0) & (points <= 1)).all():
        raise RatingError("scores lie in 0 ... 1: 1 where the first team won, 0.5 for a draw")
    return one, other, points


def apart(players: Rows) -> Rows:
    """Teams of one, int64[m, 1]."""
    return players.reshape(-1, 1)
