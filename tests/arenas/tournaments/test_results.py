"""Results: counts against plain loops, ratings, tests, cycles, and a table that fits."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.ratings import Elo, Glicko2, rate, sign_test
from arenas.tournaments import (
    Games,
    TournamentError,
    WinChances,
    round_robin,
    single_elimination,
    survival,
    swiss,
)

RPS = WinChances(
    [[0.5, 0.9, 0.1], [0.1, 0.5, 0.9], [0.9, 0.1, 0.5]], names=["rock", "scissors", "paper"]
)
POINTS = st.sampled_from([0.0, 1.0, 2.5, math.nan])
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3), POINTS, POINTS), max_size=20)


def games_of(rows: list[tuple[int, int, float, float]]) -> Games:
    if not rows:
        return Games.none()
    first, second, one, other = map(np.array, zip(*rows, strict=True))
    zeros = np.zeros(len(rows), np.int64)
    points = np.where(second < 0, np.nan, one), np.where(second < 0, np.nan, other)
    return Games(zeros, first, second, zeros, np.arange(len(rows), dtype=np.uint64), *points)


@settings(deadline=None, max_examples=50)
@given(rows=ROWS)
def test_scores_and_points_are_what_a_loop_counts(rows: list) -> None:
    games = games_of(rows)
    total, points = [0.0] * 4, [[] for _ in range(4)]
    told = [p for row in rows if row[1] >= 0 for p in row[2:] if not math.isnan(p)]
    lowest = min(told, default=0.0)
    for first, second, one, other in rows:
        if second == -1:
            total[first] += 1
            continue
        points[first].append(lowest if math.isnan(one) else one)
        points[second].append(lowest if math.isnan(other) else other)
        if first == second or (math.isnan(one) and math.isnan(other)):
            continue
        if math.isnan(one) or one < other:
            total[second] += 1
        elif math.isnan(other) or one > other:
            total[first] += 1
        else:
            total[first] += 0.5
            total[second] += 0.5
    assert games.totals(4).tolist() == total
    mean = [sum(each) / len(each) if each else math.nan for each in points]
    assert games.points(4) == pytest.approx(mean, nan_ok=True)
    again = Games.of_state(games.state())
    assert np.array_equal(again.points_first, games.points_first, equal_nan=True)


def test_points_that_differ_by_rounding_are_a_draw() -> None:
    games = games_of([(0, 1, 0.1 + 0.2, 0.3), (0, 1, 3e9, 3e9 + 0.1), (0, 1, 1e-3, 2e-3)])
    assert games.scores()[0].tolist() == [0.5, 0.5, 0.0]


def test_the_table_holds_what_the_ratings_give() -> None:
    results = round_robin(WinChances.of_ratings([0, 150, 300], draws=0.2), rounds=15, seed=3)
    standing, games = results.standings(), results.games
    assert standing["place"].tolist() == [1, 2, 3]
    assert (np.diff(standing["score"]) < 0).all()
    assert (standing["won"] + standing["drawn"] + standing["lost"] == 60).all()
    fitted = rate(results.wins)
    assert standing["rating"] == pytest.approx(fitted.elo[standing["player"]])
    assert (standing["rating_low"] < standing["rating"]).all()
    # Elo takes each round in the order of its seeds; Glicko-2 a period a round.
    order = np.lexsort((games.seed, games.round))
    columns = (games.first, games.second, games.scores()[0], games.round)
    ordered = [column[order] for column in columns]
    assert np.array_equal(results.elo.rating, Elo(3).update(*ordered).rating)
    glicko = Glicko2(3).update(*ordered)
    assert standing["glicko2"] == pytest.approx(glicko.rating[standing["player"]])
    assert results.score_matrix()[2, 0] == pytest.approx(results.wins[2, 0] / 30)
    assert np.isnan(np.diag(results.score_matrix())).all()


def test_clear_differences_are_told_apart_and_equals_are_not() -> None:
    chance = np.full((4, 4), 0.5)
    chance[3, :3], chance[:3, 3] = 0.95, 0.05
    results = round_robin(WinChances(chance), rounds=20, seed=1)
    tests = results.tests
    assert tests.kind == "games"
    assert (tests.holm[3, :3] < 1e-3).all()
    assert (tests.holm[:3, :3] > 0.05).all()
    assert (tests.benjamini_hochberg <= tests.holm).all()
    assert results.groups[0] == [3]
    assert sorted(results.groups[1]) == [0, 1, 2]
    assert results.standings()["group"] == ["a", "b", "b", "b"]
    won, lost = results.wins[3, 0], results.wins[0, 3]
    assert tests.p[3, 0] == pytest.approx(float(sign_test(won, lost)))


def test_too_few_games_of_a_pair_are_judged_by_ratings() -> None:
    contest = WinChances.of_ratings([0, 0, 0, 500])
    few = round_robin(contest, rounds=2, seed=1)
    assert few.tests.kind == "ratings"
    assert few.pair_tests("games").kind == "games"
    assert swiss(contest, rounds=2).tests.kind == "ratings"
    with pytest.raises(TournamentError, match="tests are of"):
        few.pair_tests("stars")


def test_players_who_are_placed_by_points_are_told_apart_by_points() -> None:
    class Modest:
        """c always has a point more a match than b, and a wins narrowly over b."""

        names = ("a", "b", "c")

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            luck = (seeds % np.uint64(7)).astype(float)[:, None] / 100
            beaten = np.where((pairs == 0).any(axis=1)[:, None], 2.0, 3.0)
            return np.where(pairs == 0, 2.2, beaten) + (pairs == 2) + luck

    results = round_robin(Modest(), rounds=12, count="points")
    assert results.tests.kind == "points"
    assert results.standings()["name"] == ["c", "b", "a"]
    assert results.tests.p[1, 2] == results.tests.p[2, 1] == 2 * 0.5**12
    assert results.groups == [[2], [1], [0]]
    assert "not at how many" in str(results)
    even = round_robin(WinChances(np.full((4, 4), 0.5)), rounds=30, count="points", seed=3)
    assert even.groups == [even.order.tolist()]


def test_mirrored_matches_of_one_seed_count_as_one() -> None:
    class Lucky:
        """The seed alone says which seat wins."""

        names = ("a", "b")

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            first = (seeds % np.uint64(2)).astype(float)
            return np.stack([first, 1 - first], axis=1)

    mirrored = round_robin(Lucky(), rounds=40, mirror=True)
    assert mirrored.games.totals(2).tolist() == [40, 40]
    assert mirrored.pair_tests("games").p[0, 1] == 1
    better = round_robin(WinChances([[0.5, 1], [0, 0.5]]), rounds=10, mirror=True)
    assert better.pair_tests("games").p[0, 1] == pytest.approx(2 * 0.5**10)


def test_cycles_are_warned_of_by_name_and_orders_are_not() -> None:
    circle = round_robin(RPS, rounds=15)
    assert circle.cycles.share > 0.9
    assert "rock beats scissors beats paper beats rock" in circle.warning
    assert "WARNING" in str(circle)
    order = round_robin(WinChances.of_ratings([0, 100, 200]), rounds=15)
    assert order.warning == ""
    assert "WARNING" not in str(order)


@pytest.mark.parametrize("play", [round_robin, swiss, single_elimination, survival])
def test_the_table_fits_a_hundred_columns_and_names_everybody(play) -> None:
    names = [f"player with a rather long name, number {row}" for row in range(9)]
    chance = WinChances.of_ratings(np.arange(9) * 40.0, draws=0.3).chance
    results = play(WinChances(chance, 0.3, names), seed=2)
    text = str(results)
    assert max(map(len, text.splitlines())) <= 100
    assert text.splitlines()[0].startswith(play.__name__.split("_")[0].replace("swiss", "Swiss"))
    rows = [line for line in text.splitlines() if "player w" in line]
    assert len(rows) >= 9


def test_noise_and_policy_are_stated() -> None:
    contest = WinChances.of_ratings([0, 100, 200])
    contest.noise = 0.05  # type: ignore[attr-defined]
    text = str(swiss(contest, rounds=1))
    assert "Noise of the contest: 0.05" in text
    assert "a bye is worth a win" in text
    assert "Byes: 1" in text


def test_results_are_json_without_nan() -> None:
    results = swiss(WinChances.of_ratings([0, 100, 200], draws=0.1), seed=4)
    held = json.loads(results.to_json(), parse_constant=lambda name: pytest.fail(name))
    assert held["names"] == list(results.names)
    assert held["standings"]["name"] == results.standings()["name"]
    assert held["games"]["points_first"].count(None) == sum(held["games"]["bye"])
    again = Games.of_state(held["games"])
    assert np.array_equal(again.seed, results.games.seed)
    assert held["cycles"]["share"] == pytest.approx(results.cycles.share)
    # A state of the same JSON can be gone on with.
    assert np.array_equal(again.points_second, results.games.points_second, equal_nan=True)


@pytest.mark.parametrize("players", [1, 2])
def test_one_or_two_players_have_a_table_too(players: int) -> None:
    for play in (round_robin, swiss, single_elimination, survival):
        results = play(WinChances.of_ratings([0.0] * players), seed=1)
        assert len(str(results).splitlines()) > players
        assert json.loads(results.to_json())["warning"] == ""
