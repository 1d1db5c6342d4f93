"""Swiss pairings: no repeats where they can be avoided, seats in balance, byes shared out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.tournaments import Games, Swiss, WinChances, pairing as pairing_module, swiss
from arenas.tournaments.pairing import Seats, pair_round
from arenas.tournaments.swiss import buchholz, meetings


def coins(players: int) -> WinChances:
    return WinChances(np.full((players, players), 0.5), draws=0.3)


def seats_of(games: Games, player: int) -> list[int]:
    """1 for the first seat and -1 for the second, in turn; byes have none."""
    return [
        1 if first == player else -1
        for first, second in zip(games.first, games.second, strict=True)
        if player in (first, second) and second >= 0
    ]


def least_repeats(met: np.ndarray, byes: np.ndarray) -> int:
    """The fewest repeats of any round, by trying all of them."""
    n = len(met)
    cost = met
    if n % 2:
        cost = np.zeros((n + 1, n + 1), int)
        cost[:n, :n] = met
        cost[n, :n] = cost[:n, n] = byes

    def least(left: tuple[int, ...]) -> int:
        if not left:
            return 0
        head, *tail = left
        return min(
            cost[head, other] + least(tuple(each for each in tail if each != other))
            for other in tail
        )

    return least(tuple(range(len(cost))))


@settings(deadline=None, max_examples=25)
@given(players=st.integers(2, 8), rounds=st.integers(1, 9), seed=st.integers(0, 999))
def test_nobody_meets_again_where_any_round_avoids_it(players: int, rounds: int, seed: int) -> None:
    tournament = Swiss(coins(players), rounds=rounds, seed=seed)
    while not tournament.over:
        before = meetings(tournament.games, players)
        tournament.play(steps=1)
        after = meetings(tournament.games, players)
        repeats = (before[0] * (after[0] - before[0])).sum() // 2
        repeats += (before[1] * (after[1] - before[1])).sum()
        assert repeats == least_repeats(*before)
        assert ((after[0] - before[0]).sum(axis=1) + after[1] - before[1] == 1).all()


def test_the_usual_number_of_rounds_never_needs_a_repeat() -> None:
    for players in range(2, 12):
        met, byes = meetings(swiss(coins(players), seed=players).games, players)
        assert met.max(initial=0) <= 1
        assert byes.max(initial=0) <= 1
    assert Swiss(coins(16)).settings["rounds"] == 6
    assert Swiss(coins(5)).settings["rounds"] == 3


@settings(deadline=None, max_examples=20)
@given(players=st.integers(6, 17), seed=st.integers(0, 999))
def test_no_repeats_balanced_seats_and_one_bye_each(players: int, seed: int) -> None:
    results = swiss(coins(players), rounds=min(5, (players + 1) // 2), seed=seed)
    met, byes = meetings(results.games, players)
    assert met.max() == 1
    assert byes.max() <= 1
    assert byes.sum() == (players % 2) * (results.games.round.max() + 1)
    for player in range(players):
        seats = seats_of(results.games, player)
        assert abs(sum(seats)) <= 2
        runs = [len(list(run)) for _, run in itertools.groupby(seats)]
        assert max(runs) <= 2


def test_more_players_than_are_weighed_at_once_have_the_same_manners() -> None:
    players = 2 * pairing_module.EVERY + 11
    results = swiss(WinChances.of_ratings(np.arange(players) * 8.0, draws=0.2), rounds=5, seed=2)
    met, byes = meetings(results.games, players)
    assert met.max() == 1
    assert byes.max() == 1
    balance = [sum(seats_of(results.games, player)) for player in range(players)]
    assert max(map(abs, balance)) <= 2
    # Those who meet have about the same score.
    scores = results.games.scores()
    total = np.zeros(players)
    for number in range(5):
        rows = (results.games.round == number) & ~results.games.bye
        gap = np.abs(total[results.games.first[rows]] - total[results.games.second[rows]])
        assert gap.mean() <= 0.25
        total += results.games.totals(players, results.games.round == number)
    assert len(scores[0]) == 5 * (players + 1) // 2


def test_the_first_round_folds_the_seeding_and_winners_meet_winners() -> None:
    class Seeded:
        names = tuple("abcdefgh")

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            return (pairs < pairs[:, ::-1]).astype(float)  # the lower row always wins

    tournament = Swiss(Seeded(), rounds=3, seeding=range(8))
    tournament.play()
    games = tournament.games
    pairs = [
        {frozenset((int(a), int(b))) for a, b in zip(games.first[r], games.second[r], strict=True)}
        for r in (games.round == 0, games.round == 1, games.round == 2)
    ]
    assert pairs[0] == {frozenset(p) for p in ((0, 4), (1, 5), (2, 6), (3, 7))}
    # Winners meet winners; who of them, the seats decide before the order does.
    assert all(max(pair) < 4 or min(pair) >= 4 for pair in pairs[1])
    assert [seats_of(games.rows(0, 8), player).count(1) for player in range(8)] == [1] * 8
    assert len(pairs[0] | pairs[1] | pairs[2]) == 12
    assert tournament.results().standings()["name"][0] == "a"


def test_the_bye_falls_to_the_lowest_who_had_none_and_is_worth_a_win() -> None:
    class Seeded:
        names = tuple("abcde")

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            return (pairs < pairs[:, ::-1]).astype(float)

    results = swiss(Seeded(), rounds=5, seeding=range(5))
    games = results.games
    byes = games.first[games.bye].tolist()
    assert byes[0] == 4
    assert sorted(byes) == [0, 1, 2, 3, 4]
    assert np.isnan(games.points_first[games.bye]).all()
    assert games.totals(5).tolist() == [5, 4, 3, 2, 1]
    assert results.wins.sum() == 10  # byes are no wins and not rated


def test_whoever_needs_a_seat_has_it() -> None:
    # 0 had the first seat twice running, 1 the second once, 2 and 3 nothing.
    seats = Seats(np.array([2, -1, 0, 0]), np.array([1, -1, 0, 0]), np.array([1, 0, 0, 0]))
    assert seats.needed.tolist() == [-1, 0, 0, 0]
    assert seats.first_of(0, 1, 0) == (1, 0)
    assert seats.first_of(2, 0, 0) == (2, 0)
    assert seats.first_of(2, 1, 0) == (1, 2)
    assert seats.first_of(2, 3, 0) == (2, 3)
    assert seats.first_of(2, 3, 1) == (3, 2)


def test_a_clash_of_seats_gives_way_before_scores_do() -> None:
    # 0 and 1 lead and both need the second seat: they do not meet now.
    seats = Seats(np.array([2, 2, -2, -2]), np.array([1, 1, -1, -1]), np.array([1, 1, -1, -1]))
    score = np.array([2.0, 2, 0, 0])
    nobody = np.zeros((4, 4), int)
    pairs, bye = pair_round(np.arange(4), score, nobody, np.zeros(4, int), seats)
    assert bye == -1
    assert all({first, second} not in ({0, 1}, {2, 3}) for first, second in pairs)
    assert all(first in (2, 3) for first, _ in pairs)
    # Unless they have all met the others.
    nobody[:2, 2:] = nobody[2:, :2] = 1
    pairs, _ = pair_round(np.arange(4), score, nobody, np.zeros(4, int), seats)
    assert {frozenset(pair) for pair in pairs} == {frozenset((0, 1)), frozenset((2, 3))}


@pytest.mark.parametrize(("players", "rounds"), [(6, 3), (4, 5)])  # the latter meet twice
def test_buchholz_sums_the_opponents_scores(players: int, rounds: int) -> None:
    results = swiss(coins(players), rounds=rounds, seed=1)
    score = results.games.totals(players)
    for player in range(players):
        met = [
            int(other)
            for first, second in zip(results.games.first, results.games.second, strict=True)
            for own, other in ((first, second), (second, first))
            if own == player
        ]
        assert buchholz(results.games, score)[player] == pytest.approx(score[met].sum())


def test_equal_scores_are_placed_by_buchholz_and_share_a_place_only_if_that_is_equal_too() -> None:
    told = set()
    for seed in range(4):
        results = swiss(coins(9), rounds=3, seed=seed)
        counts = list(zip(*results.ranking.values(), strict=True))
        assert list(results.ranking) == ["score", "buchholz"]
        assert results.place.tolist() == [1 + sum(o > own for o in counts) for own in counts]
        told.add((len(set(counts)), len({score for score, _ in counts})))
    assert any(one > other for one, other in told)
    assert any(one < 9 for one, _ in told)


def test_a_planted_pairing_that_forgets_who_met_is_caught() -> None:
    """The property above fails for a pairing without memory."""
    players, caught = 6, 0
    for seed in range(5):
        games = Games.none()
        rng = np.random.default_rng(seed)
        for number in range(4):
            pairs, _ = pair_round(
                np.lexsort((np.arange(players), -games.totals(players))),
                games.totals(players),
                np.zeros((players, players), int),  # the mutation
                np.zeros(players, int),
                Seats.of(games, players),
            )
            first, second = np.array(pairs).T
            won = rng.random(len(first)).round()
            same = np.full(len(first), number)
            played = Games(same, first, second, same * 0, same.astype(np.uint64), won, 1 - won)
            games = Games.joined([games, played])
        caught += meetings(games, players)[0].max() > 1
    assert caught == 5


def everyone_paired(players: tuple[int, ...]) -> list[list[tuple[int, int]]]:
    """All rounds of an even number of players."""
    if not players:
        return [[]]
    head, *tail = players
    return [
        [(head, other), *rest]
        for other in tail
        for rest in everyone_paired(tuple(each for each in tail if each != other))
    ]


def test_repeats_then_clashes_then_gaps_of_score_then_seats_are_least() -> None:
    """As trying every round finds, for random players of any past."""
    rng, n, told = np.random.default_rng(1), 6, set()
    for _ in range(25):
        score = np.sort(rng.integers(0, 5, n) / 2)[::-1]
        met = np.triu(rng.integers(0, 2, (n, n)), 1)
        met += met.T
        balance, last, before = rng.integers(-2, 3, n), *rng.choice([-1, 1], (2, n))
        seats = Seats(balance, last, before)
        need, want = seats.needed, seats.wanted

        def cost(
            pairs: list[tuple[int, int]],
            met: np.ndarray = met,
            score: np.ndarray = score,
            need: np.ndarray = need,
            want: np.ndarray = want,
        ) -> tuple[float, ...]:
            i, j = np.array(pairs).T
            same = [int(((seat[i] == seat[j]) & (seat[i] != 0)).sum()) for seat in (need, want)]
            gaps = float(((score[i] - score[j]) ** 2).sum())
            return int(met[i, j].sum()), same[0], gaps, same[1]

        pairs, _ = pair_round(np.arange(n), score, met, np.zeros(n, int), seats)
        assert cost(pairs) == min(map(cost, everyone_paired(tuple(range(n)))))
        told.add(cost(pairs))
    assert len(told) > 8
