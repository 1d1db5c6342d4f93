"""Deduction: rules that (almost) always held are taken as laws and chained forward.

Semi-naive evaluation (Bancilhon & Ramakrishnan 1986): each round looks only at derivations
that need a fact found in the round before. An answer scores by all laws that derive it, or
mostly by the strongest, and a round later counts `decay` as much. Inverse relations are kept in
step: deriving r(x, y) derives its inverse.

With `caution`, assumptions are dropped one at a time (see `assumptions`): for every relation
without which an answer would no longer follow, its score is lowered by that share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.aggregation import (
    DEPTH,
    STEP,
    add_groundings,
    log_weight,
    top_groundings,
)
from swarm.reasoning.engines.assumptions import (
    critical,
    drops_of,
    survive_directly,
    survive_joined,
)
from swarm.reasoning.engines.exclusion import Exclusive
from swarm.reasoning.evidence import Evidence


@dataclass(frozen=True)
class Deductive(Engine):
    """Genes: how sure a law has to be, rounds that are chained, how laws and doubts count."""

    name: ClassVar[str] = "deductive"
    cost: ClassVar[float] = 1.0

    threshold: float = 0.7
    rounds: int = 2
    support_min: float = 3.0
    pseudo_count: float = 1.0
    top: int = 400
    decay: float = 0.3
    aggregation: Literal["all", "strongest"] = "all"
    caution: float = 0.0

    @classmethod
    def variants(cls) -> tuple[Engine, ...]:
        """Lenient laws: together, the strongest, without what hangs on one assumption; chained."""
        return (
            cls(threshold=0.05, rounds=1),
            cls(threshold=0.05, rounds=1, aggregation="strongest"),
            cls(threshold=0.05, rounds=1, aggregation="strongest", caution=0.3),
            cls(threshold=0.1, rounds=2),
            Exclusive(cls(threshold=0.05, rounds=1)),
        )

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Scores float32[D, E, E]; a round costs O(laws in play x E x facts)."""
        bodies = evidence.bodies
        confidence = bodies.confidence(self.pseudo_count)
        confidence[confidence < self.threshold] = 0
        laws = bodies.rules(confidence, self.support_min, self.top)
        value = [confidence[chosen, head] for head, chosen in enumerate(laws)]
        if self.aggregation == "all":
            value = [log_weight(each) for each in value]
        drops = Drops(evidence) if self.caution else None

        scores = self._at_once(evidence, laws, value, drops)
        known = evidence.cube.copy()
        fresh = both_ways(scores > 0) & ~known
        discount = 1.0
        for _ in range(1, self.rounds):
            if not fresh.any():
                break
            before, known = known, known | fresh
            if drops is not None:
                drops.adopt(fresh)
            discount *= self.decay
            derived = self._chain(evidence, laws, value, before, known, drops)
            scores += np.float32(discount) * derived
            fresh = both_ways(derived > 0) & ~known
        if drops is not None:
            doubts = critical(drops.answers, evidence.relations)
            scores *= (np.float32(1 - self.caution) ** doubts).astype(np.float32)
        return scores

    def _at_once(
        self,
        evidence: Evidence,
        laws: list[np.ndarray],
        value: list[np.ndarray],
        drops: Drops | None,
    ) -> np.ndarray:
        """The first round, from known facts alone: float32[D, E, E]."""
        bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
        scores: np.ndarray = np.zeros((D, E * E), np.float32)
        for head, chosen in enumerate(laws):
            grounded = bodies.start, bodies.pairs, chosen
            if self.aggregation == "all":
                add_groundings(scores[head], *grounded, value[head])
            else:
                top_groundings(scores[head], *grounded, value[head], DEPTH, STEP)
            if drops is not None:
                answers = drops.answers[head].reshape(E * E, -1)
                survive_directly(answers, *grounded, drops.of_bodies(chosen))
        return scores.reshape(D, E, E)

    def _chain(
        self,
        evidence: Evidence,
        laws: list[np.ndarray],
        value: list[np.ndarray],
        before: np.ndarray,
        known: np.ndarray,
        drops: Drops | None,
    ) -> np.ndarray:
        """A later round, of derivations that need a fact not known before: float32[D, E, E]."""
        bodies = evidence.bodies
        fresh = (known & ~before).any(axis=(1, 2))
        derived = np.zeros(known.shape, np.float32)
        product: dict[int, np.ndarray] = {}
        for head, chosen in enumerate(laws):
            times = np.zeros(known.shape[1:], np.int8)
            for body, strength in zip(chosen, value[head], strict=True):
                steps = (int(bodies.first[body]), int(bodies.second[body]))
                if not any(fresh[step] for step in steps if step >= 0):
                    continue
                if body not in product:
                    product[body] = newly_true(before, known, *steps)
                reached = product[body]
                if drops is not None:
                    drops.derive(head, reached, *steps)
                if self.aggregation == "all":
                    derived[head] += reached * strength
                else:
                    _next_best(derived[head], times, reached, strength, DEPTH, STEP)
        return derived


class Drops:
    """The single drops that facts, and answers, survive.

    Attributes:
        facts: uint64[D, E, E, words], 0 where there is no fact.
        answers: uint64[D, E, E, words] of what the laws have derived so far.
    """

    def __init__(self, evidence: Evidence):
        self.bodies = evidence.bodies
        self.own = drops_of(evidence.relations)[np.arange(evidence.directions) % evidence.relations]
        self.facts = np.where(evidence.cube[..., None], self.own[:, None, None], np.uint64(0))
        self.answers = np.zeros_like(self.facts)

    def of_bodies(self, chosen: np.ndarray) -> np.ndarray:
        """uint64[n, words]: what the known facts that bodies are made of survive."""
        first, second = self.bodies.first[chosen], self.bodies.second[chosen]
        return self.own[first] & np.where(second[:, None] >= 0, self.own[second], self.own[first])

    def derive(self, head: int, reached: np.ndarray, first: int, second: int) -> None:
        """Answers bool[E, E] of the head were reached by a body."""
        if second < 0:
            self.answers[head][reached] |= self.facts[first][reached]
        else:
            survive_joined(self.answers[head], reached, self.facts[first], self.facts[second])

    def adopt(self, fresh: np.ndarray) -> None:
        """Answers bool[D, E, E], as far as they were derived, become facts in both directions."""
        half = len(fresh) // 2
        inverse = np.concatenate([self.answers[half:], self.answers[:half]]).transpose(0, 2, 1, 3)
        survived = (self.answers | inverse) & self.own[:, None, None]
        self.facts[fresh] = survived[fresh]


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


@njit(cache=True, nogil=True)
def _next_best(derived, times, reached, strength, depth, step):
    """Laws come best first: the n-th to reach a pair counts step^(n - 1) of its strength."""
    for x in range(len(reached)):
        for y in range(len(reached)):
            if reached[x, y] and times[x, y] < depth:
                derived[x, y] += strength * step ** times[x, y]
                times[x, y] += 1


def both_ways(cube: np.ndarray) -> np.ndarray:
    """bool[D, E, E] with r'(x, y) wherever the inverse of r' holds for (y, x)."""
    half = len(cube) // 2
    inverse = np.concatenate([cube[half:], cube[:half]]).transpose(0, 2, 1)
    return cube | inverse
