"""Induction: Horn rules of length one and two, weighted by how often they held.

Rules r(x, y) <- q(x, y) and r(x, y) <- q(x, z), p(z, y) with pessimistic confidence
support / (groundings + 5) (AnyBURL, Meilicke et al. 2019). Several rules for one answer are
put together by noisy-or (Pearl 1988: independent causes) or mostly by the best rule, each
further one counting a hundredth of the one before (after the maximum aggregation of AnyBURL).
With `unary`, also acyclic rules about one entity: r(x, c) <- q(x, d) and r(x, c) <- q(x, _).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.aggregation import add_groundings, log_weight, top_groundings
from swarm.reasoning.evidence import Evidence

DEPTH = 5
"""Rules that the maximum aggregation looks at for one answer."""

STEP = 0.01
"""What the next best rule is worth against the one before it."""


@dataclass(frozen=True)
class Inductive(Engine):
    """Genes: how many rules a relation keeps, how they are put together, unary rules or not."""

    name: ClassVar[str] = "inductive"
    cost: ClassVar[float] = 1.2

    top: int = 600
    aggregation: Literal["noisy-or", "maximum"] = "maximum"
    unary: bool = False
    support_min: float = 2.0
    pseudo_count: float = 5.0

    @classmethod
    def variants(cls) -> tuple[Inductive, ...]:
        """Few or many rules by noisy-or; by the best rule, with and without unary rules."""
        return (
            cls(top=100, aggregation="noisy-or"),
            cls(top=600, aggregation="noisy-or"),
            cls(top=600, aggregation="maximum"),
            cls(top=600, aggregation="maximum", unary=True),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(kept rules x their groundings)."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        confidence = bodies.confidence(self.pseudo_count)
        rules = bodies.rules(confidence, self.support_min, self.top)
        scores: np.ndarray = np.zeros((D, E * E), np.float32)
        for head, chosen in enumerate(rules):
            value = confidence[chosen, head]
            if self.aggregation == "noisy-or":
                add_groundings(scores[head], bodies.start, bodies.pairs, chosen, log_weight(value))
            else:
                top_groundings(scores[head], bodies.start, bodies.pairs, chosen, value, DEPTH, STEP)
        scores = scores.reshape(D, E, E)
        return np.maximum(scores, self._about_one(evidence)) if self.unary else scores

    def _about_one(self, evidence: Evidence) -> np.ndarray:
        """Scores of the acyclic rules, best rule first, for every source entity."""
        cube, D, E = evidence.cube, evidence.directions, evidence.entities
        features = np.concatenate(
            [cube.transpose(1, 0, 2).reshape(E, D * E), cube.any(axis=2).T], axis=1
        )
        itself = np.arange(D * E + D)
        itself[D * E :] = -1  # q(x, _) is never the head itself
        size = features.sum(axis=0).astype(np.float32)
        keep = size >= self.support_min
        features, size, itself = features[:, keep], size[keep], itself[keep]
        columns = features.astype(np.float32).T
        scores = np.zeros((D, E, E), np.float32)
        for head in range(D):
            support = columns @ cube[head].astype(np.float32)
            confidence = support / (size + self.pseudo_count)[:, None]
            confidence[support < self.support_min] = 0
            own = np.flatnonzero(itself // E == head)
            confidence[own, itself[own] % E] = 0
            _best_features(scores[head], features, confidence, DEPTH, STEP)
        return scores


@njit(cache=True, nogil=True)
def _best_features(scores, features, confidence, depth, step):
    """For each (x, c) the `depth` best confidences among the features of x, discounted."""
    entities = scores.shape[1]
    best = np.empty((depth, entities), np.float32)
    for x in range(len(scores)):
        best[:] = 0
        for f in range(features.shape[1]):
            if features[x, f]:
                for c in range(entities):
                    value = confidence[f, c]
                    if value > best[depth - 1, c]:
                        i = depth - 1
                        while i > 0 and best[i - 1, c] < value:
                            best[i, c] = best[i - 1, c]
                            i -= 1
                        best[i, c] = value
        discount = 1.0
        for i in range(depth):
            for c in range(entities):
                scores[x, c] += discount * best[i, c]
            discount *= step
