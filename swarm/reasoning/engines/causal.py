"""Causation: what a body does to a head once confounding by kind is taken out.

Entities of some kinds take part in many facts, so bodies and heads co-occur without either
bringing the other about. The kinds of x and y are taken as the back-door set (Pearl 2009,
theorem 3.3.2): within each stratum (kind of x, kind of y) the risk difference
P(head | body) - P(head | no body) is estimated and shrunk by its number of pairs, and an
answer collects the effects of the bodies that reach it, on top of its stratum's base rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Causal(Engine):
    """Genes: how many kinds of entity there are, and how many bodies a head keeps."""

    name: ClassVar[str] = "causal"
    cost: ClassVar[float] = 1.8

    kinds: int = 6
    top: int = 200
    support_min: float = 2.0
    shrinkage: float = 5.0

    @classmethod
    def variants(cls) -> tuple[Causal, ...]:
        """No stratification (naive risk difference), coarse, fine."""
        return (cls(kinds=1), cls(kinds=4), cls(kinds=8), cls(kinds=16))

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(kept bodies x their groundings)."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        kind = kinds_of(evidence, self.kinds)
        stratum = (kind[:, None] * self.kinds + kind[None, :]).ravel().astype(np.int32)
        population = np.bincount(stratum, minlength=self.kinds**2).astype(np.float32)
        rules = bodies.rules(bodies.confidence(self.shrinkage), self.support_min, self.top)
        scores = np.empty((D, E * E), np.float32)
        for head, chosen in enumerate(rules):
            holds = np.ascontiguousarray(evidence.cube[head].ravel())
            occurs = np.bincount(stratum, holds, minlength=self.kinds**2).astype(np.float32)
            scores[head] = (occurs / np.maximum(population, 1))[stratum]
            _add_effects(
                scores[head],
                bodies.start,
                bodies.pairs,
                chosen,
                holds,
                stratum,
                population,
                occurs,
                np.float32(self.shrinkage),
            )
        return scores.reshape(D, E, E)


def kinds_of(evidence: Evidence, kinds: int) -> np.ndarray:
    """int[E]: entities clustered by how often they take part in each relation.

    k-means on the leading singular vectors of the log degree profile, from fixed seeds.
    """
    if kinds == 1:
        return np.zeros(evidence.entities, int)
    from scipy.cluster.vq import kmeans2

    profile = np.log1p(evidence.cube.sum(axis=2).T.astype(float))
    profile -= profile.mean(axis=0)
    left, singular, _ = np.linalg.svd(profile, full_matrices=False)
    points = left[:, :8] * singular[:8]
    kinds = min(kinds, len(np.unique(points.round(9), axis=0)))
    if kinds == 1:
        return np.zeros(evidence.entities, int)
    return kmeans2(points, kinds, minit="++", rng=np.random.default_rng(0), missing="warn")[1]


@njit(cache=True, nogil=True)
def _add_effects(scores, start, pairs, bodies, holds, stratum, population, occurs, shrinkage):
    strata = len(population)
    treated = np.empty(strata, np.float32)
    responded = np.empty(strata, np.float32)
    effect = np.empty(strata, np.float32)
    for b in bodies:
        treated[:] = 0
        responded[:] = 0
        for k in range(start[b], start[b + 1]):
            treated[stratum[pairs[k]]] += 1
            responded[stratum[pairs[k]]] += holds[pairs[k]]
        for s in range(strata):
            control = population[s] - treated[s]
            if treated[s] > 0 and control > 0:
                difference = responded[s] / treated[s] - (occurs[s] - responded[s]) / control
                effect[s] = difference * treated[s] / (treated[s] + shrinkage)
            else:
                effect[s] = 0  # no overlap in this stratum: the effect is not identified
        for k in range(start[b], start[b + 1]):
            scores[pairs[k]] += effect[stratum[pairs[k]]]
