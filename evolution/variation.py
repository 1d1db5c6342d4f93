"""Variation: crossover and mutation on whole columns of genomes.

A column is an array ``[n, size]``, one genome a row. Crossovers return one child per pair of rows.

* Real numbers: simulated binary crossover (Deb & Agrawal 1995, "Simulated binary crossover for
  continuous search space", Complex Systems 9), polynomial mutation (Deb & Goyal 1996, "A combined
  genetic adaptive search (GeneAS)", Computer Science and Informatics 26), Gaussian mutation.
* Integers: creep mutation (Davis 1991, "Handbook of Genetic Algorithms").
* Permutations: order crossover (Davis 1985, "Applying adaptive algorithms to epistatic domains",
  IJCAI), swap and insertion mutation (Eiben & Smith 2015, "Introduction to Evolutionary
  Computing", 4.5).
* Simplexes: blend crossover (Eshelman & Schaffer 1993, "Real-coded genetic algorithms and
  interval-schemata", FOGA 2), log-normal mutation (Aitchison 1986, "The Statistical Analysis of
  Compositional Data": a perturbation).
* Any column: uniform crossover (Syswerda 1989, ICGA 3); categories: random resetting.

Guarantees: inputs are never altered, bounds are kept, the dtype is kept, and a result depends on
nothing but the arguments and the generator's stream. A mutation's ``rate`` is a probability per
gene. Errors: `VariationError` (a ValueError).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Column = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

# Parents closer than this are equal: the spread factor would divide by their distance.
_CLOSEST = 1e-14
# A share of exactly zero could never grow again by multiplication.
_LEAST_SHARE = 1e-6


class VariationError(ValueError):
    """Rows or parameters that an operator cannot work on."""


def simulated_binary_crossover(
    mothers: Column,
    fathers: Column,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    eta: float = 20.0,
    share: float = 0.5,
) -> Column:
    """Cross real columns ``[n, size]``; children lie around either parent, mostly close to it.

    Each gene is crossed with probability ``share``, otherwise it is the mother's. A crossed gene
    is mid ± β·(distance between the parents)/2, either side with probability ½. β has the paper's
    polynomial density, ∝ β^η up to 1 and ∝ β^-(η+2) beyond, cut at the bound of that side, so no
    child needs repair. The larger ``eta``, the closer children are to a parent. ``low`` and
    ``high`` broadcast over the columns.
    """
    below = np.minimum(mothers, fathers).astype(np.float64)
    above = np.maximum(mothers, fathers).astype(np.float64)
    crossed = (rng.random(mothers.shape) < share) & (above - below > _CLOSEST)
    low_side = rng.random(mothers.shape) < 0.5
    floor, ceiling = _bounds(low, high, mothers.shape)
    room = np.where(low_side, below - floor, ceiling - above)[crossed]

    distance = (above - below)[crossed]
    u = rng.random(len(distance))
    power = 1.0 / (eta + 1.0)
    mass = 2.0 - (1.0 + 2.0 * room / distance) ** -(eta + 1.0)
    inside = u * mass
    beta = np.where(inside <= 1.0, inside, 1.0 / (2.0 - inside)) ** power
    side = np.where(low_side[crossed], -0.5, 0.5)
    middle = 0.5 * (below + above)[crossed]
    genes = np.clip(middle + side * beta * distance, floor[crossed], ceiling[crossed])

    children = mothers.copy()
    children[crossed] = genes
    return children


def polynomial_mutation(
    rows: Column,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    rate: float,
    eta: float = 20.0,
) -> Column:
    """Move real genes ``[n, size]`` by a polynomially distributed share of their range.

    The bounded form: the density is cut at the nearer bound, so no gene needs repair. Away from
    the bounds a step is on average 1/(eta + 2) of the range. ``low`` and ``high`` broadcast.
    """
    floor, ceiling = _bounds(low, high, rows.shape)
    hit = (rng.random(rows.shape) < rate) & (ceiling > floor)
    origin, span = floor[hit], (ceiling - floor)[hit]
    position = (rows[hit] - origin) / span
    u = rng.random(len(position))
    down = u < 0.5
    tail = np.where(down, 1.0 - position, position) ** (eta + 1.0)
    half = np.where(down, 2.0 * u, 2.0 * (1.0 - u))
    step = 1.0 - (half + (1.0 - half) * tail) ** (1.0 / (eta + 1.0))
    moved = position + np.where(down, -step, step)
    children = rows.copy()
    children[hit] = np.clip(origin + moved * span, origin, ceiling[hit])
    return children


def gaussian_mutation(
    rows: Column,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    rate: float,
    deviation: float = 0.1,
) -> Column:
    """Move real genes ``[n, size]`` by a normal step, reflected at the bounds.

    ``deviation`` is the standard deviation as a share of the range. ``low``, ``high`` broadcast.
    """
    floor, ceiling = _bounds(low, high, rows.shape)
    hit = (rng.random(rows.shape) < rate) & (ceiling > floor)
    origin, span = floor[hit], (ceiling - floor)[hit]
    moved = (rows[hit] - origin) / span + rng.normal(0.0, deviation, len(origin))
    children = rows.copy()
    children[hit] = np.clip(origin + _reflect(moved, 1.0) * span, origin, ceiling[hit])
    return children


def creep_mutation(
    rows: Column,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    rate: float,
    step: npt.ArrayLike = 1.0,
) -> Column:
    """Move integer genes ``[n, size]`` up or down by a geometric step, reflected at the bounds.

    ``step`` ≥ 1 is the mean length of a step, which is never zero. ``low``, ``high`` (inclusive)
    and ``step`` broadcast over the columns.
    """
    if np.any(np.asarray(step) < 1.0):
        raise VariationError(f"creep_mutation: step is {step!r}; the mean step is at least 1")
    floor, ceiling = (np.broadcast_to(np.asarray(b, np.int64), rows.shape) for b in (low, high))
    hit = (rng.random(rows.shape) < rate) & (ceiling > floor)
    origin, span = floor[hit], (ceiling - floor)[hit]
    length = rng.geometric(1.0 / np.broadcast_to(np.asarray(step, np.float64), rows.shape)[hit])
    # Clipped so that a freak step cannot overflow; beyond one period only the phase matters.
    length = np.minimum(length, 2**40)
    moved = rows[hit] - origin + np.where(rng.random(len(length)) < 0.5, -length, length)
    children = rows.copy()
    children[hit] = origin + _reflect(moved, span)
    return children


def reset_mutation(
    rows: Column, choices: npt.ArrayLike, rng: np.random.Generator, rate: float
) -> Column:
    """Replace categories ``[n, size]`` by another one, each of the others equally likely.

    ``choices`` is how many categories there are (values 0 … choices-1); it broadcasts.
    """
    count = np.broadcast_to(np.asarray(choices, np.int64), rows.shape)
    hit = (rng.random(rows.shape) < rate) & (count > 1)
    shift = rng.integers(1, count[hit])
    children = rows.copy()
    children[hit] = (rows[hit] + shift) % count[hit]
    return children


def uniform_crossover(
    mothers: Column, fathers: Column, rng: np.random.Generator, share: float = 0.5
) -> Column:
    """Take each gene ``[n, size]`` from the father with probability ``share``."""
    return np.where(rng.random(mothers.shape) < share, fathers, mothers)


def order_crossover(mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
    """Cross permutations ``int[n, size]``: a slice of the mother, the rest in the father's order.

    The slice lies between two different cut points and stays in place; what it lacks follows in
    the order in which the father has it, both read and written from the second cut, wrapping.
    """
    n, size = mothers.shape
    for rows in (mothers, fathers):
        if rows.size and (rows.min() < 0 or rows.max() >= size):
            raise VariationError(
                f"order_crossover: rows must be permutations of 0..{size - 1}; "
                f"got values from {rows.min()} to {rows.max()}"
            )
    first = rng.integers(0, size + 1, n)
    second = rng.integers(0, size, n)
    second += second >= first
    children = mothers.copy()
    _fill_in_order(children, fathers, np.minimum(first, second), np.maximum(first, second))
    return children


@njit(cache=True, nogil=True)
def _fill_in_order(children: Column, fathers: Column, start: Column, stop: Column) -> None:
    n, size = children.shape
    kept = np.empty(size, dtype=np.bool_)
    for row in range(n):
        kept[:] = False
        for place in range(start[row], stop[row]):
            kept[children[row, place]] = True
        target = stop[row] % size
        for offset in range(size):
            value = fathers[row, (stop[row] + offset) % size]
            if not kept[value]:
                children[row, target] = value
                target = (target + 1) % size


def swap_mutation(rows: Column, rng: np.random.Generator, rate: float) -> Column:
    """Swap each place of the permutations ``[n, size]``, at this rate, with another place."""
    children = rows.copy()
    row, place, partner = _places(rows, rng, rate)
    _swap(children, row, place, partner)
    return children


@njit(cache=True, nogil=True)
def _swap(rows: Column, row: Column, place: Column, partner: Column) -> None:
    for i in range(len(row)):
        r, a, b = row[i], place[i], partner[i]
        rows[r, a], rows[r, b] = rows[r, b], rows[r, a]


def insertion_mutation(rows: Column, rng: np.random.Generator, rate: float) -> Column:
    """Move what stands at each place of ``[n, size]``, at this rate, to another place.

    What lies between the two places shifts by one to close the gap.
    """
    children = rows.copy()
    row, place, partner = _places(rows, rng, rate)
    _insert(children, row, place, partner)
    return children


@njit(cache=True, nogil=True)
def _insert(rows: Column, row: Column, place: Column, partner: Column) -> None:
    for i in range(len(row)):
        r, source, target = row[i], place[i], partner[i]
        value = rows[r, source]
        step = 1 if target > source else -1
        for j in range(source, target, step):
            rows[r, j] = rows[r, j + step]
        rows[r, target] = value


def share_out(rows: Column) -> Column:
    """Divide each row ``[n, size]``, ≥ 0 with a positive sum, by its sum: a point on a simplex."""
    shares: Column = rows / rows.sum(axis=1, keepdims=True)
    return shares


def blend_crossover(
    mothers: Column, fathers: Column, rng: np.random.Generator, alpha: float = 0.366
) -> Column:
    """Mix simplex rows ``[n, size]`` (≥ 0, sum 1): one point on the line through the parents.

    The point is drawn evenly between them and ``alpha`` of their distance beyond either; below
    zero is cut and the row made to sum to 1 again. Where nothing is cut, 0.366 = (√3 - 1)/2
    keeps the variance of independent parents.
    """
    weight = rng.uniform(-alpha, 1.0 + alpha, (len(mothers), 1))
    return share_out(np.maximum(mothers + weight * (fathers - mothers), 0.0))


def simplex_mutation(
    rows: Column, rng: np.random.Generator, rate: float, deviation: float = 0.3
) -> Column:
    """Multiply shares of simplex rows ``[n, size]`` by log-normal factors, then renormalise.

    ``deviation`` is the standard deviation of a factor's logarithm. A share below 1e-6 is first
    raised to it, so that zero is no trap. Rows without a hit stay bit for bit as they are.
    """
    hit = rng.random(rows.shape) < rate
    children = rows.copy()
    factors = np.exp(rng.normal(0.0, deviation, np.count_nonzero(hit)))
    children[hit] = np.maximum(rows[hit], _LEAST_SHARE) * factors
    touched = hit.any(axis=1)
    children[touched] = share_out(children[touched])
    return children


def _bounds(
    low: npt.ArrayLike, high: npt.ArrayLike, shape: tuple[int, ...]
) -> tuple[Floats, Floats]:
    return (
        np.broadcast_to(np.asarray(low, np.float64), shape),
        np.broadcast_to(np.asarray(high, np.float64), shape),
    )


def _reflect(offset: Column, span: npt.ArrayLike) -> Column:
    """Fold offsets into 0 … span as a mirror at both ends would, however far they went."""
    folded: Column = np.asarray(span) - np.abs(np.asarray(span) - offset % (2 * np.asarray(span)))
    return folded


def _places(rows: Column, rng: np.random.Generator, rate: float) -> tuple[Column, Column, Column]:
    """Draw the places hit, and for each a different place of its row, all equally likely."""
    size = rows.shape[1]
    row, place = np.nonzero(rng.random(rows.shape) < rate) if size > 1 else np.empty((2, 0), int)
    partner = rng.integers(0, max(size - 1, 1), len(place))
    return row, place, partner + (partner >= place)
