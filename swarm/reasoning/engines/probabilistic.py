"""Probability: what is likely of an entity, of a pair, or of the kinds they belong to.

*Features* (naive Bayes). For the query (x, r', ?) every answer c is a class, and the facts
q(x, d) are features: log P(c) + temperature * sum over the facts of x of
log P(q(., d) | c) / P(q(., d)), with Laplace smoothing towards the base rate. The temperature
makes up for features that are not independent (Domingos & Pazzani 1997). With `both_sides` the
answer's own facts vote on the source in the same way, and the two log odds are added.

*Kinds*: log probability under a mixed-membership block model (`block_model`).

Either way `company` weighs what else is known of the pair (x, c) itself: relations that never
go together speak against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.block_model import block_probability
from swarm.reasoning.engines.company import company
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.evidence import Evidence

FLOOR = np.float32(1e-5)
"""Probability that a block model leaves to everything."""


@dataclass(frozen=True)
class Probabilistic(Engine):
    """Genes: which model, temperature and smoothing, one side or both, kinds, company."""

    name: ClassVar[str] = "probabilistic"
    cost: ClassVar[float] = 1.5

    temperature: float = 0.2
    smoothing: float = 0.5
    both_sides: bool = True
    model: Literal["features", "kinds"] = "features"
    kinds: int = 20
    drafts: int = 6
    company: float = 0.0

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """Features alone and with company, then kinds alone and with some or much of it."""
        return (
            cls(temperature=0.05),
            cls(temperature=0.2),
            cls(temperature=0.05, company=3.0),
            cls(model="kinds", kinds=20, drafts=4),
            cls(model="kinds", kinds=30, drafts=4, company=0.3),
            cls(model="kinds", kinds=20, drafts=4, company=1.0),
            Exclusive(cls(model="kinds", kinds=20, drafts=4)),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(sum of degree squared), or O(drafts * R * E^2 * kinds)."""
        if self.model == "kinds":
            scores = np.log(block_probability(evidence, self.kinds, self.drafts) + FLOOR)
        else:
            scores = self._features(evidence)
        if self.company:
            scores = scores + np.float32(self.company) * company(evidence, self.smoothing)
        return scores

    def _features(self, evidence: Evidence) -> np.ndarray:
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
