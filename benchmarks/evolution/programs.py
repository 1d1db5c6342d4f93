"""Genetic programming beside DEAP: the same trees' values first, then runs and speed.

The quartic is DEAP's own example (Koza's x⁴ + x³ + x² + x): the same primitives, tournaments of 3,
crossover at 0.5, subtree mutation at 0.1, height at most 17, no elites; a program
of ours has at most 64 nodes, and of equals the smaller ranks first. Times are processor time.
"""

from __future__ import annotations

import math
import operator
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from deap import algorithms, base, creator, gp, tools

from benchmarks.evolution import horn
from benchmarks.rows import Row
from evolution import GenomeSpec
from evolution.programs import GeneticProgramming, Program
from evolution.programs.deap import batch_map, evaluate, from_deap, to_trees

Floats = npt.NDArray[np.float64]
SOLVED = 1e-30
GENERATIONS = 40


def rows(quick: bool) -> Iterator[Row]:
    """Yield the interpreter's rows, the quartic's, and those of Horn rules."""
    pset = primitive_set()
    _warm_up(pset)
    yield _throughput(pset, trees=60 if quick else 300, cases=20)
    yield _throughput(pset, trees=20 if quick else 100, cases=1000)
    yield _own_trees(pset, trees=60 if quick else 300, cases=20)
    yield _quartic(pset, 300, 20, GENERATIONS, theirs=2 if quick else 20, ours=20 if quick else 100)
    yield _one_line(pset, 20, 3 if quick else GENERATIONS, seeds=1 if quick else 5)
    if not quick:
        yield _one_line(pset, 1000, 10, seeds=1)
        yield _quartic(pset, 1000, 1000, 20, theirs=3, ours=5)
    yield from horn.rows(quick)


def protected_division(left: float, right: float) -> float:
    """Division as DEAP's example protects it."""
    try:
        return left / right
    except ZeroDivisionError:
        return 1.0


def primitive_set() -> gp.PrimitiveSet:
    """The primitives of DEAP's example."""
    pset = gp.PrimitiveSet("MAIN", 1)
    for binary in (operator.add, operator.sub, operator.mul, protected_division):
        pset.addPrimitive(binary, 2)
    for unary in (operator.neg, math.cos, math.sin):
        pset.addPrimitive(unary, 1)
    pset.addEphemeralConstant("noosphere_benchmark", partial(random.randint, -1, 1))
    return pset


def quartic(cases: int) -> tuple[Floats, Floats]:
    """Cases ``[cases, 1]`` from -1 on, below 1, and the values there."""
    x: Floats = np.linspace(-1.0, 1.0, cases, endpoint=False)
    return x[:, np.newaxis], x * (1.0 + x * (1.0 + x * (1.0 + x)))


def _seconds(call: Callable[[], Any], times: int) -> float:
    best = math.inf
    for _ in range(times):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def _warm_up(pset: gp.PrimitiveSet) -> None:
    """Compile the kernels."""
    _our_run(pset, 4, 4, 2, seed=0)


def _random_trees(pset: gp.PrimitiveSet, n: int) -> tuple[Program, Floats, list[Any]]:
    locus = Program(from_deap(pset), ramp=(2, 6))
    column = locus.sample(n, np.random.default_rng(1))
    return locus, column, to_trees(column, locus.primitives, pset)


def _called(trees: list[Any], pset: gp.PrimitiveSet, points: list[float]) -> Floats:
    """What DEAP does: compile each tree and call it on each point."""
    return np.array([[function(x) for x in points] for function in _compiled(trees, pset)])


def _compiled(trees: list[Any], pset: gp.PrimitiveSet) -> Iterator[Callable[[float], float]]:
    for tree in trees:
        function = gp.compile(tree, pset)

        def quiet(x: float, function: Callable[[float], float] = function) -> float:
            try:
                return function(x)
            except (ValueError, OverflowError):  # the sine of an infinity
                return math.nan

        yield quiet


