"""Surrogates: models that predict what a genome would achieve, and how sure they are of it.

A surrogate is a committee. Its members leave out a fifth of the examples each, so that every
example has members which never saw it: what those say of it tells how well the committee does on
new genomes (Krogh & Vedelsby 1995, "Neural network ensembles, cross validation, and active
learning", NeurIPS 7). The deviation of a prediction joins that error with the disagreement of the
members: deviation² ∝ variance of the members + mean squared error on what they left out, with the
factor that makes the errors on what was left out as large as their deviations say.

Guarantees: a fitted surrogate is a function of the examples and the generator's stream; equal
genomes are left out together, so none is known from its twin; examples that failed (NaN, infinite,
or too large to be squared) are left out; what is predicted is finite.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from evolution.search import Floats, Integers

FOLDS = 5
# Beyond this, squares overflow.
_LARGEST = 1e150
Masks = npt.NDArray[np.bool_]


class SurrogateError(ValueError):
    """Examples or settings that no surrogate can work with, or a part that is not installed."""


class Prediction(NamedTuple):
    """What is expected, ``mean`` ``float64[k]``, and its standard error, ``deviation``."""

    mean: Floats
    deviation: Floats


class Surrogate(ABC):
    """A model of one objective. A new kind is a subclass with `_fit` and `_predict`.

    Args:
        members: how many models there are, a multiple of 5.

    Attributes, once fitted: ``rows``, the indices of the examples it learned from;
    ``left_out`` ``float64[len(rows)]``, what the members that did not see an example predict for
    it.
    """

    def __init__(self, members: int) -> None:
        if members < FOLDS or members % FOLDS:
            raise SurrogateError(
                f"members is {members}; allowed: multiples of {FOLDS}, e.g. {2 * FOLDS}, since "
                f"each leaves out a {FOLDS}th of the examples"
            )
        self.members = members
        self.rows: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.left_out: Floats = np.empty(0)

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        rng: np.random.Generator | int,
        weights: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn from examples, forgetting earlier ones.

        Args:
            X: genomes as features ``[n, d]``, of which at least 10 have not failed.
            y: what each achieved ``[n]``; NaN, infinities and what is beyond ±1e150 count as
                failed.
            rng: where chance comes from, or a seed.
            weights: how much each example matters ``[n]``, positive; all alike unless given.
        """
        rng = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        mass = np.ones(y.shape) if weights is None else np.asarray(weights, dtype=np.float64)
        if X.ndim != 2 or y.shape != X.shape[:1] or mass.shape != y.shape:
            raise SurrogateError(
                f"X is {list(X.shape)}, y {list(y.shape)}, weights {list(mass.shape)}; expected "
                "[n, d], [n] and [n]"
            )
        self.rows = np.flatnonzero(usable(y) & usable(X).all(axis=1))
        if len(self.rows) < 2 * FOLDS:
            raise SurrogateError(
                f"{len(self.rows)} examples that did not fail; at least {2 * FOLDS} are needed"
            )
        X, y, mass = X[self.rows], y[self.rows], mass[self.rows] / mass[self.rows].mean()
        # The mean of equal numbers is not always that number, and their deviation not always 0.
        changes = X.max(axis=0) > X.min(axis=0)
        self._centre, self._scale = X.mean(axis=0), _spread(X.std(axis=0) * changes)
        self._level, self._unit = float(y.mean()), float(_spread(y.std()))
        seen = _committees(_twins(X), self.members, rng)
        standard = (y - self._level) / self._unit
        self._fit(self._standardised(X), standard, seen * mass, rng)
        predicted = self._predict(self._standardised(X))
        left_out = (predicted * ~seen).sum(axis=0) / (~seen).sum(axis=0)
        self.left_out = self._level + self._unit * left_out
        squared = (left_out - standard) ** 2
        self._noise = float((mass * squared).mean())
        # At least as much as rounding, or a perfect fit would divide nothing by nothing.
        supposed = predicted.var(axis=0) + self._noise + 1e-30
        self._stretch = float(np.sqrt((mass * squared / supposed).mean()))
        return self

    def predict(self, X: npt.ArrayLike) -> Prediction:
        """What genomes ``[k, d]`` would achieve, and how far off that may be."""
        if not len(self.rows):
            raise SurrogateError("predict(X) before fit(X, y, rng)")
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != len(self._centre):
            raise SurrogateError(f"X is {list(X.shape)}; expected [k, {len(self._centre)}]")
        predicted = self._predict(self._standardised(X))
        deviation = self._stretch * np.sqrt(predicted.var(axis=0) + self._noise)
        return Prediction(self._level + self._unit * predicted.mean(axis=0), self._unit * deviation)

    @property
    def settings(self) -> dict[str, int | float | str]:
        """The kind and its settings, in the types that JSON knows."""
        given = {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, int | float | str) and not name.startswith("_")
        }
        return {"kind_of_surrogate": type(self).__name__, **given}

    def _standardised(self, X: Floats) -> Floats:
        standardised: Floats = (X - self._centre) / self._scale
        return standardised

    @abstractmethod
    def _fit(self, X: Floats, y: Floats, weights: Floats, rng: np.random.Generator) -> None:
        """Learn from standardised examples; ``weights`` ``[members, n]``, 0 for those left out."""

    @abstractmethod
    def _predict(self, X: Floats) -> Floats:
        """What each member predicts ``[members, k]``, standardised."""


def _spread(deviation: npt.ArrayLike) -> Floats:
    """Standard deviations to divide by: 1 where there is none."""
    spread = np.asarray(deviation, dtype=np.float64)
    return np.where(spread > 0.0, spread, 1.0)


def usable(values: Floats) -> Masks:
    """Which numbers a surrogate can learn from."""
    return np.asarray(np.abs(values) <= _LARGEST)


def _twins(X: Floats) -> Integers:
    """Numbers ``[n]``, equal for equal examples, from 0; all different where few examples are."""
    known: dict[bytes, int] = {}
    # Negative zeros are zeros.
    numbers = [known.setdefault(row.tobytes(), len(known)) for row in X + 0.0]
    return np.array(numbers) if len(known) >= 2 * FOLDS else np.arange(len(X))


def _committees(twins: Integers, members: int, rng: np.random.Generator) -> Masks:
    """Which examples each member sees ``[members, n]``: all but one fold of a random partition."""
    kinds = int(twins.max()) + 1
    folds = np.arange(kinds) % FOLDS
    left_out = [
        folds[order][twins] == fold
        for order in (rng.permutation(kinds) for _ in range(members // FOLDS))
        for fold in range(FOLDS)
    ]
    return ~np.array(left_out)
