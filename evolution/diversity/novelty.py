"""Novelty search: reward what has not been seen before, and the objective may come by itself.

Lehman & Stanley 2011, "Abandoning objectives: evolution through the search for novelty alone",
Evolutionary Computation 19(2). The novelty of a genome is the mean distance of its behaviour to
its k nearest neighbours among its own generation and an archive of earlier ones. What holds for
every search stands in `evolution.search`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.breeding import Breeding
from evolution.diversity.admission import Admission, MostNovel
from evolution.diversity.cells import DiversityError
from evolution.diversity.indexed import IndexedArchive, PointIndex
from evolution.diversity.neighbours import NeighbourArchive, mean_distance
from evolution.genomes.spec import Genomes
from evolution.pareto.ranking import best_rows, crowding_distance, pareto_ranks
from evolution.search import Evaluated, Floats, Integers, Representation, Search, failed, founding
from evolution.state import packed, unpacked


class NoveltySearch(Search):
    """A generational search for novelty by ask and tell.

    >>> search = NoveltySearch(GenomeSpec({"weights": Real(22, -1, 1)}), 250, rng=1)
    >>> for _ in range(200):
    ...     ends = simulate(search.ask()["weights"])
    ...     search.tell(distance_to_goal(ends), measures=ends)
    >>> search.best

    Without an objective, tell zeros. Each child has two parents, winners of tournaments; children
    replace the generation. What wins is, unless told otherwise, novelty alone:

    - ``fitness_weight`` w ranks by (1 - w) · novelty - w · objective, both scaled to 0 … 1 within
      the generation. Cuccu & Gomez 2011, "When novelty is not enough", EvoApplications.
    - ``local_competition`` ranks by fronts of novelty and of how many of its neighbours a genome
      beats in the objective. Lehman & Stanley 2011, "Evolving a diversity of virtual creatures
      through novelty search and local competition", GECCO.

    ``neighbours`` is the k; ``admission`` says whom the archive remembers. The archive compares
    with everything it has, exactly; ``index``, which makes an empty `PointIndex` of so many
    dimensions, lets another find its neighbours, such as an approximate one when it remembers
    millions: ``index=lambda d: HNSW(d, seed=1)``. A state does not hold the index: what restores
    it makes one and adds the archive again. A genome with a NaN
    objective, or a NaN or infinite measure, has failed: it ranks last and is nobody's neighbour.

    Attributes: ``genomes``, ``objectives`` ``float64[population, 1]``, ``measures`` and
    ``novelty`` ``float64[population]`` of the last generation, best first, NaN for the failed;
    ``archive``, the behaviour remembered, None until there is any.
    """

    objectives_expected = 1
    measures_needed = True

    def __init__(
        self,
        spec: Representation,
        population: int,
        rng: np.random.Generator | int,
        *,
        neighbours: int = 15,
        admission: Admission | None = None,
        fitness_weight: float = 0.0,
        local_competition: bool = False,
        tournament: int = 3,
        crossover_rate: float = 0.9,
        mutation_rate: float | None = None,
        mutation_scale: float = 1.0,
        founders: Genomes | None = None,
        index: Callable[[int], PointIndex] | None = None,
    ) -> None:
        super().__init__(spec, rng)
        if neighbours < 1 or tournament < 1 or not 0.0 <= fitness_weight <= 1.0:
            raise DiversityError(
                f"neighbours is {neighbours}, tournament {tournament}, fitness_weight "
                f"{fitness_weight}; expected at least 1, at least 1, and 0 to 1, e.g. 15, 3 and 0"
            )
        if fitness_weight and local_competition:
            raise DiversityError(
                f"fitness_weight is {fitness_weight} and local_competition True; each is a way to "
                "rank by the objective too: choose one"
            )
        self.population = population
        self.neighbours = neighbours
        self.admission = MostNovel() if admission is None else admission
        self.fitness_weight = fitness_weight
        self.local_competition = local_competition
        self.tournament = tournament
        self.breeding = Breeding(crossover_rate, mutation_rate, mutation_scale)
        self.genomes = founding(spec, population, self.rng, founders)
        self.objectives: Floats = np.empty((0, 1))
        self.measures: Floats = np.empty((0, 0))
        self.novelty: Floats = np.empty(0)
        self.archive: NeighbourArchive | IndexedArchive | None = None
        self._index = index
        self._remembered: Floats = np.empty(0)  # the objectives of the archive
        self._learnt: dict[str, Any] = {}
        self._champion: Evaluated | None = None

    @property
    def residents(self) -> Evaluated:
        """The last generation; the best are those that breed most, not those of best objective."""
        rows = slice(0, len(self.objectives))
        genomes = self.spec.take(self.genomes, rows)
        return Evaluated(genomes, self.objectives.copy(), self.measures.copy())

    @property
    def best(self) -> Evaluated:
        """The genome of the best objective ever told, as one row; it may be of no generation."""
        if self._champion is None:
            return super().best
        genomes, objectives, measures = self._champion
        copied = None if measures is None else measures.copy()
        return Evaluated(self.spec.take(genomes, slice(None)), objectives.copy(), copied)

    def _receive(self, immigrants: Evaluated) -> None:
        """They take the places of the last, and all are ranked again; they need measures."""
        assert immigrants.measures is not None
        taken = min(len(immigrants.objectives), self.population)
        kept = slice(0, self.population - taken)
        genomes = self.spec.concatenate(
            self.spec.take(self.genomes, kept), self.spec.take(immigrants.genomes, slice(0, taken))
        )
        objectives = np.concatenate([self.objectives[kept], immigrants.objectives[:taken]])
        measures = np.concatenate([self.measures[kept], immigrants.measures[:taken]])
        self._settle(Evaluated(genomes, objectives, measures), remember=False)

    def _ask(self) -> Genomes:
        if not self.generation:
            return self.genomes
        # The winner is the entrant of the best rank, and rows are ranks.
        entrants = self.rng.integers(0, self.population, (2, self.population, self.tournament))
        mothers, fathers = entrants.min(axis=2)
        return self.breeding.children(self.spec, self.genomes, mothers, fathers, self.rng)

    def _tell(self, evaluated: Evaluated) -> None:
        self._settle(evaluated, remember=True)

    def _settle(self, evaluated: Evaluated, remember: bool) -> None:
        """Rank these and make them the generation."""
        genomes, objectives, measures = evaluated
        assert measures is not None
        self._crown(evaluated)
        if self.archive is None:
            self.archive = self._new_archive(measures.shape[1])
        valid = np.flatnonzero(~(failed(objectives) | ~np.isfinite(measures).all(axis=1)))
        lost = np.setdiff1d(np.arange(len(objectives)), valid)
        distances, rows = self.archive.neighbourhood(measures[valid], self.neighbours)
        novelty = np.full(len(objectives), np.nan)
        novelty[valid] = mean_distance(distances, rows)
        best_first = valid[self._ranking(novelty[valid], objectives[valid, 0], rows)]
        order = np.concatenate([best_first, lost])
        if remember:
            admitted = valid[self.admission.choose(novelty[valid], self._learnt, self.rng)]
            self.archive.add(measures[admitted])
            self._remembered = np.concatenate([self._remembered, objectives[admitted, 0]])
        self.genomes = self.spec.take(genomes, order)
        self.objectives, self.measures = objectives[order], measures[order]
        self.novelty = novelty[order]

    def _new_archive(self, dimensions: int) -> NeighbourArchive | IndexedArchive:
        if self._index is None:
            return NeighbourArchive(dimensions)
        return IndexedArchive(dimensions, self._index(dimensions))

    def _ranking(self, novelty: Floats, values: Floats, rows: Integers) -> Integers:
        """Rows of a generation without failures, best first."""
        if self.local_competition:
            known = np.concatenate([self._remembered, values, [-np.inf]])  # row -1 is nobody
            beaten = (known[rows] > values[:, np.newaxis]).sum(axis=1)
            # An infinite novelty, of one without neighbours, is the largest all the same.
            aims = np.column_stack([-novelty, -beaten])
            ranks = pareto_ranks(aims)
            return best_rows(ranks, crowding_distance(aims, ranks), len(values))
        if self.fitness_weight:
            w = self.fitness_weight
            score = (1.0 - w) * _scaled(novelty) + w * _scaled(-values)
            return np.argsort(-score, kind="stable")
        return np.argsort(-novelty, kind="stable")

    def _crown(self, evaluated: Evaluated) -> None:
        values = np.where(failed(evaluated.objectives), np.inf, evaluated.objectives[:, 0])
        if not len(values):
            return
        row = int(values.argmin())
        if np.isnan(evaluated.objectives[row, 0]):
            return
        if self._champion is None or values[row] < self._champion.objectives[0, 0]:
            one = np.array([row])
            measures = None if evaluated.measures is None else evaluated.measures[one]
            genomes = self.spec.take(evaluated.genomes, one)
            self._champion = Evaluated(genomes, evaluated.objectives[one], measures)

    def _settings(self) -> dict[str, Any]:
        return {
            "population": self.population,
            "neighbours": self.neighbours,
            "admission": self.admission.settings,
            "fitness_weight": self.fitness_weight,
            "local_competition": self.local_competition,
            "tournament": self.tournament,
            **asdict(self.breeding),
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays = packed(self.genomes, "genomes") | {
            "objectives": self.objectives,
            "measures": self.measures,
            "novelty": self.novelty,
            "remembered": self._remembered,
        }
        if self.archive is not None:
            arrays["archive"] = self.archive.points
        if self._champion is not None:
            genomes, objectives, measures = self._champion
            assert measures is not None
            arrays |= packed(genomes, "champion")
            arrays |= {"best_objectives": objectives, "best_measures": measures}
        return arrays, {"learnt": dict(self._learnt)}

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        genomes = unpacked(arrays, "genomes")
        self.spec.validate(genomes)
        self.genomes = genomes
        self.objectives, self.measures = arrays["objectives"], arrays["measures"]
        self.novelty, self._remembered = arrays["novelty"], arrays["remembered"]
        self.archive = None
        if "archive" in arrays:
            self.archive = self._new_archive(arrays["archive"].shape[1])
            self.archive.add(arrays["archive"])
        self._champion = None
        if "best_objectives" in arrays:
            champion = unpacked(arrays, "champion")
            self._champion = Evaluated(champion, arrays["best_objectives"], arrays["best_measures"])
        self._learnt = dict(facts["learnt"])


def _scaled(values: Floats) -> Floats:
    """From 0 for the least to 1 for the largest; infinite ones at the ends, all 0 if all equal."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(len(values))
    low, high = float(finite.min()), float(finite.max())
    span = high - low if 0.0 < high - low < np.inf else 1.0
    return np.asarray((np.clip(values, low, high) - low) / span)
