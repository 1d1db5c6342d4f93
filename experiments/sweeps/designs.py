"""Designs: which points of the factors are tried, all known before the first trial.

- `grid`: every level with every other, the last factor changing first.
- `random`: independent and uniform; more trials begin with the same points.
- `latin_hypercube`: McKay, Beckman & Conover 1979, "A comparison of three methods for selecting
  values of input variables", Technometrics 21. Of n points each factor has exactly one in each
  n-th of its range. The points of one size are not among those of another.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from experiments.sweeps.factors import Factor, Value

Point = tuple[Value, ...]


def grid(factors: Sequence[Factor], levels: int) -> list[Point]:
    """Every combination; a range has `levels` values from end to end."""
    return list(itertools.product(*(factor.spread(levels) for factor in factors)))


def random(factors: Sequence[Factor], trials: int, rng: np.random.Generator) -> list[Point]:
    """Points drawn one after the other."""
    return _points(factors, rng.random((trials, len(factors))))


def latin_hypercube(
    factors: Sequence[Factor], trials: int, rng: np.random.Generator
) -> list[Point]:
    """One point in each n-th of every factor, at random within it."""
    from scipy.stats import qmc

    return _points(factors, qmc.LatinHypercube(len(factors), rng=rng).random(trials))


def _points(factors: Sequence[Factor], shares: np.ndarray) -> list[Point]:
    """Points at shares float64[n, factors] of [0, 1)."""
    return [
        tuple(factor.at(share) for factor, share in zip(factors, row, strict=True))
        for row in shares.tolist()
    ]
