"""The search behind a population: `evolution.neat.NEAT`, and what reporters want to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.neat.config import SPECIES_FITNESS
from evolution.neat.reproduction import Family, adjusted_fitness
from evolution.neat.search import NEAT
from evolution.neat.stagnation import species_fitness
from evolution.search import Floats, Integers

_NONE = np.empty(0, dtype=np.int64)


@dataclass
class Passage:
    """How one generation became the next.

    Attributes:
        elite: rows of the generation before that are the first rows of the next, unchanged.
        numbers, fitness: of the species of the generation before.
        adjusted: their adjusted fitness, NaN for those that were to die.
        stagnant: numbers of the species that died for lack of progress.
        extinct: whether all died, so that the next generation begins anew.
    """

    elite: Integers = field(default_factory=_NONE.copy)
    numbers: Integers = field(default_factory=_NONE.copy)
    fitness: Floats = field(default_factory=lambda: np.empty(0))
    adjusted: Floats = field(default_factory=lambda: np.empty(0))
    stagnant: Integers = field(default_factory=_NONE.copy)
    extinct: bool = False


class RecordedNEAT(NEAT):
    """NEAT that remembers the last passage from one generation to the next.

    What only reporters want to know is found out while ``watched``.
    """

    passage = Passage()
    watched = False

    def _ask(self) -> Genomes:
        self.passage = Passage()
        return super()._ask()

    def _plan(self) -> Family | None:
        planned = super()._plan()
        self.passage.extinct = planned is None
        if planned is not None:
            self.passage.elite = planned.mothers[: planned.kept]
        return planned

    def _judge(
        self, fitness: Floats, members: tuple[Integers, Integers]
    ) -> tuple[npt.NDArray[np.bool_], Integers]:
        dying, rising = super()._judge(fitness, members)
        if not self.watched:
            return dying, rising
        function = SPECIES_FITNESS.index(self.config.species_fitness_func)
        living = np.flatnonzero(~dying)
        self.passage.numbers = self.species.number
        self.passage.stagnant = self.species.number[dying]
        self.passage.fitness = species_fitness(function, fitness, *members)
        self.passage.adjusted = np.full(len(dying), np.nan)
        if len(living):
            self.passage.adjusted[living] = adjusted_fitness(fitness, *members, living)
        return dying, rising
