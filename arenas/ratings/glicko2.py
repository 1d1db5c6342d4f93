"""Glicko-2: ratings with a deviation and a volatility, moved once a rating period.

M. E. Glickman, "Example of the Glicko-2 system", 2013 (steps 1 to 8); the model is that of his
"Dynamic paired comparison models with stochastic variances", Journal of Applied Statistics 28,
2001. All games of a period are taken to be simultaneous: everybody is rated against what the
others were before it. A player who sits a period out becomes less certain (step 6).

Guarantees: the order of games within a period does not matter, but for rounding. A deviation
grows no further than `deviation_max` by waiting, which the paper leaves open: after years away
one is as uncertain as a newcomer, and no more.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.ratings.bradley_terry import Floats, RatingError
from arenas.ratings.online import Games, OnlineRating, Rows, positive

POINTS = 173.7178
"""Glicko points in a unit of the paper's inner scale."""
CLOSE = 1e-6
"""How exactly the volatility is solved for (step 5.1)."""


class Glicko2(OnlineRating):
    """Ratings, deviations and volatilities of n players.

    `update` rates every period that its games name, once; a later call has later periods.
    Without periods its games are one period, the next. Periods left out between two were sat
    out by everybody.

    Args:
        players: n.
        tau: how freely volatility changes, > 0; the paper has 0.3 to 1.2.
        rating: of a newcomer, in Glicko points; one number or float[n].
        deviation: of a newcomer, > 0, in Glicko points; one number or float[n].
        volatility: of a newcomer, > 0; one number or float[n].
        deviation_max: to which the deviation of an absent player grows, in Glicko points.

    Raises:
        RatingError: for numbers that are not finite or not above 0.

    >>> pair = Glicko2(2).update([0], [1], [1.0])
    >>> pair.rating.round().tolist(), pair.error.round().tolist()
    ([1662.0, 1338.0], [290.0, 290.0])
    """

    columns = ("mu", "phi", "volatility", "seen", "last")

    def __init__(
        self,
        players: int,
        tau: float = 0.5,
        rating: npt.ArrayLike = 1500.0,
        deviation: npt.ArrayLike = 350.0,
        volatility: npt.ArrayLike = 0.06,
        deviation_max: float = 350.0,
    ) -> None:
        super().__init__(players, **positive(tau=tau, deviation_max=deviation_max))
        self._mu = (self._spread("rating", rating) - 1500) / POINTS
        self._phi = self._spread("deviation", deviation, positive=True) / POINTS
        self._volatility = self._spread("volatility", volatility, positive=True)
        self._seen = np.full(players, -1, np.int64)  # the last period each played in
        self._last = np.full(1, -1, np.int64)  # the last period that is over

    @property
    def rating(self) -> Floats:
        """float64[n], Glicko points."""
        return 1500 + POINTS * self._mu

    @property
    def error(self) -> Floats:
        """float64[n], deviations at the end of the last period, in Glicko points."""
        return POINTS * self._phi_now()

    @property
    def volatility(self) -> Floats:
        """float64[n], how far a rating is expected to wander in a period (inner scale)."""
        return self._volatility.copy()

    @property
    def period(self) -> int:
        """The last period that is over; -1 if none is."""
        return int(self._last[0])

    def expect(self, first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
        """float64[m], the score expected of the first players, both deviations looked at."""
        one, other = self._pairs(first, second)
        phi = self._phi_now()
        doubt = 1 / np.sqrt(1 + 3 * (phi[one] ** 2 + phi[other] ** 2) / math.pi**2)
        expected: Floats = 1 / (1 + np.exp(-doubt * (self._mu[one] - self._mu[other])))
        return expected

    def wait(self, periods: int = 1) -> None:
        """Let periods pass in which nobody plays."""
        if periods < 0:
            raise RatingError(f"{periods} periods cannot pass; expected 0 or more")
        self._last += periods

    def _update(self, games: Games) -> None:
        if not len(games.first):
            return
        period = games.period
        if period is None:
            period = np.full(len(games.first), self.period + 1, np.int64)
        if period[0] <= self.period:
            raise RatingError(
                f"period {period[0]} is over, as {self.period} was the last; games of a period "
                "come in one update, and later ones in later periods"
            )
        _rate(
            games.first,
            games.second,
            games.score,
            period,
            self._mu,
            self._phi,
            self._volatility,
            self._seen,
            self.settings["tau"],
            self.settings["deviation_max"] / POINTS,
        )
        self._last[0] = period[-1]

    def _phi_now(self) -> Floats:
        """Deviations after the periods that each player sat out."""
        away = self._last[0] - self._seen
        grown = np.sqrt(self._phi**2 + away * self._volatility**2)
        highest = np.maximum(self._phi, self.settings["deviation_max"] / POINTS)
        now: Floats = np.where(away > 0, np.minimum(grown, highest), self._phi)
        return now


@njit(cache=True, nogil=True)
def _rate(
    first: Rows,
    second: Rows,
    score: Floats,
    period: Rows,
    mu: Floats,
    phi: Floats,
    volatility: Floats,
    seen: Rows,
    tau: float,
    phi_max: float,
) -> None:
    """Rate every period in turn; only who played in it is touched."""
    players = len(mu)
    information = np.zeros(players)  # 1 / v of step 3
    surprise = np.zeros(players)  # the sum in step 4
    touched = np.empty(players, np.int64)
    begin = 0
    while begin < len(first):
        end = begin
        while end < len(first) and period[end] == period[begin]:
            end += 1
        number = 0
        for game in range(begin, end):
            for player in (first[game], second[game]):
                if seen[player] < period[begin]:
                    away = period[begin] - seen[player] - 1
                    if away > 0:
                        grown = math.sqrt(phi[player] ** 2 + away * volatility[player] ** 2)
                        phi[player] = min(grown, max(phi[player], phi_max))
                    seen[player] = period[begin]
                    touched[number] = player
                    number += 1
        for game in range(begin, end):
            i, j = first[game], second[game]
            _learn(mu, phi, information, surprise, i, j, score[game])
            _learn(mu, phi, information, surprise, j, i, 1.0 - score[game])
        for place in range(number):
            i = touched[place]
            variance = 1.0 / information[i]
            gain = variance * surprise[i]
            volatility[i] = _volatility(gain, phi[i], variance, volatility[i], tau)
            waited = phi[i] ** 2 + volatility[i] ** 2
            phi[i] = 1.0 / math.sqrt(1.0 / waited + information[i])
            mu[i] += phi[i] ** 2 * surprise[i]
            information[i] = surprise[i] = 0.0
        begin = end


@njit(cache=True, nogil=True)
def _learn(
    mu: Floats,
    phi: Floats,
    information: Floats,
    surprise: Floats,
    i: int,
    j: int,
    score: float,
) -> None:
    """What i learns from a game against j (steps 3 and 4)."""
    doubt = 1.0 / math.sqrt(1.0 + 3.0 * phi[j] ** 2 / math.pi**2)
    expected = 1.0 / (1.0 + math.exp(-doubt * (mu[i] - mu[j])))
    # Never 0, so that a game between players worlds apart still has a variance.
    information[i] += max(doubt**2 * expected * (1.0 - expected), 1e-300)
    surprise[i] += doubt * (score - expected)


@njit(cache=True, nogil=True)
def _volatility(gain: float, phi: float, variance: float, sigma: float, tau: float) -> float:
    """The new volatility, by the Illinois method (step 5)."""
    a = math.log(sigma**2)
    low = a
    if gain**2 > phi**2 + variance:
        high = math.log(gain**2 - phi**2 - variance)
    else:
        high = a - tau
        while _slope(high, gain, phi, variance, a, tau) < 0:
            high -= tau
    at_low = _slope(low, gain, phi, variance, a, tau)
    at_high = _slope(high, gain, phi, variance, a, tau)
    for _ in range(200):  # ends by the tolerance after about ten
        if abs(high - low) <= CLOSE:
            break
        middle = low + (low - high) * at_low / (at_high - at_low)
        at_middle = _slope(middle, gain, phi, variance, a, tau)
        if at_middle * at_high <= 0:
            low, at_low = high, at_high
        else:
            at_low /= 2
        high, at_high = middle, at_middle
    return math.exp(low / 2)


@njit(cache=True, nogil=True)
def _slope(x: float, gain: float, phi: float, variance: float, a: float, tau: float) -> float:
    """The function f of step 5.1, whose zero is the logarithm of the squared volatility."""
    grown = phi**2 + variance + math.exp(x)
    return math.exp(x) * (gain**2 - grown) / (2 * grown**2) - (x - a) / tau**2
