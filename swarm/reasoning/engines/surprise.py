"""Surprise: rules for what the rules so far do not explain.

Facts are weighed by how much the score so far leaves them unexplained, exp(-score), the chance
that noisy-or gives to their being false. Rules are then counted anew on the weighed facts, so
that those that account for anomalies come forward and those that only repeat fall back; what
they find is added (weighted covering, CN2-SD, Lavrac, Kavsek, Flach & Todorovski 2004).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.engines.aggregation import add_groundings, log_weight
from swarm.reasoning.paths import Bodies


def add_surprise(
    scores: np.ndarray,
    bodies: Bodies,
    head: int,
    holds: np.ndarray,
    support_min: float,
    pseudo_count: float,
    top: int,
) -> None:
    """One more round for one head: add, in place, the `top` rules for what is unexplained.

    Args:
        scores: float32[E * E], sums of log weights so far.
        bodies: the rule bodies.
        head: direction in [0, D).
        holds: bool[E * E], the pairs that the head is known to hold for.
        support_min: fewest pairs, unweighed, that have to bear a rule out.
        pseudo_count: failures that every rule is taken to have had besides.
        top: most rules to add.
    """
    able = np.flatnonzero(bodies.support[:, head] >= support_min)
    unexplained = np.where(holds, np.exp(-scores), 0).astype(np.float32)
    support = _weighed(bodies.start, bodies.pairs, able, unexplained)
    confidence = support / (bodies.size[able] + np.float32(pseudo_count))
    best = np.argsort(-confidence, kind="stable")[:top]
    weight = log_weight(confidence[best])
    add_groundings(scores, bodies.start, bodies.pairs, able[best], weight)


@njit(cache=True, nogil=True)
def _weighed(start, pairs, bodies, value):
    total = np.zeros(len(bodies), np.float32)
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            total[i] += value[pairs[k]]
    return total
