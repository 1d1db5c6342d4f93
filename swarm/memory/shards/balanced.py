"""Shards that can be evened out: planned moves, taken step by step.

Guarantees: planning moves nothing; what is planned copies at most `bytes_max` (members that come
while it is under way are copied besides); between any two steps, and after one that failed halfway,
every vector is found exactly once (see `moving`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.holdings import Holdings
from swarm.memory.shards.moving import DONE, SWITCH, Move, advance
from swarm.memory.shards.rebalancing import plan
from swarm.memory.shards.table import DEAD


class Rebalance(NamedTuple):
    """What a rebalancing is to do: its moves, their bytes, and max/mean load before and after."""

    moves: list[Move]
    bytes: int
    before: float
    after: float


class Balanced(Holdings):
    """Holdings whose clusters move from full shards to light ones.

    >>> plan = shards.rebalance(rng, bytes_max=10_000_000)
    >>> while shards.step():  # searches may come in between
    ...     pass
    """

    def rebalance(
        self, rng: np.random.Generator, bytes_max: float, tolerance: float = 1.1
    ) -> Rebalance:
        """Plan moves from full shards to light or spare ones; `step` or `settle` makes them.

        Clusters of an overfull shard that are too large to move are halved first, which moves
        nothing. Dead shards neither give nor receive.

        Args:
            rng: draws the seeds of the halves.
            bytes_max: that all moves together may copy, in vectors and ids of all copies.
            tolerance: above 1; shards within this many times the mean are left alone.

        Raises:
            ShardError: while earlier moves are under way, or for a tolerance of 1 or less.
        """
        if self.moves:
            raise ShardError(f"{len(self.moves)} moves are under way: settle() them first")
        if not tolerance > 1.0:
            raise ShardError(f"tolerance is above 1, such as 1.1; got {tolerance}")
        loads = self.placement.loads()
        mean = loads.sum() / loads.size
        grain = max(1.0, (tolerance - 1.0) * mean)
        dead = self.table.health == DEAD
        overfull = np.flatnonzero((loads > tolerance * mean) & ~dead)
        for shard in overfull.tolist():
            self._halve(shard, grain, rng)
        self.publish(overfull)
        each = (4 * self.table.centroids.shape[2] + 8) * len(self.copies[0])
        self.moves = plan(self.placement, each, bytes_max, tolerance, dead)
        after = loads.copy()
        for move in self.moves:
            after[move.source] -= self.placement.size[move.cluster]
            after[move.target] += self.placement.size[move.cluster]
        moved = int(sum(self.placement.size[move.cluster] for move in self.moves)) * each
        scale = max(float(mean), 1e-9)
        before, behind = float(loads.max() / scale), float(after.max() / scale)
        return Rebalance(list(self.moves), moved, before, behind)

    def step(self) -> bool:
        """Take one step of the first move; whether more are left.

        If a shard fails meanwhile its error is raised, and the step may be taken again.
        """
        if not self.moves:
            return False
        move = self.moves[0]
        ahead, copied = advance(move, self.placement, self.copies)
        self.bytes_moved += copied * (4 * self.table.centroids.shape[2] + 8)
        self.moves[0] = ahead
        if ahead.step == DONE:
            self.moves.pop(0)
        if move.step >= SWITCH:
            self.publish(np.append(self._refine(), [move.target, move.source]))
        return bool(self.moves)

    def settle(self) -> None:
        """Finish all moves."""
        while self.step():
            pass

    def _halve(self, shard: int, grain: float, rng: np.random.Generator) -> None:
        """Split a shard's large clusters, where possible until none has more than `grain`.

        Where no slot is free the smallest cluster joins its neighbour to make one.
        """
        stuck: list[int] = []
        for _ in range(8 * self.placement.slots):
            size = np.where(self.placement.shard == shard, self.placement.size, 0)
            size[stuck] = 0
            largest = int(size.argmax())
            if size[largest] <= grain:
                return
            if self.placement.split(largest, self._members(largest), rng):
                continue
            pair = self.placement.smallest_with_neighbour(shard)
            if pair is None or largest in pair or size[list(pair)].sum() > size[largest] // 2:
                stuck.append(largest)
            else:
                self.placement.join(*pair, self._members(pair[0]))
