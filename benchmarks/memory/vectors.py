"""Vector indexes: recall@10 and queries a second beside hnswlib, faiss and usearch.

The same vectors, queries and parameters (M 16, 200 candidates when building, 64 when searching)
for all, one thread each. Uniform: independent in [0, 1). Clustered: 1,000 standard normal centres,
and 0.35 times a standard normal around them. Recall is measured against exact search. Our HNSW must
name the very neighbours that hnswlib names before their speed is compared; where indexes differ,
the recall of both stands beside their speed. Filtered, the peer is hnswlib's own Python callback.
Times are CPU seconds, the best of several; builds are timed once.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.rows import Row
from swarm.memory.vectors import HNSW, IVFPQ, Exact, choose, novelty

K, M, BUILDING, SEARCHING = 10, 16, 200, 64
Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Search = Callable[[Floats], Any]


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of clustered, then of uniform vectors."""
    n, d = (10_000, 32) if quick else (100_000, 64)
    with threadpool_limits(limits=1):
        for kind in ("clustered",) if quick else ("clustered", "uniform"):
            vectors, queries = data(kind, n, d)
            title = f"{n // 1000}k × {d} {kind}"
            yield from against_peers(title, vectors, queries, quick)
            gc.collect()


def data(kind: str, n: int, d: int, queries: int = 1000) -> tuple[Floats, Floats]:
    """Vectors float32[n, d] and queries of the same distribution."""
    rng = np.random.default_rng(1)
    drawn: Floats
    if kind == "uniform":
        drawn = rng.random((n + queries, d), dtype=np.float32)
    else:
        centres = rng.standard_normal((1000, d), dtype=np.float32)
        drawn = centres[rng.integers(0, 1000, n + queries)]
        drawn += np.float32(0.35) * rng.standard_normal(drawn.shape, dtype=np.float32)
    return np.ascontiguousarray(drawn[:n]), np.ascontiguousarray(drawn[n:])


def against_peers(title: str, vectors: Floats, queries: Floats, quick: bool) -> Iterator[Row]:
    """All indexes over one set of vectors."""
    exact = Exact(vectors.shape[1])
    exact.add(vectors)
    exact.search(queries[:2], K)  # compiles
    true = exact.search(queries, K).ids
    yield flat(title, exact, true, vectors, queries)
    yield from graphs(title, exact, true, vectors, queries)
    gc.collect()
    yield from compressed(title, true, vectors, queries, quick)


def graphs(title: str, exact: Exact, true: Ids, vectors: Floats, queries: Floats) -> Iterator[Row]:
    """HNSW of ours beside that of all others, filtered too."""
    ours, library, builds = both_graphs(vectors)
    search: Search = lambda q: ours.search(q, K).ids  # noqa: E731
    raw: Search = lambda q: library.knn_query(q, K, num_threads=1)[0]  # noqa: E731
    yield same_graph(title, search, raw, true, queries, builds)
    yield alone(title, search, raw, queries)
    for name, peer, build_s in other_graphs(vectors):
        yield compared(f"{title}, HNSW", name, search, peer, true, queries, build_s)
    yield filtered(title, 0.01, 20.0, exact, ours, library, queries)
    for share in (0.1, 0.5):
        yield filtered(title, share, None, exact, ours, library, queries)
    yield novel(title, ours, exact, queries)


# Exact


def flat(title: str, exact: Exact, true: Ids, vectors: Floats, queries: Floats) -> Row:
    """Ours beside faiss IndexFlat; it computes in float32, so that near ties may differ."""
    import faiss

    faiss.omp_set_num_threads(1)
    peer = faiss.IndexFlatL2(vectors.shape[1])
    peer.add(vectors)
    same = recall(peer.search(queries, K)[1], true)
    seconds, peers = best(
        lambda: exact.search(queries, K), lambda: peer.search(queries, K), times=3
    )
    return Row(
        f"{title}, exact, queries/s (faiss Flat)",
        len(queries) / seconds,
        len(queries) / peers,
        peers / seconds,
        {"same neighbours": same > 0.999, "share": same},
        notes={"chosen for so many": choose(*vectors.shape).kind},
    )


# Graphs


def both_graphs(vectors: Floats) -> tuple[HNSW, Any, dict[str, float]]:
    """Ours, and hnswlib's with the same parameters and seed; and their seconds of building."""
    import hnswlib

    n, d = vectors.shape
    library = hnswlib.Index("l2", d)
    library.init_index(n, M=M, ef_construction=BUILDING, random_seed=1)
    peers = seconds_of(lambda: library.add_items(vectors, num_threads=1))
    library.set_ef(SEARCHING)
    ours = HNSW(d, M=M, ef_construction=BUILDING, ef=SEARCHING, seed=1)
    seconds = seconds_of(lambda: ours.add(vectors))
    return ours, library, {"build_s": round(seconds, 2), "peer build_s": round(peers, 2)}


def same_graph(
    title: str, ours: Search, raw: Search, true: Ids, queries: Floats, builds: dict[str, float]
) -> Row:
    """What our layer costs in batches: ratio 1 for nothing."""
    found = ours(queries)
    same = bool(np.array_equal(found, raw(queries).astype(np.int64)))
    seconds, peers = best(lambda: ours(queries), lambda: raw(queries), times=9)
    return Row(
        f"{title}, HNSW in batches of {len(queries):,}, queries/s (hnswlib)",
        len(queries) / seconds,
        len(queries) / peers,
        peers / seconds,
        {"same neighbours": same, "recall": recall(found, true)},
        0.95,
        builds,
    )


