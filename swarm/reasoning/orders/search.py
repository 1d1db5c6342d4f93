"""Order search: what one strategy earns in every order of its engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.orders.balance import spread_of
from swarm.reasoning.orders.batches import Plan, Ranking, do_batch
from swarm.reasoning.orders.cache import Rate
from swarm.reasoning.orders.trial import Judge, OrdersError, Trial, all_orders
from swarm.reasoning.orders.workers import work
from swarm.reasoning.strategy import Strategies
from swarm.shared_arrays import SharedArrays, SharedArraysError

DEPTH = 3
"""Length of the prefix of a batch: 210 batches for seven engines, so that four workers can end
within a few batches' length of each other."""

PILOT = 4
"""Queries whose steps are counted to guess what the batches cost; a 64th of all, if more."""


@dataclass(frozen=True)
class OrderSearch:
    """What came of every order, in the order of a dictionary.

    Attributes:
        orders: int8[N, K].
        credit: float64[N], mean credit by the referee.
        mrr: float64[N], mean reciprocal rank among what the referee counts.
        cost: float64[N], mean compute units a query.
        steps: steps walked; order by order it would have been up to N * K a query.
        seconds: float64[B], CPU seconds of each batch; loads: float64[workers], of each worker.
        deaths, stolen: workers that died, batches that were stolen.
        shared: how often a batch found its beginning on the board, written by another batch.
        twice, spent: int32[Q, N], twice the rank and the cost of every query, if asked for.
    """

    orders: np.ndarray
    credit: np.ndarray
    mrr: np.ndarray
    cost: np.ndarray
    steps: int
    seconds: np.ndarray
    loads: np.ndarray
    deaths: int
    stolen: int
    shared: Rate
    twice: np.ndarray | None = None
    spent: np.ndarray | None = None

    @property
    def imbalance(self) -> float:
        """CPU seconds of the busiest worker over the lower bound of the makespan."""
        return spread_of(self.loads.tolist(), self.seconds)


def search_orders(
    strategy: Strategies,
    table: ScoreTable,
    costs: np.ndarray,
    referee: Ranking,
    *,
    queries: np.ndarray | None = None,
    workers: int = 1,
    depth: int | None = None,
    detail: bool = False,
    progress: Callable[[int, int], None] | None = None,
    watch: Callable[[list[int]], None] | None = None,
) -> OrderSearch:
    """Run one strategy in every order of its engines, the gate off.

    What an order comes to is what `reason` comes to for it with a gate of zero and the length of
    all engines, to the bit; sums over queries are added in their order. Results do not depend on
    `workers` or `depth`, nor on workers being killed.

    Args:
        strategy: N = 1; its order, length and gate are left aside.
        table: scores of the queries.
        costs: int32[K + 2] compute units (`Faculties.costs`).
        referee: judge of the table's queries; of any domain, but a `Referee` is faster.
        queries: int[Q] rows of the table to try; all if left out.
        workers: processes; 1 works in this one.
        depth: length of the prefix of a batch, 0 to K; `DEPTH` if left out, 0 for one worker.
        detail: keep rank and cost of every query and order; needs a `Referee`.
        progress: is told how many batches are done, of how many.
        watch: is told the process ids of the workers whenever one starts.

    Raises:
        OrdersError: nothing to ask, a strategy that has no orders to search, no room in shared
            memory, or a batch that kills every worker.
    """
    rows = np.arange(len(table)) if queries is None else np.asarray(queries, np.int64)
    return search_trial(
        Trial.of(strategy, table, costs).take(rows),
        _Chosen(referee, rows) if not Judge.fits(referee) else _tabulated(referee, rows),
        workers=workers,
        depth=depth,
        detail=detail,
        progress=progress,
        watch=watch,
    )


def search_trial(
    trial: Trial,
    judge: Judge | Ranking,
    *,
    workers: int = 1,
    depth: int | None = None,
    detail: bool = False,
    progress: Callable[[int, int], None] | None = None,
    watch: Callable[[list[int]], None] | None = None,
) -> OrderSearch:
    """`search_orders` of a trial at hand; the judge knows its queries by their rows in it."""
    say = progress or (lambda done, batches: None)
    Q, K, C = trial.scores.shape
    if not Q:
        raise OrdersError("no queries: give at least one, such as queries=[0]")
    if workers < 1:
        raise OrdersError(f"{workers} workers: at least one is needed, such as workers=1")
    if detail and not isinstance(judge, Judge):
        raise OrdersError("detail needs a Referee whose truths are all candidates")
    if depth is None:
        depth = min(DEPTH, K - 1) if workers > 1 else 0
    if not 0 <= depth <= K:
        raise OrdersError(f"depth {depth}: a prefix of {K} engines has 0 to {K} of them")
    plan = Plan.of(K, depth)
    room = {**plan.result(Q, detail), **plan.board(Q, C)}
    if workers == 1:
        for batch in range(len(plan)):
            do_batch(plan, batch, trial, judge, room, room)
            say(batch + 1, len(plan))
        loads, deaths, stolen = np.array([room["seconds"].sum()]), 0, 0
    else:
        estimates = pilot(plan, trial)
        contents = {f"trial.{name}": np.asarray(getattr(trial, name)) for name in trial.names}
        if isinstance(judge, Judge):
            contents |= {f"judge.{name}": getattr(judge, name) for name in judge.names}
        referee = None if isinstance(judge, Judge) else judge
        with _laid_out({**contents, **room}) as shared:
            crew = work(plan, estimates, shared, referee, workers, say, watch)
            room = {name: shared.arrays[name].copy() for name in plan.result(Q, detail)}
        loads, deaths, stolen = crew.loads, crew.deaths, crew.stolen
    found = int(room["found"].sum())
    return OrderSearch(
        all_orders(K),
        room["credit"] / Q,
        room["reciprocal"] / Q,
        room["spent"] / Q,
        int(room["steps"].sum()),
        room["seconds"],
        loads,
        deaths,
        stolen,
        Rate(found, len(plan) - found),
        np.concatenate(room["twice_each"], axis=1) if detail else None,
        np.concatenate(room["spent_each"], axis=1) if detail else None,
    )


def _laid_out(arrays: dict[str, np.ndarray]) -> SharedArrays:
    try:
        return SharedArrays.of(arrays)
    except SharedArraysError as error:
        raise OrdersError(f"{error}: try fewer queries, or workers=1, which shares none") from error


def pilot(plan: Plan, trial: Trial) -> np.ndarray:
    """float64[B]: what each batch costs a query, in steps counted on a sample of the queries."""
    Q, _, C = trial.scores.shape
    sample = np.linspace(0, Q - 1, min(Q, max(PILOT, Q // 64))).astype(int)
    few = trial.take(sample)
    judge = Judge.anything(len(sample), C)
    room = {**plan.result(len(sample), False), **plan.board(len(sample), C)}
    for batch in range(len(plan)):
        do_batch(plan, batch, few, judge, room, room)
    return 1 + room["steps"] / len(sample)


@dataclass(frozen=True)
class _Chosen:
    """A referee who sees only some of the queries, by their number among them."""

    referee: Ranking
    rows: np.ndarray

    def ranks(self, scores: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """Ranks by the referee."""
        return self.referee.ranks(scores, self.rows if queries is None else self.rows[queries])

    def credit(self, ranks: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """Credit by the referee."""
        return self.referee.credit(ranks, self.rows if queries is None else self.rows[queries])


def _tabulated(referee: Ranking, rows: np.ndarray) -> Judge:
    return Judge.of(referee, rows)  # type: ignore[arg-type]
