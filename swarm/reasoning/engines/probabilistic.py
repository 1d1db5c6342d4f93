"""Probability: naive Bayes over what is known of an entity.

For the query (x, r', ?) every answer c is a class, and the facts q(x, d) are features:
log P(c) + temperature * sum over the facts of x of log P(q(., d) | c) / P(q(., d)), with
Laplace smoothing towards the base rate. The temperature makes up for features that are not
independent (Domingos & Pazzani 1997). With `both_sides` the answer's own facts vote on the
source in the same way, and the two log odds are added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from swarm.reasoning.engine import Engine
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Probabilistic(Engine):
    """Genes: temperature of the likelihood, smoothing, one side or both."""

    name: ClassVar[str] = "probabilistic"
    cost: ClassVar[float] = 1.5

    temperature: float = 0.2
    smoothing: float = 0.5
    both_sides: bool = True

    @classmethod
    def variants(cls) -> tuple[Probabilistic, ...]:
        """From a cautious likelihood to a bold one, and the classical one-sided form."""
        return (
            cls(temperature=0.05),
            cls(temperature=0.2),
            cls(temperature=0.5),
            cls(temperature=0.2, both_sides=False),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(sum of degree squared) for the counts."""
        scores = self._one_side(evidence)
        if self.both_sides:
            R = evidence.relations
            opposite = np.concatenate([scores[R:], scores[:R]]).transpose(0, 2, 1)
            scores = scores + opposite
        return scores

    def _one_side(self, evidence: Evidence) -> np.ndarray:
        from scipy.sparse import csr_array

        cube, D, E = evidence.cube, evidence.directions, evidence.entities
        facts = csr_array(cube.transpose(1, 0, 2).reshape(E, D * E).astype(np.float32))
        answers = np.asarray(facts.sum(axis=0))  # how often c answers r', float32[D * E]
        base = (answers + self.smoothing) / (E + 2 * self.smoothing)
        prior_weight = 2 * self.smoothing

        # Seen together with the answer: log of the smoothed lift, stored where the count is
        # not zero. Where it is zero the lift depends on the answer alone: `absent`.
        together = (facts.T @ facts).tocoo()
        feature, answer = together.row, together.col
        other = feature // E != answer // E  # facts of the relation asked about do not count
        feature, answer, count = feature[other], answer[other], together.data[other]
        smooth = prior_weight * base[feature]
        lift = csr_array(
            (np.log((count + smooth) / smooth), (feature, answer)), shape=together.shape
        )
        absent = np.log(prior_weight / (answers + prior_weight))
        present = np.asarray(cube.sum(axis=(0, 2)))[:, None] - cube.sum(axis=2).T  # [E, D]
        scores = (facts @ lift).toarray().reshape(E, D, E)
        scores += present[:, :, None] * absent.reshape(D, E)[None]
        scores = np.log(answers + 0.1).reshape(1, D, E) + self.temperature * scores
        scores[:, answers.reshape(D, E) == 0] = -50  # never seen as an answer
        return np.ascontiguousarray(scores.transpose(1, 0, 2), dtype=np.float32)
