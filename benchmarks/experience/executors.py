"""What handing out a task costs: our pool beside Python's two, and Ray beside our pool.

The tasks are a trivial one, where all there is to see is the handing out, and one that keeps a
processor busy for a millisecond, as the smallest of studies do. Python's pools are asked as one
asks them for trials: singly, not in chunks of a size that somebody has to know; ours makes small
chunks of its own. Every pool has started and done a hundred tasks before the clock starts. Starting
is a row of its own.

All of them must give the same values before they are timed. What counts is when the work is done,
so times are wall seconds (`time.perf_counter`), the best of several, of ours and of the peer in
turn; on a busy machine they still vary by a fifth or so. Times a task have the work itself taken
out where a row says "beyond the work": wall time of all, times workers, less what one process needs
for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.util import find_spec
from itertools import starmap
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.rows import Row
from experiments.executors import Executor, Task, executor_of

WORKERS = 2
TARGET = 1 / 1.3
"""Our overhead is to be less than 1.3 times that of `Pool.imap_unordered`."""

Run = Callable[[int], list[int]]
"""Does so many tasks and returns their values, sorted."""


def trivial(payload: int, shared: Any = None) -> int:
    """Nothing to do."""
    return payload


def millisecond(payload: int, shared: Any = None) -> int:
    """A millisecond of a processor's time, as this machine counts it."""
    until = time.thread_time() + 0.001
    while time.thread_time() < until:
        pass
    return payload


def summed(payload: int, shared: Any) -> int:
    """Looks at a large shared array in one place."""
    return int(shared["numbers"][payload])


WORK = {"trivial": trivial, "1 ms": millisecond}


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of the pool beside Python's pools, then of Ray beside the pool."""
    repeats = 2 if quick else 5
    counts = {"trivial": 1_000 if quick else 10_000, "1 ms": 300 if quick else 1_500}
    with executor_of("pool", WORKERS) as pool:
        yield from against_pythons(pool, counts, repeats)
        yield sharing(pool, quick)
        if find_spec("ray") is not None:
            yield from against_pool(pool, counts, repeats)
    yield starting(repeats)


def against_pythons(pool: Executor, counts: dict[str, int], repeats: int) -> Iterator[Row]:
    """Our pool beside `multiprocessing.Pool` and `concurrent.futures`."""
    context = get_context("spawn")
    with context.Pool(WORKERS) as plain, ProcessPoolExecutor(WORKERS, context) as futures:
        for kind, function in WORK.items():
            peers: dict[str, Run] = {
                "Pool.imap_unordered": lambda n, f=function: sorted(  # type: ignore[misc]
                    plain.imap_unordered(f, range(n))
                ),
                "futures.submit": lambda n, f=function: sorted(  # type: ignore[misc]
                    done.result() for done in as_completed([futures.submit(f, i) for i in range(n)])
                ),
            }
            for peer, theirs in peers.items():
                goal = TARGET if peer == "Pool.imap_unordered" else None
                yield _beside(kind, pool, peer, theirs, counts[kind], repeats, goal)


def against_pool(pool: Executor, counts: dict[str, int], repeats: int) -> Iterator[Row]:
    """Ray on this machine beside our pool, each with as many workers; the peer is the pool."""
    with executor_of("ray", WORKERS) as ray:
        for kind, function in WORK.items():
            peer = _run_of(pool, function)
            yield _beside(kind, ray, "our pool", peer, counts[kind], repeats, None)


def _beside(
    kind: str, executor: Executor, peer: str, theirs: Run, count: int, repeats: int, goal: Any
) -> Row:
    ours = _run_of(executor, WORK[kind])
    same = ours(100) == theirs(100) == list(range(100))
    best = _best_in_turn([lambda: ours(count), lambda: theirs(count)], repeats)
    ours_us, peer_us = (1e6 * seconds / count for seconds in best)
    notes: dict[str, Any] = {"clock": "wall", "repeats": repeats, "tasks": count}
    if kind != "trivial":
        start = time.perf_counter()
        for number in range(count):
            millisecond(number)
        alone = 1e6 * (time.perf_counter() - start) / count
        notes["µs beyond the work, a task and worker, ours and the peer's"] = [
            round(WORKERS * each - alone, 1) for each in (ours_us, peer_us)
        ]
    name = f"{executor.name} of {WORKERS}, {count:,} {kind} tasks, µs a task ({peer})"
    return Row(name, ours_us, peer_us, peer_us / ours_us, {"same values": same}, goal, notes)


def sharing(pool: Executor, quick: bool) -> Row:
    """A large array shared, beside the array sent along with each worker's start (initargs)."""
    numbers = np.arange((8 if quick else 64) * 2**17)  # 8 or 64 MiB
    places = range(0, numbers.size, numbers.size // 16)
    tasks = list(starmap(Task, enumerate(places)))
    shared = {"numbers": numbers}

    def ours() -> list[int]:
        return sorted(outcome.value for outcome in pool.run(summed, tasks, shared))

    def theirs() -> list[int]:
        with get_context("spawn").Pool(WORKERS, _keep, (numbers,)) as plain:
            return sorted(plain.imap_unordered(_summed_of_kept, places))

    same = ours() == theirs() == list(places)
    best = _best_in_turn([ours, theirs], 2)
    name = f"pool of {WORKERS}, {numbers.nbytes >> 20} MiB shared, ms a run (Pool's initargs)"
    notes = {"clock": "wall", "note": "ours has started already, a Pool has to be started for it"}
    return Row(
        name, 1e3 * best[0], 1e3 * best[1], best[1] / best[0], {"same values": same}, None, notes
    )


def starting(repeats: int) -> Row:
    """From nothing to the outcomes of a task a worker, and down again."""

    def ours() -> None:
        with executor_of("pool", WORKERS) as pool:
            assert len(_run_of(pool, trivial)(WORKERS)) == WORKERS

    def theirs() -> None:
        with get_context("spawn").Pool(WORKERS) as plain:
            assert len(list(plain.imap_unordered(trivial, range(WORKERS)))) == WORKERS

    best = _best_in_turn([ours, theirs], repeats)
    name = f"pool of {WORKERS}, start, {WORKERS} tasks and end, ms (Pool)"
    notes = {"clock": "wall", "repeats": repeats}
    return Row(name, 1e3 * best[0], 1e3 * best[1], best[1] / best[0], {}, None, notes)


_KEPT: list[np.ndarray] = []


def _keep(numbers: np.ndarray) -> None:
    _KEPT.append(numbers)


def _summed_of_kept(place: int) -> int:
    return int(_KEPT[0][place])


def _run_of(executor: Executor, function: Callable[..., int]) -> Run:
    def run(count: int) -> list[int]:
        tasks: Iterable[Task] = (Task(number, number) for number in range(count))
        return sorted(outcome.value for outcome in executor.run(function, tasks))

    return run


def _best_in_turn(works: list[Callable[[], Any]], repeats: int) -> list[float]:
    """Least wall seconds of each work, all of them once a round, so that noise hits them alike."""
    best = [float("inf")] * len(works)
    for _ in range(repeats):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - start)
    return best
