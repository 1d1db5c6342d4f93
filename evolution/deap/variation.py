"""DEAP's crossovers and mutations of flat individuals, on rows.

Names, arguments and distributions are those of ``deap.tools``; individuals are altered in place
and returned in a tuple. Bounds are numbers, or one for each gene.
"""

# ruff: noqa: N802 - the names they have in DEAP

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from evolution.chance import stream_of
from evolution.deap.operators import crossover, mutation
from evolution.deap.toolbox import generator
from evolution.search import Floats
from evolution.variation import Column, VariationError
from evolution.variation.pairs import mate_rows, mutate_rows

# Which child is nearer to which parent is a matter of chance.
_EVEN = np.array([0.5])

Bound = float | Sequence[float] | Floats


@crossover
def cxSimulatedBinaryBounded(
    ind1: Column,
    ind2: Column,
    eta: float,
    low: Bound,
    up: Bound,
    *,
    rng: np.random.Generator | None = None,
) -> tuple[Column, Column]:
    """Simulated binary crossover; the larger ``eta``, the closer children are to their parents."""
    chance = generator(rng, "cxSimulatedBinaryBounded")
    first, second = (np.ascontiguousarray(rows, np.float64) for rows in (ind1, ind2))
    floor, ceiling = _bounds(low, up, first.shape[1])
    mate_rows(first, second, floor, ceiling, float(eta), 0.5, _EVEN, stream_of(chance))
    return first, second


@mutation
def mutPolynomialBounded(
    individual: Column,
    eta: float,
    low: Bound,
    up: Bound,
    indpb: float,
    *,
    rng: np.random.Generator | None = None,
) -> Column:
    """Polynomial mutation of each gene with probability ``indpb``."""
    chance = generator(rng, "mutPolynomialBounded")
    rows = np.ascontiguousarray(individual, np.float64)
    floor, ceiling = _bounds(low, up, rows.shape[1])
    mutate_rows(rows, floor, ceiling, float(eta), float(indpb), stream_of(chance))
    return rows


@mutation
def mutGaussian(
    individual: Column,
    mu: float | Sequence[float],
    sigma: float | Sequence[float],
    indpb: float,
    *,
    rng: np.random.Generator | None = None,
) -> Column:
    """Add a normal number of mean ``mu`` and deviation ``sigma`` to each gene, at this rate."""
    chance = generator(rng, "mutGaussian")
    hit = chance.random(individual.shape) < indpb
    noise = chance.normal(np.asarray(mu), np.asarray(sigma), individual.shape)
    mutated: Column = np.where(hit, individual + noise, individual)
    return mutated


@mutation
def mutFlipBit(
    individual: Column, indpb: float, *, rng: np.random.Generator | None = None
) -> Column:
    """Turn each gene into what ``not`` makes of it, of the same type, at this rate."""
    hit = generator(rng, "mutFlipBit").random(individual.shape) < indpb
    flipped: Column = np.where(hit, individual == 0, individual).astype(individual.dtype)
    return flipped


@crossover
def cxUniform(
    ind1: Column, ind2: Column, indpb: float, *, rng: np.random.Generator | None = None
) -> tuple[Column, Column]:
    """Exchange each gene of the two with probability ``indpb``."""
    return _exchanged(ind1, ind2, generator(rng, "cxUniform").random(ind1.shape) < indpb)


@crossover
def cxOnePoint(
    ind1: Column, ind2: Column, *, rng: np.random.Generator | None = None
) -> tuple[Column, Column]:
    """Exchange all genes from a random place on, which is never the first."""
    n, size = ind1.shape
    cut = generator(rng, "cxOnePoint").integers(1, _at_least_two(size), (n, 1))
    return _exchanged(ind1, ind2, np.arange(size) >= cut)


@crossover
def cxTwoPoint(
    ind1: Column, ind2: Column, *, rng: np.random.Generator | None = None
) -> tuple[Column, Column]:
    """Exchange the genes between two random places, of which neither is the first."""
    chance = generator(rng, "cxTwoPoint")
    n, size = ind1.shape
    one = chance.integers(1, _at_least_two(size) + 1, (n, 1))
    other = chance.integers(1, size, (n, 1))
    other += other >= one
    places = np.arange(size)
    inside = (places >= np.minimum(one, other)) & (places < np.maximum(one, other))
    return _exchanged(ind1, ind2, inside)


def _exchanged(
    first: Column, second: Column, where: npt.NDArray[np.bool_]
) -> tuple[Column, Column]:
    return np.where(where, second, first), np.where(where, first, second)


def _at_least_two(size: int) -> int:
    if size < 2:
        raise VariationError(f"no place to cut individuals of {size} genes; at least 2 are needed")
    return size


def _bounds(low: Bound, up: Bound, size: int) -> tuple[Floats, Floats]:
    return _bound("low", low, size), _bound("up", up, size)


def _bound(name: str, bound: Bound, size: int) -> Floats:
    if isinstance(bound, float | int):
        return _alike(float(bound))
    each = np.asarray(bound, np.float64)
    if each.ndim != 1 or len(each) < size:
        raise VariationError(
            f"{name} is {list(each.shape)}; expected a number, or one for each of {size} genes"
        )
    return each


@lru_cache
def _alike(bound: float) -> Floats:
    """The same bound for all genes; kept, since an operator may be called for every individual."""
    return np.array([bound])
