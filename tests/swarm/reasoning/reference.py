"""Plain references for swarm.reasoning: facts, rules, protocols and ranks as loops, in float64.

Written from the docstrings, not from the kernels: slow, and meant to be read. Known facts are
triples (r', x, y) in both directions; bodies are tuples of one or two relations. The engines
stand in reference_engines, the walk of a strategy in reference_walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import ceil, floor, log, sqrt

import numpy as np
from hypothesis import strategies as st

from swarm.reasoning import Evidence
from swarm.reasoning.faculties import CLIP

Fact = tuple[int, int, int]
Pair = tuple[int, int]
Body = tuple[int, ...]
Rule = tuple[Body, float]


@dataclass(frozen=True)
class Graph:
    """A set of facts (head, relation, tail), what is known from them, and the rule bodies."""

    entities: int
    relations: int
    facts: frozenset[Fact]

    @classmethod
    def of(cls, facts: list[Fact]) -> Graph:
        """As large as the facts (head, relation, tail) need it to be."""
        entities = 1 + max(max(head, tail) for head, _, tail in facts)
        return cls(entities, 1 + max(relation for _, relation, _ in facts), frozenset(facts))

    @property
    def directions(self) -> range:
        return range(2 * self.relations)

    @cached_property
    def evidence(self) -> Evidence:
        rows = np.array(sorted(self.facts), np.int32).reshape(-1, 3)
        return Evidence(rows, self.entities, self.relations)

    @cached_property
    def known(self) -> set[Fact]:
        return self.both_ways({(r, x, y) for x, r, y in self.facts})

    def both_ways(self, known: set[Fact]) -> set[Fact]:
        return known | {((r + self.relations) % (2 * self.relations), y, x) for r, x, y in known}

    @cached_property
    def bodies(self) -> dict[Body, set[Pair]]:
        """Length one, then those of length two that some pair satisfies, by their relations."""
        found: dict[Body, set[Pair]] = {(q,): connected(self.known, (q,)) for q in self.directions}
        for body in product(self.directions, repeat=2):
            if pairs := connected(self.known, body):
                found[body] = pairs
        return found

    def cells(self) -> Iterator[Fact]:
        """Every (r', x, y)."""
        return product(self.directions, range(self.entities), range(self.entities))

    def empty(self) -> np.ndarray:
        return np.zeros((len(self.directions), self.entities, self.entities))

    def count(self, r: int, y: int) -> int:
        """How many entities have y for an answer to r'."""
        return sum((r, x, y) in self.known for x in range(self.entities))


@st.composite
def small_graphs(draw: st.DrawFn) -> Graph:
    """Sparse to dense facts; relations may echo each other, so that rules hold."""
    entities, relations = draw(st.integers(3, 8)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.05, 0.15, 0.3]))
    drawn = np.argwhere(rng.random((entities, relations, entities)) < density)
    facts = {(h, r, t) for h, r, t in drawn.tolist()} | {(0, 0, 1)}
    if draw(st.booleans()):
        facts |= {(t, (r + 1) % relations, h) for h, r, t in facts}
    return Graph(entities, relations, frozenset(facts))


# Rules


def connected(known: set[Fact], body: Body) -> set[Pair]:
    """q(x, y), or q(x, z), p(z, y) with z different from x and y."""
    if len(body) == 1:
        return {(x, y) for q, x, y in known if q == body[0]}
    return {
        (x, y)
        for (x, z), (w, y) in product(connected(known, body[:1]), connected(known, body[1:]))
        if z == w and z != x and z != y
    }


def support(graph: Graph, body: Body, head: int) -> int:
    """Pairs of the body for which the head holds; a relation does not conclude itself."""
    if body == (head,):
        return 0
    return sum((head, x, y) in graph.known for x, y in graph.bodies[body])


