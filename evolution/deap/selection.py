"""DEAP's selections by fitness on arrays: NSGA-II, SPEA2 and tournaments.

Names, arguments and rules are those of ``deap.tools``; the searches' papers stand in
`evolution.pareto`. They return the individuals themselves, not copies. A fitness with a NaN ranks
behind all others.
"""

# ruff: noqa: N802 - the names they have in DEAP

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from evolution.deap.toolbox import AnyIndividual, ToolboxError, generator, weighted_values
from evolution.pareto import best_rows, crowding_distance, pareto_ranks, spea2_select
from evolution.search import Floats, Integers, failed


def selNSGA2(
    individuals: Sequence[AnyIndividual], k: int, nd: str = "standard"
) -> list[AnyIndividual]:
    """Select the best ``k`` individuals (all, if there are fewer), best first.

    Sets their ``fitness.crowding_dist``, as ``selTournamentDCD`` needs. Chooses as
    DEAP does wherever DEAP's choice does not hang on the order of equals. ``nd``, which of DEAP's
    two sorts to use, changes nothing here.
    """
    if not individuals:
        return []
    wvalues = weighted_values(individuals)
    weights = np.asarray(individuals[0].fitness.weights, np.float64)
    ranks = pareto_ranks(-wvalues)
    # DEAP measures crowding on the unweighted values; their direction decides its ties.
    crowding = crowding_distance(wvalues / weights, ranks)
    best = best_rows(ranks, crowding, min(k, len(individuals)))
    chosen = [individuals[row] for row in best.tolist()]
    for individual, distance in zip(chosen, crowding[best].tolist(), strict=True):
        individual.fitness.crowding_dist = distance
    return chosen


def selSPEA2(individuals: Sequence[AnyIndividual], k: int) -> list[AnyIndividual]:
    """Select ``k`` individuals (all, if there are fewer) by strength, then by density.

    Where not all that nobody dominates fit in, those in the densest places go, as in DEAP. Where
    they leave room, DEAP fills it by density from part of the distances only; here from all of
    them, as the paper has it.
    """
    if not individuals:
        return []
    # Distances are between unweighted values; only their direction is turned.
    weights = np.asarray(individuals[0].fitness.weights, np.float64)
    rows = spea2_select(-weighted_values(individuals) / np.abs(weights), min(k, len(individuals)))
    return [individuals[row] for row in rows.tolist()]


def selTournament(
    individuals: Sequence[AnyIndividual],
    k: int,
    tournsize: int,
    fit_attr: str = "fitness",
    *,
    rng: np.random.Generator | None = None,
) -> list[AnyIndividual]:
    """The winners of ``k`` tournaments of ``tournsize`` individuals, drawn with replacement.

    The fitness wins that is greater as DEAP compares them, objective by objective; of equals,
    whoever was drawn first.
    """
    chance = generator(rng, "selTournament")
    if tournsize < 1:
        raise ToolboxError(f"selTournament: tournsize is {tournsize}; at least 1, e.g. 3")
    if not individuals:
        return []
    standing = _standing(weighted_values(individuals, fit_attr))
    entrants = chance.integers(len(individuals), size=(k, tournsize))
    winners = entrants[np.arange(k), standing[entrants].argmax(axis=1)]
    return [individuals[row] for row in winners.tolist()]


def _standing(wvalues: Floats) -> Integers:
    """How many different fitnesses are less than each, objective by objective; NaN has none."""
    values = np.where(failed(wvalues)[:, np.newaxis], -np.inf, wvalues)
    order = np.lexsort(values.T[::-1])
    ascended = values[order]
    steps = np.r_[False, (ascended[1:] != ascended[:-1]).any(axis=1)]
    standing = np.empty(len(values), np.int64)
    standing[order] = np.cumsum(steps)
    return standing


def selTournamentDCD(
    individuals: Sequence[AnyIndividual], k: int, *, rng: np.random.Generator | None = None
) -> list[AnyIndividual]:
    """Parents by tournaments of two: dominance, then ``crowding_dist``, then a coin decides.

    Entrants come in turn from two shuffles of all, two tournaments from each, so nobody is
    selected more than twice. ``k`` is a multiple of 4 or leaves room for one, as in DEAP.
    """
    chance = generator(rng, "selTournamentDCD")
    n = len(individuals)
    rounds = -(-k // 4)
    if 4 * rounds > n:
        raise ToolboxError(
            f"selTournamentDCD: k is {k} of {n} individuals; each four winners take four of them, "
            f"so at most {n - n % 4} can be selected here: make the population a multiple of 4"
        )
    wvalues = weighted_values(individuals) if n else np.empty((0, 1))
    crowding = _crowding(individuals)
    shuffles = np.stack([chance.permutation(n)[: 4 * rounds] for _ in range(2)])
    # [round, shuffle, tournament, entrant]: two tournaments of a shuffle, then two of the other.
    entrants = shuffles.reshape(2, rounds, 2, 2).transpose(1, 0, 2, 3).reshape(-1, 2)
    home, guest = entrants.T
    lead = _dominates(wvalues[guest], wvalues[home]) - _dominates(wvalues[home], wvalues[guest])
    lead = np.where(lead == 0, np.sign(crowding[guest] - crowding[home]), lead)
    coin = chance.random(len(lead)) < 0.5
    winners = np.where((lead > 0) | ((lead == 0) & coin), guest, home)[:k]
    return [individuals[row] for row in winners.tolist()]


def _crowding(individuals: Sequence[Any]) -> Floats:
    try:
        distances = map(attrgetter("fitness.crowding_dist"), individuals)
        crowding = np.fromiter(distances, np.float64, len(individuals))
    except AttributeError as error:
        raise ToolboxError(
            "selTournamentDCD: an individual has no fitness.crowding_dist; selNSGA2 sets it: "
            "population = toolbox.select(population, len(population)) first"
        ) from error
    # Twice infinite is a tie, and their difference must not be NaN.
    return np.minimum(crowding, np.finfo(np.float64).max)


def _dominates(these: Floats, those: Floats) -> Integers:
    """1 where a row is nowhere less and somewhere greater; a NaN is less than anything."""
    a, b = (np.where(failed(rows)[:, np.newaxis], -np.inf, rows) for rows in (these, those))
    return np.asarray((a >= b).all(axis=1) & (a > b).any(axis=1), np.int64)
