"""The walk through the trie of orders: every prefix once, for one query after the other.

Orders are the leaves of a trie whose nodes are prefixes: 7 + 42 + 210 + 840 + 2,520 + 5,040 +
5,040 = 13,699 of them for seven engines, against 5,040 x 7 = 35,280 steps order by order. Depth
first needs one buffer a level. A query whose margin passes the commit threshold is settled, and
what it came to is what it comes to in every order that begins so.

Queries are the outer loop, so that the buffers and the scores of one query stay in the nearest
cache, and a query that is settled costs nothing more. Near the root candidates are left out that
can no longer change what is asked, which makes all that lies below cheaper. Sums over queries are
added in the order of the queries, whoever adds them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.orders.steps import (
    LANES,
    NOTHING,
    added,
    added_with_echo,
    final_scores,
    first_at,
    foreseen,
    narrowed,
    pruned,
    ranked,
    ranked_last,
    tallied,
    value_of,
)
from swarm.reasoning.walk import PRUNED

START = np.float32(1e-6)
"""Weight added before the first engine, as in `swarm.reasoning.strategy`."""


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
    seen, _, _, place, state_at, fallen_at, fresh = _buffers(K, C)
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
def descend(prefix, only, narrow, trial, start, judge, sums, detail, rows, row_of):
    """Walk every order that begins with a prefix, for every query.

    Args:
        prefix: int64[d].
        only: the engine that has to come next, so that the batch is one prefix longer; -1: any.
        narrow: leave out candidates that cannot change ranks; not with `rows`.
        trial: `Trial.arrays`.
        start: what `begin(prefix, ...)` wrote.
        judge: `Judge.arrays`; not read with `rows`.
        sums: credit and reciprocal rank, float64[leaves] each, and cost, int64[leaves]; what each
            query comes to is added.
        detail: twice the rank and cost, int32[Q, leaves] each, written; or int32[0, 0] each.
        rows, row_of: float32[n, C] and int32[leaves], written in place of ranks if n is not 0:
            the distinct final scores of the last query, and which of them a leaf has; there have
            to be as many rows as leaves.

    Returns:
        Steps taken, and distinct outcomes met.
    """
    scores, open_, gain, beam, commit, cost, consensus, memory, echo, echo_row = trial
    start_state, start_fallen, start_steps, start_settled, start_top, start_margin = start
    truth_of, counted_of, kind, credits = judge
    credit_sum, rank_sum, spent_sum = sums
    twice, spent = detail
    Q, K, C = scores.shape
    depth = len(prefix)
    root = depth if only < 0 else depth + 1
    remembers = memory > 0 and echo.shape[0] > 0
    seen, counted, beats, place, state, fallen, fresh = _buffers(K, C)
    total = np.empty(K + 1, np.float32)
    paid = np.zeros(K + 1, np.int64)
    lead = np.zeros(K + 1, np.float32)
    top = np.zeros(K + 1, np.int32)
    used = np.zeros(K + 1, np.int64)
    following = np.zeros(K + 1, np.int64)
    frame = np.zeros(K + 1, np.int64)
    width = np.full(K + 1, fresh.size)
    known = np.zeros(K + 1, np.int64)
    truth = np.zeros(K + 1, np.int64)
    ahead = np.zeros(K + 1, np.int64)
    leaves = np.ones(K + 1, np.int64)  # below a node of each depth
    for d in range(K - 1, -1, -1):
        leaves[d] = leaves[d + 1] * (K - d)
    judged = rows.shape[0] == 0
    sure = False
    reciprocals = 2.0 / np.maximum(np.arange(credits.shape[1]), 1)
    walked = 0
    outcomes = 0
    for q in range(Q):
        _lay_out(seen, scores, q)
        total[depth] = START
        paid[depth] = 0
        used[depth] = 0
        for p in range(start_steps[q]):
            total[depth] += gain[prefix[p]]
            paid[depth] += cost[prefix[p]]
        for e in prefix:
            used[depth] |= 1 << e
        for c in range(C):
            state[depth, c] = start_state[q, c]
            fallen[depth, c] = start_fallen[q, c]
        lead[depth] = start_margin[q]
        top[depth] = start_top[q]
        if judged:
            truth[depth] = truth_of[q]
            for c in range(C):
                counted[0, c] = counted_of[q, c]
            sure = narrow and not remembers
            sure = sure and open_[q, truth_of[q]]
            sure = sure and foreseen(seen, gain, consensus, truth_of[q], counted, beats)
        following[depth] = max(only, 0)
        known[depth] = 0
        frame[depth] = 0
        ahead[depth] = 0
        width[depth] = fresh.size
        if narrow and depth > 0:
            frame[depth], width[depth], truth[depth], ahead[depth] = narrowed(
                state,
                fallen,
                depth,
                fresh.size,
                truth[depth],
                used[depth],
                seen,
                counted,
                beats,
                place,
                0,
            )
        leaf = 0
        d = depth
        n = depth
        ended = start_settled[q] or depth == K
        while True:
            if not ended:
                e = following[d]
                while e < K and used[d] >> e & 1:
                    e += 1
                if e == K or (d == depth and only >= 0 and e != only):
                    d -= 1
                    if d < depth:
                        break
                    continue
                following[d] = e + 1
                walked += 1
                n = d + 1
                total[n] = total[d] + gain[e]
                paid[n] = paid[d] + cost[e]
                f = frame[d]
                shift = _shift(gain[e], memory, lead[d]) if d > 0 and remembers else 0.0
            if not ended and n == K and known[d] > 0:
                rank = known[d]
            elif not ended and n == K and judged:
                # The last engine: nothing follows, so what it leaves behind is not kept.
                if remembers and d > 0:
                    best = added_with_echo(
                        state, d, fallen, gain[e], seen, f, e, width[d], fresh, shift, echo,
                        echo_row[q], top[d], place,
                    )  # fmt: skip
                else:
                    best = added(state, d, fallen, gain[e], seen, f, e, width[d], fresh)
                floor = value_of(best) - beam[e] * total[n]
                floor = floor if best > NOTHING else np.float32(-np.inf)
                rank = ranked_last(
                    fresh, fallen, d, width[d], floor, PRUNED, consensus / total[n], truth[d],
                    counted, f,
                )  # fmt: skip
                rank += 2 * ahead[d]
            else:
                foresees = not ended and n == K - 1 and sure
                if foresees:
                    # If the query does not settle now, its rank is known.
                    best = added(state, d, fallen, gain[e], seen, f, e, width[d], fresh)
                    first = value_of(best)
                    second, rank = tallied(
                        fresh, fallen, d, width[d], first, first - beam[e] * total[n],
                        PRUNED * np.float32(K - d), truth[d], counted, beats, f,
                    )  # fmt: skip
                    if best > NOTHING and not (first - second) / total[n] > commit[e]:
                        known[n] = rank + 2 * ahead[d]
                        used[n] = used[d] | 1 << e
                        following[n] = 0
                        d = n
                        continue
                if not ended:
                    known[n] = 0
                    ended, top[n], lead[n] = _step(
                        state, fallen, d, seen, place, f, width[d], e, gain[e], beam[e],
                        commit[e], total[n], K - d, remembers, d > 0, shift, echo, echo_row[q],
                        top[d], fresh,
                    )  # fmt: skip
                    truth[n] = truth[d]
                    ahead[n] = ahead[d]
                    frame[n] = f
                    width[n] = width[d]
                    if not ended and n < K:
                        used[n] = used[d] | 1 << e
                        following[n] = 0
                        if narrow and n + 4 <= K:
                            frame[n], width[n], truth[n], left_out = narrowed(
                                state,
                                fallen,
                                n,
                                width[d],
                                truth[d],
                                used[n],
                                seen,
                                counted,
                                beats,
                                place,
                                f,
                            )
                            ahead[n] += left_out
                        d = n
                        continue
                scale = consensus / total[n]
                if judged:
                    rank = ranked(state, fallen, n, width[n], scale, truth[n], counted, frame[n])
                    rank += 2 * ahead[n]
                else:
                    final_scores(state, fallen, n, C, scale, rows, outcomes)
                    rank = 2
            # Every order below node n comes to the same.
            at = leaves[max(n, root)]
            if judged:
                credit = credits[kind[q], rank]
                reciprocal = reciprocals[rank]
                for i in range(leaf, leaf + at):
                    credit_sum[i] += credit
                    rank_sum[i] += reciprocal
                    spent_sum[i] += paid[n]
            else:
                row_of[leaf : leaf + at] = outcomes
            if spent.shape[0] > 0:
                spent[q, leaf : leaf + at] = paid[n]
                twice[q, leaf : leaf + at] = rank
            outcomes += 1
            leaf += at
            ended = False
            if n == depth:
                break
    return walked, outcomes


@njit(cache=True, nogil=True)
def _shift(gain, memory, lead):
    """How much working memory counts for an engine, float64 as in the kernel of `reason`."""
    return gain * memory * (lead / (1 + lead))


@njit(cache=True, nogil=True)
def _buffers(K, C):
    """Frames: scores, counted, beats, place of candidates in frame 0. Levels: state, fallen. A row.

    Frame 0 has every candidate at its own place, filled up with closed ones to whole vectors.
    """
    width = (C + LANES - 1) // LANES * LANES
    place = np.zeros((K + 1, width), np.int64)
    place[0, :C] = np.arange(C)
    scores = np.zeros((K + 1, K, width), np.float32)
    counted = np.zeros((K + 1, width), np.int32)
    state = np.zeros((K + 1, width), np.float32)
    fallen = np.full((K + 1, width), np.float32(-np.inf))
    return scores, counted, counted.copy(), place, state, fallen, np.empty(width, np.float32)


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
