"""Fitness by several processes: ``ParallelEvaluator(4, fitness_of_one).evaluate``.

Worth it only where evaluating a genome takes long: whole chunks of genomes travel to the workers,
but each is still evaluated on its own. What comes out does not depend on the number of workers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from multiprocessing import Pool
from types import TracebackType
from typing import Any

from evolution.neat_python.config import Config
from evolution.neat_python.genome import Cohort, DefaultGenome

Fitness = Callable[[DefaultGenome, Config], float]

# Chunks for each worker, so that nobody waits long for the slowest.
_CHUNKS = 4


class ParallelEvaluator:
    """Evaluates genomes in ``num_workers`` processes, which live until `close`.

    ``eval_function(genome, config)`` returns the fitness of a genome; it must be importable, as
    `multiprocessing` needs. Where a ``seed`` is given, Python's ``random`` is seeded before each
    genome with it plus the genome's key, as neat-python does.

    >>> with ParallelEvaluator(4, fitness_of_one) as evaluator:
    ...     winner = population.run(evaluator.evaluate, 300)
    """

    def __init__(
        self,
        num_workers: int,
        eval_function: Fitness,
        timeout: float | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        maxtasksperchild: int | None = None,
        seed: int | None = None,
    ) -> None:
        self.num_workers = num_workers
        self.eval_function = eval_function
        self.timeout = timeout
        self.seed = seed
        self.pool = Pool(num_workers, initializer, initargs, maxtasksperchild)

    def __enter__(self) -> ParallelEvaluator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the workers finish, and go."""
        self.pool.close()
        self.pool.join()

    def evaluate(self, genomes: Sequence[tuple[int, DefaultGenome]], config: Config) -> None:
        """Set the fitness of each genome: a fitness function for `Population.run`."""
        size = max(1, -(-len(genomes) // (_CHUNKS * self.num_workers)))
        chunks = [genomes[first : first + size] for first in range(0, len(genomes), size)]
        jobs = [
            self.pool.apply_async(
                _evaluated, (self.eval_function, self.seed, *_packed(chunk), config)
            )
            for chunk in chunks
        ]
        for chunk, job in zip(chunks, jobs, strict=True):
            for (_, genome), fitness in zip(chunk, job.get(self.timeout), strict=True):
                genome.fitness = fitness


def _packed(chunk: Sequence[tuple[int, DefaultGenome]]) -> tuple[Cohort, list[float | None]]:
    """The genomes as a population of their own, if they are of one, and their fitness so far."""
    rows = [genome.row for _, genome in chunk]
    cohort = chunk[0][1].cohort.take(rows)
    return cohort, [genome.fitness for _, genome in chunk]


def _evaluated(
    function: Fitness,
    seed: int | None,
    cohort: Cohort,
    before: list[float | None],
    config: Config,
) -> list[float]:
    """What a worker does with a chunk."""
    found = []
    for genome, fitness in zip(cohort.genomes(), before, strict=True):
        genome.fitness = fitness
        if seed is not None:
            random.seed(seed + genome.key)
        found.append(function(genome, config))
    return found
