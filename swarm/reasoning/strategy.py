"""Strategies: what a genome decodes to, run for a whole population by one compiled kernel.

A strategy walks its engines over the state of a query: the scores so far, which candidates
are still alive, the engines used, the tokens spent. In each step the gate looks at the state,

    x = (1, margin, agreement, progress, ... what the table says of the query),

and gives every engine a drive: `gate[e] . x` if it is linear, output e of its network if the
strategy carries one (`swarm.reasoning.gates`). Every unused engine has the priority `drive -
position in the order`; stopping competes as a last engine. The chosen engine adds its
standardised scores, `weight[e] * exp(drive)` times (the exponent clipped to +-3, the product at
least 0.001); candidates further than its beam below the best are pruned (a beam by score, Lowerre
1976), and a margin above the commit threshold ends the walk. Beam, margin and commit are in units
of the weight added so far, so that they mean the same at every step.

From the second engine on, working memory holds the best answer so far as a soft fact, as far as
it is trusted, margin / (1 + margin); what the next engine sees is its scores plus `memory` times
what that fact says of the other answers (`swarm.reasoning.working_memory`).

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

from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.gates import GateNetworks
from swarm.reasoning.walk import walk

STATE_FEATURES = ("bias", "margin", "agreement", "progress")
"""What a gate sees of the walk; what it sees of the query follows (`ScoreTable.feature_names`)."""


@dataclass(frozen=True)
class Strategies:
    """N strategies over K engines, as columns.

    Attributes:
        order: int8[N, K], permutation of the engines.
        length: int32[N] in 1..K, how many engines of the order may be used.
        variant: int16[N, K], gene setting of each engine.
        weight, beam, commit: float32[N, K] each; weight >= 0, beam and commit > 0.
        gate: float32[N, K + 1, X], one row for each engine and one for stopping.
        networked: bool[N], whose gate is its network rather than the linear one.
        networks: N rows from X - 1 inputs (no bias among them) to K + 1 outputs.
        consensus, novelty, council, inversion, trust, memory: float32[N] >= 0; zero switches off.
    """

    order: np.ndarray
    length: np.ndarray
    variant: np.ndarray
    weight: np.ndarray
    beam: np.ndarray
    commit: np.ndarray
    gate: np.ndarray
    networked: np.ndarray
    networks: GateNetworks
    consensus: np.ndarray
    novelty: np.ndarray
    council: np.ndarray
    inversion: np.ndarray
    trust: np.ndarray
    memory: np.ndarray

    def __len__(self) -> int:
        return len(self.order)

    def take(self, rows: np.ndarray) -> Strategies:
        """The strategies of some rows."""
        return Strategies(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Hearsay:
    """Findings that agents may use: what is public, and what each has heard or found itself.

    Attributes:
        count, weight: int32[G, Q, C] and float32[G, Q, C], findings and their confidence as each
            of G replicas of the memory has them.
        replica: int64[N], which of them an agent reads.
        key: int64[N, H], query of each private finding (`Block.key`); -1 for none.
        answer: int32[N, H], places; confidence: float32[N, H].
        sealed: bool[Q], tasks that have to be answered from the evidence alone.
    """

    count: np.ndarray
    weight: np.ndarray
    replica: np.ndarray
    key: np.ndarray
    answer: np.ndarray
    confidence: np.ndarray
    sealed: np.ndarray

    @classmethod
    def nothing(cls, queries: int, candidates: int, agents: int) -> Hearsay:
        """An examination: no public findings and nothing heard."""
        return cls(
            np.zeros((1, queries, candidates), np.int32),
            np.zeros((1, queries, candidates), np.float32),
            np.zeros(agents, np.int64),
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


_COLUMNS = tuple(field.name for field in fields(Strategies) if field.name != "networks")


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

    Raises:
        ValueError: if the gates look at other numbers than the table has.
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
    seen = len(STATE_FEATURES) + table.features.shape[1]
    if strategies.gate.shape[2] != seen:
        raise ValueError(
            f"gates look at {strategies.gate.shape[2]} numbers and the table gives {seen}: "
            f"{', '.join((*STATE_FEATURES, *table.feature_names))}; strategies belong to a domain"
        )
    arguments = [
        *(getattr(strategies, name) for name in _COLUMNS),
        strategies.networks.arrays,
        strategies.networks.room,
        table.scores,
        table.first,
        table.favourite,
        table.against,
        table.inverted,
        table.features,
        table.echo,
        table.echo_row,
        table.block.open,
        table.block.key,
        costs,
        *(getattr(hearsay, field.name) for field in fields(hearsay)),
    ]
    results = [getattr(out, field.name) for field in fields(out)]

    def part(chunk: slice) -> None:
        walk(*arguments, agent[chunk], query[chunk], *(column[chunk] for column in results))

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
