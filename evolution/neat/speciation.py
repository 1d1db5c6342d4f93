"""Speciation: networks join the species whose representative they resemble most.

Stanley & Miikkulainen 2002, section 3.3, by the rule of neat-python 2.0. First each species, in
order of its number, takes as its new representative the network closest to its old one among those
not taken yet. Then every other network, in order, joins the species of the closest representative
within the threshold, or founds a species. Ties go to the first.

That compares all networks with all species twice. Most comparisons are settled by a lower bound of
the distance from a few features that nearly all networks have, which is computed for many
networks at a time (`evolution.neat.bounds`), once a good candidate is known: a child is first
compared with the species it was born in. No bound ever decides what the full distance would not.

Guarantee: the result is that of the plain rule, to the last tie.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing
from evolution.genomes.spec import Genomes
from evolution.neat.bounds import Features, features_of, lower_bounds, put_feature, put_features
from evolution.neat.config import NetworkConfig
from evolution.neat.distance import SLACK, Aligned, Coefficients, aligned, distance
from evolution.neat.grouping import grouped
from evolution.neat.layout import Networks, view

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def speciate(
    config: NetworkConfig,
    genomes: Genomes,
    representatives: Genomes,
    threshold: float,
    births: Rows,
) -> tuple[Rows, Rows]:
    """Divide networks into species.

    Args:
        config: the coefficients of the distance.
        genomes: ``n`` networks, in order.
        representatives: the old ones, one for each of S species, in order.
        threshold: a species' members are nearer to its representative than this.
        births: int64[n], a guess at each network's species 0..S−1, or −1. It changes no result;
            good guesses save time.

    Returns:
        The species of each network, int64[n]: 0..S−1 are the old ones, S and above were founded.
        The row of each species' new representative, int64[≥ S]; −1 where all networks were taken
        by earlier species, so that this one has died.
    """
    rest = Coefficients.of(config), config.num_outputs, float(threshold)
    return _speciate(view(genomes), view(representatives), births, *rest)


@njit(cache=True, nogil=True)
def _speciate(
    networks: Networks,
    representatives: Networks,
    births: Rows,
    coefficients: Coefficients,
    outputs: int,
    threshold: float,
) -> tuple[Rows, Rows]:
    lined, old = aligned(networks), aligned(representatives)
    features, theirs = features_of(lined, old, outputs)
    n, species = len(births), len(old.node_start) - 1
    labels = np.full(n, -1, np.int64)
    rows = np.full(species + n, -1, np.int64)
    room = (np.empty(species + n), np.empty(species + n))
    guesses = grouped(births, np.arange(n), species)
    _represent((lined, old), (features, theirs), coefficients, guesses, labels, rows, room)
    founders = put_features(features, rows[:species], species + n)
    rest = species, threshold, births
    total = _join_or_found(lined, (features, founders), coefficients, rest, labels, rows, room)
    return labels, rows[:total]


@borrowing
def _represent(
    both: tuple[Aligned, Aligned],
    of_both: tuple[Features, Features],
    coefficients: Coefficients,
    grouped_guesses: tuple[Rows, Rows],
    labels: Rows,
    rows: Rows,
    room: tuple[Floats, Floats],
) -> None:
    """Find each species' new representative: its row, and that row's label."""
    lined, old = both
    features, theirs = of_both
    guesses, guess_start = grouped_guesses
    bounds, spare = room
    n = len(labels)
    for species in range(len(old.node_start) - 1):
        nearest, best = math.inf, -1
        for at in range(guess_start[species], guess_start[species + 1]):
            row = guesses[at]
            if labels[row] < 0:
                apart = distance(old, species, lined, row, coefficients, nearest)
                if apart < nearest:
                    nearest, best = apart, row
        # Nothing is nearer than the old representative itself, but its equal may come before.
        count = best if nearest == 0.0 else n
        lower_bounds(theirs, species, features, count, coefficients, bounds, spare)
        for row in range(count):
            if bounds[row] <= nearest * SLACK and labels[row] < 0:
                apart = distance(old, species, lined, row, coefficients, nearest)
                if best < 0 or apart < nearest or (apart == nearest and row < best):
                    nearest, best = apart, row
        if best >= 0:
            labels[best] = species
            rows[species] = best


@borrowing
def _join_or_found(
    lined: Aligned,
    of_both: tuple[Features, Features],
    coefficients: Coefficients,
    rest: tuple[int, float, Rows],
    labels: Rows,
    rows: Rows,
    room: tuple[Floats, Floats],
) -> int:
    """Label the networks that represent nobody; the number of species there are then."""
    features, founders = of_both
    total, threshold, births = rest
    bounds, spare = room
    for row in range(len(labels)):
        if labels[row] >= 0:
            continue
        nearest, best = threshold, -1
        birth = births[row]
        if birth >= 0 and rows[birth] >= 0:
            apart = distance(lined, rows[birth], lined, row, coefficients, nearest)
            if apart < nearest:
                nearest, best = apart, birth
        lower_bounds(features, row, founders, total, coefficients, bounds, spare)
        for species in range(total):
            if bounds[species] <= nearest * SLACK and species != birth and rows[species] >= 0:
                apart = distance(lined, rows[species], lined, row, coefficients, nearest)
                if apart < nearest or (apart == nearest and best >= 0 and species < best):
                    nearest, best = apart, species
        if best < 0:
            best = total
            rows[best] = row
            put_feature(features, row, founders, best)
            total += 1
        labels[row] = best
    return total
