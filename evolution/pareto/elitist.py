"""What NSGA-II, NSGA-III and SPEA2 have in common: parents and children compete for the places.

They differ in who survives and in who becomes a parent; what holds for every search stands in
`evolution.search`.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.breeding import Breeding
from evolution.genomes.spec import Genomes
from evolution.search import Evaluated, Floats, Integers, Representation, Search, failed, founding
from evolution.state import packed, unpacked


class Elitist(Search):
    """A population that keeps its best: a subclass says who survives and who breeds.

    Attributes, after the first ``tell``: ``genomes`` and ``objectives`` ``float64[population, M]``
    of the survivors, best first; whatever the subclass adds.

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
        super().__init__(spec, rng)
        self.population = population
        self.breeding = Breeding(crossover_rate, mutation_rate, mutation_scale)
        self.genomes = founding(spec, population, self.rng, founders)
        self.objectives = np.empty((0, 0))

    @property
    @abstractmethod
    def front(self) -> Integers:
        """The rows of the survivors that nobody dominates; none where all evaluations failed."""

    @property
    def residents(self) -> Evaluated:
        """The survivors."""
        n = len(self.objectives)
        return Evaluated(self.spec.take(self.genomes, slice(0, n)), self.objectives.copy())

    def _receive(self, immigrants: Evaluated) -> None:
        """They compete with the survivors for the places there are."""
        self._survive(immigrants)

    @abstractmethod
    def _select(self, objectives: Floats) -> Integers:
        """The rows ``int64[population]`` that survive, best first; learn about them by the way."""

    @abstractmethod
    def _parents(self, n: int) -> Integers:
        """The survivors ``int64[n]`` that breed, in random order."""

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
        rows = self._select(objectives)
        self.genomes = self.spec.take(genomes, rows)
        self.objectives = objectives[rows]

    def _breed(self) -> Genomes:
        parents = self._parents(2 * self.population)
        mothers, fathers = parents[: self.population], parents[self.population :]
        return self.breeding.children(self.spec, self.genomes, mothers, fathers, self.rng)

    def _settings(self) -> dict[str, Any]:
        return {
            "population": self.population,
            **asdict(self.breeding),
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        return packed(self.genomes, "genomes") | {"objectives": self.objectives}, {}

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        genomes = unpacked(arrays, "genomes")
        self.spec.validate(genomes)
        self.genomes = genomes
        self.objectives = arrays["objectives"]


def undominated(ranks: Integers, objectives: Floats) -> Integers:
    """The rows of the first front, without failed evaluations."""
    return np.flatnonzero((ranks == 0) & ~failed(objectives))