def _agree(ours: Floats, theirs: Floats) -> bool:
    told = np.isfinite(theirs)
    return bool(told.mean() > 0.9 and (ours[told] == theirs[told]).all())


def _throughput(pset: gp.PrimitiveSet, trees: int, cases: int) -> Row:
    locus, column, theirs = _random_trees(pset, trees)
    inputs, _ = quartic(cases)
    points = inputs[:, 0].tolist()
    same = _agree(locus.evaluate(column, inputs), _called(theirs, pset, points))
    nodes = float(locus.sizes(column).sum()) * cases / 1e6
    ours = nodes / _seconds(lambda: locus.evaluate(column, inputs), 20)
    peer = nodes / _seconds(lambda: _called(theirs, pset, points), 2)
    return Row(
        f"GP interpreter, {trees} trees on {cases} points, million nodes a second",
        ours,
        peer,
        ours / peer,
        checks={"the same values as DEAP's": same},
        notes={"peer": "DEAP compile and call", "mean nodes": locus.sizes(column).mean()},
    )


def _own_trees(pset: gp.PrimitiveSet, trees: int, cases: int) -> Row:
    primitives = from_deap(pset)
    _, _, theirs = _random_trees(pset, trees)
    inputs, _ = quartic(cases)
    points = inputs[:, 0].tolist()
    same = _agree(evaluate(theirs, primitives, inputs), _called(theirs, pset, points))
    ours = 1e3 * _seconds(lambda: evaluate(theirs, primitives, inputs), 10)
    peer = 1e3 * _seconds(lambda: _called(theirs, pset, points), 2)
    return Row(
        f"DEAP's own {trees} trees on {cases} points, ms",
        ours,
        peer,
        peer / ours,
        checks={"the same values as DEAP's": same},
    )


def _quartic(
    pset: gp.PrimitiveSet, population: int, cases: int, generations: int, theirs: int, ours: int
) -> Row:
    """Whole runs: median seconds, and how many seeds found the quartic."""
    our_runs = [_our_run(pset, population, cases, generations, seed) for seed in range(ours)]
    peer_runs = [_deap_run(pset, population, cases, generations, seed) for seed in range(theirs)]
    seconds = [float(np.median([run[0] for run in runs])) for runs in (our_runs, peer_runs)]
    solved = [[run[1] < SOLVED for run in runs] for runs in (our_runs, peer_runs)]
    checks: dict[str, bool | float] = {
        "share of seeds that solve it": float(np.mean(solved[0])),
        "of DEAP's": float(np.mean(solved[1])),
    }
    if theirs >= 20:
        checks["success rates alike, or ours higher (z > -2.6)"] = _z(*solved) > -2.6
    return Row(
        f"GP quartic, population {population}, {cases} points, {generations} generations, s",
        seconds[0],
        seconds[1],
        seconds[1] / seconds[0],
        checks=checks,
        goal=10.0,
        notes={
            "seeds": [ours, theirs],
            "mean nodes at the end": [
                np.mean([run[2] for run in r]) for r in (our_runs, peer_runs)
            ],
        },
    )


def _mean_square(apart: list[float]) -> float:
    """Summed exactly, as in DEAP's example; infinite where that fails."""
    try:
        total = math.fsum([d * d for d in apart])
    except OverflowError:
        return math.inf
    return math.inf if math.isnan(total) else total / len(apart)


def _one_line(pset: gp.PrimitiveSet, cases: int, generations: int, seeds: int) -> Row:
    """DEAP's own run, with and without our interpreter as its map."""
    plain, ours = (
        [_deap_run(pset, 300, cases, generations, seed, batched) for seed in range(seeds)]
        for batched in (False, True)
    )
    medians = [float(np.median([run[0] for run in runs])) for runs in (ours, plain)]
    return Row(
        f"DEAP's own run with our map, population 300, {cases} points, s",
        medians[0],
        medians[1],
        medians[1] / medians[0],
        checks={
            "the same trees in the end": [run[1:] for run in ours] == [run[1:] for run in plain],
        },
    )


