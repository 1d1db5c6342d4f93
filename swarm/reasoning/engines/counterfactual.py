"""Counterfactuals: what would still be believed if the strongest evidence had not been there?

Rules for an answer are grouped into families by the relation they start from. Hiding a family
leaves the support of the others. An answer scores by its support in the actual world minus
`penalty` times what it would lose with its most necessary family hidden (Pearl 2009, ch. 9:
necessity), so that answers held up by several independent lines outrank those that hang
on one. With a penalty of 1 only what survives the deletion counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.aggregation import log_weight
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Counterfactual(Engine):
    """Genes: how much necessity of one family counts against an answer; rules kept."""

    name: ClassVar[str] = "counterfactual"
    cost: ClassVar[float] = 2.5

    penalty: float = 0.5
    top: int = 300
    support_min: float = 2.0
    pseudo_count: float = 5.0

    @classmethod
    def variants(cls) -> tuple[Counterfactual, ...]:
        """From a mild discount to full deletion of the strongest family."""
        return (
            cls(penalty=0.3),
            cls(penalty=0.6, top=600),
            cls(penalty=0.9, top=100),
            cls(penalty=1.0, top=600),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(kept rules x their groundings)."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        confidence = bodies.confidence(self.pseudo_count)
        rules = bodies.rules(confidence, self.support_min, self.top)
        family = bodies.first % evidence.relations
        scores = np.zeros((D, E * E), np.float32)
        for head, chosen in enumerate(rules):
            grouped = chosen[np.argsort(family[chosen], kind="stable")]
            _survive(
                scores[head],
                bodies.start,
                bodies.pairs,
                grouped,
                family[grouped],
                log_weight(confidence[grouped, head]),
                np.float32(self.penalty),
            )
        return scores.reshape(D, E, E)


@njit(cache=True, nogil=True)
def _survive(scores, start, pairs, bodies, family, weight, penalty):
    """Total support minus penalty times the largest family's; bodies come grouped by family."""
    strongest = np.zeros_like(scores)
    current = np.zeros_like(scores)
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            current[pairs[k]] += weight[i]
        if i + 1 == len(bodies) or family[i + 1] != family[i]:
            for pair in range(len(scores)):
                scores[pair] += current[pair]
                strongest[pair] = max(strongest[pair], current[pair])
                current[pair] = 0
    for pair in range(len(scores)):
        scores[pair] -= penalty * strongest[pair]