def rules(
    graph: Graph,
    head: int,
    pseudo_count: float,
    support_min: float,
    top: int,
    confidence_min: float = 0.0,
) -> list[Rule]:
    """The best bodies for a head with their pessimistic confidence, best first."""
    found = []
    for body, pairs in graph.bodies.items():
        held = support(graph, body, head)
        confidence = held / (len(pairs) + pseudo_count)
        if held >= support_min and confidence > 0 and confidence >= confidence_min:
            found.append((body, confidence))
    return sorted(found, key=lambda rule: -rule[1])[:top]


def weight(confidence: float) -> float:
    """What a rule adds in noisy-or."""
    return -log(1 - min(confidence, 0.999))


# Protocols


def objections(graph: Graph) -> np.ndarray:
    """Never seen in this place, already answered, known the other way round, to itself."""
    scores = graph.empty()
    for r in graph.directions:
        pairs = graph.bodies[r,]
        answers = [sum(x == s for s, _ in pairs) for x in range(graph.entities)]
        single = answers.count(1) / (max(sum(n > 0 for n in answers), 1) + 1)
        held = max(len(pairs), 1) / (max(len(pairs), 1) + 2)
        never_both_ways = not any((y, x) in pairs for x, y in pairs)
        never_to_itself = not any(x == y for x, y in pairs)
        for x, y in product(range(graph.entities), repeat=2):
            scores[r, x, y] += graph.count(r, y) == 0
            scores[r, x, y] += single * (answers[x] > 0)
            scores[r, x, y] += held * (never_both_ways and (y, x) in pairs)
            scores[r, x, y] += held * (never_to_itself and x == y)
            stands_in = [q for q in graph.directions if (x, y) in graph.bodies[q,]]
            scores[r, x, y] += max((exclusion(graph, q, r) for q in stands_in), default=0)
    return scores


def exclusion(graph: Graph, q: int, r: int) -> float:
    """How strongly q(x, y) speaks against r(x, y)."""
    one, other = set(graph.bodies[q,]), set(graph.bodies[r,])
    if one & other:
        return 0
    expected = len(one) * len(other) / graph.entities**2
    return expected / (expected + 2)


def inverted(graph: Graph, top: int, support_min: float, pseudo_count: float) -> np.ndarray:
    """Noisy-or without the relation that most support comes through."""
    scores = graph.empty()
    for head in graph.directions:
        chosen = rules(graph, head, pseudo_count, support_min, top)
        use = [0] * graph.relations
        for body, _ in chosen:
            for relation in {q % graph.relations for q in body}:
                use[relation] += support(graph, body, head)
        favourite = use.index(max(use))
        for body, confidence in chosen:
            if favourite not in [q % graph.relations for q in body]:
                for pair in graph.bodies[body]:
                    scores[head][pair] += weight(confidence)
    return scores


# Ranking


def rank(scores: list[float], truth: int, counted: list[int]) -> float:
    """Mean of the first and the last place that the truth can take."""
    above = sum(scores[c] > scores[truth] for c in counted)
    level = sum(scores[c] == scores[truth] for c in counted)
    return (above + 1 + above + level) / 2


def expected_reciprocal_rank(rank: float, hidden: int) -> float:
    """Mean reciprocal of the ranks left when 0, 1, ... hidden answers above are filtered."""

    def of(k: int) -> float:
        terms = [1 / (k - m) for m in range(min(hidden, k - 1) + 1)]
        return sum(terms) / len(terms)

    return (of(floor(rank)) + of(ceil(rank))) / 2


def standardise(scores: list[float], open_: list[bool]) -> list[float]:
    """Zero mean and unit variance over the open candidates; 0 elsewhere."""
    values = [score for score, free in zip(scores, open_, strict=True) if free]
    mean = sum(values) / max(len(values), 1)
    deviation = sqrt(sum((value - mean) ** 2 for value in values) / max(len(values), 1))
    return [
        min(max((score - mean) / (deviation + 1e-9), CLIP[0]), CLIP[1]) if free else 0.0
        for score, free in zip(scores, open_, strict=True)
    ]
