"""Weng and Lin's Bayesian rating with logistic noise: as uncertain as TrueSkill, and cheaper.

R. C. Weng & C.-J. Lin, "A Bayesian approximation method for online ranking", Journal of Machine
Learning Research 12, 2011, Algorithm 1 (Bradley-Terry, full pair) for two players or teams: skill
is a normal distribution, the chance to win a logistic function of the difference in units of
c = sqrt(sum of variances + 2 beta^2), and mean and variance move along the first two derivatives
of the log likelihood. For two teams their Plackett-Luce model is the same.

Guarantees: a score between 0 and 1 moves the mean by as much of a win as it is. The order of
games matters.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.ratings.bradley_terry import Floats
from arenas.ratings.online import Rows, positive
from arenas.ratings.teams import TeamRating

LEAST = 1e-4
"""A game leaves at least this share of a variance (kappa of the paper)."""


class WengLin(TeamRating):
    """Normal distributions of the skills of n players, logistic noise; no periods.

    Args:
        players: n.
        mean: of a newcomer's skill; one number or float[n].
        deviation: of a newcomer's skill, > 0; one number or float[n].
        beta: noise of one performance, > 0.
        tau: how much skill drifts before each game, > 0.

    Raises:
        RatingError: for numbers that are not finite or not above 0.

    >>> skill = WengLin(2).update([0], [1], [1.0])
    >>> skill.rating.round(2).tolist(), skill.error.round(2).tolist()
    ([27.64, 22.36], [8.07, 8.07])
    """

    def __init__(
        self,
        players: int,
        mean: npt.ArrayLike = 25.0,
        deviation: npt.ArrayLike = 25 / 3,
        beta: float = 25 / 6,
        tau: float = 25 / 300,
    ) -> None:
        super().__init__(players, **positive(beta=beta, tau=tau))
        self._mean = self._spread("mean", mean)
        self._variance = np.square(self._spread("deviation", deviation, positive=True))

    def expect(self, first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
        """float64[m], the score expected of the first players (their equation 49)."""
        one, other = self._pairs(first, second)
        noise = 2 * self.settings["beta"] ** 2 + self._variance[one] + self._variance[other]
        expected: Floats = 1 / (1 + np.exp((self._mean[other] - self._mean[one]) / np.sqrt(noise)))
        return expected

    def _learn(self, first: Rows, second: Rows, score: Floats) -> None:
        beta, tau = self.settings["beta"], self.settings["tau"]
        _play(first, second, score, self._mean, self._variance, beta**2, tau**2)


@njit(cache=True, nogil=True)
def _play(
    first: Rows,
    second: Rows,
    score: Floats,
    mean: Floats,
    variance: Floats,
    noise: float,
    drift: float,
) -> None:
    """Move `mean` and `variance` by each game in turn."""
    for game in range(len(first)):
        gap = own = theirs = 0.0  # lead, and the variances of both teams
        for player in first[game]:
            if player >= 0:
                variance[player] += drift
                gap += mean[player]
                own += variance[player]
        for player in second[game]:
            if player >= 0:
                variance[player] += drift
                gap -= mean[player]
                theirs += variance[player]
        spread = own + theirs + 2.0 * noise
        c = math.sqrt(spread)
        expected = 1.0 / (1.0 + math.exp(-gap / c))
        moved = (score[game] - expected) / c
        curvature = expected * (1.0 - expected) / spread
        _move(first[game], mean, variance, moved, curvature * math.sqrt(own) / c)
        _move(second[game], mean, variance, -moved, curvature * math.sqrt(theirs) / c)


@njit(cache=True, nogil=True)
def _move(team: Rows, mean: Floats, variance: Floats, moved: float, narrowing: float) -> None:
    """Give each member its share, in proportion to its variance."""
    for player in team:
        if player >= 0:
            mean[player] += variance[player] * moved
            variance[player] *= max(1.0 - variance[player] * narrowing, LEAST)
