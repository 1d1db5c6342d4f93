"""Redundancy: rules that say the same of the same pairs are counted once.

Noisy-or takes rules for independent causes, and counts a thing said twice as two reasons. Here
rules whose groundings overlap are put in one cluster; an answer takes the best rule of each
cluster that reaches it, and clusters are put together by noisy-or (non-redundant noisy-or,
SAFRAN, Ott, Meilicke & Samwald 2021). Overlap is Jaccard's: shared groundings over all
groundings of both, exact, by bit sets. Clusters are made best rule first: a rule joins the first
leader it is redundant with, or leads a cluster of its own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

WORD = 64
"""Pairs to a word of a bit set."""


@njit(cache=True, nogil=True)
def clusters(start, pairs, bodies, cells, redundancy):
    """int64[n]: for each of n bodies, best first, the place of the leader of its cluster.

    Args:
        start: int64[B + 1], see `Bodies`.
        pairs: int32[...], see `Bodies`.
        bodies: int64[n], bodies of one head, best first.
        cells: E * E, how many pairs there are.
        redundancy: Jaccard overlap, in (0, 1], from which a rule joins a leader.
    """
    words = (cells + WORD - 1) // WORD
    bits = np.zeros((len(bodies), words), np.uint64)
    leader = np.empty(len(bodies), np.int64)
    leads = np.empty(len(bodies), np.int64)  # the leaders so far
    number = 0
    for i in range(len(bodies)):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            bits[i, pairs[k] // WORD] |= np.uint64(1) << np.uint64(pairs[k] % WORD)
        size = start[bodies[i] + 1] - start[bodies[i]]
        leader[i] = i
        for m in range(number):
            other = leads[m]
            size_other = start[bodies[other] + 1] - start[bodies[other]]
            if min(size, size_other) < redundancy * max(size, size_other):
                continue  # of too different a size to overlap that much
            shared = _shared(bits[i], bits[other])
            if shared >= redundancy * (size + size_other - shared):
                leader[i] = other
                break
        if leader[i] == i:
            leads[number] = i
            number += 1
    return leader


@njit(cache=True, nogil=True)
def _shared(left, right):
    """Number of bits that two sets have in common, sixteen steps a word at most."""
    total = np.uint64(0)
    for i in range(len(left)):
        word = left[i] & right[i]
        word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
        word = (word & np.uint64(0x3333333333333333)) + (
            (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
        )
        word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
        total += (word * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return np.int64(total)


@njit(cache=True, nogil=True)
def add_clusters(scores, start, pairs, bodies, weight, leader):
    """Add, in place, the weight of the best rule of every cluster that reaches a pair.

    Bodies come best first, so that the first of a cluster to reach a pair is its best.
    """
    reached_by = np.full(len(scores), -1, np.int64)
    for i in np.argsort(leader, kind="mergesort"):
        for k in range(start[bodies[i]], start[bodies[i] + 1]):
            pair = pairs[k]
            if reached_by[pair] != leader[i]:
                reached_by[pair] = leader[i]
                scores[pair] += weight[i]
