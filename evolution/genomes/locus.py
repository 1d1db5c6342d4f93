"""Loci: the kinds of genes, and how each is drawn, checked, crossed and mutated.

A locus describes one column of a population of genomes, an array ``[n, size]`` of its dtype. A
new kind of locus is a subclass of `Locus` with what that leaves abstract. Errors: `GenomeError`
(a ValueError).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution import variation
from evolution.variation import Column

Mask = npt.NDArray[np.bool_]

# Shares may miss the sum of 1 by rounding, not by more.
_SUM_TOLERANCE = 1e-9
# Mean steps at scale 1, as shares of the range; polynomial mutation with eta 20 moves 1/22.
_REAL_STEP = 1.0 / 22.0
_INTEGER_STEP = 1.0 / 20.0
# Standard deviation at scale 1 of the logarithm of a share's factor.
_SIMPLEX_STEP = 0.3


class GenomeError(ValueError):
    """A locus, a spec or genomes that break their own rules; the message names what and where."""


@dataclass(frozen=True)
class Locus(ABC):
    """One named part of a genome: ``size`` genes of one kind."""

    size: int

    def __post_init__(self) -> None:
        self._check()
        if self.start is not None:
            fits = not self.wrong(self.row(self.start)).any()
            self._require(fits, f"initial is {self.start}; allowed: {self.allowed}")

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """The dtype of the column."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """The values a row may hold, in words, for error messages."""

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Draw ``[n, size]`` evenly from everything that is allowed."""

    @abstractmethod
    def wrong(self, column: Column) -> Mask:
        """Mark ``bool[n, size]`` the genes of a column of the right dtype that are not allowed."""

    @abstractmethod
    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Mutate each gene at this rate, with steps ``scale`` times the customary one."""

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """One child per pair of rows: uniform crossover, unless the kind has a better one."""
        return variation.uniform_crossover(mothers, fathers, rng)

    def sample(self, n: int, rng: np.random.Generator) -> Column:
        """Rows ``[n, size]`` to begin with: all ``initial`` where one is given, else drawn."""
        return self.draw(n, rng) if self.start is None else np.tile(self.row(self.start), (n, 1))

    def describe(self, genes: Column) -> str:
        """One row in words."""
        return " ".join(str(gene) for gene in genes.tolist())

    def row(self, genes: Any) -> Column:
        """A column ``[1, size]`` from one number for all genes or a sequence of one for each."""
        return self._each(genes, self.dtype, "a row")[np.newaxis]

    @property
    def start(self) -> Any:
        """The ``initial`` of the kinds that have one, else None."""
        return getattr(self, "initial", None)

    def _check(self) -> None:
        """Raise `GenomeError` where the parameters contradict each other."""
        self._require(self.size >= 1, f"size is {self.size}; a locus has at least 1 gene")

    def _require(self, holds: bool, message: str) -> None:
        if not holds:
            raise GenomeError(f"{type(self).__name__}: {message}")

    def _each(self, value: Any, dtype: npt.DTypeLike, what: str) -> Column:
        """One value for each gene from one for all or one for each."""
        values = np.asarray(value)
        self._require(
            values.shape in ((), (self.size,)) and values.dtype.kind in "iuf",
            f"{what} is {value!r}; expected one number, or {self.size} numbers, one per gene",
        )
        cast = np.broadcast_to(values, (self.size,)).astype(dtype)
        self._require(
            cast.dtype.kind == "f" or bool((cast == values).all()),
            f"{what} is {value!r}; expected whole numbers that fit {cast.dtype}",
        )
        return cast


class _Bounded(Locus):
    """A locus with ``low`` and ``high``, for all genes or for each."""

    low: Any
    high: Any

    @property
    def bounds(self) -> tuple[Column, Column]:
        """The bounds ``[size]``, both included, in the dtype of the column."""
        return self._each(self.low, self.dtype, "low"), self._each(self.high, self.dtype, "high")

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return f"{self.dtype} from {self.low} to {self.high}"

    def wrong(self, column: Column) -> Mask:
        """Outside the bounds, or not a number."""
        low, high = self.bounds
        wrong: Mask = ~((column >= low) & (column <= high))
        return wrong

    def _check(self) -> None:
        super()._check()
        low, high = self.bounds
        self._require(
            bool(np.isfinite(low).all() and np.isfinite(high).all() and (low <= high).all()),
            f"bounds are {self.low} to {self.high}; they must be finite, low at most high",
        )


@dataclass(frozen=True)
class Real(_Bounded):
    """Real numbers from ``low`` to ``high``: ``float64`` or ``float32`` ``[n, size]``.

    SBX and polynomial mutation, whose mean step is ``scale``/22 of the range.
    """

    size: int = 1
    low: float | tuple[float, ...] = 0.0
    high: float | tuple[float, ...] = 1.0
    initial: float | tuple[float, ...] | None = None
    precision: str = "float64"

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

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """Simulated binary crossover."""
        return variation.simulated_binary_crossover(mothers, fathers, *self.bounds, rng)

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Polynomial mutation with the eta that has this mean step."""
        eta = 1.0 / (_REAL_STEP * scale) - 2.0
        return variation.polynomial_mutation(column, *self.bounds, rng, rate, eta)

    def describe(self, genes: Column) -> str:
        """One row, four digits a gene."""
        return " ".join(f"{gene:.4g}" for gene in genes.tolist())


