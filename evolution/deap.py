"""NSGA-II selection for DEAP toolboxes: ``toolbox.register("select", selNSGA2)``.

The same rule as ``deap.tools.selNSGA2`` (Deb et al. 2002, see `evolution.pareto`) on arrays. It
knows individuals only by their ``fitness``, so DEAP itself is not imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Protocol, TypeVar

import numpy as np

from evolution.pareto import best_rows, crowding_distance, pareto_ranks
from evolution.search import ObjectiveError


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


def selNSGA2(  # noqa: N802 - the name it has in DEAP
    individuals: Sequence[AnyIndividual], k: int
) -> list[AnyIndividual]:
    """Select the best ``k`` individuals (all, if there are fewer), best first.

    Sets ``fitness.crowding_dist`` of every individual, as ``selTournamentDCD`` needs. Chooses as
    DEAP does wherever DEAP's choice does not hang on the order of equals; a NaN ranks last.
    """
    if not individuals:
        return []
    weights = individuals[0].fitness.weights
    rows = [individual.fitness.wvalues for individual in individuals]
    for i, row in enumerate(rows):
        if len(row) != len(weights):
            raise ObjectiveError(
                f"individual {i} has {len(row)} objectives; expected {len(weights)}, as many as "
                "weights: evaluate it first, ind.fitness.values = toolbox.evaluate(ind)"
            )
    flat = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * len(weights))
    wvalues = flat.reshape(len(rows), len(weights))
    ranks = pareto_ranks(-wvalues)
    # DEAP measures crowding on the unweighted values; their direction decides its ties.
    crowding = crowding_distance(wvalues / np.asarray(weights), ranks)
    for individual, distance in zip(individuals, crowding.tolist(), strict=True):
        individual.fitness.crowding_dist = distance
    best = best_rows(ranks, crowding, min(k, len(individuals)))
    return [individuals[row] for row in best.tolist()]
