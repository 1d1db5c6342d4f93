"""NSGA-II: fronts of non-dominated points, thinned by crowding. Objectives are minimised.

Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm:
NSGA-II", IEEE Transactions on Evolutionary Computation 6(2).

Guarantees: ties go to the smaller index, so a result depends on nothing but the arguments and the
generator's stream; `NSGA2.state` perturbs nothing, and a restored run goes on bit for bit. A point
with a NaN objective is a failed evaluation and ranks behind all others.

Errors (all ValueErrors): `ObjectiveError` for objectives of the wrong shape, `AskTellError` for
calls out of turn and states of another run.
"""

from __future__ import annotations

from typing import Any

import moocore
import numpy as np
import numpy.typing as npt

from evolution.genome import Genomes, GenomeSpec

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
State = tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]


class ObjectiveError(ValueError):
    """Objectives of the wrong shape, or a count that they cannot give."""


class AskTellError(ValueError):
    """A call out of turn, or a state that belongs to another run."""


def pareto_ranks(F: npt.ArrayLike) -> Integers:
    """The front ``int64[n]`` of each point of ``F[n, M]``: 0 is dominated by nobody.

    Equal points share a front. Points with a NaN come one front after all others. O(n log n) for
    M = 2, O(n² log n) and more beyond (moocore, after Jensen 2003).
    """
    points = _objectives(F)
    failed = np.isnan(points).any(axis=1)
    ranks = np.zeros(len(points), dtype=np.int64)
    if not failed.all():
        ranks[~failed] = moocore.pareto_rank(points[~failed])
        ranks[failed] = ranks.max() + 1
    return ranks


def crowding_distance(F: npt.ArrayLike, ranks: npt.ArrayLike) -> Floats:
    """The crowding distance ``float64[n]`` of each point of ``F[n, M]`` within its front.

    The mean over objectives of the gap between a point's two neighbours, as a share of the
    front's range; infinite at either end of any objective. An objective in which a front has no
    finite range adds nothing. Points equal in an objective stand in the order of the objectives
    before it and then of their index, so of equal points the first and last may get a distance
    and those between get none. Failed points (NaN) get 0. O(M n log n), all fronts at once.
    """
    points = _objectives(F)
    fronts = np.asarray(ranks)
    n, M = points.shape
    if fronts.shape != (n,):
        raise ObjectiveError(f"ranks are {list(fronts.shape)}; expected [{n}], one per point")
    distance = np.zeros(n)
    if n == 0:
        return distance
    order = np.argsort(fronts, kind="stable")
    front = fronts[order]
    first = np.flatnonzero(np.r_[True, front[1:] != front[:-1]])
    last = np.r_[first[1:], n] - 1
    length = last - first + 1
    for objective in range(M):
        order = order[np.lexsort((points[order, objective], front))]
        value = points[order, objective]
        gap = np.zeros(n)
        # Nothing but infinite values or a front of no extent can make these invalid.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            gap[1:-1] = value[2:] - value[:-2]
            share = gap / (M * np.repeat(value[last] - value[first], length))
        share[~np.isfinite(share)] = 0.0
        share[first] = np.inf
        share[last] = np.inf
        distance[order] += share
    distance[np.isnan(points).any(axis=1)] = 0.0
    return distance


def best_rows(ranks: Integers, crowding: Floats, k: int) -> Integers:
    """The best ``k`` rows, best first: lower front, then less crowded, then smaller index."""
    if not 0 <= k <= len(ranks):
        raise ObjectiveError(f"cannot select {k} of {len(ranks)} points")
    return np.lexsort((-crowding, ranks))[:k]


def select(F: npt.ArrayLike, k: int) -> Integers:
    """Environmental selection: the best ``k`` rows of ``F[n, M]``, best first."""
    ranks = pareto_ranks(F)
    return best_rows(ranks, crowding_distance(F, ranks), k)


