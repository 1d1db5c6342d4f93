"""Mutations that a locus may choose: how a row changes.

A locus takes an operator by name, or as a value with parameters of its own:

>>> Real(30, mutation="gaussian")
>>> Real(30, mutation=PolynomialMutation(eta=30))

An operator of a user's own is a frozen dataclass, a subclass of `Mutation`, that says which kinds
of loci it ``suits``. The arithmetic is in `evolution.variation`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evolution import variation
from evolution.variation import Column
from evolution.variation.columns import require_eta


@dataclass(frozen=True)
class Mutation(ABC):
    """A way to alter rows."""

    suits: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """A new column, each gene hit at ``rate``, with steps ``scale`` times the usual ones."""


@dataclass(frozen=True)
class PolynomialMutation(Mutation):
    """Steps of mean ``scale``/(eta + 2) of the range: see `variation.polynomial_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Real",)
    eta: float = 20.0

    def __post_init__(self) -> None:
        require_eta(self.eta)

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """The eta that has this mean step; it is never below 0, where the steps are even."""
        low, high = locus.bounds
        eta = max((self.eta + 2.0) / scale - 2.0, 0.0)
        return variation.polynomial_mutation(column, low, high, rng, rate, eta)


@dataclass(frozen=True)
class GaussianMutation(Mutation):
    """Normal steps of ``deviation``·``scale`` of the range: see `variation.gaussian_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Real",)
    deviation: float = 0.1

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Normal steps."""
        low, high = locus.bounds
        deviation = self.deviation * scale
        return variation.gaussian_mutation(column, low, high, rng, rate, deviation)


@dataclass(frozen=True)
class UniformMutation(Mutation):
    """Genes drawn anew, whatever the ``scale``: see `variation.uniform_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Real", "Integer")

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Evenly between the bounds."""
        low, high = locus.bounds
        return variation.uniform_mutation(column, low, high, rng, rate)


@dataclass(frozen=True)
class CreepMutation(Mutation):
    """Steps of mean 1 + ``step``·``scale`` of the range: see `variation.creep_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Integer",)
    step: float = 0.05

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Geometric steps."""
        low, high = locus.bounds
        step = 1.0 + self.step * scale * (high.astype(np.float64) - low)
        return variation.creep_mutation(column, low, high, rng, rate, step)


@dataclass(frozen=True)
class ResetMutation(Mutation):
    """Another category; none is nearer than another: see `variation.reset_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Categorical",)

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Any of the others."""
        return variation.reset_mutation(column, locus.counts, rng, rate)


@dataclass(frozen=True)
class SwapMutation(Mutation):
    """Two places exchanged, whatever the ``scale``: see `variation.swap_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Permutation",)

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Swaps."""
        return variation.swap_mutation(column, rng, rate)


@dataclass(frozen=True)
class InsertionMutation(Mutation):
    """One value moved, whatever the ``scale``: see `variation.insertion_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Permutation",)

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Insertions."""
        return variation.insertion_mutation(column, rng, rate)


@dataclass(frozen=True)
class InversionMutation(Mutation):
    """A slice turned round, whatever the ``scale``: see `variation.inversion_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Permutation",)

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Inversions."""
        return variation.inversion_mutation(column, rng, rate)


@dataclass(frozen=True)
class SimplexMutation(Mutation):
    """Factors of log-deviation ``deviation``·``scale``: see `variation.simplex_mutation`."""

    suits: ClassVar[tuple[str, ...]] = ("Simplex",)
    deviation: float = 0.3

    def __call__(
        self, locus: Any, column: Column, rng: np.random.Generator, rate: float, scale: float
    ) -> Column:
        """Log-normal factors."""
        return variation.simplex_mutation(column, rng, rate, self.deviation * scale)


MUTATIONS: dict[str, type[Mutation]] = {
    "polynomial": PolynomialMutation,
    "gaussian": GaussianMutation,
    "uniform": UniformMutation,
    "creep": CreepMutation,
    "reset": ResetMutation,
    "swap": SwapMutation,
    "insertion": InsertionMutation,
    "inversion": InversionMutation,
    "log-normal": SimplexMutation,
}
"""The names that loci take for ``mutation``."""
