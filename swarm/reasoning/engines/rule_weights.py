"""Learned weights: rules share the credit for the facts they explain.

Confidence is counted rule by rule: ten rules that hold together each take the whole credit, and
a body that speaks against a head is not heard at all. Here all bodies are weighed together, for
all heads at once, by least squares over every pair (x, y), fact (1) or not (0), with a ridge on
the weights (Hoerl & Kennard 1970):

    minimise over w:  sum over pairs of (head - leak - w . bodies)^2 + ridge |w|^2,  w_own = 0

`w_own = 0` keeps a relation from concluding itself; it is enforced exactly, by one column of the
inverse (as EASE keeps an item from recommending itself, Steck 2019, eq. 8). One Cholesky
factorisation serves all heads, where a logistic loss would need one for each head and step. All
pairs are used and none is sampled.

A fact never supports its own answer: a body of two steps cannot use the fact it concludes
(object identity), the relation itself is left out, and loops q(x, x), which are the same fact
as their inverse, are left out of bodies of one step.

Deterministic for a number of BLAS threads; with another one sums are taken in another order and
differ in the last bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.evidence import Evidence


def learned_scores(evidence: Evidence, ridge: float, top: int) -> np.ndarray:
    """Scores float32[D, E, E]: the sum of the learned weights of the bodies that reach a pair.

    Args:
        evidence: the facts; every other pair counts as a non-fact.
        ridge: pull of the weights towards zero, in pairs; above 0.
        top: how many bodies are weighed, those with most pairs; bodies of one step always are.

    Cost: O(sum over pairs of bodies that reach it, squared) for the counts, then O(n^3 / 3) in
    BLAS for n bodies.
    """
    from scipy.linalg import cho_factor, cho_solve

    bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
    largest = np.argsort(-bodies.size, kind="stable")[:top]
    kept = np.union1d(np.arange(D), largest)
    start, reached = _bodies_by_pair(bodies.start, bodies.pairs, kept, D, E)
    holds = np.ascontiguousarray(evidence.cube.reshape(D, E * E).T)
    together, support = _counts(start, reached, holds, len(kept))

    # Centred, so that the leak is not held down by the ridge.
    size, total = np.diag(together).copy(), holds.sum(axis=0, dtype=np.float32)
    together -= np.outer(size, size) / np.float32(E * E)
    support -= np.outer(size, total) / np.float32(E * E)
    together[np.diag_indices(len(kept))] += np.float32(ridge)
    own = np.eye(len(kept), D, dtype=np.float32)
    factor = cho_factor(together, lower=True, overwrite_a=True, check_finite=False)
    solved = cho_solve(factor, np.hstack([support, own]), overwrite_b=True, check_finite=False)
    weight, inverse = solved[:, :D], solved[:, D:]
    weight -= inverse * (np.diag(weight) / np.diag(inverse))
    weight[np.arange(D), np.arange(D)] = 0  # to the last bit
    scores = _add_up(start, reached, np.ascontiguousarray(weight, np.float32))
    return np.ascontiguousarray(scores.T).reshape(D, E, E)


@njit(cache=True, nogil=True)
def _bodies_by_pair(start, pairs, kept, directions, entities):
    """The kept bodies that reach pair c, by place: `reached[first[c]:first[c + 1]]`."""
    first = np.zeros(entities * entities + 1, np.int64)
    for i in range(len(kept)):
        for k in range(start[kept[i]], start[kept[i] + 1]):
            if kept[i] >= directions or pairs[k] // entities != pairs[k] % entities:
                first[pairs[k] + 1] += 1
    first = np.cumsum(first)
    end = first[:-1].copy()
    reached = np.empty(first[-1], np.int32)
    for i in range(len(kept)):
        for k in range(start[kept[i]], start[kept[i] + 1]):
            if kept[i] >= directions or pairs[k] // entities != pairs[k] % entities:
                reached[end[pairs[k]]] = i
                end[pairs[k]] += 1
    return first, reached


@njit(cache=True, nogil=True)
def _counts(first, reached, holds, kept):
    """How many pairs two bodies share (lower half), and how many a body shares with a head."""
    together = np.zeros((kept, kept), np.float32)
    support = np.zeros((kept, holds.shape[1]), np.float32)
    for pair in range(len(first) - 1):
        for i in range(first[pair], first[pair + 1]):
            for j in range(first[pair], i + 1):
                together[reached[i], reached[j]] += 1
        if holds[pair].any():
            for i in range(first[pair], first[pair + 1]):
                for head in range(holds.shape[1]):
                    support[reached[i], head] += holds[pair, head]
    return together, support


@njit(cache=True, nogil=True)
def _add_up(first, reached, weight):
    """float32[E * E, D]: the weights of the bodies that reach each pair."""
    scores = np.zeros((len(first) - 1, weight.shape[1]), np.float32)
    for pair in range(len(first) - 1):
        for i in range(first[pair], first[pair + 1]):
            for head in range(weight.shape[1]):
                scores[pair, head] += weight[reached[i], head]
    return scores


def hypotheses(scores: np.ndarray, evidence: Evidence, number: int) -> np.ndarray:
    """int32[<= number, 3]: the likeliest unknown facts (head, relation, tail), best first.

    A fact is as likely as float32[D, E, E] `scores` say in both directions together.
    """
    R = evidence.relations
    likely = scores[:R] + scores[R:].transpose(0, 2, 1)
    likely[evidence.cube[:R]] = -np.inf
    number = min(number, int((~evidence.cube[:R]).sum()))
    best = np.argpartition(-likely, number - 1, axis=None)[:number] if number else np.empty(0, int)
    best = best[np.argsort(-likely.ravel()[best], kind="stable")]
    relation, head, tail = np.unravel_index(best, likely.shape)
    return np.stack([head, relation, tail], axis=1).astype(np.int32)
