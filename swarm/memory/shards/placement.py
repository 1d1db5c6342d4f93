"""Where vectors live: every vector in one cluster, every cluster on one shard.

A shard is a group of clusters, so that a vector's shard is two look-ups and a whole cluster
changes shards by one assignment. Clusters come from k-means, shards from balanced k-means over
the clusters; later vectors join the nearest cluster whose shard has room.

Guarantees: no shard exceeds `capacity` by `assign`; what is entered is in exactly one cluster until
it leaves; `switch` is one assignment, so a reader sees a cluster on its old shard or on its new
one and never on neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.shards.clustering import (
    balanced_groups,
    first_come,
    gaps,
    halved,
    k_means,
    peeled,
    tightened,
)
from swarm.memory.shards.clusters import Announcement
from swarm.memory.shards.errors import ShardError

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

NOWHERE = -1
CHUNK = 4096
MISFIT = 2.0  # times its scale: a cluster scattered more than that is not one any more
LARGEST = float(np.finfo(np.float32).max)  # that can be announced


class Placement:
    """Clusters of vectors, and the shard of each.

    Attributes (columns; only the methods write them):
        centroids: float32[G, d], fixed until the cluster is split or laid out anew.
        shard: int64[G].
        size: int64[G], members.
        squares: float64[G], sum of the members' squared distances from the centroid.
        fourths: float64[G], sum of the squares of these.
        scale: float64[G], mean squared distance from the centroid when the cluster was laid out;
            one split off has that of the whole.
        cluster: int64[largest id ever + 1], the cluster of each vector, −1 for none.
    """

    SUMS = ("squares", "fourths", "scale")
    COLUMNS = ("centroids", "shard", "size", "squares", "fourths", "scale", "cluster")

    def __init__(self, shards: int, slots: int, capacity: int, dimensions: int) -> None:
        if min(shards, slots, capacity, dimensions) < 1:
            raise ShardError(
                "shards, slots, capacity and dimensions are at least 1; "
                f"got {shards}, {slots}, {capacity}, {dimensions}"
            )
        self.shards, self.slots, self.capacity = shards, slots, capacity
        self.centroids = np.zeros((0, dimensions), np.float32)
        self.shard = np.zeros(0, np.int64)
        self.size = np.zeros(0, np.int64)
        self.squares = np.zeros(0)
        self.fourths = np.zeros(0)
        self.scale = np.zeros(0)
        self.cluster = np.zeros(0, np.int64)

    def lay_out(
        self, vectors: Floats, ids: Ids, clusters: int, used: int, rng: np.random.Generator
    ) -> None:
        """Cluster the first vectors, and the clusters into `used` shards of nearly equal weight.

        One that lies over several clumps or would be hard to place is split. No shard gets more
        than 1.05 times the mean and one cluster.
        """
        centroids, cluster = k_means(vectors, clusters, rng)
        # A quarter of the slots stays free for what moves in, and half for what is split later.
        most = max(len(centroids), self.slots * used // 2)
        centroids, cluster = tightened(vectors, centroids, cluster, most, MISFIT)
        centroids, cluster = halved(vectors, centroids, cluster, used, most, rng)
        size = np.bincount(cluster, minlength=len(centroids))
        room = 1.05 * len(vectors) / used
        self.centroids = centroids
        self.shard = balanced_groups(centroids, size, used, room, rng, max(1, self.slots * 3 // 4))
        self.size = np.zeros(len(centroids), np.int64)
        self.squares, self.fourths = np.zeros(len(centroids)), np.zeros(len(centroids))
        self.enter(ids, cluster, vectors)
        self.scale = self.squares / np.maximum(self.size, 1)

    def loads(self) -> Ids:
        """Vectors on each shard, int64[S]."""
        return np.bincount(self.shard, self.size, self.shards).astype(np.int64)

    def shards_of(self, ids: Ids) -> Ids:
        """The shard of each id, −1 where it is unknown."""
        known = (ids >= 0) & (ids < self.cluster.size)
        found = np.full(ids.shape, NOWHERE, np.int64)
        cluster = self.cluster[ids[known]]
        found[known] = np.where(cluster >= 0, self.shard[cluster], NOWHERE)
        return found

    def members(self, cluster: int) -> Ids:
        """The ids in a cluster, ascending."""
        return np.flatnonzero(self.cluster == cluster)

    def assign(self, vectors: Floats, closed: NDArray[np.bool_] | None = None) -> Ids:
        """The nearest cluster of each vector whose shard has room, int64[m]; enters nothing.

        Where a shard fills up, those nearest to its clusters stay and the others look further.

        Args:
            vectors: float32[m, d].
            closed: bool[S], shards that take nothing, as if they were full.

        Raises:
            ShardError: if all shards together have no room for so many.
        """
        spare = self.capacity - self.loads()
        if closed is not None:
            spare[closed] = 0
        if np.maximum(spare, 0).sum() < len(vectors):
            raise ShardError(
                f"{len(vectors)} vectors do not fit: {np.maximum(spare, 0).sum()} places are left "
                f"on {self.shards} shards of {self.capacity}, none on dead ones. Build with a "
                "larger capacity, or revive(shard)"
            )
        chosen = np.full(len(vectors), NOWHERE, np.int64)
        apart = np.zeros(len(vectors), np.float32)
        waiting = np.arange(len(vectors))
        while waiting.size:
            usable = np.flatnonzero((spare > 0)[self.shard])
            if not usable.size:  # what room there is has no clusters yet
                raise ShardError(
                    f"{waiting.size} vectors do not fit: all living shards that have clusters are "
                    "full. Rebalance to move some to the spare ones"
                )
            for begin in range(0, waiting.size, CHUNK):
                part = waiting[begin : begin + CHUNK]
                gap = gaps(vectors[part], self.centroids[usable])
                first = gap.argmin(axis=1)
                chosen[part] = usable[first]
                apart[part] = gap[np.arange(part.size), first]
            own = np.einsum("md,md->m", vectors[waiting], vectors[waiting])
            shard = self.shard[chosen[waiting]]
            refused, spare = first_come(shard, apart[waiting] + own, spare)
            waiting = waiting[refused]
        return chosen

    def enter(self, ids: Ids, cluster: Ids, vectors: Floats) -> None:
        """Write new vectors into clusters."""
        if ids.size == 0:
            return
        top = int(ids.max()) + 1
        if top > self.cluster.size:
            new = np.full(top - self.cluster.size, NOWHERE, np.int64)
            self.cluster = np.concatenate((self.cluster, new))
        self.cluster[ids] = cluster
        self._count(cluster, vectors, 1)

    def leave(self, ids: Ids, vectors: Floats) -> None:
        """Take vectors out of their clusters."""
        self._count(self.cluster[ids], vectors, -1)
        self.cluster[ids] = NOWHERE
        empty = self.size == 0
        self.squares[empty] = self.fourths[empty] = 0.0  # what rounding left

    def found(self, centroid: Floats, shard: int, scale: float, idle: Ids) -> int:
        """A cluster without members, new or one that is `idle`, int64[0 or 1]."""
        row = int(idle[0]) if idle.size else self._grow(shard)
        self.centroids[row], self.scale[row] = centroid, scale
        return row

    def recentre(self, cluster: int, vectors: Floats) -> None:
        """Lay a cluster with members float32[n, d] out anew, around their mean."""
        ids = self.members(cluster)
        self.leave(ids, vectors)
        self.centroids[cluster] = vectors.mean(axis=0, dtype=np.float64)
        self.enter(ids, np.full(ids.size, cluster), vectors)
        radius = self.squares[cluster] / max(1, ids.size)
        spread = max(self.fourths[cluster] / max(1, ids.size) - radius**2, 0.0)
        self.scale[cluster] = max(radius, spread**0.5)  # it is no misfit by what it is now

    def split(self, cluster: int, vectors: Floats, rng: np.random.Generator | None = None) -> bool:
        """Halve a cluster on its own shard; whether that could be done.

        Args:
            cluster: which; it needs two members that differ, and its shard a free slot.
            vectors: float32[n, d], those of `members(cluster)`.
            rng: draws the seeds; the vector furthest from the mean is split off when None.
        """
        empty = np.flatnonzero((self.shard == self.shard[cluster]) & (self.size == 0))
        full = np.count_nonzero(self.shard == self.shard[cluster]) >= self.slots
        if len(vectors) < 2 or (full and not empty.size):
            return False
        centroids, half = peeled(vectors) if rng is None else k_means(vectors, 2, rng)
        if len(centroids) < 2:
            return False
        ids = self.members(cluster)
        self.leave(ids, vectors)
        other = int(empty[0]) if empty.size else self._grow(self.shard[cluster])
        self.centroids[[cluster, other]] = centroids
        self.scale[other] = self.scale[cluster]
        self.enter(ids, np.where(half == 1, other, cluster), vectors)
        return True

    def smallest_with_neighbour(self, shard: int) -> tuple[int, int] | None:
        """The smallest cluster of a shard and the one nearest to it; None if there are not two."""
        mine = np.flatnonzero((self.shard == shard) & (self.size > 0))
        if mine.size < 2:
            return None
        small = int(mine[self.size[mine].argmin()])
        others = mine[mine != small]
        apart = ((self.centroids[others] - self.centroids[small]) ** 2).sum(axis=1)
        return small, int(others[apart.argmin()])

    def join(self, cluster: int, into: int, vectors: Floats) -> None:
        """Put all members of a cluster, float32[n, d], into another on the same shard."""
        ids = self.members(cluster)
        self.leave(ids, vectors)
        self.enter(ids, np.full(ids.size, into), vectors)

    def switch(self, cluster: int, target: int) -> None:
        """Let a cluster live on another shard from now on."""
        self.shard[cluster] = target

    def announcement(self, shard: int, guests: Ids) -> Announcement:
        """What a shard may say of its clusters, and of others that it still has a copy of."""
        own = np.union1d(np.flatnonzero(self.shard == shard), guests).astype(np.int64)
        own = own[self.size[own] > 0]
        size = self.size[own]
        radius = np.clip(self.squares[own] / size, 0.0, LARGEST)
        spread = np.clip(self.fourths[own] / size - radius**2, 0.0, LARGEST)
        return Announcement(
            self.centroids[own], radius.astype(np.float32), spread.astype(np.float32), size
        )

    def outline(self) -> dict[str, NDArray]:
        """Every column of clusters, copied."""
        return {name: getattr(self, name).copy() for name in self.COLUMNS[:-1]}

    def state(self) -> dict[str, NDArray]:
        """Every column, copied."""
        return {**self.outline(), "cluster": self.cluster.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the placement that wrote `state`.

        Raises:
            ShardError: for columns that are missing or contradict each other; unchanged then.
        """
        if missing := [name for name in self.COLUMNS if name not in state]:
            raise ShardError(f"not the state of a placement: {missing} missing")
        found = {name: np.array(state[name]) for name in self.COLUMNS}
        for name, column in found.items():
            mine = getattr(self, name)
            if (
                column.dtype != mine.dtype
                or column.ndim != mine.ndim
                or (column.shape[1:] != mine.shape[1:])
            ):
                raise ShardError(f"not the state of this placement: {name} is {column.dtype}")
        count = found["size"].size
        if any(len(found[name]) != count for name in self.COLUMNS[:-1]):
            raise ShardError("not the state of a placement: its columns differ in length")
        shard, cluster = found["shard"], found["cluster"]
        if count and not 0 <= shard.min() <= shard.max() < self.shards:
            raise ShardError(f"not the state of a placement on {self.shards} shards")
        if cluster.size and not NOWHERE <= cluster.min() <= cluster.max() < count:
            raise ShardError("not the state of a placement: a vector in a cluster that is not")
        if (np.bincount(cluster[cluster >= 0], minlength=count) != found["size"]).any():
            raise ShardError("not the state of a placement: sizes that are not those of clusters")
        if (np.bincount(shard, minlength=self.shards) > self.slots).any():
            raise ShardError(f"not the state of a placement with {self.slots} clusters on a shard")
        if any(not np.isfinite(found[name]).all() for name in ("centroids", *self.SUMS)):
            raise ShardError("not the state of a placement: numbers that are not finite")
        vars(self).update(found)

    def _grow(self, shard: int) -> int:
        """A new cluster without members."""
        self.centroids = np.concatenate((self.centroids, np.zeros_like(self.centroids[:1])))
        self.shard, self.size = np.append(self.shard, shard), np.append(self.size, 0)
        self.squares, self.fourths = np.append(self.squares, 0.0), np.append(self.fourths, 0.0)
        self.scale = np.append(self.scale, 0.0)
        return self.size.size - 1

    def _count(self, cluster: Ids, vectors: Floats, sign: int) -> None:
        """Add members to the sums of their clusters, or take them away."""
        apart = vectors.astype(np.float64) - self.centroids[cluster]
        square = np.einsum("md,md->m", apart, apart)
        count = self.size.size
        self.size += sign * np.bincount(cluster, minlength=count)
        self.squares += sign * np.bincount(cluster, square, count)
        self.fourths += sign * np.bincount(cluster, square**2, count)
