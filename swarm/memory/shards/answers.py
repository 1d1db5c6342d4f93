"""What an answer of many shards says: the neighbours, who was asked, who failed, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.vectors import Neighbours


class Costs(NamedTuple):
    """What a batch of queries cost.

    Attributes:
        messages: requests and answers between planner and shards; a batch is one to each shard.
        bytes: of these: a query 4·d + 8, a candidate 12.
        touches: queries times shards that searched for them, in both stages, hedged ones included.
        compared: distances to centroids, to find the route.
        scanned: vectors on the shards that searched, summed over touches: the distances that
            exact indexes compute, and a bound for others.
    """

    messages: int = 0
    bytes: int = 0
    touches: int = 0
    compared: int = 0
    scanned: int = 0


@dataclass(frozen=True)
class Answer:
    """The answer to Q queries for k neighbours on S shards.

    Attributes:
        neighbours: ids int64[Q, k] and distances float32[Q, k], as of any index.
        asked: bool[Q, S], the shards that each query went to.
        broad: int64[Q], shards asked for a few candidates only, in stage one.
        deep: int64[Q], shards asked for all k, in either stage.
        failed: shard to reason, for those that were asked and did not answer in time.
        degraded: bool[Q], whether a shard that should have been searched was not: it is dead,
            among the failed, or the table never heard of it. Where it is False the answer is as
            good as with all shards well, as far as the table is up to date.
        unreachable: float32[Q], what part of the nearest these are expected to hold.
        data_unreachable: the part of all vectors that lies on dead, failed or unheard-of shards,
            in 0..1.
        latency_ms: the slowest shard's time, summed over the stages (simulated milliseconds).
        costs: see `Costs`.
    """

    neighbours: Neighbours
    asked: NDArray[np.bool_]
    broad: NDArray[np.int64]
    deep: NDArray[np.int64]
    failed: Mapping[int, str]
    degraded: NDArray[np.bool_]
    unreachable: NDArray[np.float32]
    data_unreachable: float
    latency_ms: float
    costs: Costs

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of the neighbours, int64[Q, k], −1 where there are fewer."""
        return self.neighbours.ids

    @property
    def distances(self) -> NDArray[np.float32]:
        """The distances of the neighbours, float32[Q, k], ascending."""
        return self.neighbours.distances


@njit(cache=True, nogil=True)
def absorb(
    best_ids: NDArray[np.int64],
    best: NDArray[np.float32],
    rows: NDArray[np.int64],
    ids: NDArray[np.int64],
    distances: NDArray[np.float32],
) -> None:
    """Merge candidates into the best of each query, an id once, equal distances by id.

    Args:
        best_ids: int64[Q, k], written; −1 at the end where there are fewer.
        best: float32[Q, k], written; infinite at −1.
        rows: int64[m], the query of each row of candidates.
        ids: int64[m, j], candidates, −1 for none.
        distances: float32[m, j].
    """
    k = best.shape[1]
    for m in range(rows.size):
        row = rows[m]
        for j in range(ids.shape[1]):
            candidate, distance = ids[m, j], distances[m, j]
            if candidate < 0:
                continue
            place = k
            while place > 0 and (
                best_ids[row, place - 1] < 0
                or distance < best[row, place - 1]
                or (distance == best[row, place - 1] and candidate < best_ids[row, place - 1])
            ):
                place -= 1
            end = k - 1
            for p in range(k):
                if best_ids[row, p] == candidate:
                    end = p
                    break
            if best_ids[row, end] == candidate and place > end:
                continue  # known already, and no further away
            for p in range(end, place, -1):
                best[row, p], best_ids[row, p] = best[row, p - 1], best_ids[row, p - 1]
            if place < k:
                best[row, place], best_ids[row, place] = distance, candidate
