"""Variation of real columns: simulated binary and interval crossover, and mutations by steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.variation.columns import (
    Column,
    Floats,
    Integers,
    VariationError,
    bounds_of,
    hits,
    reflect,
    require_eta,
    require_pairs,
)
from evolution.variation.density import (
    CLOSEST,
    far_ratio,
    mass_within,
    polynomial_step,
    spread_factor,
)


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
    require_pairs(mothers, fathers)
    require_eta(eta)
    if not 0.0 <= share <= 1.0:
        raise VariationError(f"share is {share}; allowed: a probability per gene, 0 to 1")
    children = np.array(mothers, order="C")
    floor, ceiling = bounds_of(low, high, mothers.shape)
    _cross(children, np.ascontiguousarray(fathers), floor, ceiling, rng, float(eta), float(share))
    return children


@njit(cache=True, nogil=True)
def _cross(
    children: Column,
    fathers: Column,
    low: Floats,
    high: Floats,
    rng: np.random.Generator,
    eta: float,
    share: float,
) -> None:
    """Cross the fathers into copies of the mothers, in place, with one draw a gene."""
    power = 1.0 / (eta + 1.0)
    far = far_ratio(power)
    n, size = children.shape
    crossed, draws = np.empty(size, np.int64), np.empty(size)
    for i in range(n):
        # The crossed genes are gathered first, which needs no branch that nobody could predict.
        count = 0
        for j in range(size):
            u = rng.random()
            draws[count], crossed[count] = u, j
            count += u < share
        for k in range(count):
            j = crossed[k]
            mother, father = float(children[i, j]), float(fathers[i, j])
            distance = abs(mother - father)
            if not distance > CLOSEST:
                continue
            # A draw below the share is, divided by it, a draw again; twice that is a side and u.
            u = draws[k] * (2.0 / share)
            down = u < 1.0
            room = min(mother, father) - low[i, j] if down else high[i, j] - max(mother, father)
            mass = mass_within(room, distance, eta, far)
            beta = spread_factor((u if down else u - 1.0) * mass, power)
            gene = 0.5 * (mother + father + (-distance if down else distance) * beta)
            children[i, j] = min(max(gene, low[i, j]), high[i, j])


def interval_crossover(
    mothers: Column,
    fathers: Column,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    alpha: float = 0.5,
) -> Column:
    """BLX-α: draw each real gene ``[n, size]`` evenly from the interval around its parents' genes.

    The interval reaches ``alpha`` of their distance beyond either, cut at the bounds. ``low`` and
    ``high`` broadcast.
    """
    require_pairs(mothers, fathers)
    if not 0.0 <= alpha < np.inf:
        raise VariationError(f"alpha is {alpha}; allowed: 0 (between the parents) or more")
    floor, ceiling = bounds_of(low, high, mothers.shape)
    below = np.minimum(mothers, fathers).astype(np.float64)
    above = np.maximum(mothers, fathers).astype(np.float64)
    margin = alpha * (above - below)
    below, above = np.maximum(below - margin, floor), np.minimum(above + margin, ceiling)
    drawn = below + rng.random(mothers.shape) * (above - below)
    return np.clip(drawn, floor, ceiling).astype(mothers.dtype)


def intermediate_crossover(mothers: Column, fathers: Column, weight: float = 0.5) -> Column:
    """Put each real gene ``[n, size]`` between its parents: (1 - weight)·mother + weight·father.

    Nothing is drawn: at ½ this is the intermediate recombination of evolution strategies.
    """
    require_pairs(mothers, fathers)
    if not 0.0 <= weight <= 1.0:
        raise VariationError(f"weight is {weight}; allowed: 0 (mother) to 1 (father)")
    between = (1.0 - weight) * mothers + weight * fathers
    between = np.clip(between, np.minimum(mothers, fathers), np.maximum(mothers, fathers))
    return between.astype(mothers.dtype)


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
    require_eta(eta)
    floor, ceiling = bounds_of(low, high, rows.shape)
    places = hits(rows.shape, rate, rng)
    children = np.array(rows, order="C")
    _move(children, places, floor, ceiling, rng, float(eta))
    return children


@njit(cache=True, nogil=True)
def _move(
    rows: Column,
    places: Integers,
    low: Floats,
    high: Floats,
    rng: np.random.Generator,
    eta: float,
) -> None:
    """Mutate the genes at these places, in place."""
    size = rows.shape[1]
    power = 1.0 / (eta + 1.0)
    for place in places:
        i, j = place // size, place % size
        span = high[i, j] - low[i, j]
        if not span > 0.0:
            continue
        position = (rows[i, j] - low[i, j]) / span
        step = polynomial_step(rng.random(), position, eta, power)
        gene = low[i, j] + (position + step) * span
        rows[i, j] = min(max(gene, low[i, j]), high[i, j])


def gaussian_mutation(
    rows: Column,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    rate: float,
    deviation: npt.ArrayLike = 0.1,
) -> Column:
    """Move real genes ``[n, size]`` by a normal step, reflected at the bounds.

    ``deviation`` is the standard deviation as a share of the range. ``low``, ``high`` and
    ``deviation`` broadcast, so ``deviation[:, np.newaxis]`` gives each genome its own.
    """
    if not np.all(np.asarray(deviation) >= 0.0):
        raise VariationError(
            f"deviation is {deviation!r}; allowed: 0 or more, a share of the range"
        )
    floor, ceiling = bounds_of(low, high, rows.shape)
    spread = np.broadcast_to(np.asarray(deviation, np.float64), rows.shape)
    row, gene = np.divmod(hits(rows.shape, rate, rng), max(rows.shape[1], 1))
    free = ceiling[row, gene] > floor[row, gene]
    at = row[free], gene[free]
    origin, span = floor[at], ceiling[at] - floor[at]
    moved = (rows[at] - origin) / span + rng.standard_normal(len(origin)) * spread[at]
    children = rows.copy()
    children[at] = np.clip(origin + reflect(moved, 1.0) * span, origin, ceiling[at])
    return children


def uniform_mutation(
    rows: Column,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    rng: np.random.Generator,
    rate: float,
) -> Column:
    """Draw genes ``[n, size]`` anew, evenly between their bounds; integers include both.

    ``low`` and ``high`` broadcast.
    """
    row, gene = np.divmod(hits(rows.shape, rate, rng), max(rows.shape[1], 1))
    floor, ceiling = (np.broadcast_to(bound, rows.shape)[row, gene] for bound in (low, high))
    children = rows.copy()
    if rows.dtype.kind in "iu":
        children[row, gene] = rng.integers(floor, ceiling, endpoint=True)
    else:
        drawn = floor + rng.random(len(row)) * (ceiling - floor)
        children[row, gene] = np.clip(drawn, floor, ceiling)
    return children
