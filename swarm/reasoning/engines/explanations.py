"""Parsimonious covering: the cheapest set of hypotheses that explains what is observed.

A hypothesis y about (s, r', ?) supposes the fact r'(s, y). Through the rules q(s, z) <-
r'(s, y), p(y, z) it explains observed facts q(s, z) of the source, its manifestations, each
with the confidence of the rule. A set of hypotheses explains s if every manifestation is
covered; the good sets are the cheap ones without an idle member (Peng & Reggia 1990,
parsimonious covering with causal strengths). What the known answers explain needs no further
hypothesis. The cheapest cover is approached greedily (Chvatal 1979: no worse than the harmonic
number of the largest set times the best), and members that others make idle are dropped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

MEMBERS_MAX = 12
"""Hypotheses in a cover at most."""

EQUAL = 1e-4
"""Gains that differ by less are equal: neither chance nor rounding should choose."""

SURE = np.float32(0.999)
"""No rule explains more surely than that."""


class Rules(NamedTuple):
    """n rules q(s, z) <- r'(s, y), p(y, z), or q(z, y) <- p(z, s), r'(s, y).

    Attributes:
        partner: int32[n], p.
        consequence: int32[n], q.
        confidence: float32[n] of the rule.
        hit: float32[n], log likelihood ratio if the consequence is observed.
        missed: float32[n], log likelihood ratio if it is not.
    """

    partner: np.ndarray
    consequence: np.ndarray
    confidence: np.ndarray
    hit: np.ndarray
    missed: np.ndarray


def cover(
    known: np.ndarray, facts: tuple[np.ndarray, np.ndarray], rules: Rules, cost: np.ndarray
) -> np.ndarray:
    """Gain float32[E, E] of each hypothesis (s, y), given the cover found for s.

    A manifestation that is uncovered to u in [0, 1] is worth u * hit to a hypothesis that
    explains it, by the rule with the largest confidence; taking the hypothesis leaves
    u * (1 - confidence). The gain of a hypothesis is what its manifestations are worth less
    its cost. Known answers are taken first, at no cost. Then the hypothesis with the largest
    gain is taken, the first of equals, again and again while it gains anything; last, members
    that gain nothing beside the others are dropped, latest first. What is returned is the gain
    that each hypothesis has beside all (other) members.

    Args:
        known: bool[E, E], the known answers of r'.
        facts: `adjacency` of all known facts.
        rules: by which r' explains facts of the source, surest first.
        cost: float32[E] of supposing each answer.
    """
    pair, manifestation, confidence, worth = find_links(facts, rules)
    start = np.searchsorted(pair, np.arange(known.size + 1))
    uncovered = np.ones(len(facts[0]) * len(known))
    return _cover(start, manifestation, confidence, worth, known, cost, uncovered, MEMBERS_MAX)


def find_links(
    facts: tuple[np.ndarray, np.ndarray], rules: Rules
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What every hypothesis explains, by the rule with the largest confidence.

    Returns:
        One entry a link, ascending: pair s * E + y, manifestation q * E + z, confidence, hit.
        z is neither s nor y.
    """
    directions, entities = facts[0].shape[0], facts[0].shape[1] - 1
    keys, which = _enumerate(*facts, rules.partner, rules.consequence)
    # Rules come surest first, so that the first of equal keys is the one to keep.
    key, first = np.unique(keys, return_index=True)
    rule = which[first]
    confidence = np.minimum(rules.confidence[rule], SURE)
    return *divmod(key, directions * entities), confidence, rules.hit[rule]


def adjacency(cube: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers of every (r', x): `answers[pointer[r', x]:pointer[r', x] + count]`, ascending.

    Returns int64[D, E + 1] of offsets (row r' ends where row r' + 1 begins) and int32[n].
    """
    directions, entities, _ = cube.shape
    counts = cube.sum(axis=2).reshape(-1)
    ends = np.concatenate([[0], np.cumsum(counts)])
    pointer = np.empty((directions, entities + 1), np.int64)
    pointer[:, :-1] = ends[:-1].reshape(directions, entities)
    pointer[:, -1] = ends[entities::entities]
    return pointer, np.nonzero(cube)[2].astype(np.int32)


@njit(cache=True, nogil=True)
def _enumerate(pointer, answers, partner, consequence):
    """Keys int64[n] of all links, rule by rule, and the rule int64[n] of each."""
    directions, entities = pointer.shape[0], pointer.shape[1] - 1
    half, facts = directions // 2, directions * entities
    total = 0
    for i in range(len(partner)):
        back = (consequence[i] + half) % directions
        for k in range(pointer[partner[i], 0], pointer[partner[i], entities]):
            total += pointer[back, answers[k] + 1] - pointer[back, answers[k]]
    keys, rule = np.empty(total, np.int64), np.empty(total, np.int64)
    n = 0
    for i in range(len(partner)):
        p, q = partner[i], consequence[i]
        back = (q + half) % directions
        for y in range(entities):
            for k in range(pointer[p, y], pointer[p, y + 1]):
                z = answers[k]
                for m in range(pointer[back, z], pointer[back, z + 1]):
                    s = answers[m]
                    if z != y and z != s:
                        keys[n] = (s * entities + y) * facts + q * entities + z
                        rule[n] = i
                        n += 1
    return keys[:n], rule[:n]


@njit(cache=True, nogil=True)
def _cover(start, manifestation, confidence, worth, known, cost, uncovered, members_max):
    """`uncovered` is float64 scratch, one cell for every (q, z)."""
    entities = len(known)
    gains = np.empty((entities, entities), np.float32)
    members = np.empty(members_max, np.int64)
    for s in range(entities):
        first = start[s * entities : (s + 1) * entities + 1]
        for k in range(first[0], first[entities]):
            uncovered[manifestation[k]] = 1
        for y in range(entities):
            if known[s, y]:
                _take(first, y, manifestation, confidence, uncovered)
        taken = known[s].copy()
        count = 0
        while count < members_max:
            best, best_gain = -1, 0.0
            for y in range(entities):
                if not taken[y]:
                    gain = _worth(first, y, manifestation, worth, uncovered) - cost[y]
                    if gain > best_gain + EQUAL:
                        best, best_gain = y, gain
            if best < 0:
                break
            taken[best] = True
            members[count] = best
            count += 1
            _take(first, best, manifestation, confidence, uncovered)
        for i in range(count - 1, -1, -1):
            y = members[i]
            _give_back(first, y, manifestation, confidence, uncovered)
            if _worth(first, y, manifestation, worth, uncovered) > cost[y] + EQUAL:
                _take(first, y, manifestation, confidence, uncovered)
            else:
                taken[y] = False
        for y in range(entities):
            if taken[y]:
                _give_back(first, y, manifestation, confidence, uncovered)
            gains[s, y] = _worth(first, y, manifestation, worth, uncovered) - cost[y]
            if taken[y]:
                _take(first, y, manifestation, confidence, uncovered)
    return gains


@njit(cache=True, nogil=True)
def _worth(first, y, manifestation, worth, uncovered):
    total = 0.0
    for k in range(first[y], first[y + 1]):
        total += worth[k] * uncovered[manifestation[k]]
    return total


@njit(cache=True, nogil=True)
def _take(first, y, manifestation, confidence, uncovered):
    for k in range(first[y], first[y + 1]):
        uncovered[manifestation[k]] *= 1 - confidence[k]


@njit(cache=True, nogil=True)
def _give_back(first, y, manifestation, confidence, uncovered):
    for k in range(first[y], first[y + 1]):
        uncovered[manifestation[k]] /= 1 - confidence[k]
