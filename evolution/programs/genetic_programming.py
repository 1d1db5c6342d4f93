"""Genetic programming: a genetic algorithm over programs that keeps them small.

Koza 1992, "Genetic Programming" (MIT Press). Of programs that do equally well the smaller one ranks
first: lexicographic parsimony after Luke & Panait 2002, "Lexicographic parsimony pressure"; what a
node costs besides is parametric parsimony. What holds for every search stands in
`evolution.search`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evolution.genetic import GeneticAlgorithm, tournament_select
from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.programs.program import Program
from evolution.programs.trees import Integers
from evolution.search import AskTellError, Evaluated


class GeneticProgramming(GeneticAlgorithm):
    """One objective of genomes that hold programs, by ask and tell.

    >>> spec = GenomeSpec({"program": Program(maths)})
    >>> search = GeneticProgramming(spec, 300, rng=1)
    >>> for _ in range(40):
    ...     values = spec.loci["program"].evaluate(search.ask()["program"], cases)
    ...     search.tell(np.square(values - targets).mean(axis=1))
    >>> spec.describe(search.best.genomes)

    ``parsimony`` is what each node adds to the objective when parents are chosen; equals are told
    apart by size in any case. The size of a genome is that of all its programs. For parents by
    lexicase, use `evolution.Lexicase`, which knows programs as it does any genome.

    Children are crossed with probability ``crossover_rate`` and then changed with probability
    ``mutation_rate``, independently (DEAP's ``varAnd``).
    """

    def __init__(
        self,
        spec: GenomeSpec,
        population: int,
        rng: np.random.Generator | int,
        *,
        tournament: int = 3,
        crossover_rate: float = 0.9,
        mutation_rate: float = 0.1,
        mutation_scale: float = 1.0,
        elites: int = 1,
        parsimony: float = 0.0,
        founders: Genomes | None = None,
    ) -> None:
        self._programs = {
            name: locus for name, locus in spec.loci.items() if isinstance(locus, Program)
        }
        if not self._programs:
            raise AskTellError(
                f"no program among the loci {list(spec.names)}; e.g. GenomeSpec("
                '{"program": Program(PrimitiveSet(("x",), ("add", "mul")))})'
            )
        if not 0.0 <= parsimony < np.inf:
            raise AskTellError(f"parsimony is {parsimony}; allowed: 0 or more a node, e.g. 0.001")
        super().__init__(
            spec,
            population,
            rng,
            tournament=tournament,
            crossover_rate=crossover_rate,
            mutation_rate=mutation_rate,
            mutation_scale=mutation_scale,
            elites=elites,
            founders=founders,
        )
        self.parsimony = parsimony

    def sizes(self, genomes: Genomes) -> Integers:
        """How many nodes the programs of each genome have: int64[n]."""
        sizes = [locus.sizes(genomes[name]) for name, locus in self._programs.items()]
        return np.sum(sizes, axis=0, dtype=np.int64)

    def _parents(self, k: int) -> Integers:
        costs = self.objectives
        if self.parsimony:
            costs = costs + self.parsimony * self.sizes(self.genomes)[:, np.newaxis]
        return tournament_select(costs, k, self.tournament, self.rng)

    def _replace_worst(self, evaluated: Evaluated, others: Evaluated) -> None:
        """As in every genetic algorithm, but of equals the smaller ones are kept and come first."""
        genomes = self.spec.concatenate(others.genomes, evaluated.genomes)
        objectives = np.concatenate([others.objectives, evaluated.objectives])
        order = np.lexsort((self.sizes(genomes), objectives[:, 0]))  # a NaN sorts last
        foreign = order < len(others.objectives)
        taken = min(len(others.objectives), self.population)
        places = np.where(foreign, taken, self.population - taken)
        rank = np.where(foreign, np.cumsum(foreign), np.cumsum(~foreign))  # among its like, from 1
        rows = order[rank <= places]
        self.genomes, self.objectives = self.spec.take(genomes, rows), objectives[rows]

    def _settings(self) -> dict[str, Any]:
        return super()._settings() | {"parsimony": self.parsimony}
