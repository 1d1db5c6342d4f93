"""Analogy: what holds for entities that stand in the same relations.

Who is like whom is found by `structure_mapping`: at the surface, in structure, or with regard
to the relation asked about (pragmatic), each passed on over `rounds` and `hops`. What is
carried over depends on `mapping`:

- *ends* (case-based reasoning on knowledge graphs, Das et al. 2020): what do the likes of the
  source have, and whom do the likes of the answer belong to?
- *pairs* (structure mapping, Gentner 1983): which facts have both ends alike, and do the
  relations that connect the ends correspond as well?
- *smooth* (Kronecker kernel ridge regression, van Laarhoven et al. 2011): all pairs at once,
  those who repeat each other counted once.

With `rivalry` the relations of one pair compete: each counts by its share of all that is
carried over to the pair. Right where pairs have one relation each, wrong where they have many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.embedding import RelationalEmbedding
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.engines.structure_mapping import (
    mapped_pairs,
    nearest,
    pragmatic_likeness,
    profile_likeness as profile_likeness,
    propagated,
    smoothed,
    surface_likeness,
)
from swarm.reasoning.evidence import Evidence

LITTLE = np.float32(0.03)
"""Support for a pair, by all relations, that rivalry takes for next to none."""


@dataclass(frozen=True)
class Analogical(Engine):
    """Genes: what likeness is and how sharply it counts, and how it carries facts over.

    Attributes:
        sharpness: exponent of likeness.
        neighbours: how many likes an entity has; not used by *smooth*.
        source_share: weight of the source's likes against the answer's; used by *ends*.
        level: what likeness looks at.
        rounds: how often structural likeness is passed on between related entities.
        hops: likes of likes of likes, each hop counting half; not used by *smooth*.
        mapping: how facts are carried over.
        systematicity: what corresponding connections add; used by *pairs*.
        ridge: how far the regression is held back; used by *smooth*.
        rivalry: 0 for none; 1 for shares of all relations of the pair.
    """

    name: ClassVar[str] = "analogical"
    cost: ClassVar[float] = 1.3

    sharpness: float = 4.0
    neighbours: int = 20
    source_share: float = 0.5
    level: Literal["surface", "structural", "pragmatic"] = "structural"
    rounds: int = 1
    hops: int = 1
    mapping: Literal["ends", "pairs", "smooth"] = "ends"
    systematicity: float = 0.0
    ridge: float = 1.0
    rivalry: float = 0.0

    def __post_init__(self) -> None:
        if self.mapping == "pairs" and self.level == "pragmatic":
            raise ValueError(
                "mapping='pairs' compares two pairs once for all relations, but "
                "level='pragmatic' likens entities anew for each; use mapping='ends' or 'smooth'"
            )

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """Ends by surface, structure and purpose; chains; pairs; all at once, then as rivals."""
        return (
            cls(sharpness=2),
            cls(sharpness=2, level="pragmatic"),
            cls(sharpness=2, neighbours=10, hops=3),
            cls(sharpness=8, neighbours=10, level="surface", mapping="pairs", systematicity=16),
            cls(sharpness=2, neighbours=10, mapping="pairs", systematicity=16, rivalry=0.5),
            cls(rounds=2, mapping="smooth", ridge=10),
            cls(sharpness=2, mapping="smooth", ridge=3, rivalry=1),
            Exclusive(
                cls(sharpness=2, neighbours=10, mapping="pairs", systematicity=16, rivalry=0.5)
            ),
            *RelationalEmbedding.variants(),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(D * E^3) in matrix products, *pairs* O(E^2 * bases)."""
        likeness = self._likeness(evidence)
        if self.mapping == "smooth":
            kernel = likeness ** np.float32(self.sharpness)
            kernel += np.eye(evidence.entities, dtype=np.float32)
            scores = smoothed(evidence.cube.astype(np.float32), kernel, self.ridge)
        else:
            shares = propagated(nearest(likeness, self.sharpness, self.neighbours), self.hops)
            if self.mapping == "pairs":
                scores = mapped_pairs(evidence, shares, self.systematicity)
            else:
                scores = self._from_ends(evidence, shares)
        return self._compete(scores) if self.rivalry else scores

    def _likeness(self, evidence: Evidence) -> np.ndarray:
        """float32[E, E], or float32[D, E, E] where it depends on the relation asked about."""
        if self.level == "surface":
            return surface_likeness(evidence)
        if self.level == "pragmatic":
            return pragmatic_likeness(evidence)
        return profile_likeness(evidence, self.rounds)

    def _from_ends(self, evidence: Evidence, shares: np.ndarray) -> np.ndarray:
        facts, share = evidence.cube.astype(np.float32), np.float32(self.source_share)
        of_answer = opposite(shares) if shares.ndim == 3 else shares
        source = shares @ facts
        return share * source + (1 - share) * (facts @ of_answer.swapaxes(-1, -2))

    def _compete(self, scores: np.ndarray) -> np.ndarray:
        positive = np.maximum(scores, 0)
        rivals = positive[: len(scores) // 2].sum(axis=0) + LITTLE
        both = np.stack([rivals, rivals.T]) ** np.float32(self.rivalry)
        return scores / np.repeat(both, len(scores) // 2, axis=0)


def opposite(by_direction: np.ndarray) -> np.ndarray:
    """[D, ...] with each direction in the place of its inverse."""
    half = len(by_direction) // 2
    return np.concatenate([by_direction[half:], by_direction[:half]])
