"""Contests: all kinds of players in one, and points that depend on players and seed alone."""

import numpy as np
import pytest

from arenas.iterated import (
    PRISONERS_DILEMMA,
    ROCK_PAPER_SCISSORS,
    Defector,
    IteratedContest,
    IteratedError,
    IteratedMatch,
    Joss,
    MemoryOne,
    Random,
    TitForTat,
    WinStayLoseShift,
    count_outcomes,
)
from arenas.tournaments.contest import check_contest
from tests.arenas.iterated.cases import CLASSICS, random_machines


class Broken(TitForTat):
    """Fails after five turns."""

    def move(self, mine, theirs):  # type: ignore[no-untyped-def]
        return super().move(mine, theirs) if len(mine) < 5 else 7


@pytest.mark.parametrize(("noise", "ending"), [(0.0, 0.0), (0.1, 0.05)])
def test_points_depend_on_the_players_and_the_seed_alone(noise: float, ending: float) -> None:
    players = [TitForTat(), random_machines(4, 2, 3), Random(), Joss().machine(), Broken()]
    contest = IteratedContest(players, turns=30, noise=noise, ending=ending)
    for seed in range(4):
        check_contest(contest, seed)
    assert contest.names[:3] == ("TitForTat", "random 0", "random 1")
    assert contest.noise == noise


def test_classes_and_machines_score_the_same() -> None:
    kinds = [
        MemoryOne((0.9, 0.2, 0.7, 0.4), 0.6, "toss") if k is MemoryOne else k() for k in CLASSICS
    ]
    plain = IteratedContest(kinds, turns=25)
    quick = IteratedContest([player.machine() for player in kinds], turns=25)
    mixed = IteratedContest([p.machine() if i % 2 else p for i, p in enumerate(kinds)], turns=25)
    pairs = np.random.default_rng(0).integers(len(kinds), size=(150, 2))
    seeds = np.arange(150, dtype=np.uint64) + np.uint64(2**63)
    points = plain(pairs, seeds)
    assert points.tolist() == quick(pairs, seeds).tolist() == mixed(pairs, seeds).tolist()
    counts = mixed.outcomes(pairs, seeds)
    assert counts.tolist() == quick.outcomes(pairs, seeds).tolist()
    payoffs = PRISONERS_DILEMMA.payoffs
    assert (np.einsum("mij,ijs->ms", counts, payoffs) == points).all()


def test_forfeits_are_nan_and_told() -> None:
    contest = IteratedContest([Broken(), Defector().machine(), WinStayLoseShift()], turns=20)
    points = contest([[0, 1], [1, 2], [2, 0], [0, 0]], [5, 6, 7, 8])
    assert np.isnan(points).tolist() == [[True, False], [False] * 2, [False, True], [True] * 2]
    assert points[0, 1] == 5 + 4 * 1  # what it had when the other forfeited
    assert [(f.player, f.pair, f.seed) for f in contest.forfeits] == [
        (0, (0, 1), 5),
        (0, (2, 0), 7),
        (0, (0, 0), 8),
        (0, (0, 0), 8),
    ]
    assert "moved 7 in turn 6" in contest.forfeits[0].reason


def test_players_of_one_name_are_told_apart() -> None:
    contest = IteratedContest([Random(), Random(), Random(name="Random (2)"), Random().machine()])
    assert contest.names == ("Random", "Random (2)", "Random (2) (2)", "Random (3)")


def test_what_is_asked_wrongly_is_refused() -> None:
    contest = IteratedContest([TitForTat(), Defector()])
    assert contest(np.empty((0, 2)), np.empty(0)).shape == (0, 2)
    for pairs, seeds, message in (
        ([[0, 2]], [1], r"rows 0\.\.1"),
        ([0, 1], [1], r"expected int64\[m, 2\]"),
        ([[0, 1]], [1, 2], r"expected uint64\[1\]"),
        ([[0.0, 1.0]], [1], "float64"),
    ):
        with pytest.raises(IteratedError, match=message):
            contest(pairs, seeds)
    with pytest.raises(IteratedError, match="instances of Player"):
        IteratedContest([TitForTat])  # type: ignore[list-item]
    with pytest.raises(IteratedError, match="needs players"):
        IteratedContest([])
    with pytest.raises(IteratedError, match="rock-paper-scissors has 3"):
        IteratedContest([TitForTat().machine()], ROCK_PAPER_SCISSORS)
    with pytest.raises(IteratedError, match="rock-paper-scissors has 3"):
        count_outcomes(TitForTat().machine(), IteratedMatch(ROCK_PAPER_SCISSORS), [[0, 0]], [1])
    with pytest.raises(IteratedError, match=r"rows 0\.\.0"):
        count_outcomes(TitForTat().machine(), IteratedMatch(), [[0, 1]], [1])
