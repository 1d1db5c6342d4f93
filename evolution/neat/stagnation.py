"""Stagnation: species that have not improved for long die, by the rule of neat-python 2.0.

A species' fitness is the largest, smallest, mean or median one of its members'. Whether it is
better than ever before decides how long the species has stood still. The best few species are
spared. Fitness is maximised here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.neat.config import SPECIES_FITNESS

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_MAX, _MIN, _MEAN, _MEDIAN, _MEDIAN2 = (
    SPECIES_FITNESS.index(name) for name in ("max", "min", "mean", "median", "median2")
)


@njit(cache=True, nogil=True)
def species_fitness(function: int, fitness: Floats, members: Rows, start: Rows) -> Floats:
    """The fitness of each species, float64[S].

    ``function`` is a place in `SPECIES_FITNESS`; species s has the rows
    ``members[start[s]:start[s + 1]]`` of ``fitness`` float64[n], the best first, at least one.
    """
    values = np.empty(len(start) - 1)
    for species in range(len(values)):
        first, size = start[species], start[species + 1] - start[species]
        # Members descend, so that the upper middle of an even number comes before the lower.
        middle = first + (size - 1) // 2
        if function == _MAX:
            values[species] = fitness[members[first]]
        elif function == _MIN:
            values[species] = fitness[members[first + size - 1]]
        elif function == _MEAN or (size <= 2 and function == _MEDIAN2):
            total = 0.0
            for at in range(first, first + size):
                total += fitness[members[at]]
            values[species] = total / size
        elif function == _MEDIAN or size % 2 == 1:
            values[species] = fitness[members[middle]]
        else:
            values[species] = (fitness[members[middle]] + fitness[members[middle + 1]]) / 2.0
    return values


def stagnant(
    fitness: Floats, last_improved: Rows, generation: int, longest: int, spared: int
) -> tuple[npt.NDArray[np.bool_], Rows]:
    """Which species die, bool[S], and all in order of rising fitness, int64[S].

    Args:
        fitness: float64[S], in order of the species' numbers.
        last_improved: int64[S], the generation in which each was better than ever before.
        generation: the one that it is.
        longest: a species that has stood still for so many generations dies.
        spared: so many best species never do.
    """
    order = np.argsort(fitness, kind="stable")
    dying = np.zeros(len(fitness), dtype=np.bool_)
    # In rising order the best come last, so that it is always the worst that die first.
    worst = order[: max(len(order) - spared, 0)]
    dying[worst] = generation - last_improved[worst] >= longest
    return dying, order
