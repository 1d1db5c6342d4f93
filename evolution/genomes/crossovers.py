"""Crossovers that a locus may choose: how two rows make one.

A locus takes an operator by name, or as a value with parameters of its own:

>>> Real(30, recombination="one-point")
>>> Real(30, recombination=SimulatedBinaryCrossover(eta=15))

An operator of a user's own is a frozen dataclass, a subclass of `Crossover`, that says which kinds
of loci it ``suits``. The arithmetic is in `evolution.variation`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from evolution import variation
from evolution.variation import Column

_EXCHANGEABLE = ("Real", "Integer", "Categorical")


@dataclass(frozen=True)
class Crossover(ABC):
    """A way to make one child of each pair of rows."""

    suits: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """A new column of children; ``locus`` is one of the kinds that this suits."""


@dataclass(frozen=True)
class SimulatedBinaryCrossover(Crossover):
    """SBX: see `variation.simulated_binary_crossover`."""

    suits: ClassVar[tuple[str, ...]] = ("Real",)
    eta: float = 20.0
    share: float = 0.5

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """Children around either parent."""
        low, high = locus.bounds
        return variation.simulated_binary_crossover(
            mothers, fathers, low, high, rng, self.eta, self.share
        )


@dataclass(frozen=True)
class IntervalCrossover(Crossover):
    """BLX-α: see `variation.interval_crossover`."""

    suits: ClassVar[tuple[str, ...]] = ("Real",)
    alpha: float = 0.5

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """Children anywhere between the parents, and a little beyond."""
        low, high = locus.bounds
        return variation.interval_crossover(mothers, fathers, low, high, rng, self.alpha)


@dataclass(frozen=True)
class IntermediateCrossover(Crossover):
    """The weighted mean: see `variation.intermediate_crossover`."""

    suits: ClassVar[tuple[str, ...]] = ("Real", "Simplex")
    weight: float = 0.5

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """Children between the parents."""
        return variation.intermediate_crossover(mothers, fathers, self.weight)


@dataclass(frozen=True)
class UniformCrossover(Crossover):
    """Each gene from either parent: see `variation.uniform_crossover`."""

    suits: ClassVar[tuple[str, ...]] = _EXCHANGEABLE
    share: float = 0.5

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """Children of genes from both."""
        return variation.uniform_crossover(mothers, fathers, rng, self.share)


@dataclass(frozen=True)
class MultiPointCrossover(Crossover):
    """Pieces from the parents in turn: see `variation.multi_point_crossover`."""

    suits: ClassVar[tuple[str, ...]] = _EXCHANGEABLE
    points: int = 2

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """Children of pieces of both."""
        return variation.multi_point_crossover(mothers, fathers, rng, self.points)


@dataclass(frozen=True)
class OnePointCrossover(MultiPointCrossover):
    """One cut: see `variation.one_point_crossover`."""

    points: int = field(init=False, default=1)


@dataclass(frozen=True)
class OrderCrossover(Crossover):
    """OX: see `variation.order_crossover`."""

    suits: ClassVar[tuple[str, ...]] = ("Permutation",)

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """A slice of the mother, the rest in the father's order."""
        return variation.order_crossover(mothers, fathers, rng)


@dataclass(frozen=True)
class PartiallyMappedCrossover(Crossover):
    """PMX: see `variation.partially_mapped_crossover`."""

    suits: ClassVar[tuple[str, ...]] = ("Permutation",)

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """A slice of the mother, the rest in the father's places where it can be."""
        return variation.partially_mapped_crossover(mothers, fathers, rng)


@dataclass(frozen=True)
class BlendCrossover(Crossover):
    """A point on the line through the parents: see `variation.blend_crossover`."""

    suits: ClassVar[tuple[str, ...]] = ("Simplex",)
    alpha: float = 0.366

    def __call__(
        self, locus: Any, mothers: Column, fathers: Column, rng: np.random.Generator
    ) -> Column:
        """Mixtures of the parents."""
        return variation.blend_crossover(mothers, fathers, rng, self.alpha)


CROSSOVERS: dict[str, type[Crossover]] = {
    "simulated-binary": SimulatedBinaryCrossover,
    "interval": IntervalCrossover,
    "intermediate": IntermediateCrossover,
    "uniform": UniformCrossover,
    "one-point": OnePointCrossover,
    "multi-point": MultiPointCrossover,
    "order": OrderCrossover,
    "partially-mapped": PartiallyMappedCrossover,
    "blend": BlendCrossover,
}
"""The names that loci take for ``recombination``."""
