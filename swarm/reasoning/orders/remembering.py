"""The walk with working memory: every prefix once, for one query after the other.

What working memory adds depends on how far the best answer led after each engine, so that no two
orders come to the same state and nothing can be merged: 13,699 prefixes are left of 35,280 steps
for seven engines. What can be saved is the step itself: it is made on a frame of the candidates
that still matter (`swarm.reasoning.orders.frames`), and a query that settles is not walked on.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.orders.frames import (
    LOWEST,
    WAYS,
    framed,
    left,
    ranked,
    recalled,
    spoken,
    told_apart,
)
from swarm.reasoning.orders.steps import LANES, START, value_of
from swarm.reasoning.walk import PRUNED


@njit(cache=True, nogil=True)
def remember(prefix, only, trial, start, judge, sums, detail):
    """Walk every order that begins with a prefix, for every query; arguments as `merge` has them.

    Returns:
        Steps taken.
    """
    scores, _, gain, beam, commit, cost, consensus, memory, echo, echo_row = trial
    Q, K, C = scores.shape
    width = (C + LANES - 1) // LANES * LANES
    leaves = np.ones(K + 1, np.int64)  # below a node of each depth
    for d in range(K - 1, -1, -1):
        leaves[d] = leaves[d + 1] * (K - d)
    depth = len(prefix)
    below = leaves[depth if only < 0 else depth + 1]
    twice, spent = np.empty(below, np.int32), np.empty(below, np.int32)
    seen = np.zeros((K + 1, K, width), np.float32)
    heard = np.zeros((K + 1, K, WAYS + 1, width), np.float32)
    tag = np.full((K + 1, K, WAYS), -1)
    place = np.zeros((K + 1, width), np.int64)
    counted = np.zeros((K + 1, width), np.int32)
    state = np.full((K + 1, width), LOWEST)
    beside = state.copy()
    fresh = np.empty(width, np.float32)
    column = np.zeros((9, K + 1), np.int64)
    real = np.zeros((3, K + 1), np.float32)
    walked = 0
    for q in range(Q):
        column[WIDTH, depth] = width
        real[TOTAL, depth] = START
        column[PAID, depth] = column[USED, depth] = 0
        for p in range(start[2][q]):
            real[TOTAL, depth] += gain[prefix[p]]
            column[PAID, depth] += cost[prefix[p]]
            column[USED, depth] |= 1 << prefix[p]
        column[TOP, depth] = start[4][q]
        real[LEAD, depth] = start[5][q]
        tag[0, :, :] = -1
        for c in range(C):
            place[0, c] = c
            counted[0, c] = judge[1][q, c]
            for e in range(K):
                seen[0, e, c] = scores[q, e, c]
        _set_out(depth, start[0], start[1], q, judge[0][q], state, beside, counted, column, real)
        if start[3][q]:
            scale = consensus / real[TOTAL, depth]
            twice[:] = _rank(depth, 0, width, scale, state, beside, counted, column, real)
            spent[:] = column[PAID, depth]
        else:
            walked += _visit(
                depth, only, gain, beam, commit, cost, consensus, memory, echo, echo_row[q], seen,
                heard, tag, place, counted, state, beside, fresh, column, real, leaves, twice,
                spent,
            )  # fmt: skip
        enter(twice, spent, q, judge, sums, detail)
    return walked


USED, NEXT, PAID, TOP, FRAME, WIDTH, TRUTH, FELL, AHEAD = range(9)
"""Rows of a walk, a column for each depth: engines used, a bit each; the engine to try next; what
was paid; the best candidate; the frame, its width and the place of the truth in it; whether that
was pruned; and twice the counted candidates above it whatever comes."""

TOTAL, LEAD, LEVEL = range(3)
"""The same of float32: weight added up; how far the best leads; how deep the truth fell."""


@njit(cache=True, nogil=True)
def _set_out(d, at, fallen, q, truth, state, beside, counted, column, real):
    """Where a query stands at the root."""
    own = fallen[q, truth]
    closed = own == LOWEST  # then all that are closed tie, and none can move
    ahead = 0
    for c in range(at.shape[1]):
        state[d, c] = at[q, c] if fallen[q, c] == np.float32(0) else LOWEST
        beside[d, c] = at[q, c] if fallen[q, c] == own and not closed else LOWEST
        if fallen[q, c] > own:
            ahead += 2 * counted[0, c]
        elif closed:
            ahead += counted[0, c]
    for c in range(at.shape[1], state.shape[1]):
        state[d, c] = LOWEST
        beside[d, c] = LOWEST
    column[NEXT, d] = 0
    column[FRAME, d] = 0
    column[TRUTH, d] = truth
    column[FELL, d] = own != np.float32(0)
    column[AHEAD, d] = ahead
    real[LEVEL, d] = np.float32(0) if closed else own


@njit(cache=True, nogil=True)
def _visit(
    depth, only, gain, beam, commit, cost, consensus, memory, echo, echo_row, seen, heard, tag,
    place, counted, state, beside, fresh, column, real, leaves, twice, spent,
):  # fmt: skip
    """Fill twice the rank and the cost of every leaf, int32[leaves] each."""
    K = seen.shape[1]
    root = depth if only < 0 else depth + 1
    walked = 0
    leaf = 0
    d = depth
    column[NEXT, d] = max(only, 0)
    while True:
        e = column[NEXT, d]
        used = column[USED, d]
        while e < K and used >> e & 1:
            e += 1
        if e == K or (d == depth and only >= 0 and e != only):
            if d == depth:
                return walked
            d -= 1
            continue
        column[NEXT, d] = e + 1
        walked += 1
        n = d + 1
        f = column[FRAME, d]
        width = column[WIDTH, d]
        real[TOTAL, n] = real[TOTAL, d] + gain[e]
        column[PAID, n] = column[PAID, d] + cost[e]
        shift, way = 0.0, WAYS
        if d > 0:
            shift = gain[e] * memory * (real[LEAD, d] / (1 + real[LEAD, d]))
            way = recalled(echo, e, echo_row, column[TOP, d], tag, heard, place, f, width)
        ended = _ask(
            d, e, way, shift, gain, beam, commit, seen, heard, counted, state, beside, fresh,
            place, column, real,
        )  # fmt: skip
        if ended or n == K:
            scale = consensus / real[TOTAL, n]
            rank = _rank(n, f, width, scale, state, beside, counted, column, real)
            at = leaves[max(n, root)]
            for i in range(leaf, leaf + at):  # a slice of one would cost more than the step
                twice[i] = rank
                spent[i] = column[PAID, n]
            leaf += at
            continue
        column[USED, n] = used | 1 << e
        column[NEXT, n] = 0
        if n + 3 <= K:
            column[FRAME, n], column[WIDTH, n], column[TRUTH, n] = framed(
                state, beside, n, width, column[TRUTH, d], column[FELL, n] > 0, column[USED, n],
                seen, counted, place, tag, f,
            )  # fmt: skip
        d = n


@njit(inline="always")
def _ask(
    d, e, way, shift, gain, beam, commit, seen, heard, counted, state, beside, fresh, place,
    column, real,
):  # fmt: skip
    """Ask engine e at depth d; whether the query settles."""
    K = seen.shape[1]
    n = d + 1
    f = column[FRAME, d]
    width = column[WIDTH, d]
    truth = column[TRUTH, d]
    column[FRAME, n] = f
    column[WIDTH, n] = width
    column[TRUTH, n] = truth
    column[FELL, n] = column[FELL, d]
    column[AHEAD, n] = column[AHEAD, d]
    real[LEVEL, n] = real[LEVEL, d]
    if column[FELL, d] > 0:
        spoken(beside, d, seen, heard, f, e, way, width, gain[e], shift, fresh)
        for c in range(width):
            beside[n, c] = fresh[c]
        if n == K:
            return True
    best = value_of(spoken(state, d, seen, heard, f, e, way, width, gain[e], shift, fresh))
    if best == LOWEST:
        state[n, :width] = LOWEST
        return True
    total = real[TOTAL, n]
    floor = best - beam[e] * total
    second, first, _ = left(fresh, state, n, width, best, floor)
    column[TOP, n] = place[f, first]
    real[LEAD, n] = (best - second) / total
    if column[FELL, d] == 0 and fresh[truth] < floor:
        column[FELL, n] = 1
        column[AHEAD, n] = told_apart(state, beside, d, n, fresh, width, floor, counted, f)
        real[LEVEL, n] = PRUNED * np.float32(K - d)
    return real[LEAD, n] > commit[e]


@njit(inline="always")
def _rank(n, f, width, scale, state, beside, counted, column, real):
    """Twice the rank of the truth at the end of a path."""
    truth = column[TRUTH, n]
    if column[FELL, n] > 0:
        rank = ranked(beside, n, width, beside[n, truth], scale, real[LEVEL, n], counted, f)
    else:
        rank = ranked(state, n, width, state[n, truth], scale, np.float32(0), counted, f)
    return column[AHEAD, n] + rank


@njit(cache=True, nogil=True)
def enter(twice, spent, q, judge, sums, detail):
    """Add what the leaves of a query came to, and keep it if there is room for it."""
    credit_sum, rank_sum, spent_sum = sums
    credits = judge[3]
    row = judge[2][q]
    for i in range(len(twice)):
        credit_sum[i] += credits[row, twice[i]]
        rank_sum[i] += 2.0 / twice[i]
        spent_sum[i] += spent[i]
    if detail[0].shape[0] > 0:
        detail[0][q, :] = twice
        detail[1][q, :] = spent
