"""Putting the rules that reach one answer together: sums over groundings."""

from __future__ import annotations

import numpy as np
from numba import njit

DEPTH = 5
"""Rules that the maximum aggregation looks at for one answer."""

STEP = 0.01
"""What the next best rule is worth against the one before it."""


def log_weight(confidence: np.ndarray) -> np.ndarray:
    """float32[n]: -log(1 - confidence); its sum over rules orders answers as noisy-or does."""
    return -np.log1p(-np.minimum(confidence, 0.999)).astype(np.float32)


@njit(cache=True, nogil=True)
def add_groundings(scores, start, pairs, bodies, weight):
    """Add `weight[i]` to the score of every pair that body `bodies[i]` reaches, in place."""
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            scores[pairs[k]] += weight[i]


@njit(cache=True, nogil=True)
def top_groundings(scores, start, pairs, bodies, value, depth, step):
    """The first `depth` rules that reach a pair count 1, step, step^2, ... of their value.

    Bodies come best first, so that answers are ordered by their best rule, then the next.
    """
    reached = np.zeros(len(scores), np.int8)
    discount = step ** np.arange(depth)
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            pair = pairs[k]
            if reached[pair] < depth:
                scores[pair] += value[i] * discount[reached[pair]]
                reached[pair] += 1
