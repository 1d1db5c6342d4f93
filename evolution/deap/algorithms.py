"""DEAP's variation and evolutionary loops, with operators called once a generation.

Names, arguments and steps are those of ``deap.algorithms``. An operator registered as ``mate`` or
``mutate`` that comes from `evolution.deap` (or from its `crossover` and `mutation`) works on all
rows at once; any other works on individuals, one after the other, as in DEAP.
"""

# ruff: noqa: N802 - the names they have in DEAP

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from evolution.deap.individuals import children_of, clone, rows_of
from evolution.deap.operators import on_rows
from evolution.deap.toolbox import ToolboxError, generator
from evolution.search import Integers
from evolution.variation import Column

Population = list[Any]
Reproduced = tuple[Population, Any]


def varAnd(
    population: Population,
    toolbox: Any,
    cxpb: float,
    mutpb: float,
    *,
    rng: np.random.Generator | None = None,
) -> Population:
    """Children of neighbours: each pair mated with ``cxpb``, then each mutated with ``mutpb``.

    Those that changed lose their fitness. The population is left as it is.
    """
    chance = generator(rng, "varAnd")
    n = len(population)
    mated = np.flatnonzero(chance.random(n // 2) < cxpb)
    mutated = np.flatnonzero(chance.random(n) < mutpb)
    return _varied(population, toolbox, 2 * mated, 2 * mated + 1, mutated)


def varOr(
    population: Population,
    toolbox: Any,
    lambda_: int,
    cxpb: float,
    mutpb: float,
    *,
    rng: np.random.Generator | None = None,
) -> Population:
    """``lambda_`` children by crossover (the first of two), or mutation, or as a parent is.

    Parents are drawn evenly, the two of a pair different. Those that changed lose their fitness.
    The population is left as it is, and a child is never the same object as a parent.
    """
    chance = generator(rng, "varOr")
    n = len(population)
    if cxpb + mutpb > 1.0:
        raise ToolboxError(
            f"varOr: cxpb + mutpb is {cxpb + mutpb}; at most 1, as a child is mated or mutated"
        )
    if n < 2:
        raise ToolboxError(f"varOr: {n} individuals; at least 2, as those of a pair differ")
    kind = chance.random(lambda_)
    mated, mutated = kind < cxpb, (kind >= cxpb) & (kind < cxpb + mutpb)
    mothers = chance.integers(n, size=lambda_)
    fathers = chance.integers(n - 1, size=int(mated.sum()))
    fathers += fathers >= mothers[mated]
    # The fathers stand behind the children, and go when the children are made.
    parents = [population[row] for row in np.concatenate([mothers, fathers]).tolist()]
    partners = lambda_ + np.arange(len(fathers))
    children = _varied(
        parents, toolbox, np.flatnonzero(mated), partners, np.flatnonzero(mutated), lambda_
    )
    return children[:lambda_]


def _varied(
    parents: Population,
    toolbox: Any,
    mothers: Integers,
    fathers: Integers,
    mutants: Integers,
    wanted: int | None = None,
) -> Population:
    """Children of the parents, these pairs mated and these mutated; only the first ``wanted``."""
    if not parents:
        return []
    mate, mutate = (on_rows(getattr(toolbox, name, None)) for name in ("mate", "mutate"))
    mates_rows = mate is not None or (mutate is not None and not len(mothers))
    mates_rows = mates_rows and _clones_as_usual(toolbox) and len(set(map(len, parents))) == 1
    mutates_rows = mates_rows and (mutate is not None or not len(mutants))
    varied = np.zeros(len(parents), np.bool_)
    varied[np.concatenate([mothers, fathers, mutants])] = True
    changed = varied.tolist()
    if mates_rows:
        rows = rows_of(parents)
        if mate is not None and len(mothers):
            pairs = np.concatenate([mothers, fathers])
            rows = _with(rows, pairs, np.concatenate(mate(rows[mothers], rows[fathers])))
        if mutates_rows and mutate is not None and len(mutants):
            rows = _with(rows, mutants, mutate(rows[mutants]))
        children = children_of(parents[:wanted], rows[:wanted], changed[:wanted])
    else:
        children = [toolbox.clone(parent) for parent in parents]
        for a, b in zip(mothers.tolist(), fathers.tolist(), strict=True):
            children[a], children[b] = toolbox.mate(children[a], children[b])
        children = children[:wanted]
    if not mutates_rows:
        for row in mutants.tolist():
            (children[row],) = toolbox.mutate(children[row])
        for child in compress(children, changed):
            del child.fitness.values
    return children


def _with(rows: Column, where: Integers, changed: Column) -> Column:
    """The rows with some of them changed, perhaps from whole numbers to real ones."""
    rows = rows.astype(np.result_type(rows, changed), copy=False)
    rows[where] = changed
    return rows


def _clones_as_usual(toolbox: Any) -> bool:
    """Whether nobody else's idea of a copy is registered."""
    return getattr(toolbox.clone, "func", toolbox.clone) in (deepcopy, clone)


def eaSimple(
    population: Population,
    toolbox: Any,
    cxpb: float,
    mutpb: float,
    ngen: int,
    stats: Any = None,
    halloffame: Any = None,
    verbose: bool = __debug__,
    *,
    rng: np.random.Generator | None = None,
) -> Reproduced:
    """Select as many parents as there are; their children by `varAnd` are the next generation."""
    return _evolved(
        population,
        toolbox,
        ngen,
        breed=lambda: varAnd(
            toolbox.select(population, len(population)), toolbox, cxpb, mutpb, rng=rng
        ),
        survivors=lambda offspring: offspring,
        watch=_Watch(stats, halloffame, verbose),
    )


def eaMuPlusLambda(
    population: Population,
    toolbox: Any,
    mu: int,
    lambda_: int,
    cxpb: float,
    mutpb: float,
    ngen: int,
    stats: Any = None,
    halloffame: Any = None,
    verbose: bool = __debug__,
    *,
    rng: np.random.Generator | None = None,
) -> Reproduced:
    """``lambda_`` children by `varOr`; ``mu`` survivors are selected of parents and children."""
    return _evolved(
        population,
        toolbox,
        ngen,
        breed=lambda: varOr(population, toolbox, lambda_, cxpb, mutpb, rng=rng),
        survivors=lambda offspring: toolbox.select(population + offspring, mu),
        watch=_Watch(stats, halloffame, verbose),
    )


def eaMuCommaLambda(
    population: Population,
    toolbox: Any,
    mu: int,
    lambda_: int,
    cxpb: float,
    mutpb: float,
    ngen: int,
    stats: Any = None,
    halloffame: Any = None,
    verbose: bool = __debug__,
    *,
    rng: np.random.Generator | None = None,
) -> Reproduced:
    """``lambda_`` ≥ ``mu`` children by `varOr`; ``mu`` survivors are selected of the children."""
    if lambda_ < mu:
        raise ToolboxError(
            f"eaMuCommaLambda: {lambda_} children for {mu} places; lambda_ must be at least mu"
        )
    return _evolved(
        population,
        toolbox,
        ngen,
        breed=lambda: varOr(population, toolbox, lambda_, cxpb, mutpb, rng=rng),
        survivors=lambda offspring: toolbox.select(offspring, mu),
        watch=_Watch(stats, halloffame, verbose),
    )


class _Watch(NamedTuple):
    """Who looks on: statistics, the hall of fame, and whether lines are printed."""

    stats: Any
    halloffame: Any
    verbose: bool


def _evolved(
    population: Population,
    toolbox: Any,
    ngen: int,
    breed: Callable[[], Population],
    survivors: Callable[[Population], Population],
    watch: _Watch,
) -> Reproduced:
    """Evaluate, then breed, evaluate and replace ``ngen`` times, the population being in place."""
    from deap import tools

    stats, halloffame, verbose = watch
    logbook = tools.Logbook()
    logbook.header = ["gen", "nevals", *(stats.fields if stats else [])]
    for generation in range(ngen + 1):
        newcomers = breed() if generation else population
        evaluations = _evaluate(newcomers, toolbox)
        if halloffame is not None:
            halloffame.update(newcomers)
        if generation:
            population[:] = survivors(newcomers)
        record = stats.compile(population) if stats else {}
        logbook.record(gen=generation, nevals=evaluations, **record)
        if verbose:
            print(logbook.stream)
    return population, logbook


def _evaluate(individuals: Population, toolbox: Any) -> int:
    """Evaluate those without a valid fitness, and say how many."""
    unknown = [individual for individual in individuals if not individual.fitness.valid]
    told = toolbox.map(toolbox.evaluate, unknown)
    for individual, values in zip(unknown, told, strict=True):
        individual.fitness.values = values
    return len(unknown)
