"""Brackets: seeding, byes, resets; and survival, where the lowest leave."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.tournaments import (
    DoubleElimination,
    SingleElimination,
    Survival,
    WinChances,
    double_elimination,
    single_elimination,
    survival,
)
from arenas.tournaments.bracket import seeded_places


class Ranked:
    """The lower row always wins; rows in `upsets` meet the other way round once."""

    def __init__(self, players: int, upsets: tuple[tuple[int, int], ...] = ()) -> None:
        self.names = tuple(f"seed {row}" for row in range(players))
        self.upsets = list(upsets)

    def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        points = (pairs < pairs[:, ::-1]).astype(float)
        for match, pair in enumerate(pairs.tolist()):
            for upset in self.upsets:
                if set(pair) == set(upset):
                    points[match] = 1 - points[match]
                    self.upsets.remove(upset)
                    break
        return points


class Drawn(Ranked):
    """Nobody ever wins."""

    def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        return np.zeros((len(pairs), 2))


def coins(players: int) -> WinChances:
    return WinChances(np.full((players, players), 0.5), draws=0.2)


def losses(tournament: SingleElimination | DoubleElimination) -> np.ndarray:
    """Matches that each player lost, from the games alone."""
    lost = np.zeros(tournament.players, int)
    games, scores = tournament.games, tournament.games.scores()
    matches: dict[tuple, dict[int, float]] = {}
    for row in np.flatnonzero(~games.bye):
        one, other = int(games.first[row]), int(games.second[row])
        match = matches.setdefault((int(games.round[row]), frozenset((one, other))), {})
        match[one] = match.get(one, 0) + scores[0][row]
        match[other] = match.get(other, 0) + scores[1][row]
    place = np.argsort(tournament.seeding)
    for match in matches.values():
        lost[min(match, key=lambda player, m=match: (m[player], -place[player]))] += 1
    return lost


def test_seeds_are_laid_so_that_the_best_meet_last() -> None:
    assert seeded_places(8) == [0, 7, 3, 4, 1, 6, 2, 5]
    places = seeded_places(32)
    for size in (2, 4, 8, 16):  # the best `size` seeds are in as many parts of the bracket
        parts = {places.index(seed) * size // 32 for seed in range(size)}
        assert len(parts) == size


@settings(deadline=None, max_examples=25)
@given(players=st.integers(1, 19), seed=st.integers(0, 99), legs=st.integers(1, 2))
def test_single_elimination_takes_one_loss_each(players: int, seed: int, legs: int) -> None:
    tournament = SingleElimination(coins(players), seed=seed, legs=legs, replays=1)
    results = tournament.play()
    lost = losses(tournament)
    assert tournament.champion is not None
    assert lost[tournament.champion] == 0
    assert (np.delete(lost, tournament.champion) == 1).all()
    assert results.place[tournament.champion] == 1
    # Byes: as many as places are empty, to the best seeds, in the first round.
    byes = tournament.games.first[tournament.games.bye]
    empty = 2 ** math.ceil(math.log2(players)) - players
    assert set(byes.tolist()) == set(tournament.seeding[:empty].tolist())
    assert (tournament.games.round[tournament.games.bye] == 0).all()


@settings(deadline=None, max_examples=25)
@given(players=st.integers(2, 19), seed=st.integers(0, 99))
def test_double_elimination_takes_two_losses_each(players: int, seed: int) -> None:
    tournament = DoubleElimination(coins(players), seed=seed, replays=1)
    results = tournament.play()
    lost = losses(tournament)
    champion = tournament.champion
    assert champion is not None
    assert lost[champion] <= 1
    assert (np.delete(lost, champion) == 2).all()
    assert results.place[champion] == 1
    for number in range(int(tournament.games.round.max()) + 1):  # one match at a time
        rows = (tournament.games.round == number) & ~tournament.games.bye
        seats = tournament.games.first[rows], tournament.games.second[rows]
        pairs = {frozenset(pair) for pair in zip(*(seat.tolist() for seat in seats), strict=True)}
        assert len(frozenset().union(*pairs)) == 2 * len(pairs)


def test_places_follow_strength_where_the_better_always_wins() -> None:
    single = single_elimination(Ranked(8), seeding=range(8)).standings()
    assert single["place"].tolist() == [1, 2, 3, 3, 5, 5, 5, 5]
    assert single["player"][:2].tolist() == [0, 1]
    assert set(single["player"][2:4].tolist()) == {2, 3}
    double = double_elimination(Ranked(8), seeding=range(8)).standings()
    assert double["player"][:4].tolist() == [0, 1, 2, 3]
    assert double["place"].tolist() == [1, 2, 3, 4, 5, 5, 7, 7]


def test_rematches_are_put_off_in_the_second_bracket() -> None:
    """Who drops out of the second round does not meet at once who lost to it in the first."""
    for players in (8, 16):
        for seed in range(6):
            tournament = DoubleElimination(coins(players), seed=seed, replays=0)
            games = tournament.play().games
            early = games.round <= 4  # both brackets up to the first match of who dropped then
            pairs = np.stack([games.first[early], games.second[early]], axis=1).tolist()
            assert len({frozenset(pair) for pair in pairs}) == len(pairs) >= players


def test_the_final_is_reset_only_if_the_unbeaten_one_loses_it() -> None:
    plain = DoubleElimination(Ranked(4), seeding=range(4))
    plain.play()
    # 0 beats 1 on the way and in the final: they meet twice, and never again.
    assert plain.champion == 0
    assert len(plain.games) == 6
    upset = DoubleElimination(Ranked(4, upsets=((0, 1),)), seeding=range(4))
    upset.play()  # 1 beats 0 on the way, 0 comes back, wins the final and has to win again
    assert upset.champion == 0
    assert len(upset.games) == 7
    last, before = upset.games.rows(6, 7), upset.games.rows(5, 6)
    assert {int(last.first[0]), int(last.second[0])} == {0, 1}
    assert {int(before.first[0]), int(before.second[0])} == {0, 1}
    assert last.round[0] == before.round[0] + 1


def test_ties_are_replayed_with_seats_changed_and_then_the_better_seed_goes_on() -> None:
    tournament = SingleElimination(Drawn(2), seeding=[1, 0], legs=2, replays=3)
    tournament.play()
    assert tournament.champion == 1
    assert tournament.games.first.tolist() == [1, 0, 1, 0, 1]
    assert tournament.games.repetition.tolist() == [0, 1, 2, 3, 4]
    assert len(set(tournament.games.seed.tolist())) == 5
    results = single_elimination(Drawn(3), seeding=[2, 0, 1], replays=0)
    assert results.standings()["player"].tolist() == [2, 0, 1]


def test_mirrored_games_of_a_match_come_in_twos_that_share_a_seed() -> None:
    for legs, replays in ((2, 4), (1, 3)):
        games = [
            SingleElimination(Drawn(2), seeding=[1, 0], legs=legs, replays=replays, mirror=mirror)
            for mirror in (True, False)
        ]
        mirrored, apart = (tournament.play().games.seed.tolist() for tournament in games)
        assert mirrored[::2] == mirrored[1::2]
        assert len(set(mirrored)) == len(mirrored) / 2
        assert len(set(apart)) == len(apart)


# Survival


def test_a_share_of_those_alive_is_counted_as_it_is_said() -> None:
    tournament = Survival(coins(50), cull=0.58)  # 0.58 * 50 is 28.999999999999996
    tournament.play(steps=1)
    assert len(tournament.alive) == 21


@settings(deadline=None, max_examples=20)
@given(
    players=st.integers(1, 9),
    cull=st.sampled_from([0.0, 0.3, 0.6]),
    survivors=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_the_lowest_leave_each_round(players: int, cull: float, survivors: int, seed: int) -> None:
    tournament = Survival(coins(players), seed=seed, cull=cull, survivors=survivors)
    alive = np.arange(players)
    while not tournament.over:
        assert np.array_equal(tournament.alive, alive)
        before = len(tournament.games)
        tournament.play(steps=1)
        played = tournament.games.rows(before, len(tournament.games))
        assert len(played) == len(alive) * (len(alive) - 1)
        score = played.totals(players)
        stay, leave = tournament.alive, np.setdiff1d(alive, tournament.alive)
        number = max(int(cull * len(alive)), 1)
        assert len(leave) == min(number, len(alive) - survivors)
        assert score[leave].max() <= score[stay].min()
        alive = stay
    assert len(alive) == min(max(survivors, 1), players)


def test_survivors_are_placed_by_when_the_others_left() -> None:
    standing = survival(Ranked(5)).standings()
    assert standing["player"].tolist() == [0, 1, 2, 3, 4]
    assert standing["place"].tolist() == [1, 2, 3, 4, 5]
    assert standing["rounds"].tolist() == [math.inf, 3, 2, 1, 0]


def test_equals_leave_by_seeding() -> None:
    tournament = Survival(Drawn(3), seeding=[2, 0, 1])
    tournament.play(steps=1)
    assert tournament.alive.tolist() == [0, 2]


def test_equals_leave_by_the_score_of_all_rounds_then_by_points() -> None:
    class ThenDrawn(Ranked):
        """The lower row wins where the last one plays, 2 against 3 by a lot; else all is drawn."""

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            lot = np.where(pairs.sum(axis=1) == 5, 100.0, 1.0)[:, None]
            return super().__call__(pairs, seeds) * lot * float((pairs == 3).any())

    rounds = Survival(ThenDrawn(4), seeding=[2, 1, 0, 3])
    rounds.play(steps=2)  # 3 leaves, and then 2, the first of the seeding
    assert rounds.alive.tolist() == [0, 1]

    class Meagre(Ranked):
        """Everything is drawn, but where 0 plays both have less."""

        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            return np.where((pairs == 0).any(axis=1)[:, None], 1.0, 5.0).repeat(2, axis=1)

    points = Survival(Meagre(3), seeding=[0, 1, 2])
    points.play(steps=1)
    assert points.alive.tolist() == [1, 2]


def test_points_may_decide_who_leaves() -> None:
    class Generous(Ranked):
        def __call__(self, pairs: np.ndarray, seeds: np.ndarray) -> np.ndarray:
            # 0 always loses, narrowly, and wins most of what there is against nobody else.
            return np.where(pairs == 0, 4.0, np.where((pairs == 0).any(axis=1)[:, None], 5.0, 1.0))

    by_score = Survival(Generous(3))
    by_score.play(steps=1)
    assert by_score.alive.tolist() == [1, 2]
    by_points = Survival(Generous(3), count="points", seeding=[0, 1, 2])
    by_points.play(steps=1)
    assert by_points.alive.tolist() == [0, 1]
    with pytest.raises(ValueError, match="count"):
        Survival(Generous(3), count="luck")
