"""Objections to the listed answers: the constraints of the council, without a cube."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from swarm.reasoning.queries import Block

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence


def objections(evidence: SparseEvidence, block: Block) -> np.ndarray:
    """float32[Q, C]: sum of the objections to each candidate, as in the dense form."""
    assert block.candidate is not None
    candidate, r, x = block.candidate, block.relation, block.source
    single, asymmetric, irreflexive = evidence.once("constraints", lambda: _constraints(evidence))
    back = (r + evidence.relations) % evidence.directions
    queries, places = candidate.shape
    row, column = np.repeat(np.arange(queries), places), np.maximum(candidate, 0).ravel()
    seen = number_of_answers(evidence, column, back[row]).reshape(queries, places) > 0
    against: np.ndarray = (~seen).astype(np.float32)
    against += np.where(number_of_answers(evidence, x, r) > 0, single[r], 0)[:, None]
    other_way = evidence.states(x, back, candidate)  # r'(y, x) holds
    against += asymmetric[r][:, None] * other_way
    against += irreflexive[r][:, None] * (candidate == x[:, None])
    strength = evidence.once("exclusions", lambda: _exclusions(evidence))
    _add_exclusions(against, evidence.edges, x, r, candidate, strength)
    against[candidate < 0] = 0
    return against


def number_of_answers(evidence: SparseEvidence, x: np.ndarray, r: np.ndarray) -> np.ndarray:
    """int64[n]: number of answers of queries (x, r, ?)."""
    D = evidence.directions
    _, source, relation, _ = evidence.edges
    row = source.astype(np.int64) * D + relation
    wanted = x.astype(np.int64) * D + r
    return np.searchsorted(row, wanted, side="right") - np.searchsorted(row, wanted)


def both_ways(evidence: SparseEvidence) -> np.ndarray:
    """int64[D]: number of facts of each direction that hold the other way round as well."""
    D, (_, source, relation, target) = evidence.directions, evidence.edges
    mirrored = evidence.states(target, relation, source[:, None])[:, 0]
    return np.bincount(relation[mirrored], minlength=D)


def _constraints(evidence: SparseEvidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float64[D] each: how far one answer, asymmetry and irreflexivity have held."""
    D, (_, source, relation, target) = evidence.directions, evidence.edges
    row, number = np.unique(source.astype(np.int64) * D + relation, return_counts=True)
    ones = np.bincount(row[number == 1] % D, minlength=D)
    # One or two more cases in the denominator, so that a relation seen once constrains little.
    single = ones / (np.maximum(evidence.sources_of, 1) + 1)
    total = np.maximum(evidence.facts_of, 1)
    loops = np.bincount(relation[source == target], minlength=D)
    return (
        single,
        np.where(both_ways(evidence) == 0, total / (total + 2), 0),
        np.where(loops == 0, total / (total + 2), 0),
    )


def _exclusions(evidence: SparseEvidence) -> np.ndarray:
    """float32[D, D] in [0, 1): how far facts of q exclude r', by what was to be expected."""
    rules, D = evidence.rules, evidence.directions
    direct = rules.code < D
    together = np.zeros((D, D), bool)
    together[rules.code[direct], rules.head[direct]] = True
    together[np.arange(D), np.arange(D)] = evidence.facts_of > 0
    facts = evidence.facts_of.astype(np.float32)
    expected = np.outer(facts, facts) / np.float32(evidence.entities**2)
    return np.where(together, 0, expected / (expected + 2)).astype(np.float32)


@njit(cache=True, nogil=True)
def _add_exclusions(against, edges, source, relation, candidate, strength):
    """Add to each candidate the strongest exclusion by what holds of it and the source."""
    place_of = np.full(len(edges.out) - 1, -1, np.int64)
    most = np.zeros(candidate.shape[1], np.float32)
    for q in range(len(source)):
        for c in range(candidate.shape[1]):
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = c
        most[:] = 0
        for i in range(edges.out[source[q]], edges.out[source[q] + 1]):
            c = place_of[edges.target[i]]
            if c >= 0:
                most[c] = max(most[c], strength[edges.relation[i], relation[q]])
        for c in range(candidate.shape[1]):
            against[q, c] += most[c]
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = -1
