"""Shards: vectors on many indexes, of which a query touches few.

A query is routed to the shards that are expected to hold nearly all of its neighbours (see
`routing`) and planned in two stages, as in distributed top-k (P. Cao and Z. Wang 2004, "Efficient
top-K query calculation in distributed networks", PODC). Stage one is cheap and broad: shards that
are expected to hold more than a few neighbours are asked for k, all others for a few `scouts`.
Stage two is deep: only a shard whose last scout is still among the k best so far can hold more of
them, and is asked for all k. With exact indexes the answer is therefore the one that asking
every routed shard for k would have given, with fewer bytes.

Guarantees: a dead, slow or failing shard never fails a query; the answer says that it is degraded,
who failed and how much is out of reach, and has the best of what the next best shards that answer
hold; three failures in a row take a shard off the routes. Every vector is found exactly once, also
while clusters move between shards. With exact indexes and every shard touched the distances are
those of one exact index over all vectors, and so are the ids, but for the order of equal distances:
by id.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards.answers import Answer, Costs, absorb
from swarm.memory.shards.asking import Latency, Reply, ask, at_once
from swarm.memory.shards.balanced import Balanced
from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.routing import NOBODY, Route, route
from swarm.memory.shards.table import DEAD, RoutingTable
from swarm.memory.vectors import Neighbours, VectorIndex

Floats = NDArray[np.float32]

# Routes some of a batch's queries, int64[m], around shards.
Detour = Callable[[NDArray[np.int64], list[int]], Route]

CANDIDATE_BYTES = 12
DEAD_AFTER = 3  # failures without an answer in between


class Shards(Balanced):
    """Vectors on S shards, searched by a two-stage plan.

    >>> rng = np.random.default_rng(1)
    >>> shards = Shards.build(vectors, rng, shards=16)
    >>> answer = shards.search(queries, k=10)
    >>> answer.ids, answer.degraded, answer.deep.mean()
    >>> shards.add(more)
    >>> shards.rebalance(rng, bytes_max=10_000_000)

    Args:
        table: shapes of what is published, see `RoutingTable`; it is filled by `build`.
        capacity: vectors that a shard has room for.
        copies: of every shard, 1 or 2 as a rule.
        index: makes the empty index of a shard from dimensions and metric.
        metric: "l2" or "cosine".

    Attributes:
        placement, copies, moves: see `Holdings`.
        table: what this node believes of the shards; `gossip` keeps it and others' alike.
        latency: simulated milliseconds of a shard's copy, for tests and studies.
        deadline_ms: of each stage; a later answer does not count.
        hedge_ms: when a second copy is asked.
        failures: int64[S], times each shard failed since it last answered; after three it is
            declared dead and asked no more, until its entry in the table has a newer heartbeat.
    """

    def __init__(
        self,
        table: RoutingTable,
        capacity: int,
        copies: int,
        index: Callable[..., VectorIndex],
        metric: str = "l2",
    ) -> None:
        super().__init__(table, capacity, copies, index, metric)
        self.latency: Latency = at_once
        self.deadline_ms = math.inf
        self.hedge_ms = math.inf
        self.failures = np.zeros(len(table), np.int64)

    def search(
        self,
        queries: ArrayLike,
        k: int,
        *,
        target: float = 0.95,
        least: int = 1,
        most: int | None = None,
        scouts: int | None = None,
        table: RoutingTable | None = None,
        everywhere: bool = False,
    ) -> Answer:
        """Find the k nearest of each query, touching few shards.

        Args:
            queries: float32[Q, d].
            k: how many, ≥ 1.
            target, least, most: see `route`.
            scouts: candidates that the less promising shards are asked for first, a quarter of k
                by default; k for a plan of one stage.
            table: another node's beliefs to route by, and to note in who answered and who did
                not; this node's when None.
            everywhere: broadcast: ask every shard that is not dead, for k unless scouts are given.

        Raises:
            ShardError: for queries or settings that are not so; never for what shards do.
        """
        asked = self._rows(queries, "queries")
        few = scouts if scouts is not None else k if everywhere else max(1, math.ceil(k / 4))
        if not all(isinstance(n, int | np.integer) and n >= 1 for n in (k, few)):
            raise ShardError(f"k and scouts are at least 1, such as 10 and 3; got {k}, {few}")
        view = self.table if table is None else table
        if view.centroids.shape != self.table.centroids.shape:
            raise ShardError(
                f"the table to route by is of {view.centroids.shape} shards, clusters and "
                f"dimensions; these shards are {self.table.centroids.shape}"
            )
        if everywhere:
            return _Plan(self, view, asked, _everywhere(view, len(asked)), k, min(few, k)).answer()

        def around(rows: NDArray[np.int64], avoid: list[int]) -> Route:
            space = self._space(asked[rows])
            return route(view, space, k, target, least, most, avoid=avoid)

        way = around(np.arange(len(asked)), [])
        return _Plan(self, view, asked, way, k, min(few, k)).answer(around)

    def revive(self, shard: int) -> None:
        """Let a shard that was declared dead start anew, with what it holds."""
        super().revive(shard)
        self.failures[shard] = 0

    def note(self, view: RoutingTable, shard: int, reply: Reply) -> None:
        """Keep in mind whether a shard answered."""
        if reply.found is not None:
            self.failures[shard] = 0
            view.trust(shard)
            return
        self.failures[shard] += 1
        view.suspect(shard)
        if self.failures[shard] >= DEAD_AFTER:
            view.declare_dead(shard)


class _Plan:
    """One batch on its way through the two stages."""

    def __init__(
        self, shards: Shards, view: RoutingTable, asked: Floats, way: Route, k: int, few: int
    ) -> None:
        self.shards, self.view, self.asked, self.way = shards, view, asked, way
        self.k, self.few = k, few
        count = (len(asked), len(view))
        self.best = Neighbours(
            np.full((count[0], k), NOBODY, np.int64), np.full((count[0], k), np.inf, np.float32)
        )
        self.share = np.zeros(count, np.float32)
        self.touched = np.zeros(count, np.bool_)
        rows, places = np.nonzero(way.shards >= 0)
        chosen = way.shards[rows, places]
        self.share[rows, chosen] = way.shares[rows, places]
        self.touched[rows, chosen] = True
        self.loads = shards.placement.loads()
        self.missed = np.zeros(count, np.bool_)
        self.failed: dict[int, str] = {}
        self.messages = self.bytes = self.touches = self.scanned = 0
        self.compared = way.distances * len(asked)

    def answer(self, around: Detour | None = None) -> Answer:
        """Both stages, a detour around those that failed, and what it all came to."""
        alone = self.touched.sum(axis=1, keepdims=True) == 1
        promising = self.touched & (alone | (self.share * self.k > self.few))
        if self.few == self.k:
            promising = self.touched
        scouted = self.touched & ~promising
        last = np.full(self.touched.shape, np.inf, np.float32)  # each shard's last scout
        stage_ms = self._stage(promising, self.k, None)
        stage_ms = max(stage_ms, self._stage(scouted, self.few, last))
        hopeful = scouted & np.isfinite(last) & (last <= self.best.distances[:, -1:])
        stage_ms += self._stage(hopeful, self.k, None)
        known = 0
        while around is not None and len(self.failed) > known:  # also around those found meanwhile
            known = len(self.failed)
            instead = self._next_best(around)
            stage_ms += self._stage(instead, self.k, None)
            promising = promising | instead
        unheard = (self.view.incarnation == 0) & (self.loads > 0)
        out = unheard | ((self.view.health == DEAD) & (self.loads > 0))
        out[list(self.failed)] = True
        lost = self.way.lost + (self.share * self.missed).sum(axis=1)
        # Of shards that the table never heard of nothing is expected: their part of the data.
        lost = lost + (1.0 - lost) * self.loads[unheard].sum() / max(1, self.loads.sum())
        return Answer(
            self.best,
            self.touched,
            scouted.sum(axis=1),
            (promising | hopeful).sum(axis=1),
            self.failed,
            self.way.degraded | self.missed.any(axis=1) | unheard.any(),
            np.minimum(lost, 1.0).astype(np.float32),
            float(self.loads[out].sum() / max(1, self.loads.sum())),
            stage_ms,
            Costs(
                self.messages,
                self.bytes,
                self.touches,
                self.compared,
                self.scanned,
            ),
        )

    def _next_best(self, around: Detour) -> NDArray[np.bool_]:
        """Which shards, not asked yet, hold the most of the rest for those who missed one."""
        rows = np.flatnonzero(self.missed.any(axis=1))
        way = around(rows, list(self.failed))
        self.compared += way.distances * len(rows)
        places = np.nonzero(way.shards >= 0)
        instead = np.zeros(self.touched.shape, np.bool_)
        instead[rows[places[0]], way.shards[places]] = True
        instead &= ~self.touched
        self.touched = self.touched | instead
        return instead

    def _stage(self, wanted: NDArray[np.bool_], k: int, last: Floats | None) -> float:
        """Ask every wanted shard for k candidates of its queries; the slowest one's time."""
        slowest = 0.0
        for shard in np.flatnonzero(wanted.any(axis=0)).tolist():
            rows = np.flatnonzero(wanted[:, shard])
            if shard in self.failed:
                self.missed[rows, shard] = True
                continue
            reply = ask(
                shard,
                self.shards.copies[shard],
                self.asked[rows],
                k,
                self.shards.latency,
                self.shards.deadline_ms,
                self.shards.hedge_ms,
            )
            self.shards.note(self.view, shard, reply)
            self._count(shard, rows.size, k, reply)
            slowest = max(slowest, reply.latency_ms)
            if reply.found is None:
                self.failed[shard] = reply.reason
                self.missed[rows, shard] = True
                continue
            absorb(self.best.ids, self.best.distances, rows, *reply.found)
            if last is not None:
                last[rows, shard] = reply.found.distances[:, -1]
        return slowest

    def _count(self, shard: int, queries: int, k: int, reply: Reply) -> None:
        """Add up what asking cost."""
        self.messages += reply.tries + (reply.found is not None)
        self.bytes += reply.tries * queries * (4 * self.asked.shape[1] + 8)
        self.bytes += queries * k * CANDIDATE_BYTES * (reply.found is not None)
        self.touches += reply.tries * queries
        self.scanned += reply.tries * queries * int(self.loads[shard])


def _everywhere(table: RoutingTable, queries: int) -> Route:
    """The route of a broadcast; shares by the sizes that the table tells."""
    size = table.size.sum(axis=1)
    share = (size / max(1, size.sum())).astype(np.float32)
    dead = table.health == DEAD
    open_shards = np.flatnonzero(~dead & (size > 0))
    return Route(
        np.tile(open_shards, (queries, 1)),
        np.tile(share[open_shards], (queries, 1)),
        np.full(queries, share[dead].sum(), np.float32),
        np.full(queries, bool(share[dead].any())),
        0,
    )
