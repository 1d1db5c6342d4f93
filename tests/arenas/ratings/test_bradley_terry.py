"""Bradley-Terry ratings against plain gradient ascent, published ratings and simulated players."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from arenas import RatingError, rate

ELO = 400 / math.log(10)


def plain_fit(wins: list[list[float]], prior: float) -> list[float]:
    """Log strengths by gradient ascent, one game count at a time, until nothing moves."""
    n = len(wins)
    strength = [0.0] * n
    steepest = prior / 4 + max(sum(wins[i][j] + wins[j][i] for j in range(n)) / 2 for i in range(n))
    for _ in range(100_000):
        slope = [0.0] * n
        for i in range(n):
            slope[i] += prior * (0.5 - 1 / (1 + math.exp(-strength[i])))
            for j in range(n):
                chance = 1 / (1 + math.exp(strength[j] - strength[i]))
                slope[i] += wins[i][j] - (wins[i][j] + wins[j][i]) * chance
        strength = [s + g / steepest for s, g in zip(strength, slope, strict=True)]
        if max(map(abs, slope)) < 1e-10:
            return strength
    raise AssertionError("the reference did not settle")


def wins_of(n: int) -> st.SearchStrategy[np.ndarray]:
    halves = st.integers(0, 12).map(lambda number: number / 2)
    return arrays(float, (n, n), elements=halves).map(lambda wins: wins * (1 - np.eye(n)))


@settings(deadline=None, max_examples=25)
@given(wins=st.integers(1, 4).flatmap(wins_of), prior=st.sampled_from([0.5, 2.0]))
def test_equals_plain_gradient_ascent(wins: np.ndarray, prior: float) -> None:
    strength = np.array(plain_fit(wins.tolist(), prior))
    expected = ELO * (strength - strength.mean())
    np.testing.assert_allclose(rate(wins, prior).elo, expected, atol=1e-5)


@settings(deadline=None)
@given(
    wins=st.integers(2, 12).flatmap(wins_of),
    scale=st.sampled_from([1, 1_000, 1_000_000]),
    prior=st.sampled_from([1e-4, 0.5, 50.0]),
    seed=st.integers(0, 9),
)
def test_ratings_exist_for_any_wins_and_do_not_depend_on_the_order(
    wins: np.ndarray, scale: int, prior: float, seed: int
) -> None:
    ratings = rate(scale * wins, prior)
    assert np.isfinite(ratings.elo).all()
    assert np.isfinite(ratings.error).all()
    assert ratings.elo.mean() == pytest.approx(0, abs=1e-6)
    order = np.random.default_rng(seed).permutation(len(wins))
    shuffled = rate(scale * wins[np.ix_(order, order)], prior)
    # Rounding is felt more where less is known.
    np.testing.assert_allclose(shuffled.elo, ratings.elo[order], atol=1e-4, rtol=1e-4)


def test_two_players_have_the_ratings_of_the_formula() -> None:
    wins, prior = [[0, 30.0], [10.0, 0]], 1e-6
    ratings = rate(wins, prior)
    ahead, error = ratings.gap(0, 1)
    assert ahead == pytest.approx(400 * math.log10(3), abs=1e-3)
    assert error == pytest.approx(ELO / math.sqrt(40 * 0.75 * 0.25), rel=1e-5)
    assert ratings.error == pytest.approx(error / 2, rel=1e-5)  # each half a gap from the mean
    assert ratings.chance()[0, 1] == pytest.approx(0.75, abs=1e-6)
    np.testing.assert_allclose(ratings.interval.mean(axis=1), ratings.elo)
    np.testing.assert_allclose(np.diff(ratings.interval)[:, 0], 2 * 1.959964 * ratings.error)


def test_baseball_1987_as_published() -> None:
    """American League East 1987: the data of Agresti, Categorical Data Analysis (2002), p. 438.

    Strengths over Baltimore and their errors as BradleyTerry2 of R prints them, in log units.
    """
    teams = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
    wins = [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
    ratings = rate(wins, prior=1e-6)
    published = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839]
    errors = [0.3433, 0.3396, 0.3367, 0.3359, 0.3339, 0.3319]
    for team in range(6):
        ahead, error = ratings.gap(team, 6)
        assert ahead / ELO == pytest.approx(published[team], abs=1e-4), teams[team]
        assert error / ELO == pytest.approx(errors[team], abs=1e-4), teams[team]


def simulate(strength: np.ndarray, games: int, rng: np.random.Generator) -> np.ndarray:
    """Wins [n, n] of `games` games of each pair."""
    chance = 1 / (1 + np.exp(strength - strength[:, None]))
    upper = np.triu(rng.binomial(games, chance), 1).astype(float)
    wins: np.ndarray = upper + np.tril(games - upper.T, -1)
    return wins


def test_intervals_cover_simulated_players_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(300):
        strength = rng.normal(0, 0.7, 8)
        low, high = rate(simulate(strength, 20, rng)).interval.T
        truth = ELO * (strength - strength.mean())
        covered.append((low <= truth) & (truth <= high))
    assert 0.935 < np.mean(covered) < 0.965


def test_errors_clustered_by_round_cover_where_games_of_a_round_are_one() -> None:
    """Each game is recorded four times: counted as independent, errors are half the true ones."""
    rng = np.random.default_rng(6)
    inside: list[np.ndarray] = []
    clustered: list[np.ndarray] = []
    for _ in range(200):
        strength = rng.normal(0, 0.7, 6)
        chance = 1 / (1 + np.exp(strength - strength[:, None]))
        beaten = np.triu(rng.random((60, 6, 6)) < chance, 1).astype(float)
        beaten += np.tril(1 - np.swapaxes(beaten, 1, 2), -1)
        wins, points = 4 * beaten.sum(axis=0), 4 * beaten.sum(axis=2).T
        truth = ELO * (strength - strength.mean())
        for ratings, found in ((rate(wins), inside), (rate(wins, points=points), clustered)):
            low, high = ratings.interval.T
            found.append((low <= truth) & (truth <= high))
    assert np.mean(inside) < 0.75
    assert 0.92 < np.mean(clustered) < 0.97


def test_who_never_lost_is_not_rated_with_false_certainty() -> None:
    wins, points = [[0.0, 50.0], [0.0, 0.0]], [[1.0] * 50, [0.0] * 50]
    apart, clustered = rate(wins).error[0], rate(wins, points=points).error[0]
    assert apart > 100
    assert clustered > apart / 2


def test_errors_say_what_is_allowed() -> None:
    with pytest.raises(RatingError, match=r"expected \[n, n\]"):
        rate([[0, 1, 2], [1, 0, 2]])
    with pytest.raises(RatingError, match=r"expected \[n, n\]"):
        rate(np.empty((0, 0)))
    for wrong in ([[0.0, -1.0], [1.0, 0.0]], [[0.0, math.nan], [1.0, 0.0]], np.eye(2)):
        with pytest.raises(RatingError, match="not negative, and 0 on the diagonal"):
            rate(wrong)
    for prior in (0.0, -1.0, math.nan):
        with pytest.raises(RatingError, match="more than 0"):
            rate([[0, 1], [1, 0]], prior)
    with pytest.raises(RatingError, match="G >= 2 rounds"):
        rate([[0, 1], [1, 0]], points=[[1], [1]])
    with pytest.raises(RatingError, match="player 1 has 2 points but 1 wins"):
        rate([[0, 1], [1, 0]], points=[[1, 0], [1, 1]])


def test_wins_that_hide_the_prior_are_refused_in_words() -> None:
    with pytest.raises(RatingError, match="divide all wins"):
        rate([[0, 1e15], [1, 0]])
    with pytest.raises(RatingError, match="prior"):
        rate([[0, 1], [1, 0]], prior=math.inf)
