"""The two operators of real-coded NSGA-II on rows, in place, both children of a pair at once.

Simulated binary crossover and polynomial mutation as DEAP and pymoo have them; the functions of
`evolution.variation.real` give one child a pair, from one draw a gene.

Guarantees: genes stay within their bounds; a result depends on nothing but the arguments.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.variation.columns import Floats
from evolution.variation.density import (
    CLOSEST,
    far_ratio,
    mass_within,
    polynomial_step,
    spread_factor,
)

# The constants of SplitMix64 (Steele, Lea & Flood 2014), typed because uint64 mixed with a
# plain int becomes a float.
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_11, _27, _30, _31 = (np.uint64(bits) for bits in (11, 27, 30, 31))
_UNIT = 2.0**-53


@njit(cache=True, nogil=True)
def _uniform(state: npt.NDArray[np.uint64]) -> float:
    """The next number from 0 to 1."""
    state[0] += _GAMMA
    bits = state[0]
    bits = (bits ^ (bits >> _30)) * _MIX_1
    bits = (bits ^ (bits >> _27)) * _MIX_2
    return np.float64((bits ^ (bits >> _31)) >> _11) * _UNIT


@njit(cache=True, nogil=True)
def mate_rows(
    first: Floats,
    second: Floats,
    low: Floats,
    high: Floats,
    eta: float,
    share: float,
    exchange: Floats,
    seed: int,
) -> None:
    """Simulated binary crossover of the pairs of rows ``[n, size]``, which the children replace.

    Each gene is crossed with probability ``share``; both children use the same u, one on either
    side of the parents' middle, and the one below goes to ``second`` with probability
    ``exchange``. ``low`` and ``high`` are ``[size]``, and ``exchange`` ``[n]``, or ``[1]`` where
    all are the same.
    """
    state = np.array([seed], dtype=np.uint64)
    power = 1.0 / (eta + 1.0)
    far = far_ratio(power)
    n, size = first.shape
    for i in range(n):
        for j in range(size):
            if _uniform(state) >= share:
                continue
            below, above = min(first[i, j], second[i, j]), max(first[i, j], second[i, j])
            floor, ceiling = low[j % len(low)], high[j % len(high)]
            distance = above - below
            if distance <= CLOSEST or floor == ceiling:
                continue
            u = _uniform(state)
            middle = 0.5 * (below + above)
            mass = mass_within(below - floor, distance, eta, far)
            mass_above = mass_within(ceiling - above, distance, eta, far)
            spread = spread_above = spread_factor(u * mass, power)
            if mass_above != mass:
                spread_above = spread_factor(u * mass_above, power)
            lower = middle - 0.5 * distance * spread
            upper = middle + 0.5 * distance * spread_above
            lower, upper = min(max(lower, floor), ceiling), min(max(upper, floor), ceiling)
            if _uniform(state) < exchange[i % len(exchange)]:
                lower, upper = upper, lower
            first[i, j], second[i, j] = lower, upper


@njit(cache=True, nogil=True)
def mutate_rows(
    rows: Floats, low: Floats, high: Floats, eta: float, rate: float, seed: int
) -> None:
    """Polynomial mutation of each gene of ``rows[n, size]`` with probability ``rate``."""
    state = np.array([seed], dtype=np.uint64)
    power = 1.0 / (eta + 1.0)
    n, size = rows.shape
    for i in range(n):
        for j in range(size):
            if _uniform(state) >= rate:
                continue
            floor, ceiling = low[j % len(low)], high[j % len(high)]
            span = ceiling - floor
            if span <= 0.0:
                continue
            u = _uniform(state)
            position = (rows[i, j] - floor) / span
            moved = rows[i, j] + polynomial_step(u, position, eta, power) * span
            rows[i, j] = min(max(moved, floor), ceiling)


def seed_from(rng: np.random.Generator) -> int:
    """A seed for one call of a kernel."""
    return int(rng.integers(2**63))
