"""Elo ratings, with what is known of their errors.

A. E. Elo, "The Rating of Chessplayers, Past and Present", 1978: the first player of a game is
expected to score 1 / (1 + 10^(-gap / scale)), and both ratings move by K times what it scored
beyond that, in opposite directions.

Elo knows no errors. Ours are carried along by linearisation: with w the slope of the expected
score, q its variance e (1 - e) and v the squared errors, a game makes them
v1' = (1 - K w)^2 v1 + (K w)^2 v2 + K^2 q, and v2' likewise. They shrink from `deviation` to about
sqrt(K scale / (2 ln 10)), 53 points for K = 32, and never to 0, as Elo never stops moving. The
slope is that at the believed gap, and covariances are left out: where strengths lie as far apart
as a newcomer's might, the errors are about a sixth too small (91% of strengths within the 95%
interval after 60 games, as with Glicko-2, and a test holds that).

Guarantees: the sum of all ratings never changes, but for rounding; the order of games matters.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.ratings.bradley_terry import Floats
from arenas.ratings.online import Games, OnlineRating, Rows, positive


class Elo(OnlineRating):
    """Ratings in Elo points that move after every game; periods are not looked at.

    Args:
        players: n.
        k: points that a game can move a rating by, > 0.
        scale: points ahead at which ten games in eleven are won, > 0.
        start: the rating of a newcomer, one number or float[n].
        deviation: how far a newcomer's strength is believed to lie from `start`, in points.

    Raises:
        RatingError: for numbers that are not finite or not above 0.

    >>> elo = Elo(2).update([0], [1], [1.0])
    >>> elo.rating.tolist()
    [1516.0, 1484.0]
    """

    columns = ("rating", "variance")

    def __init__(
        self,
        players: int,
        k: float = 32.0,
        scale: float = 400.0,
        start: npt.ArrayLike = 1500.0,
        deviation: npt.ArrayLike = 200.0,
    ) -> None:
        super().__init__(players, **positive(k=k, scale=scale))
        self._rating = self._spread("start", start)
        self._variance = np.square(self._spread("deviation", deviation, positive=True))

    @property
    def rating(self) -> Floats:
        """float64[n], Elo points."""
        return self._rating.copy()

    @property
    def error(self) -> Floats:
        """float64[n], Elo points: by linearisation, see the module."""
        return np.sqrt(self._variance)

    def expect(self, first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
        """float64[m], the score that the first players are expected to make."""
        one, other = self._pairs(first, second)
        gap = (self._rating[one] - self._rating[other]) / self.settings["scale"]
        expected: Floats = 1 / (1 + 10.0**-gap)
        return expected

    def _update(self, games: Games) -> None:
        steepness = math.log(10) / self.settings["scale"]
        _play(
            games.first,
            games.second,
            games.score,
            self._rating,
            self._variance,
            self.settings["k"],
            steepness,
        )


@njit(cache=True, nogil=True)
def _play(
    first: Rows,
    second: Rows,
    score: Floats,
    rating: Floats,
    variance: Floats,
    k: float,
    steepness: float,
) -> None:
    """Move `rating` and `variance` by each game in turn."""
    for game in range(len(first)):
        i, j = first[game], second[game]
        expected = 1.0 / (1.0 + math.exp(-steepness * (rating[i] - rating[j])))
        moved = k * (score[game] - expected)
        rating[i] += moved
        rating[j] -= moved
        noise = expected * (1.0 - expected)
        pull = k * steepness * noise
        kept, taken, added = (1.0 - pull) ** 2, pull**2, k * k * noise
        mine, theirs = variance[i], variance[j]
        variance[i] = kept * mine + taken * theirs + added
        variance[j] = kept * theirs + taken * mine + added
