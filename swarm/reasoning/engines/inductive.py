"""Induction: Horn rules of length one and two, weighted by how often they held.

Rules r(x, y) <- q(x, y) and r(x, y) <- q(x, z), p(z, y) with pessimistic confidence
support / (groundings + 5) (AnyBURL, Meilicke et al. 2019). Several rules for one answer are
put together by one of

- noisy-or (Pearl 1988: independent causes);
- non-redundant noisy-or: rules that say the same count once (see `redundancy`);
- maximum: mostly the best rule, each further one counting a hundredth of the one before (after
  the maximum aggregation of AnyBURL);
- learned: weights that share the credit, negative ones included (see `rule_weights`).

With `unary`, also acyclic rules about one entity: r(x, c) <- q(x, d) and r(x, c) <- q(x, _);
with `both_ends`, rules about the answer in the same way. With `surprise`, rounds of rules for
what the rules so far do not explain (see `surprise`). With `rounds` above one, the likeliest
answers are taken for facts, `grow` for every fact known, and the rules are learned anew
(self-training, Yarowsky 1995): on a graph with few facts, paths through them reach further.
With `bodies`, also rules r(x, y) <- q(x, z), p(z, w), s(w, y) of bodies (q, p, s) that are given;
they are weighed on the evidence as all others are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.aggregation import (
    DEPTH as DEPTH,
    STEP as STEP,
    add_groundings,
    log_weight,
    top_groundings,
)
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.engines.redundancy import add_clusters, clusters
from swarm.reasoning.engines.rule_weights import hypotheses, learned_scores
from swarm.reasoning.engines.surprise import add_surprise
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Inductive(Engine):
    """Genes: how many rules are kept, how they are put together, what is looked at besides.

    `top` rules are kept for each relation; learned weights are shared out over the `top`
    bodies with most groundings instead, under `ridge`. `bodies` are three relations each, both
    directions counted; every head may make rules of them.

    Raises:
        ValueError: if surprise is asked of another aggregation than "noisy-or", rounds of
            another than "learned", unary rules or bodies of three relations are to be mixed with
            learned weights, or a body stands there twice or is not three relations.
    """

    name: ClassVar[str] = "inductive"
    cost: ClassVar[float] = 1.2

    top: int = 600
    aggregation: Literal["noisy-or", "non-redundant", "maximum", "learned"] = "maximum"
    unary: bool = False
    both_ends: bool = False
    support_min: float = 2.0
    pseudo_count: float = 5.0
    redundancy: float = 0.2
    surprise: int = 0
    ridge: float = 30.0
    rounds: int = 1
    grow: float = 1.0
    bodies: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        for gene, asked, needed in (
            ("surprise", self.surprise > 0, "noisy-or"),
            ("rounds", self.rounds > 1, "learned"),
        ):
            if asked and self.aggregation != needed:
                raise ValueError(
                    f"{gene} goes with aggregation {needed!r}, not {self.aggregation!r}: "
                    f"Inductive(aggregation={needed!r}, {gene}={getattr(self, gene)})"
                )
        if self.unary and self.aggregation == "learned":
            raise ValueError(
                "unary rules have confidences, learned weights are on another scale: "
                "Inductive(aggregation='maximum', unary=True)"
            )
        if self.bodies and self.aggregation == "learned":
            raise ValueError(
                "learned weights are those of bodies of one and two relations: "
                "Inductive(aggregation='maximum', bodies=((0, 1, 0),))"
            )
        if len(set(self.bodies)) < len(self.bodies) or any(len(body) != 3 for body in self.bodies):
            raise ValueError(
                "bodies are three relations each, and each stands there once: "
                "Inductive(bodies=((0, 1, 0), (2, 1, 0)))"
            )

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """By noisy-or of what is not redundant, or surprising; by the best rule; learned."""
        return (
            cls(top=100, aggregation="non-redundant"),
            cls(top=100, aggregation="noisy-or", surprise=3),
            cls(top=600, aggregation="maximum"),
            cls(top=600, aggregation="maximum", unary=True, both_ends=True),
            cls(top=1500, aggregation="learned", ridge=30.0),
            cls(top=1500, aggregation="learned", ridge=300.0, rounds=2),
            Exclusive(cls(top=1500, aggregation="learned", ridge=300.0, rounds=2)),
        )

    def describe(self) -> str:
        """The genes that are not as they come; of bodies, how many there are."""
        usual = Engine.describe(replace(self, bodies=()))
        counted = f"bodies of three relations: {len(self.bodies)}" if self.bodies else ""
        return ", ".join(filter(None, [usual, counted]))

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(kept rules x their groundings), learned: see there."""
        if self.aggregation == "learned":
            return self._learned(evidence)
        D, E = evidence.directions, evidence.entities
        bodies = evidence.bodies.longer(self.bodies, evidence.cube)
        confidence = bodies.confidence(self.pseudo_count)
        rules = bodies.rules(confidence, self.support_min, self.top)
        scores: np.ndarray = np.zeros((D, E * E), np.float32)
        for head, chosen in enumerate(rules):
            value = confidence[chosen, head]
            grounded = bodies.start, bodies.pairs, chosen
            if self.aggregation == "noisy-or":
                add_groundings(scores[head], *grounded, log_weight(value))
            elif self.aggregation == "non-redundant":
                leader = clusters(*grounded, E * E, self.redundancy)
                add_clusters(scores[head], *grounded, log_weight(value), leader)
            else:
                top_groundings(scores[head], *grounded, value, DEPTH, STEP)
            holds = evidence.cube[head].ravel()
            for _ in range(self.surprise):
                common = self.support_min, self.pseudo_count, self.top
                add_surprise(scores[head], bodies, head, holds, *common)
        scores = scores.reshape(D, E, E)
        if self.unary:
            scores = np.maximum(scores, self._about_one(evidence))
        return scores

    def _learned(self, evidence: Evidence) -> np.ndarray:
        """Learned weights, and again over what they make likely as long as rounds are left."""
        scores = learned_scores(evidence, self.ridge, self.top)
        if self.rounds == 1:
            return scores
        likely = hypotheses(scores, evidence, round(self.grow * len(evidence.facts)))
        facts = np.concatenate([evidence.facts, likely])
        supposed = Evidence(facts, evidence.entities, evidence.relations)
        return replace(self, rounds=self.rounds - 1)._learned(supposed)

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
        if self.both_ends:
            R = evidence.relations
            of_answer = np.concatenate([scores[R:], scores[:R]]).transpose(0, 2, 1)
            scores = np.maximum(scores, of_answer)
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
