"""Ten million vectors of 64 dimensions in IVF-PQ, on one thread beside what it is made of.

Vectors come in chunks, in clusters of 5,000, and are never all in memory; the true neighbours of
200 queries are found by brute force on the way. The peer is raw faiss with the very codes that our
index has: alone, and re-ranked by its own `IndexRefine` over vectors of half precision in memory.
That must find the same neighbours, so that the ratio in batches is what our layer costs.
Times of queries are CPU seconds, the best of several; those of single queries are on the clock.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.memory.clustered import Clustered, Truth, recall, resident
from benchmarks.rows import Row
from swarm.memory.vectors.ivf_pq import IVFPQ

DIMENSIONS, K = 64, 10
ASKED, RECALL = 200, 0.95
TUNED = 0.97  # on other queries than those measured, so it takes some more


def rows(quick: bool) -> Iterator[Row]:
    """Build; then recall, latency and batches, each beside faiss."""
    import faiss

    n, chunk = (100_000, 25_000) if quick else (10_000_000, 500_000)
    source = Clustered(clusters=n // 5_000, dimensions=DIMENSIONS)
    what = f"{n / 1e6:,g}M vectors x {DIMENSIONS}, IVF-PQ"
    truth = Truth(source.queries(2 * ASKED), K)
    threads = faiss.omp_get_max_threads()
    with tempfile.TemporaryDirectory() as folder:
        faiss.omp_set_num_threads(1 if quick else 2)
        index, halves, seconds, memory = _built(source, n, chunk, truth, folder)
        faiss.omp_set_num_threads(1)
        try:
            notes = {"lists": index.lists, "code bytes": index.code_bytes}
            yield Row(f"{what}, build, CPU seconds", seconds, notes=notes)
            yield Row(f"{what}, memory, bytes a vector", memory * 2**30 / n)
            yield from _beside_faiss(what, index, halves, truth, 20_000 if not quick else 2_000)
        finally:
            faiss.omp_set_num_threads(threads)


def _built(
    source: Clustered, n: int, chunk: int, truth: Truth, folder: str
) -> tuple[IVFPQ, Any, float, float]:
    """Our index, the peer's vectors; CPU seconds of the former and GiB it took."""
    import faiss

    before, seconds = resident()[0], 0.0
    index = IVFPQ(DIMENSIONS, expected=n, folder=f"{folder}/index")
    halves = faiss.IndexScalarQuantizer(DIMENSIONS, faiss.ScalarQuantizer.QT_fp16)
    for first in range(0, n, chunk):
        vectors = source.chunk(first // chunk, chunk)
        truth.see(vectors, first)
        start = time.process_time()
        index.add(vectors)
        seconds += time.process_time() - start
        del vectors
    memory = resident()[0] - before
    for first in range(0, n, chunk):  # after the memory was read
        halves.add(source.chunk(first // chunk, chunk))
    return index, halves, seconds, memory


def _beside_faiss(what: str, index: IVFPQ, halves: Any, truth: Truth, many: int) -> Iterator[Row]:
    import faiss

    held, asked = truth.queries[:ASKED], truth.queries[ASKED:]
    chosen = index.tune(held, TUNED, K, truth.ids[:ASKED])
    assert index._codes is not None
    raw = index._codes.index
    raw.nprobe = chosen.nprobe
    refined = faiss.IndexRefine(raw, halves)
    refined.k_factor = chosen.candidates / K
    notes = {"nprobe": chosen.nprobe, "candidates": chosen.candidates}

    ours, theirs = index.search(asked, K).ids, refined.search(asked, K)[1]
    same = recall(ours, theirs)
    true = recall(ours, truth.ids[ASKED:])
    checks = {"reached": true >= RECALL, "same as IndexRefine": same >= 0.99}
    coded = recall(raw.search(asked, K)[1], truth.ids[ASKED:])
    yield Row(
        f"{what}, true recall@{K} (peer: codes alone)", true, coded, goal=RECALL, checks=checks,
        notes=notes,
    )  # fmt: skip

    half, tail = _latency(lambda q: index.search(q, K), asked)
    their_half, their_tail = _latency(lambda q: refined.search(q, K), asked)
    peer = "faiss IndexRefine"
    yield Row(f"{what}, p50 of a query, ms ({peer})", half, their_half, their_half / half)
    yield Row(f"{what}, p99 of a query, ms ({peer})", tail, their_tail, their_tail / tail)
    queries = np.tile(truth.queries, (-(-many // len(truth.queries)), 1))[:many]
    seconds = _alternating(
        lambda: index.search(queries, K),
        lambda: refined.search(queries, K),
        lambda: raw.search(queries, chosen.candidates),
        lambda: raw.search(queries, K),
    )
    rates = [many / each for each in seconds]
    yield Row(
        f"{what}, queries/s in batches ({peer})", rates[0], rates[1], rates[0] / rates[1], goal=0.95
    )
    ratio = rates[0] / rates[2]
    yield Row(f"{what}, queries/s in batches (faiss, not re-ranked)", rates[0], rates[2], ratio)
    ratio = rates[0] / rates[3]
    yield Row(f"{what}, queries/s in batches (faiss, {K} codes)", rates[0], rates[3], ratio)


def _latency(search: Callable[[Any], Any], queries: Any) -> tuple[float, float]:
    """p50 and p99 in ms of single queries, warm."""
    laps = []
    for lap in range(4):
        for i in range(len(queries)):
            start = time.perf_counter()
            search(queries[i : i + 1])
            if lap:
                laps.append(1e3 * (time.perf_counter() - start))
    half, tail = np.percentile(laps, (50, 99))
    return float(half), float(tail)


def _alternating(*works: Callable[[], Any], times: int = 3) -> list[float]:
    """CPU seconds of each, the best of several, in turns so that all meet the same machine."""
    best = [np.inf] * len(works)
    for _ in range(times):
        for i, work in enumerate(works):
            start = time.process_time()
            work()
            best[i] = min(best[i], time.process_time() - start)
    return best
