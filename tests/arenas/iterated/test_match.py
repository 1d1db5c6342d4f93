"""One match: what players see, noise, lengths, and forfeits."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from arenas.iterated import (
    COOPERATE,
    DEFECT,
    ROCK_PAPER_SCISSORS,
    Alternator,
    Cooperator,
    Defector,
    Grudger,
    IteratedContest,
    IteratedError,
    IteratedMatch,
    Player,
    Random,
    TitForTat,
)


class Scripted(Player):
    """Does what it is told, and remembers what it saw."""

    def __init__(self, script: Callable[[int], Any]) -> None:
        super().__init__("scripted")
        self.script = script

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        return self.script(len(mine))  # type: ignore[no-any-return]


class Watcher(Player):
    """Checks that it is shown what was played."""

    def reset(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.before = (self.match.turns, self.rng.random())

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        assert len(mine) == len(theirs) == len(self.seen) + bool(mine)
        if mine:
            self.seen.append((mine[-1], theirs[-1]))
            assert list(zip(mine, theirs, strict=True)) == self.seen
        return self.rng.below(2)


def test_known_matches() -> None:
    match = IteratedMatch(turns=10)
    for first, second, points in (
        (TitForTat(), Defector(), [9, 14]),
        (TitForTat(), TitForTat(), [30, 30]),
        (Grudger(), Alternator(), [3 + 0 + 8 * 3, 3 + 5 + 8 * 0.5]),
        (Cooperator(), Defector(), [0, 50]),
    ):
        assert match.play(first, second, seed=0).points.tolist() == points


def test_players_see_what_was_played() -> None:
    played = IteratedMatch(turns=50, noise=0.3).play(Watcher(), Watcher(), seed=3)
    assert played.forfeits == (None, None)
    assert len(played.actions) == 50


def test_hands_tremble_as_often_as_they_should() -> None:
    played = IteratedMatch(ROCK_PAPER_SCISSORS, 40_000, noise=0.2).play(
        Scripted(lambda _: 1), Scripted(lambda _: 2), seed=4
    )
    for column, meant in zip(played.actions.T, (1, 2), strict=True):
        shares = np.bincount(column, minlength=3) / 40_000
        expected = np.full(3, 0.1)
        expected[meant] = 0.8
        assert (np.abs(shares - expected) < 4 * np.sqrt(expected * (1 - expected) / 40_000)).all()


def test_matches_end_as_often_as_they_should() -> None:
    n = 4_000

    def lengths(most: int, ending: float) -> np.ndarray:
        contest = IteratedContest([Cooperator().machine()], turns=most, ending=ending)
        return contest.outcomes(np.zeros((n, 2), int), np.arange(n)).sum(axis=(1, 2))

    for ending in (0.5, 0.02):
        turns = lengths(10_000, ending)
        for at_least in range(1, 6):
            share, expected = (turns >= at_least).mean(), (1 - ending) ** (at_least - 1)
            assert abs(share - expected) <= 4 * math.sqrt(expected * (1 - expected) / n)
        deviation = math.sqrt(1 - ending) / ending
        assert abs(turns.mean() - 1 / ending) < 4 * deviation / math.sqrt(n)
        assert lengths(30, ending).tolist() == np.minimum(turns, 30).tolist()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (2, "moved 2 in turn 3; actions are the whole numbers 0 to 1"),
        (-1, "moved -1 in turn 3"),
        (0.0, "moved 0.0 in turn 3"),
        (None, "moved None in turn 3"),
        ("cooperate", "moved 'cooperate' in turn 3"),
        (1 << 70, "in turn 3"),
    ],
)
def test_an_illegal_move_forfeits(wrong: object, message: str) -> None:
    mover = Scripted(lambda turn: wrong if turn == 2 else DEFECT)
    played = IteratedMatch(turns=9).play(Cooperator(), mover, seed=0)
    assert played.forfeits[0] is None
    assert message in (played.forfeits[1] or "")
    assert played.actions.tolist() == [[COOPERATE, DEFECT]] * 2
    assert played.points[0] == 0
    assert math.isnan(played.points[1])


def test_a_crash_forfeits_and_is_told() -> None:
    def crash(turn: int) -> int:
        raise RuntimeError(f"turn {turn}")

    class Unready(Cooperator):
        def reset(self) -> None:
            raise OSError("no disk")

    played = IteratedMatch().play(Scripted(crash), Unready(), seed=0)
    assert np.isnan(played.points).all()
    assert len(played.actions) == 0
    assert "raised RuntimeError('turn 0') in turn 1" in (played.forfeits[0] or "")
    assert "raised OSError('no disk') before the first turn" in (played.forfeits[1] or "")


def test_numpys_numbers_and_truths_are_moves() -> None:
    for legal in (np.int8(1), np.uint64(1), True):
        played = IteratedMatch(turns=2).play(Scripted(lambda _, x=legal: x), Cooperator(), 0)
        assert played.points.tolist() == [10, 0]


def test_the_least_chance_of_an_end_leaves_the_whole_match() -> None:
    for ending in (5e-324, 1e-300, 1e-20):
        played = IteratedMatch(turns=7, ending=ending).play(Cooperator(), Cooperator(), seed=5)
        assert len(played.actions) == 7


def test_nothing_is_carried_from_match_to_match() -> None:
    class Hoarder(Player):
        def __init__(self) -> None:
            super().__init__()
            self.memory: list[int] = []

        def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
            self.memory.append(0)
            return int(len(self.memory) > 3)

    hoarder, match = Hoarder(), IteratedMatch(turns=5)
    first = match.play(hoarder, hoarder, seed=1)
    assert first.actions.tolist() == [[0, 0]] * 3 + [[1, 1]] * 2
    assert match.play(hoarder, Random(), seed=1).actions[:, 0].tolist() == [0, 0, 0, 1, 1]
    assert not hoarder.memory


def test_who_tampers_with_what_it_is_shown_deceives_itself_alone() -> None:
    class Tamperer(Player):
        def move(self, mine: list[int], theirs: list[int]) -> int:  # type: ignore[override]
            mine.clear()
            theirs[:] = [COOPERATE]
            return DEFECT

    match = IteratedMatch(turns=4)
    for played in (match.play(Tamperer(), TitForTat(), 1), match.play(TitForTat(), Tamperer(), 1)):
        assert sorted(played.points.tolist()) == [3, 8]
        assert played.actions.sum() == 7
    assert match.play(Tamperer(), Tamperer(), 1).points.tolist() == [4, 4]


@pytest.mark.parametrize(
    "wrong", [{"turns": 0}, {"noise": 1.1}, {"ending": -0.1}, {"game": "chess"}]
)
def test_rules_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(IteratedError, match=next(iter(wrong))):
        IteratedMatch(**wrong)
