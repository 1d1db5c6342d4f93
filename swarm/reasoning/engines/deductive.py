"""Deduction: rules that (almost) always held are taken as laws and chained forward.

Semi-naive evaluation (Bancilhon & Ramakrishnan 1986): each round looks only at derivations
that need a fact found in the round before. An answer scores by the laws that derive it, and a
round later counts `decay` as much. Inverse relations are kept in step: deriving r(x, y)
derives its inverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.aggregation import add_groundings, log_weight
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Deductive(Engine):
    """Genes: how sure a law has to be, and how many rounds are chained."""

    name: ClassVar[str] = "deductive"
    cost: ClassVar[float] = 1.0

    threshold: float = 0.7
    rounds: int = 2
    support_min: float = 3.0
    pseudo_count: float = 1.0
    top: int = 400
    decay: float = 0.3

    @classmethod
    def variants(cls) -> tuple[Deductive, ...]:
        """From lenient laws applied once to strict laws chained to the third round."""
        return (
            cls(threshold=0.05, rounds=1),
            cls(threshold=0.1, rounds=2),
            cls(threshold=0.2, rounds=2),
            cls(threshold=0.5, rounds=3),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; a round costs O(laws in play x E x facts)."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        confidence = bodies.confidence(self.pseudo_count)
        confidence[confidence < self.threshold] = 0
        laws = bodies.rules(confidence, self.support_min, self.top)
        weight = [log_weight(confidence[chosen, head]) for head, chosen in enumerate(laws)]

        scores: np.ndarray = np.zeros((D, E * E), np.float32)
        for head, chosen in enumerate(laws):
            add_groundings(scores[head], bodies.start, bodies.pairs, chosen, weight[head])
        scores = scores.reshape(D, E, E)
        known = evidence.cube.copy()
        fresh = both_ways(scores > 0) & ~known
        discount = 1.0
        for _ in range(1, self.rounds):
            if not fresh.any():
                break
            before, known = known, known | fresh
            discount *= self.decay
            derived = np.zeros_like(scores)
            product: dict[int, np.ndarray] = {}
            for head, chosen in enumerate(laws):
                for body, strength in zip(chosen, weight[head], strict=True):
                    steps = (int(bodies.first[body]), int(bodies.second[body]))
                    if not any(fresh[step].any() for step in steps if step >= 0):
                        continue
                    if body not in product:
                        product[body] = newly_true(before, known, *steps)
                    derived[head] += product[body] * strength
            scores += np.float32(discount) * derived
            fresh = both_ways(derived > 0) & ~known
        return scores


def newly_true(before: np.ndarray, after: np.ndarray, first: int, second: int) -> np.ndarray:
    """bool[E, E]: pairs that body (first, second) connects in `after` but not in `before`."""
    if second < 0:
        return after[first] & ~before[first]
    return _connected(after[first], after[second]) & ~_connected(before[first], before[second])


@njit(cache=True, nogil=True)
def _connected(left, right):
    """bool[E, E]: left(x, z) and right(z, y) for some z that is neither x nor y."""
    entities = len(left)
    connected = np.zeros((entities, entities), np.bool_)
    for x in range(entities):
        for z in range(entities):
            if left[x, z] and z != x:
                for y in range(entities):
                    if y != z:
                        connected[x, y] |= right[z, y]
    return connected


def both_ways(cube: np.ndarray) -> np.ndarray:
    """bool[D, E, E] with r'(x, y) wherever the inverse of r' holds for (y, x)."""
    half = len(cube) // 2
    inverse = np.concatenate([cube[half:], cube[:half]]).transpose(0, 2, 1)
    return cube | inverse
