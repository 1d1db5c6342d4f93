"""Our parts inside DEAP and pymoo, beside DEAP's and pymoo's own; the programs stay theirs.

DEAP's program is NSGA-II on ZDT1 with 30 genes as its examples have it (SBX .9 a pair and
polynomial mutation 1/30, eta 20), without statistics, or with ``eaMuPlusLambda`` for its loop.
"import" is the same program with another import, so individuals stay ``array.array`` and are
evaluated one by one by DEAP's ZDT1; "rows" also keeps genes in rows and evaluates all at once.
DEAP as it comes sorts by its ``nd="standard"``, which is what the goal of a whole run is beside;
beside its other sort, what is left to both is mostly the making of Python objects.
pymoo's are its NSGA-II on its ZDT1, ours by another import, and our search inside pymoo. Times are
CPU seconds; hypervolumes reach to 1.1 and are compared over seeds before anything is timed.
"""

from __future__ import annotations

import array
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import moocore
import numpy as np
import pymoo.algorithms.moo.nsga2
from deap import algorithms, base, benchmarks, tools
from pymoo.optimize import minimize
from pymoo.problems import get_problem

import evolution
import evolution.pymoo
from benchmarks.rows import Row
from evolution.deap import ArrayIndividual, clone, map_rows, seeded, selNSGA2
from evolution.search import Floats

GENES = 30
# A program takes a population, generations and a seed, and gives its last front's objectives.
Program = Callable[[int, int, int], Floats]


class Minimised(base.Fitness):  # type: ignore[misc]
    """Two objectives, both minimised."""

    weights = (-1.0, -1.0)


class Three(base.Fitness):  # type: ignore[misc]
    """Three objectives, all minimised."""

    weights = (-1.0, -1.0, -1.0)


class Doubles(array.array):
    """An individual as DEAP's creator makes it of ``array.array``."""

    def __new__(cls, genes: Any = ()) -> Doubles:
        """Genes of doubles."""
        return super().__new__(cls, "d", genes)

    def __init__(self, genes: Any = ()) -> None:
        self.fitness = Minimised()

    def __deepcopy__(self, memo: dict[int, Any]) -> Doubles:
        """As DEAP's creator has it."""
        copy = type(self)(self)
        copy.fitness = self.fitness.__deepcopy__(memo)
        return copy


class InRow(ArrayIndividual):
    """An individual whose genes are a row."""

    def __init__(self, genes: Any = ()) -> None:
        self.fitness = Minimised()


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of selection, then of whole runs of DEAP, then of pymoo."""
    yield from selection(quick)
    yield from deap_runs(quick)
    yield from pymoo_runs(quick)


# Selection


def selection(quick: bool) -> Iterator[Row]:
    """Half of 1,000 individuals by NSGA-II, with either of DEAP's sorts."""
    for M, kind in ((2, Minimised), (3, Three)):
        rng = np.random.default_rng(M)
        F = np.abs(rng.standard_normal((1000, M)))
        F *= (1.0 + 0.05 * rng.random((1000, 1))) / np.linalg.norm(F, axis=1, keepdims=True)
        people = [Doubles() for _ in F]
        for one, values in zip(people, F.tolist(), strict=True):
            one.fitness = kind(values)
        checks = {"same individuals": _same_choice(people)}
        ours = _fastest(20, selNSGA2, people, 500)
        for sort, goal, repeats in (("standard", 100.0, 1 if quick else 2), ("log", 8.0, 5)):
            peer = _fastest(repeats, tools.selNSGA2, people, 500, sort)
            yield Row(
                f"select 500 of 1,000, M = {M}, ms (DEAP, {sort} sort)",
                1e3 * ours,
                1e3 * peer,
                peer / ours,
                checks,
                goal,
            )


def _same_choice(people: list[Any]) -> bool:
    """Whether both choose the same but for the ends of the last front, of which DEAP draws none."""
    theirs = {id(i): i.fitness.crowding_dist for i in tools.selNSGA2(people, 500, nd="log")}
    ours = {id(i): i.fitness.crowding_dist for i in selNSGA2(people, 500)}
    shared = theirs.keys() & ours.keys()
    alone = [(theirs | ours)[i] for i in theirs.keys() ^ ours.keys()]
    return (
        len(ours) == len(theirs) == 500
        and all(distance == np.inf for distance in alone)
        and np.allclose([theirs[i] for i in shared], [ours[i] for i in shared], rtol=1e-9)
    )


# DEAP


def deap_program(ours: bool, kind: Any, at_once: bool, sort: str, loop: str = "own") -> Program:
    """NSGA-II as a DEAP program: a loop of its own, or ``eaMuPlusLambda``."""

    def run(n: int, generations: int, seed: int) -> Floats:
        random.seed(seed)
        tool, loops = seeded(seed) if ours else (tools, algorithms)
        toolbox = _toolbox(tool, ours, at_once, sort)
        population = [kind([random.random() for _ in range(GENES)]) for _ in range(n)]
        if loop == "eaMuPlusLambda":
            loops.eaMuPlusLambda(
                population, toolbox, n, n, 0.6, 0.4, generations - 1, verbose=False
            )
        else:
            _evaluate(population, toolbox)
            population = toolbox.select(population, n)
            for _ in range(generations - 1):
                parents = tool.selTournamentDCD(population, n)
                offspring = loops.varAnd(parents, toolbox, cxpb=0.9, mutpb=1.0)
                _evaluate(offspring, toolbox)
                population = toolbox.select(population + offspring, n)
        return np.array([one.fitness.values for one in population])

    return run


