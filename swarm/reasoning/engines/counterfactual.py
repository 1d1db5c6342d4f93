"""Counterfactuals: what would still be believed if things had been otherwise?

Rules for an answer are grouped into families by the relation they start from, and families are
put together by one of

- survival: the support of all families minus `penalty` times what would be lost with the most
  necessary one hidden, so that answers held up by several independent lines outrank those that
  hang on one. With a penalty of 1 only what survives the deletion counts (Pearl 2009, ch. 9);
- sufficiency, necessity, both: the probability that this family, at this strength, brought the
  answer about, had all other evidence been as strong as it is and the family absent. The rates
  with and without the family are taken from the known facts among pairs whose other support is
  alike, bounded from below (Tian & Pearl 2000, see `bounds`), and put together by noisy-or. A
  family that only echoes the others counts for nothing.

With `strictness`, broken constraints count against an answer. Each is taken away in turn: of
the one that matters most, `relief` is forgiven, so that with a relief of 1 an answer that a
single constraint forbids is free again, and one that would still be forbidden is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.aggregation import log_weight
from swarm.reasoning.engines.bounds import BOTH, NECESSITY, SUFFICIENCY, causation
from swarm.reasoning.engines.constraints import constraints
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.evidence import Evidence

CAUSATION = {"necessity": NECESSITY, "sufficiency": SUFFICIENCY, "both": BOTH}

STRENGTHS = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2], np.float32)
"""Support is told apart as none (up to the first) to strong (beyond the last), in nats."""


@dataclass(frozen=True)
class Counterfactual(Engine):
    """Genes: how families are put together, rules kept, and what constraints count."""

    name: ClassVar[str] = "counterfactual"
    cost: ClassVar[float] = 2.5

    penalty: float = 0.5
    top: int = 300
    support_min: float = 2.0
    pseudo_count: float = 5.0
    aggregation: Literal["survival", "necessity", "sufficiency", "both"] = "survival"
    strictness: float = 0.0
    relief: float = 0.0

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """What survives, without and with constraints; sufficiency of families likewise."""
        return (
            cls(penalty=0.9, top=100),
            cls(penalty=0.6, strictness=4.0, relief=0.5),
            cls(penalty=1.0, top=600, strictness=4.0),
            cls(aggregation="sufficiency", top=100),
            cls(aggregation="sufficiency", top=100, strictness=1.0),
            Exclusive(cls(penalty=0.6, strictness=4.0, relief=0.5)),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(kept rules x their groundings + families x E^2)."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        confidence = bodies.confidence(self.pseudo_count)
        rules = bodies.rules(confidence, self.support_min, self.top)
        family = bodies.first % evidence.relations
        scores: np.ndarray = np.zeros((D, E * E), np.float32)
        for head, chosen in enumerate(rules):
            grouped = chosen[np.argsort(family[chosen], kind="stable")]
            weight = log_weight(confidence[grouped, head])
            grounded = bodies.start, bodies.pairs, grouped, family[grouped], weight
            if self.aggregation == "survival":
                _survive(scores[head], *grounded, np.float32(self.penalty))
            else:
                kind, holds = CAUSATION[self.aggregation], evidence.cube[head].ravel()
                _bring_about(scores[head], *grounded, holds, kind, self.pseudo_count, STRENGTHS)
        scores = scores.reshape(D, E, E)
        if self.strictness:
            broken = constraints(evidence)
            against = broken.sum(axis=0) - np.float32(self.relief) * broken.max(axis=0)
            scores -= np.float32(self.strictness) * against
        return scores


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


@njit(cache=True, nogil=True)
def _bring_about(
    scores, start, pairs, bodies, family, weight, holds, kind, pseudo_count, strengths
):
    """Noisy-or of the probabilities of causation; bodies come grouped by family.

    A stratum is the strength of the other support of a pair. In it, pairs that the family
    reaches with one strength are compared with those it does not reach (level 0).
    """
    bins = len(strengths) + 1
    total = np.zeros_like(scores)
    current = np.zeros_like(scores)
    stratum = np.empty(len(scores), np.int64)
    level = np.empty(len(scores), np.int64)
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            total[pairs[k]] += weight[i]
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            current[pairs[k]] += weight[i]
        if i + 1 < len(bodies) and family[i + 1] == family[i]:
            continue
        number = np.zeros((bins, bins + 1))
        facts = np.zeros((bins, bins + 1))
        for pair in range(len(scores)):
            stratum[pair] = np.searchsorted(strengths, total[pair] - current[pair])
            reached = current[pair] > 0
            level[pair] = 1 + np.searchsorted(strengths, current[pair]) if reached else 0
            number[stratum[pair], level[pair]] += 1
            facts[stratum[pair], level[pair]] += holds[pair]
            current[pair] = 0
        for pair in range(len(scores)):
            s, n = stratum[pair], level[pair]
            if n > 0 and number[s, 0] > 0:
                treated, control = facts[s, n] / number[s, n], facts[s, 0] / number[s, 0]
                chance = causation(kind, treated, control, 0.0)
                chance *= number[s, n] / (number[s, n] + pseudo_count)
                scores[pair] -= np.log(1 - min(chance, 0.999))
