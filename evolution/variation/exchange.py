"""Crossovers that exchange genes and alter none, for columns of any kind but permutations."""

from __future__ import annotations

import numpy as np
from numba import njit

from evolution.variation.columns import Column, VariationError, require_pairs


def uniform_crossover(
    mothers: Column, fathers: Column, rng: np.random.Generator, share: float = 0.5
) -> Column:
    """Take each gene ``[n, size]`` from the father with probability ``share``."""
    require_pairs(mothers, fathers)
    if not 0.0 <= share <= 1.0:
        raise VariationError(f"share is {share}; allowed: a probability per gene, 0 to 1")
    return np.where(rng.random(mothers.shape) < share, fathers, mothers)


def one_point_crossover(mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
    """Cut each pair ``[n, size]``, size ≥ 2, once: the mother's genes before, the father's after.

    The size - 1 places between genes are equally likely.
    """
    return multi_point_crossover(mothers, fathers, rng, 1)


def multi_point_crossover(
    mothers: Column, fathers: Column, rng: np.random.Generator, points: int = 2
) -> Column:
    """Cut each pair ``[n, size]`` at ``points`` different places and take the pieces in turn.

    The first piece is the mother's, the next the father's, and so on. All choices of places out
    of the size - 1 between genes are equally likely.
    """
    require_pairs(mothers, fathers)
    size = mothers.shape[1]
    if not 1 <= points < size:
        raise VariationError(
            f"points is {points}; rows of {size} genes have {max(size - 1, 0)} places to cut, and "
            "at least one is cut"
        )
    children = np.array(mothers, order="C")
    _exchange(children, np.ascontiguousarray(fathers), rng, points)
    return children


@njit(cache=True, nogil=True)
def _exchange(children: Column, fathers: Column, rng: np.random.Generator, points: int) -> None:
    """Put pieces of the fathers into copies of the mothers, in place."""
    n, size = children.shape
    for i in range(n):
        left = points
        from_father = False
        for j in range(1, size):
            # As many cuts as are left, over as many places: each choice equally likely.
            if left and rng.random() * (size - j) < left:
                left -= 1
                from_father = not from_father
            if from_father:
                children[i, j] = fathers[i, j]
            elif not left:
                break
