"""Counter-evidence: the facts without which another answer would win.

The search is counterfactual in the plain sense: facts are taken out of the evidence, everything
is computed again from what is left, and the answers are compared. Facts are tried in the order of
how much more they carry the answer than its rival: first along the rules that reach it, then what
is known of the answer in the place asked about, then all that is known of the source. Sets of
1, 2, 4, ... of them are taken out until the answer falls; the shortest such beginning is found by
halving, and what it does not need is put back by delta debugging (Zeller & Hildebrandt 2002).

What is returned has been verified by recomputation. If the search ended by itself it is
irreducible: no fact of the set alone may be spared. A smaller set somewhere else is not ruled
out, which would take exponentially many recomputations (Eiter & Gottlob 1995).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines.aggregation import log_weight
from swarm.reasoning.engines.analogical import profile_likeness
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.faculties import Faculties
from swarm.reasoning.proposals.grounds import PSEUDO_COUNT, SUPPORT_MIN
from swarm.reasoning.queries import Block
from swarm.reasoning.strategy import Strategies, reason

Rescore = Callable[[np.ndarray], np.ndarray]
"""Scores float32[C] of the query, computed anew from facts int32[n, 3]; -inf for known answers."""

LONGEST = 256
"""Most facts that are tried at once."""


@dataclass(frozen=True)
class Change:
    """Facts whose removal changes an answer.

    Attributes:
        facts: int64[n] rows of `Evidence.facts`.
        instead: the answer that then stands above.
        recomputations: how often everything was computed anew.
        irreducible: whether it is known that no single fact of the set can be spared.
    """

    facts: np.ndarray
    instead: int
    recomputations: int
    irreducible: bool


class _SpentError(Exception):
    """The budget of recomputations is used up."""


def what_would_change(
    evidence: Evidence,
    relation: int,
    source: int,
    answer: int,
    rescore: Rescore,
    budget: int = 24,
) -> Change | None:
    """The smallest set found of facts without which another answer takes the place of this one.

    An answer is changed if a candidate that it beat now beats it; for the best answer that is
    another best answer.

    Args:
        evidence: what the answer was found from.
        relation, source: the query (source, r', ?); answer: the candidate in question.
        rescore: computes the scores from the facts that are left.
        budget: most recomputations.

    Returns:
        What was found within the budget, or None.
    """
    facts = evidence.facts
    actual = rescore(facts)
    beaten = np.isfinite(actual) & (actual < actual[answer])
    order = influential(evidence, relation, source, answer, actual)
    spent = 0
    found: tuple[np.ndarray, int] | None = None

    def falls(rows: np.ndarray) -> bool:
        nonlocal spent, found
        if spent >= budget:
            raise _SpentError
        spent += 1
        left = np.delete(facts, rows, axis=0)
        scores = rescore(left)
        above = np.where(beaten, scores, -np.inf)
        winner = int(above.argmax())
        if not above[winner] > scores[answer]:
            return False
        if found is None or len(rows) < len(found[0]):
            found = rows, winner
        return True

    irreducible = False
    try:
        if (size := _shortest_beginning(order, falls)) is not None:
            _spare(order[:size], falls)
            irreducible = True
    except _SpentError:
        pass
    if found is None:
        return None
    return Change(found[0], found[1], spent, irreducible)


def _shortest_beginning(order: np.ndarray, falls: Callable[[np.ndarray], bool]) -> int | None:
    """The length of a beginning of `order` that is enough, one less of which is not."""
    enough, short = 1, 0
    while not falls(order[:enough]):
        short = enough
        if enough >= len(order):
            return None
        enough = min(2 * enough, len(order))
    while enough - short > 1:
        middle = (enough + short) // 2
        if falls(order[:middle]):
            enough = middle
        else:
            short = middle
    return enough


def _spare(rows: np.ndarray, falls: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Rows of which none can be spared, by delta debugging on complements."""
    parts = 2
    while len(rows) > 1:
        parts = min(parts, len(rows))
        pieces = np.array_split(np.arange(len(rows)), parts)
        for piece in pieces:
            rest = np.delete(rows, piece)
            if len(rest) and falls(rest):
                rows, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts == len(rows):
                break
            parts *= 2
    return rows


def influential(
    evidence: Evidence, relation: int, source: int, answer: int, scores: np.ndarray
) -> np.ndarray:
    """Rows int64[<= 256] of the facts, the first those that carry the answer most.

    A fact carries its part of the rules whose way from source to answer it lies on, and its part
    of the precedents, less what it carries for the strongest rival. Facts that carry neither but
    are about the source follow last.
    """
    rivals = np.where(np.arange(len(scores)) == answer, -np.inf, scores)
    carried = _carried(evidence, relation, source, answer)
    if np.isfinite(rivals).any():
        carried -= _carried(evidence, relation, source, int(rivals.argmax()))
    head, _, tail = evidence.facts.T
    carried += 1e-6 * ((head == source) | (tail == source))
    order = np.argsort(-carried, kind="stable")
    return order[carried[order] > 0][:LONGEST]


def _carried(evidence: Evidence, relation: int, source: int, answer: int) -> np.ndarray:
    """float64[n], summing to at most 2: each fact's part of the rules and of the precedents.

    A precedent is the same answer given to another source, or another answer given to the same
    source, as telling as the two sources, or answers, are alike.
    """
    bodies, R = evidence.bodies, evidence.relations
    rules = np.zeros(len(evidence.facts))
    for body, ways in groundings(evidence, source, answer):
        if bodies.support[body, relation] < SUPPORT_MIN:
            continue
        confidence = bodies.support[body, relation] / (bodies.size[body] + PSEUDO_COUNT)
        weight = float(log_weight(np.array(confidence)))
        for way in ways:
            rules[list(way)] += weight / len(ways)
    head, named, tail = evidence.facts.T
    asked, given = (tail, head) if relation >= R else (head, tail)
    likeness = profile_likeness(evidence).astype(float)
    alike = np.where(given == answer, likeness[source, asked], 0)
    alike += np.where(asked == source, likeness[answer, given], 0)
    precedents = np.where(named == relation % R, alike, 0)
    return rules / max(rules.sum(), 1e-9) + precedents / max(precedents.sum(), 1e-9)


def groundings(
    evidence: Evidence, source: int, answer: int
) -> list[tuple[int, list[tuple[int, ...]]]]:
    """Every body that leads from source to answer, with its ways: tuples of rows of facts."""
    cube, bodies, row = evidence.cube, evidence.bodies, _row_of(evidence)
    found: list[tuple[int, list[tuple[int, ...]]]] = []
    for q in np.flatnonzero(cube[:, source, answer]).tolist():
        found.append((q, [(row(q, source, answer),)]))
    longer: dict[int, list[tuple[int, ...]]] = {}
    between = np.flatnonzero(cube[:, source].any(axis=0) & cube[:, :, answer].any(axis=0))
    for z in between.tolist():
        if z in (source, answer):
            continue
        for q in np.flatnonzero(cube[:, source, z]).tolist():
            for p in np.flatnonzero(cube[:, z, answer]).tolist():
                way = (row(q, source, z), row(p, z, answer))
                longer.setdefault(int(bodies.number[q, p]), []).append(way)
    return found + sorted(longer.items())


def _row_of(evidence: Evidence) -> Callable[[int, int, int], int]:
    """Finds the row of a fact r'(x, y) given in either direction."""
    E, R = evidence.entities, evidence.relations
    facts = evidence.facts.astype(np.int64)
    keys = (facts[:, 1] * E + facts[:, 0]) * E + facts[:, 2]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]

    def row(relation: int, x: int, y: int) -> int:
        head, tail = (x, y) if relation < R else (y, x)
        place = np.searchsorted(keys, (relation % R * E + head) * E + tail)
        return int(order[place])

    return row


