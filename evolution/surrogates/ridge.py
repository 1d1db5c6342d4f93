"""Ridge regression on features of the genes: linear models, cheap and smooth.

Quadratic features find the bowl that most landscapes are near an optimum: as many terms as the
examples can tell apart, first the linear ones, then squares, then products (Hansen 2019, "A
global surrogate assisted CMA-ES", GECCO). Random Fourier features (Rahimi & Recht 2007, NeurIPS
20) approximate a Gaussian process with a Gaussian kernel.
"""

from __future__ import annotations

import numpy as np

from evolution.search import Floats
from evolution.surrogates.ensemble import Surrogate, SurrogateError

KINDS = ("quadratic", "fourier")
# From hardly any to strong; the examples left out decide.
_PENALTIES = np.logspace(-10, 1, 12)
_MOST_PRODUCTS = 1_000


class RidgeEnsemble(Surrogate):
    """The committee of ridge regressions.

    The examples are whitened first, so that a narrow valley is as well conditioned as a bowl. One
    penalty for all members is chosen by the error on what they left out.

    Args:
        kind: "quadratic" or "fourier".
        terms: how many Fourier features.
        members: how many regressions, a multiple of 5.
    """

    def __init__(self, kind: str = "quadratic", *, terms: int = 128, members: int = 10) -> None:
        super().__init__(members)
        if kind not in KINDS or terms < 1:
            raise SurrogateError(
                f"kind is {kind!r} with {terms} terms; allowed: one of {KINDS}, 1 term or more"
            )
        self.kind = kind
        self.terms = terms

    def _fit(self, X: Floats, y: Floats, weights: Floats, rng: np.random.Generator) -> None:
        n, d = X.shape
        self._whiten(X)
        self._degree = _degree(n, d)
        if self.kind == "fourier":
            # The distance of two whitened examples is about the root of twice the dimensions.
            white = self._axes.shape[1]
            self._frequencies = rng.standard_normal((white, self.terms)) / np.sqrt(white)
            self._phases = rng.uniform(0.0, 2.0 * np.pi, self.terms)
        features = self._features(X)
        weighted = weights[:, :, np.newaxis] * features
        gram = np.swapaxes(weighted, 1, 2) @ features / n
        values, vectors = np.linalg.eigh(gram)
        projected = np.einsum("mpk,mp->mk", vectors, np.einsum("mnp,n->mp", weighted, y) / n)
        candidates = projected / (
            np.maximum(values, 0.0) + _PENALTIES[:, np.newaxis, np.newaxis] * values[:, -1:]
        )
        coefficients = np.einsum("mpk,qmk->qmp", vectors, candidates)
        unseen = weights == 0.0
        # An example's weight is that which the members that see it give it.
        mass = unseen * weights.max(axis=0)
        errors = ((coefficients @ features.T - y) ** 2 * mass).sum(axis=(1, 2))
        self._coefficients = coefficients[int(np.argmin(errors))]

    def _predict(self, X: Floats) -> Floats:
        predicted: Floats = self._coefficients @ self._features(X).T
        return predicted

    def _whiten(self, X: Floats) -> None:
        _, deviations, axes = np.linalg.svd(X, full_matrices=False)
        deviations = deviations / np.sqrt(len(X))
        # Where the examples do not differ, nothing is known, and nothing is to be magnified.
        differ = deviations > 1e-8 * deviations[0]
        self._axes = axes[differ].T / deviations[differ]

    def _features(self, X: Floats) -> Floats:
        white = X @ self._axes
        parts = [np.ones((len(X), 1)), white]
        if self.kind == "fourier":
            waves = np.cos(white @ self._frequencies + self._phases)
            parts.append(waves * np.sqrt(2.0 / self.terms))
        elif self._degree >= 1:
            parts.append(white**2)
            if self._degree == 2:
                first, second = np.triu_indices(white.shape[1], 1)
                parts.append(white[:, first] * white[:, second])
        return np.concatenate(parts, axis=1)


def _degree(n: int, d: int) -> int:
    """2 for squares and products, 1 for squares, 0 for neither: what n examples can tell apart."""
    products = d * (d - 1) // 2
    # A member sees four fifths of the examples.
    if products <= _MOST_PRODUCTS and 1.1 * (1 + 2 * d + products) <= 0.8 * n:
        return 2
    return int(1.1 * (1 + 2 * d) <= 0.8 * n)
