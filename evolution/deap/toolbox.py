"""What a DEAP toolbox holds, as arrays: fitnesses, and the generator that an operator draws from.

Individuals are known only by their ``fitness``, so DEAP itself is not imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Protocol, TypeVar

import numpy as np

from evolution.search import Floats, ObjectiveError


class ToolboxError(ValueError):
    """An operator that was registered without what it needs, or with what does not fit."""


class Fitness(Protocol):
    """What is read and written of a ``deap.base.Fitness``; ``wvalues`` are maximised."""

    weights: Sequence[float]
    crowding_dist: float

    @property
    def wvalues(self) -> Sequence[float]:
        """The objectives times their weights."""


class Individual(Protocol):
    """Anything with a fitness."""

    @property
    def fitness(self) -> Fitness:
        """The fitness, evaluated."""


AnyIndividual = TypeVar("AnyIndividual", bound=Individual)


def weighted_values(individuals: Sequence[Individual], fit_attr: str = "fitness") -> Floats:
    """The ``wvalues`` ``float64[n, M]`` of n ≥ 1 evaluated individuals, maximised.

    Whoever violates the constraints of a ``ConstrainedFitness`` has NaN throughout: it ranks
    behind all who do not, and as high as the others who do.
    """
    rows = list(map(attrgetter(f"{fit_attr}.wvalues"), individuals))
    M = len(getattr(individuals[0], fit_attr).weights)
    if set(map(len, rows)) != {M}:
        rows = [_repaired(row, i, getattr(individuals[i], fit_attr)) for i, row in enumerate(rows)]
    flat = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * M)
    return flat.reshape(len(rows), M)


def _repaired(row: Sequence[float], i: int, fitness: Fitness) -> Sequence[float]:
    M = len(fitness.weights)
    violation = getattr(fitness, "constraint_violation", None)
    if len(row) == 0 and violation is not None and sum(violation) > 0:
        return (np.nan,) * M
    if len(row) != M:
        raise ObjectiveError(
            f"individual {i} has {len(row)} objectives; expected {M}, as many as weights: "
            "evaluate it first, ind.fitness.values = toolbox.evaluate(ind)"
        )
    return row


def generator(rng: object, operator: str) -> np.random.Generator:
    """The generator itself; `ToolboxError` where it is none."""
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None:
        what = "has no rng, and never draws from a global generator"
    else:
        what = f"has rng={rng!r}, which would give every call the same draws"
    raise ToolboxError(
        f"{operator} {what}: make one generator, rng = np.random.default_rng(1), and register it "
        f"with every operator, toolbox.register(..., {operator}, rng=rng); or take all operators "
        "with a generator, tools, algorithms = evolution.deap.seeded(1)"
    )
