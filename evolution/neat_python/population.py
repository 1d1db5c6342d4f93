"""The population of a run: ``Population(config).run(fitness_function, 100)``, as in neat-python.

Genomes are evaluated one by one, by a fitness function of neat-python's kind (`Population.run`),
or all at once, by one that takes compiled networks (`Population.run_batch`), which is far faster.

Fitness is maximised, as in neat-python. A NaN is a failed evaluation: the genome ranks behind all
others, and does not count for the threshold, which it cannot meet.

Guarantees: a run depends on the seed and the fitness function alone, never on Python's ``random``,
nor on which of the two ways was taken. Errors: `CompleteExtinctionException`, `PopulationError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.neat.evaluation import FeedForward, Recurrent
from evolution.neat.search import ExtinctionError
from evolution.neat_python.config import Config
from evolution.neat_python.engine import RecordedNEAT
from evolution.neat_python.genome import Cohort, DefaultGenome, fitnesses
from evolution.neat_python.reporting import ReporterSet
from evolution.neat_python.species import DefaultSpeciesSet, SpeciesRecord
from evolution.state import State, packed, unpacked

FitnessFunction = Callable[[list[tuple[int, DefaultGenome]], Config], Any]
BatchFunction = Callable[[Any], npt.ArrayLike]


_CRITERIA: dict[str, Callable[[Any], Any]] = {
    "max": np.nanmax,
    "min": np.min,
    "mean": np.mean,
}


class CompleteExtinctionException(Exception):  # noqa: N818 - the name it has in neat-python
    """All species have died, and ``reset_on_extinction`` is off."""


class PopulationError(ValueError, RuntimeError):
    """A run that could not end, or fitness of the wrong shape; as in neat-python RuntimeErrors."""


class Population:
    """Genomes that evolve.

    >>> population = Population(config, seed=1)
    >>> winner = population.run(evaluate_genomes, 300)

    Attributes: ``population``, the genomes of this generation by key; ``species``, how they are
    divided; ``generation``; ``best_genome``, the fittest ever evaluated; ``reporters``; and
    ``seed``: the one given, else that of the configuration, else fresh entropy, which reporters
    are told, so that any run can be repeated.
    """

    def __init__(self, config: Config, initial_state: None = None, seed: int | None = None) -> None:
        if initial_state is not None:
            raise PopulationError(
                "there is no initial_state here: Checkpointer.restore_checkpoint(path) gives the "
                "population of a checkpoint"
            )
        self.config = config
        self.reporters = ReporterSet()
        seed = config.seed if seed is None else seed
        self.seed = _fresh_seed() if seed is None else seed
        self.best_genome: DefaultGenome | None = None
        self._search = RecordedNEAT(
            config.spec(), config.pop_size, self.seed, config=config.neat_config()
        )
        self._record = SpeciesRecord()
        self._seed_told = False
        self._next_key = 1
        self._cohort: Cohort
        # The fitness of this generation's genomes; only the first so many have one yet.
        self._fitness = np.empty(0)
        self._known = 0
        self._genomes: list[DefaultGenome] | None = None
        self._species: DefaultSpeciesSet | None = None
        self._begin_generation()

    @property
    def generation(self) -> int:
        """How many generations have been left behind."""
        return self._search.generation

    @property
    def population(self) -> dict[int, DefaultGenome]:
        """The genomes of this generation by key."""
        if self._genomes is None:
            self._genomes = self._cohort.genomes()
            self._show_fitness()
        return {genome.key: genome for genome in self._genomes}

    @property
    def species(self) -> DefaultSpeciesSet:
        """The species of this generation."""
        if self._species is None:
            self._species = self._record.view(self._search, self.population.values())
        return self._species

    @property
    def networks(self) -> FeedForward | Recurrent:
        """The networks of this generation, compiled, in order of `population`."""
        forward = self.config.genome_config.feed_forward
        return self._cohort.feed_forward if forward else self._cohort.recurrent

    def add_reporter(self, reporter: Any) -> None:
        """Have one more told of the run."""
        self.reporters.add(reporter)
        if hasattr(reporter, "attach"):
            reporter.attach(self)

    def remove_reporter(self, reporter: Any) -> None:
        """Tell one no longer."""
        self.reporters.remove(reporter)

    def run(self, fitness_function: FitnessFunction, n: int | None = None) -> DefaultGenome:
        """Evolve until the threshold is met, for at most ``n`` generations; the best genome ever.

        Args:
            fitness_function: is called as ``fitness_function(genomes, config)`` with a list of
                (key, genome) and sets ``genome.fitness`` of each.
            n: generations; without end where None.

        Raises:
            CompleteExtinctionException: when all species have died and the settings say so.
            FitnessError: where a genome is left without fitness.
        """

        def evaluated() -> npt.NDArray[np.float64]:
            genomes = self.population
            fitness_function(list(genomes.items()), self.config)
            return fitnesses(list(genomes.values()))

        return self._run(evaluated, n)

    def run_batch(self, evaluate: BatchFunction, n: int | None = None) -> DefaultGenome:
        """The same with all networks of a generation evaluated at once.

        Args:
            evaluate: is called as ``evaluate(networks)`` with a compiled
                `evolution.neat.FeedForward`, or `Recurrent` where ``feed_forward`` is off, and
                returns the fitness of each network, float64[n].
            n: generations; without end where None.
        """

        def evaluated() -> npt.NDArray[np.float64]:
            fitness = np.array(evaluate(self.networks), dtype=np.float64)
            if fitness.shape != (len(self._cohort),):
                raise PopulationError(
                    f"evaluate(networks) returned {list(fitness.shape)}; expected "
                    f"[{len(self._cohort)}], the fitness of each network"
                )
            return fitness

        return self._run(evaluated, n)

    def state(self) -> State:
        """Everything that `restore` needs, as plain arrays and a dict that JSON can hold."""
        arrays, facts = self._search.state()
        arrays = packed(arrays, "search")
        arrays |= {"keys": self._cohort.keys.copy(), "fitness": self._fitness.copy()}
        best = self.best_genome
        if best is not None:
            arrays |= packed(best.arrays(), "best")
        return arrays, {
            "search": facts,
            "seed": self.seed,
            "next_key": self._next_key,
            "known": self._known,
            "best": None if best is None else [best.key, best.fitness],
            "species": self._record.plain(),
        }

    def restore(self, state: State, same_settings: bool = True) -> None:
        """Go on where the population that gave ``state`` stood.

        Where the settings need not be the same, those of this population hold from now on.
        """
        arrays, facts = state
        found = facts["search"]
        if not same_settings:
            found = found | {"settings": self._search.settings}
        self._search.restore((unpacked(arrays, "search"), found))
        assert self._search.asked is not None
        asked = self._search.spec.take(self._search.asked, slice(None))
        self._next_key = facts["next_key"]
        self._show(Cohort(self._search.spec, asked, arrays["keys"]))
        self._fitness, self._known = arrays["fitness"].copy(), facts["known"]
        self._record = SpeciesRecord.of(facts["species"])
        self.best_genome = None
        if facts["best"] is not None:
            key, fitness = facts["best"]
            alone = Cohort(self._search.spec, unpacked(arrays, "best"), [key])
            self.best_genome = DefaultGenome(key, alone, 0, fitness)

    def _run(
        self, evaluated: Callable[[], npt.NDArray[np.float64]], n: int | None
    ) -> DefaultGenome:
        if n is None and self.config.no_fitness_termination:
            raise PopulationError(
                "no_fitness_termination is on and n is None, so that the run would never end: "
                "run(fitness_function, 300), say"
            )
        if not self._seed_told:
            self.reporters.tell("info", f"Seed: {self.seed}")
        self._seed_told = True
        done = 0
        while n is None or done < n:
            done += 1
            self.reporters.tell("start_generation", self.generation)
            fitness = evaluated()
            best = self._note(fitness)
            if self._solved(fitness):
                self.reporters.tell("found_solution", self.config, self.generation, best)
                break
            self._pass_on(fitness)
        if self.best_genome is None:
            raise PopulationError(f"n is {n}, so that nothing was evaluated; at least 1, e.g. 300")
        if self.config.no_fitness_termination:
            details = self.config, self.generation, self.best_genome
            self.reporters.tell("found_solution", *details)
        return self.best_genome

    def _note(self, fitness: npt.NDArray[np.float64]) -> DefaultGenome:
        """Keep the fitness and the best genome, and tell reporters; the best of this generation."""
        self._fitness, self._known = fitness, len(fitness)
        if self._genomes is not None:
            self._show_fitness()
        row = 0 if np.isnan(fitness).all() else int(np.nanargmax(fitness))
        if self._genomes is not None:
            best = self._genomes[row]
        else:
            key, value = int(self._cohort.keys[row]), float(fitness[row])
            best = DefaultGenome(key, self._cohort, row, value)
        if self.reporters.reporters:
            details = self.config, self.population, self.species
            self.reporters.tell("post_evaluate", *details, best)
        so_far = None if self.best_genome is None else self.best_genome.fitness
        if so_far is None or np.isnan(so_far) or fitness[row] > so_far:
            self.best_genome = best
        return best

    def _solved(self, fitness: npt.NDArray[np.float64]) -> bool:
        """Whether the threshold is met."""
        if self.config.no_fitness_termination or np.isnan(fitness).all():
            return False
        criterion = _CRITERIA[self.config.fitness_criterion]
        return bool(criterion(fitness) >= self.config.fitness_threshold)

    def _pass_on(self, fitness: npt.NDArray[np.float64]) -> None:
        """Breed the next generation, and tell reporters what has become of species."""
        self._search.watched = bool(self.reporters.reporters)
        before = self.species if self._search.watched else None
        self._search.tell(-fitness)
        try:
            self._begin_generation()
        except ExtinctionError as error:
            self.reporters.tell("complete_extinction")
            raise CompleteExtinctionException(str(error)) from error
        if before is None:
            return
        passage = self._search.passage
        self._record.note(passage)
        for number in passage.stagnant.tolist():
            self.reporters.tell("species_stagnant", number, before.species[number])
        if passage.extinct:
            self.reporters.tell("complete_extinction")
        self.reporters.tell("end_generation", self.config, self.population, self.species)

    def _begin_generation(self) -> None:
        """The genomes to evaluate next; the elite keep their keys and what fitness they had."""
        arrays = self._search.ask()
        elite = self._search.passage.elite
        n = len(arrays["node_start"]) - 1
        keys = np.arange(self._next_key - len(elite), self._next_key - len(elite) + n)
        fitness = np.full(n, np.nan)
        if len(elite):
            keys[: len(elite)] = self._cohort.keys[elite]
            fitness[: len(elite)] = self._fitness[elite]
        self._next_key += n - len(elite)
        self._fitness, self._known = fitness, len(elite)
        self._show(Cohort(self._search.spec, arrays, keys))

    def _show(self, cohort: Cohort) -> None:
        """Make these the genomes of this generation."""
        self._cohort = cohort
        self._genomes = None
        self._species = None

    def _show_fitness(self) -> None:
        """Let the views have what fitness is known."""
        known = self._fitness[: self._known].tolist()
        for genome, fitness in zip(self._genomes or (), known, strict=False):
            genome.fitness = fitness


def _fresh_seed() -> int:
    """Entropy of the machine, 64 bits."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
