"""A hundred million vectors on one machine, by hand: `make bench-100m`, some half an hour.

    python -m benchmarks.memory.hundred_million FOLDER [--vectors 100000000]

builds an IVF-PQ index of clustered vectors of 64 dimensions in FOLDER, and measures it: latency of
single queries, recall against the true neighbours (found by brute force while the vectors pass
by), queries a second in batches, and memory. A build that was stopped goes on from its last
checkpoint when it is called again; one that is done is only measured. 100 million take about 18 GB
of disk and 6 GiB of memory, and as much again for the page cache is well spent.

There are 5,000 vectors a cluster, whatever their number: what makes neighbours hard to tell apart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # faiss has its own

import numpy as np

from benchmarks.memory.clustered import Clustered, Truth, recall, resident
from benchmarks.rows import Row, show
from swarm.memory.vectors.ivf_pq import IVFPQ

DIMENSIONS, K = 64, 10
RECALL, MILLISECONDS = 0.95, 2.0
TUNED = 0.97  # on other queries than those measured, so it takes some more
TUNING, MEASURED = 200, 300  # queries whose true neighbours are found
CHUNK, CHUNKS_A_CHECKPOINT = 1_000_000, 10
# On disk: the vectors, and codes with numbers, twice while a checkpoint replaces the last.
BYTES = 2 * DIMENSIONS + 2 * (DIMENSIONS // 4 + 8 + 1)


def main(arguments: list[str] | None = None) -> int:
    """Build what is missing, then measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory.hundred_million")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=int, default=100_000_000)
    parser.add_argument("--stage", choices=("build", "measure", "all"), default="all")
    parser.add_argument("--threads", type=int, default=2, help="of the build; measuring has one")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.vectors < 20_000:
        parser.error("--vectors must be at least 20000")
    if problem := _refusal(chosen.folder, chosen.vectors):
        parser.error(problem)
    if chosen.stage != "measure":
        build(chosen.folder, chosen.vectors, chosen.threads)
    if chosen.stage == "build":
        return 0
    if _done(chosen.folder) < chosen.vectors:
        parser.error(f"{chosen.folder} is not built: leave out --stage measure")
    return show(measure(chosen.folder, chosen.vectors), chosen.json)


def build(folder: Path, vectors: int, threads: int) -> None:
    """Add chunks until there are enough, with a checkpoint every ten."""
    import faiss

    faiss.omp_set_num_threads(threads)
    source, chunk = _source(vectors), min(CHUNK, vectors // 20)
    truth = Truth(source.queries(TUNING + MEASURED), K)
    done, seconds = _done(folder), 0.0
    if done:
        index = IVFPQ.load(folder / "index", extend=True)
        with np.load(folder / f"truth.{done}.npz") as saved:
            truth.ids, truth.distances = saved["ids"], saved["distances"]
            seconds = float(saved["seconds"])
        _say(f"going on from {done:,} vectors")
    else:
        shutil.rmtree(folder / "index", ignore_errors=True)
        index = IVFPQ(DIMENSIONS, expected=vectors, folder=folder / "index")
        (folder / "settings.json").write_text(json.dumps({"vectors": vectors}))
    start, began = time.perf_counter() - seconds, len(index)
    this_time = time.perf_counter()
    while len(index) < vectors:
        first = len(index)
        number, size = first // chunk, min(chunk, vectors - first)
        part = source.chunk(number, size)
        truth.see(part, first)
        index.add(part)
        now = time.perf_counter()
        rate = (len(index) - began) / (now - this_time)
        left = (vectors - len(index)) / rate / 60
        _say(
            f"{len(index):>13,} vectors  {rate:>9,.0f} a second  {left:6.1f} minutes left"
            f"  {time.process_time() / 60:6.1f} minutes of processors"
        )
        if (number + 1) % CHUNKS_A_CHECKPOINT == 0 or len(index) >= vectors:
            _checkpoint(folder, index, truth, now - start)
            _say(f"{len(index):>13,} vectors  saved")


def measure(folder: Path, vectors: int) -> Iterator[Row]:
    """The rows: recall, latency, batches and memory, on one thread."""
    import faiss

    faiss.omp_set_num_threads(1)
    before = resident()[0]
    index = IVFPQ.load(folder / "index")
    with np.load(folder / f"truth.{vectors}.npz") as saved:
        truth, minutes = saved["ids"], float(saved["seconds"]) / 60
    for path in sorted((folder / "index").glob("vectors*")):
        _say(f"reading {path.stat().st_size / 1e9:.1f} GB into the page cache")
        _read_through(path)
    queries = _source(vectors).queries(TUNING + MEASURED)
    held, asked = queries[:TUNING], queries[TUNING:]
    setting = index.tune(held, TUNED, K, truth[:TUNING])
    notes = {"nprobe": setting.nprobe, "candidates": setting.candidates, "lists": index.lists}
    index.search(asked, K)
    found, laps = np.empty((len(asked), K), np.int64), []
    for lap in range(5):
        for i in range(len(asked)):
            start = time.perf_counter()
            found[i] = index.search(asked[i], K).ids
            if lap:  # the first one warms
                laps.append(1e3 * (time.perf_counter() - start))
    true = recall(found, truth[TUNING:])
    half, tail = np.percentile(laps, (50, 99))
    what = f"{vectors / 1e6:,g}M vectors x {DIMENSIONS}, IVF-PQ"
    yield Row(f"{what}, build, minutes", minutes, notes={"disk bytes a vector": BYTES})
    yield Row(f"{what}, true recall@{K}", true, goal=RECALL, checks={"reached": true >= RECALL})
    fast = {"reached": bool(half <= MILLISECONDS)}
    yield Row(
        f"{what}, p50 of a query, ms",
        half,
        goal=MILLISECONDS,
        checks=fast,
        notes=notes,
    )
    yield Row(f"{what}, p99 of a query, ms", tail)
    many = _source(vectors).queries(2_000)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        index.search(many, K)
        seconds.append(time.process_time() - start)
    yield Row(f"{what}, queries a second in batches", len(many) / min(seconds), notes=notes)
    own, files = resident()
    yield Row(f"{what}, memory of the process, GiB", own - before, notes={"page cache": files})


def _checkpoint(folder: Path, index: IVFPQ, truth: Truth, seconds: float) -> None:
    """Truth first: the index's header decides how far the build has come."""
    kept = folder / f"truth.{len(index)}.npz"
    np.savez(kept, ids=truth.ids, distances=truth.distances, seconds=seconds)
    index.save(folder / "index")
    for other in folder.glob("truth.*.npz"):
        if other != kept:
            other.unlink()


def _source(vectors: int) -> Clustered:
    return Clustered(clusters=max(1, vectors // 5_000), dimensions=DIMENSIONS)


def _done(folder: Path) -> int:
    """Vectors at the last checkpoint."""
    header = folder / "index" / "index.json"
    return int(json.loads(header.read_text())["rows"]) if header.exists() else 0


def _refusal(folder: Path, vectors: int) -> str | None:
    """Why this folder will not do; None if it will."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "settings.json"
    if settings.exists() and (other := json.loads(settings.read_text())["vectors"]) != vectors:
        return (
            f"{folder} holds a build of {other} vectors: go on with --vectors {other}, or empty it"
        )
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free, needed = shutil.disk_usage(folder).free, vectors * BYTES - there
    if free < needed and _done(folder) < vectors:
        return f"{folder} has {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB more are needed"
    return None


def _read_through(path: Path, block: int = 1 << 24) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(block):
            pass


def _say(line: str) -> None:
    print(time.strftime("%H:%M:%S ") + line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
