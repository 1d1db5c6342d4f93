"""Rules about one entity on a large graph: r(x, c) <- q(x, d) and r(x, c) <- q(x, _).

How many have both a feature of the source and the answer c is counted among those who share
the feature, for the queries that are asked. Bound: of a feature that more than `MEMBERS_MAX`
share an even sample of about as many is looked at, and the count is scaled up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from swarm.reasoning.engines import Inductive
from swarm.reasoning.engines.aggregation import DEPTH, STEP
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.edges import answers_of

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence

MEMBERS_MAX = 2_000


def about_one(genes: Inductive, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C] of the acyclic rules, the best rules of a candidate first."""
    return _score(
        evidence.edges,
        evidence.feature,
        evidence.shared,
        evidence.sources_of,
        block.source,
        block.relation,
        np.argsort(block.relation, kind="stable"),
        block.candidate,
        np.float32(genes.support_min),
        np.float32(genes.pseudo_count),
        MEMBERS_MAX,
        DEPTH,
        STEP,
    )


@njit(cache=True, nogil=True)
def _score(
    edges,
    feature,
    shared,
    sources_of,
    source,
    relation,
    order,
    candidate,
    support_min,
    pseudo_count,
    members_max,
    depth,
    step,
):
    entities = len(edges.out) - 1
    directions = len(sources_of)
    places = candidate.shape[1]
    scores = np.zeros((len(source), places), np.float32)
    best = np.zeros((places, depth), np.float32)
    count = np.zeros(places, np.int64)
    seen = np.empty(places, np.int64)
    place_of = np.full(entities, -1, np.int64)
    number = np.full(entities, -1, np.int64)  # of the answers of the head
    common = np.zeros((0, 0), np.float32)
    head = -1
    for q in order:
        if relation[q] != head:
            head = relation[q]
            number[:] = -1
            common = _in_common(edges, head, directions, number)
        x = source[q]
        for c in range(places):
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = c
        best[:] = 0
        latest = -1
        for i in range(edges.out[x], edges.out[x + 1]):
            d, size = edges.target[i], shared[i]
            if size >= support_min:
                stride = 1 + (size - 1) // members_max
                touched = count_answers(
                    edges, feature[i], size, stride, head, place_of, count, seen
                )
                for k in range(touched):
                    c = seen[k]
                    support = np.float32(count[c] * stride)
                    count[c] = 0
                    itself = edges.relation[i] == head and candidate[q, c] == d
                    if support >= support_min and not itself:
                        keep(best[c], support / (size + pseudo_count))
            if edges.relation[i] != latest:  # q(x, _), once for each relation of x
                latest = edges.relation[i]
                size = sources_of[latest]
                if size >= support_min:
                    for c in range(places):
                        y = candidate[q, c]
                        if y >= 0 and number[y] >= 0:
                            support = common[latest, number[y]]
                            if support >= support_min:
                                keep(best[c], support / (size + pseudo_count))
        for c in range(places):
            discount = 1.0
            for k in range(depth):
                scores[q, c] += discount * best[c, k]
                discount *= step
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = -1
    return scores


@njit(cache=True, nogil=True)
def count_answers(edges, first, size, stride, head, place_of, count, seen):
    """How many who share a feature have each listed answer to the head.

    Fills `count` at the places `seen[:n]`, which hold zeros before, and returns n.
    """
    n = 0
    for m in range(first, first + size, stride):
        start, stop = answers_of(edges, edges.target[m], head)
        for k in range(start, stop):
            c = place_of[edges.target[k]]
            if c >= 0:
                if count[c] == 0:
                    seen[n] = c
                    n += 1
                count[c] += 1
    return n


@njit(cache=True, nogil=True)
def _in_common(edges, head, directions, number):
    """float32[D, A]: how many have some q(x, _) and the answer with number a to the head."""
    answers = 0
    for x in range(len(edges.out) - 1):
        start, stop = answers_of(edges, x, head)
        for k in range(start, stop):
            if number[edges.target[k]] < 0:
                number[edges.target[k]] = answers
                answers += 1
    common = np.zeros((directions, answers), np.float32)
    for x in range(len(edges.out) - 1):
        start, stop = answers_of(edges, x, head)
        if start == stop:
            continue
        latest = -1
        for i in range(edges.out[x], edges.out[x + 1]):
            if edges.relation[i] != latest:
                latest = edges.relation[i]
                for k in range(start, stop):
                    common[latest, number[edges.target[k]]] += 1
    return common


@njit(cache=True, nogil=True)
def keep(best, value):
    """Put a value in its place among the largest, which are kept in descending order."""
    i = len(best) - 1
    if value > best[i]:
        while i > 0 and best[i - 1] < value:
            best[i] = best[i - 1]
            i -= 1
        best[i] = value
