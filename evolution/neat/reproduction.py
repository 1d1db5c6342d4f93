"""Reproduction: how many children each species has, and who their parents are.

Stanley & Miikkulainen 2002, section 3.3: species share fitness, so that a species' part of the
next generation goes with the mean fitness of its members. The rules are those of neat-python 2.0,
but for species that outnumber the places: where not all can have ``min_species_size`` members,
the least fit ones have none. (neat-python fails there.) Fitness is maximised here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing
from evolution.chance import Stream, below
from evolution.neat.config import NEATConfig
from evolution.neat.sorting import sort_places

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Family(NamedTuple):
    """Who goes on and who is born: the first ``kept`` are their mothers, unchanged.

    ``mothers``, the fitter parents, and ``fathers`` int64[n] are rows of the last generation,
    ``births`` int64[n] the species of both.
    """

    mothers: Rows
    fathers: Rows
    births: Rows
    kept: int


@njit(cache=True, nogil=True)
def usable_fitness(F: Floats) -> Floats:
    """Objectives float64[n] as fitness to be shared: finite, failures as bad as the worst."""
    worst, best = math.inf, -math.inf
    for value in F:
        if math.isfinite(value):
            worst, best = min(worst, -value), max(best, -value)
    if worst > best:
        worst, best = 0.0, 0.0
    fitness = np.empty(len(F))
    for row in range(len(F)):
        # No NaN is less than anything.
        fitness[row] = worst
        if F[row] < math.inf:
            fitness[row] = min(-F[row], best)
    return fitness


@njit(cache=True, nogil=True)
def adjusted_fitness(fitness: Floats, members: Rows, start: Rows, living: Rows) -> Floats:
    """The mean fitness of each living species' members, as a share of the range of all of them."""
    low, high = math.inf, -math.inf
    means = np.empty(len(living))
    for at in range(len(living)):
        first, end = start[living[at]], start[living[at] + 1]
        total = 0.0
        for member in range(first, end):
            value = fitness[members[member]]
            total += value
            low, high = min(low, value), max(high, value)
        means[at] = total / (end - first)
    return (means - low) / max(1.0, high - low)


def places(adjusted: Floats, sizes: Rows, population: int, least: int) -> Rows:
    """How many of the next generation's places each species has, int64[S], ``population`` in all.

    Args:
        adjusted: float64[S], the species' adjusted fitness.
        sizes: int64[S], how many members they have.
        population: how many places there are.
        least: the least that a species has, if any; where they cannot all have so many, the
            species of the lowest adjusted fitness, and of these the last, have none.
    """
    least = min(least, population)
    room = population // least if least else len(adjusted)
    if len(adjusted) <= room:
        return _shared(adjusted, sizes, population, least)
    fed = np.sort(np.argsort(-adjusted, kind="stable")[:room])
    shares = np.zeros(len(adjusted), dtype=np.int64)
    shares[fed] = _shared(adjusted[fed], sizes[fed], population, least)
    return shares


@njit(cache=True, nogil=True)
def _shared(adjusted: Floats, sizes: Rows, population: int, least: int) -> Rows:
    """Places in proportion to fitness, but going only half the way there from the sizes."""
    total = adjusted.sum()
    shares = np.empty(len(sizes), np.int64)
    for s in range(len(sizes)):
        wanted = float(least)
        if total > 0.0:
            wanted = max(wanted, adjusted[s] / total * population)
        missing = wanted - sizes[s]
        step = int(np.rint(0.5 * missing))
        if step == 0:
            step = int(np.sign(missing))
        shares[s] = sizes[s] + step
    scale = population / max(shares.sum(), 1)
    for s in range(len(sizes)):
        shares[s] = max(least, int(np.rint(shares[s] * scale)))
    _round_off(shares, population, least)
    return shares


@njit(cache=True, nogil=True)
def _round_off(shares: Rows, population: int, least: int) -> None:
    """Make the shares sum to the population: the smallest gain first, the largest lose first."""
    missing = population - shares.sum()
    # Sorted once, stably, as they were: one round after the other goes through all of them.
    order, spare = np.empty(len(shares), np.int64), np.empty(len(shares), np.int64)
    sort_places(shares if missing > 0 else -shares, order, spare)
    at = 0
    while missing != 0:
        s = order[at]
        at = (at + 1) % len(order)
        if missing > 0:
            shares[s] += 1
            missing -= 1
        elif shares[s] > least:
            shares[s] -= 1
            missing += 1


def family(
    config: NEATConfig,
    members: tuple[Rows, Rows],
    F: Floats,
    living: Rows,
    shares: Rows,
    stream: Stream,
) -> Family:
    """The next generation: the elite in order of their rows, then the children, by species.

    Args:
        config: elitism and survival_threshold.
        members: what `grouped` gave of the species, each one's members the best first.
        F: float64[n], the objectives, minimised.
        living: int64[S], the species that go on, in the order in which they breed.
        shares: int64[S], how many places each of them has.
        stream: chance.
    """
    survival = float(config.survival_threshold)
    return Family(*_family(*members, F, living, shares, config.elitism, survival, stream))


@njit(cache=True, nogil=True)
def _family(
    members: Rows,
    start: Rows,
    F: Floats,
    living: Rows,
    shares: Rows,
    elitism: int,
    survival: float,
    stream: Stream,
) -> tuple[Rows, Rows, Rows, int]:
    """The fields of a `Family`."""
    n = shares.sum()
    drawn = (np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64))
    told = (members, start, F, living, shares)
    kept = _choose(told, (elitism, survival), drawn, stream)
    order, spare = np.empty(kept, np.int64), np.empty(kept, np.int64)
    sort_places(drawn[0][:kept], order, spare)
    for column in drawn:
        for i in range(kept):
            spare[i] = column[order[i]]
        column[:kept] = spare
    return drawn[0], drawn[1], drawn[2], kept


@borrowing
def _choose(
    told: tuple[Rows, Rows, Floats, Rows, Rows],
    settings: tuple[int, float],
    chosen: tuple[Rows, Rows, Rows],
    stream: Stream,
) -> int:
    """Fill in mothers, fathers and births; how many of them are the elite, which come first."""
    members, start, F, living, shares = told
    elitism, survival = settings
    mothers, fathers, births = chosen
    kept = 0
    for s in range(len(living)):
        first, end = start[living[s]], start[living[s] + 1]
        for at in range(first, first + min(elitism, shares[s], end - first)):
            mothers[kept], fathers[kept], births[kept] = members[at], members[at], living[s]
            kept += 1
    child = kept
    for s in range(len(living)):
        first, end = start[living[s]], start[living[s] + 1]
        # At least two may be parents, whatever the threshold, where there are two.
        parents = min(max(math.ceil(survival * (end - first)), 2), end - first)
        for _ in range(shares[s] - min(elitism, shares[s], end - first)):
            one = members[first + below(stream, parents)]
            other = members[first + below(stream, parents)]
            # Nobody is less fit than a failure.
            fitter = F[one] < F[other] or (math.isnan(F[other]) and F[one] < math.inf)
            mothers[child] = one if fitter else other
            fathers[child] = other if fitter else one
            births[child] = living[s]
            child += 1
    return kept
