"""Loci: the kinds of genes, and how each is drawn, checked, crossed, mutated and described.

What they have in common is in `evolution.genomes.base`; numbers are in `bounded`, networks in
`network` and programs in `evolution.programs`. Each kind here has customary operators, and takes
others by ``mutation`` and ``recombination``: see `evolution.genomes.mutations` and `crossovers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from evolution import variation
from evolution.genomes.base import GenomeError, Locus, Mask
from evolution.genomes.bounded import Integer, Real
from evolution.genomes.choice import Choosing
from evolution.genomes.crossovers import Crossover
from evolution.genomes.mutations import Mutation
from evolution.variation import Column

__all__ = [
    "Categorical",
    "GenomeError",
    "Integer",
    "Locus",
    "Mask",
    "Permutation",
    "Real",
    "Simplex",
]

# Shares may miss the sum of 1 by rounding, not by more.
_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Categorical(Choosing):
    """One of ``choices`` values without order, 0 … choices-1, per gene: ``int16[n, size]``.

    A string of 100 bits is ``Categorical(100, 2)``. Unless chosen otherwise, uniform crossover and
    resetting; categories have no distance, so ``scale`` plays no part.
    """

    usual: ClassVar[tuple[str, str]] = ("reset", "uniform")
    choices: int | tuple[int, ...]
    initial: int | tuple[int, ...] | None = None
    mutation: Mutation | str = field(default=usual[0], kw_only=True)
    recombination: Crossover | str = field(default=usual[1], kw_only=True)

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

    def summarise(self, column: Column) -> str:
        """What is most common, and the entropy."""
        return f"{super().summarise(column)}; {_usual(column, self.counts)}"


@dataclass(frozen=True)
class Permutation(Choosing):
    """An order of 0 … size-1: ``int8[n, size]``, or ``int16`` beyond 128 places.

    Unless chosen otherwise, order crossover and swaps; a swap has one size, so ``scale`` plays no
    part.
    """

    usual: ClassVar[tuple[str, str]] = ("swap", "order")
    initial: tuple[int, ...] | None = None
    mutation: Mutation | str = field(default=usual[0], kw_only=True)
    recombination: Crossover | str = field(default=usual[1], kw_only=True)

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

    def changes(self, genes: Column, others: Column) -> list[str]:
        """What stands elsewhere, a phrase for each value that does."""
        before, after = np.argsort(genes), np.argsort(others)
        return [
            f"{value}: place {before[value]} → {after[value]}"
            for value in np.flatnonzero(before != after)
        ]

    def summarise(self, column: Column) -> str:
        """What is most common at each place, and the entropy."""
        counts = np.full(self.size, self.size)
        return f"{super().summarise(column)}; {_usual(column, counts)}"


@dataclass(frozen=True)
class Simplex(Choosing):
    """Shares, none negative, that sum to 1: ``float64[n, size]``.

    Unless chosen otherwise, blend crossover and log-normal steps of standard deviation
    0.3 · ``scale``.
    """

    usual: ClassVar[tuple[str, str]] = ("log-normal", "blend")
    initial: tuple[float, ...] | None = None
    mutation: Mutation | str = field(default=usual[0], kw_only=True)
    recombination: Crossover | str = field(default=usual[1], kw_only=True)

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

    def _word(self, gene: Any) -> str:
        """In per cent."""
        return f"{gene:.1%}"

    def _step(self, gene: Any, other: Any, i: int) -> str:
        """The difference in points."""
        return f" ({100.0 * (other - gene):+.3g} points)"

    def summarise(self, column: Column) -> str:
        """The mean shares, and how far they scatter."""
        means = " ".join(self._word(mean) for mean in column.mean(axis=0))
        return (
            f"{super().summarise(column)}; mean {means}, deviation "
            f"{100.0 * column.std(axis=0).mean():.3g} points"
        )


def _usual(column: Column, choices: Column) -> str:
    """The most common value of each gene, and the mean entropy as a share of the most possible."""
    counts = [np.bincount(genes, minlength=k) for genes, k in zip(column.T, choices, strict=True)]
    commonest = " ".join(str(int(count.argmax())) for count in counts)
    shares = [count / len(column) for count in counts]
    nats = [-(share[share > 0] * np.log(share[share > 0])).sum() for share in shares]
    most = sum(np.log(choice) for choice in choices)
    entropy = f"{sum(nats) / most:.0%}" if most > 0 else "none"
    return f"most common {commonest}, entropy {entropy} of the most possible"