@dataclass(frozen=True)
class Integer(_Bounded):
    """Whole numbers from ``low`` to ``high``, both included: ``int32[n, size]``.

    Uniform crossover and creep by 1 + ``scale``/20 of the range on average.
    """

    low: int | tuple[int, ...]
    high: int | tuple[int, ...]
    initial: int | tuple[int, ...] | None = None

    @property
    def dtype(self) -> np.dtype:
        """int32."""
        return np.dtype(np.int32)

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Uniform between the bounds."""
        low, high = self.bounds
        return rng.integers(low, high, (n, self.size), dtype=np.int32, endpoint=True)

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Creep mutation."""
        low, high = self.bounds
        step = 1.0 + _INTEGER_STEP * scale * (high.astype(np.float64) - low)
        return variation.creep_mutation(column, low, high, rng, rate, step)


@dataclass(frozen=True)
class Categorical(Locus):
    """One of ``choices`` values without order, 0 … choices-1, per gene: ``int16[n, size]``.

    Uniform crossover and resetting; categories have no distance, so ``scale`` plays no part.
    """

    choices: int | tuple[int, ...]
    initial: int | tuple[int, ...] | None = None

    def _check(self) -> None:
        super()._check()
        self._require(
            bool(((self.counts >= 1) & (self.counts <= 2**15)).all()),
            f"choices is {self.choices}; allowed: 1 to {2**15}",
        )

    @property
    def dtype(self) -> np.dtype:
        """int16."""
        return np.dtype(np.int16)

    @property
    def counts(self) -> Column:
        """How many choices each gene has, ``int64[size]``."""
        return self._each(self.choices, np.int64, "choices")

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return f"categories from 0 to choices-1, where choices is {self.choices}"

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Each category equally likely."""
        return rng.integers(0, self.counts, (n, self.size)).astype(self.dtype)

    def wrong(self, column: Column) -> Mask:
        """No such category."""
        return (column < 0) | (column >= self.counts)

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Reset to another category."""
        return variation.reset_mutation(column, self.counts, rng, rate)


@dataclass(frozen=True)
class Permutation(Locus):
    """An order of 0 … size-1: ``int8[n, size]``, or ``int16`` beyond 128 places.

    Order crossover and swaps; a swap has one size, so ``scale`` plays no part.
    """

    initial: tuple[int, ...] | None = None

    def _check(self) -> None:
        super()._check()
        self._require(self.size <= 2**15, f"size is {self.size}; allowed: 1 to {2**15}")

    @property
    def dtype(self) -> np.dtype:
        """int8 where it suffices, else int16."""
        return np.dtype(np.int8 if self.size <= 128 else np.int16)

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return f"each of 0 to {self.size - 1} exactly once"

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Each order equally likely."""
        return rng.permuted(np.tile(np.arange(self.size, dtype=self.dtype), (n, 1)), axis=1)

    def wrong(self, column: Column) -> Mask:
        """Out of range, or standing in the row a second time."""
        order = np.argsort(column, axis=1, kind="stable")
        ranked = np.take_along_axis(column, order, axis=1)
        again = np.zeros(column.shape, dtype=np.bool_)
        np.put_along_axis(again, order[:, 1:], ranked[:, 1:] == ranked[:, :-1], axis=1)
        return again | (column < 0) | (column >= self.size)

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """Order crossover."""
        return variation.order_crossover(mothers, fathers, rng)

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Swap mutation."""
        return variation.swap_mutation(column, rng, rate)


@dataclass(frozen=True)
class Simplex(Locus):
    """Shares, none negative, that sum to 1: ``float64[n, size]``.

    Blend crossover and log-normal steps of standard deviation 0.3 · ``scale``.
    """

    initial: tuple[float, ...] | None = None

    @property
    def dtype(self) -> np.dtype:
        """float64."""
        return np.dtype(np.float64)

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return f"{self.size} shares of at least 0 that sum to 1"

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Uniform on the simplex: the flat Dirichlet distribution."""
        return variation.share_out(rng.standard_exponential((n, self.size)))

    def wrong(self, column: Column) -> Mask:
        """Negative or not a number; the whole row where the sum is not 1."""
        summed = np.abs(column.sum(axis=1, keepdims=True) - 1.0) <= _SUM_TOLERANCE
        wrong: Mask = ~((column >= 0.0) & summed)
        return wrong

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """Blend crossover."""
        return variation.blend_crossover(mothers, fathers, rng)

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Log-normal steps."""
        return variation.simplex_mutation(column, rng, rate, _SIMPLEX_STEP * scale)

    def describe(self, genes: Column) -> str:
        """One row in per cent."""
        return " ".join(f"{gene:.1%}" for gene in genes.tolist())
