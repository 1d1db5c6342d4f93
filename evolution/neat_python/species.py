"""Species as neat-python's users and reporters read them: views of one generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evolution.neat_python.engine import Passage, RecordedNEAT
from evolution.neat_python.genome import DefaultGenome


@dataclass
class Species:
    """A species: its members by key, and how it has fared.

    Attributes:
        key: its number, never given again.
        created, last_improved: generations.
        members: genomes by key.
        fitness: what ``species_fitness_func`` made of its members in the generation before, None
            if it is new.
        adjusted_fitness: the measure of its share in breeding then; None if it is new.
        fitness_history: its fitness in each generation in which there were reporters.
    """

    key: int
    created: int
    last_improved: int
    members: dict[int, DefaultGenome]
    fitness: float | None = None
    adjusted_fitness: float | None = None
    fitness_history: list[float] = field(default_factory=list)

    def get_fitnesses(self) -> list[float | None]:
        """The fitness of each member."""
        return [member.fitness for member in self.members.values()]


class DefaultSpeciesSet:
    """The species of a generation, by key; also names the section that bounds them."""

    def __init__(self, species: dict[int, Species] | None = None) -> None:
        self.species: dict[int, Species] = species or {}
        self.genome_to_species: dict[int, int] = {
            genome: key for key, each in self.species.items() for genome in each.members
        }

    def get_species_id(self, individual_id: int) -> int:
        """The number of the species that a genome belongs to."""
        return self.genome_to_species[individual_id]

    def get_species(self, individual_id: int) -> Species:
        """The species that a genome belongs to."""
        return self.species[self.genome_to_species[individual_id]]


class SpeciesRecord:
    """How species have fared, from one generation to the next."""

    def __init__(self) -> None:
        self.history: dict[int, list[float]] = {}
        self.adjusted: dict[int, float] = {}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> SpeciesRecord:
        """The record that was put into plain words."""
        record = cls()
        record.history = {int(key): list(history) for key, history in plain["history"]}
        record.adjusted = {int(key): value for key, value in plain["adjusted"]}
        return record

    def plain(self) -> dict[str, Any]:
        """The record in the types that JSON knows."""
        return {
            "history": [[key, list(history)] for key, history in self.history.items()],
            "adjusted": [[key, value] for key, value in self.adjusted.items()],
        }

    def note(self, passage: Passage) -> None:
        """Take in how the last generation was left."""
        numbers = passage.numbers.tolist()
        for number, fitness in zip(numbers, passage.fitness.tolist(), strict=True):
            self.history.setdefault(number, []).append(fitness)
        self.adjusted = dict(zip(numbers, passage.adjusted.tolist(), strict=True))

    def view(self, search: RecordedNEAT, genomes: Iterable[DefaultGenome]) -> DefaultSpeciesSet:
        """The species of the genomes that were asked last."""
        species = search.species
        columns = (species.number, species.created, species.last_improved)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        found = [Species(key, created, improved, {}) for key, created, improved in rows]
        for genome, label in zip(genomes, search.labels.tolist(), strict=True):
            found[label].members[genome.key] = genome
        for each in found:
            each.fitness_history = list(self.history.get(each.key, ()))
            each.fitness = each.fitness_history[-1] if each.fitness_history else None
            each.adjusted_fitness = self.adjusted.get(each.key)
        self.history = {each.key: self.history.get(each.key, []) for each in found}
        return DefaultSpeciesSet({each.key: each for each in found})