class _Silent(Engine):
    """Stands in for an engine that a strategy does not ask; costs nothing to compile."""

    name = "silent"
    cost = 0.0

    def compile(self, evidence: Evidence) -> np.ndarray:
        """Nothing said of anything: zeros [D, E, E]."""
        return np.zeros((evidence.directions, evidence.entities, evidence.entities), np.float32)


class _Forgetful(Faculties):
    """Faculties for strategies without working memory: the costliest part is left out."""

    @cached_property
    def echo(self) -> np.ndarray:
        """Nothing."""
        return np.zeros((len(self.engines), self.evidence.directions, 1, 1), np.float32)


def rescoring(faculties: Faculties, strategy: Strategies, block: Block) -> Rescore:
    """How one strategy (N = 1) scores the one query of a block from other facts.

    The engines that the strategy may ask are compiled anew, with its gene settings alone. What
    was known stays closed, so that a fact that is taken out does not come back as an answer.
    """
    may = set(strategy.order[0, : int(strategy.length[0])].tolist())
    settings = tuple(
        (variants[int(strategy.variant[0, e])] if e in may else _Silent(),)
        for e, variants in enumerate(faculties.variants)
    )
    narrow = replace(strategy, variant=np.zeros_like(strategy.variant))
    kind = Faculties if strategy.memory.any() else _Forgetful
    one = np.zeros(1, np.int64)

    def rescore(facts: np.ndarray) -> np.ndarray:
        old = faculties.evidence
        fewer = kind(Evidence(facts, old.entities, old.relations), faculties.engines)
        fewer.variants = settings
        return reason(narrow, fewer.table(block), fewer.costs, one, one).scores[0]

    return rescore
