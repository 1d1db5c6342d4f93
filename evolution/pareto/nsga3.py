"""NSGA-III: fronts of non-dominated points, spread over reference directions.

Deb & Jain 2014, "An evolutionary many-objective optimization algorithm using reference-point-based
nondominated sorting approach, part I: solving problems with box constraints", IEEE Transactions on
Evolutionary Computation 18(4). The parts are in `evolution.pareto.niching` and
`evolution.pareto.directions`; what holds for every search stands in `evolution.search`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.pareto.elitist import Elitist, undominated
from evolution.pareto.niching import ReferenceSurvival
from evolution.search import Floats, Integers, Representation


class NSGA3(Elitist):
    """The algorithm by ask and tell, for three objectives and more.

    >>> search = NSGA3(GenomeSpec({"x": Real(12)}), 92, rng=1, directions=das_dennis(3, 12))
    >>> for _ in range(200):
    ...     genomes = search.ask()
    ...     search.tell(dtlz2(genomes["x"]))
    >>> search.genomes["x"][search.front]

    ``directions`` ``[H, M]`` say where on the front points are wanted; the population should not
    be smaller than H. Every survivor is as likely a parent as any other, and all children are
    crossed, as in the paper.

    Attributes, after the first ``tell``: ``genomes`` and ``objectives`` ``float64[population, M]``
    of the survivors, best first; ``survival``, an `evolution.pareto.ReferenceSurvival`, with their
    ``ranks``, ``niches`` and ``distances`` and the scale of the objectives.

    ``founders`` replace the sampled first generation.
    """

    def __init__(
        self,
        spec: Representation,
        population: int,
        rng: np.random.Generator | int,
        *,
        directions: npt.ArrayLike,
        crossover_rate: float = 1.0,
        mutation_rate: float | None = None,
        mutation_scale: float = 1.0,
        founders: Genomes | None = None,
    ) -> None:
        survival = ReferenceSurvival(directions)
        super().__init__(
            spec,
            population,
            rng,
            crossover_rate=crossover_rate,
            mutation_rate=mutation_rate,
            mutation_scale=mutation_scale,
            founders=founders,
        )
        self.survival = survival
        self._told_width = survival.directions.shape[1]

    @property
    def front(self) -> Integers:
        """The rows of the survivors that nobody dominates; none where all evaluations failed."""
        return undominated(self.survival.ranks, self.objectives)

    def _select(self, objectives: Floats) -> Integers:
        return self.survival.select(objectives, self.population, self.rng)

    def _parents(self, n: int) -> Integers:
        shuffles = [self.rng.permutation(self.population) for _ in range(-(-n // self.population))]
        return np.concatenate(shuffles)[:n]

    def _settings(self) -> dict[str, Any]:
        return super()._settings() | {"directions": self.survival.directions.tolist()}

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays, facts = super()._save()
        return arrays | self.survival.arrays(), facts

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        super()._load(arrays, facts)
        self.survival.load(arrays)
