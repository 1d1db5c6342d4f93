"""A Bayesian skill rating: each player's skill is a normal distribution that games narrow down.

R. Herbrich, T. Minka & T. Graepel, "TrueSkill(TM): A Bayesian skill rating system", Advances in
Neural Information Processing Systems 19, 2007. A player performs at its skill plus normal noise
of deviation `beta`, a team at the sum of its members; the higher performance wins, and two that
lie within a margin draw. After a game the exact posterior is replaced by the normal distribution
of the same mean and variance. For two players or teams that is their equations for v and w,
with no message passing.

Guarantees: a game of two newcomers gives the published 29.396 / 7.171 and 20.604 / 7.171, a draw
25.000 / 6.458. The order of games matters. Only the sign of score - 1/2 is looked at.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.ratings.bradley_terry import Floats, RatingError
from arenas.ratings.online import Rows, positive
from arenas.ratings.teams import TeamRating


class GaussianSkill(TeamRating):
    """Normal distributions of the skills of n players; periods are not looked at.

    Args:
        players: n.
        mean: of a newcomer's skill; one number or float[n].
        deviation: of a newcomer's skill, > 0; one number or float[n].
        beta: noise of one performance, > 0; `beta` ahead is a win in three of four games.
        tau: how much skill drifts before each game, > 0.
        draws: the share of games between equals that is drawn, 0 < draws < 1.

    Raises:
        RatingError: for numbers outside these bounds.

    >>> skill = GaussianSkill(2).update([0], [1], [1.0])
    >>> skill.rating.round(3).tolist(), skill.error.round(3).tolist()
    ([29.396, 20.604], [7.171, 7.171])
    """

    def __init__(
        self,
        players: int,
        mean: npt.ArrayLike = 25.0,
        deviation: npt.ArrayLike = 25 / 3,
        beta: float = 25 / 6,
        tau: float = 25 / 300,
        draws: float = 0.1,
    ) -> None:
        super().__init__(players, **positive(beta=beta, tau=tau, draws=draws))
        if not draws < 1:
            raise RatingError(f"draws is {draws}, a share of games: between 0 and 1, such as 0.1")
        self._mean = self._spread("mean", mean)
        self._variance = np.square(self._spread("deviation", deviation, positive=True))

    def expect(self, first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
        """float64[m], the score expected of the first players, half of it from draws."""
        from scipy.special import ndtr

        one, other = self._pairs(first, second)
        noise = 2 * self.settings["beta"] ** 2 + self._variance[one] + self._variance[other]
        gap, spread = self._mean[one] - self._mean[other], np.sqrt(noise)
        margin = self._margin * math.sqrt(2) * self.settings["beta"]
        expected: Floats = (ndtr((gap - margin) / spread) + ndtr((gap + margin) / spread)) / 2
        return expected

    @property
    def _margin(self) -> float:
        """By how much performances that draw may differ, in deviations of their difference."""
        return NormalDist().inv_cdf((self.settings["draws"] + 1) / 2)

    def _learn(self, first: Rows, second: Rows, score: Floats) -> None:
        beta, tau = self.settings["beta"], self.settings["tau"]
        _play(first, second, score, self._mean, self._variance, beta**2, tau**2, self._margin)


@njit(cache=True, nogil=True)
def _play(
    first: Rows,
    second: Rows,
    score: Floats,
    mean: Floats,
    variance: Floats,
    noise: float,
    drift: float,
    margin: float,
) -> None:
    """Move `mean` and `variance` by each game in turn."""
    for game in range(len(first)):
        gap = spread = members = 0.0
        for side, team in ((1.0, first[game]), (-1.0, second[game])):
            for player in team:
                if player >= 0:
                    variance[player] += drift
                    gap += side * mean[player]
                    spread += variance[player] + noise
                    members += 1.0
        within = margin * math.sqrt(members * noise / spread)
        won = 0.0 if score[game] == 0.5 else 1.0 if score[game] > 0.5 else -1.0
        if won == 0.0:
            shift, narrowing = _drawn(gap / math.sqrt(spread), within)
        else:
            shift, narrowing = _beaten(won * gap / math.sqrt(spread) - within)
            shift *= won
        for side, team in ((1.0, first[game]), (-1.0, second[game])):
            for player in team:
                if player >= 0:
                    share = variance[player] / spread
                    mean[player] += side * share * math.sqrt(spread) * shift
                    variance[player] *= 1.0 - share * narrowing


@njit(cache=True, nogil=True)
def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


@njit(cache=True, nogil=True)
def _below(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@njit(cache=True, nogil=True)
def _beaten(x: float) -> tuple[float, float]:
    """v and w of a win, x being the winner's lead beyond the margin, in deviations."""
    # Far out both tails vanish; what is left is the first terms of Mill's ratio.
    shift = _density(x) / _below(x) if x > -30.0 else -x - 1.0 / x
    return shift, min(shift * (shift + x), 1.0)


@njit(cache=True, nogil=True)
def _drawn(x: float, within: float) -> tuple[float, float]:
    """v and w of a draw, x being the first team's lead, in deviations."""
    lead = abs(x)
    chance = _below(within - lead) - _below(-within - lead)
    if chance < 1e-280:  # nobody expected it: the lead shrinks to the margin
        return (within - lead) * (1.0 if x >= 0 else -1.0), 1.0
    near, far = _density(within - lead), _density(within + lead)
    shift = (far - near) / chance
    narrowing = shift**2 + ((within - lead) * near + (within + lead) * far) / chance
    return (shift if x >= 0 else -shift), min(narrowing, 1.0)
