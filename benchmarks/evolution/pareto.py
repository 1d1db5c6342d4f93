"""Pareto searches beside DEAP, pymoo and pygmo, and Pareto ranking beside moocore.

Everybody has the same operators (SBX and polynomial mutation, eta 20, crossover 0.9 a pair,
mutation 1/D a gene), the same number of evaluations and the final population's hypervolume up to
1.1; the first generation counts as one. DEAP's and pymoo's problems are evaluated by our
functions, a row at a time for DEAP and a population at a time for pymoo; pygmo has its own in C++.
Times are CPU seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import moocore
import numpy as np

from benchmarks.rows import Row
from evolution.genomes import GenomeSpec, Real
from evolution.pareto import NSGA2, NSGA3, SPEA2, das_dennis, pareto_ranks
from evolution.pareto.elitist import Elitist
from evolution.search import Floats

SEEDS = (1, 2, 3)
GENERATIONS = 100

# Ours builds a search from genomes, population and seed; a peer runs it all and gives its front.
Ours = Callable[[GenomeSpec, int, int], Elitist]
Peer = Callable[["Problem", int, int, int], Floats]


@dataclass(frozen=True)
class Problem:
    """A standard problem on 0 … 1: its size, objectives, and the hypervolume aimed at by 1,000."""

    name: str
    size: int
    objectives: int
    evaluate: Callable[[Floats], Floats]
    least: float

    def hypervolume(self, F: Floats) -> float:
        """What the points dominate, up to 1.1 in each objective."""
        return float(moocore.hypervolume(F, ref=[1.1] * self.objectives))


def zdt1(X: Floats) -> Floats:
    """Zitzler, Deb & Thiele 2000, "Comparison of multiobjective evolutionary algorithms"."""
    g = 1.0 + 9.0 * X[:, 1:].mean(axis=1)
    return np.column_stack([X[:, 0], g * (1.0 - np.sqrt(X[:, 0] / g))])


def dtlz2(X: Floats) -> Floats:
    """Deb, Thiele, Laumanns & Zitzler 2005, three objectives: an eighth of a sphere."""
    radius = 1.0 + np.square(X[:, 2:] - 0.5).sum(axis=1)
    first, second = 0.5 * np.pi * X[:, 0], 0.5 * np.pi * X[:, 1]
    shape = [np.cos(first) * np.cos(second), np.cos(first) * np.sin(second), np.sin(first)]
    return np.column_stack([radius * side for side in shape])


ZDT1 = Problem("ZDT1", 30, 2, zdt1, 0.874)
DTLZ2 = Problem("DTLZ2", 12, 3, dtlz2, 0.774)


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of ranking, then of NSGA-II, SPEA2 and NSGA-III."""
    yield from ranking(quick)
    yield from nsga2(quick)
    yield from others(quick)


# Ranking


def ranking(quick: bool) -> Iterator[Row]:
    """Ranks of 10,000 points, random and in a chain, after checking that they are moocore's."""
    n = 2_000 if quick else 10_000
    rng = np.random.default_rng(1)
    chain = np.repeat(rng.permutation(n)[:, np.newaxis].astype(np.float64), 3, axis=1)
    cases = {f"random points, M = {M}": (rng.random((n, M)), 1.0) for M in (2, 3, 5)}
    cases |= {"a chain of fronts, M = 3": (chain, 10.0)}
    compile_s, _ = _timed(lambda: [pareto_ranks(np.eye(M)) for M in (2, 3, 5)])
    for name, (F, goal) in cases.items():
        equal = np.array_equal(pareto_ranks(F), moocore.pareto_rank(F))
        ours, peer = _fastest(7, pareto_ranks, F), _fastest(3, moocore.pareto_rank, F)
        yield Row(
            f"Pareto ranks, {n:,} {name}, ms (moocore)",
            1e3 * ours,
            1e3 * peer,
            peer / ours,
            {"same ranks": bool(equal)},
            None if quick else goal,
            {"compile_s": round(compile_s, 2)},
        )


# Searches


def nsga2(quick: bool) -> Iterator[Row]:
    """NSGA-II with 1,000 genomes against all three peers, and with 10,000 alone."""
    population = 100 if quick else 1_000
    peers: dict[str, tuple[Peer, float]] = {
        "pygmo": (pygmo_nsga2, 8.0),
        "pymoo": (pymoo_nsga2, 20.0),
        "DEAP": (deap_nsga2, 20.0),
    }
    for problem in (ZDT1, DTLZ2):
        seconds, volumes = _ours(NSGA2, problem, population)
        yield _alone("NSGA-II", problem, population, seconds, volumes, None if quick else 0.5)
        for name, (peer, goal) in peers.items():
            yield _against(
                f"NSGA-II, {problem.name}, {population:,} × {GENERATIONS}, s ({name})",
                (seconds, volumes),
                _theirs(peer, problem, population, SEEDS[:1]),
                population,
                None if quick else goal,
            )
    if not quick:
        for problem in (ZDT1, DTLZ2):
            seconds, volumes = _ours(NSGA2, problem, 10_000, SEEDS[:1])
            yield _alone("NSGA-II", problem, 10_000, seconds, volumes, 5.0)


