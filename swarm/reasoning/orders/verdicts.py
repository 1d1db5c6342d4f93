"""What comes of asking one engine more, and of an end, in the walk that merges prefixes.

Both are judged by the sums of the set of engines asked. If a comparison is too close for that,
it is made again with the sums in the order of the path, and told to be unclear.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.orders.sums import (
    UNIT,
    add_in_order,
    alike,
    best_of,
    keep,
    rank_in_order,
    rank_of,
)
from swarm.reasoning.walk import PRUNED

UNKNOWN = 1e30
"""A drift within which every sum lies, and no candidate that is out of play."""


USED, NEXT, PATH, FIRM, NODE, FELL, AHEAD = range(7)
"""Rows of a walk, a column for each depth: engines used, a bit each; the engine to try next; the
engine being tried; whether all comparisons below are clear; the node remembered, or -1; the depth
at which the truth was pruned, or -1; and twice the counted candidates above it whatever comes."""


@njit(cache=True, nogil=True)
def set_out(d, asked, state, fallen, q, truth, counted, sums, column, level, wall):
    """Where a query stands at the root; those pruned with the truth have walls K + 1 further."""
    C = state.shape[1]
    mates = len(wall) // 2 + d
    own = fallen[q, truth]
    closed = own == np.float32(-np.inf)  # then all that are closed tie, and none can move
    ahead = 0
    lowest = np.float32(-np.inf)
    for c in range(C):
        sums[asked, c] = state[q, c]
        wall[d, c] = np.float32(0) if fallen[q, c] == np.float32(0) else lowest
        wall[mates, c] = np.float32(0) if fallen[q, c] == own and not closed else lowest
        if fallen[q, c] > own:
            ahead += 2 * counted[c]
        elif closed:
            ahead += counted[c]
    level[d] = np.float32(0) if closed else own
    column[USED, d] = asked
    column[NEXT, d] = 0
    column[FIRM, d] = 1
    column[NODE, d] = -1
    column[FELL, d] = -1 if own == np.float32(0) else d
    column[AHEAD, d] = ahead


@njit(inline="always")
def put_question(
    depth, asked, d, T, e, scores, q, gain, beam, commit, truth, counted, sums, totals, drift,
    names, column, level, wall,
):  # fmt: skip
    """Ask engine e at depth d: who stays in play, whether the query settles, is all clear."""
    K = scores.shape[1]
    n = d + 1
    column[FELL, n] = column[FELL, d]
    column[AHEAD, n] = column[AHEAD, d]
    row = T
    best = best_of(sums, row, wall, d)
    if best == np.float32(-np.inf):
        for c in range(wall.shape[1]):
            wall[n, c] = wall[d, c]
        return np.int32(0), True, True
    total = np.float64(totals[row])
    rounded = (2 * K + 10) * UNIT * total
    near = 4 * drift[T] + rounded * abs(beam[e])
    below = np.float64(best) - beam[e] * total
    floor = np.float32(below)
    low, high = np.float32(below - near), np.float32(below + near)
    second, name, unclear = keep(sums, row, wall, d, n, best, floor, low, high, names)
    spare = np.float64(best) - np.float64(second) - commit[e] * total
    ended = spare > 0
    clear = unclear == 0 and abs(spare) > 4 * drift[T] + rounded * abs(commit[e])
    if not clear:
        row = add_in_order(column[PATH], depth, n, scores, q, gain, sums, totals, asked)
        best = best_of(sums, row, wall, d)
        floor = best - beam[e] * totals[row]
        second, name, _ = keep(sums, row, wall, d, n, best, floor, floor, floor, names)
        ended = (best - second) / totals[row] > commit[e]
    if column[FELL, d] < 0 and sums[row, truth] < floor:
        mates = K + 1 + n
        ahead = 0
        for c in range(wall.shape[1]):
            ahead += 2 * counted[c] if wall[n, c] == 0 else 0
            fell = (wall[d, c] == 0) & (wall[n, c] < 0)
            wall[mates, c] = np.float32(0) if fell else np.float32(-np.inf)
        column[FELL, n] = n
        column[AHEAD, n] = ahead
        level[n] = PRUNED * np.float32(K - d)
    return name, ended, clear


@njit(inline="always")
def rank_at_end(
    depth, n, asked, T, scores, q, gain, consensus, truth, counted, sums, totals, drift, column,
    level, wall,
):  # fmt: skip
    """Twice the rank of the truth at the end of a path, and whether all is clear."""
    at, fallen = n, np.float32(0)
    if column[FELL, n] >= 0:
        at, fallen = scores.shape[1] + 1 + column[FELL, n], level[column[FELL, n]]
    slack = 5 * drift[T] + 5 * UNIT * abs(fallen) * totals[T] / consensus
    twice, unclear = rank_of(sums, T, wall, at, np.float64(sums[T, truth]), slack, counted)
    clear = True
    if unclear > 0:
        same = alike(sums, T, wall, at, truth, slack, counted, scores, q, asked, T ^ asked)
        twice += same
        clear = same == unclear
    if not clear:
        row = add_in_order(column[PATH], depth, n, scores, q, gain, sums, totals, asked)
        scale = consensus / totals[row]
        twice = rank_in_order(sums, row, wall, at, truth, counted, scale, fallen)
    return column[AHEAD, n] + twice, clear
