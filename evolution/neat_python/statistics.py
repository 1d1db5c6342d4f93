"""The record of a run: its best genomes, and the fitness and sizes of its species."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evolution.neat_python.config import Config
from evolution.neat_python.genome import DefaultGenome
from evolution.neat_python.reporting import BaseReporter, Members
from evolution.neat_python.species import DefaultSpeciesSet


class StatisticsReporter(BaseReporter):
    """Remembers every generation that was evaluated.

    Attributes: ``most_fit_genomes``, a copy of the best genome of each generation;
    ``generation_statistics``, the fitness of each genome by key, by species, for each generation.
    """

    def __init__(self) -> None:
        self.most_fit_genomes: list[DefaultGenome] = []
        self.generation_statistics: list[dict[int, dict[int, float]]] = []

    def post_evaluate(
        self, config: Config, population: Members, species: DefaultSpeciesSet, best: DefaultGenome
    ) -> None:
        """Remember this generation."""
        self.most_fit_genomes.append(best.copy())
        self.generation_statistics.append(
            {
                key: {member.key: _known(member) for member in each.members.values()}
                for key, each in species.species.items()
            }
        )

    def get_fitness_stat(self, f: Callable[[list[float]], float]) -> list[float]:
        """A statistic of the fitness of all genomes but failed ones, for each generation."""
        every = [
            [fitness for members in species.values() for fitness in members.values()]
            for species in self.generation_statistics
        ]
        valid = [[fitness for fitness in each if not math.isnan(fitness)] for each in every]
        return [f(each) if each else math.nan for each in valid]

    def get_fitness_mean(self) -> list[float]:
        """The mean fitness of each generation."""
        return self.get_fitness_stat(lambda fitness: float(np.mean(fitness)))

    def get_fitness_stdev(self) -> list[float]:
        """The standard deviation of fitness in each generation."""
        return self.get_fitness_stat(lambda fitness: float(np.std(fitness)))

    def get_fitness_median(self) -> list[float]:
        """The median fitness of each generation."""
        return self.get_fitness_stat(lambda fitness: float(np.median(fitness)))

    def best_genome(self) -> DefaultGenome:
        """The fittest genome of all generations."""
        return self.best_genomes(1)[0]

    def best_genomes(self, n: int) -> list[DefaultGenome]:
        """The n fittest of the best of each generation, the fittest first."""
        return sorted(self.most_fit_genomes, key=_fitness, reverse=True)[:n]

    def best_unique_genomes(self, n: int) -> list[DefaultGenome]:
        """The same, each genome once, with the fitness it had last."""
        unique = {genome.key: genome for genome in self.most_fit_genomes}
        return sorted(unique.values(), key=_fitness, reverse=True)[:n]

    def get_species_sizes(self) -> list[list[int]]:
        """For each generation the number of members of species 1, 2, … ever seen."""
        return [
            [len(species.get(key, ())) for key in self._keys()]
            for species in self.generation_statistics
        ]

    def get_species_fitness(self, null_value: Any = "") -> list[list[Any]]:
        """For each generation the mean fitness of species 1, 2, …; ``null_value`` for none."""
        return [
            [
                float(np.mean(list(species[key].values()))) if key in species else null_value
                for key in self._keys()
            ]
            for species in self.generation_statistics
        ]

    def save(self) -> None:
        """Write all three files into the current folder."""
        self.save_genome_fitness()
        self.save_species_count()
        self.save_species_fitness()

    def save_genome_fitness(
        self, delimiter: str = " ", filename: str | Path = "fitness_history.csv"
    ) -> None:
        """Write the best and the mean fitness, a line a generation."""
        best = [genome.fitness for genome in self.most_fit_genomes]
        _write(filename, delimiter, zip(best, self.get_fitness_mean(), strict=True))

    def save_species_count(
        self, delimiter: str = " ", filename: str | Path = "speciation.csv"
    ) -> None:
        """Write the sizes of species, a line a generation."""
        _write(filename, delimiter, self.get_species_sizes())

    def save_species_fitness(
        self,
        delimiter: str = " ",
        null_value: Any = "NA",
        filename: str | Path = "species_fitness.csv",
    ) -> None:
        """Write the mean fitness of species, a line a generation."""
        _write(filename, delimiter, self.get_species_fitness(null_value))

    def _keys(self) -> range:
        last = max((key for species in self.generation_statistics for key in species), default=0)
        return range(1, last + 1)


def _known(genome: DefaultGenome) -> float:
    """The fitness as a plain number; NaN for none."""
    return math.nan if genome.fitness is None else float(genome.fitness)


def _fitness(genome: DefaultGenome) -> float:
    """The fitness to sort by; failed genomes come last."""
    fitness = _known(genome)
    return -math.inf if math.isnan(fitness) else fitness


def _write(filename: str | Path, delimiter: str, rows: Iterable[Sequence[Any]]) -> None:
    with Path(filename).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
