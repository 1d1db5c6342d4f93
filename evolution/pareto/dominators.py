"""Pareto fronts by sets of dominators, 64 points a word: for many objectives and any shape.

Of each objective, the points that are no worse than a given one are a prefix of the points sorted
by it; its dominators are what these prefixes have in common, an intersection of bit sets
(after Moreno, Rodriguez, Nebro & Lozano 2021, "Merge nondominated sorting algorithm for
many-objective optimization", IEEE Transactions on Cybernetics 51(12)). Only every so many-th
prefix is kept, so that memory stays small.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.search import Floats, Integers

Words = npt.NDArray[np.uint64]

# How many points lie between two prefixes that are kept, at least, and how many words are kept.
_STRIDE = 32
_KEPT_WORDS = 1_000_000
# So many fronts are kept as sets; where there are more, members of sets are looked at one by one.
_FRONT_SETS = 128


@njit(cache=True, nogil=True)
def ranks_by_dominators(points: Floats, orders: Integers) -> Integers:
    """The front ``int64[u]`` of distinct ``points[M, u]`` in lexicographic order.

    ``orders`` ``int64[M, u]`` sorts the points by each objective.
    """
    M, u = points.shape
    words = (u + 63) // 64
    stride = max(_STRIDE, (M - 1) * words * u // _KEPT_WORDS)
    upto = _prefix_lengths(points, orders)
    prefixes = _prefixes(orders, words, stride)
    ranks = np.zeros(u, dtype=np.int64)
    # The last front in each word, and in all words so far.
    last_in, last_until = np.full(words, -1), np.full(words, -1)
    fronts, front_sets = 0, np.zeros((_FRONT_SETS, words), dtype=np.uint64)
    common, other = np.empty(words, dtype=np.uint64), np.empty(words, dtype=np.uint64)
    for i in range(u):
        word = i >> 6
        used = word + 1
        if word and i & 63 == 0:
            last_until[word] = last_until[word - 1]
        for m in range(1, M):
            target = common if m == 1 else other
            _fill_prefix(target[:used], prefixes[m], orders[m], upto[m, i], stride, used)
            if m > 1:
                for w in range(used):
                    common[w] &= other[w]
        # Only those before it in lexicographic order.
        common[word] &= (np.uint64(1) << np.uint64(i & 63)) - np.uint64(1)
        if fronts <= _FRONT_SETS:
            rank = _first_apart(common[:used], front_sets[:fronts])
        else:
            rank = _last_front(common, used, ranks, last_in, last_until) + 1
        ranks[i] = rank
        fronts = max(fronts, rank + 1)
        if rank < _FRONT_SETS:
            front_sets[rank, word] |= np.uint64(1) << np.uint64(i & 63)
        last_in[word] = max(last_in[word], rank)
        last_until[word] = max(last_until[word], rank)
    return ranks


@njit(cache=True, nogil=True)
def _first_apart(members: Words, front_sets: Words) -> int:
    """The first front that shares no member with this set; no later one does either."""
    low, high = 0, len(front_sets)
    while low < high:
        middle = (low + high) // 2
        shared = False
        for w in range(len(members)):
            if members[w] & front_sets[middle, w]:
                shared = True
                break
        if shared:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _last_front(
    members: Words, used: int, ranks: Integers, last_in: Integers, last_until: Integers
) -> int:
    """The last front of the members of this set; -1 of none."""
    best = -1
    for w in range(used - 1, -1, -1):
        if last_until[w] <= best:
            break
        if last_in[w] <= best:
            continue
        bits = members[w]
        base = w << 6
        while bits:
            lowest = bits & (~bits + np.uint64(1))
            rank = ranks[base + _position(lowest)]
            best = max(best, rank)
            bits ^= lowest
    return best


# Multiplying this number by a power of two leaves its position in the six highest bits.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_POSITIONS = np.empty(64, dtype=np.int64)
_POSITIONS[[((0x03F79D71B4CB0A89 << i) & (2**64 - 1)) >> 58 for i in range(64)]] = np.arange(64)


@njit(cache=True, nogil=True)
def _position(power: np.uint64) -> int:
    """Which bit is set, of one."""
    return _POSITIONS[(power * _DE_BRUIJN) >> np.uint64(58)]


@njit(cache=True, nogil=True)
def _prefix_lengths(points: Floats, orders: Integers) -> Integers:
    """How many points ``int64[M, u]`` are no worse than each in each objective."""
    M, u = points.shape
    upto = np.empty((M, u), dtype=np.int64)
    for m in range(M):
        stop = u
        for place in range(u - 1, -1, -1):
            point = orders[m, place]
            upto[m, point] = stop
            if place and points[m, orders[m, place - 1]] < points[m, point]:
                stop = place
    return upto


@njit(cache=True, nogil=True)
def _prefixes(orders: Integers, words: int, stride: int) -> Words:
    """The first 0, ``stride``, 2 ``stride`` … points of each order as sets of bits."""
    M, u = orders.shape
    kept = u // stride + 1
    prefixes = np.zeros((M, kept, words), dtype=np.uint64)
    for m in range(1, M):
        for k in range(1, kept):
            prefixes[m, k] = prefixes[m, k - 1]
            for place in range((k - 1) * stride, k * stride):
                point = orders[m, place]
                prefixes[m, k, point >> 6] |= np.uint64(1) << np.uint64(point & 63)
    return prefixes


@njit(cache=True, nogil=True)
def _fill_prefix(
    target: Words, kept: Words, order: Integers, length: int, stride: int, used: int
) -> None:
    """Fill the set of the first ``length`` points, as far as ``used`` words go."""
    nearest = length // stride
    source = kept[nearest]
    for w in range(used):
        target[w] = source[w]
    for place in range(nearest * stride, length):
        point = order[place]
        if point >> 6 < used:
            target[point >> 6] |= np.uint64(1) << np.uint64(point & 63)
