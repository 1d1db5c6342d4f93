"""The kernel under `swarm.reasoning.strategy.reason`: one walk for every task, compiled.

Guarantees: tasks do not see each other, so that any split of them over threads gives the same
bits; sums are float32 in a fixed order; nothing is allocated inside the loop over tasks.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from swarm.reasoning.gates import evaluate

PRUNED = np.float32(-1000.0)
"""Offset of a pruned candidate for each step it was pruned before the last possible one."""

MARGIN_MAX = np.float32(4)
"""A gate sees margins up to this."""


@njit(cache=True, nogil=True)
def walk(
    order,
    length,
    variant,
    weight,
    beam,
    commit,
    gate,
    networked,
    consensus,
    novelty,
    council,
    inversion,
    trust,
    memory,
    networks,
    room,
    scores,
    first,
    favourite,
    against,
    inverted,
    features,
    echo,
    echo_row,
    open_,
    query_key,
    costs,
    public_count,
    public_weight,
    replica,
    heard_key,
    heard_answer,
    heard_confidence,
    sealed,
    agent,
    query,
    out_scores,
    out_best,
    out_confidence,
    out_proposer,
    out_used,
    out_spent,
):
    """Strategy `agent[t]` on query `query[t]`, for every t; see `swarm.reasoning.strategy`."""
    K = order.shape[1]
    C = scores.shape[2]
    lowest = np.float32(-np.inf)
    zero = np.float32(0)
    state = np.empty(C, np.float32)
    live = np.empty(C, np.float32)  # the state of those still in play, -inf elsewhere
    wall = np.empty(C, np.float32)  # 0 for those still in play, -inf elsewhere
    fallen = np.empty(C, np.float32)  # what a pruned candidate ends below the others
    said = np.zeros(C, np.int32)
    x = np.empty(gate.shape[2], np.float32)
    drives = np.empty(K + 1, np.float32)
    nodes = np.empty(room, np.float32)
    columns = np.empty(K, np.int64)
    gains = np.empty(K, np.float32)
    for t in range(len(agent)):
        a = agent[t]
        q = query[t]
        for c in range(C):
            state[c] = zero
            fallen[c] = zero
            wall[c] = zero if open_[q, c] else lowest

        # Hearsay first: what memory and rumours already say of the candidates.
        if not sealed[q]:
            for c in range(C):
                said[c] = public_count[replica[a], q, c]
                state[c] = public_weight[replica[a], q, c]
            for h in range(heard_key.shape[1]):
                if heard_key[a, h] == query_key[q]:
                    said[heard_answer[a, h]] += 1
                    state[heard_answer[a, h]] += heard_confidence[a, h]
            for c in range(C):
                if state[c] > 0:
                    state[c] = trust[a] * np.log1p(state[c])

        x[0] = 1
        x[1] = 0
        x[2] = 0
        x[3] = 0
        for f in range(features.shape[1]):
            x[4 + f] = features[q, f]
        used = 0
        top = -1
        trusted = zero
        spent = 0
        total = np.float32(1e-6)
        steps = 0
        while steps < length[a]:
            # The gate ranks the unused engines; stopping stands last in every order.
            if networked[a]:
                evaluate(networks, a, x[1:], nodes, drives)
            else:
                for e in range(K + 1):
                    drives[e] = _dot(gate, a, e, x)
            engine = -1
            best = lowest
            for p in range(length[a]):
                e = order[a, p]
                if not used >> e & 1 and drives[e] - p > best:
                    best = drives[e] - p
                    engine = e
            if steps > 0 and drives[K] - K > best:
                break

            column = first[engine] + variant[a, engine]
            gain = weight[a, engine] * np.exp(
                min(max(drives[engine], np.float32(-3)), np.float32(3))
            )
            gain = np.float32(max(gain, np.float32(1e-3)))
            columns[steps] = column
            gains[steps] = gain
            used |= 1 << engine
            spent += costs[engine]
            total += gain
            for c in range(C):
                state[c] += gain * scores[q, column, c]
            if steps > 0 and memory[a] > 0 and echo.shape[0] > 0:
                shift = gain * memory[a] * trusted
                row = echo_row[q]
                for c in range(C):
                    state[c] += shift * echo[engine, row, top, c]
            for c in range(C):
                live[c] = state[c] + wall[c]
            steps += 1

            best, second, top, _ = _two_best(live)
            if best == lowest:
                break  # nothing is open: there is nothing to ask
            margin = (best - second) / total
            floor = best - beam[a, engine] * total
            below = PRUNED * np.float32(K + 1 - steps)
            for c in range(C):
                fallen[c] = below if (live[c] < floor) & (wall[c] == zero) else fallen[c]
                wall[c] = lowest if live[c] < floor else wall[c]
            if margin > commit[a, engine]:
                break
            agree = 0
            for s in range(steps):
                agree += favourite[q, columns[s]] == top
            x[1] = min(margin, MARGIN_MAX)
            x[2] = np.float32(agree) / np.float32(steps)
            x[3] = np.float32(steps) / np.float32(K)
            trusted = margin / (1 + margin)

        # Deliberation.
        scale = consensus[a] / total
        for c in range(C):
            live[c] = scale * state[c] + fallen[c]
        if council[a] > 0:
            spent += costs[K]
            for c in range(C):
                live[c] -= council[a] * against[q, c]
        if inversion[a] > 0:
            spent += costs[K + 1]
            for c in range(C):
                live[c] += inversion[a] * inverted[q, c]
        if novelty[a] > 0 and not sealed[q]:
            for c in range(C):
                if said[c] > 0:
                    live[c] -= novelty[a] * np.log1p(np.float32(said[c]))
        for c in range(C):
            live[c] = live[c] if open_[q, c] else lowest
            out_scores[t, c] = live[c]
        best, second, top, rival = _two_best(live)
        out_best[t] = top
        # A rival that was pruned stands far below; what counts is the lead it was pruned with.
        lead = (best - fallen[top]) - (second - fallen[rival])
        lead = min(max(lead, zero), np.float32(15)) if best > lowest else zero
        out_confidence[t] = 1 - np.exp(-lead)
        loudest = lowest
        for s in range(steps):
            voice = gains[s] * scores[q, columns[s], top]
            if voice > loudest:
                loudest = voice
                for e in range(K):
                    if first[e] <= columns[s] < first[e + 1]:
                        out_proposer[t] = e
        out_used[t] = used
        out_spent[t] = spent


@njit(cache=True, nogil=True)
def _dot(gate, a, e, x):
    value = np.float32(0)
    for f in range(len(x)):
        value += gate[a, e, f] * x[f]
    return value


@njit(cache=True, nogil=True)
def _two_best(values):
    """The largest value and the next, and the places of both."""
    best = np.float32(-np.inf)
    second = np.float32(-np.inf)
    top = 0
    rival = 0
    for c in range(len(values)):
        if values[c] > best:
            second = best
            rival = top
            best = values[c]
            top = c
        elif values[c] > second:
            second = values[c]
            rival = c
    return best, second, top, rival
