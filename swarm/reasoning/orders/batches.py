"""A batch: all orders that begin with one prefix, walked for all queries, its result in place.

A batch writes its own slice of the result and nothing else, from zero, so that it may be begun
again after its worker died, by anybody, and comes to the same bytes. Where queries stand after a
prefix that several batches share is kept on a board; whoever needs it first writes it there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Protocol

import numpy as np

from swarm.reasoning.orders.merged import merge
from swarm.reasoning.orders.remembering import remember
from swarm.reasoning.orders.trial import Judge, Trial
from swarm.reasoning.orders.trie import begin, descend

Arrays = Mapping[str, np.ndarray]


class Ranking(Protocol):
    """What a referee of any domain has to offer."""

    def ranks(self, scores: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """float64[n]: ranks of the truth of `queries[i]` in row i of float32[n, C]."""
        ...

    def credit(self, ranks: np.ndarray, queries: np.ndarray | None = None) -> np.ndarray:
        """float64[n]: what ranks are worth."""
        ...


@dataclass(frozen=True)
class Plan:
    """The batches of a search.

    Attributes:
        engines: K.
        depth: length of the prefixes.
        prefixes: int64[B, depth] in the order of a dictionary, so that batch b has the orders
            `b * leaves` to `(b + 1) * leaves`.
        leaves: orders in a batch.
    """

    engines: int
    depth: int
    prefixes: np.ndarray
    leaves: int

    @classmethod
    def of(cls, engines: int, depth: int) -> Plan:
        """Batches of one prefix of that length each; depth 0 is a single batch."""
        prefixes = np.array(list(permutations(range(engines), depth)), np.int64)
        leaves = math.factorial(engines - depth)
        return cls(engines, depth, prefixes.reshape(len(prefixes), depth), leaves)

    def __len__(self) -> int:
        return len(self.prefixes)

    @property
    def parents(self) -> int:
        """How many shorter prefixes the batches continue."""
        return len(self) // (self.engines - self.depth + 1) if self.depth else 1

    def result(self, queries: int, detail: bool) -> dict[str, np.ndarray]:
        """Room for what the batches come to."""
        orders, kept = len(self) * self.leaves, queries if detail else 0
        return {
            "credit": np.zeros(orders),
            "reciprocal": np.zeros(orders),
            "spent": np.zeros(orders, np.int64),
            "twice_each": np.zeros((len(self), kept, self.leaves if detail else 0), np.int32),
            "spent_each": np.zeros((len(self), kept, self.leaves if detail else 0), np.int32),
            "done": np.zeros(len(self), np.uint8),
            "seconds": np.zeros(len(self)),
            "steps": np.zeros(len(self), np.int64),
            "found": np.zeros(len(self), np.uint8),
        }

    def board(self, queries: int, candidates: int) -> dict[str, np.ndarray]:
        """Room for where queries stand after each shorter prefix."""
        shape = (self.parents, queries)
        return {
            "ready": np.zeros(self.parents, np.uint8),
            "state": np.zeros((*shape, candidates), np.float32),
            "fallen": np.zeros((*shape, candidates), np.float32),
            "asked": np.zeros(shape, np.int32),
            "settled": np.zeros(shape, np.bool_),
            "top": np.zeros(shape, np.int32),
            "margin": np.zeros(shape, np.float32),
        }


def do_batch(
    plan: Plan,
    batch: int,
    trial: Trial,
    judge: Judge | Ranking,
    result: Arrays,
    board: Arrays,
) -> None:
    """Walk a batch and write what it comes to; `done` is set last."""
    begun = time.process_time()
    prefix = plan.prefixes[batch, : max(plan.depth - 1, 0)].copy()
    only = int(plan.prefixes[batch, -1]) if plan.depth else -1
    parent = batch // (len(plan) // plan.parents)
    names = ("state", "fallen", "asked", "settled", "top", "margin")
    start = tuple(board[name][parent] for name in names)
    result["found"][batch] = board["ready"][parent]
    if not board["ready"][parent]:
        begin(prefix, trial.arrays, *start)
        board["ready"][parent] = 1
    mine = slice(batch * plan.leaves, (batch + 1) * plan.leaves)
    sums = tuple(result[name][mine] for name in ("credit", "reciprocal", "spent"))
    for column in sums:
        column[:] = 0
    detail = result["twice_each"][batch], result["spent_each"][batch]
    if isinstance(judge, Judge) and judge.merges(trial):
        walked = merge(prefix, only, trial.arrays, start, judge.arrays, sums, detail)
    elif isinstance(judge, Judge) and judge.remembers(trial):
        walked = remember(prefix, only, trial.arrays, start, judge.arrays, sums, detail)
    else:
        walked = _by_rows(prefix, only, plan.leaves, trial, start, judge, sums, detail)
    result["steps"][batch] = walked
    result["seconds"][batch] = time.process_time() - begun
    result["done"][batch] = 1


def _by_rows(
    prefix: np.ndarray,
    only: int,
    leaves: int,
    trial: Trial,
    start: tuple[np.ndarray, ...],
    judge: Judge | Ranking,
    sums: tuple[np.ndarray, ...],
    detail: tuple[np.ndarray, ...],
) -> int:
    """Every distinct outcome shown to a judge as scores."""
    walked = 0
    for q in range(len(trial)):
        one = tuple(column[q : q + 1] for column in start)
        rows, row_of, spent, steps = outcomes(prefix, only, leaves, trial.take(np.array([q])), one)
        if isinstance(judge, Judge):
            twice = judge.twice(rows, q)
            credit, reciprocal = judge.credits[judge.kind[q]][twice], 2.0 / twice
            if len(detail[0]):
                detail[0][q], detail[1][q] = twice[row_of], spent
        else:
            query = np.full(len(rows), q)
            ranks = judge.ranks(rows, query)
            credit, reciprocal = judge.credit(ranks, query), 1 / ranks
        for total, each in zip(sums, (credit, reciprocal), strict=False):
            total += each[row_of]
        sums[2][:] += spent
        walked += steps
    return walked


def outcomes(
    prefix: np.ndarray, only: int, leaves: int, trial: Trial, start: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """The distinct final scores of one query: no truth enters.

    Returns:
        float32[n, C]; int32[leaves], which of them each order ends with; int32[leaves], what it
        spent; and steps walked.
    """
    rows = np.empty((leaves, trial.scores.shape[2]), np.float32)
    row_of, spent = np.empty(leaves, np.int32), np.empty(leaves, np.int32)
    walked, number = descend(prefix, only, trial.arrays, start, rows, row_of, spent)
    return rows[:number].copy(), row_of, spent, walked
