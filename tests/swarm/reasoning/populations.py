"""Tables, strategies and hearsay for the tests of the walk: random ones and plain ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from swarm.genes import gate_network
from swarm.reasoning import (
    Answers,
    Block,
    GateNetworks,
    Hearsay,
    ScoreTable,
    Strategies,
    reason,
)

FIRST = np.array([0, 2, 3, 6, 7], np.int32)
"""Four engines with two, one, three and one variants."""
K, V = 4, 7
X = 6
"""What gates see: bias, margin, agreement, progress and two features."""
COSTS = np.array([10, 12, 22, 25, 10, 12], np.int32)


def random_table(rng: np.random.Generator, queries: int, candidates: int) -> ScoreTable:
    """Loud, quiet and silent engines (all zero), and at least one open candidate a query."""
    open_ = rng.random((queries, candidates)) < 0.8
    open_[np.arange(queries), rng.integers(0, candidates, queries)] = True
    scores = rng.normal(size=(queries, V, candidates)).astype(np.float32) * open_[:, None]
    scores *= rng.choice(np.array([0, 1, 1, 1, 5], np.float32), (queries, V, 1))
    return ScoreTable(
        scores=scores,
        first=FIRST,
        favourite=np.where(open_[:, None], scores, -np.inf).argmax(axis=2).astype(np.int16),
        against=rng.random((queries, candidates)).astype(np.float32),
        inverted=rng.normal(size=(queries, candidates)).astype(np.float32),
        features=rng.normal(size=(queries, 2)).astype(np.float32),
        block=Block(
            rng.integers(0, candidates, queries).astype(np.int32),
            rng.integers(0, 4, queries).astype(np.int32),
            open_,
        ),
        feature_names=("one", "other"),
        echo=rng.normal(size=(K, 4, candidates, candidates)).astype(np.float32),
        echo_row=rng.integers(0, 4, queries).astype(np.int32),
    )


def networks(rng: np.random.Generator, n: int) -> GateNetworks:
    """Gates with and without hidden nodes, bred for some generations."""
    locus = gate_network(X - 1, K + 1)
    column = locus.sample(n, rng)
    for _ in range(5):
        column = locus.mutate(column, rng, 0.2, 1.0)
    return GateNetworks.compile(X - 1, K + 1, *locus.wiring(column))


def no_networks(n: int) -> GateNetworks:
    """Rows for agents whose gates are all linear."""
    none = np.zeros(0, np.int32)
    bias = np.zeros((n, K + 1))
    start = np.zeros(n + 1, np.int32)
    return GateNetworks.compile(X - 1, K + 1, start, none, none, np.zeros(0), bias)


def random_strategies(rng: np.random.Generator, n: int) -> Strategies:
    """Of every kind: gates shut and open, beams narrow and wide, protocols on and off."""

    def real(low: float, high: float, *shape: int) -> np.ndarray:
        return rng.uniform(low, high, shape).astype(np.float32)

    def protocol(high: float) -> np.ndarray:
        return real(0, high, n) * (rng.random(n) < 0.6)

    return Strategies(
        order=np.array([rng.permutation(K) for _ in range(n)], np.int8).reshape(n, K),
        length=rng.integers(1, K + 1, n).astype(np.int32),
        variant=rng.integers(0, np.diff(FIRST), (n, K)).astype(np.int16),
        weight=real(0.3, 3, n, K),
        beam=real(0.2, 6, n, K),
        commit=real(0.1, 8, n, K),
        gate=real(-1.5, 1.5, n, K + 1, X) * (rng.random((n, 1, 1)) < 0.7),
        networked=rng.random(n) < 0.4,
        networks=networks(rng, n),
        consensus=real(0.1, 1, n),
        novelty=protocol(0.6),
        council=protocol(2),
        inversion=protocol(2),
        trust=protocol(1),
        memory=protocol(1),
    )


def random_hearsay(rng: np.random.Generator, table: ScoreTable, agents: int) -> Hearsay:
    queries, candidates = table.block.open.shape
    shape = (2, queries, candidates)
    count = rng.integers(0, 4, shape) * (rng.random(shape) < 0.3)
    keys = table.block.key
    return Hearsay(
        count=count.astype(np.int32),
        weight=(count * rng.random(shape)).astype(np.float32),
        replica=rng.integers(0, 2, agents),
        key=rng.choice(np.append(keys, -1), (agents, 5)),
        answer=rng.integers(0, candidates, (agents, 5)).astype(np.int32),
        confidence=rng.random((agents, 5)).astype(np.float32),
        sealed=np.asarray(rng.random(queries) < 0.4),
    )


def plain(**columns: Any) -> Strategies:
    """One strategy that uses the first engine once and leaves what it says as it is."""
    neutral: dict[str, Any] = {
        "order": np.arange(K, dtype=np.int8)[None],
        "length": np.ones(1, np.int32),
        "variant": np.zeros((1, K), np.int16),
        "weight": np.ones((1, K), np.float32),
        "beam": np.full((1, K), 1e3, np.float32),
        "commit": np.full((1, K), 1e3, np.float32),
        "gate": np.zeros((1, K + 1, X), np.float32),
        "networked": np.zeros(1, bool),
        "consensus": np.ones(1, np.float32),
        **{
            name: np.zeros(1, np.float32)
            for name in ("novelty", "council", "inversion", "trust", "memory")
        },
    }
    for name, value in columns.items():
        column = neutral[name]
        neutral[name] = np.broadcast_to(np.asarray(value, column.dtype), column.shape).copy()
    return Strategies(**neutral, networks=no_networks(1))


def everybody(table: ScoreTable, agents: int) -> tuple[np.ndarray, np.ndarray]:
    """Every agent on every query."""
    return np.repeat(np.arange(agents), len(table)), np.tile(np.arange(len(table)), agents)


def on_all(strategy: Strategies, table: ScoreTable, hearsay: Hearsay | None = None) -> Answers:
    return reason(strategy, table, COSTS, *everybody(table, len(strategy)), hearsay)


def engines_used(answers: Answers) -> list[list[int]]:
    return [[e for e in range(K) if used >> e & 1] for used in answers.used.tolist()]