def _mean_size(runs: list[tuple[float, float, float]]) -> float:
    return float(np.mean([size for _, _, size in runs]))


def _z(ours: list[bool], theirs: list[bool]) -> float:
    """The difference of two shares in standard deviations, were they the same."""
    n, m = len(ours), len(theirs)
    common = (sum(ours) + sum(theirs) + 1.0) / (n + m + 2.0)
    deviation = math.sqrt(common * (1.0 - common) * (1.0 / n + 1.0 / m))
    return float((np.mean(ours) - np.mean(theirs)) / deviation)


def _our_run(
    pset: gp.PrimitiveSet, population: int, cases: int, generations: int, seed: int
) -> tuple[float, float, float]:
    """Seconds, the least error seen, and the mean size at the end."""
    locus = Program(
        from_deap(pset),
        places=64,
        ramp=(1, 2),
        inner=None,
        subtree=1.0,
        point=0.0,
        hoist=0.0,
        constants=0.0,
    )
    inputs, targets = quartic(cases)
    start, least = time.process_time(), math.inf
    search = GeneticProgramming(
        GenomeSpec({"program": locus}), population, seed, crossover_rate=0.5, elites=0
    )
    for _ in range(generations + 1):
        values = locus.evaluate(search.ask()["program"], inputs)
        with np.errstate(all="ignore"):
            values -= targets
            search.tell(np.einsum("nc,nc->n", values, values) / cases)
        least = min(least, float(search.best.objectives[0, 0]))
    seconds = time.process_time() - start
    return seconds, least, float(search.sizes(search.genomes).mean())


def _deap_run(
    pset: gp.PrimitiveSet,
    population: int,
    cases: int,
    generations: int,
    seed: int,
    batched: bool = False,
) -> tuple[float, float, float]:
    """The same by DEAP's ``eaSimple``, as its example sets it up."""
    if not hasattr(creator, "BenchmarkTree"):
        creator.create("BenchmarkError", base.Fitness, weights=(-1.0,))
        creator.create("BenchmarkTree", gp.PrimitiveTree, fitness=creator.BenchmarkError)
    inputs, targets = quartic(cases)
    points, wanted = inputs[:, 0].tolist(), targets.tolist()
    toolbox = base.Toolbox()
    toolbox.register("expr", gp.genHalfAndHalf, pset=pset, min_=1, max_=2)
    toolbox.register("individual", tools.initIterate, creator.BenchmarkTree, toolbox.expr)
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)

    def error(tree: Any) -> tuple[float]:
        function = gp.compile(tree, pset)
        try:
            return (_mean_square([function(x) - y for x, y in zip(points, wanted, strict=True)]),)
        except (ValueError, OverflowError):
            return (math.inf,)

    toolbox.register("evaluate", error)
    toolbox.register("select", tools.selTournament, tournsize=3)
    toolbox.register("mate", gp.cxOnePoint)
    toolbox.register("expr_mut", gp.genFull, min_=0, max_=2)
    toolbox.register("mutate", gp.mutUniform, expr=toolbox.expr_mut, pset=pset)
    for name in ("mate", "mutate"):
        toolbox.decorate(name, gp.staticLimit(operator.attrgetter("height"), 17))
    if batched:

        def errors(values: Floats) -> list[float]:
            return [_mean_square(row) for row in (values - targets).tolist()]

        toolbox.register("map", batch_map(from_deap(pset), inputs, errors))
    random.seed(seed)  # DEAP draws from the global generator
    start = time.process_time()
    best = tools.HallOfFame(1)
    people, _ = algorithms.eaSimple(
        toolbox.population(n=population),
        toolbox,
        0.5,
        0.1,
        generations,
        halloffame=best,
        verbose=False,
    )
    seconds = time.process_time() - start
    return seconds, best[0].fitness.values[0], float(np.mean([len(tree) for tree in people]))
