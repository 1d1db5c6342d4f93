"""What a set of engines adds up to, whatever the order, and how far any order can be from it.

Without working memory a query that was asked the engines T stands at start + the sum of
gain[e] * score[e] over T. Every order rounds this sum in its own way. With u = 2^-24 the unit
roundoff of float32 and n additions, each of a rounded product, a sum lies within

    (n + 1) u B (1 + O(n u)),    B = max |start| + sum over T of gain[e] * max |score[e]|,

of the real one (Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 4.2), so
two orders lie within twice that of each other. A comparison whose sides are further apart than
this, and than what else is rounded on the way, falls out alike in all orders of T. One that is
not is told to be unclear, and is made again in the very order that is walked.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.orders.steps import NOTHING, key_of, value_of

UNIT = 2.0**-24
"""Unit roundoff of float32."""

TINY = 1e-30
"""Added to every bound, so that it also covers what underflows."""


@njit(cache=True, nogil=True)
def add_up(asked, scores, q, gain, sums, totals, drift):
    """Tabulate all sets of engines that contain those asked; row `asked` has to be there.

    Args:
        asked: the engines asked already, a bit each.
        scores: float32[Q, K, C]; q: whose.
        gain: float32[K].
        sums: float32[2^K + 1, width], written but for what is beyond C.
        totals: float32[2^K + 1], written; row `asked` has to be there.
        drift: float64[2^K], written: no two orders of a set lie further apart.
    """
    K, C = scores.shape[1:]
    loud = np.zeros(K)
    for e in range(K):
        loudest = np.float32(0)
        for c in range(C):
            loudest = max(loudest, abs(scores[q, e, c]))
        loud[e] = np.float64(gain[e]) * loudest
    loudest = np.float32(0)
    for c in range(C):
        loudest = max(loudest, abs(sums[asked, c]))
    for T in range(1 << K):
        if T & asked != asked:
            continue
        bound = np.float64(loudest)
        last = -1
        for e in range(K):
            if (T ^ asked) >> e & 1:
                bound += loud[e]
                last = e
        drift[T] = 2 * (K + 2) * UNIT * bound + TINY
        if last < 0:
            continue
        before = T ^ (1 << last)
        totals[T] = totals[before] + gain[last]
        for c in range(C):
            sums[T, c] = sums[before, c] + gain[last] * scores[q, last, c]


@njit(cache=True, nogil=True)
def add_in_order(path, first, last, scores, q, gain, sums, totals, start):
    """The sums in the order of a path, to the bit, into the last row.

    Args:
        path: int64[K + 1], path[first:last] are the engines asked since row `start`.

    Returns:
        The row.
    """
    row = len(sums) - 1
    totals[row] = totals[start]
    for c in range(scores.shape[2]):
        sums[row, c] = sums[start, c]
    for p in range(first, last):
        e = path[p]
        totals[row] += gain[e]
        for c in range(scores.shape[2]):
            sums[row, c] += gain[e] * scores[q, e, c]
    return row


@njit(inline="always")
def best_of(sums, row, wall, d):
    """The largest sum of those whose wall[d] is 0 and not -inf; -inf if there are none."""
    best = NOTHING
    for c in range(sums.shape[1]):
        best = max(best, key_of(sums[row, c] + wall[d, c]))
    return value_of(best)


@njit(inline="always")
def keep(sums, row, wall, d, n, best, floor, low, high, names):
    """Put up a wall in row n for who is below the floor.

    Args:
        floor, low, high: float32; who is between low and high is unclear.
        names: int32[width], random.

    Returns:
        The next after the best, the names of those who stay added up, how many are unclear.
    """
    second = NOTHING
    ties = np.int32(0)
    name = np.int32(0)
    unclear = np.int32(0)
    for c in range(sums.shape[1]):
        value = sums[row, c] + wall[d, c]
        name += names[c] if value >= floor else np.int32(0)
        unclear += np.int32(1) if (value >= low) & (value <= high) else np.int32(0)
        ties += np.int32(1) if value == best else np.int32(0)
        second = max(second, key_of(value) if value < best else NOTHING)
    for c in range(sums.shape[1]):
        value = sums[row, c] + wall[d, c]
        wall[n, c] = np.float32(0) if value >= floor else np.float32(-np.inf)
    if ties > 1:
        return best, name, unclear
    return value_of(second) if second > NOTHING else np.float32(-np.inf), name, unclear


@njit(inline="always")
def rank_of(sums, row, wall, d, own, slack, counted):
    """Twice the rank of a truth with that sum among those whose wall is 0; how many are unclear.

    Who is within `slack` of the truth counts neither as above nor as equal.
    """
    low, high = np.float32(own - slack), np.float32(own + slack)
    above = np.int32(0)
    unclear = np.int32(0)
    for c in range(sums.shape[1]):
        value = sums[row, c] + wall[d, c]
        above += counted[c] if value > high else np.int32(0)
        unclear += counted[c] if (value >= low) & (value <= high) else np.int32(0)
    return 2 + 2 * above, unclear


@njit(cache=True, nogil=True)
def alike(sums, row, wall, d, truth, slack, counted, scores, q, start, later):
    """How many of the unclear are scored exactly as the truth by whoever spoke, in any order.

    Args:
        start: row where the walk began; later: the engines asked since, a bit each.
    """
    own = sums[row, truth]
    low, high = np.float32(own - slack), np.float32(own + slack)
    same = 0
    for c in range(scores.shape[2]):
        value = sums[row, c] + wall[d, c]
        if counted[c] == 0 or not low <= value <= high:
            continue
        equal = sums[start, c] == sums[start, truth]
        for e in range(scores.shape[1]):
            if later >> e & 1:
                equal &= scores[q, e, c] == scores[q, e, truth]
        same += equal
    return same


@njit(cache=True, nogil=True)
def rank_in_order(sums, row, wall, d, truth, counted, scale, fallen):
    """As `rank_of`, of final scores as `reason` rounds them."""
    own = scale * sums[row, truth] + fallen
    twice = 2
    for c in range(sums.shape[1]):
        value = scale * sums[row, c] + fallen
        if wall[d, c] == 0 and counted[c] > 0:
            twice += 2 if value > own else 0
            twice += 1 if value == own else 0
    return twice
