"""The searches that there are, each with its standard problem and what counts as solving it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import moocore
import numpy as np

from evolution import GeneticAlgorithm, Islands, Lexicase, Search
from evolution.diversity import CMA, CVT, Gaussian, Grid, MAPElites, NoveltySearch
from evolution.neat import NEAT
from evolution.pareto import NSGA2, NSGA3, SPEA2, das_dennis
from evolution.programs import GeneticProgramming
from evolution.strategies import CMAES
from evolution.surrogates import Preselection, RidgeEnsemble
from tests.evolution import problems
from tests.evolution.problems import MIXED, PROGRAMS, REAL, UNIT, XOR


def least(search: Search) -> float:
    return float(search.best.objectives[0, 0])


def summed(search: Search) -> float:
    return float(search.best.objectives[0].sum())


def uncovered(search: Search) -> float:
    """The part of the box from 0 to 1.1 that the residents leave undominated."""
    objectives = search.residents.objectives
    reference = [1.1] * objectives.shape[1]
    return float(np.prod(reference) - moocore.hypervolume(objectives, ref=reference))


def unfilled(search: MAPElites) -> float:
    return 1.0 - search.coverage


@dataclass(frozen=True)
class Case:
    """A search of this seed, its standard problem, and what counts as solved after how long."""

    make: Callable[[int], Search]
    evaluate: Callable
    generations: int
    measure: Callable[[Search], float]
    solved: float


CASES = {
    "genetic": Case(
        lambda seed: GeneticAlgorithm(REAL, 40, seed), problems.sphere, 60, least, 1e-3
    ),
    "genetic, mixed loci": Case(
        lambda seed: GeneticAlgorithm(MIXED, 40, seed), problems.mixed, 60, least, 0.2
    ),
    "lexicase": Case(
        lambda seed: Lexicase(REAL, 40, seed, cases=6), problems.squares, 60, summed, 0.02
    ),
    "lexicase, ε": Case(
        lambda seed: Lexicase(REAL, 40, seed, cases=6, epsilon="semi-dynamic"),
        problems.squares,
        60,
        summed,
        0.2,
    ),
    "NSGA-II": Case(lambda seed: NSGA2(UNIT, 40, seed), problems.zdt1, 100, uncovered, 0.36),
    "NSGA-III": Case(
        lambda seed: NSGA3(UNIT, 28, seed, directions=das_dennis(3, 6)),
        problems.dtlz2,
        60,
        uncovered,
        0.7,
    ),
    "SPEA2": Case(lambda seed: SPEA2(UNIT, 40, seed), problems.zdt1, 100, uncovered, 0.36),
    "CMA-ES": Case(lambda seed: CMAES(REAL, seed), problems.rosenbrock, 400, least, 1e-6),
    "CMA-ES, separable": Case(
        lambda seed: CMAES(REAL, seed, separable=True), problems.sphere, 120, least, 1e-9
    ),
    "CMA-ES, restarts": Case(
        lambda seed: CMAES(REAL, seed, restarts=9), problems.rastrigin, 1200, least, 1e-6
    ),
    "MAP-Elites": Case(
        lambda seed: MAPElites(
            REAL, Grid([(-1, 1), (-1, 1)], (12, 12)), seed, batch=40, emitters=[Gaussian(0.2)]
        ),
        problems.placed,
        100,
        unfilled,
        0.1,
    ),
    "MAP-Elites, CVT and CMA": Case(
        lambda seed: MAPElites(
            REAL, CVT([(-1, 1), (-1, 1)], 100), seed, batch=30, emitters=[CMA(0.3), Gaussian(0.2)]
        ),
        problems.placed,
        100,
        unfilled,
        0.1,
    ),
    "novelty": Case(lambda seed: NoveltySearch(REAL, 30, seed), problems.trapped, 80, least, 0.05),
    "NEAT": Case(lambda seed: NEAT(XOR, 150, seed), problems.xor, 200, least, 0.1),
    "genetic programming": Case(
        lambda seed: GeneticProgramming(PROGRAMS, 200, seed), problems.quartic, 40, least, 1e-9
    ),
    "preselection": Case(
        lambda seed: Preselection(CMAES(REAL, 10 * seed), RidgeEnsemble(), seed),
        problems.sphere,
        150,
        least,
        1e-6,
    ),
    "islands": Case(
        lambda seed: Islands(
            [GeneticAlgorithm(REAL, 12, 10 * seed + i) for i in range(3)], seed, every=3
        ),
        problems.sphere,
        60,
        least,
        1e-2,
    ),
    "islands, asynchronous": Case(
        lambda seed: Islands(
            [NSGA2(UNIT, 20, 10 * seed + i) for i in range(2)],
            seed,
            every=2,
            topology="random",
            asynchronous=True,
        ),
        problems.zdt1,
        100,
        uncovered,
        0.4,
    ),
    "islands of three kinds": Case(
        lambda seed: Islands(
            [
                CMAES(REAL, 10 * seed),
                GeneticAlgorithm(REAL, 20, 10 * seed + 1),
                NSGA2(REAL, 20, 10 * seed + 2),
            ],
            seed,
            every=5,
            topology="full",
        ),
        problems.sphere,
        80,
        least,
        1e-5,
    ),
}
