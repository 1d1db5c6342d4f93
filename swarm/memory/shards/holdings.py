"""What the shards hold: vectors in and out, and the table that says so.

Guarantees: every vector that was added and not removed is on its home shard, in every copy, and
on no other shard but the target or source of a cluster that is on its way; a call that raises
changed nothing, unless the shard that failed also failed to take back what it had done. What is
saved between any two steps of a move can be loaded and the move finished.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.given import new_ids, rows_of, whole
from swarm.memory.shards.moving import SWITCH, Move
from swarm.memory.shards.placement import Placement
from swarm.memory.shards.saving import load_into, read_header, save
from swarm.memory.shards.strangers import misfits, settled
from swarm.memory.shards.table import DEAD, RoutingTable
from swarm.memory.vectors import Exact, VectorIndex

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

UNBOUNDED = 2**48  # vectors on a shard; sums over shards still fit int64


class Holdings:
    """The vectors of all shards; `Balanced` moves them about, and `Shards` adds the search.

    Attributes:
        placement: see `Placement`.
        table: see `RoutingTable`.
        copies: of each shard its indexes, all with the same vectors.
        moves: the moves that are under way, in order; see `Balanced`.
        bytes_moved: by steps so far.
    """

    def __init__(
        self,
        table: RoutingTable,
        capacity: int,
        copies: int,
        index: Callable[..., VectorIndex],
        metric: str = "l2",
    ) -> None:
        if metric not in ("l2", "cosine"):
            raise ShardError(
                f"shards route by distance: metric is 'l2' or 'cosine'; got {metric!r}. For inner "
                "products scale the vectors to one length and use 'cosine'"
            )
        if copies < 1:
            raise ShardError(f"copies of a shard must be at least 1; got {copies}")
        count, slots, dimensions = table.centroids.shape
        self.table, self.metric = table, metric
        self.placement = Placement(count, slots, capacity, dimensions)
        self.copies = [[index(dimensions, metric) for _ in range(copies)] for _ in range(count)]
        self.moves: list[Move] = []
        self.bytes_moved = 0

    @classmethod
    def build(
        cls,
        vectors: ArrayLike,
        rng: np.random.Generator,
        ids: ArrayLike | None = None,
        *,
        shards: int = 16,
        spare: int = 0,
        clusters: int | None = None,
        capacity: int | None = None,
        copies: int = 1,
        index: Callable[..., VectorIndex] = Exact,
        metric: str = "l2",
    ) -> Self:
        """Lay the first vectors out on shards.

        Args:
            vectors: float32[n, d], n ≥ shards.
            rng: draws the seeds of the clusters.
            ids: int64[n], ≥ 0 and distinct; 0..n−1 by default.
            shards: how many.
            spare: further shards that stay empty, for rebalancing to fill.
            clusters: of all shards together; 1,024 by default, or an eighth of n.
            capacity: vectors that a shard has room for; unbounded by default.
            copies: of every shard.
            index: makes an empty index: `Exact`, or `lambda d, metric: HNSW(d, metric, ef=32)`.
            metric: "l2" or "cosine".

        Raises:
            ShardError: for settings that do not fit; VectorError: for vectors or ids that do not.
        """
        rows = np.asarray(vectors, np.float32)
        if rows.ndim != 2 or shards < 1 or spare < 0 or len(rows) < shards:
            raise ShardError(
                f"{shards} shards need vectors float32[n, d], n ≥ {shards}, and spare ≥ 0; "
                f"got {rows.shape} and {spare=}"
            )
        wanted = min(1024, len(rows) // 8) if clusters is None else clusters
        wanted = min(max(wanted, shards), len(rows))
        room = UNBOUNDED if capacity is None else capacity
        if room * shards < 1.05 * len(rows) and room < len(rows):
            raise ShardError(
                f"{len(rows)} vectors do not fit on {shards} shards of {room} with a margin of "
                f"5 %: a capacity of {-(-len(rows) * 11 // (10 * shards))} would do"
            )
        table = RoutingTable(shards + spare, 2 * -(-wanted // shards) + 8, rows.shape[1])
        made = cls(table, room, copies, index, metric)
        rows = made._rows(rows, "vectors")
        numbers = made._new_ids(ids, len(rows))
        made.placement.lay_out(made._space(rows), numbers, wanted, shards, rng)
        if (fullest := int(made.placement.loads().max())) > room:
            raise ShardError(f"{fullest} vectors lie together on one shard: a larger capacity")
        made._store(rows, numbers, made.placement.cluster[numbers])
        made.publish()
        return made

    def __len__(self) -> int:
        return int(self.placement.size.sum())

    def ids(self) -> Ids:
        """All ids, int64[n], ascending."""
        return np.flatnonzero(self.placement.cluster >= 0)

    def vectors(self, ids: ArrayLike) -> Floats:
        """The vectors of known ids, float32[m, d], from their home shards."""
        wanted = self._known_ids(ids)
        home = self.placement.shards_of(wanted)
        found = np.zeros((wanted.size, self.table.centroids.shape[2]), np.float32)
        for shard in np.unique(home).tolist():
            found[home == shard] = self.copies[shard][0].vectors(wanted[home == shard])
        return found

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> Ids:
        """Add vectors, each to the nearest cluster on a living shard with room; returns their ids.

        Those far from every cluster found new ones, and a cluster that they scatter all the same
        is split, so that routes stay true when the data drift.
        Publishing what changed costs some milliseconds whatever is added: add many at once.

        Args:
            vectors: float32[m, d], finite; one may be float32[d].
            ids: int64[m], new and distinct; by default the next above the largest ever used.

        Raises:
            ShardError: for vectors or ids that are not so, or no room; nothing is added then. What
                a shard's index raises comes through, and nothing is added either.
        """
        rows = self._rows(vectors, "vectors")
        numbers = self._new_ids(ids, len(rows))
        space = self._space(rows)
        closed = self.table.health == DEAD
        cluster = self.placement.assign(space, closed)
        before = self.placement.outline()
        if not self.moves:  # they count on the slots as they were
            cluster = settled(self.placement, space, cluster, closed)
        try:
            self._store(rows, numbers, cluster)
        except Exception:
            vars(self.placement).update(before)
            raise
        self.placement.enter(numbers, cluster, space)
        self.publish(np.append(self._refine(), self.placement.shard[cluster]))
        return numbers

    def remove(self, ids: ArrayLike) -> None:
        """Remove vectors from every shard that has them.

        Raises:
            ShardError: for ids that are unknown or repeated; nothing is removed then. What a
                shard's index raises comes through, and nothing is removed either.
        """
        leaving = self._known_ids(ids)
        home = self.placement.shards_of(leaving)
        cluster = self.placement.cluster[leaving]
        rows = self.vectors(leaving)
        parts = [
            (index, np.flatnonzero(home == shard))
            for shard in np.unique(home).tolist()
            for index in self.copies[shard]
        ]
        for move in self.moves[:1]:  # the other end of the move under way may have copies
            away = cluster == move.cluster
            for end in (move.source, move.target):
                for index in self.copies[end]:
                    held = np.isin(leaving, index.ids()) & away & (home != end)
                    parts.append((index, np.flatnonzero(held)))
        begun: list[tuple[VectorIndex, Ids]] = []
        try:
            for index, part in parts:
                if part.size:
                    begun.append((index, part))
                    index.remove(leaving[part])
        except Exception:
            for index, part in begun:  # the last one may have removed them before it failed
                gone = part[~np.isin(leaving[part], index.ids())]
                if gone.size:
                    index.add(rows[gone], leaving[gone])
            raise
        self.placement.leave(leaving, self._space(rows))
        self.publish(home)

    def revive(self, shard: int) -> None:
        """Let a shard that was declared dead start anew, with what it holds."""
        self.table.start_anew(shard)
        self.publish(np.array([shard]))

    def publish(self, shards: ArrayLike | None = None, load_ms: float | None = None) -> None:
        """Let shards announce in the table what they hold; all of them when None."""
        chosen = np.arange(len(self.table)) if shards is None else np.unique(shards)
        for shard in chosen.tolist():
            guests = [m.cluster for m in self.moves if m.step > SWITCH and m.source == shard]
            said = self.placement.announcement(shard, np.array(guests, np.int64))
            load = float(self.table.load_ms[shard]) if load_ms is None else load_ms
            health = self.table.health[shard]
            self.table.announce(shard, *said, load)
            self.table.health[shard] = health  # what is written about a shard is no sign of life

    def save(self, folder: str | Path) -> None:
        """Write everything into a folder; see `saving`."""
        save(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote; failures, latency and deadlines are as of new shards.

        The table has the versions of then. Where others have heard newer ones, let every shard
        start anew (`revive`), or theirs will win over what the shards hold now.

        Raises:
            ShardError: naming the file that is missing or damaged; VectorError: likewise.
        """
        header = read_header(folder)
        table = RoutingTable(*header["shape"])
        made = cls(table, header["capacity"], header["copies"], Exact, header["metric"])
        load_into(made, folder, header)
        return made

    def _store(self, rows: Floats, ids: Ids, cluster: Ids) -> None:
        """Put vectors onto the shards of their clusters; on none if one of them fails."""
        home = self.placement.shard[cluster]
        begun: list[tuple[VectorIndex, Ids]] = []
        try:
            for shard in np.unique(home).tolist():
                for index in self.copies[shard]:
                    begun.append((index, ids[home == shard]))
                    index.add(rows[home == shard], ids[home == shard])
        except Exception:
            for index, wanted in begun:  # the last one may have stored them before it failed
                added = np.intersect1d(wanted, index.ids(), assume_unique=True)
                if added.size:
                    index.remove(added)
            raise

    def _refine(self) -> Ids:
        """Split the clusters that are none any more; the shards on which something changed.

        While clusters move, and where a shard cannot be read, that waits.
        """
        changed: list[int] = []
        while not self.moves and (wrong := misfits(self.placement)).size:
            for cluster in wrong.tolist():
                try:
                    members = self._members(cluster)
                except Exception:
                    return np.array(changed, np.int64)
                if not self.placement.split(cluster, members):
                    self.placement.recentre(cluster, members)
                changed.append(int(self.placement.shard[cluster]))
        return np.array(changed, np.int64)

    def _members(self, cluster: int) -> Floats:
        """The vectors of a cluster's members, as routing sees them."""
        index = self.copies[int(self.placement.shard[cluster])][0]
        return self._space(index.vectors(self.placement.members(cluster)))

    def _space(self, rows: Floats) -> Floats:
        """Vectors as routing sees them: under cosine of length one, so that l2 orders alike."""
        if self.metric == "l2":
            return rows
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def _rows(self, vectors: ArrayLike, what: str) -> Floats:
        return rows_of(vectors, self.table.centroids.shape[2], self.metric, what)

    def _new_ids(self, ids: ArrayLike | None, count: int) -> Ids:
        if ids is None:
            ids = self.placement.cluster.size + np.arange(count)
        numbers = new_ids(ids, count)
        if (self.placement.shards_of(numbers) >= 0).any():
            raise ShardError("ids must be new; remove a vector first to write it anew")
        return numbers

    def _known_ids(self, ids: ArrayLike) -> Ids:
        numbers = np.atleast_1d(whole(ids))
        unknown = self.placement.shards_of(numbers) < 0
        if numbers.ndim != 1 or unknown.any() or np.unique(numbers).size < numbers.size:
            raise ShardError(f"ids must be known and distinct; unknown: {numbers[unknown][:5]}")
        return numbers