def others(quick: bool) -> Iterator[Row]:
    """SPEA2 and NSGA-III against pymoo, at sizes that it can do; SPEA2 alone with 1,000."""
    coarse, fine = das_dennis(3, 12), das_dennis(3, 43)
    third = "NSGA-III", _nsga3(coarse), pymoo_nsga3(coarse), DTLZ2, 92
    cases: list[tuple[tuple[str, Ours, Peer, Problem, int], float | None, int]] = [
        (("SPEA2", SPEA2, pymoo_spea2, ZDT1, 200), 20.0, 3),
        (("SPEA2", SPEA2, pymoo_spea2, DTLZ2, 100), 20.0, 3),
        (third, None, 3),
        (("NSGA-III", _nsga3(fine), pymoo_nsga3(fine), DTLZ2, 992), 20.0, 1),
    ]
    if quick:
        cases = [(("SPEA2", SPEA2, pymoo_spea2, ZDT1, 60), None, 1), (third, None, 1)]
    for (name, ours, peer, problem, population), goal, seeds in cases:
        yield _against(
            f"{name}, {problem.name}, {population:,} × {GENERATIONS}, s (pymoo)",
            _ours(ours, problem, population, SEEDS[:seeds]),
            _theirs(peer, problem, population, SEEDS[:seeds]),
            population,
            goal,
        )
    if not quick:
        seconds, volumes = _ours(SPEA2, DTLZ2, 1_000, SEEDS[:1])
        yield _alone("SPEA2", DTLZ2, 1_000, seconds, volumes, None)


def _alone(
    name: str,
    problem: Problem,
    population: int,
    seconds: float,
    volumes: list[float],
    goal: float | None,
) -> Row:
    volume = float(np.median(volumes))
    checks: dict[str, bool | float] = {"hypervolume": volume}
    if population >= 1_000:
        checks[f"at least {problem.least}"] = volume >= problem.least
    title = f"{name}, {problem.name}, {population:,} × {GENERATIONS}, s"
    return Row(title, seconds, checks=checks, goal=goal)


def _against(
    name: str,
    ours: tuple[float, list[float]],
    peer: tuple[float, list[float]],
    population: int,
    goal: float | None,
) -> Row:
    gap = float(np.mean(ours[1]) - np.mean(peer[1]))
    # Standard deviation of a run: 0.002 to 0.006 with 100 genomes, below 0.001 with 1,000.
    noise = 0.02 if population < 900 else 0.003
    return Row(
        name,
        ours[0],
        peer[0],
        peer[0] / ours[0],
        {"hypervolume within noise": abs(gap) < noise, "more by": round(gap, 4)},
        goal,
        {"seeds": len(ours[1])},
    )


def _ours(
    search: Ours, problem: Problem, population: int, seeds: tuple[int, ...] = SEEDS
) -> tuple[float, list[float]]:
    """The median of CPU seconds, and the hypervolumes."""
    spec = GenomeSpec({"x": Real(problem.size)})

    def run(seed: int, generations: int) -> Floats:
        found = search(spec, population, seed)
        for _ in range(generations):
            found.tell(problem.evaluate(found.ask()["x"]))
        return found.objectives

    run(0, 3)  # compiles
    timed = [_timed(run, seed, GENERATIONS) for seed in seeds]
    return float(np.median([s for s, _ in timed])), [problem.hypervolume(F) for _, F in timed]


def _theirs(
    peer: Peer, problem: Problem, population: int, seeds: tuple[int, ...]
) -> tuple[float, list[float]]:
    timed = [_timed(peer, problem, population, GENERATIONS, seed) for seed in seeds]
    return float(np.median([s for s, _ in timed])), [problem.hypervolume(F) for _, F in timed]


def _nsga3(directions: Floats) -> Ours:
    return lambda spec, population, seed: NSGA3(spec, population, seed, directions=directions)


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def _fastest(times: int, work: Callable[..., Any], *arguments: Any) -> float:
    return min(_timed(work, *arguments)[0] for _ in range(times))


