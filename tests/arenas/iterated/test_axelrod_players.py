"""The library's strategies in our matches and our machines in its: the same moves as at home.

To import the library takes ten seconds, so that what needs it counts as slow.
"""

import math
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from arenas.iterated import (
    CHICKEN,
    ROCK_PAPER_SCISSORS,
    AxelrodPlayer,
    Cooperator,
    GenerousTitForTat,
    IteratedContest,
    IteratedError,
    IteratedMatch,
    axelrod_game,
    axelrod_players,
    axelrod_strategy,
)
from arenas.iterated.chance import streams_of
from tests.arenas.iterated.cases import SURE, random_machines


@pytest.fixture(name="axelrod", scope="module")
def library() -> Any:
    return pytest.importorskip("axelrod")


# Long memories, counters, hunters, and what depends on the length, the game or chance.
VARIED = (
    "Gradual",
    "BackStabber",
    "OmegaTFT",
    "Prober",
    "EvolvedFSM16",
    "EvolvedLookerUp2_2_2",
    "FirstByTidemanAndChieruzzi",
    "SecondByChampion",
    "APavlov2011",
    "RandomHunter",
    "GTFT",
    "ZDExtort2",
    "Random",
    "MetaHunter",
    "RiskyQLearner",
)
# Where the library has another name for the same strategy.
TWINS = {"TitForTwoTats": "TitFor2Tats", "Tester": "SecondByTester"}


def library_match(axelrod: Any, first: Any, second: Any, turns: int, seed: int) -> list[list[int]]:
    """The library's own loop, with the seeds that ours gives."""
    match = axelrod.Match((first, second), turns=turns)
    mine, theirs, _ = streams_of(seed)
    for player, chance in ((first, mine), (second, theirs)):
        player.set_seed(chance.below(2**32 - 1))
    plays = [match.simultaneous_play(first, second) for _ in range(turns)]
    return [[int(action == axelrod.Action.D) for action in play] for play in plays]


@pytest.mark.slow
def test_strategies_play_as_in_the_library(axelrod: Any) -> None:
    kinds = [getattr(axelrod, name) for name in VARIED]
    match = IteratedMatch(turns=60)
    for i, kind in enumerate(kinds):
        other = kinds[(7 * i + 3) % len(kinds)]
        played = match.play(AxelrodPlayer(kind), AxelrodPlayer(other()), seed=i)
        assert played.forfeits == (None, None)
        assert played.actions.tolist() == library_match(axelrod, kind(), other(), 60, i), (
            kind,
            other,
        )


@pytest.mark.slow
def test_all_strategies_play_as_in_the_library(axelrod: Any) -> None:
    rng = np.random.default_rng(0)
    kinds = axelrod.short_run_time_strategies
    match = IteratedMatch(turns=200)
    for seed in range(500):
        first, second = (kinds[row] for row in rng.integers(len(kinds), size=2))
        played = match.play(AxelrodPlayer(first), AxelrodPlayer(second), seed)
        assert played.forfeits == (None, None)
        assert played.actions.tolist() == library_match(axelrod, first(), second(), 200, seed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SURE)
def test_our_classics_are_those_of_the_library(axelrod: Any, kind: Any) -> None:
    theirs = getattr(axelrod, TWINS.get(kind.__name__, kind.__name__))
    match = IteratedMatch(turns=40, noise=0.0)
    for row, opponent in enumerate((*SURE, lambda: random_machines(1, 2, 9).player())):
        played = [match.play(each, opponent(), row) for each in (kind(), AxelrodPlayer(theirs))]
        assert played[0].actions.tolist() == played[1].actions.tolist()


@pytest.mark.slow
def test_our_machines_play_in_the_library(axelrod: Any) -> None:
    machines = random_machines(6, 2, 8)
    sure = machines.take(machines.sure)
    match = IteratedMatch(turns=50)
    for i in range(len(sure)):
        ours, gradual = axelrod_strategy(sure, i), axelrod.Gradual()
        theirs = axelrod.Match((ours, gradual), turns=50).play()
        here = match.play(sure.player(i), AxelrodPlayer(axelrod.Gradual), seed=0)
        assert [[int(a == axelrod.Action.D) for a in play] for play in theirs] == (
            here.actions.tolist()
        )
        assert ours.clone().name == sure.names[i]


@pytest.mark.slow
def test_chance_in_the_library_is_seeded_by_its_match(axelrod: Any) -> None:
    generous = GenerousTitForTat().machine()
    results = [
        axelrod.Match((axelrod_strategy(generous), axelrod.Defector()), turns=2_000, seed=s).play()
        for s in (1, 1, 2)
    ]
    assert results[0] == results[1] != results[2]
    forgiven = sum(play[0] == axelrod.Action.C for play in results[0][1:]) / 1_999
    assert abs(forgiven - 1 / 3) < 4 * math.sqrt(2 / 9 / 1_999)


@pytest.mark.slow
def test_machines_enter_the_librarys_tournaments(axelrod: Any) -> None:
    machines = random_machines(2, 2, 1)
    players = [axelrod_strategy(machines, 0), axelrod_strategy(machines, 1), axelrod.TitForTat()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tournament = axelrod.Tournament(players, turns=10, repetitions=2, seed=1)
        results = tournament.play(progress_bar=False)
    assert sorted(results.ranked_names) == sorted(["random 0", "random 1", "Tit For Tat"])


@pytest.mark.slow
def test_strategies_meet_ours_in_a_contest_with_noise(axelrod: Any) -> None:
    contest = IteratedContest(
        [AxelrodPlayer(axelrod.Random()), AxelrodPlayer(axelrod.Gradual()), Cooperator()],
        CHICKEN,
        turns=20,
        noise=0.1,
        ending=0.02,
    )
    pairs = np.argwhere(np.ones((3, 3)))
    points = contest(pairs, np.arange(9))
    assert points.tolist() == contest(pairs, np.arange(9)).tolist()
    assert not np.isnan(points).any()
    assert contest.names == ("Random: 0.5", "Gradual", "Cooperator")


@pytest.mark.slow
def test_cheaters_stay_out(axelrod: Any) -> None:
    names = [p.name for p in axelrod_players([axelrod.Darwin, axelrod.TitForTat])]
    assert names == ["Tit For Tat"]


@pytest.mark.slow
def test_what_the_library_cannot_play_is_refused(axelrod: Any) -> None:
    assert axelrod_game(CHICKEN).RPST() == (0, -10, -1, 1)
    with pytest.raises(IteratedError, match="none of the library's"):
        axelrod_game(ROCK_PAPER_SCISSORS)
    with pytest.raises(IteratedError, match="3 actions"):
        axelrod_strategy(random_machines(1, 3, 0))
    with pytest.raises(IteratedError, match=r"such as axelrod\.Gradual"):
        AxelrodPlayer("Gradual")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "axelrod", None)
    with pytest.raises(IteratedError, match='axelrod is missing; pip install "axelrod'):
        axelrod_players()
