"""Grounds: what the evidence says of an answer, beside the engines that score it.

- Independent lines: ways from x to y that share no fact. Two-step ways through different z share
  none, and neither do different relations that hold of (x, y) at once, so that their number is
  the number of fact-disjoint ways of at most two steps that a rule of the relation allows
  (Menger 1927).
- Transplant: the rules of the relation whose rules are most alike, applied here (transfer by
  mapping of relations, Gentner 1983).
- Precedents: what was right for the most similar sources that the same relation was known of
  (case-based reasoning, Kolodner 1992; on graphs, Das et al. 2020).

All three look at the evidence alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.engines.aggregation import add_groundings, log_weight
from swarm.reasoning.engines.analogical import profile_likeness
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.queries import Block

PSEUDO_COUNT = 5.0
SUPPORT_MIN = 2.0
TOP = 600
"""Rules that a relation keeps."""

CONFIDENCE_MIN = 0.1
"""A line of evidence follows a rule at least this sure."""

CASES = 2
"""Precedents that are looked at."""


def independent_lines(
    evidence: Evidence, block: Block, confidence_min: float = CONFIDENCE_MIN
) -> np.ndarray:
    """Number of fact-disjoint lines of evidence for every candidate: float32[Q, C].

    To the whole number the confidence of the best line is added (always less than 1), so that
    of two answers with as many lines the one with the surer line stands higher.
    O(Q x degree squared).
    """
    bodies = evidence.bodies
    confidence = bodies.confidence(PSEUDO_COUNT)
    confidence[(bodies.support < SUPPORT_MIN) | (confidence < confidence_min)] = 0
    source, relation, target = _facts_by_source(evidence)
    out = np.searchsorted(source, np.arange(evidence.entities + 1))
    lines = np.zeros(block.open.shape, np.float32)
    _count_lines(
        lines,
        block.source,
        block.relation,
        relation,
        target,
        out,
        bodies.number,
        np.ascontiguousarray(confidence.T),
    )
    return lines


def kindred(evidence: Evidence) -> np.ndarray:
    """int64[D]: for each direction the other relation whose rules are most like its own.

    Likeness is the cosine of rule confidences over all bodies. Both directions of the relation
    itself are left out.
    """
    confidence = evidence.bodies.confidence(PSEUDO_COUNT)
    profile = confidence / (np.linalg.norm(confidence, axis=0) + np.float32(1e-9))
    likeness = profile.T @ profile
    D, R = evidence.directions, evidence.relations
    itself = np.arange(D)
    likeness[itself, itself] = -1
    likeness[itself, (itself + R) % D] = -1
    best: np.ndarray = likeness.argmax(axis=1)
    return best


def transplanted(evidence: Evidence, block: Block) -> np.ndarray:
    """Noisy-or scores float32[Q, C] by the rules of the most similar other relation."""
    if evidence.relations < 2:
        return np.zeros(block.open.shape, np.float32)
    bodies, E = evidence.bodies, evidence.entities
    confidence = bodies.confidence(PSEUDO_COUNT)
    rules = bodies.rules(confidence, SUPPORT_MIN, TOP)
    donor = kindred(evidence)
    scores = np.zeros(block.open.shape, np.float32)
    for lender in np.unique(donor[block.relation]):
        chosen = rules[lender]
        whole = np.zeros(E * E, np.float32)
        weight = log_weight(confidence[chosen, lender])
        add_groundings(whole, bodies.start, bodies.pairs, chosen, weight)
        asking = donor[block.relation] == lender
        scores[asking] = whole.reshape(E, E)[block.source[asking]]
    return scores


def precedents(evidence: Evidence, block: Block, cases: int = CASES) -> np.ndarray:
    """Answers of the most similar earlier queries of the same relation: float32[Q, C].

    Every one of the `cases` most similar sources that have an answer speaks for its answers by
    its likeness, shared among them.
    """
    likeness = profile_likeness(evidence)
    scores = np.zeros(block.open.shape, np.float32)
    for relation in np.unique(block.relation):
        asking = np.flatnonzero(block.relation == relation)
        facts = evidence.cube[relation].astype(np.float32)
        answers = facts.sum(axis=1)
        able = np.where(answers > 0, likeness[block.source[asking]], 0)
        if cases < evidence.entities:
            floor = -np.partition(-able, cases, axis=1)[:, cases, None]
            able = np.where(able > floor, able, 0)
        scores[asking] = able @ (facts / np.maximum(answers, 1)[:, None])
    return scores


def _facts_by_source(evidence: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    relation, source, target = np.nonzero(evidence.cube)
    order = np.argsort(source, kind="stable")
    return source[order], relation[order].astype(np.int32), target[order].astype(np.int32)


@njit(cache=True, nogil=True)
def _count_lines(lines, source, asked, relation, target, out, number, confidence):
    """Count every (x, z, y) that some rule allows once, and every q(x, y); keep the surest."""
    entities = lines.shape[1]
    through = np.zeros((entities, entities), np.float32)  # the surest way x, z, y
    surest = np.empty(entities, np.float32)
    for i in range(len(source)):
        x = source[i]
        rule = confidence[asked[i]]
        surest[:] = 0
        for a in range(out[x], out[x + 1]):
            value = rule[relation[a]]  # body q < D is the relation q itself
            if value > 0:
                lines[i, target[a]] += 1
                surest[target[a]] = max(surest[target[a]], value)
            z = target[a]
            if z == x:
                continue
            for b in range(out[z], out[z + 1]):
                y = target[b]
                body = number[relation[a], relation[b]]
                if y != z and body >= 0 and rule[body] > through[z, y]:
                    through[z, y] = rule[body]
        for a in range(out[x], out[x + 1]):
            z = target[a]
            for b in range(out[z], out[z + 1]):
                y = target[b]
                if through[z, y] > 0:
                    lines[i, y] += 1
                    surest[y] = max(surest[y], through[z, y])
                    through[z, y] = 0
        for y in range(entities):
            lines[i, y] += min(surest[y], np.float32(0.999))
