"""Routed search beside broadcast and a single index: recall, shards touched, queries a second.

The peer of a routed query is the same query broadcast to the same shards; exact indexes stand on
the shards where recall is measured, so that what is lost is lost by routing alone, and graphs
where queries are timed. On clustered data (1,000 centres, sigma .35) a query's neighbours lie
together and routing pays; on uniform data they lie nearly everywhere, and no router can do
without most of the shards: the rows say how many.

Then: what a dead shard costs, how many rounds of gossip a change of the table takes, what
rebalancing moves after inserts that all go to one corner, and what recall is left where half as
many vectors again come from centres that were not there when the shards were laid out. Times are
CPU seconds, best of several.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from swarm.memory.shards import RoutingTable, Shards, agree, gossip
from swarm.memory.vectors import HNSW, Exact, VectorIndex

Floats = NDArray[np.float32]
K = 10


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of recall, outage, gossip, rebalancing and speed."""
    n, width, asked = (8_000, 32, 200) if quick else (100_000, 64, 1_000)
    counts = (4, 16) if quick else (4, 16, 64)
    compile_s = compiled()
    for data in ("clustered", "uniform"):
        vectors, queries = drawn(data, n, asked, width)
        exact = Exact(width)
        exact.add(vectors)
        true = exact.search(queries, K).ids
        for count in counts:
            shards = Shards.build(vectors, np.random.default_rng(1), shards=count)
            yield from recall_rows(data, shards, queries, true)
            if data == "clustered":
                yield outage(shards, queries, true)
            if data == "clustered" and count == 16:
                yield from spreading(shards.table, 64)
                yield from rebalanced(shards, vectors)
                yield drifted(vectors, queries)
    vectors, queries = drawn("clustered", n, asked, width)
    yield from speed(vectors, queries, 16, compile_s)


