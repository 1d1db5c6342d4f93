"""Strategies: what a genome decodes to, run for a whole population by one compiled kernel.

A strategy walks its engines over the state of a query: the scores so far, which candidates
are still alive, the engines used, the tokens spent. In each step the gate looks at the state,

    x = (1, margin, agreement, fan-out of the relation, degree of the source),

and gives every unused engine the priority `gate[e] . x - position of e in the order`; stopping
competes as a last engine. The chosen engine adds its standardised scores, `weight[e] *
exp(gate[e] . x)` times (the exponent clipped to +-3, the product at least 0.001); candidates
further than its beam below the best are pruned (a beam by score, Lowerre 1976), and a margin
above the commit threshold ends the walk. Beam, margin and commit are in units of the weight
added so far, so that they mean the same at every step.

Before the first engine, hearsay (findings the agent may use) counts `trust` times. At the end
the council subtracts objections, the inversion adds what stands without the favourite
assumption, and novelty subtracts how often memory already says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numba import njit

from swarm.reasoning.faculties import ScoreTable

STATE_FEATURES = ("bias", "margin", "agreement", "fan-out", "degree")
PRUNED = np.float32(-1000.0)
"""Offset of a pruned candidate for each step it was pruned before the last possible one."""


@dataclass(frozen=True)
class Strategies:
    """N strategies over K engines, as columns.

    Attributes:
        order: int8[N, K], permutation of the engines.
        length: int32[N] in 1..K, how many engines of the order may be used.
        variant: int16[N, K], gene setting of each engine.
        weight, beam, commit: float32[N, K] each; weight >= 0, beam and commit > 0.
        gate: float32[N, K + 1, 5], one row for each engine and one for stopping.
        consensus, novelty, council, inversion, trust: float32[N] >= 0; zero switches off.
    """

    order: np.ndarray
    length: np.ndarray
    variant: np.ndarray
    weight: np.ndarray
    beam: np.ndarray
    commit: np.ndarray
    gate: np.ndarray
    consensus: np.ndarray
    novelty: np.ndarray
    council: np.ndarray
    inversion: np.ndarray
    trust: np.ndarray

    def __len__(self) -> int:
        return len(self.order)

    def take(self, rows: np.ndarray) -> Strategies:
        """The strategies of some rows."""
        return Strategies(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Hearsay:
    """Findings that agents may use: what is public, and what each has heard or found itself.

    Attributes:
        count, weight: int32[Q, C] and float32[Q, C], public findings and their confidence.
        key: int64[N, H], query of each private finding as `r' * E + source`; -1 for none.
        answer: int32[N, H]; confidence: float32[N, H].
        sealed: bool[Q], tasks that have to be answered from the evidence alone.
    """

    count: np.ndarray
    weight: np.ndarray
    key: np.ndarray
    answer: np.ndarray
    confidence: np.ndarray
    sealed: np.ndarray

    @classmethod
    def nothing(cls, queries: int, candidates: int, agents: int) -> Hearsay:
        """An examination: no public findings and nothing heard."""
        return cls(
            np.zeros((queries, candidates), np.int32),
            np.zeros((queries, candidates), np.float32),
            np.full((agents, 1), -1, np.int64),
            np.zeros((agents, 1), np.int32),
            np.zeros((agents, 1), np.float32),
            np.ones(queries, np.bool_),
        )


@dataclass(frozen=True)
class Answers:
    """What came of T tasks.

    Attributes:
        scores: float32[T, C]; -inf where the evidence already states the answer.
        best: int32[T], the answer given.
        confidence: float32[T] in [0, 1), 1 - exp(-lead over the next answer), the lead at most
            15 and a pruned rival's taken as it stood.
        proposer: int8[T], the engine that spoke most for the answer.
        used: int32[T], bit e set if engine e was asked.
        spent: int32[T], compute units.
    """

    scores: np.ndarray
    best: np.ndarray
    confidence: np.ndarray
    proposer: np.ndarray
    used: np.ndarray
    spent: np.ndarray


def reason(
    strategies: Strategies,
    table: ScoreTable,
    costs: np.ndarray,
    agent: np.ndarray,
    query: np.ndarray,
    hearsay: Hearsay | None = None,
    threads: int | None = None,
) -> Answers:
    """Run strategy `agent[t]` on query `query[t]` for every task t.

    Args:
        strategies: N strategies.
        table: scores of Q queries.
        costs: int32[K + 2] compute units (`Faculties.costs`).
        agent, query: int[T] rows of `strategies` and of `table`.
        hearsay: what agents may use beside their engines; nothing if left out.
        threads: cores to use; results do not depend on it.

    Returns:
        Answers of T tasks; O(T x engines used x C).
    """
    agent = np.ascontiguousarray(agent, np.int64)
    query = np.ascontiguousarray(query, np.int64)
    tasks, candidates = len(agent), table.scores.shape[2]
    if hearsay is None:
        hearsay = Hearsay.nothing(len(table), candidates, len(strategies))
    out = Answers(
        np.empty((tasks, candidates), np.float32),
        np.empty(tasks, np.int32),
        np.empty(tasks, np.float32),
        np.empty(tasks, np.int8),
        np.empty(tasks, np.int32),
        np.empty(tasks, np.int32),
    )
    arguments = [
        *(getattr(strategies, field.name) for field in fields(strategies)),
        table.scores,
        table.first,
        table.favourite,
        table.against,
        table.inverted,
        table.features,
        table.block.open,
        table.block.relation.astype(np.int64) * candidates + table.block.source,
        costs,
        *(getattr(hearsay, field.name) for field in fields(hearsay)),
    ]
    results = [getattr(out, field.name) for field in fields(out)]

    def part(chunk: slice) -> None:
        _walk(*arguments, agent[chunk], query[chunk], *(column[chunk] for column in results))

    threads = min(threads or os.cpu_count() or 1, max(tasks // 64, 1))
    if threads == 1:
        part(slice(0, tasks))
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, _chunks(tasks, threads)))
    return out


def _chunks(total: int, parts: int) -> Iterator[slice]:
    edges = np.linspace(0, total, parts + 1).astype(int)
    return (slice(a, b) for a, b in pairwise(edges))


@njit(cache=True, nogil=True)
def _walk(
    order,
    length,
    variant,
    weight,
    beam,
    commit,
    gate,
    consensus,
    novelty,
    council,
    inversion,
    trust,
    scores,
    first,
    favourite,
    against,
    inverted,
    features,
    open_,
    query_key,
    costs,
    public_count,
    public_weight,
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
                said[c] = public_count[q, c]
                state[c] = public_weight[q, c]
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
        x[3] = features[q, 0]
        x[4] = features[q, 1]
        used = 0
        spent = 0
        total = np.float32(1e-6)
        steps = 0
        while steps < length[a]:
            # The gate ranks the unused engines; stopping stands last in every order.
            engine = -1
            best = lowest
            drive = zero
            for p in range(length[a]):
                e = order[a, p]
                if used >> e & 1:
                    continue
                value = _dot(gate, a, e, x)
                if value - p > best:
                    best = value - p
                    engine = e
                    drive = value
            if steps > 0 and _dot(gate, a, K, x) - K > best:
                break

            column = first[engine] + variant[a, engine]
            gain = weight[a, engine] * np.exp(min(max(drive, np.float32(-3)), np.float32(3)))
            gain = np.float32(max(gain, np.float32(1e-3)))
            columns[steps] = column
            gains[steps] = gain
            used |= 1 << engine
            spent += costs[engine]
            total += gain
            for c in range(C):
                state[c] += gain * scores[q, column, c]
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
            x[1] = min(margin, np.float32(4))
            x[2] = np.float32(agree) / np.float32(steps)

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
