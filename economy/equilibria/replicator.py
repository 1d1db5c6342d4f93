"""Replicator dynamics: what does better than the average spreads.

P. D. Taylor & L. B. Jonker, "Evolutionary stable strategies and game dynamics", Mathematical
Biosciences 40, 1978: the share x_i of a strategy grows at the rate (A x)_i − x·A x. Two
populations that play each other: (A y)_i − x·A y and (x B)_j − x·B y. In discrete generations the
share is multiplied by fitness over mean fitness.

The flow is integrated in logarithms: u_i = log x_i + c moves at (A x)_i, and x is the softmax of
u. Softmax is the gradient of H = log Σ exp u. So in zero-sum games (A antisymmetric, or B = −A)
the flow is du/dt = J ∇H with a constant antisymmetric J, and the Gauss-Legendre method (three
stages, order 6; E. Hairer, C. Lubich & G. Wanner, "Geometric numerical integration", ch. VII) is
symplectic: H wavers by the sixth power of the step but does not drift, and what is linear in u is
kept to rounding. Hence orbits stay closed and interior: rock-paper-scissors keeps x₁x₂x₃, for
which the usual methods spiral in or out.

Guarantees: shares stay positive (until they underflow) and sum to 1; a share of 0 stays 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from economy.equilibria.checks import (
    LARGEST,
    EquilibriumError,
    Floats,
    bimatrix,
    count,
    mixture,
    square,
)

_R15 = np.sqrt(15.0)
STAGES = np.array(
    [
        [5 / 36, 2 / 9 - _R15 / 15, 5 / 36 - _R15 / 30],
        [5 / 36 + _R15 / 24, 2 / 9, 5 / 36 - _R15 / 24],
        [5 / 36 + _R15 / 30, 2 / 9 + _R15 / 15, 5 / 36],
    ]
)
"""How a stage of the Gauss-Legendre method weighs the slopes at all three."""
WEIGHTS = np.array([5 / 18, 4 / 9, 5 / 18])
STEP_MAX = 0.5
"""The longest step, times the range of the payoffs: up to here the stages are found surely."""
ROUNDS_MAX = 100
SUBSTEPS_MAX = 1e7


def replicator(payoffs: ArrayLike, start: ArrayLike, step: float, steps: int) -> Floats:
    """Shares of a population that plays itself, float64[steps + 1, n], start included.

    Args:
        payoffs: [n, n], what a row strategy gets from meeting a column one.
        start: [n], shares of sum 1.
        step: time between rows, > 0, in which a payoff of 1 grows by e; the integrator takes
            shorter steps where payoffs are large.
        steps: how many.

    Raises ``EquilibriumError``.

    >>> hawk_dove = [[-1, 2], [0, 1]]
    >>> replicator(hawk_dove, [0.9, 0.1], step=0.1, steps=400)[-1].round(6).tolist()
    [0.5, 0.5]
    """
    A = square("payoffs", payoffs)
    x = mixture("start", start, len(A))
    return _flow(A, x, len(A), step, steps)


def replicator_pair(
    row: ArrayLike,
    column: ArrayLike,
    row_start: ArrayLike,
    column_start: ArrayLike,
    step: float,
    steps: int,
) -> tuple[Floats, Floats]:
    """Shares of two populations that play each other, [steps + 1, m] and [steps + 1, n].

    ``row`` and ``column`` are both players' payoffs [m, n]; the rest as of ``replicator``.
    """
    A, B = bimatrix(row, column)
    m, n = A.shape
    both = np.zeros((m + n, m + n))
    both[:m, m:], both[m:, :m] = A, B.T
    x = np.concatenate(
        [mixture("row_start", row_start, m), mixture("column_start", column_start, n)]
    )
    shares = _flow(both, x, m, step, steps)
    return shares[:, :m], shares[:, m:]


def replicator_map(
    payoffs: ArrayLike, start: ArrayLike, steps: int, background: float = 0.0
) -> Floats:
    """Shares in discrete generations, float64[steps + 1, n], start included.

    A share is multiplied by (background + its payoff) / (background + the mean payoff); the
    larger ``background``, the slower selection. Raises ``EquilibriumError``, also unless all
    payoffs plus ``background`` are positive.
    """
    A = _fitness(square("payoffs", payoffs), background)
    steps = count("steps", steps)
    shares = np.empty((steps + 1, len(A)))
    shares[0] = mixture("start", start, len(A))
    for t in range(steps):
        shares[t + 1] = _selected(shares[t], A @ shares[t])
    return shares


def replicator_map_pair(
    row: ArrayLike,
    column: ArrayLike,
    row_start: ArrayLike,
    column_start: ArrayLike,
    steps: int,
    background: float = 0.0,
) -> tuple[Floats, Floats]:
    """Two populations in discrete generations, [steps + 1, m] and [steps + 1, n].

    ``row`` and ``column`` are both players' payoffs [m, n]; the rest as of ``replicator_map``.
    """
    A, B = (_fitness(payoffs, background) for payoffs in bimatrix(row, column))
    steps = count("steps", steps)
    x, y = (np.empty((steps + 1, size)) for size in A.shape)
    x[0] = mixture("row_start", row_start, len(A))
    y[0] = mixture("column_start", column_start, A.shape[1])
    for t in range(steps):
        x[t + 1], y[t + 1] = _selected(x[t], A @ y[t]), _selected(y[t], x[t] @ B)
    return x, y


def _fitness(payoffs: Floats, background: float) -> Floats:
    fitness = payoffs + background
    if not 0 < fitness.min() <= fitness.max() <= LARGEST:
        raise EquilibriumError(
            f"fitness must be positive and finite; the lowest payoff plus background is "
            f"{fitness.min()}, so raise background"
        )
    return fitness


def _selected(shares: Floats, fitness: Floats) -> Floats:
    grown = shares * fitness
    return grown / grown.sum()


def _flow(A: Floats, start: Floats, first: int, step: float, steps: int) -> Floats:
    """Integrate one population (first = n) or two (first < n) on the shares above 0."""
    if not 0 < step < np.inf:
        raise EquilibriumError(f"step must be a time > 0, such as 0.1; got {step}")
    steps, alive = count("steps", steps), np.flatnonzero(start)
    needed = step * (A.max() - A.min()) / STEP_MAX
    if not needed <= SUBSTEPS_MAX:
        raise EquilibriumError(
            f"a step of {step} with payoffs from {A.min()} to {A.max()} would take {needed:.0e} "
            "shorter ones; scale the payoffs, or take a smaller step"
        )
    shares = np.zeros((steps + 1, len(start)))
    substeps = int(np.ceil(needed)) or 1
    living = np.ascontiguousarray(A[np.ix_(alive, alive)])
    begin = int((alive < first).sum())
    shares[:, alive] = _integrate(living, np.log(start[alive]), begin, step, substeps, steps)
    shares[0] = start
    return shares


@njit(cache=True, nogil=True)
def _integrate(A: Floats, u: Floats, first: int, step: float, substeps: int, steps: int) -> Floats:
    n = len(u)
    shares = np.empty((steps + 1, n))
    slopes, at, x = np.zeros((3, n)), np.empty((3, n)), np.empty(n)
    h = step / substeps
    for t in range(steps):
        _softmax(u, first, shares[t])
        for _ in range(substeps):
            # Slopes start from those of the step before; a round brings them closer by half or
            # more, until only rounding is left.
            before = np.inf
            for _ in range(ROUNDS_MAX):
                for stage in range(3):
                    for i in range(n):
                        at[stage, i] = u[i]
                        for other in range(3):
                            at[stage, i] += h * STAGES[stage, other] * slopes[other, i]
                change, largest = 0.0, 1.0
                for stage in range(3):
                    _softmax(at[stage], first, x)
                    for i in range(n):
                        slope = 0.0
                        for j in range(n):
                            slope += A[i, j] * x[j]
                        change = max(change, abs(slope - slopes[stage, i]))
                        largest = max(largest, abs(slope))
                        slopes[stage, i] = slope
                if change <= 1e-15 * largest or (change >= before and change <= 1e-12 * largest):
                    break
                before = change
            for i in range(n):
                for stage in range(3):
                    u[i] += h * WEIGHTS[stage] * slopes[stage, i]
    _softmax(u, first, shares[steps])
    return shares


@njit(cache=True, nogil=True)
def _softmax(u: Floats, first: int, shares: Floats) -> None:
    """The shares of each population, 0 .. first - 1 and first .. n - 1."""
    for begin, end in ((0, first), (first, len(u))):
        highest, total = -np.inf, 0.0
        for i in range(begin, end):
            highest = max(highest, u[i])
        for i in range(begin, end):
            shares[i] = np.exp(u[i] - highest)
            total += shares[i]
        for i in range(begin, end):
            shares[i] /= total
