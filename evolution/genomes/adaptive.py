"""The self-adaptive locus: real numbers that carry the step sizes of their own mutation.

Beyer & Schwefel 2002, "Evolution strategies: a comprehensive introduction", Natural Computing 1.
Step sizes are inherited, mutate before the genes do, and are selected with what they bring about,
so that in the hands of any search they learn how far to go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from evolution import variation
from evolution.genomes.locus import Locus, Mask
from evolution.variation import Column

# No step size falls below this share of the range: it would be lost in the rounding of genes.
_LEAST = 1e-12


@dataclass(frozen=True)
class SelfAdaptive(Locus):
    """Real numbers from ``low`` to ``high`` with step sizes: ``float64[n, genes + steps]``.

    The genes come first; `values` gives them alone. A step size is a standard deviation as a share
    of the range, at first ``step``; genomes have one, or with ``steps="each"`` one for each gene.
    Mutation is `variation.self_adaptive_mutation`, with ``learning``·``scale`` for how fast steps
    change; in evolution strategies it hits all genes, which is a rate of 1. Crossover takes each
    gene from either parent and the mean of their step sizes, as the paper recommends.

    >>> spec = GenomeSpec({"x": SelfAdaptive(30)})
    >>> points = spec.loci["x"].values(genomes["x"])  # [n, 30]
    """

    size: int = field(init=False, default=1)
    genes: int = 1
    low: float | tuple[float, ...] = 0.0
    high: float | tuple[float, ...] = 1.0
    steps: str = "one"
    step: float = 0.1
    learning: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", self.genes + (1 if self.steps == "one" else self.genes))
        super().__post_init__()

    @property
    def dtype(self) -> np.dtype:
        """float64."""
        return np.dtype(np.float64)

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return (
            f"{self.genes} genes from {self.low} to {self.high}, then {self.size - self.genes} "
            f"step sizes from {_LEAST} to 1"
        )

    @cached_property
    def bounds(self) -> tuple[Column, Column]:
        """The bounds of the genes, float64[genes], both included; not to be altered."""
        bounds = []
        for what in ("low", "high"):
            value = np.asarray(getattr(self, what))
            self._require(
                value.shape in ((), (self.genes,)) and value.dtype.kind in "iuf",
                f"{what} is {value}; expected one number, or {self.genes} numbers, one per gene",
            )
            bounds.append(np.broadcast_to(value.astype(np.float64), (self.genes,)))
        return bounds[0], bounds[1]

    def values(self, column: Column) -> Column:
        """The genes alone, ``[n, genes]``: a view."""
        return column[:, : self.genes]

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Genes even between the bounds, all step sizes as at first."""
        genes = rng.uniform(*self.bounds, (n, self.genes)).clip(*self.bounds)
        return np.hstack([genes, np.full((n, self.size - self.genes), float(self.step))])

    def wrong(self, column: Column) -> Mask:
        """Outside the bounds, or not a number."""
        steps = np.ones(self.size - self.genes)
        low = np.concatenate([self.bounds[0], _LEAST * steps])
        high = np.concatenate([self.bounds[1], steps])
        wrong: Mask = ~((column >= low) & (column <= high))
        return wrong

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Move step sizes, and then genes by them."""
        genes, steps = column[:, : self.genes], column[:, self.genes :]
        low, high = self.bounds
        learning = self.learning * scale
        moved = variation.self_adaptive_mutation(
            genes, steps, low, high, rng, rate, learning, _LEAST
        )
        return np.hstack(moved)

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """Each gene from either parent, the mean of their step sizes."""
        children = variation.uniform_crossover(mothers, fathers, rng)
        pair = mothers[:, self.genes :], fathers[:, self.genes :]
        children[:, self.genes :] = variation.intermediate_crossover(*pair)
        return children

    def _word(self, gene: Any) -> str:
        """Four digits."""
        return f"{gene:.4g}"

    def describe(self, genes: Column) -> str:
        """The genes, then the step sizes."""
        words = [self._word(gene) for gene in genes.tolist()]
        return f"{' '.join(words[: self.genes])}, steps {' '.join(words[self.genes :])}"

    def _check(self) -> None:
        self._require(self.genes >= 1, f"genes is {self.genes}; allowed: 1 or more")
        allowed = self.steps in ("one", "each")
        self._require(allowed, f"steps is {self.steps!r}; allowed: 'one', 'each'")
        self._require(
            _LEAST <= self.step <= 1.0,
            f"step is {self.step}; allowed: {_LEAST} to 1, a share of the range, customarily 0.1",
        )
        self._require(
            bool(0.0 <= self.learning < np.inf),
            f"learning is {self.learning}; allowed: 0 or more, customarily 1",
        )
        low, high = self.bounds
        with np.errstate(all="ignore"):
            finite = np.isfinite(low) & np.isfinite(high) & np.isfinite(high - low)
        self._require(
            bool((finite & (low <= high)).all()),
            f"bounds are {self.low} to {self.high}; they and their distance must be finite, low "
            "at most high",
        )
