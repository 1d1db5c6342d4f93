"""Round robins: who meets whom, seeds, workers, forfeits, self-play, and stopping half-way."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

from arenas.tournaments import (
    Contest,
    DoubleElimination,
    Forfeit,
    RoundRobin,
    SingleElimination,
    Survival,
    Swiss,
    Tournament,
    TournamentError,
    WinChances,
    check_contest,
    resume,
    round_robin,
)

EVEN = WinChances.of_ratings([0, 100, 200, 300], draws=0.2)
FORMATS = (
    lambda contest, seed: RoundRobin(contest, rounds=3, seed=seed, self_play=True),
    lambda contest, seed: Swiss(contest, rounds=3, seed=seed),
    lambda contest, seed: SingleElimination(contest, seed=seed, legs=2),
    lambda contest, seed: DoubleElimination(contest, seed=seed),
    lambda contest, seed: Survival(contest, seed=seed, repetitions=2),
)
NAMES = ("robin", "swiss", "single", "double", "survival")


class Seen:
    """Notes what it is asked, and gives points as told, or by the table of `EVEN`."""

    names = EVEN.names

    def __init__(self, points=EVEN) -> None:
        self.points = points
        self.asked: list[tuple[int, int, int]] = []

    def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        for (first, second), seed in zip(pairs.tolist(), seeds.tolist(), strict=True):
            self.asked.append((first, second, seed))
        return self.points(pairs, seeds)


class Crashing:
    """Player 1 crashes in the first seat, and both do in one match."""

    names = ("a", "b", "c")

    def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        for first, second in pairs.tolist():
            if first == 1:
                raise Forfeit(1, "divided by zero", points=3.0)
            if (first, second) == (2, 0):
                raise Forfeit(-1, "no agreement")
        return np.ones((len(pairs), 2))


def same_games(one: Tournament, other: Tournament) -> bool:
    mine, theirs = one.games.columns(), other.games.columns()
    equal = [np.array_equal(mine[k], theirs[k], equal_nan=mine[k].dtype == float) for k in mine]
    return all(equal) and one.games.reasons == other.games.reasons


# Who meets whom


def test_everybody_meets_everybody_in_both_seats_each_round() -> None:
    contest = Seen()
    results = round_robin(contest, rounds=2, seed=5, self_play=True)
    pairs = [(first, second) for first, second, _ in contest.asked]
    assert sorted(pairs) == sorted([(i, j) for i in range(4) for j in range(4)] * 2)
    assert len(set(results.games.seed.tolist())) == 32  # each match its own seed
    assert np.array_equal(np.bincount(results.games.round), [16, 16])


def test_seats_alternate_where_a_pair_meets_once_a_round() -> None:
    contest = Seen()
    round_robin(contest, rounds=2, both_seats=False)
    pairs = [(first, second) for first, second, _ in contest.asked]
    assert sorted(pairs) == sorted((i, j) for i in range(4) for j in range(4) if i != j)
    firsts = np.bincount([first for first, _ in pairs[:6]], minlength=4)
    assert firsts.max() - firsts.min() <= 1


def test_mirrored_pairs_share_their_seed_and_nothing_else_does() -> None:
    games = round_robin(EVEN, rounds=3, mirror=True).games
    by_seed: dict[int, set] = {}
    for row in range(len(games)):
        pair = frozenset((int(games.first[row]), int(games.second[row])))
        by_seed.setdefault(int(games.seed[row]), set()).add((pair, int(games.round[row])))
    assert all(len(meetings) == 1 for meetings in by_seed.values())
    assert len(by_seed) == len(games) // 2


def test_another_seed_is_another_tournament() -> None:
    one, same, other = (round_robin(EVEN, rounds=5, seed=seed) for seed in (1, 1, 2))
    assert str(one) == str(same)
    assert not set(one.games.seed.tolist()) & set(other.games.seed.tolist())


# Workers, and stopping


@pytest.mark.parametrize("make", FORMATS, ids=NAMES)
def test_a_tournament_that_was_stopped_goes_on_as_if_it_never_was(make) -> None:
    whole = make(EVEN, 3)
    table = str(whole.play())
    stopped = make(EVEN, 3)
    steps = 0
    while not stopped.over:
        saved = json.loads(json.dumps(stopped.state(), default=lambda array: array.tolist()))
        stopped = resume(EVEN, saved)  # the process was killed; a new one has the file
        stopped.play(steps=1)
        steps += 1
    assert steps > 1
    assert same_games(stopped, whole)
    assert str(stopped.results()) == table


@pytest.mark.parametrize("make", FORMATS, ids=NAMES)
def test_two_workers_give_the_table_of_one(make) -> None:
    one, two = make(EVEN, 7), make(EVEN, 7)
    with ThreadPoolExecutor(2) as workers:
        assert str(one.play()) == str(two.play(workers))
    assert same_games(one, two)


@pytest.mark.slow
def test_two_processes_give_the_table_of_one() -> None:
    one, two = (RoundRobin(EVEN, rounds=4, seed=7) for _ in range(2))
    assert str(one.play()) == str(two.play(workers=2))
    assert same_games(one, two)
    crashing = [RoundRobin(Crashing(), rounds=2) for _ in range(2)]
    crashing[0].play()
    crashing[1].play(workers=2)
    assert same_games(*crashing)
    assert crashing[1].games.reasons


def test_the_record_does_not_depend_on_how_matches_are_batched() -> None:
    class OneByOne:
        names = EVEN.names

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            parts = [EVEN(pairs[m : m + 1], seeds[m : m + 1]) for m in range(len(pairs))]
            return np.concatenate(parts[::-1])[::-1]

    one, other = RoundRobin(EVEN, rounds=3), RoundRobin(OneByOne(), rounds=3)
    one.play()
    other.play()
    assert same_games(one, other)


def test_a_record_that_would_not_have_been_paired_is_refused() -> None:
    tournament = RoundRobin(EVEN, rounds=3)
    tournament.play(steps=2)
    good = tournament.state()
    changed = tournament.state()
    changed["games"]["first"][3] = 0
    short = {**good, "games": {**tournament.games.rows(0, 13).state()}}
    missing = {**good, "games": {k: v for k, v in good["games"].items() if k != "seed"}}
    for wrong in (changed, short, missing, {**good, "seed": 1}, {**good, "names": ["x"] * 4}):
        with pytest.raises(TournamentError):
            tournament.restore(wrong)
        assert len(tournament.games) == 24
    for broken in ({**good, "format": "Ladder"}, {**good, "settings": {"speed": 3}}, {}):
        with pytest.raises(TournamentError):
            resume(EVEN, broken)
    tournament.restore(good)
    assert good["games"]["first"] is not tournament.games.first


# Forfeits and self-play


def test_forfeits_are_recorded_with_their_reasons_and_lost() -> None:
    results = round_robin(Crashing(), rounds=1)
    games = results.games
    told = {
        (int(games.first[row]), int(games.second[row])): reason
        for row, reason in games.reasons.items()
    }
    assert told == {
        (1, 0): "divided by zero",
        (1, 2): "divided by zero",
        (2, 0): "no agreement",
    }
    row = int(np.flatnonzero((games.first == 1) & (games.second == 0))[0])
    assert games.forfeit_first[row]
    assert not games.forfeit_second[row]
    assert games.points_second[row] == 3.0
    standing = results.standings()
    by_name = {name: row for row, name in enumerate(standing["name"])}
    # a: draws with b and c, beats b, and both lose the match with c.
    assert standing["score"][by_name["a"]] == 2.0
    assert standing["lost"][by_name["a"]] == 1
    assert standing["forfeits"].sum() == 4
    assert results.wins.sum() == 5  # the match that both forfeited is not rated
    assert "divided by zero" in str(results)


def test_a_contest_may_note_why_its_points_are_nan() -> None:
    class Note(NamedTuple):
        pair: tuple[int, int]
        seed: int
        reason: str

    class Noting(Seen):
        forfeits: ClassVar[list[Note]] = []

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            points = super().__call__(pairs, seeds)
            for row in np.flatnonzero(pairs[:, 1] == 2):
                points[row, 1] = np.nan
                pair = int(pairs[row, 0]), int(pairs[row, 1])
                self.forfeits.append(Note(pair, int(seeds[row]), f"lost its way against {pair[0]}"))
            return points

    games = round_robin(Noting(), rounds=2).games
    assert np.array_equal(sorted(games.reasons), np.flatnonzero(games.second == 2))
    for row, reason in games.reasons.items():
        assert reason == f"lost its way against {games.first[row]}"


def test_what_a_contest_does_not_blame_on_a_player_comes_through() -> None:
    def broken(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError("the referee fell asleep")

    tournament = RoundRobin(Seen(broken))
    with pytest.raises(ZeroDivisionError, match="asleep"):
        tournament.play()
    assert not len(tournament.games)

    def stranger(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        raise Forfeit(9, "who is that")

    with pytest.raises(TournamentError, match="player 9"):
        RoundRobin(Seen(stranger)).play()


def test_a_forfeited_seat_has_the_lowest_points_so_nobody_gains_by_leaving() -> None:
    def points(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        given = np.where(pairs == 3, 5.0, 1.0)
        given[(pairs[:, 0] == 0) & (pairs[:, 1] == 3), 0] = np.nan
        return given

    results = round_robin(Seen(points), count="points")
    assert results.games.points(4) == pytest.approx([1, 1, 1, 5])
    assert results.standings()["name"][0] == "player 3"


def test_self_play_counts_for_points_only() -> None:
    def points(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        own = pairs[:, 0] == pairs[:, 1]
        return np.where(own[:, None], 9.0, np.where(pairs > pairs[:, ::-1], 3.0, 0.0))

    results = round_robin(Seen(points), self_play=True)
    assert results.games.points(4) == pytest.approx([(0 + 18) / 8, 3, 3.75, (18 + 18) / 8])
    assert np.array_equal(np.sort(results.games.totals(4)), [0, 2, 4, 6])
    assert np.array_equal(np.diag(results.wins), np.zeros(4))


# Contests


def test_a_contest_that_looks_at_more_than_its_seed_is_noticed() -> None:
    check_contest(EVEN)
    assert isinstance(EVEN, Contest)

    def batch(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        return np.full((len(pairs), 2), float(seeds[0] % np.uint64(1000)))

    def moody(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        return np.random.default_rng().random((len(pairs), 2))

    def leaver(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        return np.full((len(pairs), 2), np.nan if len(pairs) > 1 else 0.0)

    for points in (batch, moody, leaver):
        with pytest.raises(TournamentError, match="its own seed only"):
            check_contest(Seen(points))

    def weak(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        if (pairs == 0).any():
            raise Forfeit(0, "never plays")
        return np.zeros((len(pairs), 2))

    check_contest(Seen(weak))


def test_dice_fall_as_often_as_they_say() -> None:
    contest = WinChances([[0.5, 0.8], [0.3, 0.5]], draws=0.25)
    m = 20_000
    pairs = np.tile([0, 1], (m, 1))
    points = contest(pairs, np.random.default_rng(0).integers(2**64, size=m, dtype=np.uint64))
    assert (points.sum(axis=1) == 1).all()
    for seen, chance in (
        ((points[:, 0] == 0.5).mean(), 0.25),
        ((points[:, 0] == 1).mean(), 0.75 * 0.8),
    ):
        assert abs(seen - chance) / np.sqrt(chance * (1 - chance) / m) < 4


def gives_infinities(pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    raise Forfeit(int(pairs[0, 0]), "left", points=math.inf)


def test_tournaments_that_cannot_be_are_refused() -> None:
    class Twins:
        names = ("a", "a")

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            return np.zeros((len(pairs), 2))

    for wrong in (
        lambda: RoundRobin(Twins()),
        lambda: RoundRobin(EVEN, rounds=0),
        lambda: RoundRobin(EVEN, seed=-1),
        lambda: RoundRobin(EVEN, count="beauty"),
        lambda: RoundRobin(EVEN, seeding=[0, 1, 2]),
        lambda: RoundRobin(EVEN).play(workers=0),
        lambda: RoundRobin(Seen(lambda pairs, seeds: np.zeros(3))).play(),
        lambda: RoundRobin(Seen(lambda pairs, seeds: np.full((len(pairs), 2), np.inf))).play(),
        lambda: RoundRobin(Seen(lambda pairs, seeds: [["a", "b"]] * len(pairs))).play(),
        lambda: RoundRobin(Seen(lambda pairs, seeds: [[1, 2], [3]])).play(),
        lambda: RoundRobin(Seen(lambda pairs, seeds: np.full((len(pairs), 2), 1j))).play(),
        lambda: RoundRobin(Seen(lambda pairs, seeds: np.full((len(pairs), 2), 1e200))).play(),
        lambda: RoundRobin(Seen(gives_infinities)).play(),
        lambda: Swiss(["a", "b"]),
        lambda: RoundRobin(EVEN, rounds=math.nan),
        lambda: RoundRobin(EVEN, rounds="many"),
        lambda: RoundRobin(EVEN, seed=1.5),
        lambda: RoundRobin(EVEN, seeding=[0.2, 1.2, 2.2, 3.2]),
        lambda: Survival(EVEN, cull=1.0),
        lambda: SingleElimination(EVEN, legs=0),
        lambda: WinChances([[0.5, 2.0], [0.5, 0.5]]),
        lambda: WinChances([0.5]),
        lambda: WinChances([[0.5]], names=["a", "b"]),
    ):
        with pytest.raises(TournamentError):
            wrong()
