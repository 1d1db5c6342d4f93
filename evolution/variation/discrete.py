"""Mutation of integers and categories."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evolution.variation.columns import Column, VariationError, hits, reflect


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
    if not np.all(np.asarray(step) >= 1.0):
        raise VariationError(f"creep_mutation: step is {step!r}; the mean step is at least 1")
    floor, ceiling = (np.broadcast_to(np.asarray(b, np.int64), rows.shape) for b in (low, high))
    row, gene = np.divmod(hits(rows.shape, rate, rng), max(rows.shape[1], 1))
    free = ceiling[row, gene] > floor[row, gene]
    at = row[free], gene[free]
    origin, span = floor[at], ceiling[at] - floor[at]
    length = rng.geometric(1.0 / np.broadcast_to(np.asarray(step, np.float64), rows.shape)[at])
    # Clipped so that a freak step cannot overflow; beyond one period only the phase matters.
    length = np.minimum(length, 2**40)
    moved = rows[at] - origin + np.where(rng.random(len(length)) < 0.5, -length, length)
    children = rows.copy()
    children[at] = origin + reflect(moved, span)
    return children


def reset_mutation(
    rows: Column, choices: npt.ArrayLike, rng: np.random.Generator, rate: float
) -> Column:
    """Replace categories ``[n, size]`` by another one, each of the others equally likely.

    ``choices`` is how many categories there are (values 0 … choices-1); it broadcasts.
    """
    count = np.broadcast_to(np.asarray(choices, np.int64), rows.shape)
    row, gene = np.divmod(hits(rows.shape, rate, rng), max(rows.shape[1], 1))
    free = count[row, gene] > 1
    at = row[free], gene[free]
    shift = rng.integers(1, count[at])
    children = rows.copy()
    children[at] = (rows[at] + shift) % count[at]
    return children
