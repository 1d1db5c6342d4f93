"""What machines get from each other on average, without playing: the Markov chain of a match.

Two machines are together in one of finitely many joint states, and each turn moves a probability
over these. `expected_points` follows it turn by turn. For memory-one strategies `long_run_points`
gives the average of an endless match as a ratio of determinants (W. H. Press & F. J. Dyson,
"Iterated prisoner's dilemma contains strategies that dominate any evolutionary opponent", PNAS
109, 2012, eqs. 5 and 6).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.iterated.batch import check_actions, checked_pairs
from arenas.iterated.games import PRISONERS_DILEMMA, Floats, IteratedError, MatrixGame
from arenas.iterated.machines import Integers, Machines
from arenas.iterated.match import IteratedMatch

Slots = npt.NDArray[np.int32]


def expected_points(machines: Machines, pairs: npt.ArrayLike, match: IteratedMatch) -> Floats:
    """The mean of both players' points over all chance: exact, but for rounding.

    Args:
        machines: those that meet; of as many actions as the game has.
        pairs: int[m, 2], rows of the machines.
        match: the rules. One that ends by chance is followed up to its most turns.

    Returns:
        float64[m, 2]. O(turns S T A^2) a pair of machines of S and T states.
    """
    check_actions(machines, match.game)
    who = checked_pairs(pairs, len(machines))
    A = machines.actions
    # What is played after trembling, when action i is meant.
    hand = np.full((A, A), match.noise / (A - 1))
    np.fill_diagonal(hand, 1.0 - match.noise)
    points = np.zeros((len(who), 2))
    _follow(
        machines.state_start,
        machines.start,
        machines.plays @ hand,
        machines.moves_on,
        who,
        match.turns,
        1.0 - match.ending,
        match.game.payoffs,
        points,
    )
    return points


@njit(cache=True, nogil=True)
def _follow(
    state_start: Integers,
    start: Slots,
    plays: Floats,
    moves_on: Slots,
    pairs: Integers,
    turns: int,
    stay: float,
    payoffs: Floats,
    points: Floats,
) -> None:
    """Move the joint distribution of each pair turn by turn; points are zero at first."""
    A = plays.shape[1]
    for m in range(len(pairs)):
        i, j = pairs[m, 0], pairs[m, 1]
        low, base = state_start[i], state_start[j]
        S, T = state_start[i + 1] - low, state_start[j + 1] - base
        now, then = np.zeros((S, T)), np.zeros((S, T))
        now[start[i], start[j]] = 1.0
        for _ in range(turns):
            then[:] = 0.0
            for s in range(S):
                for t in range(T):
                    if now[s, t] == 0.0:
                        continue
                    for a in range(A):
                        for b in range(A):
                            weight = now[s, t] * plays[low + s, a] * plays[base + t, b]
                            points[m, 0] += weight * payoffs[a, b, 0]
                            points[m, 1] += weight * payoffs[a, b, 1]
                            after = moves_on[low + s, a, b], moves_on[base + t, b, a]
                            then[after] += weight * stay
            now, then = then, now


def long_run_points(
    p: npt.ArrayLike, q: npt.ArrayLike, game: MatrixGame = PRISONERS_DILEMMA
) -> Floats:
    """Points a turn float64[m, 2] of memory-one strategies in a match that never ends.

    Args:
        p, q: float[m, 4] or [4], the probabilities of action 0 after CC, CD, DC and DD, each
            player's own action first.
        game: of two actions.

    Raises:
        IteratedError: if a pair's average depends on the first moves, as that of two players of
            tit for tat does; any noise mends that.
    """
    if len(game) != 2:
        raise IteratedError(f"{game.name} has {len(game)} actions; memory-one strategies have 2")
    mine, theirs = np.broadcast_arrays(np.atleast_2d(p), np.atleast_2d(q))
    theirs = theirs[:, [0, 2, 1, 3]]  # as the first player sees the outcomes
    both = np.stack([mine * theirs - [1, 0, 0, 0], mine - [1, 1, 0, 0], theirs - [1, 0, 1, 0]], 2)

    def determinant(values: Floats) -> Floats:
        column = np.broadcast_to(values[:, None], (len(both), 4, 1))
        return np.linalg.det(np.concatenate([both, column], axis=2))

    whole = determinant(np.ones(4))
    if (np.abs(whole) < 1e-14).any():
        row = int(np.abs(whole).argmin())
        raise IteratedError(
            f"{mine[row].tolist()} against {np.atleast_2d(q)[row % len(np.atleast_2d(q))].tolist()}"
            " has no average of its own: it depends on the first moves; use expected_points"
        )
    values = game.payoffs.reshape(4, 2).T
    return np.stack([determinant(values[0]) / whole, determinant(values[1]) / whole], axis=1)