def _toolbox(tool: Any, ours: bool, at_once: bool, sort: str) -> Any:
    toolbox = base.Toolbox()
    bounds = {"eta": 20.0, "low": 0.0, "up": 1.0}
    toolbox.register("mate", tool.cxSimulatedBinaryBounded, **bounds)
    toolbox.register("mutate", tool.mutPolynomialBounded, indpb=1.0 / GENES, **bounds)
    toolbox.register("select", tool.selNSGA2, nd=sort)
    toolbox.register("evaluate", zdt1 if at_once else benchmarks.zdt1)
    if ours:
        toolbox.register("clone", clone)
    if at_once:
        toolbox.register("map", map_rows)
    return toolbox


def _evaluate(individuals: list[Any], toolbox: Any) -> None:
    unknown = [one for one in individuals if not one.fitness.valid]
    for one, values in zip(unknown, toolbox.map(toolbox.evaluate, unknown), strict=True):
        one.fitness.values = values


def zdt1(X: Floats) -> Floats:
    """ZDT1 of all rows at once."""
    g = 1.0 + 9.0 * X[:, 1:].mean(axis=1)
    return np.column_stack([X[:, 0], g * (1.0 - np.sqrt(X[:, 0] / g))])


def deap_runs(quick: bool) -> Iterator[Row]:
    """DEAP's programs beside ours, after their hypervolumes were compared."""
    n, generations, short = (100, 40, 10) if quick else (1000, 100, 6)
    length, seeds = (40, 6) if quick else (100, 12)
    for loop, label, sort, goal in (
        ("own", "log sort", "log", None),
        ("own", "as it comes", "standard", 8.0),
        ("eaMuPlusLambda", "log sort", "log", None),
    ):
        theirs = deap_program(False, Doubles, False, sort, loop)
        # Either sort makes the same choices, and the slower one takes minutes.
        faster = deap_program(False, Doubles, False, "log", loop)
        expected = _hypervolumes(faster, 60, length, seeds)
        steps = short if sort == "standard" else generations
        peer = _seconds(theirs, n, steps, 1)
        for name, kind in (("import", Doubles), ("rows", InRow)):
            program = deap_program(True, kind, kind is InRow, sort, loop)
            agrees = _equal(_hypervolumes(program, 60, length, seeds), expected)
            ours = _seconds(program, n, steps, 1 if quick else 3)
            text = f"{n:,} × {steps}, {loop} loop, {name}, s (DEAP, {label})"
            yield _row(text, ours, peer, {"same hypervolume": agrees}, goal)


# pymoo


def pymoo_program(make: Callable[[int], Any]) -> Program:
    """ZDT1 by this algorithm in pymoo's ``minimize``."""
    problem = get_problem("zdt1", n_var=GENES)

    def run(n: int, generations: int, seed: int) -> Floats:
        result = minimize(problem, make(n), ("n_gen", generations), seed=seed)
        front: Floats = result.F
        return front

    return run


def pymoo_runs(quick: bool) -> Iterator[Row]:
    """pymoo's NSGA-II beside ours by its name, and our search inside pymoo."""
    theirs = pymoo_program(pymoo.algorithms.moo.nsga2.NSGA2)
    operators = pymoo_program(evolution.pymoo.NSGA2)
    search = pymoo_program(
        lambda n: evolution.pymoo.SearchAlgorithm(partial(evolution.NSGA2, population=n))
    )
    seeds, length = (4, 40) if quick else (10, 100)
    expected = _hypervolumes(theirs, 60, length, seeds)
    n, generations = (200, 30) if quick else (1000, 100)
    peer = _seconds(theirs, n, generations, 1)
    for name, program in (("import", operators), ("our search", search)):
        found = _hypervolumes(program, 60, length, seeds)
        # Our search has other settings of the operators: it has to come as far at least.
        agrees = _equal(found, expected) or (program is search and found.mean() > expected.mean())
        ours = _seconds(program, n, generations, 1 if quick else 3)
        label = f"{n:,} × {generations}, {name}, s (pymoo's NSGA-II)"
        yield _row(label, ours, peer, {"same hypervolume": agrees}, None)


def _row(label: str, ours: float, peer: float, checks: dict[str, bool], goal: float | None) -> Row:
    return Row(f"whole run {label}", ours, peer, peer / ours, checks, goal)


def _hypervolumes(program: Program, n: int, generations: int, seeds: int) -> Floats:
    fronts = (program(n, generations, seed) for seed in range(seeds))
    return np.array([moocore.hypervolume(front, ref=[1.1, 1.1]) for front in fronts])


def _equal(ours: Floats, theirs: Floats) -> bool:
    """Whether the means of two samples differ by less than 3.5 standard errors."""
    error = np.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
    return bool(abs(ours.mean() - theirs.mean()) < 3.5 * error)


def _seconds(program: Program, n: int, generations: int, repeats: int) -> float:
    return _fastest(repeats, program, n, generations, 1)


def _fastest(repeats: int, function: Callable[..., Any], *arguments: Any) -> float:
    """The fewest CPU seconds of a call."""
    found = np.inf
    for _ in range(repeats):
        start = time.process_time()
        function(*arguments)
        found = min(found, time.process_time() - start)
    return float(found)
