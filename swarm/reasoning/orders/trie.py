"""The walk through the trie of orders: every prefix once, for one query after the other.

Orders are the leaves of a trie whose nodes are prefixes: 7 + 42 + 210 + 840 + 2,520 + 5,040 +
5,040 = 13,699 of them for seven engines, against 5,040 x 7 = 35,280 steps order by order. Depth
first needs one buffer a level. A query whose margin passes the commit threshold is settled, and
what it came to is what it comes to in every order that begins so.

This is the walk that serves any referee, and any scores: it keeps the final scores themselves.
Where a `Judge` knows what can matter, `merged` and `remembering` come to the same ranks sooner.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.orders.steps import (
    LANES,
    NOTHING,
    START,
    added,
    added_with_echo,
    final_scores,
    first_at,
    pruned,
    value_of,
)
from swarm.reasoning.walk import PRUNED


@njit(cache=True, nogil=True)
def begin(prefix, trial, state, fallen, steps, settled, top, margin):
    """Walk a prefix for every query.

    Args:
        prefix: int64[d], the engines asked first.
        trial: `Trial.arrays`.
        state, fallen: float32[Q, C], written: where each query stands after it.
        steps: int32[Q], written: engines asked; fewer than d if it was settled before.
        settled: bool[Q], written.
        top, margin: int32[Q] and float32[Q], written: the best candidate and its lead.
    """
    scores, open_, gain, beam, commit, _, _, memory, echo, echo_row = trial
    Q, K, C = scores.shape
    remembers = memory > 0 and echo.shape[0] > 0
    seen, place, state_at, fallen_at, fresh = _buffers(K, C)
    for q in range(Q):
        _lay_out(seen, scores, q)
        for c in range(C):
            state_at[0, c] = 0
            fallen_at[0, c] = np.float32(0) if open_[q, c] else np.float32(-np.inf)
        total = START
        d = 0
        done = False
        first = np.int32(0)
        lead = np.float32(0)
        for e in prefix:
            total += gain[e]
            shift = _shift(gain[e], memory, lead) if d > 0 and remembers else 0.0
            done, first, lead = _step(
                state_at, fallen_at, d, seen, place, 0, fresh.size, e, gain[e], beam[e], commit[e],
                total, K - d, remembers, d > 0, shift, echo, echo_row[q], first, fresh,
            )  # fmt: skip
            d += 1
            if done:
                break
        for c in range(C):
            state[q, c] = state_at[d, c]
            fallen[q, c] = fallen_at[d, c]
        steps[q] = d
        settled[q] = done
        top[q] = first
        margin[q] = lead


@njit(cache=True, nogil=True)
def descend(prefix, only, trial, start, rows, row_of, spent):
    """Walk every order that begins with a prefix, for the one query there is, whoever judges it.

    Args:
        prefix: int64[d].
        only: the engine that has to come next, so that the batch is one prefix longer; -1: any.
        trial: `Trial.arrays` of one query.
        start: what `begin(prefix, ...)` wrote.
        rows: float32[leaves, C], written: the distinct final scores.
        row_of, spent: int32[leaves], written: which of them a leaf ends with, and what it cost.

    Returns:
        Steps taken, and distinct outcomes met.
    """
    scores, _, gain, beam, commit, cost, consensus, memory, echo, echo_row = trial
    _, K, C = scores.shape
    depth = len(prefix)
    remembers = memory > 0 and echo.shape[0] > 0
    seen, place, state, fallen, fresh = _buffers(K, C)
    _lay_out(seen, scores, 0)
    total = np.full(K + 1, START, np.float32)
    lead = np.zeros(K + 1, np.float32)
    column = np.zeros((4, K + 1), np.int64)
    leaves = np.ones(K + 1, np.int64)  # below a node of each depth
    for d in range(K - 1, -1, -1):
        leaves[d] = leaves[d + 1] * (K - d)
    for p in range(start[2][0]):
        total[depth] += gain[prefix[p]]
        column[PAID, depth] += cost[prefix[p]]
    for e in prefix:
        column[USED, depth] |= 1 << e
    for c in range(C):
        state[depth, c] = start[0][0, c]
        fallen[depth, c] = start[1][0, c]
    column[TOP, depth] = start[4][0]
    lead[depth] = start[5][0]
    column[NEXT, depth] = max(only, 0)
    if start[3][0] or depth == K:
        final_scores(state, fallen, depth, C, consensus / total[depth], rows, 0)
        row_of[:] = 0
        spent[:] = column[PAID, depth]
        return 0, 1
    walked = outcomes = leaf = 0
    d = depth
    while True:
        e = column[NEXT, d]
        while e < K and column[USED, d] >> e & 1:
            e += 1
        if e == K or (d == depth and only >= 0 and e != only):
            if d == depth:
                return walked, outcomes
            d -= 1
            continue
        column[NEXT, d] = e + 1
        walked += 1
        n = d + 1
        total[n] = total[d] + gain[e]
        column[PAID, n] = column[PAID, d] + cost[e]
        column[USED, n] = column[USED, d] | 1 << e
        column[NEXT, n] = 0
        shift = _shift(gain[e], memory, lead[d]) if d > 0 and remembers else 0.0
        ended, column[TOP, n], lead[n] = _step(
            state, fallen, d, seen, place, 0, fresh.size, e, gain[e], beam[e], commit[e], total[n],
            K - d, remembers, d > 0, shift, echo, echo_row[0], column[TOP, d], fresh,
        )  # fmt: skip
        if not ended and n < K:
            d = n
            continue
        final_scores(state, fallen, n, C, consensus / total[n], rows, outcomes)
        below = leaves[max(n, depth + (only >= 0))]
        row_of[leaf : leaf + below] = outcomes
        spent[leaf : leaf + below] = column[PAID, n]
        outcomes += 1
        leaf += below


USED, NEXT, PAID, TOP = range(4)
"""Rows of a walk, a column for each depth: engines used, a bit each; the engine to try next; what
was paid; and the best candidate."""


@njit(cache=True, nogil=True)
def _shift(gain, memory, lead):
    """How much working memory counts for an engine, float64 as in the kernel of `reason`."""
    return gain * memory * (lead / (1 + lead))


@njit(cache=True, nogil=True)
def _buffers(K, C):
    """Scores and places of candidates in frame 0, filled up with closed ones to whole vectors.

    Then state and fallen of every depth, and a row.
    """
    width = (C + LANES - 1) // LANES * LANES
    place = np.zeros((1, width), np.int64)
    place[0, :C] = np.arange(C)
    scores = np.zeros((1, K, width), np.float32)
    state = np.zeros((K + 1, width), np.float32)
    fallen = np.full((K + 1, width), np.float32(-np.inf))
    return scores, place, state, fallen, np.empty(width, np.float32)


@njit(cache=True, nogil=True)
def _lay_out(seen, scores, q):
    """Put the scores of a query into frame 0."""
    for e in range(scores.shape[1]):
        for c in range(scores.shape[2]):
            seen[0, e, c] = scores[q, e, c]


@njit(cache=True, nogil=True)
def _step(
    state, fallen, d, scores, place, f, width, e, gain, beam, commit, total, left, remembers,
    later, shift, echo, echo_row, top, fresh,
):  # fmt: skip
    """Ask engine e at depth d: is the query settled, its best candidate, and how far it leads.

    `left` counts the engines from this one on, so that the longer pruned fall the lower.
    """
    if remembers and later:
        key = added_with_echo(
            state,
            d,
            fallen,
            gain,
            scores,
            f,
            e,
            width,
            fresh,
            shift,
            echo,
            echo_row,
            top,
            place,
        )
    else:
        key = added(state, d, fallen, gain, scores, f, e, width, fresh)
    if key == NOTHING:
        for c in range(width):
            state[d + 1, c] = fresh[c]
            fallen[d + 1, c] = fallen[d, c]
        return True, np.int32(0), np.float32(0)
    best = value_of(key)
    mark = PRUNED * np.float32(left)
    second = pruned(fresh, state, fallen, d, width, best, best - beam * total, mark)
    lead = (best - second) / total
    first = np.int32(0)
    if remembers:
        first = np.int32(place[f, first_at(fresh, fallen, d, width, best)])
    return lead > commit, first, lead
