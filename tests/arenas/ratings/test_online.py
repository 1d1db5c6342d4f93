"""Online ratings against published examples, plain references and simulated players."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.ratings import Elo, GaussianSkill, Glicko2, OnlineRating, RatingError, WengLin

KINDS = (Elo, Glicko2, GaussianSkill, WengLin)
PLAYERS = 4
GAMES = st.lists(
    st.tuples(
        st.integers(0, PLAYERS - 1),
        st.integers(1, PLAYERS - 1),
        st.sampled_from([0.0, 0.5, 1.0]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=25,
)


def columns(games: list[tuple[int, int, float, int]]) -> list[np.ndarray]:
    """Games as first, second, score and period; periods are steps of 0 to 2."""
    first, away, score, step = map(np.array, zip(*games, strict=True))
    return [first, (first + away) % PLAYERS, score, np.cumsum(step)]


def random_games(players: int, number: int, seed: int, per_period: int = 10) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.integers(players, size=number)
    second = (first + rng.integers(1, players, size=number)) % players
    return [first, second, rng.integers(3, size=number) / 2, np.arange(number) // per_period]


# Published examples


def test_glicko2_gives_glickmans_example() -> None:
    rating = Glicko2(4, rating=[1500, 1400, 1550, 1700], deviation=[200, 30, 100, 300])
    rating.update([0, 0, 0], [1, 2, 3], [1, 0, 0])
    assert rating.rating[0] == pytest.approx(1464.06, abs=0.02)
    assert rating.error[0] == pytest.approx(151.52, abs=0.02)
    assert rating.volatility[0] == pytest.approx(0.05999, abs=1e-5)


def test_skill_gives_the_published_figures() -> None:
    won = GaussianSkill(2).update([0], [1], [1.0])
    assert won.rating == pytest.approx([29.396, 20.604], abs=5e-4)
    assert won.error == pytest.approx([7.171, 7.171], abs=5e-4)
    drawn = GaussianSkill(2).update([0], [1], [0.5])
    assert drawn.rating == pytest.approx([25.0, 25.0], abs=5e-4)
    assert drawn.error == pytest.approx([6.458, 6.458], abs=5e-4)


def test_elo_gives_its_textbook_figures() -> None:
    # 613 ahead of 609, 477, 388, 586 and 720: Elo's formula, K = 32.
    rating = Elo(2, start=[1613, 1609])
    assert rating.expect([0], [1])[0] == pytest.approx(0.5058, abs=1e-4)
    assert rating.update([0], [1], [0.0]).rating[0] == pytest.approx(1613 - 32 * 0.5058, abs=5e-3)


# Plain references


@settings(deadline=None, max_examples=30)
@given(games=GAMES, k=st.sampled_from([16.0, 32.0]))
def test_elo_is_what_a_loop_gives(games: list, k: float) -> None:
    rating = Elo(PLAYERS, k=k).update(*columns(games))
    plain, squared = [1500.0] * PLAYERS, [200.0**2] * PLAYERS
    for i, j, score, _ in zip(*columns(games), strict=True):
        expected = 1 / (1 + 10 ** ((plain[j] - plain[i]) / 400))
        plain[i], plain[j] = plain[i] + k * (score - expected), plain[j] - k * (score - expected)
        q = expected * (1 - expected)
        w = k * q * math.log(10) / 400
        squared[i], squared[j] = (
            (1 - w) ** 2 * a + w**2 * b + k**2 * q
            for a, b in ((squared[i], squared[j]), (squared[j], squared[i]))
        )
    assert rating.rating == pytest.approx(plain)
    assert rating.error == pytest.approx(np.sqrt(squared))


def plain_glicko2(games: list[np.ndarray], tau: float = 0.5) -> list[list[float]]:
    """The paper's eight steps for every player and period, absent ones too; volatility bisected."""
    mu, phi, sigma = [0.0] * PLAYERS, [350 / 173.7178] * PLAYERS, [0.06] * PLAYERS
    for period in range(int(games[3].max()) + 1):
        before, deviation = list(mu), list(phi)
        for i in range(PLAYERS):
            met = []
            for first, second, score, when in zip(*games, strict=True):
                if when == period and i in (first, second):
                    met.append((second, score) if i == first else (first, 1 - score))
            if not met:
                phi[i] = min(math.hypot(deviation[i], sigma[i]), 350 / 173.7178)
                continue
            information = total = 0.0
            for j, score in met:
                g = 1 / math.sqrt(1 + 3 * deviation[j] ** 2 / math.pi**2)
                e = 1 / (1 + math.exp(-g * (before[i] - before[j])))
                information += g * g * e * (1 - e)
                total += g * (score - e)
            v, delta, a = 1 / information, total / information, math.log(sigma[i] ** 2)

            def f(x: float, v=v, delta=delta, a=a, phi2=deviation[i] ** 2) -> float:
                d = phi2 + v + math.exp(x)
                return math.exp(x) * (delta**2 - d) / (2 * d * d) - (x - a) / tau**2

            low, high = a - 20, a + 20
            for _ in range(100):
                low, high = (
                    (low, (low + high) / 2)
                    if f((low + high) / 2) < 0
                    else (
                        (low + high) / 2,
                        high,
                    )
                )
            sigma[i] = math.exp(low / 2)
            phi[i] = 1 / math.sqrt(1 / (deviation[i] ** 2 + sigma[i] ** 2) + information)
            mu[i] += phi[i] ** 2 * total
    return [[1500 + 173.7178 * m for m in mu], [173.7178 * p for p in phi], sigma]


