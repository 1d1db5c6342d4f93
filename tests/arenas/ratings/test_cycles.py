"""Cycles told from luck: planted ones are found, and players without any seldom accused."""

import math

import numpy as np
import pytest

from arenas.ratings import RatingError, cycles

RPS = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])


def wins_of(chance: np.ndarray, games: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    wins = np.zeros_like(chance)
    for i, j in zip(*np.triu_indices(len(chance), 1), strict=True):
        wins[i, j] = rng.binomial(games, chance[i, j])
        wins[j, i] = games - wins[i, j]
    return wins


def by_strength(elo: np.ndarray) -> np.ndarray:
    return 1 / (1 + 10 ** ((elo - elo[:, None]) / 400))


def test_rock_paper_scissors_is_told_by_name() -> None:
    found = cycles(10 * RPS)
    assert found.share == 1
    assert found.excess > 0.9
    assert found.misleading
    assert cycles(100 * RPS).p == 1 / 201  # never 0, whatever the samples say
    text = found.warning(["rock", "scissors", "paper"])
    assert "one number means little" in text
    assert "rock beats scissors beats paper beats rock" in text


def test_an_order_in_which_the_better_always_wins_is_no_cycle() -> None:
    found = cycles(20 * np.triu(np.ones((6, 6)), 1))
    assert found.share > 0.1  # nobody wins more than always, so some is left over
    assert found.chance == pytest.approx(found.share, abs=0.05)
    assert not found.misleading
    assert found.warning() == ""
    assert found.cycle == ()


def test_a_weak_cycle_among_strong_differences_is_found_with_enough_games() -> None:
    elo = np.array([0.0, 0, 0, 300, 300])
    chance = by_strength(elo)
    chance[:3, :3] = 0.5 + 0.3 * (RPS - RPS.T)
    found = cycles(wins_of(chance, 100, 1), seed=1)
    assert found.p < 0.01
    assert set(found.cycle) == {0, 1, 2}


def test_luck_is_seldom_taken_for_a_cycle() -> None:
    rng = np.random.default_rng(4)
    number, accused = 60, 0
    p = []
    for seed in range(number):
        chance = by_strength(rng.normal(0, 150, 6))
        found = cycles(wins_of(chance, 12, seed), seed=seed, samples=99)
        p.append(found.p)
        accused += found.misleading
    assert accused <= 8  # 3 expected; more than 8 has chance 0.005
    # p is about uniform where there is nothing to find.
    z = (np.mean(p) - 0.5) / math.sqrt(1 / 12 / number)
    assert abs(z) < 4


def test_draws_make_luck_smaller() -> None:
    even = 5.0 * (1 - np.eye(4))
    drawn = 8.0 * (1 - np.eye(4))
    slight = even.copy()
    for i, j in ((0, 1), (1, 2), (2, 0)):
        slight[i, j] += 1
        slight[j, i] -= 1
    # The same margins out of two decisive games in ten are less of a coincidence.
    assert cycles(slight, drawn).p < 0.25 < 0.5 < cycles(slight).p


def test_the_same_games_and_seed_give_the_same_judgement() -> None:
    wins = wins_of(np.full((5, 5), 0.5), 8, 1)
    assert cycles(wins, seed=3) == cycles(wins, seed=3)
    assert cycles(wins, seed=3) != cycles(wins, seed=4)


def test_nothing_played_is_no_cycle() -> None:
    found = cycles(np.zeros((3, 3)))
    assert (found.share, found.excess, found.p, found.cycle) == (0, 0, 1, ())


def test_parts_of_games_are_as_good_as_games() -> None:
    found = cycles([[0, 0.2], [0.1, 0]])
    assert (found.share, found.p) == (0, 1)
    assert np.isfinite([found.chance, found.excess]).all()


def test_draws_beyond_the_games_and_too_few_samples_are_refused() -> None:
    with pytest.raises(RatingError, match="draws"):
        cycles(RPS, 2 * np.ones((3, 3)))
    for wrong in (np.nan, -0.5):
        with pytest.raises(RatingError, match="symmetric, 0 or more"):
            cycles(RPS, wrong * (1 - np.eye(3)))
    with pytest.raises(RatingError, match="symmetric"):
        cycles(RPS, np.triu(np.ones((3, 3)), 1))
    with pytest.raises(RatingError, match="samples"):
        cycles(RPS, samples=10)
