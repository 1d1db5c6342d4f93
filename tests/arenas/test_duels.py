"""Duels against a plain double loop over pairs, and survivors of a world that meet in one."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from arenas import DuelError, DuelResults, duel, rank_truth
from arenas.duels import DuelContest
from arenas.tournaments import check_contest, round_robin
from evolution import GenomeSpec
from swarm import Gossip, Reasoning, Remembering, Selection, Settlement, Tasks, World
from swarm.genes import decode, strategy_loci
from swarm.reasoning import Strategies, reason
from tests.swarm.worlds import problem


def random_strategies(n: int, seed: int = 0) -> Strategies:
    spec = GenomeSpec(strategy_loci(problem().faculties))
    return decode(spec.sample(n, np.random.default_rng(seed)).__getitem__)


def play(strategies: Strategies, queries: np.ndarray | None = None) -> np.ndarray:
    posed = problem()
    return duel(strategies, posed.table, posed.referee, posed.faculties.costs, queries)


def plain_duel(strategies: Strategies, queries: list[int]) -> list[list[float]]:
    """One query, one strategy and one pair at a time."""
    posed, n = problem(), len(strategies)
    wins = [[0.0] * n for _ in range(n)]
    for q in queries:
        ranks = []
        for i in range(n):
            one = strategies.take(np.array([i]))
            answer = reason(one, posed.table, posed.faculties.costs, np.array([0]), np.array([q]))
            scores = answer.scores[0].tolist()
            truth = scores[posed.referee.truth[q]]
            rivals = [s for s, c in zip(scores, posed.referee.counted[q], strict=True) if c]
            ranks.append(sum(s > truth for s in rivals) + (sum(s == truth for s in rivals) + 1) / 2)
        for i in range(n):
            for j in range(n):
                if i != j:
                    wins[i][j] += (ranks[i] < ranks[j]) + 0.5 * (ranks[i] == ranks[j])
    return wins


def test_equals_a_plain_double_loop() -> None:
    strategies, queries = random_strategies(6), [3, 50, 51, 200, 797, 3]
    assert play(strategies, np.array(queries)).tolist() == plain_duel(strategies, queries)


def test_every_query_is_one_game_of_every_pair() -> None:
    wins = play(random_strategies(9))
    games = len(problem().table) * (1 - np.eye(9))
    np.testing.assert_array_equal(wins + wins.T, games)


def test_chunks_do_not_change_the_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    strategies, posed = random_strategies(5), problem()
    arguments = strategies, posed.table, posed.referee, posed.faculties.costs
    whole = rank_truth(*arguments)
    # The package shows the function under the name of its module.
    monkeypatch.setattr(sys.modules["arenas.duels"], "SCORES_MAX", 14 * 101)
    np.testing.assert_array_equal(rank_truth(*arguments), whole)


def test_players_in_another_order_have_the_same_duels() -> None:
    strategies = random_strategies(7)
    order = np.random.default_rng(1).permutation(7)
    np.testing.assert_array_equal(
        play(strategies.take(order)), play(strategies)[np.ix_(order, order)]
    )


@settings(deadline=None)
@given(
    ranks=arrays(
        float,
        st.tuples(st.integers(1, 6), st.integers(2, 15)),
        elements=st.integers(2, 9).map(lambda twice: twice / 2),
    )
)
def test_standings_are_sorted_and_shares_are_of_all_games(ranks: np.ndarray) -> None:
    contest = DuelResults.of(ranks)
    standings = contest.table()
    n, Q = ranks.shape
    assert sorted(standings["player"].tolist()) == list(range(n))
    assert (np.diff(standings["elo"]) <= 0).all()
    assert (standings["low"] <= standings["elo"]).all()
    assert (standings["elo"] <= standings["high"]).all()
    for place, player in enumerate(standings["player"]):
        rivals = np.delete(ranks, player, axis=0)
        points = (ranks[player] < rivals).sum() + (ranks[player] == rivals).sum() / 2
        assert standings["won"][place] == pytest.approx(points / max(Q * (n - 1), 1))


def test_whoever_knows_the_truth_comes_first_and_clones_are_equal() -> None:
    rng = np.random.default_rng(2)
    ranks = rng.integers(1, 14, (5, 300)).astype(float)
    ranks[3] = np.maximum(ranks[3] - 5, 1)
    ranks[4] = ranks[1]
    contest = DuelResults.of(ranks)
    standings = contest.table()
    assert standings["player"][0] == 3
    assert standings["low"][0] > standings["high"][1]
    assert contest.wins[4, 1] == contest.wins[1, 4] == 150
    ahead, error = contest.ratings.gap(4, 1)
    assert ahead == pytest.approx(0, abs=1e-6)
    # Clones tie on every query, so nothing is uncertain between them but the prior.
    assert error < contest.ratings.gap(0, 2)[1] / 5


def test_survivors_of_a_world_meet_on_validation_tasks() -> None:
    world = World(
        20,
        [Tasks(problem(), 64), Gossip(), Reasoning(), Settlement(), Remembering(), Selection()],
        seed=1,
    )
    for _ in range(4):
        world.step()
    survivors, posed = decode(world.genes), problem()
    queries = np.arange(0, len(posed.table), 2)
    contest = DuelResults.play(
        survivors, posed.table, posed.referee, posed.faculties.costs, queries
    )
    np.testing.assert_array_equal(contest.wins, play(survivors, queries))
    ranks = rank_truth(survivors, posed.table, posed.referee, posed.faculties.costs, queries)
    # Ratings and mean reciprocal ranks are different questions, but not unrelated ones.
    credit = (1 / ranks).mean(axis=1)
    assert np.corrcoef(contest.ratings.elo, credit)[0, 1] > 0.5


def test_errors_say_what_is_allowed() -> None:
    strategies = random_strategies(2)
    with pytest.raises(DuelError, match=r"queries lie in 0\.\.797"):
        play(strategies, np.array([798]))
    with pytest.raises(DuelError, match=r"queries lie in 0\.\.797"):
        play(strategies, np.array([-1]))
    with pytest.raises(DuelError, match="both need one"):
        play(strategies, np.array([], int))
    with pytest.raises(DuelError, match="one column"):
        play(strategies, np.array([0.5]))
    with pytest.raises(DuelError, match="both need one"):
        play(strategies.take(np.array([], int)))


def test_a_contest_counts_the_queries_that_its_seed_draws() -> None:
    rng = np.random.default_rng(5)
    ranks = rng.integers(1, 6, (4, 30)).astype(float)
    pairs, seeds = rng.integers(0, 4, (50, 2)), rng.integers(2**64, size=50, dtype=np.uint64)
    # All queries: what a plain comparison of the ranks gives, whatever the seed.
    points = DuelContest(ranks, "abcd", queries=30)(pairs, seeds)
    for (one, other), (mine, theirs) in zip(pairs, points, strict=True):
        ahead, tied = (ranks[one] < ranks[other]).sum(), (ranks[one] == ranks[other]).sum()
        assert mine == ahead + tied / 2
        assert mine + theirs == 30
    # Some of them: one weight a query tells which were drawn, and none is drawn twice.
    marks = np.array([np.where(np.arange(30) == q, 1.0, 2.0) for q in range(30)])
    against = DuelContest(np.vstack([marks, np.full(30, 2.0)]), list(map(str, range(31))), 7)
    drawn = np.array(
        [
            against(np.tile([q, 30], (200, 1)), np.arange(200, dtype=np.uint64))[:, 0]
            for q in range(30)
        ]
    )
    assert set(np.unique(drawn)) == {3.5, 4.0}
    assert ((drawn == 4.0).sum(axis=0) == 7).all()
    expected = 200 * 7 / 30
    assert (np.abs((drawn == 4.0).sum(axis=1) - expected) < 4 * np.sqrt(expected)).all()


def test_a_contest_does_not_depend_on_its_batch() -> None:
    ranks = np.random.default_rng(6).integers(1, 9, (5, 40))
    check_contest(DuelContest(ranks, "abcde", queries=8))
    results = round_robin(DuelContest(ranks - (np.arange(5) == 2)[:, None] + 1, "abcde"), rounds=20)
    assert results.standings()["name"][0] == "c"
    assert "each match is about 32 of the same 40 queries" in str(results)


def test_contests_that_cannot_be() -> None:
    ranks = np.ones((2, 3))
    with pytest.raises(DuelError, match="1 the best"):
        DuelContest(ranks - 1, "ab", 3)
    with pytest.raises(DuelError, match="names for 2 players"):
        DuelContest(ranks, "aa", 3)
    with pytest.raises(DuelError, match="there are 3, so 1 to 3"):
        DuelContest(ranks, "ab", 4)
    contest = DuelContest(ranks, "ab", 3)
    with pytest.raises(DuelError, match=r"players are 0\.\.1"):
        contest([[0, 2]], [1])
    with pytest.raises(DuelError, match="each match has one of both"):
        contest([[0, 1]], [1, 2])