@settings(deadline=None, max_examples=30)
@given(games=GAMES)
def test_glicko2_is_what_the_papers_steps_give(games: list) -> None:
    rating = Glicko2(PLAYERS).update(*columns(games))
    mine, error, volatility = plain_glicko2(columns(games))
    assert rating.rating == pytest.approx(mine, abs=1e-3)
    assert rating.error == pytest.approx(error, abs=1e-3)
    assert rating.volatility == pytest.approx(volatility, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(
    means=st.tuples(st.floats(0, 50), st.floats(0, 50)),
    deviations=st.tuples(st.floats(1, 9), st.floats(1, 9)),
    score=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_skill_has_the_moments_of_the_exact_posterior(
    means: tuple[float, float], deviations: tuple[float, float], score: float
) -> None:
    rating = GaussianSkill(2, means, deviations, tau=1e-9).update([0], [1], [score])
    # By Bayes on a grid of the difference d of performances: d given the outcome is a cut normal,
    # and a skill given d is normal.
    beta2, spread = (25 / 6) ** 2, deviations[0] ** 2 + deviations[1] ** 2 + 2 * (25 / 6) ** 2
    margin = 0.12566134685507402 * math.sqrt(2 * beta2)  # where a tenth of equal games is drawn
    gap = means[0] - means[1]
    low, high = {1.0: (margin, 150.0), 0.5: (-margin, margin), 0.0: (-150.0, -margin)}[score]
    edges = np.linspace(low, high, 200_001)
    d = (edges[1:] + edges[:-1]) / 2
    weight = np.exp(-((d - gap) ** 2 - np.min((d - gap) ** 2)) / (2 * spread))
    weight /= weight.sum()
    mean_d = weight @ d
    variance_d = weight @ (d - mean_d) ** 2
    for player, sign in ((0, 1), (1, -1)):
        share = deviations[player] ** 2 / spread
        mean = means[player] + sign * share * (mean_d - gap)
        variance = deviations[player] ** 2 * (1 - share) + share**2 * variance_d
        assert rating.rating[player] == pytest.approx(mean, abs=2e-3)
        assert rating.error[player] == pytest.approx(math.sqrt(variance), abs=2e-3)


@settings(deadline=None, max_examples=20)
@given(games=GAMES)
def test_weng_lin_is_what_algorithm_1_gives(games: list) -> None:
    rating = WengLin(PLAYERS).update(*columns(games))
    mu, squared = [25.0] * PLAYERS, [(25 / 3) ** 2] * PLAYERS
    for i, j, score, _ in zip(*columns(games), strict=True):
        squared[i] += (25 / 300) ** 2
        squared[j] += (25 / 300) ** 2
        c = math.sqrt(squared[i] + squared[j] + 2 * (25 / 6) ** 2)
        p = 1 / (1 + math.exp((mu[j] - mu[i]) / c))
        for player, surprise in ((i, score - p), (j, p - score)):
            mu[player] += squared[player] / c * surprise
            gamma = math.sqrt(squared[player]) / c
            squared[player] *= max(1 - gamma * squared[player] / c**2 * p * (1 - p), 1e-4)
    assert rating.rating == pytest.approx(mu)
    assert rating.error == pytest.approx(np.sqrt(squared))


def test_teams_learn_in_proportion_to_what_is_unknown() -> None:
    for kind in (GaussianSkill, WengLin):
        alone = kind(2).update([0, 1], [1, 0], [1.0, 0.5])
        teams = kind(2).update_teams([[0, -1], [1, -1]], [[-1, 1], [0, -1]], [1.0, 0.5])
        assert np.array_equal(alone.rating, teams.rating)
        assert np.array_equal(alone.error, teams.error)
        mixed = kind(4, deviation=[8, 4, 8, 4]).update_teams([[0, 1]], [[2, 3]], [1.0])
        gain = mixed.rating - 25
        assert gain[0] == pytest.approx(4 * gain[1], rel=2e-3)  # variances, but for the drift
        assert gain == pytest.approx(-gain[[2, 3, 0, 1]])


# Habits


@pytest.mark.parametrize("kind", KINDS)
def test_games_may_come_in_parts_and_after_a_restore(kind: type[OnlineRating]) -> None:
    games = random_games(6, 60, 1)
    whole = kind(6).update(*games)
    parts = kind(6).update(*(column[:20] for column in games))
    held = parts.state()
    again = kind(6)
    again.restore(held)
    for rating in (parts, again):
        rating.update(*(column[20:] for column in games))
        assert np.array_equal(rating.rating, whole.rating)
        assert np.array_equal(rating.error, whole.error)
    assert not np.array_equal(
        held["columns"][kind.columns[0]], getattr(again, f"_{kind.columns[0]}")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_better_player_is_found_and_expected_to_win(kind: type[OnlineRating]) -> None:
    strength = np.array([-300.0, 0.0, 300.0])
    rng = np.random.default_rng(2)
    first = rng.integers(3, size=600)
    second = (first + rng.integers(1, 3, size=600)) % 3
    chance = 1 / (1 + 10 ** ((strength[second] - strength[first]) / 400))
    rating = kind(3).update(first, second, rng.random(600) < chance, np.arange(600) // 20)
    assert np.array_equal(np.argsort(rating.rating), [0, 1, 2])
    expected = rating.expect([2, 2, 0], [1, 0, 2])
    assert 0.65 < expected[0] < expected[1] < 1
    assert expected[2] == pytest.approx(1 - expected[1])
    low, high = rating.interval[0]
    assert high - low == pytest.approx(2 * 1.96 * rating.error[0], rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("games", "message"),
    [
        (([0], [5], [1.0]), "rows 0..2"),
        (([1], [1], [1.0]), "against itself"),
        (([0], [1], [1.5]), "score 1.5"),
        (([0], [1], [math.nan]), "score nan"),
        (([0, 1], [1], [1.0]), "one length"),
        (([0.5], [1], [1.0]), "whole numbers"),
        (([0, 1], [1, 0], [1.0, 1.0], [3, 2]), "never fall"),
    ],
)
def test_games_that_cannot_be_are_refused_and_nothing_is_learnt(
    kind: type[OnlineRating], games: tuple, message: str
) -> None:
    rating = kind(3)
    before = rating.rating
    with pytest.raises(RatingError, match=message):
        rating.update(*games)
    assert np.array_equal(rating.rating, before)


@pytest.mark.parametrize("kind", KINDS)
def test_states_that_do_not_fit_are_refused(kind: type[OnlineRating]) -> None:
    rating = kind(3).update([0], [1], [1.0])
    before = rating.rating
    good = rating.state()
    name = kind.columns[0]
    for wrong in (
        {**good, "players": 4},
        {**good, "kind": "Chess"},
        {**good, "settings": {}},
        {**good, "columns": {**good["columns"], name: np.zeros(2)}},
        {**good, "columns": {**good["columns"], name: np.full(3, np.nan)}},
        {**good, "columns": {**good["columns"], name: ["a", "b", "c"]}},
        {**good, "columns": {**good["columns"], kind.columns[1]: np.array([1.0, -1.0, 1.0])}},
        {**good, "columns": None},
    ):
        with pytest.raises(RatingError):
            rating.restore(wrong)
        assert np.array_equal(rating.rating, before)


def test_settings_that_mean_nothing_are_refused() -> None:
    for make in (
        lambda: Elo(0),
        lambda: Elo(2, k=0),
        lambda: Elo(2, start=[1500, 1500, 1500]),
        lambda: Glicko2(2, deviation=0),
        lambda: GaussianSkill(2, draws=1.0),
        lambda: GaussianSkill(2).update_teams([[0, 1]], [[1]], [1.0]),
        lambda: GaussianSkill(2).update_teams([[-1]], [[1]], [1.0]),
    ):
        with pytest.raises(RatingError):
            make()


# Uncertainty


def test_who_sits_out_becomes_less_certain_in_glicko2() -> None:
    rating = Glicko2(3).update([0, 1, 2], [1, 2, 0], [1, 1, 1], [0, 0, 0])
    error, volatility = rating.error, rating.volatility
    rating.update([0], [1], [1.0], [5])  # periods 1 to 5 without player 2
    grown = math.sqrt(error[2] ** 2 + 5 * (173.7178 * volatility[2]) ** 2)
    assert rating.error[2] == pytest.approx(grown)
    assert rating.error[0] < error[0]
    rating.wait(100_000)
    assert rating.error == pytest.approx([350, 350, 350])
    with pytest.raises(RatingError, match="is over"):
        rating.update([0], [1], [1.0], [5])


def test_waiting_makes_nobody_more_certain_in_glicko2() -> None:
    late, early = Glicko2(2, deviation=500), Glicko2(2, deviation=500)
    late.wait(7)
    assert late.error == pytest.approx([500, 500])
    late.update([0], [1], [1.0])
    assert late.error == pytest.approx(early.update([0], [1], [1.0]).error)


def test_a_skill_is_never_surprised_into_nonsense() -> None:
    for score in (0.0, 0.5):  # the favourite by a world loses, or draws
        rating = GaussianSkill(2, mean=[5_000, 0], deviation=1.0).update([0], [1], [score])
        assert np.isfinite(rating.rating).all()
        assert (rating.error > 0).all()
        assert (np.diff(rating.rating) > -5_000).all()


def standardised_errors(kind: type[OnlineRating], scale: float, seed: int) -> np.ndarray:
    """True less believed strength, in believed deviations, of players drawn from the prior."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(20):
        n, m = 40, 1200
        rating = kind(n)
        truth = rng.normal(0, 1, n) * rating.error[0]
        truth -= truth.mean()
        first = rng.integers(n, size=m)
        second = (first + rng.integers(1, n, size=m)) % n
        gap = (truth[second] - truth[first]) / scale
        rating.update(first, second, rng.random(m) < 1 / (1 + np.exp(gap)), np.arange(m) // 100)
        found.append((truth - (rating.rating - rating.rating.mean())) / rating.error)
    return np.concatenate(found)


@pytest.mark.parametrize(
    ("kind", "scale"), [(Elo, 400 / math.log(10)), (Glicko2, 400 / math.log(10))]
)
def test_errors_are_about_as_large_as_they_are_said_to_be(
    kind: type[OnlineRating], scale: float
) -> None:
    errors = standardised_errors(kind, scale, 3)
    assert 0.9 < math.sqrt(np.mean(errors**2)) < 1.25
    assert 0.89 < np.mean(np.abs(errors) < 1.96) < 0.97
