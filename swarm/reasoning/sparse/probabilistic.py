"""Naive Bayes over the facts of an entity, for the queries that are asked.

What the dense engine counts for all features and answers, here is counted for the features of
one source, and on the other side for the features of each candidate. Equal to the dense form
on the listed candidates while no feature is shared by more than `MEMBERS_MAX`; beyond that the
source's side is counted on an even sample of those who share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from swarm.reasoning.engines import Probabilistic
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.about_one import MEMBERS_MAX, count_answers
from swarm.reasoning.sparse.edges import answers_of, inverse

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence

NEVER = -50.0
"""Log odds of what was never seen as an answer."""


def probabilistic(genes: Probabilistic, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C]: log prior and tempered log lifts, of one side or both."""
    return _score(
        evidence.edges,
        evidence.feature,
        evidence.shared,
        evidence.relations,
        block.source,
        block.relation,
        block.candidate,
        genes.temperature,
        genes.smoothing,
        genes.both_sides,
        MEMBERS_MAX,
    )


@njit(cache=True, nogil=True)
def _score(
    edges,
    feature,
    shared,
    half,
    source,
    relation,
    candidate,
    temperature,
    smoothing,
    both_sides,
    members_max,
):
    entities = len(edges.out) - 1
    places = candidate.shape[1]
    scores = np.zeros((len(source), places), np.float32)
    count = np.zeros(places, np.int64)
    seen = np.empty(places, np.int64)
    lift = np.zeros(places)
    place_of = np.full(entities, -1, np.int64)
    together = np.zeros(len(feature) + 1, np.int64)
    weight = 2 * smoothing
    for q in range(len(source)):
        x, head = source[q], relation[q]
        back = inverse(head, half)
        for c in range(places):
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = c
        lift[:] = 0
        for i in range(edges.out[x], edges.out[x + 1]):
            if edges.relation[i] == head:
                continue  # facts of the relation asked about do not count
            size = shared[i]
            stride = 1 + (size - 1) // members_max
            smooth = weight * (size + smoothing) / (entities + weight)
            touched = count_answers(edges, feature[i], size, stride, head, place_of, count, seen)
            for k in range(touched):
                c = seen[k]
                lift[c] += np.log((count[c] * stride + smooth) / smooth)
                count[c] = 0
        mine_start, mine_stop = answers_of(edges, x, head)
        present = edges.out[x + 1] - edges.out[x] - (mine_stop - mine_start)
        # The other side: whom do the answers' likes belong to? The source is the class.
        known = mine_stop - mine_start
        _count_features(edges, feature, mine_start, mine_stop, together, 1)
        for c in range(places):
            y = candidate[q, c]
            if y < 0:
                continue
            place_of[y] = -1
            start, stop = answers_of(edges, y, back)
            value = _log_odds(stop - start, present, lift[c], temperature, weight)
            if both_sides:
                total = 0.0
                last = edges.out[y + 1] if known else edges.out[y]  # nothing to compare with
                for i in range(edges.out[y], last):
                    if edges.relation[i] != back and together[feature[i]] > 0:
                        smooth = weight * (shared[i] + smoothing) / (entities + weight)
                        total += np.log((together[feature[i]] + smooth) / smooth)
                others = edges.out[y + 1] - edges.out[y] - (stop - start)
                value += _log_odds(known, others, total, temperature, weight)
            scores[q, c] = value
        _count_features(edges, feature, mine_start, mine_stop, together, -1)
    return scores


@njit(cache=True, nogil=True)
def _log_odds(answers, present, lift, temperature, weight):
    """Log prior of a class seen `answers` times, and the lifts of `present` features."""
    if answers == 0:
        return NEVER
    absent = np.log(weight / (answers + weight))
    return np.log(answers + 0.1) + temperature * (lift + present * absent)


@njit(cache=True, nogil=True)
def _count_features(edges, feature, start, stop, together, by):
    """Add `by` to the count of every feature of every target of the edges start..stop."""
    for k in range(start, stop):
        y = edges.target[k]
        for i in range(edges.out[y], edges.out[y + 1]):
            together[feature[i]] += by
