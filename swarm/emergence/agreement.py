"""How much two partitions of the same things agree.

Normalised mutual information (Danon, Díaz-Guilera, Duch & Arenas 2005, "Comparing community
structure identification", Journal of Statistical Mechanics P09008) and the adjusted Rand index
(Hubert & Arabie 1985, "Comparing partitions", Journal of Classification 2:193–218). Neither asks
what the labels are called. The first is biased upwards where communities are many and small; the
second is 0 on average for partitions drawn at random with their sizes kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.emergence.contingency import count_pairs, information


def normalised_mutual_information(first: ArrayLike, second: ArrayLike) -> float:
    """2·I / (H₁ + H₂) of two labellings [n]: 0 if independent, 1 if the same partition.

    Two partitions that both put everything together, or nothing in, are the same: 1.

    Raises:
        TableError: for labellings of different lengths.
    """
    bits = information(count_pairs(first, second))
    entropies = bits.rows + bits.columns
    return 2 * bits.mutual / entropies if entropies > 0 else 1.0


def adjusted_rand(first: ArrayLike, second: ArrayLike) -> float:
    """Agreement on which pairs of things belong together, beyond chance, of two labellings [n].

    Returns:
        1 for the same partition, 0 on average for random ones; below 0 if less than chance. Where
        chance leaves nothing open (both put everything together, or everything apart): 1.

    Raises:
        TableError: for labellings of different lengths.
    """
    counts = count_pairs(first, second)
    together = _pairs(counts.ravel())
    of_first, of_second = _pairs(counts.sum(axis=1)), _pairs(counts.sum(axis=0))
    everything = _pairs(np.array([counts.sum()]))
    if of_first == of_second and of_first in (0.0, everything):
        return 1.0
    chance = of_first * of_second / everything
    return (together - chance) / ((of_first + of_second) / 2 - chance)


def _pairs(sizes: NDArray[np.int64]) -> float:
    return float((sizes * (sizes - 1) // 2).sum())
