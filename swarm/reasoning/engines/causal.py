"""Causation: what a body does to a head once confounding by kind is taken out.

Entities of some kinds take part in many facts, so bodies and heads co-occur without either
bringing the other about. The kinds of x and y are taken as the back-door set (Pearl 2009,
theorem 3.3.2): within each stratum (kind of x, kind of y) the rates P(head | body) and
P(head | no body) are compared, and an answer collects the effects of the bodies that reach it,
on top of its stratum's base rate. An effect is shrunk by its number of pairs, and is one of

- effect: the risk difference; with `inverse`, mixed with the effect of the head on the body,
  P(body | head) - P(body | no head), for heads that bring their bodies about;
- sufficiency, necessity, both: the probability of causation (see `bounds`) at `bound` between
  the lower and the upper bound, put together by noisy-or.

Kinds are told apart by how often entities take part in each relation. With `hidden`, they are
causes that no fact names, found from who stands in which relation to whom (see `blocks`); the
scores are the mean over `hidden` such models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.blocks import blocks_of, k_means
from swarm.reasoning.engines.bounds import BOTH, NECESSITY, SUFFICIENCY, causation
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.evidence import Evidence

EFFECT = -1
AGGREGATIONS = {
    "effect": EFFECT,
    "necessity": NECESSITY,
    "sufficiency": SUFFICIENCY,
    "both": BOTH,
}


@dataclass(frozen=True)
class Causal(Engine):
    """Genes: how kinds are told apart, how many, what an effect is, bodies kept for a head.

    Raises:
        ValueError: if the inverse of anything but the plain effect is asked for.
    """

    name: ClassVar[str] = "causal"
    cost: ClassVar[float] = 1.8

    kinds: int = 6
    top: int = 200
    support_min: float = 2.0
    shrinkage: float = 5.0
    hidden: int = 0
    aggregation: Literal["effect", "necessity", "sufficiency", "both"] = "effect"
    bound: float = 0.0
    inverse: float = 0.0

    def __post_init__(self) -> None:
        if self.inverse and self.aggregation != "effect":
            raise ValueError(
                f"inverse causation is a mixture of effects, not of {self.aggregation!r}: "
                f"Causal(aggregation='effect', inverse={self.inverse})"
            )

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """By degree: effects, inverse effects, sufficiency, coarse and fine; hidden kinds."""
        return (
            cls(kinds=8),
            cls(kinds=8, inverse=1.0),
            cls(kinds=8, aggregation="sufficiency"),
            cls(kinds=16, aggregation="sufficiency"),
            cls(kinds=30, aggregation="sufficiency", hidden=8, top=100),
            Exclusive(cls(kinds=30, aggregation="sufficiency", hidden=8, top=100)),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(models x kept bodies x their groundings)."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        rules = bodies.rules(bodies.confidence(self.shrinkage), self.support_min, self.top)
        scores: np.ndarray = np.zeros((D, E * E), np.float32)
        for kind in self.strata(evidence):
            stratum = (kind[:, None] * self.kinds + kind[None, :]).ravel().astype(np.int32)
            population = np.bincount(stratum, minlength=self.kinds**2).astype(np.float32)
            for head, chosen in enumerate(rules):
                holds = np.ascontiguousarray(evidence.cube[head].ravel())
                occurs = np.bincount(stratum, holds, minlength=self.kinds**2).astype(np.float32)
                scores[head] += (occurs / np.maximum(population, 1))[stratum]
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
                    AGGREGATIONS[self.aggregation],
                    self.bound,
                    self.inverse,
                )
        scores /= np.float32(max(self.hidden, 1))
        return scores.reshape(D, E, E)

    def strata(self, evidence: Evidence) -> Iterator[np.ndarray]:
        """int[E] in [0, kinds): the kinds of the entities in each model."""
        if not self.hidden:
            yield kinds_of(evidence, self.kinds)
        for model in range(self.hidden):
            yield blocks_of(evidence, self.kinds, seed=model)


def kinds_of(evidence: Evidence, kinds: int) -> np.ndarray:
    """int[E]: entities clustered by how often they take part in each relation.

    k-means on the leading singular vectors of the log degree profile, from fixed seeds.
    """
    if kinds == 1:
        return np.zeros(evidence.entities, int)
    profile = np.log1p(evidence.cube.sum(axis=2).T.astype(float))
    profile -= profile.mean(axis=0)
    left, singular, _ = np.linalg.svd(profile, full_matrices=False)
    points = left[:, :8] * singular[:8]
    kinds = min(kinds, len(np.unique(points.round(9), axis=0)))
    if kinds == 1:
        return np.zeros(evidence.entities, int)
    return k_means(points, kinds, seed=0)


@njit(cache=True, nogil=True)
def _add_effects(
    scores,
    start,
    pairs,
    bodies,
    holds,
    stratum,
    population,
    occurs,
    shrinkage,
    aggregation,
    bound,
    inverse,
):
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
            effect[s] = 0  # where there is no overlap in the stratum, it is not identified
            control = population[s] - treated[s]
            if treated[s] > 0 and control > 0:
                doubt = treated[s] / (treated[s] + shrinkage)
                risk = responded[s] / treated[s]
                otherwise = (occurs[s] - responded[s]) / control
                if aggregation != EFFECT:
                    chance = causation(aggregation, risk, otherwise, bound) * doubt
                    effect[s] = -np.log(1 - min(chance, 0.999))
                    continue
                effect[s] = (1 - inverse) * (risk - otherwise) * doubt
                without = population[s] - occurs[s]
                if inverse > 0 and occurs[s] > 0 and without > 0:
                    back = responded[s] / occurs[s] - (treated[s] - responded[s]) / without
                    effect[s] += inverse * back * occurs[s] / (occurs[s] + shrinkage)
        for k in range(start[b], start[b + 1]):
            scores[pairs[k]] += effect[stratum[pairs[k]]]
