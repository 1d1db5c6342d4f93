"""Zero-sum games of two players, solved exactly by linear programmes.

J. von Neumann, "Zur Theorie der Gesellschaftsspiele", Mathematische Annalen 100, 1928: such a
game has one value, which each player can secure alone. A matrix game is solved over its actions
(G. B. Dantzig, "A proof of the equivalence of the programming problem and the game problem",
1951), a game tree over its sequences, which are as many as its actions and not as its plans
(Koller, Megiddo & von Stengel 1996, as in `sequence_form`). The first player's strategy is the
programme's solution, the second's its dual. The solver is SciPy's HiGHS.

Guarantee: what is returned was checked to be an equilibrium, up to 1e-7 of the range of the
payoffs. Payoffs are brought to 0 .. 1 before they are solved, so that their unit does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from economy.equilibria.checks import EquilibriumError, Floats, matrix
from economy.equilibria.game_tree import GameTree

EXACT = 1e-7


@dataclass(frozen=True, eq=False)
class ZeroSumSolution:
    """An equilibrium of a matrix game; there may be others, of the same value.

    Attributes:
        value: what the row player gets.
        row: float64[m], a strategy that secures it.
        column: float64[n], a strategy that concedes no more.
    """

    value: float
    row: Floats
    column: Floats


def solve_zero_sum(payoffs: ArrayLike) -> ZeroSumSolution:
    """Solve the game in which the column player pays ``payoffs`` [m, n] to the row player.

    Raises ``EquilibriumError`` for payoffs that are no finite matrix, and if the solver fails.

    >>> solution = solve_zero_sum([[3, -1], [-1, 1]])
    >>> round(solution.value, 9), solution.row.round(9).tolist()
    (0.333333333, [0.333333333, 0.666666667])
    """
    given = matrix("payoffs", payoffs)
    m, n = given.shape
    low, size = given.min(), _size(given)
    paid = (given - low) / size
    # Maximise v over x on the simplex with v <= (x paid)[j] for all j.
    found = _solved(
        c=np.append(np.zeros(m), -1.0),
        A_ub=np.column_stack([-paid.T, np.ones(n)]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
    )
    row, column = _mixture(found.x[:m]), _mixture(-found.ineqlin.marginals)
    secured, conceded = float((row @ paid).min()), float((paid @ column).max())
    _check(conceded - secured)
    return ZeroSumSolution(float(low + size * (secured + conceded) / 2), row, column)


def solve_zero_sum_tree(tree: GameTree) -> tuple[float, Floats]:
    """Solve a tree of two players of whom one gets what the other loses.

    Returns the first player's value and an equilibrium, a behaviour strategy float64[I, A] as
    ``GameTree`` describes it; where it never gets by own choice, it is uniform. Raises
    ``EquilibriumError`` for other games.
    """
    from scipy import sparse

    form = tree.sequences
    size = _size(tree.utility)
    if tree.players != 2 or not (np.abs(tree.utility.sum(axis=1)) <= 1e-12 * size).all():
        raise EquilibriumError("only zero-sum trees of two players; try CFRPlus(tree) for others")
    sequences = int(form.first[-1]) + 1
    shape = (sequences, sequences)
    paid = sparse.csr_array((form.payoff[:, 0], (form.reached[:, 0], form.reached[:, 1])), shape)
    (E, mine), (F, theirs) = _plan_constraints(tree, 0), _plan_constraints(tree, 1)
    paid = paid[mine][:, theirs] / size
    # Maximise q[0] over plans x, E x = e, and q with F' q <= paid' x.
    found = _solved(
        c=np.concatenate([np.zeros(E.shape[1]), [-1.0], np.zeros(F.shape[0] - 1)]),
        A_ub=sparse.hstack([-paid.T, F.T]),
        b_ub=np.zeros(F.shape[1]),
        A_eq=sparse.hstack([E, sparse.csr_array((E.shape[0], F.shape[0]))]),
        b_eq=np.append(1.0, np.zeros(E.shape[0] - 1)),
        bounds=[(0, None)] * E.shape[1] + [(None, None)] * F.shape[0],
    )
    plan = np.zeros(sequences)
    plan[theirs[:-1]] = -found.ineqlin.marginals[:-1]
    plan[mine] = found.x[: len(mine)]
    strategy = np.zeros(tree.legal.shape)
    strategy[tree.legal] = np.maximum(plan[:-1], 0.0)
    total = strategy.sum(axis=1, keepdims=True)
    played = total > 1e-12
    strategy = np.where(played, strategy / np.where(played, total, 1.0), tree.uniform())
    _check(tree.nash_conv(strategy) / size)
    return float(tree.values(strategy)[0]), strategy


def _plan_constraints(tree: GameTree, player: int) -> tuple[Any, Floats]:
    """What makes a reach of sequences a plan: those of an information set share what led to it.

    The constraints as a sparse [1 + own information sets, own sequences], the first saying that
    the empty sequence has 1, and the numbers of the own sequences, the empty one last.
    """
    from scipy import sparse

    form = tree.sequences
    infosets = np.flatnonzero(form.owner == player)
    of = np.repeat(np.arange(len(form.owner)), np.diff(form.first))  # information set of each
    own = np.append(np.flatnonzero(form.owner[of] == player), form.first[-1])
    place = np.zeros(form.first[-1] + 1, np.intp)
    place[own] = np.arange(len(own))
    line = np.zeros(len(form.owner), np.intp)
    line[infosets] = 1 + np.arange(len(infosets))
    rows = np.concatenate([[0], line[of[own[:-1]]], line[infosets]])
    columns = np.concatenate([[len(own) - 1], place[own[:-1]], place[form.before[infosets]]])
    values = np.concatenate([np.ones(len(own)), -np.ones(len(infosets))])
    return sparse.csr_array((values, (rows, columns)), (1 + len(infosets), len(own))), own


def _size(payoffs: Floats) -> float:
    """The range of the payoffs, which they are divided by; 1 where all are the same."""
    return float(payoffs.max() - payoffs.min()) or 1.0


def _solved(**programme: Any) -> Any:
    from scipy.optimize import linprog

    found = linprog(**programme, method="highs")
    if found.status != 0:
        raise EquilibriumError(
            f"the linear programme was not solved: {found.message}; payoffs of very different "
            "sizes do that"
        )
    return found


def _mixture(values: Floats) -> Floats:
    positive = np.maximum(values, 0.0)
    return positive / positive.sum()


def _check(gap: float) -> None:
    if not gap <= EXACT:
        raise EquilibriumError(
            f"the linear programme's solution leaves {gap} of the payoffs' range to gain; payoffs "
            "of very different sizes do that"
        )
