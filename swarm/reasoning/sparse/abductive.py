"""Abduction on a large graph: which of the listed hypotheses best explains what is observed.

Equal to the dense form on the listed candidates while rules are mined exactly. What is missed
is counted from degrees, what is observed by walking from the source; where an entity has far
more answers than there are candidates, each candidate is looked up among them instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from swarm.reasoning.engines import Abductive
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.edges import answers_of, inverse, lower

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence

CROWDED = 4
"""Answers a candidate above which candidates are looked up rather than answers walked."""


class Predictions(NamedTuple):
    """What each head predicts: rows `start[r']:start[r' + 1]`, as columns of one kind.

    Attributes:
        start: int64[D + 1].
        partner, consequence: int32[n], the relation joined with, and the one predicted.
        hit, missed: float32[n], log likelihood ratios of it observed and missed.
    """

    start: np.ndarray
    partner: np.ndarray
    consequence: np.ndarray
    hit: np.ndarray
    missed: np.ndarray


def abductive(genes: Abductive, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C]: log prior, and the weight of consequences hit and missed."""
    near, far, same = evidence.once(("predictions", genes), lambda: _predict(genes, evidence))
    return _score(
        evidence.edges,
        near,
        far,
        same,
        evidence.relations,
        block.source,
        block.relation,
        block.candidate,
        np.float32(genes.prior),
    )


def _predict(
    genes: Abductive, evidence: SparseEvidence
) -> tuple[Predictions, Predictions, Predictions]:
    """Consequences of r(s, y) about s by what y has, about y by what s has, and of both."""
    rules = evidence.rules
    confidence = rules.confidence(genes.pseudo_count)
    sure = (rules.support >= genes.support_min) & (confidence >= genes.confidence_min)
    sure &= confidence > 0
    base = (evidence.facts_of / evidence.entities**2).clip(1e-6, 0.5)
    first, second, head = rules.first, rules.second, rules.head

    def of(given: np.ndarray, partner: np.ndarray, rows: np.ndarray, top: int) -> Predictions:
        rows = rows[head[rows] != given[rows]]  # a relation is no evidence for itself
        order = (head[rows], partner[rows], -confidence[rows], given[rows])
        rows = rows[np.lexsort(order)]
        place = np.arange(len(rows)) - np.searchsorted(given[rows], given[rows])
        rows = rows[place < top]
        start = np.searchsorted(given[rows], np.arange(evidence.directions + 1))
        strength, usual = confidence[rows], base[head[rows]]
        hit = np.log(strength / usual)
        missed = genes.miss * np.log((1 - strength + 1e-3) / (1 - usual))
        return Predictions(
            start.astype(np.int64),
            partner[rows].astype(np.int32),
            head[rows],
            hit.astype(np.float32),
            missed.astype(np.float32),
        )

    long = np.flatnonzero(sure & (second >= 0))
    short = np.flatnonzero(sure & (second < 0))
    every = len(rules)
    return (
        of(first, second, long, genes.top),
        of(second, first, long, genes.top),
        of(first, first, short, every),
    )


@njit(cache=True, nogil=True)
def _score(edges, near, far, same, half, source, relation, candidate, prior):
    entities = len(edges.out) - 1
    places = candidate.shape[1]
    scores = np.zeros((len(source), places), np.float32)
    total = np.empty(places)
    missing = np.zeros(2 * half)
    place_of = np.full(entities, -1, np.int64)
    for q in range(len(source)):
        x, head = source[q], relation[q]
        back = inverse(head, half)
        listed = candidate[q]
        for c in range(places):
            if listed[c] >= 0:
                place_of[listed[c]] = c
        total[:] = 0
        everywhere = 0.0

        # The consequence q(s, z) for every z with p(y, z), z neither s nor y.
        for i in range(near.start[head], near.start[head + 1]):
            partner, gain = near.partner[i], near.hit[i] - near.missed[i]
            missing[partner] += near.missed[i]
            first, last = answers_of(edges, x, near.consequence[i])
            for k in range(first, last):
                z = edges.target[k]
                if z != x:
                    _add(edges, z, inverse(partner, half), gain, listed, place_of, total)
        # The consequence q(z, y) for every z with p(z, s), z neither s nor y.
        for i in range(far.start[head], far.start[head + 1]):
            first, last = answers_of(edges, x, inverse(far.partner[i], half))
            gain = far.hit[i] - far.missed[i]
            for k in range(first, last):
                z = edges.target[k]
                if z != x:
                    everywhere += far.missed[i]
                    if place_of[z] >= 0:
                        total[place_of[z]] -= far.missed[i]
                    _add(edges, z, far.consequence[i], gain, listed, place_of, total)
        # The consequence q(s, y).
        for i in range(same.start[head], same.start[head + 1]):
            everywhere += same.missed[i]
            gain = same.hit[i] - same.missed[i]
            _add(edges, x, same.consequence[i], gain, listed, place_of, total, True)

        for c in range(places):
            y = listed[c]
            if y < 0:
                continue
            place_of[y] = -1
            value = total[c] + everywhere
            for i in range(edges.out[y], edges.out[y + 1]):
                if edges.target[i] != x and edges.target[i] != y:
                    value += missing[edges.relation[i]]
            start, stop = answers_of(edges, y, back)
            scores[q, c] = value + prior * np.log(stop - start + 0.1)
        for i in range(near.start[head], near.start[head + 1]):
            missing[near.partner[i]] = 0
    return scores


@njit(cache=True, nogil=True)
def _add(edges, z, r, gain, listed, place_of, total, itself=False):
    """Add the gain to every listed answer of (z, r, ?), but to z itself only if asked to."""
    own = place_of[z]
    before = total[own] if own >= 0 and not itself else 0.0
    first, last = answers_of(edges, z, r)
    if last - first <= CROWDED * len(listed):
        for k in range(first, last):
            c = place_of[edges.target[k]]
            if c >= 0:
                total[c] += gain
    else:
        for c in range(len(listed)):
            if listed[c] >= 0:
                k = lower(edges.target, first, last, listed[c])
                if k < last and edges.target[k] == listed[c]:
                    total[c] += gain
    if own >= 0 and not itself:
        total[own] = before
