"""NEAT: networks that grow, protected in species, by ask and tell.

Stanley & Miikkulainen 2002, "Evolving neural networks through augmenting topologies",
Evolutionary Computation 10(2), with the rules and settings of neat-python 2.0. The parts are the
other modules here: sampling, breeding (crossover, mutation, innovation), speciation (distance),
stagnation, reproduction. Where the rules differ from neat-python's the parts say so.

Guarantees: those of `evolution.search`. One objective, minimised: tell ``-fitness``. Whatever
number of species there is, and however many evaluations fail, the next generation is as large as
asked for. Errors: `ExtinctionError` when all species have died, unless ``reset_on_extinction``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evolution.chance import stream_of
from evolution.genomes.spec import Genomes
from evolution.neat.breeding import breed
from evolution.neat.config import SPECIES_FITNESS, NEATConfig
from evolution.neat.distance import distances
from evolution.neat.grouping import grouped
from evolution.neat.innovation import Counters
from evolution.neat.networks import NetworkSpec
from evolution.neat.reproduction import (
    Family,
    adjusted_fitness,
    family,
    places,
    usable_fitness,
)
from evolution.neat.speciation import speciate
from evolution.neat.stagnation import species_fitness, stagnant
from evolution.search import Evaluated, Floats, Integers, Search, founding
from evolution.state import packed, unpacked

_NEVER = -np.inf


class ExtinctionError(ValueError):
    """All species have stood still for too long, and the settings do not say to begin anew."""


class Species(NamedTuple):
    """The species that there are, a row each, in order of their numbers.

    ``number`` is never given twice; ``created`` and ``last_improved`` are generations; ``fitness``
    is the best that `NEATConfig.species_fitness_func` ever gave, -inf before the first ``tell``.
    """

    number: Integers
    created: Integers
    last_improved: Integers
    fitness: Floats

    def rows(self, rows: npt.NDArray[Any]) -> Species:
        """Some of them."""
        return Species(*(column[rows] for column in self))


class NEAT(Search):
    """The algorithm by ask and tell.

    >>> spec = NetworkSpec(NetworkConfig(num_inputs=2, num_outputs=1))
    >>> search = NEAT(spec, 150, rng=1)
    >>> while search.generation < 100:
    ...     networks = search.ask()
    ...     outputs = FeedForward(spec, networks)(inputs)  # float64[150, S, 1]
    ...     search.tell(((outputs - wanted) ** 2).sum(axis=(1, 2)))

    Attributes: ``species``, those of the networks asked last; ``labels`` int64[n], which row of
    ``species`` each of these networks belongs to; ``representatives``, a network for each species;
    ``genomes`` and ``objectives`` float64[n, 1], the networks told last.

    ``founders`` replace the sampled first generation.
    """

    objectives_expected = 1
    spec: NetworkSpec
    species: Species
    representatives: Genomes
    labels: Integers

    def __init__(
        self,
        spec: NetworkSpec,
        population: int,
        rng: np.random.Generator | int,
        *,
        config: NEATConfig | None = None,
        founders: Genomes | None = None,
    ) -> None:
        super().__init__(spec, rng)
        self.population = population
        self.config = config or NEATConfig()
        self._rules = spec.config.rules()
        self.genomes = founding(spec, population, self.rng, founders)
        self.objectives = np.empty((0, 1))
        self._counters = Counters.of(self.genomes)
        self._champion = Evaluated(spec.take(self.genomes, slice(0, 0)), np.empty((0, 1)))
        self._begin()

    @property
    def best(self) -> Evaluated:
        """The best network ever told, as one row."""
        if not len(self._champion.objectives):
            return super().best
        genomes, objectives, _ = self._champion
        return Evaluated(self.spec.take(genomes, slice(None)), objectives.copy())

    @property
    def residents(self) -> Evaluated:
        """The generation told last."""
        order = np.argsort(self.objectives[:, 0], kind="stable")
        return Evaluated(self.spec.take(self.genomes, order), self.objectives[order])

    def _receive(self, immigrants: Evaluated) -> None:
        """They join the species they fit in, or found some, and may become parents."""
        genomes, objectives, _ = immigrants
        for row in range(self.spec.count(genomes)):
            self._settle(self.spec.take(genomes, slice(row, row + 1)))
        theirs = Counters.of(genomes)
        self._counters = Counters(*np.maximum(self._counters, theirs).tolist())
        self.genomes = self.spec.concatenate(self.genomes, genomes)
        self.objectives = np.concatenate([self.objectives, objectives])
        self._crown(genomes, objectives)

    def _ask(self) -> Genomes:
        """The founders first, then children."""
        if not self.generation:
            self._divide(self.genomes, np.full(self.population, -1))
            return self.genomes
        planned = self._plan()
        if planned is None:
            return self._begin_anew()
        parents = (self.genomes, planned.mothers, planned.fathers)
        children, self._counters = breed(
            *parents, self._rules, self._counters, self.rng, kept=planned.kept
        )
        self._divide(children, planned.births)
        return children

    def _tell(self, evaluated: Evaluated) -> None:
        self.genomes, self.objectives = evaluated.genomes, evaluated.objectives
        self._crown(self.genomes, self.objectives)

    def _plan(self) -> Family | None:
        """Who breeds, after stagnant species have died; None when all have."""
        F = self.objectives[:, 0]
        # Best first, failures last; among equals the younger, which have the later rows.
        order = len(F) - 1 - np.argsort(F[::-1], kind="stable")
        members = grouped(self.labels, order, len(self.species.number))
        fitness = usable_fitness(F)
        dying, rising = self._judge(fitness, members)
        living = rising[~dying[rising]]
        if not len(living):
            return None
        shared = adjusted_fitness(fitness, *members, living)
        least = max(self.config.min_species_size, self.config.elitism)
        sizes = members[1][living + 1] - members[1][living]
        shares = places(shared, sizes, self.population, least)
        if not shares.all():
            living, shares = living[shares > 0], shares[shares > 0]
        planned = family(self.config, members, F, living, shares, stream_of(self.rng))
        return self._bury(living, planned)

    def _judge(
        self, fitness: Floats, members: tuple[Integers, Integers]
    ) -> tuple[npt.NDArray[np.bool_], Integers]:
        """Note which species have improved; which die, and all in order of rising fitness."""
        function = SPECIES_FITNESS.index(self.config.species_fitness_func)
        now = species_fitness(function, fitness, *members)
        species, generation = self.species, self.generation - 1
        improved = now > species.fitness
        self.species = species._replace(
            last_improved=np.where(improved, generation, species.last_improved),
            fitness=np.maximum(now, species.fitness),
        )
        bounds = self.config.max_stagnation, self.config.species_elitism
        return stagnant(now, self.species.last_improved, generation, *bounds)

    def _bury(self, living: Integers, planned: Family) -> Family:
        """Keep only the living species, in order of their numbers, and renumber the births."""
        if len(living) == len(self.species.number):
            return planned
        kept = np.sort(living)
        self.species = self.species.rows(kept)
        self.representatives = self.spec.take(self.representatives, kept)
        return planned._replace(births=np.searchsorted(kept, planned.births))

    def _divide(self, genomes: Genomes, births: Integers) -> None:
        """Divide a new generation into species."""
        threshold = self.config.compatibility_threshold
        old = len(self.species.number)
        labels, rows = speciate(self.spec.config, genomes, self.representatives, threshold, births)
        self._add_species(len(rows) - old)
        here = np.flatnonzero(rows >= 0)
        if len(here) < len(rows):
            labels = np.searchsorted(here, labels)
            self.species = self.species.rows(here)
        self.labels = labels
        self.representatives = self.spec.take(genomes, rows[here])

    def _add_species(self, count: int) -> None:
        if not count:
            return
        numbers = self._next_species + np.arange(count)
        born = np.full(count, self.generation)
        new = Species(numbers, born, born, np.full(count, _NEVER))
        joined = (np.concatenate(pair) for pair in zip(self.species, new, strict=True))
        self.species = Species(*joined)
        self._next_species += count

    def _settle(self, immigrant: Genomes) -> None:
        """Give one network that comes late a species, a new one if it fits in none."""
        apart = distances(self.spec.config, self.representatives, immigrant)[:, 0]
        nearest = int(np.argmin(apart))
        if not apart[nearest] < self.config.compatibility_threshold:
            nearest = len(apart)
            self._add_species(1)
            self.representatives = self.spec.concatenate(self.representatives, immigrant)
        self.labels = np.append(self.labels, nearest)

    def _crown(self, genomes: Genomes, objectives: Floats) -> None:
        """Remember the best network ever told, the first of equals."""
        F = objectives[:, 0]
        if not len(F):
            return
        first = int(F.argmin())
        if np.isnan(F[first]):  # the least there is, to numpy
            first = int(np.argmin(np.where(np.isnan(F), np.inf, F)))
        if np.isnan(F[first]):
            return
        if not len(self._champion.objectives) or F[first] < self._champion.objectives[0, 0]:
            row = slice(first, first + 1)
            self._champion = Evaluated(self.spec.take(genomes, row), objectives[row].copy())

    def _begin(self) -> None:
        """No species yet."""
        none = np.empty(0, dtype=np.int64)
        self.species = Species(none, none, none, np.empty(0))
        self.representatives = self.spec.take(self.genomes, slice(0, 0))
        self.labels = none
        self._next_species = 1

    def _begin_anew(self) -> Genomes:
        """A fresh first generation in place of the extinct one."""
        if not self.config.reset_on_extinction:
            raise ExtinctionError(
                f"all species died in generation {self.generation}: none has improved for "
                f"{self.config.max_stagnation} generations. Spare the best ones, e.g. "
                "NEATConfig(species_elitism=2), or set reset_on_extinction=True to begin anew"
            )
        numbered = self._next_species
        self._begin()
        self._next_species = numbered
        genomes = self.spec.sample(self.population, self.rng)
        self._divide(genomes, np.full(self.population, -1))
        return genomes

    def _settings(self) -> dict[str, Any]:
        return {"population": self.population, **self.config.plain()}

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays = packed(self.genomes, "genomes") | packed(self.representatives, "representatives")
        arrays |= packed(self._champion.genomes, "champion") | packed(
            self.species._asdict(), "species"
        )
        arrays |= {"objectives": self.objectives, "labels": self.labels}
        arrays["best"] = self._champion.objectives
        facts = {"counters": list(self._counters), "next_species": self._next_species}
        return arrays, facts

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        genomes = unpacked(arrays, "genomes")
        self.spec.validate(genomes)
        self.genomes, self.objectives = genomes, arrays["objectives"]
        self.representatives = unpacked(arrays, "representatives")
        self.spec.validate(self.representatives)
        self._champion = Evaluated(unpacked(arrays, "champion"), arrays["best"])
        self.species = Species(**unpacked(arrays, "species"))
        self.labels = arrays["labels"]
        self._counters = Counters(*facts["counters"])
        self._next_species = facts["next_species"]
