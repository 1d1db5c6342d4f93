"""The densities of simulated binary crossover and of polynomial mutation, gene by gene.

Deb & Agrawal 1995, "Simulated binary crossover for continuous search space", Complex Systems 9;
Deb & Goyal 1996, "A combined genetic adaptive search (GeneAS)", Computer Science and Informatics
26; both in the bounded forms of Deb's own code. Compiled functions that every operator on rows
shares; ``power`` is 1/(eta + 1) throughout.

Guarantee: a gene beyond its bounds counts as one that lies on them, so that no result is NaN.
"""

from __future__ import annotations

from numba import njit

# Parents closer than this are equal: the spread factor would divide by their distance.
CLOSEST = 1e-14


@njit(cache=True, nogil=True)
def far_ratio(power: float) -> float:
    """Where a bound is this many half distances away, what it cuts off rounds to nothing."""
    return 2.0 ** (54.0 * power)


@njit(cache=True, nogil=True)
def mass_within(room: float, distance: float, eta: float, far: float) -> float:
    """The mass of β's density that a bound leaves, of 2 without one; 1 of it is below β = 1.

    ``room`` is how far the bound is from the nearer of parents at this ``distance``.
    """
    reach = 1.0 + 2.0 * max(room, 0.0) / distance
    return 2.0 if reach > far else 2.0 - reach ** -(eta + 1.0)


@njit(cache=True, nogil=True)
def spread_factor(inside: float, power: float) -> float:
    """The β that this much of the mass lies below."""
    return float((inside if inside <= 1.0 else 1.0 / (2.0 - inside)) ** power)


@njit(cache=True, nogil=True)
def polynomial_step(u: float, position: float, eta: float, power: float) -> float:
    """A step, as a share of the range, of a gene at this ``position`` of it: down if u < ½."""
    down = u < 0.5
    half = 2.0 * u if down else 2.0 * (1.0 - u)
    tail = min(max(1.0 - position if down else position, 0.0), 1.0) ** (eta + 1.0)
    step = 1.0 - (half + (1.0 - half) * tail) ** power
    return -step if down else step
