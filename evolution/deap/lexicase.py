"""DEAP's lexicase selections on arrays; the papers stand in `evolution.lexicase`.

Every objective of a fitness is a case. Names and arguments are those of ``deap.tools``; the
individuals themselves are returned, drawn independently.
"""

# ruff: noqa: N802 - the names they have in DEAP

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolution.deap.toolbox import AnyIndividual, generator, weighted_values
from evolution.lexicase import Epsilon, lexicase_select


def selLexicase(
    individuals: Sequence[AnyIndividual], k: int, *, rng: np.random.Generator | None = None
) -> list[AnyIndividual]:
    """Select ``k`` parents, each by the cases in a random order: only the best so far stay."""
    return _selected(individuals, k, generator(rng, "selLexicase"), 0.0)


def selEpsilonLexicase(
    individuals: Sequence[AnyIndividual],
    k: int,
    epsilon: float,
    *,
    rng: np.random.Generator | None = None,
) -> list[AnyIndividual]:
    """The same, and who is worse than the best by at most ``epsilon`` stays too."""
    return _selected(individuals, k, generator(rng, "selEpsilonLexicase"), epsilon)


def selAutomaticEpsilonLexicase(
    individuals: Sequence[AnyIndividual], k: int, *, rng: np.random.Generator | None = None
) -> list[AnyIndividual]:
    """The same, ε being the median absolute deviation of the case among those still left."""
    return _selected(individuals, k, generator(rng, "selAutomaticEpsilonLexicase"), "dynamic")


def _selected(
    individuals: Sequence[AnyIndividual], k: int, rng: np.random.Generator, epsilon: Epsilon
) -> list[AnyIndividual]:
    if not individuals:
        return []
    weights = np.asarray(individuals[0].fitness.weights, np.float64)
    # The unweighted values, as epsilon is in their units, turned to be minimised.
    errors = -np.sign(weights) * (weighted_values(individuals) / weights)
    rows = lexicase_select(errors, k, rng, epsilon)
    return [individuals[row] for row in rows.tolist()]
