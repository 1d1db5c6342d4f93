"""The routing table: what one node believes of every shard, mergeable in any order.

An entry is a summary that the shard alone writes (its clusters: centroid, radius, spread and size;
its load) under a version (incarnation, heartbeat), and a health that anybody may doubt. Tables
merge entry by entry: the higher version wins whole; under equal versions the worse health does, so
that a suspicion spreads until a newer heartbeat, which only a living shard sends, refutes it
(R. van Renesse, Y. Minsky and M. Hayden 1998, "A gossip-style failure detection service",
Middleware; incarnations as in A. Das, I. Gupta and A. Motivala 2002, "SWIM", DSN). A shard that
starts anew raises its incarnation.

Guarantees: `merge` is the join of a semilattice (M. Shapiro et al. 2011, "Conflict-free replicated
data types", SSS): commutative, associative and idempotent, so tables that have heard the same
entries, however often and in whatever order, are equal. That holds even if two writers break the
rule and send different summaries under one version: the one with the greater stamp, a digest of
its bytes, wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards.clusters import Clusters, flattened
from swarm.memory.shards.errors import ShardError

ALIVE, SUSPECTED, DEAD = 0, 1, 2

Floats = NDArray[np.float32]

# What a shard says of itself; and what says which of two entries is the newer.
SUMMARY = ("centroids", "radius", "spread", "size", "load_ms")
VERSION = ("incarnation", "heartbeat", "stamp")


class RoutingTable:
    """What one node believes of S shards, each of up to c clusters of vectors of width d.

    >>> table = RoutingTable(shards=16, clusters=64, dimensions=64)
    >>> table.announce(3, centroids, radius, spread, size)  # shard 3 says what it holds
    >>> table.suspect(3)
    >>> table.merge(other)  # how many entries were news

    Attributes (columns; only the methods write them):
        centroids: float32[S, c, d].
        radius: float32[S, c], mean squared distance of a cluster's vectors from its centroid.
        spread: float32[S, c], variance of that squared distance.
        size: int64[S, c], vectors in the cluster, 0 where there is none.
        load_ms: float32[S], how long the shard expects a query to take, waiting included.
        health: int8[S], ALIVE, SUSPECTED or DEAD.
        incarnation: int64[S], how often the shard started, 0 if it was never heard of.
        heartbeat: int64[S], its announcements since.
        stamp: uint64[S], digest of the summary.
    """

    def __init__(self, shards: int, clusters: int, dimensions: int) -> None:
        for name, value in (("shards", shards), ("clusters", clusters), ("dimensions", dimensions)):
            if value < 1:
                raise ShardError(f"{name} must be at least 1, e.g. 16; got {value}")
        self.centroids = np.zeros((shards, clusters, dimensions), np.float32)
        self.radius = np.zeros((shards, clusters), np.float32)
        self.spread = np.zeros((shards, clusters), np.float32)
        self.size = np.zeros((shards, clusters), np.int64)
        self.load_ms = np.zeros(shards, np.float32)
        self.health = np.zeros(shards, np.int8)
        self.incarnation = np.zeros(shards, np.int64)
        self.heartbeat = np.zeros(shards, np.int64)
        self.stamp = np.zeros(shards, np.uint64)
        self._flat: dict[int, Clusters] = {}

    def __len__(self) -> int:
        return self.size.shape[0]

    def entry_bytes(self, shard: int) -> int:
        """Bytes of an entry on the wire: its clusters, load, version and health."""
        used = int(np.count_nonzero(self.size[shard]))
        return used * (4 * self.centroids.shape[2] + 16) + 4 + self.digest_bytes

    @property
    def digest_bytes(self) -> int:
        """Bytes that say which version and health of an entry one has."""
        return 25

    def announce(
        self,
        shard: int,
        centroids: ArrayLike,
        radius: ArrayLike,
        spread: ArrayLike,
        size: ArrayLike,
        load_ms: float = 0.0,
    ) -> None:
        """Write what a shard says of itself, under its next heartbeat, and as alive.

        Args:
            shard: 0..S−1.
            centroids: float32[g, d], g ≤ c clusters.
            radius: float32[g], mean squared distance from the centroid, ≥ 0.
            spread: float32[g], variance of the squared distance, ≥ 0.
            size: int64[g], ≥ 1 each.
            load_ms: milliseconds, ≥ 0.

        Raises:
            ShardError: for a shard, shapes or values that are not so; nothing is written then.
        """
        self._check_shard(shard)
        middle = np.asarray(centroids, np.float32)
        numbers = np.asarray(size, np.int64)
        given = [np.asarray(column, np.float32) for column in (radius, spread)]
        c, d = self.centroids.shape[1:]
        count = numbers.size
        if middle.shape != (count, d) or count > c or any(x.shape != (count,) for x in given):
            raise ShardError(
                f"an announcement is centroids float32[g, {d}] with radius, spread and size [g], "
                f"g ≤ {c}; got {middle.shape}, {given[0].shape}, {given[1].shape}, {numbers.shape}"
            )
        values = np.concatenate([middle.ravel(), *given, [load_ms]])
        if not np.isfinite(values).all() or (numbers < 1).any():
            raise ShardError("an announcement must be finite, and clusters have a vector at least")
        if min((x.min() for x in given if x.size), default=0.0) < 0 or load_ms < 0:
            raise ShardError("radius, spread and load_ms are at least 0")
        self.incarnation[shard] = max(self.incarnation[shard], 1)
        self.heartbeat[shard] += 1
        for name, column in zip(SUMMARY, (middle, *given, numbers), strict=False):
            getattr(self, name)[shard] = 0
            getattr(self, name)[shard, :count] = column
        self.load_ms[shard] = load_ms
        self.health[shard] = ALIVE
        self.stamp[shard] = _digest(vars(self), shard)
        self._flat = {}

    def beat(self, shard: int, load_ms: float | None = None) -> None:
        """Let a shard say that it lives, and how loaded it is, with nothing else new.

        Raises:
            ShardError: for a shard that is not there or never announced anything.
        """
        self._check_shard(shard)
        if self.incarnation[shard] == 0:
            raise ShardError(f"shard {shard} never announced what it holds: announce it first")
        self.heartbeat[shard] += 1
        self.health[shard] = ALIVE
        if load_ms is not None:
            self.load_ms[shard] = load_ms
            self.stamp[shard] = _digest(vars(self), shard)

    def start_anew(self, shard: int) -> None:
        """Raise a shard's incarnation, as it does when it starts again with its heartbeat lost."""
        self._check_shard(shard)
        self.incarnation[shard] += 1
        self.heartbeat[shard] = 0
        self.health[shard] = ALIVE

    def suspect(self, shard: int) -> None:
        """Doubt that a shard lives, until a newer heartbeat is heard; the dead stay dead."""
        self._check_shard(shard)
        self.health[shard] = max(self.health[shard], SUSPECTED)

    def trust(self, shard: int) -> None:
        """Give up one's own doubt of a shard that answered; others' doubt goes with a heartbeat."""
        self._check_shard(shard)
        self.health[shard] = ALIVE

    def declare_dead(self, shard: int) -> None:
        """Leave a shard out of every route, until a newer heartbeat is heard."""
        self._check_shard(shard)
        self.health[shard] = DEAD

    def merge(self, other: RoutingTable) -> int:
        """Take in whatever another table knows better; how many entries changed.

        Raises:
            ShardError: for a table of other shapes; nothing is taken then.
        """
        if other.centroids.shape != self.centroids.shape:
            raise ShardError(
                f"tables merge if they have the same shards, clusters and dimensions; this one has "
                f"{self.centroids.shape}, the other {other.centroids.shape}"
            )
        newer, same = _newer(other, self)
        worse = same & (other.health > self.health)
        for name in (*SUMMARY, *VERSION):
            getattr(self, name)[newer] = getattr(other, name)[newer]
        self.health[newer | worse] = other.health[newer | worse]
        if newer.any():
            self._flat = {}
        return int(np.count_nonzero(newer | worse))

    def copy(self) -> RoutingTable:
        """A table of its own with the same entries."""
        twin = RoutingTable(*self.centroids.shape)
        vars(twin).update(self.state())
        return twin

    def clusters(self, near: int) -> Clusters:
        """The clusters of all shards as flat columns, for the `near` nearest of a query."""
        if near not in self._flat:
            self._flat[near] = flattened(self.centroids, self.radius, self.spread, self.size, near)
        return self._flat[near]

    def state(self) -> dict[str, NDArray]:
        """Every column, copied."""
        names = (*SUMMARY, *VERSION, "health")
        return {name: getattr(self, name).copy() for name in names}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the table that wrote `state`.

        Raises:
            ShardError: for columns that are missing, of another shape, or whose stamps are not
                those of their summaries; this table is unchanged.
        """
        found = {}
        for name, column in self.state().items():
            given = np.asarray(state[name]) if name in state else None
            if given is None or given.shape != column.shape or given.dtype != column.dtype:
                raise ShardError(
                    f"not the state of this table: {name} must be {column.dtype}{column.shape}, "
                    f"got {'nothing' if given is None else f'{given.dtype}{given.shape}'}"
                )
            found[name] = given.copy()
        if not np.isin(found["health"], (ALIVE, SUSPECTED, DEAD)).all():
            raise ShardError("not the state of a table: health is 0, 1 or 2")
        if any((found[name] < 0).any() for name in ("size", "incarnation", "heartbeat")):
            raise ShardError("not the state of a table: size, incarnation or heartbeat below 0")
        if not all(np.isfinite(found[name]).all() for name in SUMMARY):
            raise ShardError("not the state of a table: a summary that is not finite")
        if any((found[name] < 0).any() for name in ("radius", "spread", "load_ms")):
            raise ShardError("not the state of a table: radius, spread or load_ms below 0")
        heard = np.flatnonzero((found["stamp"] > 0) | (found["size"].sum(axis=1) > 0))
        if any(_digest(found, shard) != int(found["stamp"][shard]) for shard in heard.tolist()):
            raise ShardError("not the state of a table: a stamp is not that of its summary")
        vars(self).update(found)
        self._flat = {}

    def _check_shard(self, shard: int) -> None:
        if not 0 <= shard < len(self):
            raise ShardError(f"a shard of this table is a number 0..{len(self) - 1}; got {shard}")


def _digest(columns: Mapping[str, Any], shard: int) -> int:
    """A digest of what a shard said, whose order is as good as any but the same everywhere."""
    digest = hashlib.blake2b(digest_size=8)
    for name in SUMMARY:
        digest.update(columns[name][shard].tobytes())
    return int.from_bytes(digest.digest(), "little")


def _newer(one: RoutingTable, other: RoutingTable) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the version of one table is above the other's, and where both are equal, bool[S]."""
    newer = np.zeros(len(one), np.bool_)
    same = np.ones(len(one), np.bool_)
    for name in VERSION:
        ours, theirs = getattr(one, name), getattr(other, name)
        newer |= same & (ours > theirs)
        same &= ours == theirs
    return newer, same


def ahead(one: RoutingTable, other: RoutingTable) -> NDArray[np.bool_]:
    """Which entries one table knows better than another, bool[S]."""
    newer, same = _newer(one, other)
    return newer | (same & (one.health > other.health))
