"""Reasons: what in the evidence speaks for an answer and what against it, in words.

For it are the rules whose bodies lead from the source to the answer, with the facts they go along;
against it the constraints it would break, whose strengths sum up to what the council subtracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm.reasoning.counterevidence import groundings
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.paths import three_steps
from swarm.reasoning.proposals.grounds import PSEUDO_COUNT, SUPPORT_MIN


@dataclass(frozen=True)
class Line:
    """A rule that leads to the answer, and the facts it goes along.

    Attributes:
        rule: the rule in words, X the source and Y the answer.
        held, of: how often it was borne out, and how often it could have been.
        confidence: held / (of + 5), pessimistic.
        ways: for each way a tuple of rows of `Evidence.facts`.
    """

    rule: str
    held: int
    of: int
    confidence: float
    ways: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Objection:
    """A constraint that an answer would break, and how well it is borne out (0 to 1)."""

    kind: str
    strength: float
    reason: str


@dataclass(frozen=True)
class Names:
    """Names of entities and relations, and facts and rules in words."""

    entities: Sequence[str]
    relations: Sequence[str]

    def fact(self, fact: np.ndarray) -> str:
        """`head relation tail` of int[3]."""
        head, relation, tail = (int(part) for part in fact)
        return f"{self.entities[head]} {self.relations[relation]} {self.entities[tail]}"

    def atom(self, relation: int, left: str, right: str) -> str:
        """`relation(left, right)`; of an inverse direction, the other way round."""
        R = len(self.relations)
        ends = f"{left}, {right}" if relation < R else f"{right}, {left}"
        return f"{self.relations[relation % R]}({ends})"


def lines_of(
    evidence: Evidence,
    relation: int,
    source: int,
    answer: int,
    names: Names,
    longer: Sequence[tuple[int, ...]] = (),
) -> tuple[Line, ...]:
    """Every rule borne out at least twice that leads from source to answer, the surest first.

    Rules have bodies of one and two relations, and those of three in `longer`.
    """
    bodies = evidence.bodies
    head = names.atom(relation, "X", "Y")
    lines = []
    for body, ways in groundings(evidence, source, answer):
        held = float(bodies.support[body, relation])
        if held < SUPPORT_MIN:
            continue
        first, second = int(bodies.first[body]), int(bodies.second[body])
        if second < 0:
            condition = names.atom(first, "X", "Y")
        else:
            condition = f"{names.atom(first, 'X', 'Z')}, {names.atom(second, 'Z', 'Y')}"
        confidence = held / (float(bodies.size[body]) + PSEUDO_COUNT)
        size = int(bodies.size[body])
        lines.append(Line(f"{head} if {condition}", int(held), size, confidence, tuple(ways)))
    holds = evidence.cube[relation].ravel()
    for q, p, s in longer:
        long = _ways_of_three(evidence, (q, p, s), source, answer)
        pairs = three_steps((q, p, s), evidence.cube) if long else np.empty(0, np.int32)
        held = float(holds[pairs].sum())
        if held < SUPPORT_MIN:
            continue
        path = names.atom(q, "X", "Z"), names.atom(p, "Z", "W"), names.atom(s, "W", "Y")
        confidence = held / (len(pairs) + PSEUDO_COUNT)
        words = f"{head} if {', '.join(path)}"
        lines.append(Line(words, int(held), len(pairs), confidence, long))
    return tuple(sorted(lines, key=lambda line: -line.confidence))


def _ways_of_three(
    evidence: Evidence, body: tuple[int, int, int], source: int, answer: int
) -> tuple[tuple[int, ...], ...]:
    """For each way of a body, over four different entities, its rows of facts."""
    if source == answer:
        return ()
    q, p, s = body
    inner = np.ones(evidence.entities, bool)
    inner[[source, answer]] = False
    after = np.flatnonzero(evidence.cube[q, source] & inner)
    before = np.flatnonzero(evidence.cube[s, :, answer] & inner)
    ways = []
    for i, j in np.argwhere(evidence.cube[p][np.ix_(after, before)]).tolist():
        z, w = int(after[i]), int(before[j])
        if z != w:
            steps = (q, source, z), (p, z, w), (s, w, answer)
            ways.append(tuple(_row(evidence, *step) for step in steps))
    return tuple(ways)


def _row(evidence: Evidence, relation: int, x: int, y: int) -> int:
    """The row of a fact r'(x, y) given in either direction."""
    R = evidence.relations
    fact = (x, relation, y) if relation < R else (y, relation - R, x)
    return int((evidence.facts == np.array(fact)).all(axis=1).argmax())


def objections_to(
    evidence: Evidence, relation: int, source: int, answer: int, names: Names
) -> tuple[Objection, ...]:
    """The objections whose strengths sum up to `objections(evidence)[r', source, answer]`."""
    facts = evidence.cube[relation]
    total = max(int(facts.sum()), 1)
    counts = facts.sum(axis=1)
    asked = names.relations[relation % len(names.relations)]
    x, y = names.entities[source], names.entities[answer]
    raised = []
    if not facts[:, answer].any():
        raised.append(Objection("kind", 1.0, f"{y} was never seen in this place of {asked}"))
    if counts[source] > 0 and (counts == 1).any():
        known = names.entities[int(facts[source].argmax())]
        single = (counts == 1).sum() / (max((counts > 0).sum(), 1) + 1)
        why = f"where {asked} has one answer only, {x} already has {known}"
        raised.append(Objection("single answer", float(single), why))
    if facts[answer, source] and not (facts & facts.T).any():
        why = f"{asked} never held both ways, and it is known the other way round"
        raised.append(Objection("asymmetry", total / (total + 2), why))
    if source == answer and not facts.diagonal().any():
        why = f"nothing stood in {asked} to itself"
        raised.append(Objection("irreflexivity", total / (total + 2), why))
    exclusion = _exclusion(evidence.cube, relation, source, answer)
    if exclusion is not None:
        strength, other = exclusion
        why = f"it is known as {names.atom(other, x, y)}, which never went together with {asked}"
        raised.append(Objection("exclusion", strength, why))
    return tuple(raised)


def _exclusion(
    cube: np.ndarray, relation: int, source: int, answer: int
) -> tuple[float, int] | None:
    """The strongest exclusion of r'(x, y) by a q(x, y) that is known, and q; None if none."""
    cells = cube.shape[1] ** 2
    strongest: tuple[float, int] | None = None
    for q in np.flatnonzero(cube[:, source, answer]).tolist():
        expected = float(cube[q].sum()) * float(cube[relation].sum()) / cells
        strength = expected / (expected + 2)
        excludes = strength > 0 and not (cube[q] & cube[relation]).any()
        if excludes and (strongest is None or strength > strongest[0]):
            strongest = strength, q
    return strongest
