"""Reporters: what is told to those who watch a run, as in neat-python.

A reporter is a `BaseReporter` with some of its methods. `Population` calls them in neat-python's
order, with its arguments.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from evolution.neat_python.config import Config
from evolution.neat_python.genome import DefaultGenome
from evolution.neat_python.species import DefaultSpeciesSet, Species

if TYPE_CHECKING:
    from evolution.neat_python.population import Population

Members = dict[int, DefaultGenome]


class BaseReporter:
    """A reporter that says nothing: what to derive one's own from."""

    def attach(self, population: Population) -> None:
        """This reporter has been added to a population."""

    def start_generation(self, generation: int) -> None:
        """A generation is about to be evaluated."""

    def post_evaluate(
        self, config: Config, population: Members, species: DefaultSpeciesSet, best: DefaultGenome
    ) -> None:
        """All genomes have a fitness."""

    def end_generation(
        self, config: Config, population: Members, species_set: DefaultSpeciesSet
    ) -> None:
        """The next generation has been bred; it is what is given."""

    def post_reproduction(
        self, config: Config, population: Members, species: DefaultSpeciesSet
    ) -> None:
        """Never called, as in neat-python."""

    def complete_extinction(self) -> None:
        """All species have died."""

    def found_solution(self, config: Config, generation: int, best: DefaultGenome) -> None:
        """The fitness threshold was met."""

    def species_stagnant(self, sid: int, species: Species) -> None:
        """A species dies for lack of progress."""

    def info(self, msg: str) -> None:
        """Something worth telling."""


class ReporterSet:
    """Those who watch a run; each event is told to all of them in the order they came."""

    def __init__(self) -> None:
        self.reporters: list[Any] = []

    def add(self, reporter: Any) -> None:
        """One more: a `BaseReporter`, or anything with its methods."""
        self.reporters.append(reporter)

    def remove(self, reporter: Any) -> None:
        """One less."""
        self.reporters.remove(reporter)

    def tell(self, event: str, *details: Any) -> None:
        """Call this method of all."""
        for reporter in self.reporters:
            getattr(reporter, event)(*details)


class StdOutReporter(BaseReporter):
    """Prints how a run goes: a few lines a generation, and with ``True`` a table of species."""

    def __init__(self, show_species_detail: bool) -> None:
        self.show_species_detail = show_species_detail
        self.generation = 0
        self.num_extinctions = 0
        self._begun = time.perf_counter()
        self._seconds: list[float] = []

    def start_generation(self, generation: int) -> None:
        """Print its number."""
        self.generation = generation
        self._begun = time.perf_counter()
        print(f"\n== Generation {generation} ==")

    def post_evaluate(
        self, config: Config, population: Members, species: DefaultSpeciesSet, best: DefaultGenome
    ) -> None:
        """Print the mean fitness, and the best genome."""
        fitness = np.array([genome.fitness for genome in population.values()], dtype=np.float64)
        fitness = fitness[~np.isnan(fitness)]
        if len(fitness):
            print(f"Fitness: mean {fitness.mean():.5f}, standard deviation {fitness.std():.5f}")
        if len(fitness) < len(population):
            print(f"Failed: {len(population) - len(fitness)} of {len(population)} genomes")
        nodes, connections = best.size()
        print(
            f"Best: fitness {best.fitness:.5f}, {nodes} nodes, {connections} enabled connections, "
            f"species {species.get_species_id(best.key)}, genome {best.key}"
        )

    def end_generation(
        self, config: Config, population: Members, species_set: DefaultSpeciesSet
    ) -> None:
        """Print the sizes of what has been bred, and the time that all took."""
        print(f"Bred: {len(population)} genomes in {len(species_set.species)} species")
        if self.show_species_detail:
            print("  species   age  size    fitness  adjusted  since better")
            for key, each in sorted(species_set.species.items()):
                print(
                    f"  {key:7}{self.generation + 1 - each.created:6}{len(each.members):6}"
                    f"{_shown(each.fitness):>11}{_shown(each.adjusted_fitness):>10}"
                    f"{self.generation + 1 - each.last_improved:14}"
                )
        self._seconds = [*self._seconds[-9:], time.perf_counter() - self._begun]
        mean = sum(self._seconds) / len(self._seconds)
        print(f"Took {self._seconds[-1]:.3f} s, {mean:.3f} s on average")

    def complete_extinction(self) -> None:
        """Print that it has happened, and how often."""
        self.num_extinctions += 1
        print(f"All species have died; extinctions so far: {self.num_extinctions}")

    def found_solution(self, config: Config, generation: int, best: DefaultGenome) -> None:
        """Print which genome met the threshold, or is the best at the end."""
        print(f"\nSolution of generation {self.generation}: genome {best.key}, size {best.size()}")

    def species_stagnant(self, sid: int, species: Species) -> None:
        """Print which species dies."""
        if self.show_species_detail:
            print(
                f"Species {sid} with {len(species.members)} members has stopped improving: it dies"
            )

    def info(self, msg: str) -> None:
        """Print it."""
        print(msg)


def _shown(value: float | None) -> str:
    return "--" if value is None else f"{value:.3f}"
