"""Fictitious play: always answer best to all that the other has done so far.

G. W. Brown, "Iterative solution of games by fictitious play", 1951. The shares of the actions
played converge to an equilibrium in zero-sum games (J. Robinson, "An iterative method of solving
a game", Annals of Mathematics 54, 1951), in 2 × n games and in some others; not in all (Shapley
1964). In rock-paper-scissors their NashConv falls as one over the root of the rounds.

The variant: both move at the same time, each against the other's past up to the round before;
of equally good actions the lowest is taken; the first round's actions are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.equilibria.checks import EquilibriumError, Floats, bimatrix, count, matrix, numbers
from economy.equilibria.normal_form import nash_conv


class FictitiousPlay:
    """A run of fictitious play, going on as long as one likes.

    Args:
        row: [m, n], the row player's payoffs.
        column: [m, n], the column player's; None for a zero-sum game.
        start: the actions of round 0, which ``rounds`` does not count.

    Raises ``EquilibriumError`` for payoffs or actions that do not fit.

    >>> play = FictitiousPlay([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], start=(0, 1))
    >>> play.run(1_000)
    >>> round(play.nash_conv(), 4)
    0.0529
    """

    def __init__(
        self, row: ArrayLike, column: ArrayLike | None = None, start: tuple[int, int] = (0, 0)
    ) -> None:
        first = matrix("the row player's payoffs", row)
        self._row, self._column = bimatrix(first, -first if column is None else column)
        m, n = self._row.shape
        if len(start) != 2:
            raise EquilibriumError(f"start holds an action of each player; got {start}")
        i, j = (count("an action of start", action) for action in start)
        if i >= m or j >= n:
            raise EquilibriumError(f"start holds an action of {m} and one of {n}; got {start}")
        self.rounds = 0
        """How many have been played after round 0."""
        self._plays = (np.zeros(m, np.int64), np.zeros(n, np.int64))
        self._plays[0][i] = self._plays[1][j] = 1
        self._worth = (self._row[:, j].copy(), self._column[i].copy())

    def run(self, rounds: int) -> None:
        """Play more rounds; O(m + n) each."""
        more = count("rounds", rounds)
        _play(self._row, self._column, *self._plays, *self._worth, more)
        self.rounds += more

    def strategies(self) -> tuple[Floats, Floats]:
        """The shares of both players' actions so far, float64[m] and float64[n]."""
        return self._plays[0] / (self.rounds + 1), self._plays[1] / (self.rounds + 1)

    def nash_conv(self) -> float:
        """How far these shares are from an equilibrium."""
        return nash_conv(np.stack([self._row, self._column]), self.strategies())

    def state(self) -> dict[str, Any]:
        """What ``restore`` takes to go on bit-identically; copies."""
        return {
            "rounds": self.rounds,
            "plays": [plays.copy() for plays in self._plays],
            "worth": [worth.copy() for worth in self._worth],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state of a run of the same game; ``EquilibriumError`` leaves this one be."""
        if set(state) != {"rounds", "plays", "worth"}:
            raise EquilibriumError(f"a state has rounds, plays and worth; got {[*state]}")
        m, n = self._row.shape
        rounds = count("rounds", state["rounds"])
        if not len(state["plays"]) == len(state["worth"]) == 2:
            raise EquilibriumError("plays and worth of a state are of two players")
        row_played, column_played = (numbers("plays", plays) for plays in state["plays"])
        row_worth, column_worth = (numbers("worth", worth) for worth in state["worth"])
        shapes = [each.shape for each in (row_played, column_played, row_worth, column_worth)]
        if shapes != [(m,), (n,), (m,), (n,)]:
            raise EquilibriumError(f"the state is of another game than this {m} × {n}: {shapes}")
        row_plays, column_plays = row_played.astype(np.int64), column_played.astype(np.int64)
        if (
            any(p.min() < 0 or p.sum() != rounds + 1 for p in (row_plays, column_plays))
            or (row_plays != row_played).any()
            or (column_plays != column_played).any()
        ):
            raise EquilibriumError(f"plays must be counts that sum to rounds + 1 = {rounds + 1}")
        earned = np.concatenate([self._row @ column_plays, row_plays @ self._column])
        # Up to what adding one round after the other rounds off.
        slack = 1e-9 * (rounds + 1) * max(np.abs(self._row).max(), np.abs(self._column).max())
        if not (np.abs(np.concatenate([row_worth, column_worth]) - earned) <= slack).all():
            raise EquilibriumError("the state's worth is not what its plays earned in this game")
        self.rounds = rounds
        self._plays, self._worth = (row_plays, column_plays), (row_worth, column_worth)


@njit(cache=True, nogil=True)
def _play(
    row: Floats,
    column: Floats,
    row_plays: NDArray[np.int64],
    column_plays: NDArray[np.int64],
    row_worth: Floats,
    column_worth: Floats,
    rounds: int,
) -> None:
    for _ in range(rounds):
        i, j = np.argmax(row_worth), np.argmax(column_worth)  # the first of equals
        row_plays[i] += 1
        column_plays[j] += 1
        row_worth += row[:, j]
        column_worth += column[i]
