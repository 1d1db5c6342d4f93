"""The covariance of the steps of CMA-ES: a full matrix, or a diagonal.

A step y is a latent standard normal vector z, stretched along the axes of the matrix and turned:
y = B D z with C = B D² Bᵀ. Whoever keeps z never needs the inverse: C^(−½) y = B z.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from evolution.search import Floats
from evolution.strategies.threads import one_thread

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
        """C = decay · C + Σ coefficient · v vᵀ; the vectors are not altered later."""

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

    Updates wait for the next decomposition, as vectors: only then is the matrix needed, and one
    product of many vectors takes less time than many products of a few.
    """

    def __init__(self, variances: Floats) -> None:
        n = len(variances)
        self._settled = np.diag(variances)
        # C = decay · settled + Σ coefficient · v vᵀ, of the vectors that wait.
        self._decay = 1.0
        self._coefficients = np.empty(0)
        self._vectors = [np.empty((0, n))]
        # The diagonal of C, always up to date.
        self._diagonal = variances.copy()
        self.axes = np.eye(n)
        self.scales = np.sqrt(variances)

    def steps(self, latent: Floats) -> Floats:
        """The steps y = B D z of latent rows z."""
        with one_thread(len(self.scales)):
            stepped: Floats = (latent * self.scales) @ self.axes.T
        return stepped

    def latent(self, steps: Floats) -> Floats:
        """The latent rows z whose steps these are."""
        with one_thread(len(self.scales)):
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
        """C = decay · C + Σ coefficient · v vᵀ."""
        self._decay *= decay
        self._coefficients = np.concatenate([decay * self._coefficients, coefficients])
        self._vectors.append(vectors)
        self._diagonal = decay * self._diagonal + coefficients @ vectors**2

    def decompose(self) -> None:
        """Eigenvalues and eigenvectors; a matrix that is all but singular gets more of the ball."""
        self._settled = self.matrix
        self._decay = 1.0
        self._coefficients, self._vectors = self._coefficients[:0], [self._vectors[0][:0]]
        values, axes = np.linalg.eigh(self._settled)
        largest = float(values[-1])
        missing = largest / CONDITION_LIMIT - float(values[0])
        if missing > 0.0:
            self._settled.flat[:: len(values) + 1] += missing
            values = values + missing
        self._diagonal = self._settled.diagonal().copy()
        self.scales = np.sqrt(values)
        # One memory layout always, or a restored search would round otherwise.
        self.axes = np.ascontiguousarray(axes)

    @property
    def matrix(self) -> Floats:
        """C itself, ``float64[n, n]``, symmetric but for rounding."""
        vectors = np.concatenate(self._vectors)
        product: Floats = (vectors.T * self._coefficients) @ vectors
        product += self._decay * self._settled
        return product

    @property
    def variances(self) -> Floats:
        """The diagonal of C."""
        return self._diagonal.copy()

    def save(self) -> dict[str, npt.NDArray[Any]]:
        """The matrix as it was decomposed, what waits, axes and scales."""
        return {
            "settled": self._settled,
            "decay": np.array(self._decay),
            "coefficients": self._coefficients,
            "vectors": np.concatenate(self._vectors),
            "variances": self._diagonal,
            "axes": self.axes,
            "scales": self.scales,
        }

    def load(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what `save` gave."""
        self._settled = np.ascontiguousarray(arrays["settled"])
        self._decay = float(arrays["decay"])
        self._coefficients = arrays["coefficients"]
        self._vectors = [np.ascontiguousarray(arrays["vectors"])]
        self._diagonal = arrays["variances"]
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