def drawn(data: str, n: int, queries: int, width: int) -> tuple[Floats, Floats]:
    """Vectors and queries of one distribution, a centre for every hundred vectors."""
    rng = np.random.default_rng(7)
    total, points = n + queries, np.zeros(0)
    if data == "uniform":
        points = rng.random((total, width))
    else:
        centres = rng.normal(0, 1, (max(20, n // 100), width))
        points = centres[rng.integers(0, len(centres), total)] + rng.normal(0, 0.35, (total, width))
    return points[:n].astype(np.float32), points[n:].astype(np.float32)


def recall_rows(
    data: str, shards: Shards, queries: Floats, true: NDArray[np.int64]
) -> Iterator[Row]:
    """Recall against broadcast's, and how much less was touched, sent and compared."""
    count = len(shards.table)
    everywhere = shards.search(queries, K, everywhere=True)
    routed = shards.search(queries, K)
    peer, ours = recall(everywhere.ids, true), recall(routed.ids, true)
    touched = routed.asked.sum(axis=1)
    name = f"routing, {data}, {count} shards"
    yield Row(
        f"{name}, recall@10 beside broadcast",
        ours,
        peer,
        ours / peer,
        {"broadcast is exact": peer == 1.0, "recall ≥ .95": ours >= 0.95 * peer},
        0.95,
        {"target": 0.95},
    )
    yield Row(
        f"{name}, shards touched a query",
        float(touched.mean()),
        float(count),
        float(count / touched.mean()),
        {"most": float(touched.max()), "deep": float(routed.deep.mean())},
        notes={
            "share_of_bytes": round(routed.costs.bytes / everywhere.costs.bytes, 4),
            "share_of_distances": round(
                (routed.costs.scanned + routed.costs.compared) / everywhere.costs.scanned, 4
            ),
            "load_max_by_mean": round(
                float(shards.placement.loads().max() * count / len(shards)), 3
            ),
            "shards_that_hold_the_true_ten": round(spread_of_truth(shards, true), 2),
        },
    )


def outage(shards: Shards, queries: Floats, true: NDArray[np.int64]) -> Row:
    """One shard answers no more: what is lost, beside its share of the vectors."""
    dead = 1
    shards.latency = lambda shard, copy: math.inf if shard == dead else 0.0
    before = recall(shards.search(queries, K, table=shards.table.copy()).ids, true)
    for _ in range(4):
        answer = shards.search(queries, K)
    shards.latency = lambda shard, copy: 0.0
    shards.revive(dead)
    hits = np.array([np.isin(a, b).mean() for a, b in zip(true, answer.ids, strict=True)])
    well = recall(shards.search(queries, K).ids, true)
    gone = shards.placement.shards_of(true.ravel()).reshape(true.shape) == dead
    count = len(shards.table)
    return Row(
        f"routing, clustered, {count} shards, one dead, recall lost (peer: its part of the truth)",
        well - float(hits.mean()),
        float(gone.mean()),
        checks={
            "all queries answered": bool((answer.ids >= 0).all()),
            "losses are marked": bool(answer.degraded[gone.mean(axis=1) > 0.5].all()),
            "unmarked lose nothing": bool(hits[~answer.degraded].mean() > 0.995),
            "marked": float(answer.degraded.mean()),
            "said to be lost": float(answer.unreachable.mean()),
            "share of the data": answer.data_unreachable,
            "first answers after the outage": before,
        },
    )


def spreading(table: RoutingTable, nodes: int) -> Iterator[Row]:
    """Rounds of gossip until one shard's news, and until all shards' news, are everywhere."""
    rng = np.random.default_rng(3)
    peers = np.array([rng.choice(np.delete(np.arange(nodes), i), 8, False) for i in range(nodes)])
    shards = len(table)
    for news in (1, shards):
        tables = [table.copy() for _ in range(nodes)]
        for shard in range(news):  # each heard first by another node
            tables[shard].beat(shard, load_ms=float(shard + 1))
        rounds = size = 0
        while not agree(tables) and rounds < 100:
            size += gossip(tables, peers, rng).bytes
            rounds += 1
        yield Row(
            f"gossip of routing tables, {nodes} nodes, {news} shards' news, rounds until all agree",
            rounds,
            math.log2(nodes),
            checks={"all agree": agree(tables), "MB a node": size / nodes / 1e6},
            notes={"entry_kb": round(table.entry_bytes(0) / 1e3, 1), "peer": "log2 of the nodes"},
        )


def rebalanced(shards: Shards, vectors: Floats) -> Iterator[Row]:
    """Half as many vectors again, all near one shard's; then rebalanced."""
    rng = np.random.default_rng(5)
    n, width = vectors.shape
    corner = shards.placement.members(int(np.flatnonzero(shards.placement.shard == 0)[0]))
    near = vectors[rng.choice(corner, n // 2)] + rng.normal(0, 0.35, (n // 2, width))
    shards.add(near)
    queries = (near[:200] + rng.normal(0, 0.1, (200, width))).astype(np.float32)
    before = shards.search(queries, K, everywhere=True).ids
    ids = shards.ids()
    start = time.process_time()
    plan = shards.rebalance(rng, bytes_max=1e12)
    shards.settle()
    spent = time.process_time() - start
    each = 4 * width + 8
    surplus = n / 2 * (1 - 1 / len(shards.table)) * each  # what must leave the corner at least
    after = shards.search(queries, K, everywhere=True).ids
    routed = shards.search(queries, K)
    yield Row(
        "rebalancing, 16 shards, half as much again on one, max/mean load (peer: before)",
        plan.after,
        plan.before,
        plan.before / plan.after,
        {
            "nothing lost or doubled": bool(np.array_equal(ids, shards.ids())),
            "same answers": bool((before == after).all()),
            "within 1.1": plan.after <= 1.1 + 1e-9,
            "routed recall after": recall(routed.ids, after),
            "touched after": float(routed.asked.sum(axis=1).mean()),
        },
    )
    yield Row(
        "rebalancing, MB moved (peer: the surplus of the full shard)",
        shards.bytes_moved / 1e6,
        surplus / 1e6,
        surplus / max(shards.bytes_moved, 1),
        {"as planned": shards.bytes_moved == plan.bytes},
        notes={"moves": len(plan.moves), "cpu_s": round(spent, 2)},
    )


def drifted(vectors: Floats, queries: Floats) -> Row:
    """Half as many vectors again from new centres; recall for old and new, also half rebalanced."""
    rng = np.random.default_rng(9)
    n, width = vectors.shape
    shards = Shards.build(vectors, np.random.default_rng(1), shards=16)
    centres = rng.normal(0, 1, (max(10, n // 200), width))
    more = centres[rng.integers(0, len(centres), n // 2 + 200)]
    more = (more + rng.normal(0, 0.35, more.shape)).astype(np.float32)
    for part in np.array_split(more[200:], 10):
        shards.add(part)
    asked = {"new": more[:200], "old": queries[:200]}
    kept: dict[str, float] = {}

    def measure(when: str) -> None:
        for who, those in asked.items():
            true = shards.search(those, K, everywhere=True).ids
            kept[f"{who}, {when}"] = recall(shards.search(those, K).ids, true)

    measure("after the inserts")
    shards.rebalance(rng, bytes_max=1e12)
    for _ in range(len(shards.moves) * 3 // 2):
        shards.step()
    measure("half rebalanced")
    shards.settle()
    measure("rebalanced")
    shards.remove(rng.permutation(n)[: n * 9 // 10])
    measure("most of the old removed")
    touched = shards.search(asked["new"], K).asked.sum(axis=1).mean()
    return Row(
        "routing, clustered, 16 shards, recall@10 after drift, the least beside broadcast",
        min(kept.values()),
        1.0,
        min(kept.values()),
        {**kept, "touched": float(touched), "recall ≥ .95": min(kept.values()) >= 0.95},
        0.95,
    )


def speed(vectors: Floats, queries: Floats, count: int, compile_s: float) -> Iterator[Row]:
    """Queries a second of graphs: routed, broadcast and one index, in one process and thread."""

    def graph(width: int, metric: str = "l2") -> VectorIndex:
        return HNSW(width, "l2", M=16, ef_construction=100, ef=48, seed=1)

    width = vectors.shape[1]
    shards = Shards.build(vectors, np.random.default_rng(1), shards=count, index=graph)
    single = graph(width)
    single.add(vectors)
    exact = Exact(width)
    exact.add(vectors)
    true = exact.search(queries, K).ids
    routed, everywhere = shards.search(queries, K), shards.search(queries, K, everywhere=True)
    found = recall(routed.ids, true)
    rate = len(queries) / seconds(lambda: shards.search(queries, K))
    for peer, ids, call in (
        ("broadcast", everywhere.ids, lambda: shards.search(queries, K, everywhere=True)),
        ("a single index", single.search(queries, K).ids, lambda: single.search(queries, K)),
    ):
        theirs, peer_found = len(queries) / seconds(call), recall(ids, true)
        yield Row(
            f"routing, clustered, {count} shards of HNSW, queries/s beside {peer}",
            rate,
            theirs,
            rate / theirs,
            {"recall": found, "its recall": peer_found, "≥ .95 of it": found >= 0.95 * peer_found},
            1.0 if peer == "broadcast" else None,
            {"batch": len(queries), "ef": 48, "compile_s": compile_s},
        )
    one = [queries[i : i + 1] for i in range(100)]
    ours = len(one) / seconds(lambda: [shards.search(q, K) for q in one])
    theirs = len(one) / seconds(lambda: [shards.search(q, K, everywhere=True) for q in one])
    yield Row(
        f"routing, clustered, {count} shards of HNSW, queries/s one by one beside broadcast",
        ours,
        theirs,
        ours / theirs,
        goal=1.0,
    )


def recall(found: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    """The part of the true neighbours that was found."""
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(true, found, strict=True)]))


def spread_of_truth(shards: Shards, true: NDArray[np.int64]) -> float:
    """On how many shards the true neighbours of a query lie: what an oracle would touch."""
    home = shards.placement.shards_of(true.ravel()).reshape(true.shape)
    return float(np.mean([np.unique(row).size for row in home]))


def compiled() -> float:
    """Seconds that the kernels take to compile, or to be read from the cache."""
    start = time.process_time()
    vectors, queries = drawn("clustered", 400, 10, 8)
    Shards.build(vectors, np.random.default_rng(1), shards=2).search(queries, K)
    return round(time.process_time() - start, 2)


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """CPU seconds of a call, the best of several."""
    best = math.inf
    for _ in range(times):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best
