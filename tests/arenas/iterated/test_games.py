"""The games are those of the books, and others are refused unless they are games."""

import numpy as np
import pytest

from arenas.iterated import (
    CHICKEN,
    COOPERATE,
    DEFECT,
    GAMES,
    HAWK_DOVE,
    MATCHING_PENNIES,
    PRISONERS_DILEMMA,
    ROCK_PAPER_SCISSORS,
    STAG_HUNT,
    IteratedError,
    MatrixGame,
)


def test_the_dilemma_is_axelrods() -> None:
    (reward, sucker), (temptation, punishment) = PRISONERS_DILEMMA.payoffs[:, :, 0]
    assert (reward, sucker, temptation, punishment) == (3, 0, 5, 1)
    assert PRISONERS_DILEMMA.payoffs[COOPERATE, DEFECT].tolist() == [0, 5]


def test_half_the_hawks_is_an_equilibrium() -> None:
    # V = 2, C = 4: against V / C hawks both actions pay the same.
    dove, hawk = HAWK_DOVE.payoffs[:, :, 0] @ [0.5, 0.5]
    assert dove == hawk == 0.5


def test_the_order_of_payoffs_makes_the_game() -> None:
    (both, alone), (tempted, crash) = CHICKEN.payoffs[:, :, 0]
    assert tempted > both > alone > crash
    (stag, missed), (hare, hares) = STAG_HUNT.payoffs[:, :, 0]
    assert stag > hare >= hares > missed
    for zero_sum in (MATCHING_PENNIES, ROCK_PAPER_SCISSORS):
        assert (zero_sum.payoffs.sum(axis=2) == 0).all()
    assert [game.name for game in GAMES if not game.is_symmetric] == ["matching pennies"]
    assert [len(game) for game in GAMES] == [2, 2, 2, 2, 2, 3]


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        ([[3, 0], [5, 1]], r"expected \[A, A, 2\]"),
        ([[[1, 1]]], "1 actions; allowed: 2"),
        ([[[1, 1], [1, np.nan]], [[1, 1], [1, 1]]], "finite"),
        ("many", "no table of numbers"),
    ],
)
def test_what_is_no_game_is_refused(payoffs: object, message: str) -> None:
    with pytest.raises(IteratedError, match=message):
        MatrixGame("odd", payoffs)  # type: ignore[arg-type]


def test_actions_need_names_of_their_own() -> None:
    with pytest.raises(IteratedError, match="expected 2 names"):
        MatrixGame.symmetric("odd", [[1, 0], [0, 1]], ("left", "left"))
    with pytest.raises(IteratedError, match=r"expected \[A, A\]"):
        MatrixGame.symmetric("odd", [1, 0])
    with pytest.raises(ValueError, match="read-only"):
        PRISONERS_DILEMMA.payoffs[0, 0, 0] = 4
