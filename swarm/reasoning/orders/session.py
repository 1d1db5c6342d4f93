"""A session: one problem, one strategy, block after block of queries, nothing done twice.

Four levels, each with its own hit rate:

- engine: what the chosen variants say of a query, by evidence version, variant and query;
- sequence: the distinct final scores that the orders of a query lead to, by the content of the
  query; no truth is in them, so they serve whatever answer is judged;
- validation: rank and cost of every order for a query, by content and judgement;
- shared: where queries stand after a prefix, on the board that workers share within one search.

A query is looked for in validation, then in sequence, and walked if it is in neither; one that a
block asks again is a hit in validation. Results are those of `search_orders`, to the bit.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np

from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.orders.batches import outcomes
from swarm.reasoning.orders.cache import ROOM, Cache, Rate
from swarm.reasoning.orders.search import OrderSearch, search_trial
from swarm.reasoning.orders.trial import Judge, OrdersError, Trial, all_orders
from swarm.reasoning.orders.trie import begin
from swarm.reasoning.queries import Block
from swarm.reasoning.referee import Referee
from swarm.reasoning.strategy import Strategies

Columns = tuple[np.ndarray, ...]


class OrderSession:
    """Order searches on one problem that remember what they have seen.

    Args:
        version: names the evidence, such as `evidence.version`.
        table: scores of a block of queries, such as `faculties.table`.
        costs: int32[K + 2] compute units (`Faculties.costs`).
        strategy: N = 1.
        room: bytes for each level that keeps anything.
    """

    def __init__(
        self,
        version: str,
        table: Callable[[Block], ScoreTable],
        costs: np.ndarray,
        strategy: Strategies,
        room: int = ROOM,
    ):
        self.table = table
        self.costs = costs
        self.strategy = strategy
        self._engine: Cache[Columns] = Cache(room)
        self._sequence: Cache[Columns] = Cache(room)
        self._validation: Cache[Columns] = Cache(room)
        self._shared = Rate()
        self._version = _digest(version.encode(), strategy.variant)
        self._echo: np.ndarray | None = None

    @property
    def rates(self) -> dict[str, Rate]:
        """Hits and misses of each level so far."""
        return {
            "engine": self._engine.rate,
            "sequence": self._sequence.rate,
            "validation": self._validation.rate,
            "shared": self._shared,
        }

    @property
    def rate(self) -> Rate:
        """Queries answered from validation or sequence, and queries that had to be walked."""
        missed = self._sequence.rate.misses
        return Rate(self._validation.rate.lookups - missed, missed)

    def search(self, block: Block, referee: Referee, workers: int = 1) -> OrderSearch:
        """What every order earns on a block; as `search_orders` of its table.

        Raises:
            OrdersError: no queries, or a referee some of whose truths are no candidates.
        """
        if not Judge.fits(referee):
            raise OrdersError("a session needs a Referee whose truths are all candidates")
        if not len(block):
            raise OrdersError("no queries: a block has at least one")
        trial = self._trial(block)
        judge = Judge.of(referee, np.arange(len(block)))
        keys = [_judgement(trial, judge, q) for q in range(len(trial))]
        known: dict[bytes, Columns | None] = {}
        missing: list[int] = []
        steps = 0
        for q, key in enumerate(keys):
            if key in known:  # asked before in this block
                self._validation.rate += Rate(hits=1)
                continue
            known[key] = self._validation.find(key)
            if known[key] is not None:
                continue
            sequence = self._sequence.find(_content(trial, q))
            if sequence is None and workers == 1:
                rows, row_of, spent, walked = _walk(trial.take(np.array([q])))
                sequence = (rows, row_of, spent)
                self._sequence.keep(_content(trial, q), sequence)
                steps += walked
            if sequence is None:
                missing.append(q)
            else:
                known[key] = self._judged(judge, q, key, *sequence)
        seconds, loads, shared = np.zeros(1), np.zeros(workers), Rate()
        if missing:
            left = np.array(missing)
            done = search_trial(trial.take(left), judge.take(left), workers=workers, detail=True)
            assert done.twice is not None
            assert done.spent is not None
            steps, seconds, loads, shared = done.steps, done.seconds, done.loads, done.shared
            for row, q in enumerate(missing):
                known[keys[q]] = self._keep(keys[q], done.twice[row], done.spent[row])
        self._shared += shared
        orders = all_orders(trial.scores.shape[1])
        credit, reciprocal = np.zeros(len(orders)), np.zeros(len(orders))
        cost = np.zeros(len(orders), np.int64)
        for q, key in enumerate(keys):
            columns = known[key]
            assert columns is not None
            twice, paid = columns
            credit += judge.credits[judge.kind[q]][twice]
            reciprocal += 2.0 / twice
            cost += paid
        Q = len(block)
        return OrderSearch(
            orders, credit / Q, reciprocal / Q, cost / Q, steps, seconds, loads, 0, 0, shared
        )

    def _trial(self, block: Block) -> Trial:
        """The trial of a block; the table is only asked for queries not seen before."""
        keys = [
            _digest(self._version, block.relation[q], block.source[q], block.open[q])
            for q in range(len(block))
        ]
        kept: dict[bytes, Columns | None] = {}
        asked = []
        for q, key in enumerate(keys):
            if key in kept:  # asked before in this block
                self._engine.rate += Rate(hits=1)
                continue
            kept[key] = self._engine.find(key)
            if kept[key] is None:
                asked.append(q)
        if asked or self._echo is None:
            part = _part(block, np.array(asked if asked else [0]))
            new = Trial.of(self.strategy, self.table(part), self.costs)
            self._echo = new.echo
            self._settings = new
            for row, q in enumerate(asked):
                made = (new.scores[row], new.open[row], new.echo_row[row : row + 1])
                kept[keys[q]] = made
                self._engine.keep(keys[q], made)
        columns = [each for each in (kept[key] for key in keys) if each is not None]
        return replace(
            self._settings,
            scores=np.stack([scores for scores, _, _ in columns]),
            open=np.stack([open_ for _, open_, _ in columns]),
            echo_row=np.concatenate([row for _, _, row in columns]),
        )

    def _judged(
        self, judge: Judge, q: int, key: bytes, rows: np.ndarray, row_of: np.ndarray,
        spent: np.ndarray,
    ) -> Columns:  # fmt: skip
        return self._keep(key, judge.twice(rows, q)[row_of], spent)

    def _keep(self, key: bytes, twice: np.ndarray, spent: np.ndarray) -> Columns:
        known = (twice.copy(), spent.copy())
        self._validation.keep(key, known)
        return known


def _walk(one: Trial) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    _, engines, candidates = one.scores.shape
    start = (
        np.empty((1, candidates), np.float32),
        np.empty((1, candidates), np.float32),
        np.empty(1, np.int32),
        np.empty(1, np.bool_),
        np.empty(1, np.int32),
        np.empty(1, np.float32),
    )
    nothing = np.empty(0, np.int64)
    begin(nothing, one.arrays, *start)
    return outcomes(nothing, -1, math.factorial(engines), one, start)


def _part(block: Block, rows: np.ndarray) -> Block:
    columns = {field.name: getattr(block, field.name) for field in fields(block)}
    taken = {name: column[rows] for name, column in columns.items() if column is not None}
    return replace(block, **taken)


def _content(trial: Trial, q: int) -> bytes:
    return _digest(trial.scores[q], trial.open[q], trial.echo_row[q])


def _judgement(trial: Trial, judge: Judge, q: int) -> bytes:
    return _digest(_content(trial, q), judge.truth[q], judge.counted[q])


def _digest(*parts: bytes | np.ndarray | np.generic) -> bytes:
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(part if isinstance(part, bytes) else part.tobytes())
    return made.digest()
