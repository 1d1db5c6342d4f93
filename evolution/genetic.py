"""The generational genetic algorithm: parents win tournaments, children replace the generation.

Holland 1975, "Adaptation in Natural and Artificial Systems"; tournaments after Goldberg & Deb 1991,
"A comparative analysis of selection schemes used in genetic algorithms". What holds for every
search stands in `evolution.search`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.breeding import Breeding
from evolution.genomes.spec import Genomes
from evolution.search import (
    AskTellError,
    Evaluated,
    Floats,
    Integers,
    ObjectiveError,
    Representation,
    Search,
    founding,
)
from evolution.state import packed, unpacked


def ranking(objectives: Floats) -> Integers:
    """Rows of ``objectives[n, M]`` by their sum, best first; failed ones last, ties by row."""
    with np.errstate(invalid="ignore"):
        return np.argsort(objectives.sum(axis=1), kind="stable")  # a NaN sorts last


def tournament_select(
    objectives: npt.ArrayLike, k: int, size: int, rng: np.random.Generator
) -> Integers:
    """``k`` rows ``int64[k]``, each the best of ``size`` drawn with replacement.

    ``objectives``, minimised, are ``[n]``, or ``[n, M]`` of which the sum counts; NaN loses.
    The chance of the row of rank r of n (0 is best) is ((n - r)^size - (n - r - 1)^size) / n^size;
    of entrants with equal objectives the lower row wins.
    """
    rows = np.asarray(objectives, dtype=np.float64)
    rows = rows[:, np.newaxis] if rows.ndim == 1 else rows
    if rows.ndim != 2:
        raise ObjectiveError(f"objectives are {list(rows.shape)}; expected [n] or [n, M]")
    n = len(rows)
    if n < 1 or size < 1:
        raise ObjectiveError(f"a tournament of {size} among {n}; at least 1 of 1 is needed")
    # The winner is the entrant of the best rank, so ranks are drawn and never looked up.
    return ranking(rows)[rng.integers(0, n, (k, size)).min(axis=1)]


class GeneticAlgorithm(Search):
    """One objective, minimised, by ask and tell.

    >>> search = GeneticAlgorithm(GenomeSpec({"x": Real(10)}), 100, rng=1)
    >>> for _ in range(100):
    ...     search.tell(sphere(search.ask()["x"]))
    >>> search.best.objectives

    Attributes: ``genomes`` and ``objectives`` ``float64[population, M]`` of the last generation,
    best first.

    Each child has two parents, crossed with probability ``crossover_rate``, and mutates each gene
    at ``mutation_rate``. The ``elites`` best of a generation take the places of the worst children
    of the next. ``founders`` replace the sampled first generation.
    """

    objectives_expected: int | None = 1

    def __init__(
        self,
        spec: Representation,
        population: int,
        rng: np.random.Generator | int,
        *,
        tournament: int = 3,
        crossover_rate: float = 0.9,
        mutation_rate: float | None = None,
        mutation_scale: float = 1.0,
        elites: int = 1,
        founders: Genomes | None = None,
    ) -> None:
        super().__init__(spec, rng)
        if tournament < 1:
            raise AskTellError(f"tournament is {tournament}; at least 1, e.g. 3")
        self.genomes = founding(spec, population, self.rng, founders)
        if not 0 <= elites < population:
            raise AskTellError(f"elites is {elites}; allowed: 0 to {population - 1}")
        self.population = population
        self.tournament = tournament
        self.breeding = Breeding(crossover_rate, mutation_rate, mutation_scale)
        self.elites = elites
        self.objectives: Floats = np.empty((0, 1))

    @property
    def residents(self) -> Evaluated:
        """The last generation, best first."""
        n = len(self.objectives)
        return Evaluated(self.spec.take(self.genomes, slice(0, n)), self.objectives.copy())

    def _receive(self, immigrants: Evaluated) -> None:
        """They take the places of the worst, as long as they last."""
        self._replace_worst(Evaluated(self.genomes, self.objectives), immigrants)

    def _ask(self) -> Genomes:
        if not self.generation:
            return self.genomes
        parents = self._parents(2 * self.population)
        mothers, fathers = parents[: self.population], parents[self.population :]
        return self.breeding.children(self.spec, self.genomes, mothers, fathers, self.rng)

    def _parents(self, k: int) -> Integers:
        return tournament_select(self.objectives, k, self.tournament, self.rng)

    def _tell(self, evaluated: Evaluated) -> None:
        elites = Evaluated(self.spec.take(evaluated.genomes, slice(0)), evaluated.objectives[:0])
        if self.elites and self.generation:
            best = slice(0, self.elites)
            elites = Evaluated(self.spec.take(self.genomes, best), self.objectives[best])
        self._replace_worst(evaluated, elites)

    def _replace_worst(self, evaluated: Evaluated, others: Evaluated) -> None:
        """Make a generation of these, but for the worst of the first, whose places others take."""
        taken = min(len(others.objectives), self.population)
        kept = ranking(evaluated.objectives)[: self.population - taken]
        chosen = ranking(others.objectives)[:taken]
        objectives = np.concatenate([others.objectives[chosen], evaluated.objectives[kept]])
        genomes = self.spec.concatenate(
            self.spec.take(others.genomes, chosen), self.spec.take(evaluated.genomes, kept)
        )
        rows = ranking(objectives)
        self.genomes, self.objectives = self.spec.take(genomes, rows), objectives[rows]

    def _settings(self) -> dict[str, Any]:
        return {
            "population": self.population,
            "tournament": self.tournament,
            **asdict(self.breeding),
            "elites": self.elites,
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        return packed(self.genomes, "genomes") | {"objectives": self.objectives}, {}

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        genomes = unpacked(arrays, "genomes")
        self.spec.validate(genomes)
        self.genomes, self.objectives = genomes, arrays["objectives"]
