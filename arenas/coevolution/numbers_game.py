"""The numbers game: the smallest games in which coevolution goes wrong in known ways.

Watson & Pollack 2001, "Coevolutionary dynamics in a minimal substrate", GECCO. A genome stands for
a few whole numbers, each the count of ones among its bits, and larger is better; what differs is
how two of them are compared:

- "sum" (their game 1): by the sum of the numbers, which is transitive;
- "focusing" (game 2): by the number in which they differ most alone, so that those in which
  nobody differs much are forgotten;
- "intransitive" (game 3): by the number in which they differ least alone, which lets a beat b,
  b beat c and c beat a.

The larger gets 1, the smaller 0, equal ones ½ each. The true worth of a genome, which neither side
is told, is the sum of its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from arenas.coevolution.errors import CoevolutionError
from evolution import Categorical, Genomes, GenomeSpec

Comparison = Literal["sum", "focusing", "intransitive"]
LOCUS = "bits"


@dataclass(frozen=True)
class NumbersGame:
    """A contest of genomes of ``dimensions`` numbers from 0 to ``bits`` each.

    Attributes:
        comparison: "sum", "focusing" or "intransitive".
        dimensions: numbers in a genome.
        bits: bits in a number.
        advantage: what the first side may add to each of its numbers: with as much as there are
            bits it always wins, and neither side feels a gradient.
    """

    comparison: Comparison = "sum"
    dimensions: int = 2
    bits: int = 50
    advantage: int = 0

    def __post_init__(self) -> None:
        if self.comparison not in get_args(Comparison):
            raise CoevolutionError(
                f"comparison is {self.comparison!r}; allowed: {', '.join(get_args(Comparison))}"
            )
        if self.dimensions < 1 or self.bits < 1:
            raise CoevolutionError(
                f"{self.dimensions} numbers of {self.bits} bits; at least 1 of 1, such as 2 of 50"
            )
        for name in ("dimensions", "bits", "advantage"):
            if not isinstance(getattr(self, name), int | np.integer):
                raise CoevolutionError(f"{name} is {getattr(self, name)!r}; a whole number")

    def spec(self, ones: bool = False) -> GenomeSpec:
        """The genomes: bits that begin at 0, or, with ``ones``, wherever they are drawn."""
        initial = None if ones else 0
        return GenomeSpec({LOCUS: Categorical(self.dimensions * self.bits, 2, initial)})

    def numbers(self, genomes: Genomes) -> npt.NDArray[np.int64]:
        """int64[n, dimensions], what the genomes stand for."""
        bits = genomes[LOCUS].reshape(-1, self.dimensions, self.bits)
        return bits.sum(axis=2, dtype=np.int64)

    def __call__(self, one: Genomes, other: Genomes, seed: int) -> npt.NDArray[np.float64]:
        """Outcomes float64[n_one, n_other]; there is no chance in them."""
        mine = self.numbers(one)[:, np.newaxis] + self.advantage
        gap = mine - self.numbers(other)[np.newaxis]
        if self.comparison == "sum":
            decides = gap.sum(axis=2)
        else:
            size = np.abs(gap)
            most = self.comparison == "focusing"
            chosen = size.argmax(axis=2) if most else size.argmin(axis=2)
            decides = np.take_along_axis(gap, chosen[..., np.newaxis], axis=2)[..., 0]
        return 0.5 + 0.5 * np.sign(decides)
