"""The normal distribution that CMA-ES searches with, and how it learns from ranked steps.

Hansen 2016, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772, equations 38 to 47: the
mean moves by weighted recombination, the step size by cumulative path length, the covariance by
rank-one and rank-μ updates with negative weights. The change of the step size within a generation
is bounded by a factor e, as in Hansen 2011, "Injecting external solutions into CMA-ES".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.search import Floats, Integers
from evolution.strategies.covariance import Covariance, DiagonalCovariance, FullCovariance
from evolution.strategies.parameters import Parameters
from evolution.strategies.threads import one_thread


class Distribution:
    """N(mean, sigma² C), with the two evolution paths.

    ``spread`` are the first standard deviations ``float64[n]``: where they differ, C begins as
    the diagonal matrix of their ratios.
    """

    def __init__(
        self, parameters: Parameters, mean: Floats, spread: Floats, separable: bool
    ) -> None:
        self.parameters = parameters
        self.mean = mean.copy()
        self.sigma = float(np.exp(np.log(spread).mean()))
        if (spread == spread[0]).all():
            self.sigma = float(spread[0])
        self.path_sigma = np.zeros_like(mean)
        self.path_c = np.zeros_like(mean)
        self.generation = 0
        kind = DiagonalCovariance if separable else FullCovariance
        self.covariance: Covariance = kind((spread / self.sigma) ** 2)

    @property
    def deviations(self) -> Floats:
        """The standard deviation ``float64[n]`` of each gene."""
        return self.sigma * np.sqrt(self.covariance.variances)

    def learn(self, latent: Floats, steps: Floats, order: Integers, ranked: int) -> None:
        """One generation: latent rows, their steps, and their indices from best to worst.

        The last of them, behind the first ``ranked``, have failed: they are no parents, though
        worse than all others. Where all have failed, nothing is learned.
        """
        if ranked:
            with one_thread(self.parameters.n):
                self._learn(latent[order], steps[order], ranked)

    def _learn(self, latent: Floats, steps: Floats, ranked: int) -> None:
        p = self.parameters
        weights, mu_eff = self._weights(ranked)
        self.generation += 1
        parents = slice(0, p.parents)
        self.mean = self.mean + self.sigma * (weights[parents] @ steps[parents])

        turned = self.covariance.turned(weights[parents] @ latent[parents])
        keep = 1.0 - p.c_sigma
        gain = math.sqrt(p.c_sigma * (2.0 - p.c_sigma) * mu_eff)
        self.path_sigma = keep * self.path_sigma + gain * turned
        length = math.sqrt(self.path_sigma @ self.path_sigma)
        # What the path's length would be by chance grows in the first generations.
        grown = math.sqrt(1.0 - keep ** (2 * self.generation))
        steady = length < (1.4 + 2.0 / (p.n + 1.0)) * p.chi * grown

        self._learn_covariance(latent, steps, weights, mu_eff, steady)
        exponent = p.c_sigma / p.d_sigma * (length / p.chi - 1.0)
        self.sigma *= math.exp(min(1.0, exponent))

    def _weights(self, ranked: int) -> tuple[Floats, float]:
        """The weights of this generation: failed parents leave theirs to the others."""
        p = self.parameters
        if ranked >= p.parents:
            return p.weights, p.mu_eff
        weights = p.weights.copy()
        weights[ranked : p.parents] = 0.0
        weights[:ranked] /= weights[:ranked].sum()
        return weights, 1.0 / float((weights[:ranked] ** 2).sum())

    def _learn_covariance(
        self, latent: Floats, steps: Floats, weights: Floats, mu_eff: float, steady: bool
    ) -> None:
        p = self.parameters
        gain = math.sqrt(p.c_c * (2.0 - p.c_c) * mu_eff) if steady else 0.0
        moved = weights[: p.parents] @ steps[: p.parents]
        self.path_c = (1.0 - p.c_c) * self.path_c + gain * moved
        lost = 0.0 if steady else p.c_c * (2.0 - p.c_c)
        decay = 1.0 + p.c_1 * lost - p.c_1 - p.c_mu * float(weights.sum())
        coefficients = np.concatenate([[p.c_1], p.c_mu * weights])
        # A long bad step would take away more than there is: all count as of the same length.
        bad = latent[p.parents :]
        squared = np.einsum("ij,ij->i", bad, bad)
        coefficients[1 + p.parents :] *= p.n / np.maximum(squared, 1e-300)
        vectors = np.concatenate([self.path_c[np.newaxis], steps])
        self.covariance.update(decay, coefficients, vectors)
        if self.generation % p.gap == 0:
            self.covariance.decompose()

    def save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Everything, as arrays and facts."""
        arrays = {
            "mean": self.mean,
            "path_sigma": self.path_sigma,
            "path_c": self.path_c,
            "sigma": np.array(self.sigma),
        }
        arrays |= {f"covariance.{name}": a for name, a in self.covariance.save().items()}
        return arrays, {"generation": self.generation}

    def load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        """Take over what `save` gave."""
        self.mean = arrays["mean"]
        self.path_sigma = arrays["path_sigma"]
        self.path_c = arrays["path_c"]
        self.sigma = float(arrays["sigma"])
        self.generation = facts["generation"]
        prefix = "covariance."
        parts = {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}
        self.covariance.load(parts)
