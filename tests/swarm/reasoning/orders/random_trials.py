"""Random strategies, tables and referees with any number of engines, and the plain search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from swarm.reasoning import Block, GateNetworks, Referee, ScoreTable, Strategies, reason
from swarm.reasoning.orders import all_orders


def random_table(rng: np.random.Generator, engines: int, queries: int, candidates: int):
    """Two variants an engine; some engines silent, some candidates scored alike by all."""
    open_ = rng.random((queries, candidates)) < 0.85
    open_[np.arange(queries), rng.integers(0, candidates, queries)] = True
    scores = rng.normal(size=(queries, 2 * engines, candidates)).astype(np.float32)
    scores *= rng.choice(np.array([0, 1, 1, 2], np.float32), (queries, 2 * engines, 1))
    scores[..., rng.random(candidates) < 0.2] = 0.25
    scores = np.where(open_[:, None], scores, 0)
    return ScoreTable(
        scores=scores,
        first=np.arange(0, 2 * engines + 1, 2).astype(np.int32),
        favourite=np.where(open_[:, None], scores, -np.inf).argmax(axis=2).astype(np.int16),
        against=np.zeros((queries, candidates), np.float32),
        inverted=np.zeros((queries, candidates), np.float32),
        features=np.zeros((queries, 0), np.float32),
        block=Block(
            rng.integers(0, 5, queries).astype(np.int32),
            rng.integers(0, 3, queries).astype(np.int32),
            open_,
        ),
        echo=rng.normal(size=(engines, 3, candidates, candidates)).astype(np.float32),
        echo_row=rng.integers(0, 3, queries).astype(np.int32),
    )


def random_referee(rng: np.random.Generator, queries: int, candidates: int) -> Referee:
    truth = rng.integers(0, candidates, queries).astype(np.int32)
    counted = rng.random((queries, candidates)) < 0.9
    counted[np.arange(queries), truth] = True
    return Referee(truth, counted, rng.integers(0, 3, queries).astype(np.int32))


def random_strategy(rng: np.random.Generator, engines: int, memory: float = 0.0) -> Strategies:
    def real(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (1, engines)).astype(np.float32)

    none, row = np.zeros(0, np.int32), np.zeros(1, np.float32)
    networks = GateNetworks.compile(
        3, engines + 1, np.zeros(2, np.int32), none, none, np.zeros(0), np.zeros((1, engines + 1))
    )
    equal = rng.random() < 0.5
    return Strategies(
        order=np.arange(engines, dtype=np.int8)[None],
        length=np.full(1, engines, np.int32),
        variant=rng.integers(0, 2, (1, engines)).astype(np.int16),
        weight=np.ones((1, engines), np.float32) if equal else real(0, 2),
        beam=real(0.3, 4),
        commit=real(0.2, 2) if rng.random() < 0.7 else np.full((1, engines), 50, np.float32),
        gate=np.zeros((1, engines + 1, 4), np.float32),
        networked=np.zeros(1, bool),
        networks=networks,
        consensus=np.full(1, rng.choice([0.3, 1]), np.float32),
        novelty=row,
        council=row,
        inversion=row,
        trust=row,
        memory=np.full(1, memory, np.float32),
    )


def plain_search(
    strategy: Strategies, table: ScoreTable, costs: np.ndarray, referee: Referee
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Credit, reciprocal rank, cost and twice the rank of every order: `reason`, order by order."""
    orders = all_orders(strategy.order.shape[1])
    many = replace(strategy.take(np.zeros(len(orders), int)), order=orders)
    credit, reciprocal, cost = np.zeros((3, len(orders)))
    twice = np.empty((len(table), len(orders)), int)
    agents = np.arange(len(orders))
    for q in range(len(table)):
        queries = np.full(len(orders), q)
        answers = reason(many, table, costs, agents, queries, threads=1)
        ranks = referee.ranks(answers.scores, queries)
        credit += referee.credit(ranks, queries)
        reciprocal += 1 / ranks
        cost += answers.spent
        twice[q] = 2 * ranks
    Q = len(table)
    return credit / Q, reciprocal / Q, cost / Q, twice
