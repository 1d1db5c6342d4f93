"""Breeding: two parents, one child, crossed and mutated as the genomes' spec does it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolution.genomes.spec import Genomes
from evolution.search import AskTellError, Integers, Representation


@dataclass(frozen=True)
class Breeding:
    """How much children are varied; `AskTellError` for what cannot be.

    Attributes:
        crossover_rate: the chance that a child is crossed; else it begins as its mother.
        mutation_rate: the chance of each gene to mutate; None for 1 / genes.
        mutation_scale: multiplies the customary step of each kind of locus; above 0, at most 10.
    """

    crossover_rate: float = 0.9
    mutation_rate: float | None = None
    mutation_scale: float = 1.0

    def __post_init__(self) -> None:
        for what in ("crossover_rate", "mutation_rate"):
            rate = getattr(self, what)
            if rate is not None and not 0.0 <= rate <= 1.0:
                raise AskTellError(f"{what} is {rate}; a rate is a probability from 0 to 1")
        if not 0.0 < self.mutation_scale <= 10.0:
            raise AskTellError(
                f"mutation_scale is {self.mutation_scale}; allowed: above 0, at most 10 (1 is "
                "customary)"
            )

    def children(
        self,
        spec: Representation,
        genomes: Genomes,
        mothers: Integers,
        fathers: Integers,
        rng: np.random.Generator,
    ) -> Genomes:
        """One child for each pair of rows of ``genomes``."""
        pairs = spec.take(genomes, mothers), spec.take(genomes, fathers)
        children = spec.crossover(*pairs, rng, self.crossover_rate)
        return spec.mutate(children, rng, self.mutation_rate, self.mutation_scale)
