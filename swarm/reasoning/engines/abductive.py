"""Abduction: which hypothesis best explains what is observed?

Supposing r(s, y), rules predict consequences: q(s, z) from r(s, y), p(y, z); q(z, y) from
p(z, s), r(s, y); q(s, y) itself; z is neither s nor y, as when the rules were found. Every
consequence that is observed speaks for the hypothesis, every one that is missed speaks against
it, each by its log likelihood ratio against the base rate of q (Good 1950, weight of evidence;
Peng & Reggia 1990). Absence weighs less than presence because graphs are incomplete: `miss` is
its share. `prior` weighs how common the answer is before anything is observed.

Genes beyond that: `parsimony` adds what a hypothesis contributes to the cheapest set that
explains all of the source's facts (`explanations`); `plausibility` re-ranks wild hypotheses by
whether what is known of the pair lets them stand (`company`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.company import company
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.engines.explanations import Rules, adjacency, cover
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Abductive(Engine):
    """Genes: how sure a prediction has to be, and what counts how much.

    Attributes:
        confidence_min: of a rule that predicts consequences.
        miss: weight of a missed consequence against an observed one.
        prior: weight of how common the answer is.
        top: most rules for a relation from either end; for `parsimony` as well.
        support_min: fewest cases that have to bear a rule out.
        pseudo_count: cases against every rule that are added to those counted.
        parsimony: weight of a hypothesis' part in the cheapest explanation.
        plausibility: weight of what is known of the pair.
    """

    name: ClassVar[str] = "abductive"
    cost: ClassVar[float] = 2.2

    confidence_min: float = 0.1
    miss: float = 0.2
    prior: float = 1.0
    top: int = 150
    support_min: float = 2.0
    pseudo_count: float = 5.0
    parsimony: float = 0.0
    plausibility: float = 0.0

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """Many rules, forgiving; wild but plausible; few rules, with a strong prior or covers."""
        return (
            cls(confidence_min=0.05, miss=0.1, prior=4.0),
            cls(confidence_min=0.02, miss=0.02, prior=4.0, plausibility=16.0),
            cls(confidence_min=0.05, miss=0.3, top=10, prior=16.0, plausibility=16.0),
            cls(confidence_min=0.05, miss=0.3, top=15, prior=4.0, parsimony=1.0, plausibility=4.0),
            cls(confidence_min=0.05, miss=0.3, top=10, prior=16.0, parsimony=1.0, plausibility=4.0),
            Exclusive(cls(confidence_min=0.05, miss=0.1, prior=4.0)),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(sum over consequences of their groundings)."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        confidence = bodies.confidence(self.pseudo_count)
        confidence[(bodies.support < self.support_min) | (confidence < self.confidence_min)] = 0
        base = evidence.cube.mean(axis=(1, 2)).clip(1e-6, 0.5)
        pointer, answers = adjacency(evidence.cube)
        prior = self.prior * np.log(evidence.cube.sum(axis=1) + 0.1)
        scores = np.repeat(prior[:, None, :], E, axis=1).astype(np.float32)
        for r in range(D):
            near = self._rules(confidence, bodies.number[r], r, base)
            far = self._rules(confidence, bodies.number[:, r], r, base)
            for rules, explain in ((near, _explain_from_source), (far, _explain_from_answer)):
                steps = rules.partner, rules.consequence
                weights = rules.hit, rules.missed
                explain(scores[r], pointer, answers, evidence.cube, *steps, *weights, D // 2)
            strength = confidence[r].copy()
            strength[r] = 0
            for same in np.flatnonzero(strength):
                hit, missed = self._weights(strength[same], base[same])
                scores[r] += np.where(evidence.cube[same], hit, missed)
            if self.parsimony:
                share = evidence.cube[r].sum(axis=0) + 0.1
                cost = -np.log(share / share.sum()).astype(np.float32)
                gained = cover(evidence.cube[r], (pointer, answers), near, cost)
                scores[r] += np.float32(self.parsimony) * gained
        if self.plausibility:
            scores += np.float32(self.plausibility) * company(evidence)
        return scores

    def _rules(self, confidence: np.ndarray, body: np.ndarray, r: int, base: np.ndarray) -> Rules:
        """The surest rules whose bodies int32[D] join r and a partner relation."""
        partner = np.flatnonzero(body >= 0)
        strength = confidence[body[partner]]  # [partner, consequence]
        strength[:, r] = 0  # a relation is no evidence for itself
        i, q = np.nonzero(strength)
        order = np.argsort(-strength[i, q], kind="stable")[: self.top]
        i, q = i[order], q[order]
        hit, missed = self._weights(strength[i, q], base[q])
        return Rules(partner[i].astype(np.int32), q.astype(np.int32), strength[i, q], hit, missed)

    def _weights(self, confidence: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log likelihood ratios of a consequence observed, and of one missed."""
        hit = np.log(confidence / base)
        missed = self.miss * np.log((1 - confidence + 1e-3) / (1 - base))
        return hit.astype(np.float32), missed.astype(np.float32)


@njit(cache=True, nogil=True)
def _explain_from_source(scores, pointer, answers, cube, partner, consequence, hit, missed, half):
    """Hypothesis (s, y), prediction q(s, z) for every z with p(y, z)."""
    entities = len(scores)
    for i in range(len(partner)):
        p, q = partner[i], consequence[i]
        back = q + half if q < half else q - half
        for y in range(entities):
            first, last = pointer[p, y], pointer[p, y + 1]
            predictions = last - first - cube[p, y, y]
            for s in range(entities):
                # p(y, s) predicts q(s, s): not what the rule says, unless s is y, left out above.
                itself = cube[p, y, s] and s != y
                scores[s, y] += (predictions - itself) * missed[i]
            for k in range(first, last):
                z = answers[k]
                if z == y:
                    continue
                for m in range(pointer[back, z], pointer[back, z + 1]):
                    if answers[m] != z:
                        scores[answers[m], y] += hit[i] - missed[i]


@njit(cache=True, nogil=True)
def _explain_from_answer(scores, pointer, answers, cube, partner, consequence, hit, missed, half):
    """Hypothesis (s, y), prediction q(z, y) for every z with p(z, s)."""
    entities = len(scores)
    for i in range(len(partner)):
        p, q = partner[i], consequence[i]
        back = p + half if p < half else p - half
        for s in range(entities):
            first, last = pointer[back, s], pointer[back, s + 1]
            predictions = last - first - cube[p, s, s]
            for y in range(entities):
                itself = cube[p, y, s] and s != y
                scores[s, y] += (predictions - itself) * missed[i]
            for k in range(first, last):
                z = answers[k]
                if z == s:
                    continue
                for m in range(pointer[q, z], pointer[q, z + 1]):
                    if answers[m] != z:
                        scores[s, answers[m]] += hit[i] - missed[i]
