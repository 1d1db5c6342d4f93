"""SPEA2: strength and density decide, and an archive is thinned where it is densest.

Zitzler, Laumanns & Thiele 2001, "SPEA2: Improving the strength Pareto evolutionary algorithm",
TIK-Report 103, ETH Zürich. The parts are in `evolution.pareto.strength`; what holds for every
search stands in `evolution.search`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.pareto.elitist import Elitist
from evolution.pareto.ranking import binary_tournament
from evolution.pareto.strength import spea2_survivors
from evolution.search import Floats, Integers


class SPEA2(Elitist):
    """The algorithm by ask and tell; the archive is as large as the population.

    >>> search = SPEA2(GenomeSpec({"x": Real(30)}), 100, rng=1)
    >>> for _ in range(200):
    ...     genomes = search.ask()
    ...     search.tell(zdt1(genomes["x"]))
    >>> search.genomes["x"][search.front]

    Distances are in the units of the objectives, as in the paper: give objectives of like scale.

    Attributes, after the first ``tell``: ``genomes`` and ``objectives`` ``float64[population, M]``
    of the archive, best first; ``fitness`` ``float64[population]``, minimised, as it was among all
    that competed: below 1 where nobody dominates, infinite if failed.

    ``founders`` replace the sampled first generation.
    """

    fitness: Floats = np.empty(0)

    @property
    def front(self) -> Integers:
        """The rows of the archive that nobody dominates; none where all evaluations failed."""
        return np.flatnonzero(self.fitness < 1.0)

    def _select(self, objectives: Floats) -> Integers:
        rows, self.fitness = spea2_survivors(objectives, self.population)
        return rows

    def _parents(self, n: int) -> Integers:
        return binary_tournament(np.zeros(len(self.fitness)), -self.fitness, n, self.rng)

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays, facts = super()._save()
        return arrays | {"fitness": self.fitness}, facts

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        super()._load(arrays, facts)
        self.fitness = arrays["fitness"]
