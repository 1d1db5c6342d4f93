"""Populations of pymoo as arrays, and arrays as populations, without a call per attribute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from pymoo.core.individual import Individual
from pymoo.core.population import Population

from evolution.search import Floats, ObjectiveError
from evolution.variation import Column, VariationError

# How many individuals share the memory of a piece.
_PIECE = 16


def variables(individuals: Iterable[Any]) -> Column:
    """The variables ``[n, n_var]`` of n ≥ 1 individuals, a copy."""
    return np.array([individual.X for individual in individuals])


def objectives(individuals: Iterable[Any]) -> Floats:
    """The objectives ``float64[n, n_obj]`` of n ≥ 1 individuals, a copy."""
    return np.array([individual.F for individual in individuals], np.float64)


def remembered(individuals: Iterable[Any], name: str) -> Floats:
    """What a survival remembered of each, ``float64[n]``: ``rank``, ``crowding`` and the like."""
    values = [individual.data.get(name) for individual in individuals]
    if None in values:
        raise ObjectiveError(
            f"an individual has no {name!r}: a survival has to see the population first, e.g. "
            "RankAndCrowding().do(problem, population)"
        )
    return np.array(values, np.float64)


def remember(individuals: Iterable[Any], **columns: Column) -> None:
    """Let each individual remember its value of each column ``[n]``."""
    lists = [column.tolist() for column in columns.values()]
    for individual, *values in zip(individuals, *lists, strict=True):
        individual.data.update(zip(columns, values, strict=True))


def population_of(X: Column) -> Any:
    """New individuals with these variables ``[n, n_var]``, not evaluated."""
    blank = vars(Individual())
    population = np.empty(len(X), dtype=object)
    for i, row in enumerate(rows_apart(X)):
        # What Individual() does, in a third of the time.
        individual = object.__new__(Individual)
        individual.__dict__ = blank.copy()
        individual.data, individual.evaluated, individual.X = {}, set(), row
        population[i] = individual
    return population.view(Population)


def rows_apart(matrix: Column) -> Iterator[Column]:
    """Copies of the rows, in few pieces: one that lives on keeps only some others in memory."""
    for first in range(0, len(matrix), _PIECE):
        yield from matrix[first : first + _PIECE].copy()


def allow(individuals: Sequence[Any]) -> None:
    """Write down that they break no constraint, which pymoo would find out one by one."""
    for individual, violation in zip(individuals, np.zeros((len(individuals), 1)), strict=True):
        individual.CV = violation


def bounds(problem: Any) -> tuple[Floats, Floats]:
    """The bounds ``float64[n_var]`` of the variables."""
    if not problem.has_bounds() or isinstance(problem.xl, dict):
        raise VariationError(
            f"{problem.name()} has no bounds for a row of numbers; expected e.g. "
            "Problem(n_var=30, n_obj=2, xl=0.0, xu=1.0)"
        )
    return np.asarray(problem.xl, np.float64), np.asarray(problem.xu, np.float64)
