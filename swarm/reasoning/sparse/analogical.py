"""Analogy on a large graph: the nearest by telling features, and what they have.

Two entities are compared over the features they share. Equal to the dense form on the listed
candidates while no feature is shared by more than `FEATURE_MAX`: those that more share, which
tell the least, are left out of the profiles. The nearest of all entities are found once,
O(sum over features of their members squared), and kept in O(E * neighbours).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from swarm.reasoning.engines import Analogical
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.edges import answers_of

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence

FEATURE_MAX = 500


def analogical(genes: Analogical, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C]: what the likes of the source have, and whose the likes of c are."""
    start, near, likeness = neighbours(evidence, genes.neighbours)
    strength = likeness ** np.float32(genes.sharpness)
    owner = np.repeat(np.arange(evidence.entities), np.diff(start))
    total = np.bincount(owner, strength, minlength=evidence.entities) + 1e-9
    strength = (strength / total[owner]).astype(np.float32)
    return _score(
        evidence.edges,
        start,
        near,
        strength,
        block.source,
        block.relation,
        block.candidate,
        np.float32(genes.source_share),
    )


def neighbours(evidence: SparseEvidence, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who is most alike: int64[E + 1] of offsets, int32[n] entities, float32[n] cosines > 0.

    As in the dense form at most `number` a row: those that tie with the next one are dropped.
    """
    found: tuple[np.ndarray, np.ndarray, np.ndarray] = evidence.once(
        ("neighbours", number), lambda: _found(evidence, number)
    )
    return found


def _found(evidence: SparseEvidence, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    E, shared = evidence.entities, evidence.shared
    weight = np.where(shared <= FEATURE_MAX, np.log(E / np.maximum(shared, 1)), 0) ** 2
    norm = np.sqrt(np.bincount(evidence.edges.source, weight, minlength=E)) + 1e-9
    return _nearest(evidence.edges, evidence.feature, shared, weight, norm, number)


@njit(cache=True, nogil=True)
def _nearest(edges, feature, shared, weight, norm, number):
    entities = len(edges.out) - 1
    start = np.zeros(entities + 1, np.int64)
    near = np.empty(entities * min(number, entities), np.int32)
    likeness = np.empty(len(near), np.float32)
    product = np.zeros(entities)
    met = np.empty(entities, np.int64)
    cosine = np.empty(entities, np.float32)
    n = 0
    for x in range(entities):
        found = 0
        for i in range(edges.out[x], edges.out[x + 1]):
            if weight[i] <= 0:
                continue
            for m in range(feature[i], feature[i] + shared[i]):
                y = edges.target[m]
                if y != x:
                    if product[y] == 0:
                        met[found] = y
                        found += 1
                    product[y] += weight[i]
        for k in range(found):
            cosine[k] = product[met[k]] / (norm[x] * norm[met[k]])
            product[met[k]] = 0
        floor = np.float32(0)
        if found > number:  # the dense form drops whoever ties with the first left out
            floor = np.partition(cosine[:found], found - number - 1)[found - number - 1]
        for k in range(found):
            if cosine[k] > floor:
                near[n] = met[k]
                likeness[n] = cosine[k]
                n += 1
        start[x + 1] = n
    return start, near[:n], likeness[:n]


@njit(cache=True, nogil=True)
def _score(edges, start, near, strength, source, relation, candidate, share):
    entities = len(edges.out) - 1
    places = candidate.shape[1]
    scores = np.zeros((len(source), places), np.float32)
    place_of = np.full(entities, -1, np.int64)
    mine = np.zeros(entities, np.bool_)  # the answers that are known
    for q in range(len(source)):
        x, head = source[q], relation[q]
        for c in range(places):
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = c
        for i in range(start[x], start[x + 1]):
            first, last = answers_of(edges, near[i], head)
            for k in range(first, last):
                c = place_of[edges.target[k]]
                if c >= 0:
                    scores[q, c] += share * strength[i]
        first, last = answers_of(edges, x, head)
        mine[edges.target[first:last]] = True
        for c in range(places):
            y = candidate[q, c]
            if y >= 0:
                place_of[y] = -1
                if first < last:
                    for i in range(start[y], start[y + 1]):
                        if mine[near[i]]:
                            scores[q, c] += (1 - share) * strength[i]
        mine[edges.target[first:last]] = False
    return scores
