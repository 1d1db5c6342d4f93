"""Who does which batch: longest first beforehand, stealing on the way.

Longest processing time first (Graham 1969, "Bounds on multiprocessing timing anomalies", SIAM J.
Appl. Math. 17): batches are given out from the longest to the shortest, each to the worker with
the least to do so far. The makespan is at most 4/3 - 1/(3m) times the best there is for m
workers. Costs are estimates, so a worker that has run dry steals the longest batch left of the
one with the most to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heapify, heapreplace

import numpy as np


def longest_first(costs: np.ndarray, workers: int) -> list[list[int]]:
    """The batches of each worker, the longest first; O(n log n).

    Args:
        costs: float[n], what each batch is thought to cost.
        workers: how many share them, at least 1.
    """
    if workers < 1:
        raise ValueError(f"{workers} workers: at least one is needed, such as workers=1")
    given: list[list[int]] = [[] for _ in range(workers)]
    loads = [(0.0, worker) for worker in range(workers)]
    heapify(loads)
    for batch in np.argsort(-np.asarray(costs, float), kind="stable").tolist():
        load, worker = loads[0]
        given[worker].append(batch)
        heapreplace(loads, (load + float(costs[batch]), worker))
    return given


def lower_bound(costs: np.ndarray, workers: int) -> float:
    """No schedule of whole batches ends sooner: the mean load, or the longest batch."""
    costs = np.asarray(costs, float)
    return max(float(costs.sum()) / workers, float(costs.max(initial=0.0)))


class Stealing:
    """Batches still to be done, as longest-first gave them out, and who takes which next.

    Attributes:
        stolen: batches that were taken by another worker than they were given to.
    """

    def __init__(self, costs: np.ndarray, workers: int):
        self.costs = np.asarray(costs, float)
        self.queues = [deque(batches) for batches in longest_first(costs, workers)]
        self.stolen = 0

    def __len__(self) -> int:
        return sum(map(len, self.queues))

    def take(self, worker: int) -> int | None:
        """The next batch of a worker, stolen if it has none of its own; None if none is left."""
        own = self.queues[worker]
        if own:
            return own.popleft()
        richest = max(self.queues, key=lambda queue: (sum(self.costs[list(queue)]), len(queue)))
        if not richest:
            return None
        self.stolen += 1
        return richest.popleft()

    def give_back(self, batch: int, worker: int) -> None:
        """A batch whose worker died before it was done: it comes first again."""
        self.queues[worker].appendleft(batch)


def makespan(estimates: np.ndarray, costs: np.ndarray, workers: int) -> float:
    """When the last worker ends, if batches are given out by estimates and take what they cost."""
    stealing = Stealing(estimates, workers)
    free = [(0.0, worker) for worker in range(workers)]
    heapify(free)
    last = 0.0
    while True:
        now, worker = free[0]
        batch = stealing.take(worker)
        if batch is None:
            return last
        end = now + float(costs[batch])
        last = max(last, end)
        heapreplace(free, (end, worker))


def spread_of(loads: Sequence[float], costs: np.ndarray) -> float:
    """How many times longer than the lower bound the busiest worker was at work."""
    bound = lower_bound(costs, len(loads))
    return max(loads) / bound if bound > 0 else 1.0
