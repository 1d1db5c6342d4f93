"""Ratings from games that may be drawn, with how ready players are to draw: Davidson's model.

R. R. Davidson, "On extending the Bradley-Terry model to accommodate ties in paired comparison
experiments", Journal of the American Statistical Association 65, 1970 (equations 2.5, 2.6): with
strengths p and q, winning, losing and drawing are to each other as p, q and nu sqrt(p q). `rate`
takes a draw for half a win: its gaps are those of points, not of games that were decided, and where
draws are common its errors are too large for them.

Guarantees: the order of games does not matter; only points and the number of draws are looked
at, which are sufficient. The likelihood is concave, so the fit is the only one. It exists for any
games, as each player also won and lost half of `prior` games against a fixed player, and as many
games between equals were drawn half the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.ratings.bradley_terry import ELO, Floats, RatingError, Ratings

STEPS_MAX = 200


@dataclass(frozen=True)
class TieRatings:
    """Strengths of n players, and one readiness to draw for all.

    Attributes:
        ratings: Elo points of n players with their errors, the mean player at 0.
        nu: how ready players are to draw; equals draw nu / (2 + nu) of their games.
        nu_error: the standard error of log nu.
    """

    ratings: Ratings
    nu: float
    nu_error: float

    def chances(self) -> tuple[Floats, Floats]:
        """Of a win of row over column, and of a draw, float64[n, n] each."""
        return _chances(self.ratings.elo / ELO, math.log(self.nu))


def rate_ties(wins: npt.ArrayLike, ties: npt.ArrayLike, prior: float = 0.5) -> TieRatings:
    """Rate n players by games that may be drawn.

    Args:
        wins: [n, n], finite and >= 0; games that row won outright against column; diagonal 0.
        ties: [n, n], symmetric, finite and >= 0; games that the two drew; diagonal 0.
        prior: games, > 0, see the module.

    Raises:
        RatingError: for wins or ties of another shape or value, or a prior that is not > 0.

    O(n^3) a step, of which there are seldom more than 20.
    """
    won, tied = _checked(wins, ties, prior)
    n = len(won)
    games = won + won.T + tied
    credit = np.append((won + tied / 2).sum(axis=1) + prior / 2, tied.sum() / 2 + prior / 2)
    at = np.zeros(n + 1)  # log strengths, and log nu
    value = _posterior(at, credit, games, prior)
    for _ in range(STEPS_MAX):
        slope = credit - _expected(at, games, prior)
        if np.abs(slope).max() <= 1e-11 * credit.max():
            break
        step = np.linalg.solve(_information(at, games, prior), slope)
        reached = _posterior(at + step, credit, games, prior)
        while reached < value and np.abs(step).max() > 1e-12:  # too far
            step /= 2
            reached = _posterior(at + step, credit, games, prior)
        if reached < value:  # as high as floats go
            break
        at, value = at + step, reached
    inverse = np.linalg.inv(_information(at, games, prior))
    strength, covariance = at[:n], inverse[:n, :n]
    covariance = covariance - covariance.mean(axis=0)
    covariance = ELO**2 * (covariance - covariance.mean(axis=1, keepdims=True))
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    ratings = Ratings(ELO * (strength - strength.mean()), error, covariance)
    return TieRatings(ratings, math.exp(at[n]), math.sqrt(inverse[n, n]))


def _chances(strength: Floats, log_nu: float) -> tuple[Floats, Floats]:
    half = (strength[:, None] - strength) / 2
    weights = np.stack([half, -half, np.full_like(half, log_nu)])
    weights = np.exp(weights - weights.max(axis=0))
    weights /= weights.sum(axis=0)
    return weights[0], weights[2]


def _posterior(at: Floats, credit: Floats, games: Floats, prior: float) -> float:
    """The logarithm of the posterior, but for a constant."""
    strength, log_nu = at[:-1], at[-1]
    half = np.abs(strength[:, None] - strength) / 2
    middle = (strength[:, None] + strength) / 2
    whole = middle + np.logaddexp(np.logaddexp(half, -half), log_nu)
    alone = prior * (np.logaddexp(0, strength).sum() + np.logaddexp(math.log(2), log_nu))
    return float(credit @ at - (games * whole).sum() / 2 - alone)


def _expected(at: Floats, games: Floats, prior: float) -> Floats:
    """What the credits are expected to be: points, and draws."""
    win, tie = _chances(at[:-1], at[-1])
    points = (games * (win + tie / 2)).sum(axis=1) + prior / (1 + np.exp(-at[:-1]))
    even = 1 / (1 + 2 * math.exp(-at[-1]))
    return np.append(points, (games * tie).sum() / 2 + prior * even)


def _information(at: Floats, games: Floats, prior: float) -> Floats:
    """Minus the second derivative: covariances of points and draws, summed over games."""
    win, tie = _chances(at[:-1], at[-1])
    score = win + tie / 2
    variance = games * (win + tie / 4 - score**2)
    information = np.zeros((len(at), len(at)))
    alone = 1 / (1 + np.exp(-at[:-1]))
    information[:-1, :-1] = np.diag(variance.sum(axis=1) + prior * alone * (1 - alone)) - variance
    both = (games * tie * (0.5 - score)).sum(axis=1)
    information[:-1, -1] = information[-1, :-1] = both
    even = 1 / (1 + 2 * math.exp(-at[-1]))
    information[-1, -1] = (games * tie * (1 - tie)).sum() / 2 + prior * even * (1 - even)
    return information


def _checked(wins: npt.ArrayLike, ties: npt.ArrayLike, prior: float) -> tuple[Floats, Floats]:
    won, tied = np.array(wins, np.float64), np.array(ties, np.float64)
    if won.ndim != 2 or won.shape[0] != won.shape[1] or not len(won) or tied.shape != won.shape:
        raise RatingError(
            f"wins are {list(won.shape)} and ties {list(tied.shape)}; expected [n, n] both, such "
            "as [[0, 3], [1, 0]] and [[0, 2], [2, 0]]"
        )
    for name, table in (("wins", won), ("ties", tied)):
        if not (np.isfinite(table) & (table >= 0)).all() or np.diag(table).any():
            raise RatingError(f"{name} are finite, not negative, and 0 on the diagonal")
    if not np.array_equal(tied, tied.T):
        raise RatingError("ties are symmetric: a game that i drew with j, j drew with i")
    if not prior > 0:
        raise RatingError(f"prior is {prior} games; it has to be more than 0, such as 0.5")
    return won, tied
