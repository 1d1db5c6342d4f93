"""Structure mapping: which entities correspond, and which pairs of them.

Correspondence is relational (Gentner 1983): entities are alike as far as they stand in the
same relations, at one of three levels. *Surface*: how many facts of each relation they take
part in. *Structural*: which facts, each by its inverse document frequency. *Pragmatic*:
structural, but a relation counts by how well being alike in it foretells sharing answers to
the relation asked about (Holyoak & Thagard 1989). Correspondence may be passed on: who stands
in the same relations to *alike* entities is alike (similarity flooding, Melnik et al. 2002).

A pair (s, y) is mapped onto a base pair (s', y') end by end. Systematicity (Falkenhainer,
Forbus & Gentner 1989): the mapping weighs the more, the more of what connects s and y, single
relations and above all paths over a third entity, has a counterpart between s' and y'.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.evidence import Evidence

SMALL = np.float32(1e-9)

IRRELEVANT = np.float32(1e-4)
"""Correlations, and shares of what varies, below this are rounding."""


def surface_likeness(evidence: Evidence) -> np.ndarray:
    """float32[E, E]: cosine of log degrees by relation, zero on the diagonal."""
    degrees = np.log1p(evidence.cube.sum(axis=2).T.astype(np.float32))
    degrees /= np.linalg.norm(degrees, axis=1, keepdims=True) + SMALL
    return _off_diagonal(degrees @ degrees.T)


def profile_likeness(evidence: Evidence, rounds: int = 1) -> np.ndarray:
    """float32[E, E]: cosine of weighted relational profiles, zero on the diagonal.

    Args:
        evidence: what is known.
        rounds: 1 matches facts q(x, d) with q(x', d) alone; each further round matches q(x, d)
            with q(x', d') as well, by half of how alike d and d' were the round before.
    """
    profiles = weighted_facts(evidence)
    alike: np.ndarray = np.eye(evidence.entities, dtype=np.float32)
    for number in range(rounds):
        total = np.zeros_like(alike)
        for profile in profiles:
            total += profile @ alike @ profile.T
        norm = np.sqrt(np.diagonal(total)) + SMALL
        found = _off_diagonal(total / norm[:, None] / norm)
        if number + 1 < rounds:
            alike = np.eye(evidence.entities, dtype=np.float32) + found / 2
    return found


def pragmatic_likeness(evidence: Evidence) -> np.ndarray:
    """float32[D, E, E]: likeness for each relation asked about, zero on the diagonals.

    The profiles of relation q count by the correlation, over all pairs of entities, between
    sharing facts of q and sharing answers to r' (kernel alignment, Cristianini et al. 2001);
    negative ones do not count.
    """
    D, E = evidence.directions, evidence.entities
    if E == 1:
        return np.zeros((D, 1, 1), np.float32)  # there are no pairs
    profiles = weighted_facts(evidence)
    gram = profiles @ profiles.transpose(0, 2, 1)
    pairs = gram[:, ~np.eye(E, dtype=bool)]
    centred = pairs - pairs.mean(axis=1, keepdims=True)
    spread = np.linalg.norm(centred, axis=1, keepdims=True)
    varies = spread > IRRELEVANT * np.linalg.norm(pairs, axis=1, keepdims=True)
    centred = np.where(varies, centred / (spread + SMALL), 0)
    relevance = centred @ centred.T
    relevance[relevance < IRRELEVANT] = 0
    total = (relevance @ gram.reshape(D, -1)).reshape(D, E, E)
    norm = np.sqrt(np.diagonal(total, axis1=1, axis2=2)) + SMALL
    return _off_diagonal(total / norm[:, :, None] / norm[:, None, :])


def weighted_facts(evidence: Evidence) -> np.ndarray:
    """float32[D, E, E]: 1 for a fact q(x, d), times log(E / number of x that have it)."""
    facts = evidence.cube.astype(np.float32)
    return facts * np.log(evidence.entities / np.maximum(facts.sum(axis=1), 1))[:, None, :]


def _off_diagonal(likeness: np.ndarray) -> np.ndarray:
    entities = likeness.shape[-1]
    likeness = np.maximum(likeness, 0)
    likeness[..., np.arange(entities), np.arange(entities)] = 0
    return likeness


def nearest(likeness: np.ndarray, sharpness: float, neighbours: int) -> np.ndarray:
    """float32[..., E, E] of shares: likeness ** sharpness of the nearest, summing to 1 a row.

    Those as near as the first one left out are left out with it.
    """
    kept = likeness ** np.float32(sharpness)
    if neighbours < likeness.shape[-1]:
        floor = -np.partition(-kept, neighbours, axis=-1)[..., neighbours, None]
        kept = np.where(kept > floor, kept, 0)
    return kept / (kept.sum(axis=-1, keepdims=True) + SMALL)


def propagated(shares: np.ndarray, hops: int, fading: float = 0.5) -> np.ndarray:
    """float32[..., E, E]: shares + fading * shares^2 + ...: the likes of the likes, and so on."""
    total = step = shares
    for _ in range(1, hops):
        step = np.float32(fading) * (step @ shares)
        total = total + step
    return total


def mapped_pairs(evidence: Evidence, shares: np.ndarray, systematicity: float) -> np.ndarray:
    """Support float32[D, E, E] of every (s, r', y) by the facts of corresponding pairs.

    The fact r'(s', y') adds share(s, s') * share(y, y') * (1 + systematicity * agreement),
    where every entity corresponds to itself with share 1, and agreement in [0, 1] is the
    cosine of what connects the two pairs: single relations and paths of two, each weighted by
    its inverse frequency.

    Args:
        evidence: what is known.
        shares: float32[E, E] from `nearest`.
        systematicity: what full agreement of the connections adds to a mapping.
    """
    bodies, D, E = evidence.bodies, evidence.directions, evidence.entities
    correspondence = shares + np.eye(E, dtype=np.float32)
    weight = np.log(E * E / np.maximum(bodies.size, 1)).astype(np.float32)
    body = np.repeat(np.arange(len(bodies)), np.diff(bodies.start))
    order = np.argsort(bodies.pairs, kind="stable")
    start = np.searchsorted(bodies.pairs[order], np.arange(E * E + 1))
    scores = np.zeros((E * E, D), np.float32)
    _map_pairs(
        scores,
        correspondence,
        start,
        body[order].astype(np.int32),
        weight,
        D,
        np.float32(systematicity),
    )
    return np.ascontiguousarray(scores.T).reshape(D, E, E)


@njit(cache=True, nogil=True)
def _map_pairs(scores, correspondence, start, body, weight, directions, systematicity):
    """Bodies of pair i are `body[start[i]:start[i + 1]]`, ascending; b < directions is a fact."""
    entities = len(correspondence)
    norm = np.zeros(entities * entities, np.float32)
    for pair in range(len(norm)):
        for k in range(start[pair], start[pair + 1]):
            norm[pair] += weight[body[k]] ** 2
        norm[pair] = np.sqrt(norm[pair])
    mark = np.zeros(len(weight), np.float32)
    for s in range(entities):
        likes_s = np.flatnonzero(correspondence[s])
        for y in range(entities):
            pair = s * entities + y
            for k in range(start[pair], start[pair + 1]):
                mark[body[k]] = weight[body[k]] ** 2
            for other_y in np.flatnonzero(correspondence[y]):
                for other_s in likes_s:
                    base = other_s * entities + other_y
                    first = start[base]
                    if base == pair or first == start[base + 1] or body[first] >= directions:
                        continue  # no facts to carry over
                    common = np.float32(0)
                    if norm[pair] > 0 and norm[base] > 0:
                        for k in range(first, start[base + 1]):
                            common += mark[body[k]]
                        common /= norm[pair] * norm[base]
                    share = correspondence[s, other_s] * correspondence[y, other_y]
                    share *= 1 + systematicity * common
                    for k in range(first, start[base + 1]):
                        if body[k] >= directions:
                            break
                        scores[pair, body[k]] += share
            for k in range(start[pair], start[pair + 1]):
                mark[body[k]] = 0


def smoothed(facts: np.ndarray, kernel: np.ndarray, ridge: float) -> np.ndarray:
    """Kronecker kernel ridge regression of facts float32[D, E, E] on both ends at once.

    The likeness of two pairs is the product of the likeness of their ends; the answer is what
    the pairs together foretell, so that likes who repeat each other do not count twice
    (van Laarhoven, Nabuurs & Marchiori 2011).

    Args:
        facts: what is known, directions then their inverses.
        kernel: float32[E, E], or [D, E, E] for the source of each direction, whose inverse
            gives the likeness of its answers; negative eigenvalues are cut.
        ridge: how far the regression is held back, above 0.
    """
    values, vectors = np.linalg.eigh(kernel.astype(np.float64))
    values, vectors = np.maximum(values, 0).astype(np.float32), vectors.astype(np.float32)
    if kernel.ndim == 2:
        of_answer, answer_vectors = values, vectors
    else:
        inverse = np.roll(np.arange(len(facts)), len(facts) // 2)
        of_answer, answer_vectors = values[inverse], vectors[inverse]
    product = values[..., :, None] * of_answer[..., None, :]
    inside = vectors.swapaxes(-1, -2) @ facts @ answer_vectors
    inside *= product / (product + np.float32(ridge))
    return np.asarray(vectors @ inside @ answer_vectors.swapaxes(-1, -2), np.float32)
