"""Abduction: which hypothesis best explains what is observed?

Supposing r(s, y), rules predict consequences: q(s, z) from r(s, y), p(y, z); q(z, y) from
p(z, s), r(s, y); q(s, y) itself. Every consequence that is observed speaks for the
hypothesis, every one that is missed speaks against it, each by its log likelihood ratio
against the base rate of q (Good 1950, weight of evidence; Peng & Reggia 1990). Absence weighs
less than presence because graphs are incomplete: `miss` is its share. `prior` weighs how
common the answer is before anything is observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Abductive(Engine):
    """Genes: how sure a prediction has to be, what a missed one and the prior count."""

    name: ClassVar[str] = "abductive"
    cost: ClassVar[float] = 2.2

    confidence_min: float = 0.1
    miss: float = 0.2
    prior: float = 1.0
    top: int = 150
    support_min: float = 2.0
    pseudo_count: float = 5.0

    @classmethod
    def variants(cls) -> tuple[Abductive, ...]:
        """From wild hypotheses, forgiving of what is missing, to strict ones."""
        return (
            cls(confidence_min=0.02, miss=0.02, top=600),
            cls(confidence_min=0.05, miss=0.1, top=300),
            cls(confidence_min=0.05, miss=0.1, top=300, prior=4.0),
            cls(confidence_min=0.2, miss=0.1, prior=2.0),
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
            for near in (True, False):
                body = bodies.number[r] if near else bodies.number[:, r]
                partner = np.flatnonzero(body >= 0)
                strength = confidence[body[partner]]  # [partner, consequence]
                strength[:, r] = 0  # a relation is no evidence for itself
                i, q = np.nonzero(strength)
                order = np.argsort(-strength[i, q], kind="stable")[: self.top]
                i, q = i[order], q[order]
                hit, missed = self._weights(strength[i, q], base[q])
                explain = _explain_from_source if near else _explain_from_answer
                explain(
                    scores[r],
                    pointer,
                    answers,
                    partner[i].astype(np.int32),
                    q.astype(np.int32),
                    hit,
                    missed,
                    D // 2,
                )
            strength = confidence[r].copy()
            strength[r] = 0
            for same in np.flatnonzero(strength):
                hit, missed = self._weights(strength[same], base[same])
                scores[r] += np.where(evidence.cube[same], hit, missed)
        return scores

    def _weights(self, confidence: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log likelihood ratios of a consequence observed, and of one missed."""
        hit = np.log(confidence / base)
        missed = self.miss * np.log((1 - confidence + 1e-3) / (1 - base))
        return hit.astype(np.float32), missed.astype(np.float32)


def adjacency(cube: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers of every (r', x): `answers[pointer[r', x]:pointer[r', x] + count]`, ascending.

    Returns int64[D, E + 1] of offsets (row r' ends where row r' + 1 begins) and int32[n].
    """
    directions, entities, _ = cube.shape
    counts = cube.sum(axis=2).reshape(-1)
    ends = np.concatenate([[0], np.cumsum(counts)])
    pointer = np.empty((directions, entities + 1), np.int64)
    pointer[:, :-1] = ends[:-1].reshape(directions, entities)
    pointer[:, -1] = ends[entities::entities]
    return pointer, np.nonzero(cube)[2].astype(np.int32)


@njit(cache=True, nogil=True)
def _explain_from_source(scores, pointer, answers, partner, consequence, hit, missed, half):
    """Hypothesis (s, y), prediction q(s, z) for every z with p(y, z)."""
    entities = len(scores)
    for i in range(len(partner)):
        p, q = partner[i], consequence[i]
        back = q + half if q < half else q - half
        for y in range(entities):
            first, last = pointer[p, y], pointer[p, y + 1]
            for s in range(entities):
                scores[s, y] += (last - first) * missed[i]
            for k in range(first, last):
                z = answers[k]
                for m in range(pointer[back, z], pointer[back, z + 1]):
                    scores[answers[m], y] += hit[i] - missed[i]


@njit(cache=True, nogil=True)
def _explain_from_answer(scores, pointer, answers, partner, consequence, hit, missed, half):
    """Hypothesis (s, y), prediction q(z, y) for every z with p(z, s)."""
    entities = len(scores)
    for i in range(len(partner)):
        p, q = partner[i], consequence[i]
        back = p + half if p < half else p - half
        for s in range(entities):
            first, last = pointer[back, s], pointer[back, s + 1]
            for y in range(entities):
                scores[s, y] += (last - first) * missed[i]
            for k in range(first, last):
                z = answers[k]
                for m in range(pointer[q, z], pointer[q, z + 1]):
                    scores[s, answers[m]] += hit[i] - missed[i]
