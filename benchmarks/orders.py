"""Order search beside the same orders one by one, balance of its batches, and what caches save.

The peer is `reason` and the referee for every order of every query, single-threaded. Both must
agree to the bit before they are timed. Times are of the processor, the best of several runs of
both; compiling is done by a warm-up, and told apart.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.rows import Row
from experiments.reasoning.orders import plain_strategy
from swarm.reasoning import Problem, Referee, Strategies, ask, judge, load_graph, reason
from swarm.reasoning.orders import (
    OrderSession,
    all_orders,
    lower_bound,
    search_orders,
)
from swarm.reasoning.orders.balance import makespan
from swarm.reasoning.orders.batches import Plan
from swarm.reasoning.orders.search import pilot
from swarm.reasoning.orders.trial import Trial

GRAPHS = ("umls", "kinships")
SETTINGS = {"tight": (2.0, 1.0, 0.0), "plain": (3.0, 1.5, 0.0), "remembering": (3.0, 1.5, 0.5)}
"""Beam, commit and memory."""

GOAL, BALANCE_GOAL, HITS_GOAL = 15.0, 1.05, 0.7


def rows(quick: bool) -> Iterator[Row]:
    """Rows of the benchmark; in under a minute if `quick`."""
    for graph in GRAPHS[:1] if quick else GRAPHS:
        whole = load_graph(graph)
        problem = Problem.pose(whole)
        rng = np.random.default_rng(0)
        queries = np.sort(rng.permutation(len(problem.table))[: 20 if quick else 100])
        for name, setting in SETTINGS.items():
            yield _speed(f"{graph}, {name}", problem, setting, queries, 1 if quick else 3)
        for workers in (2, 4):
            yield _balance(graph, problem, queries, workers)
        yield _hits(graph, problem, whole.valid, whole.train, rng, 5 if quick else 25)


def _speed(
    name: str, problem: Problem, setting: tuple[float, ...], queries: np.ndarray, times: int
) -> Row:
    strategy = plain_strategy(problem, *setting)
    begun = time.process_time()
    _ours(strategy, problem, queries[:1])
    _theirs(strategy, problem, queries[:1])
    compiled = time.process_time() - begun
    seconds, peer_seconds = [], []
    for _ in range(times):
        begun = time.process_time()
        ours = _ours(strategy, problem, queries)
        seconds.append(time.process_time() - begun)
        begun = time.process_time()
        theirs = _theirs(strategy, problem, queries)
        peer_seconds.append(time.process_time() - begun)
    best, peer = min(seconds), min(peer_seconds)
    number = ours[0].size * len(queries)
    return Row(
        f"{name}: 5,040 orders, {len(queries)} queries, ns an order and query",
        best / number * 1e9,
        peer=peer / number * 1e9,
        ratio=peer / best,
        checks={
            "credit, ranks and costs are the same bits": all(
                a.tobytes() == b.tobytes() for a, b in zip(ours, theirs, strict=True)
            ),
            "spread of MRR": float(np.ptp(ours[1])),
        },
        goal=GOAL,
        notes={"peer": "reason, order by order", "compile_s": compiled, "runs": times},
    )


def _ours(strategy: Strategies, problem: Problem, queries: np.ndarray) -> tuple[np.ndarray, ...]:
    found = search_orders(
        strategy, problem.table, problem.faculties.costs, problem.referee, queries=queries
    )
    return found.credit, found.mrr, found.cost


def _theirs(strategy: Strategies, problem: Problem, queries: np.ndarray) -> tuple[np.ndarray, ...]:
    orders = all_orders(strategy.order.shape[1])
    many = replace(strategy.take(np.zeros(len(orders), int)), order=orders)
    agents = np.arange(len(orders))
    credit, reciprocal, cost = np.zeros((3, len(orders)))
    for query in queries:
        same = np.full(len(orders), query)
        answers = reason(many, problem.table, problem.faculties.costs, agents, same, threads=1)
        ranks = problem.referee.ranks(answers.scores, same)
        credit += problem.referee.credit(ranks, same)
        reciprocal += 1 / ranks
        cost += answers.spent
    return credit / len(queries), reciprocal / len(queries), cost / len(queries)


def _balance(graph: str, problem: Problem, queries: np.ndarray, workers: int) -> Row:
    """The schedule that the estimates make of what the batches really take."""
    strategy = plain_strategy(problem)
    found = search_orders(
        strategy, problem.table, problem.faculties.costs, problem.referee, queries=queries, depth=3
    )
    plan = Plan.of(strategy.order.shape[1], 3)
    trial = Trial.of(strategy, problem.table, problem.faculties.costs).take(queries)
    reached = makespan(pilot(plan, trial), found.seconds, workers)
    bound = lower_bound(found.seconds, workers)
    return Row(
        f"{graph}: makespan of 210 batches on {workers} workers over the lower bound",
        reached / bound,
        peer=1.0,
        ratio=bound / reached,
        checks={"within the goal": reached <= BALANCE_GOAL * bound},
        goal=BALANCE_GOAL,
        notes={"batch_ms": float(found.seconds.mean() * 1e3), "costs": "measured CPU seconds"},
    )


def _hits(
    graph: str, problem: Problem, facts: np.ndarray, known: np.ndarray,
    rng: np.random.Generator, blocks: int,
) -> Row:  # fmt: skip
    """A session whose blocks of facts are drawn by popularity, 1 / rank."""
    session = OrderSession(
        problem.evidence.version,
        problem.faculties.table,
        problem.faculties.costs,
        plain_strategy(problem),
    )
    facts = facts[rng.permutation(len(facts))[:100]]
    popularity = 1 / np.arange(1, len(facts) + 1)
    both = np.concatenate([known, facts])
    same = True
    for _ in range(blocks):
        drawn = facts[rng.choice(len(facts), 10, p=popularity / popularity.sum())]
        block = ask(drawn, problem.evidence)
        referee: Referee = judge(drawn, both, problem.evidence)
        found = session.search(block, referee)
    plain = search_orders(
        session.strategy, problem.faculties.table(block), problem.faculties.costs, referee
    )
    same = plain.credit.tobytes() == found.credit.tobytes()
    return Row(
        f"{graph}: hit rate over {blocks} blocks of 20 similar queries",
        session.rate.share,
        checks={
            "as without caches": same,
            **{name: rate.share for name, rate in session.rates.items() if rate.lookups},
        },
        goal=HITS_GOAL,
        notes={"similar": "facts drawn with popularity 1 / rank out of 100"},
    )