# The peers: the final population's objectives


def pygmo_nsga2(problem: Problem, population: int, generations: int, seed: int) -> Floats:
    """With pygmo's own problems, compiled."""
    import pygmo

    body = (
        pygmo.zdt(prob_id=1, param=problem.size)
        if problem is ZDT1
        else pygmo.dtlz(prob_id=2, dim=problem.size, fdim=problem.objectives)
    )
    first = pygmo.population(pygmo.problem(body), population, seed=seed)
    settings = {"cr": 0.9, "eta_c": 20.0, "m": 1.0 / problem.size, "eta_m": 20.0}
    peer = pygmo.algorithm(pygmo.nsga2(gen=generations - 1, seed=seed, **settings))
    return np.asarray(peer.evolve(first).get_f())


def pymoo_nsga2(problem: Problem, population: int, generations: int, seed: int) -> Floats:
    """With pymoo's compiled functions, where it has them."""
    from pymoo.algorithms.moo.nsga2 import NSGA2 as Theirs  # noqa: N811 - a class

    return _pymoo(Theirs(population, **_pymoo_operators(0.9)), problem, generations, seed)


def pymoo_spea2(problem: Problem, population: int, generations: int, seed: int) -> Floats:
    """On unscaled objectives, as in the paper and with us."""
    from pymoo.algorithms.moo.spea2 import (
        SPEA2 as Theirs,  # noqa: N811 - a class
        SPEA2Survival,
    )

    survival = SPEA2Survival(normalize=False)
    peer = Theirs(population, survival=survival, **_pymoo_operators(0.9))
    return _pymoo(peer, problem, generations, seed)


def pymoo_nsga3(directions: Floats) -> Peer:
    """The peer for these directions."""
    from pymoo.algorithms.moo.nsga3 import NSGA3 as Theirs  # noqa: N811 - a class

    def run(problem: Problem, population: int, generations: int, seed: int) -> Floats:
        peer = Theirs(directions, population, **_pymoo_operators(1.0))
        return _pymoo(peer, problem, generations, seed)

    return run


def _pymoo_operators(rate: float) -> dict[str, Any]:
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM

    return {"crossover": SBX(eta=20, prob=rate), "mutation": PM(eta=20)}


def _pymoo(peer: Any, problem: Problem, generations: int, seed: int) -> Floats:
    from pymoo.core.problem import Problem as Theirs
    from pymoo.optimize import minimize

    class Ours(Theirs):  # type: ignore[misc]
        def _evaluate(self, X: Floats, out: dict[str, Any], *_: Any, **__: Any) -> None:
            out["F"] = problem.evaluate(X)

    body = Ours(n_var=problem.size, n_obj=problem.objectives, xl=0.0, xu=1.0)
    return np.asarray(minimize(body, peer, ("n_gen", generations), seed=seed).pop.get("F"))


def deap_nsga2(problem: Problem, population: int, generations: int, seed: int) -> Floats:
    """As in DEAP's example of NSGA-II, with the faster of its sorts."""
    import random

    from deap import base, creator, tools

    random.seed(seed)
    for name in ("BenchmarkFitness", "BenchmarkIndividual"):
        vars(creator).pop(name, None)
    creator.create("BenchmarkFitness", base.Fitness, weights=(-1.0,) * problem.objectives)
    creator.create("BenchmarkIndividual", list, fitness=creator.BenchmarkFitness)
    toolbox = base.Toolbox()
    bounds = {"low": 0.0, "up": 1.0, "eta": 20.0}
    toolbox.register("mate", tools.cxSimulatedBinaryBounded, **bounds)
    toolbox.register("mutate", tools.mutPolynomialBounded, **bounds, indpb=1.0 / problem.size)

    def evaluated(individuals: list[Any]) -> list[Any]:
        values = problem.evaluate(np.array(individuals)).tolist()
        for individual, value in zip(individuals, values, strict=True):
            individual.fitness.values = value
        return individuals

    def born() -> Any:
        return creator.BenchmarkIndividual(random.random() for _ in range(problem.size))

    alive = tools.selNSGA2(evaluated([born() for _ in range(population)]), population, nd="log")
    for _ in range(generations - 1):
        young = [toolbox.clone(parent) for parent in tools.selTournamentDCD(alive, population)]
        for mother, father in zip(young[::2], young[1::2], strict=True):
            if random.random() <= 0.9:
                toolbox.mate(mother, father)
            toolbox.mutate(mother)
            toolbox.mutate(father)
        alive = tools.selNSGA2(alive + evaluated(young), population, nd="log")
    return np.array([individual.fitness.values for individual in alive])
