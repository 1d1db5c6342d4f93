"""Loci of numbers between bounds: real numbers and integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from evolution.genomes.base import Mask
from evolution.genomes.choice import Choosing
from evolution.genomes.crossovers import Crossover
from evolution.genomes.mutations import Mutation
from evolution.variation import Column


class _Bounded(Choosing):
    """A locus with ``low`` and ``high``, for all genes or for each."""

    low: Any
    high: Any

    @cached_property
    def bounds(self) -> tuple[Column, Column]:
        """The bounds ``[size]``, both included, in the dtype of the column; not to be altered."""
        low, high = (
            self._each(self.low, self.dtype, "low"),
            self._each(self.high, self.dtype, "high"),
        )
        low.flags.writeable = high.flags.writeable = False
        return low, high

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return f"{self.dtype} from {self.low} to {self.high}"

    def wrong(self, column: Column) -> Mask:
        """Outside the bounds, or not a number."""
        low, high = self.bounds
        wrong: Mask = ~((column >= low) & (column <= high))
        return wrong

    def _word(self, gene: Any) -> str:
        """Four digits."""
        return f"{gene:.4g}"

    def _step(self, gene: Any, other: Any, i: int) -> str:
        """The difference, and what part of the range it is."""
        span = float(self.bounds[1][i]) - float(self.bounds[0][i])
        share = abs(other - gene) / span if span else 0.0
        return f" ({other - gene:+.4g}, {share:.1%} of the range)"

    def summarise(self, column: Column) -> str:
        """Means and deviations of the genes."""
        means, deviations = column.mean(axis=0, dtype=float), column.std(axis=0, dtype=float)
        return (
            f"{super().summarise(column)}; mean {means.mean():.4g} (genes {means.min():.4g} to "
            f"{means.max():.4g}), deviation {deviations.mean():.3g}"
        )

    def _check(self) -> None:
        super()._check()
        low, high = (bound.astype(np.float64) for bound in self.bounds)
        with np.errstate(all="ignore"):
            finite = np.isfinite(low) & np.isfinite(high) & np.isfinite(high - low)
        self._require(
            bool((finite & (low <= high)).all()),
            f"bounds are {self.low} to {self.high}; they and their distance must be finite, low "
            "at most high",
        )


@dataclass(frozen=True)
class Real(_Bounded):
    """Real numbers from ``low`` to ``high``: ``float64`` or ``float32`` ``[n, size]``.

    Unless chosen otherwise, SBX and polynomial mutation, whose mean step is ``scale``/22 of the
    range.
    """

    usual: ClassVar[tuple[str, str]] = ("polynomial", "simulated-binary")
    size: int = 1
    low: float | tuple[float, ...] = 0.0
    high: float | tuple[float, ...] = 1.0
    initial: float | tuple[float, ...] | None = None
    precision: str = "float64"
    mutation: Mutation | str = field(default=usual[0], kw_only=True)
    recombination: Crossover | str = field(default=usual[1], kw_only=True)

    def _check(self) -> None:
        self._require(
            self.precision in ("float64", "float32"),
            f"precision is {self.precision!r}; allowed: 'float64', 'float32'",
        )
        super()._check()

    @property
    def dtype(self) -> np.dtype:
        """As ``precision`` says."""
        return np.dtype(self.precision)

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Uniform between the bounds."""
        low, high = self.bounds
        # Clipped, because rounding to float32 may step over a bound.
        drawn: Column = rng.uniform(low, high, (n, self.size)).astype(self.dtype)
        return drawn.clip(low, high)


@dataclass(frozen=True)
class Integer(_Bounded):
    """Whole numbers from ``low`` to ``high``, both included: ``int32[n, size]``.

    Unless chosen otherwise, uniform crossover and creep by 1 + ``scale``/20 of the range on
    average.
    """

    usual: ClassVar[tuple[str, str]] = ("creep", "uniform")
    low: int | tuple[int, ...]
    high: int | tuple[int, ...]
    initial: int | tuple[int, ...] | None = None
    mutation: Mutation | str = field(default=usual[0], kw_only=True)
    recombination: Crossover | str = field(default=usual[1], kw_only=True)

    @property
    def dtype(self) -> np.dtype:
        """int32."""
        return np.dtype(np.int32)

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Uniform between the bounds."""
        low, high = self.bounds
        return rng.integers(low, high, (n, self.size), dtype=np.int32, endpoint=True)

    def _word(self, gene: Any) -> str:
        """All digits."""
        return str(gene)

    def _step(self, gene: Any, other: Any, i: int) -> str:
        """The difference."""
        return f" ({other - gene:+d})"
