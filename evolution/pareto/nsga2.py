"""NSGA-II: fronts of non-dominated points, thinned by crowding. Objectives are minimised.

Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm:
NSGA-II", IEEE Transactions on Evolutionary Computation 6(2). The parts are in
`evolution.pareto.ranking`; what holds for every search stands in `evolution.search`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.pareto.elitist import Elitist, undominated
from evolution.pareto.ranking import (
    binary_tournament,
    crowding_distance,
    pareto_ranks,
    select_ranked,
)
from evolution.search import Floats, Integers


class NSGA2(Elitist):
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

    ranks: Integers = np.empty(0, dtype=np.int64)
    crowding: Floats = np.empty(0)

    @property
    def front(self) -> Integers:
        """The rows of the survivors that nobody dominates; none where all evaluations failed."""
        return undominated(self.ranks, self.objectives)

    def _select(self, objectives: Floats) -> Integers:
        # Survivors keep the fronts they had among all; how crowded they are changes.
        rows, self.ranks = select_ranked(objectives, self.population)
        self.crowding = crowding_distance(objectives[rows], self.ranks)
        return rows

    def _parents(self, n: int) -> Integers:
        return binary_tournament(self.ranks, self.crowding, n, self.rng)

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        # Ranks and crowding follow from the survivors alone, so a state need not hold them.
        super()._load(arrays, facts)
        self.ranks = pareto_ranks(self.objectives)
        self.crowding = crowding_distance(self.objectives, self.ranks)