def alone(title: str, ours: Search, raw: Search, queries: Floats) -> Row:
    """One query a call, where checks and the lock are felt."""
    some = [queries[i] for i in range(200)]
    seconds, peers = best(
        lambda: [ours(query) for query in some], lambda: [raw(query) for query in some], times=5
    )
    return Row(
        f"{title}, HNSW one by one, queries/s (hnswlib)",
        len(some) / seconds,
        len(some) / peers,
        peers / seconds,
    )


def other_graphs(vectors: Floats) -> Iterator[tuple[str, Search, float]]:
    """The graphs of faiss and usearch, by name, with their seconds of building."""
    import faiss
    from usearch.index import Index

    d = vectors.shape[1]
    graph = faiss.IndexHNSWFlat(d, M)
    graph.hnsw.efConstruction, graph.hnsw.efSearch = BUILDING, SEARCHING
    build_s = seconds_of(lambda: graph.add(vectors))
    yield "faiss HNSW", lambda q: graph.search(q, K)[1], build_s
    index = Index(
        ndim=d,
        metric="l2sq",
        dtype="f32",
        connectivity=M,
        expansion_add=BUILDING,
        expansion_search=SEARCHING,
    )
    build_s = seconds_of(lambda: index.add(np.arange(len(vectors)), vectors, threads=1))
    yield "usearch", lambda q: index.search(q, K, threads=1).keys.astype(np.int64), build_s


def compared(
    title: str,
    name: str,
    ours: Search,
    peer: Search,
    true: Ids,
    queries: Floats,
    build_s: float,
) -> Row:
    """Queries a second of two that differ, each with its recall."""
    checks = {"recall": recall(ours(queries), true), "peer": recall(peer(queries), true)}
    seconds, peers = best(lambda: ours(queries), lambda: peer(queries), times=5)
    return Row(
        f"{title}, queries/s ({name})",
        len(queries) / seconds,
        len(queries) / peers,
        peers / seconds,
        checks,
        notes={"peer build_s": round(build_s, 2)},
    )


def filtered(
    title: str,
    share: float,
    goal: float | None,
    exact: Exact,
    ours: HNSW,
    library: Any,
    queries: Floats,
) -> Row:
    """A random share is allowed; the peer asks a Python function about every candidate."""
    allowed = np.random.default_rng(2).random(len(exact)) < share
    true = exact.search(queries, K, allowed).ids
    checks: dict[str, bool | float] = {"recall": recall(ours.search(queries, K, allowed).ids, true)}
    some = queries[:40]
    permitted = allowed.tolist()  # the quickest to be asked

    def peer() -> Any:
        return library.knn_query(some, K, num_threads=1, filter=permitted.__getitem__)[0]

    checks["peer"] = recall(peer(), true[:40])
    checks["as near"] = bool(checks["recall"] >= min(checks["peer"], 0.95) - 0.01)
    peers = min(seconds_of(peer) for _ in range(2)) / len(some)
    seconds = min(seconds_of(lambda: ours.search(queries, K, allowed)) for _ in range(5))
    single = seconds_of(lambda: [ours.search(query, K, allowed) for query in some]) / len(some)
    return Row(
        f"{title}, {share:.0%} allowed, queries/s (hnswlib's filter)",
        len(queries) / seconds,
        1 / peers,
        peers * len(queries) / seconds,
        checks,
        goal,
        {"one by one, queries/s": round(1 / single), "ratio": round(peers / single, 1)},
    )


def novel(title: str, ours: HNSW, exact: Exact, queries: Floats) -> Row:
    """Novelty by the graph beside novelty by exact search."""
    near, true = novelty(ours, queries), novelty(exact, queries)
    seconds, peers = best(lambda: novelty(ours, queries), lambda: novelty(exact, queries), times=3)
    return Row(
        f"{title}, novelty of 15, queries/s (by exact search)",
        len(queries) / seconds,
        len(queries) / peers,
        peers / seconds,
        {"largest relative error": float(np.max(np.abs(near - true) / true))},
    )


# Codes


def compressed(
    title: str, true: Ids, vectors: Floats, queries: Floats, quick: bool
) -> Iterator[Row]:
    """IVF-PQ of ours beside that of faiss, whose candidates its own store ranks again."""
    import faiss

    d = vectors.shape[1]
    peer: Any = faiss.index_factory(d, f"IVF{256 if quick else 1024},PQ{d // 2}x4fs,Refine(SQfp16)")
    train = seconds_of(lambda: (peer.train(vectors), peer.add(vectors)))
    faiss.extract_index_ivf(peer.base_index).nprobe, peer.k_factor = 16, 100 / K
    ours = IVFPQ(d, expected=len(vectors), nprobe=16, candidates=100, seed=1)
    build_s = seconds_of(lambda: ours.add(vectors))
    row = compared(
        f"{title}, IVF-PQ",
        "faiss IVF-PQ, re-ranked",
        lambda q: ours.search(q, K).ids,
        lambda q: peer.search(q, K)[1],
        true,
        queries,
        train,
    )
    yield Row(
        row.name,
        row.ours,
        row.peer,
        row.ratio,
        row.checks,
        notes={**row.notes, "build_s": round(build_s, 2)},
    )


# What all of them need


def recall(found: Any, true: Ids) -> float:
    """The share of the true neighbours that was found."""
    hits = (true[:, :, np.newaxis] == np.asarray(found, dtype=np.int64)[:, np.newaxis, :]).any(2)
    return float(hits.mean())


def best(ours: Callable[[], Any], peer: Callable[[], Any], times: int) -> tuple[float, float]:
    """The least CPU seconds of each, taken in turns."""
    pairs = [(seconds_of(ours), seconds_of(peer)) for _ in range(times)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def seconds_of(work: Callable[[], Any]) -> float:
    """CPU seconds of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start
