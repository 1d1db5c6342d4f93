"""The two operators of real-coded NSGA-II on rows, in place, both children of a pair at once.

Simulated binary crossover and polynomial mutation as DEAP and pymoo have them; the functions of
`evolution.variation.real` give one child a pair, from one draw a gene.

Guarantees: genes stay within their bounds; a result depends on nothing but the arguments.
"""

from __future__ import annotations

from numba import njit

from evolution.chance import Stream, uniform
from evolution.variation.columns import Floats
from evolution.variation.density import (
    CLOSEST,
    far_ratio,
    mass_within,
    polynomial_step,
    spread_factor,
)


@njit(cache=True, nogil=True)
def mate_rows(
    first: Floats,
    second: Floats,
    low: Floats,
    high: Floats,
    eta: float,
    share: float,
    exchange: Floats,
    stream: Stream,
) -> None:
    """Simulated binary crossover of the pairs of rows ``[n, size]``, which the children replace.

    Each gene is crossed with probability ``share``; both children use the same u, one on either
    side of the parents' middle, and the one below goes to ``second`` with probability
    ``exchange``. ``low`` and ``high`` are ``[size]``, and ``exchange`` ``[n]``, or ``[1]`` where
    all are the same.
    """
    power = 1.0 / (eta + 1.0)
    far = far_ratio(power)
    n, size = first.shape
    for i in range(n):
        for j in range(size):
            if uniform(stream) >= share:
                continue
            below, above = min(first[i, j], second[i, j]), max(first[i, j], second[i, j])
            floor, ceiling = low[j % len(low)], high[j % len(high)]
            distance = above - below
            if distance <= CLOSEST or floor == ceiling:
                continue
            u = uniform(stream)
            middle = 0.5 * (below + above)
            mass = mass_within(below - floor, distance, eta, far)
            mass_above = mass_within(ceiling - above, distance, eta, far)
            spread = spread_above = spread_factor(u * mass, power)
            if mass_above != mass:
                spread_above = spread_factor(u * mass_above, power)
            lower = middle - 0.5 * distance * spread
            upper = middle + 0.5 * distance * spread_above
            lower, upper = min(max(lower, floor), ceiling), min(max(upper, floor), ceiling)
            if uniform(stream) < exchange[i % len(exchange)]:
                lower, upper = upper, lower
            first[i, j], second[i, j] = lower, upper


@njit(cache=True, nogil=True)
def mutate_rows(
    rows: Floats, low: Floats, high: Floats, eta: float, rate: float, stream: Stream
) -> None:
    """Polynomial mutation of each gene of ``rows[n, size]`` with probability ``rate``."""
    power = 1.0 / (eta + 1.0)
    n, size = rows.shape
    for i in range(n):
        for j in range(size):
            if uniform(stream) >= rate:
                continue
            floor, ceiling = low[j % len(low)], high[j % len(high)]
            span = ceiling - floor
            if span <= 0.0:
                continue
            u = uniform(stream)
            position = (rows[i, j] - floor) / span
            moved = rows[i, j] + polynomial_step(u, position, eta, power) * span
            rows[i, j] = min(max(moved, floor), ceiling)
