"""NSGA-II: fronts of non-dominated points, thinned by crowding. Objectives are minimised.

Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm:
NSGA-II", IEEE Transactions on Evolutionary Computation 6(2). The parts are in
`evolution.pareto.ranking`; what holds for every search stands in `evolution.search`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.pareto.ranking import (
    binary_tournament,
    crowding_distance,
    pareto_ranks,
    select,
)
from evolution.search import (
    AskTellError,
    Evaluated,
    Floats,
    Integers,
    Representation,
    Search,
    failed,
    packed,
    unpacked,
)


class NSGA2(Search):
    """The algorithm by ask and tell.

    >>> search = NSGA2(GenomeSpec({"x": Real(30)}), 100, rng=1)
    >>> for _ in range(200):
    ...     genomes = search.ask()
    ...     search.tell(zdt1(genomes["x"]))
    >>> search.genomes["x"][search.front]

    Attributes, after the first ``tell``: ``genomes`` and ``objectives`` ``float64[population, M]``
    of the survivors, best first; their ``ranks`` and ``crowding``.

    ``founders`` replace the sampled first generation.
    """

    def __init__(
        self,
        spec: Representation,
        population: int,
        rng: np.random.Generator | int,
        *,
        crossover_rate: float = 0.9,
        mutation_rate: float | None = None,
        mutation_scale: float = 1.0,
        founders: Genomes | None = None,
    ) -> None:
        if population < 2:
            raise AskTellError(f"population is {population}; at least 2 are needed, e.g. 100")
        super().__init__(spec, rng)
        self.population = population
        self.crossover_rate = crossover_rate
        self.mutation_rate = mutation_rate
        self.mutation_scale = mutation_scale
        if founders is None:
            founders = spec.sample(population, self.rng)
        spec.validate(founders)
        if spec.count(founders) != population:
            raise AskTellError(f"{spec.count(founders)} founders for a population of {population}")
        self.genomes = spec.take(founders, slice(None))
        self._set_objectives(np.empty((0, 0)))

    @property
    def front(self) -> Integers:
        """The rows of the survivors that nobody dominates; none where all evaluations failed."""
        return np.flatnonzero((self.ranks == 0) & ~failed(self.objectives))

    @property
    def residents(self) -> Evaluated:
        """The survivors."""
        n = len(self.objectives)
        return Evaluated(self.spec.take(self.genomes, slice(0, n)), self.objectives.copy())

    def receive(self, immigrants: Evaluated) -> None:
        """They compete with the survivors for the places there are."""
        self._survive(immigrants)

    def _ask(self) -> Genomes:
        """The founders first, then children."""
        return self._breed() if self.generation else self.genomes

    def _tell(self, evaluated: Evaluated) -> None:
        if self.generation:
            self._survive(evaluated)
        else:
            self._keep(evaluated.genomes, evaluated.objectives)

    def _survive(self, evaluated: Evaluated) -> None:
        genomes = self.spec.concatenate(self.genomes, evaluated.genomes)
        self._keep(genomes, np.concatenate([self.objectives, evaluated.objectives]))

    def _keep(self, genomes: Genomes, objectives: Floats) -> None:
        rows = select(objectives, self.population)
        self.genomes = self.spec.take(genomes, rows)
        self._set_objectives(objectives[rows])

    def _breed(self) -> Genomes:
        parents = binary_tournament(self.ranks, self.crowding, 2 * self.population, self.rng)
        mothers = self.spec.take(self.genomes, parents[: self.population])
        fathers = self.spec.take(self.genomes, parents[self.population :])
        children = self.spec.crossover(mothers, fathers, self.rng, self.crossover_rate)
        return self.spec.mutate(children, self.rng, self.mutation_rate, self.mutation_scale)

    def _set_objectives(self, objectives: Floats) -> None:
        # Ranks and crowding follow from the survivors alone, so a state need not hold them.
        self.objectives = objectives
        self.ranks = pareto_ranks(objectives)
        self.crowding = crowding_distance(objectives, self.ranks)

    def _settings(self) -> dict[str, Any]:
        return {
            "population": self.population,
            "crossover_rate": self.crossover_rate,
            "mutation_rate": self.mutation_rate,
            "mutation_scale": self.mutation_scale,
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        return packed(self.genomes, "genomes") | {"objectives": self.objectives}, {}

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        genomes = unpacked(arrays, "genomes")
        self.spec.validate(genomes)
        self.genomes = genomes
        self._set_objectives(arrays["objectives"])
