"""All equilibria of a small game of two players, by trying who mixes over what.

B. von Stengel, "Equilibrium computation for two-player games in strategic and extensive form",
Algorithmic Game Theory, ch. 3, 2007, algorithm 3.4. In a game that is not degenerate (no mixed
strategy has more best responses than actions of its own) equilibria mix over equally many actions
on both sides, each makes the other indifferent, and they are odd in number. So every pair of
supports of one size is tried: a linear system each, C(m + n, m) in all.

Guarantees: every strategy pair returned is an equilibrium, once, up to 1e-9 of the range of the
payoffs. If ``degenerate`` is False, these are all there are. If it is True, what is returned are
isolated points, or corners of whole continua of equilibria, and some may be missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.equilibria.checks import EquilibriumError, Floats, bimatrix

PAIRS_MAX = 3_000_000
"""The most pairs of supports that are tried: games of 11 × 12 actions or so."""
TOLERANCE = 1e-9
CHUNK = 100_000  # linear systems at a time

Supports = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Equilibria:
    """The k equilibria found, pure ones first, then by size and place of their supports.

    Attributes:
        row: float64[k, m], the row player's mixed strategies.
        column: float64[k, n], the column player's.
        payoffs: float64[k, 2], what both get.
        degenerate: whether the game is degenerate, and the list perhaps not complete.
    """

    row: Floats
    column: Floats
    payoffs: Floats
    degenerate: bool

    def __len__(self) -> int:
        return len(self.row)


def support_enumeration(row: ArrayLike, column: ArrayLike) -> Equilibria:
    """Find the equilibria of a game with payoffs ``row`` and ``column``, both [m, n].

    Raises ``EquilibriumError`` for payoffs that do not fit, or too many actions.

    >>> found = support_enumeration([[3, 0], [0, 2]], [[2, 0], [0, 3]])  # battle of the sexes
    >>> found.row.round(3).tolist(), found.column.round(3).tolist()
    ([[1.0, 0.0], [0.0, 1.0], [0.6, 0.4]], [[1.0, 0.0], [0.0, 1.0], [0.4, 0.6]])
    """
    A, B = bimatrix(row, column)
    m, n = A.shape
    if math.comb(m + n, m) > PAIRS_MAX:
        raise EquilibriumError(
            f"a game of {m} × {n} actions has {math.comb(m + n, m):,} pairs of supports, more than "
            f"{PAIRS_MAX:,}; drop dominated actions, or try FictitiousPlay or solve_zero_sum"
        )
    unit_A, unit_B = _unit(A), _unit(B)
    found, degenerate = [], False
    for size in range(1, min(m, n) + 1):
        rows, columns = _subsets(m, size), _subsets(n, size)
        step = max(1, CHUNK // len(columns))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            I, J = np.repeat(some, len(columns), axis=0), np.tile(columns, (len(some), 1))  # noqa: E741
            y, y_best, y_ties = _indifferent(unit_A, I, J)
            x, x_best, x_ties = _indifferent(unit_B.T, J, I)
            degenerate |= bool((y_ties | x_ties).any())
            found += [(x[pair], y[pair]) for pair in np.flatnonzero(x_best & y_best)]
    xs = np.array([x for x, _ in found]).reshape(-1, m)
    ys = np.array([y for _, y in found]).reshape(-1, n)
    payoffs = np.stack([np.einsum("km,mn,kn->k", xs, P, ys) for P in (A, B)], axis=1)
    return Equilibria(xs, ys, payoffs, degenerate)


def _unit(payoffs: Floats) -> Floats:
    """The same game with payoffs in 1 .. 2, so that one tolerance fits all."""
    low, high = payoffs.min(), payoffs.max()
    return 1.0 + (payoffs - low) / (high - low if high > low else 1.0)


def _subsets(n: int, size: int) -> Supports:
    return np.array(list(combinations(range(n), size)), dtype=np.intp)


def _indifferent(
    payoffs: Floats, mine: Supports, theirs: Supports
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """The others' mixtures over `theirs` that make all of `mine` pay the same.

    For each of P pairs of supports: the mixture float64[P, n]; whether it is one, has all of the
    support, and makes `mine` best responses; and whether it does so with further best responses,
    which makes the game degenerate.
    """
    pairs, size = mine.shape
    # Payoffs are positive, so the common payoff can be set to 1 and the mixture scaled after.
    systems = payoffs[mine[:, :, None], theirs[:, None, :]]
    volume = np.prod(np.linalg.norm(systems, axis=2), axis=1)
    solvable = np.abs(np.linalg.det(systems)) > 1e-12 * volume
    weights = np.full((pairs, size), np.nan)
    weights[solvable] = np.linalg.solve(systems[solvable], np.ones((size, 1)))[:, :, 0]
    total = weights.sum(axis=1)
    is_mixture = (total > 0) & (weights > TOLERANCE * total[:, None]).all(axis=1)
    shares = np.where(is_mixture[:, None], weights, 0.0) / np.where(is_mixture, total, 1.0)[:, None]
    mixture = np.zeros((pairs, payoffs.shape[1]))
    np.put_along_axis(mixture, theirs, shares, axis=1)
    worth = mixture @ payoffs.T
    best = worth.max(axis=1)
    is_best = is_mixture & (np.take_along_axis(worth, mine, axis=1).min(axis=1) >= best - TOLERANCE)
    ties = is_best & ((worth >= best[:, None] - TOLERANCE).sum(axis=1) > size)
    return mixture, is_best, ties
