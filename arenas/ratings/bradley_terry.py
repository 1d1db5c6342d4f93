"""Ratings from who beat whom, all games at once: the Bradley-Terry model.

R. A. Bradley & M. E. Terry, "Rank analysis of incomplete block designs: I. The method of paired
comparisons", Biometrika 39, 1952: player i beats player j with probability p_i / (p_i + p_j). A
tie counts as half a win for each. Fitted by the MM algorithm (D. R. Hunter, "MM algorithms for
generalized Bradley-Terry models", Annals of Statistics 32, 2004, eq. 3), in which a Newton step
is taken wherever it does better; the objective is concave, so both lead to the same ratings.

Guarantees: the order of the games does not matter, since only their counts are looked at; the
ratings exist whoever played or won against whom, since every player also ties `prior` games
against a fixed player of middling strength.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ELO = 400 / math.log(10)
"""Elo points in a unit of log strength: 400 points ahead is ten wins to one (Elo 1978)."""
NORMAL_95 = 1.959963984540054
ROUNDING = 1e-13
"""Expected and real wins that differ by so small a share differ by rounding."""
ROUNDS_MAX = 1_000


class RatingError(ValueError):
    """Wins that nobody can be rated by; the message says what they have to be."""


@dataclass(frozen=True)
class Ratings:
    """Strengths of n players.

    Attributes:
        elo: float64[n], Elo points; the mean player has 0.
        error: float64[n], standard errors of `elo`, in Elo points.
        covariance: float64[n, n] of `elo`; its rows sum to 0, as the mean is fixed.
    """

    elo: Floats
    error: Floats
    covariance: Floats

    @property
    def interval(self) -> Floats:
        """float64[n, 2], the 95% interval of each rating, in Elo points."""
        reach = NORMAL_95 * self.error
        return np.stack([self.elo - reach, self.elo + reach], axis=1)

    def gap(self, i: int, j: int) -> tuple[float, float]:
        """How far i is ahead of j and the standard error of that, in Elo points."""
        pair = np.zeros(len(self.elo))
        pair[i] += 1
        pair[j] -= 1
        return float(pair @ self.elo), math.sqrt(max(float(pair @ self.covariance @ pair), 0.0))

    def chance(self) -> Floats:
        """float64[n, n], the probability that i beats j."""
        return _sigmoid((self.elo[:, None] - self.elo) / ELO)


def rate(wins: npt.ArrayLike, prior: float = 0.5, points: npt.ArrayLike | None = None) -> Ratings:
    """Rate n players by their games.

    Standard errors come from the observed information: the inverse of the curvature at the
    fitted ratings, as if all games were independent. Where they are not, since the same round
    of the contest decides many games, `points` gives errors that are clustered by round (the
    sandwich of Liang & Zeger, Biometrika 73, 1986).

    Args:
        wins: [n, n], finite and >= 0; `wins[i, j]` games that i won against j, ties as halves;
            the diagonal is 0.
        prior: games, > 0, that each player is taken to have tied against a fixed player.
        points: [n, G], wins of each player in each of G >= 2 independent rounds, ties as halves;
            row i sums to that of `wins`.

    Raises:
        RatingError: for wins or points of another shape or value, a prior that is not > 0, or
            more than about 10^12 wins for each of its games, which hide it.

    O(n^3) a round, of which there are seldom more than 20.
    """
    won = _checked(wins, prior)
    games = won + won.T
    try:
        strength = _fit(won, games, prior)
        inverse = np.linalg.inv(_information(strength, games, prior))
    except np.linalg.LinAlgError:
        raise RatingError(
            f"{won.sum():.3g} wins beside a prior of {prior} games: floats do not tell these "
            "apart; divide all wins by one number, or take a prior of more games"
        ) from None
    chance = _sigmoid(strength[:, None] - strength)
    if points is not None:
        expected = (games * chance).sum(axis=1)
        scores = _points(points, won)
        rounds = scores.shape[1]
        surprise = scores - (expected / rounds)[:, None]
        spread = rounds / (rounds - 1) * surprise @ surprise.T
        # The prior's games, half of them won, are rounds of their own. They are all that speaks
        # for doubt where a player never lost.
        alone = _sigmoid(strength)
        spread += np.diag(prior / 2 * (alone**2 + (1 - alone) ** 2))
        inverse = inverse @ spread @ inverse
    # Only differences mean something: the uncertainty that all players share is taken out.
    centred = inverse - inverse.mean(axis=0)
    covariance = ELO**2 * (centred - centred.mean(axis=1, keepdims=True))
    elo = ELO * (strength - strength.mean())
    return Ratings(elo, np.sqrt(np.maximum(np.diag(covariance), 0)), covariance)


def _fit(won: Floats, games: Floats, prior: float) -> Floats:
    """Log strengths float64[n] that maximise the log posterior."""
    credits = won.sum(axis=1) + prior / 2
    strength = np.zeros(len(won))
    slope = credits - _expected(strength, games, prior)
    flattest = np.abs(slope).max()
    for _ in range(ROUNDS_MAX):
        if np.abs(slope).max() <= ROUNDING * credits.max():
            break
        newton = strength + np.linalg.solve(_information(strength, games, prior), slope)
        reached = np.abs(credits - _expected(newton, games, prior)).max()
        if reached < flattest:
            strength, flattest = newton, reached
        else:  # too far; Hunter's step never lowers the posterior
            strength = strength + np.log(credits / _expected(strength, games, prior))
        slope = credits - _expected(strength, games, prior)
    return strength


def _expected(strength: Floats, games: Floats, prior: float) -> Floats:
    """float64[n], wins that these strengths lead to expect."""
    mine: Floats = (games * _sigmoid(strength[:, None] - strength)).sum(axis=1)
    return mine + prior * _sigmoid(strength)


def _information(strength: Floats, games: Floats, prior: float) -> Floats:
    """float64[n, n], minus the second derivative of the log posterior."""
    chance = _sigmoid(strength[:, None] - strength)
    information: Floats = -games * chance * chance.T
    alone = _sigmoid(strength)
    np.fill_diagonal(information, prior * alone * (1 - alone) - information.sum(axis=1))
    return information


def _sigmoid(x: Floats) -> Floats:
    # By tanh, so that neither end overflows and chance(x) + chance(-x) is exactly 1.
    chance: Floats = 0.5 + 0.5 * np.tanh(x / 2)
    return chance


def _checked(wins: npt.ArrayLike, prior: float) -> Floats:
    won = np.array(wins, np.float64)
    if won.ndim != 2 or won.shape[0] != won.shape[1] or not len(won):
        raise RatingError(
            f"wins are {list(won.shape)}; expected [n, n], wins of row against column, "
            "such as [[0, 3], [1, 0]]"
        )
    if not (np.isfinite(won) & (won >= 0)).all() or np.diag(won).any():
        raise RatingError(
            "wins are finite, not negative, and 0 on the diagonal, as nobody plays themselves; "
            "a tie is half a win for each"
        )
    if not 0 < prior < math.inf:
        raise RatingError(f"prior is {prior} games; it has to be more than 0, such as 0.5")
    return won


def _points(points: npt.ArrayLike, won: Floats) -> Floats:
    scores = np.asarray(points, np.float64)
    total = won.sum(axis=1)
    if scores.ndim != 2 or len(scores) != len(won) or scores.shape[1] < 2:
        raise RatingError(
            f"points are {list(scores.shape)}; expected [{len(won)}, G], wins in each of G >= 2 "
            "rounds"
        )
    if not np.allclose(scores.sum(axis=1), total):
        row = int(np.abs(scores.sum(axis=1) - total).argmax())
        raise RatingError(
            f"player {row} has {scores[row].sum():g} points but {total[row]:g} wins; "
            "points are the same wins, told apart by round"
        )
    return scores
