"""The covariance of the steps of CMA-ES: a full matrix, or a diagonal.

A step y is a latent standard normal vector z, stretched along the axes of the matrix and turned:
y = B D z with C = B D² Bᵀ. Whoever keeps z never needs the inverse: C^(−½) y = B z.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dsyrk

from evolution.search import Floats

# Axes whose variances differ by more than this cannot be told from rounding.
CONDITION_LIMIT = 1e14


class Covariance(Protocol):
    """What the strategy asks of a covariance; vectors are the rows of ``float64[k, n]``."""

    scales: Floats
    """The standard deviations ``float64[n]`` along the axes, as last decomposed."""

    def steps(self, latent: Floats) -> Floats:
        """The steps y = B D z of latent rows z."""

    def latent(self, steps: Floats) -> Floats:
        """The latent rows z whose steps these are."""

    def turned(self, latent: Floats) -> Floats:
        """B z = C^(−½) y of one latent vector z."""

    def axis(self, i: int) -> Floats:
        """Axis ``i`` with the length of its standard deviation: d_i b_i."""

    def update(self, decay: float, coefficients: Floats, vectors: Floats) -> None:
        """C = decay · C + Σ coefficient · v vᵀ; negative coefficients stand behind the others."""

    def decompose(self) -> None:
        """Bring the axes up to date with C."""

    @property
    def variances(self) -> Floats:
        """The diagonal of C."""

    def save(self) -> dict[str, npt.NDArray[Any]]:
        """Everything, as arrays."""

    def load(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what `save` gave."""


class FullCovariance:
    """Any positive definite matrix; O(n²) a vector, O(n³) a decomposition.

    Only the lower triangle of ``matrix`` is kept up to date.
    """

    def __init__(self, variances: Floats) -> None:
        self.matrix = np.asfortranarray(np.diag(variances))
        self.axes = np.eye(len(variances))
        self.scales = np.sqrt(variances)

    def steps(self, latent: Floats) -> Floats:
        """The steps y = B D z of latent rows z."""
        stepped: Floats = (latent * self.scales) @ self.axes.T
        return stepped

    def latent(self, steps: Floats) -> Floats:
        """The latent rows z whose steps these are."""
        found: Floats = (steps @ self.axes) / self.scales
        return found

    def turned(self, latent: Floats) -> Floats:
        """B z = C^(−½) y of one latent vector z."""
        product: Floats = self.axes @ latent
        return product

    def axis(self, i: int) -> Floats:
        """Axis ``i`` with the length of its standard deviation."""
        return self.axes[:, i] * self.scales[i]

    def update(self, decay: float, coefficients: Floats, vectors: Floats) -> None:
        """C = decay · C + Σ coefficient · v vᵀ, in place, one triangle."""
        scaled = vectors * np.sqrt(np.abs(coefficients))[:, np.newaxis]
        positive = int(np.count_nonzero(coefficients >= 0.0))
        self.matrix = dsyrk(1.0, scaled[:positive].T, decay, self.matrix, lower=1, overwrite_c=1)
        if positive < len(scaled):
            self.matrix = dsyrk(-1.0, scaled[positive:].T, 1.0, self.matrix, lower=1, overwrite_c=1)

    def decompose(self) -> None:
        """Eigenvalues and eigenvectors; a matrix that is all but singular gets more of the ball."""
        values, axes = np.linalg.eigh(self.matrix)
        largest = float(values[-1])
        missing = largest / CONDITION_LIMIT - float(values[0])
        if missing > 0.0:
            self.matrix.flat[:: len(values) + 1] += missing
            values = values + missing
        self.scales = np.sqrt(values)
        # One memory layout always, or a restored search would round otherwise.
        self.axes = np.ascontiguousarray(axes)

    @property
    def variances(self) -> Floats:
        """The diagonal of C."""
        return self.matrix.diagonal().copy()

    def save(self) -> dict[str, npt.NDArray[Any]]:
        """Matrix, axes and scales."""
        return {"matrix": self.matrix, "axes": self.axes, "scales": self.scales}

    def load(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what `save` gave."""
        self.matrix = np.asfortranarray(arrays["matrix"])
        self.axes = np.ascontiguousarray(arrays["axes"])
        self.scales = arrays["scales"]


class DiagonalCovariance:
    """Variances only, for separable CMA-ES: everything is O(n)."""

    def __init__(self, variances: Floats) -> None:
        self.diagonal = variances.copy()
        self.scales = np.sqrt(variances)

    def steps(self, latent: Floats) -> Floats:
        """The steps y = D z of latent rows z."""
        return latent * self.scales

    def latent(self, steps: Floats) -> Floats:
        """The latent rows z whose steps these are."""
        return steps / self.scales

    def turned(self, latent: Floats) -> Floats:
        """The axes are those of the genes: z itself."""
        return latent

    def axis(self, i: int) -> Floats:
        """Axis ``i`` with the length of its standard deviation."""
        axis = np.zeros_like(self.scales)
        axis[i] = self.scales[i]
        return axis

    def update(self, decay: float, coefficients: Floats, vectors: Floats) -> None:
        """The diagonal of decay · C + Σ coefficient · v vᵀ."""
        self.diagonal = decay * self.diagonal + coefficients @ vectors**2

    def decompose(self) -> None:
        """Square roots; variances that are all but none are raised to the limit."""
        least = float(self.diagonal.max()) / CONDITION_LIMIT
        self.diagonal = np.maximum(self.diagonal, least)
        self.scales = np.sqrt(self.diagonal)

    @property
    def variances(self) -> Floats:
        """The diagonal of C."""
        return self.diagonal.copy()

    def save(self) -> dict[str, npt.NDArray[Any]]:
        """Diagonal and scales."""
        return {"diagonal": self.diagonal, "scales": self.scales}

    def load(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what `save` gave."""
        self.diagonal = arrays["diagonal"]
        self.scales = arrays["scales"]
