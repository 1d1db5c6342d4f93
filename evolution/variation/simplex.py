"""Variation of simplexes: rows of shares, none negative, that sum to 1."""

from __future__ import annotations

import numpy as np

from evolution.variation.columns import Column, VariationError, hits, require_pairs

# A share of exactly zero could never grow again by multiplication.
_LEAST_SHARE = 1e-6
# Logarithms of factors stay within this, so that rows have sums that are numbers above zero.
_FARTHEST = 600.0


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
    require_pairs(mothers, fathers)
    if not 0.0 <= alpha < np.inf:
        raise VariationError(f"alpha is {alpha}; allowed: 0 (between the parents) or more")
    weight = rng.uniform(-alpha, 1.0 + alpha, (len(mothers), 1))
    return share_out(np.maximum(mothers + weight * (fathers - mothers), 0.0))


def simplex_mutation(
    rows: Column, rng: np.random.Generator, rate: float, deviation: float = 0.3
) -> Column:
    """Multiply shares of simplex rows ``[n, size]`` by log-normal factors, then renormalise.

    ``deviation`` is the standard deviation of a factor's logarithm. A share below 1e-6 is first
    raised to it, so that zero is no trap. Rows without a hit stay bit for bit as they are.
    """
    if not 0.0 <= deviation < np.inf:
        raise VariationError(f"deviation is {deviation}; allowed: 0 or more, customarily 0.3")
    row, gene = np.divmod(hits(rows.shape, rate, rng), max(rows.shape[1], 1))
    children = rows.copy()
    factors = np.exp(rng.normal(0.0, deviation, len(row)).clip(-_FARTHEST, _FARTHEST))
    children[row, gene] = np.maximum(rows[row, gene], _LEAST_SHARE) * factors
    touched = np.unique(row)
    children[touched] = share_out(children[touched])
    return children
