"""Analogy: what holds for entities that stand in the same relations.

Two entities are alike as far as their relational profiles agree: the facts q(x, d) they take
part in, weighted by how telling each is (inverse document frequency), compared by cosine
(case-based reasoning on knowledge graphs, Das et al. 2020; relations rather than attributes,
Gentner 1983). A query is answered from both ends: what do the likes of the source have, and
whom do the likes of the answer belong to?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from swarm.reasoning.engine import Engine
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Analogical(Engine):
    """Genes: how sharply likeness counts, how many neighbours, and which end weighs more."""

    name: ClassVar[str] = "analogical"
    cost: ClassVar[float] = 1.3

    sharpness: float = 4.0
    neighbours: int = 20
    source_share: float = 0.5

    @classmethod
    def variants(cls) -> tuple[Analogical, ...]:
        """Loose to strict likeness, and each end of the query favoured in turn."""
        return (
            cls(sharpness=1, neighbours=10),
            cls(sharpness=2, neighbours=20),
            cls(sharpness=4, neighbours=20),
            cls(sharpness=4, neighbours=20, source_share=0.3),
            cls(sharpness=4, neighbours=20, source_share=0.7),
            cls(sharpness=8, neighbours=30),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(D * E^3) in matrix products."""
        likeness = profile_likeness(evidence) ** np.float32(self.sharpness)
        if self.neighbours < evidence.entities:
            floor = -np.partition(-likeness, self.neighbours, axis=1)[:, self.neighbours, None]
            likeness = np.where(likeness > floor, likeness, 0)
        likeness /= likeness.sum(axis=1, keepdims=True) + np.float32(1e-9)
        facts = evidence.cube.astype(np.float32)
        share = np.float32(self.source_share)
        return share * (likeness @ facts) + (1 - share) * (facts @ likeness.T)


def profile_likeness(evidence: Evidence) -> np.ndarray:
    """float32[E, E]: cosine of weighted relational profiles, zero on the diagonal."""
    cube, D, E = evidence.cube, evidence.directions, evidence.entities
    profile = cube.transpose(1, 0, 2).reshape(E, D * E).astype(np.float32)
    profile *= np.log(E / np.maximum(profile.sum(axis=0), 1))
    profile /= np.linalg.norm(profile, axis=1, keepdims=True) + np.float32(1e-9)
    likeness = profile @ profile.T
    np.fill_diagonal(likeness, 0)
    return np.maximum(likeness, 0)
