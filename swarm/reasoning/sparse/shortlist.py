"""Shortlists: the candidates of a query on a large graph, as the engines propose them.

Rules (which the deductive, causal and counterfactual engines share), naive Bayes, analogy and
abduction each score all entities, and take turns: the best answer of each, then the second
best, until the list is full. An engine proposes only what it scores above what it says of most
entities. What the evidence already states is left out. A list is then filled up with the
answers that the relation has most often. It is a function of the query alone.

Memory: `AT_ONCE` rows of E scores at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from swarm.reasoning.engine import Engine
from swarm.reasoning.engines import Abductive, Analogical, Inductive, Probabilistic
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.bodies import score

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence

CANDIDATES = 128
AT_ONCE = 64

PROPOSERS: tuple[Engine, ...] = (
    Inductive(top=600, aggregation="maximum"),
    Inductive(top=600, aggregation="noisy-or"),
    Probabilistic(temperature=0.2),
    Analogical(sharpness=2, neighbours=20),
    Abductive(confidence_min=0.05, miss=0.1, top=300),
)


def shortlist(evidence: SparseEvidence, source: np.ndarray, relation: np.ndarray) -> np.ndarray:
    """int32[Q, C]: candidates of queries (source, r', ?), ascending, -1 where there are fewer."""
    E, C = evidence.entities, evidence.candidates
    everybody = np.arange(E, dtype=np.int32)
    if E <= C:
        row = np.full(C, -1, np.int32)
        row[:E] = everybody
        return np.tile(row, (len(source), 1))
    found = np.empty((len(source), C), np.int32)
    order = np.argsort(relation, kind="stable")  # one relation at a time
    for start in range(0, len(source), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        every = np.broadcast_to(everybody, (len(rows), E))
        x, r = source[rows].astype(np.int32), relation[rows].astype(np.int32)
        new = ~_stated(evidence, x, r)
        block = Block(x, r, new, np.ascontiguousarray(every))
        proposals = [_best(score(one, evidence, block), new, C) for one in PROPOSERS]
        found[rows] = _take_turns(np.stack(proposals), _usual(evidence, r), new, C)
    return found


def _stated(evidence: SparseEvidence, source: np.ndarray, relation: np.ndarray) -> np.ndarray:
    """bool[Q, E]: the answers that the evidence states."""
    stated = np.zeros((len(source), evidence.entities), bool)
    for q, (x, r) in enumerate(zip(source.tolist(), relation.tolist(), strict=True)):
        a, b = evidence.edges.out[x], evidence.edges.out[x + 1]
        stated[q, evidence.edges.target[a:b][evidence.edges.relation[a:b] == r]] = True
    return stated


def _best(scores: np.ndarray, able: np.ndarray, number: int) -> np.ndarray:
    """int32[Q, number]: the best entities of scores float32[Q, E], -1 where too few stand out."""
    usual = np.median(scores, axis=1)[:, None]
    standing = np.where(able & (scores > usual), scores, -np.inf)
    best = np.argpartition(-standing, number, axis=1)[:, :number]
    value = np.take_along_axis(standing, best, axis=1)
    order = np.lexsort((best, -value), axis=1)
    best, value = (np.take_along_axis(each, order, axis=1) for each in (best, value))
    return np.where(value > -np.inf, best, -1).astype(np.int32)


def _usual(evidence: SparseEvidence, relation: np.ndarray) -> np.ndarray:
    """int32[Q, 2C]: the answers that each relation has most often, -1 where there are fewer."""
    wanted, row = np.unique(relation, return_inverse=True)
    usual = np.full((len(wanted), 2 * evidence.candidates), -1, np.int32)
    for i, r in enumerate(wanted.tolist()):
        targets = evidence.edges.target[evidence.edges.relation == r]
        count = np.bincount(targets, minlength=evidence.entities)
        often = np.argsort(-count, kind="stable")[: usual.shape[1]]
        often = often[count[often] > 0]
        usual[i, : len(often)] = often
    return usual[row]


@njit(cache=True, nogil=True)
def _take_turns(proposals, usual, new, length):
    """The first `length` different proposals, turn by turn, then what is usual; ascending."""
    proposers, queries, depth = proposals.shape
    found = np.full((queries, length), -1, np.int32)
    listed = np.full(new.shape[1], -1, np.int64)
    for q in range(queries):
        n = 0
        for turn in range(depth):
            for p in range(proposers):
                y = proposals[p, q, turn]
                if y >= 0 and listed[y] != q and n < length:
                    listed[y] = q
                    found[q, n] = y
                    n += 1
        for k in range(usual.shape[1]):
            y = usual[q, k]
            if y >= 0 and new[q, y] and listed[y] != q and n < length:
                listed[y] = q
                found[q, n] = y
                n += 1
        found[q, :n] = np.sort(found[q, :n])
    return found
