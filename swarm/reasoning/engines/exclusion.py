"""Exclusion: an engine's answers seen against everything else it says of the same pair.

Where relations exclude each other, as kinship terms do, a pair that is known, or believed, to
stand in another relation is no answer. Scores are standardised per query, known facts count
`CERTAIN`, and an answer is scored by the log probability of the relation given the pair: log
softmax over the relations of its direction, both directions added (the relation-prediction view
of a knowledge graph: Chen et al. 2021, "Relation prediction as an auxiliary training objective").
Where relations go together it discriminates against what is true in several ways; it is for
evolution to find out where that is so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from swarm.reasoning.engine import Engine
from swarm.reasoning.evidence import Evidence

CERTAIN = np.float32(12.0)
"""Standard deviations that a known fact stands above the mean."""


@dataclass(frozen=True)
class Exclusive(Engine):
    """An engine read as the probability of the relation given the pair.

    Attributes:
        of: the engine; whoever asks for its variants pays its cost.
        sharpness: scale of its standardised scores in the softmax.
    """

    name: ClassVar[str] = "exclusive"
    cost: ClassVar[float] = 1.0

    of: Engine
    sharpness: float = 1.0

    def describe(self) -> str:
        """The genes of the engine, and that relations exclude each other."""
        return ", ".join(filter(None, [self.of.describe(), "relations exclude each other"]))

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; O(D * E^2) beside the engine's own."""
        return self.read(self.of.compile(evidence), evidence)

    def read(self, scores: np.ndarray, evidence: Evidence) -> np.ndarray:
        """The same from what the engine says: float32[D, E, E]."""
        known = evidence.cube
        standard = np.where(known, 0, scores).astype(np.float32)
        count = np.maximum((~known).sum(axis=2, keepdims=True), 1)
        standard -= standard.sum(axis=2, keepdims=True) / count
        standard[known] = 0
        deviation = np.sqrt((standard**2).sum(axis=2, keepdims=True) / count)
        silence = 1e-6 * np.abs(np.where(known, 0, scores)).max(axis=2, keepdims=True)
        speaks = deviation > np.maximum(silence, 1e-12)  # no more than rounding is nothing
        standard = np.where(speaks, standard / np.where(speaks, deviation, 1), 0).astype(np.float32)
        standard[known] = CERTAIN
        return exclusive(np.float32(self.sharpness) * np.clip(standard, -CERTAIN, CERTAIN))


def exclusive(scores: np.ndarray) -> np.ndarray:
    """Log softmax over the relations, of both directions' scores added; float32[D, E, E] again."""
    half = len(scores) // 2
    both = scores + np.concatenate([scores[half:], scores[:half]]).transpose(0, 2, 1)
    for part in (both[:half], both[half:]):
        part -= part.max(axis=0)
        part -= np.log(np.exp(part).sum(axis=0))
    return both
