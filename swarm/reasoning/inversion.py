"""Inversion: score again with the most-used assumption hidden.

For every relation asked about, the relation that its rules lean on most (largest total
support) is taken to be false, and the answers are scored by the rules that do without it.
What stays at the top did not depend on the favourite assumption.
"""

from __future__ import annotations

import numpy as np

from swarm.reasoning.engines.aggregation import add_groundings, log_weight
from swarm.reasoning.evidence import Evidence

NAME = "inversion"
COST = 1.2


def inverted_scores(
    evidence: Evidence, top: int = 600, support_min: float = 2.0, pseudo_count: float = 5.0
) -> np.ndarray:
    """float32[D, E, E]: noisy-or scores of the rules without the most-used relation."""
    bodies, R, E = evidence.bodies, evidence.relations, evidence.entities
    confidence = bodies.confidence(pseudo_count)
    rules = bodies.rules(confidence, support_min, top)
    first = bodies.first % R
    second = np.where(bodies.second >= 0, bodies.second % R, first)
    scores = np.zeros((evidence.directions, E * E), np.float32)
    for head, chosen in enumerate(rules):
        support = bodies.support[chosen, head]
        use = np.bincount(first[chosen], support, minlength=R)
        other = second[chosen] != first[chosen]
        use += np.bincount(second[chosen][other], support[other], minlength=R)
        hidden = int(use.argmax())
        kept = chosen[(first[chosen] != hidden) & (second[chosen] != hidden)]
        weight = log_weight(confidence[kept, head])
        add_groundings(scores[head], bodies.start, bodies.pairs, kept, weight)
    return scores.reshape(-1, E, E)
