"""Davidson's model against plain ascent of its likelihood, Bradley-Terry and planted players."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar

from arenas.ratings import RatingError, rate, rate_ties

ELO = 400 / math.log(10)
COUNTS = arrays(float, (3, 3), elements=st.integers(0, 12).map(float))


def log_posterior(at: np.ndarray, won: np.ndarray, tied: np.ndarray, prior: float) -> float:
    """Game by game, from the definition."""
    s, nu = at[:-1], math.exp(at[-1])
    total = 0.0
    for i in range(len(s)):
        for j in range(len(s)):
            p, q = math.exp(s[i]), math.exp(s[j])
            whole = p + q + nu * math.sqrt(p * q)
            total += won[i, j] * math.log(p / whole)
            total += tied[i, j] / 2 * math.log(nu * math.sqrt(p * q) / whole)
        total += prior / 2 * math.log(math.exp(s[i]) / (1 + math.exp(s[i])) ** 2)
    return total + prior / 2 * (math.log(nu / (2 + nu)) + math.log(2 / (2 + nu)))


@settings(deadline=None, max_examples=25)
@given(won=COUNTS, tied=COUNTS)
def test_nothing_near_the_fit_is_likelier(won: np.ndarray, tied: np.ndarray) -> None:
    np.fill_diagonal(won, 0)
    tied = np.triu(tied, 1) + np.triu(tied, 1).T
    found = rate_ties(won, tied)
    at = np.append(found.ratings.elo / ELO, math.log(found.nu))
    # The fit is up to the mean strength, which only the prior fixes: look for it along a line.
    shift = np.array([1.0, 1, 1, 0])
    found_shift = minimize_scalar(lambda o: -log_posterior(at + o * shift, won, tied, 0.5))
    at = at + found_shift.x * shift
    best = log_posterior(at, won, tied, 0.5)
    for axis in np.eye(4):
        for side in (-0.02, 0.02):
            assert log_posterior(at + side * axis, won, tied, 0.5) < best


def test_without_draws_it_is_bradley_terry() -> None:
    won = np.array([[0, 8, 9], [4, 0, 7], [2, 5, 0]])
    found = rate_ties(1000 * won, np.zeros((3, 3)))
    plain = rate(1000 * won)
    assert found.ratings.elo == pytest.approx(plain.elo, abs=0.1)
    assert found.ratings.error == pytest.approx(plain.error, rel=1e-2)
    assert found.nu < 1e-3


def test_planted_strengths_and_draws_are_found_within_their_errors() -> None:
    rng = np.random.default_rng(1)
    strength, nu = np.array([-0.6, -0.1, 0.2, 0.5]), 1.5
    z = []
    for _ in range(40):
        won, tied = np.zeros((4, 4)), np.zeros((4, 4))
        for i, j in zip(*np.triu_indices(4, 1), strict=True):
            draw = math.log(nu) + (strength[i] + strength[j]) / 2
            odds = np.exp([strength[i], strength[j], draw])
            won[i, j], won[j, i], drawn = rng.multinomial(80, odds / odds.sum())
            tied[i, j] = tied[j, i] = drawn
        found = rate_ties(won, tied)
        z.extend((found.ratings.elo - ELO * strength) / found.ratings.error)
        z.append((math.log(found.nu) - math.log(nu)) / found.nu_error)
        # Taking draws for half-won games says less of who is better.
        gap, halves = found.ratings.gap(3, 0), rate(won + tied / 2).gap(3, 0)
        assert gap[0] / gap[1] > halves[0] / halves[1]
    assert 0.85 < math.sqrt(np.mean(np.square(z))) < 1.15
    assert abs(np.mean(z)) * math.sqrt(len(z)) < 4


def test_chances_are_those_of_the_model() -> None:
    found = rate_ties([[0, 10], [5, 0]], [[0, 6], [6, 0]])
    win, tie = found.chances()
    assert win + win.T + tie == pytest.approx(np.ones((2, 2)))
    assert tie[0, 0] == pytest.approx(found.nu / (2 + found.nu))
    assert win[0, 1] / win[1, 0] == pytest.approx(10 ** (found.ratings.gap(0, 1)[0] / 400))


def test_games_that_cannot_be_are_refused() -> None:
    none = np.zeros((2, 2))
    for won, tied, prior in (
        (np.eye(2), none, 0.5),
        (none, [[0, 1], [2, 0]], 0.5),
        (none, np.zeros((3, 3)), 0.5),
        (none, [[0, -1], [-1, 0]], 0.5),
        (none, none, 0.0),
    ):
        with pytest.raises(RatingError):
            rate_ties(won, tied, prior)
