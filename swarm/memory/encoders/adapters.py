"""From the vectors of one encoder to those of another: linear maps, learnt from pairs.

A pair is one item encoded twice, (x_old, x_new). `Ridge` minimises the squared distance of
x_old A + b to x_new with a penalty on A that generalised cross-validation chooses (Hoerl & Kennard
1970; Golub, Heath & Wahba 1979, equation 1.4). `Procrustes` allows a rotation, one scale and a
shift (Schönemann 1966), which few pairs suffice for. What bends is `MLPAdapter`'s part.

The map of least squares shrinks what it is unsure of. Where all new vectors have length one, that
would put adapted vectors nearer to every query than they are, so adapters give them length one
back; what they predicted before is what errors are measured of.

Guarantees: an adapter is plain arrays, which need no library to be applied; `restored_adapter`
gives the same bits; fitting costs O(n d²) and draws no chance.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.encoders.encoder import EncoderError, Floats, unit

Doubles = NDArray[np.float64]
# Shares of the mean squared singular value: from next to nothing to more than all of it.
PENALTIES = tuple(float(share) for share in 10.0 ** np.arange(-10, 2.5, 0.5))


class Adapter(ABC):
    """Maps vectors float32[n, d_old] to float32[n, d_new].

    Attributes:
        kind: "ridge", "procrustes" or "mlp".
        widths: (d_old, d_new).
        unit: whether all new vectors have length one, and so what is applied.
    """

    kind: ClassVar[str]
    unit: bool

    @property
    @abstractmethod
    def widths(self) -> tuple[int, int]:
        """(d_old, d_new)."""

    @abstractmethod
    def predict(self, old: ArrayLike) -> Doubles:
        """The mean of x_new given x_old as the map has it, float64[n, d_new].

        Raises:
            EncoderError: for vectors of another width.
        """

    def apply(self, old: ArrayLike) -> Floats:
        """Vectors of the new space, float32[n, d_new], for float32[n, d_old].

        Raises:
            EncoderError: for vectors of another width.
        """
        said = self.predict(old)
        return unit(said) if self.unit else said.astype(np.float32)

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Plain arrays and JSON values, copies; `restored_adapter` reads them."""

    def _checked(self, old: ArrayLike) -> Doubles:
        vectors = np.asarray(old, dtype=np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != self.widths[0]:
            raise EncoderError(
                f"this adapter maps vectors of width {self.widths[0]} to width {self.widths[1]}; "
                f"got shape {vectors.shape}."
            )
        return vectors


@dataclass(frozen=True)
class _Linear(Adapter):
    """x A + b.

    Attributes:
        weights: A, float64[d_old, d_new].
        intercept: b, float64[d_new].
        unit: whether lengths are brought back to one.
        penalty: of the squared weights, 0 if there was none.
    """

    weights: Doubles
    intercept: Doubles
    unit: bool = False
    penalty: float = 0.0

    def __post_init__(self) -> None:
        _check_layers({"weights": self.weights}, {"intercept": self.intercept})
        if self.intercept.shape != self.weights.shape[1:]:
            raise EncoderError(
                f"the intercept must have width {self.weights.shape[1]}, as the weights give it; "
                f"got shape {self.intercept.shape}."
            )

    @property
    def widths(self) -> tuple[int, int]:
        """(d_old, d_new)."""
        return self.weights.shape[0], self.weights.shape[1]

    def predict(self, old: ArrayLike) -> Doubles:
        """x A + b, float64[n, d_new]."""
        return self._checked(old) @ self.weights + self.intercept

    def state(self) -> dict[str, Any]:
        """Plain arrays and JSON values, copies; `restored_adapter` reads them."""
        return {
            "kind": self.kind,
            "weights": self.weights.copy(),
            "intercept": self.intercept.copy(),
            "unit": self.unit,
            "penalty": self.penalty,
        }


class Ridge(_Linear):
    """The linear map with the penalty that predicts best, by generalised cross-validation.

    >>> adapter = Ridge.fit(old, new)  # float32[n, d_old], float32[n, d_new]
    >>> adapter.apply(old[:5])
    """

    kind: ClassVar[str] = "ridge"

    @classmethod
    def fit(cls, old: ArrayLike, new: ArrayLike, penalties: tuple[float, ...] = PENALTIES) -> Self:
        """Fit to n ≥ 2 pairs.

        Args:
            old: float[n, d_old].
            new: float[n, d_new].
            penalties: to choose from, as shares of the mean squared singular value of `old`;
                one is taken as it is.

        Raises:
            EncoderError: for pairs or penalties that are none.
        """
        X, Y = checked_pairs(old, new)
        if not penalties or min(penalties) < 0:
            raise EncoderError("penalties must be shares of 0 or more, such as (1e-6, 1e-3, 1.0).")
        one = of_length_one(Y)
        x_mean, y_mean = X.mean(axis=0), Y.mean(axis=0)
        X, Y = X - x_mean, Y - y_mean
        values, axes = np.linalg.eigh(X.T @ X)
        values = np.maximum(values, values[-1] * 1e-14)
        if values[-1] <= 0:  # all old vectors are one: the mean is all there is to say
            return cls(np.zeros((X.shape[1], Y.shape[1])), y_mean, one)
        moments = axes.T @ (X.T @ Y)
        scores = [_gcv(values, moments, Y, share * values.mean()) for share in penalties]
        penalty = float(penalties[int(np.argmin(scores))] * values.mean())
        weights = axes @ (moments / (values + penalty)[:, None])
        return cls(weights, y_mean - x_mean @ weights, one, penalty)


class Procrustes(_Linear):
    """A rotation or reflection, one scale, and a shift: lengths and angles stay.

    Where the widths differ, the smaller space is laid into the larger one as it is, or the larger
    one is projected.
    """

    kind: ClassVar[str] = "procrustes"

    @classmethod
    def fit(cls, old: ArrayLike, new: ArrayLike) -> Self:
        """Fit to n ≥ 2 pairs, float[n, d_old] and float[n, d_new].

        Raises:
            EncoderError: for pairs that are none.
        """
        X, Y = checked_pairs(old, new)
        x_mean, y_mean = X.mean(axis=0), Y.mean(axis=0)
        left, strengths, right = np.linalg.svd((X - x_mean).T @ (Y - y_mean), full_matrices=False)
        rotation = left @ right
        spread = float((((X - x_mean) @ rotation) ** 2).sum())
        scale = float(strengths.sum()) / spread if spread > 0 else 0.0
        return cls(scale * rotation, y_mean - scale * x_mean @ rotation, of_length_one(Y))


def _gcv(values: Doubles, moments: Doubles, Y: Doubles, penalty: float) -> float:
    """n |Y − Ŷ|² / (n − degrees of freedom)²; infinite where no freedom is left."""
    n = Y.shape[0]
    shrunk = moments / (values + penalty)[:, None]
    residual = (Y**2).sum() - 2 * (shrunk * moments).sum() + (values[:, None] * shrunk**2).sum()
    left = n - 1 - (values / (values + penalty)).sum()
    # What rounding leaves of a perfect fit must not decide between penalties.
    floor = 1e-14 * (Y**2).sum()
    return float("inf") if left <= 1e-9 * n else float(n * max(residual, floor) / left**2)


def checked_pairs(old: ArrayLike, new: ArrayLike) -> tuple[Doubles, Doubles]:
    """Pairs as float64[n, d_old] and float64[n, d_new], n ≥ 2, finite.

    Raises:
        EncoderError: for anything else.
    """
    X, Y = np.asarray(old, np.float64), np.asarray(new, np.float64)
    if X.ndim != 2 or Y.ndim != 2 or X.shape[0] != Y.shape[0] or X.shape[0] < 2:
        raise EncoderError(
            "pairs are two or more items encoded twice, old float[n, d_old] and new "
            f"float[n, d_new], row by row; got shapes {X.shape} and {Y.shape}."
        )
    if not (np.isfinite(X).all() and np.isfinite(Y).all()):
        raise EncoderError("pairs must be finite; leave out the rows that are not.")
    return X, Y


def of_length_one(vectors: Doubles) -> bool:
    """Whether all vectors have length one, but for what float32 rounds."""
    return bool((np.abs((vectors**2).sum(axis=1) - 1.0) < 1e-4).all())


def _check_layers(matrices: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
    for wanted, arrays in ((2, matrices), (1, columns)):
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray) or array.ndim != wanted:
                raise EncoderError(f"{name} must be an array of {wanted} axes; got {array!r:.60}.")
            if array.dtype != np.float64 or not np.isfinite(array).all():
                raise EncoderError(f"{name} must be finite float64; got {array.dtype}.")
