"""The constants of CMA-ES: weights and learning rates from dimension and population.

Hansen 2016, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772, Table 1, with the
negative ("active") weights of its equations 49 to 53. The separable form multiplies the rates of
the covariance by (n + 2)/3 and has no negative weights, as in Ros & Hansen 2008, "A simple
modification in CMA-ES achieving linear time and space complexity", PPSN X.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evolution.search import Floats


@dataclass(frozen=True)
class Parameters:
    """The constants, by the tutorial's names.

    Attributes: ``n``, the dimension; ``population``, its λ; ``parents``, its μ; ``weights``
    ``float64[population]``, best first, of which the first ``parents`` are positive and sum to 1;
    ``mu_eff``, the variance effective selection mass of those; ``c_sigma`` and ``d_sigma`` of the
    step size; ``c_c``, ``c_1`` and ``c_mu`` of the covariance; ``chi``, how long a standard
    normal vector is on average; ``gap``, the generations between two decompositions.
    """

    n: int
    population: int
    parents: int
    weights: Floats
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    chi: float
    gap: int


def customary_population(n: int) -> int:
    """The population 4 + ⌊3 ln n⌋ of the tutorial's equation 48."""
    return 4 + int(3 * math.log(n))


def parameters(n: int, population: int, separable: bool = False) -> Parameters:
    """The constants for ``n`` genes and a population of at least 2."""
    raw = math.log((population + 1) / 2) - np.log(np.arange(1, population + 1))
    parents = population // 2
    mu_eff = _selection_mass(raw[:parents])
    c_1 = 2.0 / ((n + 1.3) ** 2 + mu_eff)
    c_mu = 2.0 * (0.25 + mu_eff + 1.0 / mu_eff - 2.0) / ((n + 2.0) ** 2 + mu_eff)
    if separable:
        c_1, c_mu = c_1 * (n + 2) / 3, c_mu * (n + 2) / 3
    c_mu = min(1.0 - c_1, c_mu)
    c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0)
    excess = max(0.0, math.sqrt((mu_eff - 1.0) / (n + 1.0)) - 1.0)
    return Parameters(
        n=n,
        population=population,
        parents=parents,
        weights=_weights(raw, parents, n, c_1, c_mu, active=not separable),
        mu_eff=mu_eff,
        c_sigma=c_sigma,
        d_sigma=1.0 + 2.0 * excess + c_sigma,
        c_c=(4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n),
        c_1=c_1,
        c_mu=c_mu,
        chi=math.sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        # Five times the tutorial's B.2, as in its author's own short programs: an ellipsoid of 80
        # genes takes 2% more evaluations, and 1000 genes a fifth of the decompositions.
        gap=max(1, int(0.5 / (n * (c_1 + c_mu)))),
    )


def _weights(raw: Floats, parents: int, n: int, c_1: float, c_mu: float, *, active: bool) -> Floats:
    """Positive weights that sum to 1, and negative ones that keep the matrix positive definite."""
    weights = np.zeros_like(raw)
    weights[:parents] = raw[:parents] / raw[:parents].sum()
    negative = np.minimum(raw, 0.0)
    negative[:parents] = 0.0
    if active and negative.any():
        limit = min(
            1.0 + c_1 / c_mu,
            1.0 + 2.0 * _selection_mass(negative) / (_selection_mass(raw[:parents]) + 2.0),
            (1.0 - c_1 - c_mu) / (n * c_mu),
        )
        weights += limit * negative / -negative.sum()
    return weights


def _selection_mass(weights: Floats) -> float:
    """The variance effective selection mass of weights of one sign."""
    return float(weights.sum() ** 2 / (weights**2).sum())
