"""Operators that work on one individual as DEAP calls them, and on whole populations.

`crossover` and `mutation` make such an operator of a function over rows, your own included:

>>> @mutation
... def mutNoise(rows, *, sigma, rng):
...     return rows + rng.normal(0.0, sigma, rows.shape)
>>> toolbox.register("mutate", mutNoise, sigma=0.1, rng=rng)

`evolution.deap.varAnd` and `varOr` then call it once a generation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from evolution.deap.individuals import rows_of, write
from evolution.variation import Column

First = TypeVar("First")
Second = TypeVar("Second")


class Operator:
    """A function over rows of genes, with the name and the documentation that it has."""

    def __init__(self, rows: Callable[..., Any]) -> None:
        self.rows = self.__wrapped__ = rows
        self.__name__ = rows.__name__
        self.__doc__ = rows.__doc__
        self.__module__ = rows.__module__

    def __reduce__(self) -> str:
        """By name, as a function: processes and copies share it."""
        return self.__name__


class Crossover(Operator):
    """``rows(first, second, **settings) -> (first, second)``, matrices of equal shape."""

    def __call__(
        self, ind1: First, ind2: Second, *arguments: Any, **settings: Any
    ) -> tuple[First, Second]:
        """Mate two individuals in place, up to the length of the shorter one."""
        pair = np.asarray(ind1), np.asarray(ind2)
        size = min(len(genes) for genes in pair)
        rows = [np.array(genes[np.newaxis, :size]) for genes in pair]
        children = self.rows(*rows, *arguments, **settings)
        for individual, genes, child in zip((ind1, ind2), pair, children, strict=True):
            write(individual, np.concatenate([child[0], genes[size:]]))
        return ind1, ind2


class Mutation(Operator):
    """``rows(matrix, **settings) -> matrix``."""

    def __call__(self, individual: First, *arguments: Any, **settings: Any) -> tuple[First]:
        """Mutate an individual in place."""
        write(individual, self.rows(rows_of([individual]), *arguments, **settings)[0])
        return (individual,)


def crossover(rows: Callable[..., tuple[Column, Column]]) -> Crossover:
    """An operator for ``toolbox.register("mate", ...)`` from a function over two matrices."""
    return Crossover(rows)


def mutation(rows: Callable[..., Column]) -> Mutation:
    """An operator for ``toolbox.register("mutate", ...)`` from a function over a matrix."""
    return Mutation(rows)


def on_rows(registered: Any) -> Callable[..., Any] | None:
    """The function over rows with the registered settings; None where there is no such function.

    An operator that was decorated in the toolbox has none: the decorator may do anything.
    """
    if isinstance(registered, Operator):
        return registered.rows
    if isinstance(registered, partial):
        rows = on_rows(registered.func)
        return rows and partial(rows, *registered.args, **registered.keywords)
    return None