def binary_tournament(
    ranks: Integers, crowding: Floats, n: int, rng: np.random.Generator
) -> Integers:
    """The winners ``int64[n]`` of tournaments of two different rows, as parents.

    Entrants come from shuffles of all rows, so that everybody enters equally often (± 1; of an
    odd number, a shuffle leaves one out). The lower front wins, then the less crowded, then
    whoever was drawn first.
    """
    pairs = len(ranks) // 2
    if pairs == 0:
        raise ObjectiveError(f"a tournament needs at least 2 points; got {len(ranks)}")
    shuffles = [rng.permutation(len(ranks))[: 2 * pairs] for _ in range(-(-n // pairs))]
    entrants = np.concatenate([np.empty(0, np.int64), *shuffles])[: 2 * n]
    home, guest = entrants[0::2], entrants[1::2]
    guest_wins = (ranks[guest] < ranks[home]) | (
        (ranks[guest] == ranks[home]) & (crowding[guest] > crowding[home])
    )
    return np.where(guest_wins, guest, home)


class NSGA2:
    """The algorithm by ask and tell: ``ask()`` genomes, evaluate them, ``tell(F)``, repeat.

    >>> search = NSGA2(GenomeSpec({"x": Real(30)}), 100, rng=1)
    >>> for _ in range(200):
    ...     genomes = search.ask()
    ...     search.tell(zdt1(genomes["x"]))
    >>> search.genomes["x"][search.front]

    Attributes, after the first ``tell``: ``genomes`` and ``objectives`` ``float64[population, M]``
    of the survivors, best first; their ``ranks`` and ``crowding``; ``generation``, the number of
    ``tell`` so far; ``asked``, the genomes that wait for their objectives, or None.

    ``rng`` is a generator, which the search then draws from, or a seed. ``founders`` replace the
    sampled first generation.
    """

    def __init__(
        self,
        spec: GenomeSpec,
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
        self.spec = spec
        self.population = population
        self.rng = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        self.crossover_rate = crossover_rate
        self.mutation_rate = mutation_rate
        self.mutation_scale = mutation_scale
        if founders is None:
            founders = spec.sample(population, self.rng)
        spec.validate(founders)
        if spec.count(founders) != population:
            raise AskTellError(f"{spec.count(founders)} founders for a population of {population}")
        self.generation = 0
        self.genomes = spec.take(founders, slice(None))
        self.asked: Genomes | None = None
        self._set_objectives(np.empty((0, 0)))

    def ask(self) -> Genomes:
        """The genomes ``[population]`` to evaluate next: the founders first, then children."""
        if self.asked is not None:
            raise AskTellError(
                "ask() twice in a row: evaluate the genomes of the last ask(), which are also "
                "in .asked, and give their objectives to tell(F) first"
            )
        self.asked = self._breed() if self.generation else self.genomes
        return self.spec.take(self.asked, slice(None))

    def tell(self, F: npt.ArrayLike) -> None:
        """Take the objectives ``F[population, M]`` of the asked genomes; NaN marks a failure."""
        if self.asked is None:
            raise AskTellError("tell(F) before ask(): F are the objectives of the asked genomes")
        told = _objectives(F)
        M = self.objectives.shape[1] if self.generation else told.shape[1]
        if told.shape != (self.population, M):
            raise ObjectiveError(
                f"tell(F): F is {list(told.shape)}; expected [{self.population}, {M}], "
                "a row of objectives per asked genome"
            )
        genomes, points = self.asked, told
        if self.generation:
            genomes = self.spec.concatenate(self.genomes, self.asked)
            points = np.concatenate([self.objectives, told])
        rows = select(points, self.population)
        self.genomes = self.spec.take(genomes, rows)
        self._set_objectives(points[rows])
        self.asked = None
        self.generation += 1

    @property
    def front(self) -> Integers:
        """The rows of the survivors that nobody dominates; none where all evaluations failed."""
        return np.flatnonzero((self.ranks == 0) & ~np.isnan(self.objectives).any(axis=1))

    def state(self) -> State:
        """Everything a resumed run needs, as plain arrays and a dict that JSON can hold."""
        arrays = {f"genomes.{name}": self.genomes[name].copy() for name in self.spec.names}
        if self.asked is not None:
            arrays |= {f"asked.{name}": self.asked[name].copy() for name in self.spec.names}
        arrays["objectives"] = self.objectives.copy()
        facts = {
            "settings": self._settings,
            "generation": self.generation,
            "asked": self.asked is not None,
            "rng": _plain(self.rng.bit_generator.state),
        }
        return arrays, facts

    def restore(self, state: State) -> None:
        """Go on where the search that gave ``state`` stood; spec and settings must be the same."""
        arrays, facts = state
        if facts["settings"] != self._settings:
            raise AskTellError(
                f"the state is of a search with {facts['settings']}; this one has {self._settings}"
            )
        genomes = {name: arrays[f"genomes.{name}"].copy() for name in self.spec.names}
        self.spec.validate(genomes)
        asked = None
        if facts["asked"]:
            asked = {name: arrays[f"asked.{name}"].copy() for name in self.spec.names}
            self.spec.validate(asked)
        self.rng.bit_generator.state = facts["rng"]
        self.genomes, self.asked = genomes, asked
        self.generation = facts["generation"]
        self._set_objectives(arrays["objectives"].copy())

    @property
    def _settings(self) -> dict[str, Any]:
        return {
            "loci": {name: repr(locus) for name, locus in self.spec.loci.items()},
            "population": self.population,
            "crossover_rate": self.crossover_rate,
            "mutation_rate": self.mutation_rate,
            "mutation_scale": self.mutation_scale,
            "bit_generator": type(self.rng.bit_generator).__name__,
        }

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


def _objectives(F: npt.ArrayLike) -> Floats:
    points = np.asarray(F, dtype=np.float64)
    if points.ndim != 2 or (points.shape[1] == 0 and len(points)):
        raise ObjectiveError(
            f"objectives are {list(points.shape)}; expected [n, M]: a row per point, a column "
            "per objective to be minimised, e.g. np.column_stack([cost, -accuracy])"
        )
    return points


def _plain(value: Any) -> Any:
    """The state of a bit generator without its arrays, so that JSON can hold it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
