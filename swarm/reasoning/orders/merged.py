"""The walk without working memory: prefixes that have come to the same are walked on from once.

What follows a prefix depends on the set T of engines asked (their sum, whatever the order), on
who is still in play, and, once the truth has been pruned, on who was pruned with it. Prefixes that
agree in these have the same ranks and costs below them, order by order, unless a comparison is
so close that rounding decides it (`swarm.reasoning.orders.sums`). A subtree in which all are
clear is walked once and copied; in one that holds an unclear comparison every path is walked, and
that comparison made with the sums of this path. So what comes out is the same to the bit as if
every order had been walked on its own.

If nothing is pruned differently, 7 x 64 = 448 steps are left of 13,699 for seven engines.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.orders.steps import LANES, START
from swarm.reasoning.orders.sums import add_up
from swarm.reasoning.orders.verdicts import (
    FELL,
    FIRM,
    NEXT,
    NODE,
    PATH,
    UNKNOWN,
    USED,
    put_question,
    rank_at_end,
    set_out,
)

NODES_MAX = 4096
"""Nodes remembered for a query; those that find no room are walked again."""

POOL = 1 << 20
"""Places for who is in play at them."""

SLOTS = 1 << 13
"""Of the hash table that finds them, a power of two."""


@njit(cache=True, nogil=True)
def merge(prefix, only, trial, start, judge, sums_out, detail):
    """Walk every order that begins with a prefix, for every query; as `descend`.

    Args:
        prefix: int64[d].
        only: the engine that has to come next; -1: any.
        trial: `Trial.arrays`, without echo.
        start: what `begin(prefix, ...)` wrote.
        judge: `Judge.arrays`.
        sums_out: credit and reciprocal rank, float64[leaves] each, and cost, int64[leaves]; what
            each query comes to is added.
        detail: twice the rank and cost, int32[Q, leaves] each, written; or int32[0, 0] each.

    Returns:
        Steps taken.
    """
    scores, _, gain, beam, commit, cost, consensus, _, _, _ = trial
    Q, K, C = scores.shape
    width = (C + LANES - 1) // LANES * LANES
    leaves = np.ones(K + 1, np.int64)  # below a node of each depth
    for d in range(K - 1, -1, -1):
        leaves[d] = leaves[d + 1] * (K - d)
    depth = len(prefix)
    came_to = np.empty(leaves[depth if only < 0 else depth + 1], np.int32)
    sums = np.zeros(((1 << K) + 1, width), np.float32)
    totals = np.empty((1 << K) + 1, np.float32)
    drift = np.zeros(1 << K)
    names = _names(width)
    counted = np.zeros(width, np.int32)
    wall = np.full((2 * K + 2, width), np.float32(-np.inf))
    level = np.zeros(K + 1, np.float32)
    column = np.zeros((7, K + 1), np.int64)
    room = min(NODES_MAX, POOL // width)
    entry = np.zeros((room, 4), np.int64)
    pool = np.empty((room, width), np.float32)
    slots = np.zeros(SLOTS, np.int32)
    walked = 0
    for q in range(Q):
        asked = np.int64(0)
        totals[0] = START
        for p in range(start[2][q]):
            totals[asked | 1 << prefix[p]] = totals[asked] + gain[prefix[p]]
            asked |= 1 << prefix[p]
        truth = judge[0][q]
        counted[:C] = judge[1][q]
        set_out(depth, asked, start[0], start[1], q, truth, counted, sums, column, level, wall)
        if start[3][q]:
            drift[asked] = UNKNOWN  # nothing follows, so that nothing is tabulated
            twice, _ = rank_at_end(
                depth, depth, asked, asked, scores, q, gain, consensus, truth, counted, sums,
                totals, drift, column, level, wall,
            )  # fmt: skip
            came_to[:] = twice << K | asked
        else:
            add_up(asked, scores, q, gain, sums, totals, drift)
            slots[:] = 0
            walked += _visit(
                depth, asked, only, scores, q, gain, beam, commit, consensus, truth, counted, sums,
                totals, drift, names, column, level, wall, entry, pool, slots, leaves, came_to,
            )  # fmt: skip
        _enter(came_to, q, K, cost, judge, sums_out, detail)
    return walked


@njit(cache=True, nogil=True)
def _names(width):
    """int32[width]: numbers whose sums tell sets of candidates apart, nearly always."""
    names = np.empty(width, np.int32)
    for c in range(width):
        z = np.uint64(c + 1) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        names[c] = np.int32(z >> np.uint64(37))
    return names


@njit(cache=True, nogil=True)
def _visit(
    depth, asked, only, scores, q, gain, beam, commit, consensus, truth, counted, sums, totals,
    drift, names, column, level, wall, entry, pool, slots, leaves, came_to,
):  # fmt: skip
    """Fill `came_to`: twice the rank of every leaf, and in its last K bits the engines asked."""
    K = scores.shape[1]
    falls = 0  # each time the truth is pruned has its own number
    fall = np.zeros(K + 1, np.int64)
    remembered = 0
    walked = 0
    leaf = 0
    root = depth if only < 0 else depth + 1
    d = depth
    column[NEXT, d] = max(only, 0)
    while True:
        e = column[NEXT, d]
        used = column[USED, d]
        while e < K and used >> e & 1:
            e += 1
        if e == K or (d == depth and only >= 0 and e != only):
            if column[NODE, d] >= 0:
                entry[column[NODE, d], 3] = column[FIRM, d]
            if d == depth:
                return walked
            d -= 1
            column[FIRM, d] &= column[FIRM, d + 1]
            continue
        column[NEXT, d] = e + 1
        column[PATH, d] = e
        walked += 1
        n = d + 1
        T = used | 1 << e
        name, ended, clear = put_question(
            depth, asked, d, T, e, scores, q, gain, beam, commit, truth, counted, sums, totals,
            drift, names, column, level, wall,
        )  # fmt: skip
        fall[n] = fall[d]
        if column[FELL, n] == n:
            falls += 1
            fall[n] = falls
        at = leaves[max(n, root)]
        if ended or n == K:
            twice, sure = rank_at_end(
                depth, n, asked, T, scores, q, gain, consensus, truth, counted, sums, totals,
                drift, column, level, wall,
            )  # fmt: skip
            column[FIRM, d] &= clear and sure
            for i in range(leaf, leaf + at):
                came_to[i] = twice << K | T
            leaf += at
            continue
        column[FIRM, d] &= clear
        slot, node = _find(entry, pool, slots, name, T, fall[n], wall, n)
        if node >= 0 and entry[node, 3] == 1:
            other = entry[node, 2]
            for i in range(at):
                came_to[leaf + i] = came_to[other + i]
            leaf += at
            continue
        column[NODE, n] = -1
        if node < 0 and remembered < len(entry):
            column[NODE, n] = remembered
            entry[remembered, 0] = T
            entry[remembered, 1] = fall[n]
            entry[remembered, 2] = leaf
            entry[remembered, 3] = 0
            for c in range(wall.shape[1]):
                pool[remembered, c] = wall[n, c]
            remembered += 1
            slots[slot] = remembered
        column[USED, n] = T
        column[NEXT, n] = 0
        column[FIRM, n] = 1
        d = n


@njit(inline="always")
def _find(entry, pool, slots, name, T, fall, wall, n):
    """The slot of a node, and the node if it is there, or -1."""
    mixed = np.int64(name) + T * 40503 + fall * 30011
    slot = (mixed ^ (mixed >> 13)) & (SLOTS - 1)
    while slots[slot] > 0:
        node = slots[slot] - 1
        if entry[node, 0] == T and entry[node, 1] == fall:
            differ = np.int32(0)
            for c in range(wall.shape[1]):
                differ += np.int32(1) if pool[node, c] != wall[n, c] else np.int32(0)
            if differ == 0:
                return slot, node
        slot = (slot + 1) & (SLOTS - 1)
    return slot, -1


@njit(cache=True, nogil=True)
def _enter(came_to, q, K, cost, judge, sums_out, detail):
    """Add what the leaves of a query came to."""
    credit_sum, rank_sum, spent_sum = sums_out
    twice, spent = detail
    credits = judge[3]
    row = judge[2][q]
    paid = np.zeros(1 << K, np.int64)
    for T in range(1, 1 << K):
        for e in range(K):
            if T >> e & 1:
                paid[T] += cost[e]
    for i in range(len(came_to)):
        rank = came_to[i] >> K
        credit_sum[i] += credits[row, rank]
        rank_sum[i] += 2.0 / rank
        spent_sum[i] += paid[came_to[i] & ((1 << K) - 1)]
    if spent.shape[0] > 0:
        for i in range(len(came_to)):
            twice[q, i] = came_to[i] >> K
            spent[q, i] = paid[came_to[i] & ((1 << K) - 1)]
