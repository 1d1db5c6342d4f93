"""Loci that choose their operators, by name or as values."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from evolution.genomes.base import GenomeError, Locus
from evolution.genomes.crossovers import CROSSOVERS, Crossover
from evolution.genomes.mutations import MUTATIONS, Mutation
from evolution.variation import Column, VariationError


class Choosing(Locus):
    """A locus with ``mutation`` and ``recombination``: names of operators, or operators.

    ``usual`` names the two that it has unless told otherwise.
    """

    usual: ClassVar[tuple[str, str]]
    mutation: Mutation | str
    recombination: Crossover | str

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Mutate by the chosen operator."""
        return self._operator("mutation", MUTATIONS, Mutation)(self, column, rng, rate, scale)

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """One child per pair of rows, by the chosen operator."""
        return self._operator("recombination", CROSSOVERS, Crossover)(self, mothers, fathers, rng)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.mutation, self.recombination) == self.usual:
            return
        # Parameters that cannot be, or not with this size, are noticed before a run begins.
        try:
            rng = np.random.default_rng(0)
            rows = self.draw(2, rng)
            self.mutate(self.crossover(rows, rows[::-1], rng), rng, 1.0, 1.0)
        except VariationError as error:
            raise GenomeError(f"{type(self).__name__}: {error}") from error

    def _operator(self, what: str, known: dict[str, Any], kind: type[Any]) -> Any:
        chosen = getattr(self, what)
        mine = {base.__name__ for base in type(self).__mro__}
        names = [name for name, operator in known.items() if mine.intersection(operator.suits)]
        operator = known[chosen]() if isinstance(chosen, str) and chosen in names else chosen
        self._require(
            isinstance(operator, kind) and bool(mine.intersection(operator.suits)),
            f"{what} is {chosen!r}; allowed: {', '.join(map(repr, names))}, or an operator with "
            f"parameters of its own, e.g. {known[names[0]]()!r}",
        )
        return operator
