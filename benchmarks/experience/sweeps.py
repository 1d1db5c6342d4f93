"""What a sweep costs beyond its trials: ours, plain `multiprocessing.Pool`, Mesa's `batch_run`.

All run the same worlds: `experiments.models` are Mesa models, so `batch_run` takes the very class,
with a `DataCollector` that records what a sweep does, every tick. First the three have to agree on
every figure of every trial. Then wall time, the best of several, one after the other in turn; for
pools with workers that have been at work before, as start-up is a row of its own. A sweep puts
finished trials on disk before it says so; the others keep nothing until the end.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mesa

from benchmarks.rows import Row
from experiments.executors import Task, executor_of
from experiments.models.boltzmann import Boltzmann
from experiments.sweeps import load_sweep, sweep
from experiments.sweeps.designs import grid
from experiments.sweeps.trial import live, payload_of

TICKS, PEOPLE, WORKERS = 50, (100, 200), 2
MEASURES = ("gini", "poor")


class Watched(Boltzmann):
    """The model with Mesa's own recording."""

    def __init__(self, people: int, seed: int):
        super().__init__(people=people, seed=seed)
        self.last = self.measures()
        reporters = {name: lambda model, name=name: model.last[name] for name in MEASURES}
        self.datacollector = mesa.DataCollector(reporters)

    def step(self) -> None:
        """A tick, and its row."""
        super().step()
        self.last = self.measures()
        self.datacollector.collect(self)


def rows(quick: bool) -> Iterator[Row]:
    """Overhead a trial, and start-up."""
    replicates, repeats = (15, 1) if quick else (60, 3)
    with TemporaryDirectory() as place:
        yield from _rows(Path(place), replicates, repeats, quick)


def _rows(place: Path, replicates: int, repeats: int, quick: bool) -> Iterator[Row]:
    vary, changes = {"people": list(PEOPLE)}, [f"ticks={TICKS}"]
    plan = load_sweep("boltzmann", vary, changes, replicates=replicates)
    payloads = [
        payload_of(plan.study_at(point, seed), "", False)
        for point in grid(plan.factors, 2)
        for seed in plan.seeds
    ]
    count, folders = len(payloads), iter(range(10**6))

    def ours(executor: Any) -> Any:
        return sweep(
            "boltzmann",
            vary,
            changes=changes,
            replicates=replicates,
            out=place / str(next(folders)),
            executor=executor,
        )

    agree = _agree(ours("in-place").table, [live(each, {}) for each in payloads], plan.seeds)
    notes = {"trials": count, "ticks": TICKS, "people": PEOPLE, "cores": os.cpu_count()}

    sweeping, looping, batching = _best(
        repeats,
        lambda: ours("in-place"),
        lambda: [live(each, {}) for each in payloads],
        lambda: _batch_run(plan.seeds, 1),
    )
    yield Row(
        "sweep in place against a plain loop, ms a trial",
        1000 * sweeping / count,
        1000 * looping / count,
        looping / sweeping,
        {**agree, "overhead, ms a trial": 1000 * (sweeping - looping) / count},
        notes=notes,
    )
    yield Row(
        "sweep in place against Mesa's batch_run, ms a trial",
        1000 * sweeping / count,
        1000 * batching / count,
        batching / sweeping,
        agree,
        notes=notes,
    )
    context = multiprocessing.get_context("spawn")
    began = time.perf_counter()
    with executor_of("pool", WORKERS) as executor, context.Pool(WORKERS) as pool:
        list(executor.run(live, (Task(k, each) for k, each in enumerate(payloads))))
        ours_start, began = time.perf_counter() - began, time.perf_counter()
        pool.map(live_alone, payloads)
        pool_start = time.perf_counter() - began
        sweeping, mapping = _best(
            repeats,
            lambda: ours(executor),
            lambda: list(pool.imap_unordered(live_alone, payloads)),
        )
    yield Row(
        f"sweep in a pool of {WORKERS} against plain multiprocessing.Pool, ms a trial",
        1000 * sweeping / count,
        1000 * mapping / count,
        mapping / sweeping,
        {**agree, "overhead, ms a trial": 1000 * (sweeping - mapping) / count},
        notes={**notes, "first round with start-up, s": (ours_start, pool_start)},
    )
    if quick:  # Mesa's processes take seconds to start
        return
    (batching,) = _best(1, lambda: _batch_run(plan.seeds, WORKERS))
    yield Row(
        f"sweep in a pool of {WORKERS} against Mesa's batch_run in {WORKERS} processes, ms a trial",
        1000 * sweeping / count,
        1000 * batching / count,
        batching / sweeping,
        agree,
        notes={**notes, "batch_run": "starts its processes anew, which is in its time"},
    )


def live_alone(payload: Any) -> Any:
    """`live` as a plain pool calls it."""
    return live(payload, {})


def _batch_run(seeds: Sequence[int], processes: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mesa.batch_run(
        Watched,
        {"people": list(PEOPLE), "seed": list(seeds)},
        number_processes=processes,
        max_steps=TICKS - 1,  # it takes one more
        data_collection_period=-1,
        display_progress=False,
    )
    return found


def _agree(table: Any, alone: list[dict[str, Any]], seeds: Sequence[int]) -> dict[str, bool]:
    """Whether all three measure the same, to the last bit."""
    ours = {
        (row["parameters.people"], row["seed"]): tuple(row[f"{name}_last"] for name in MEASURES)
        for _, row in table.iterrows()
    }
    plain = [tuple(one["measures"][f"{name}_last"] for name in MEASURES) for one in alone]
    theirs = {
        (row["people"], row["seed"]): tuple(row[name] for name in MEASURES)
        for row in _batch_run(seeds, 1)
    }
    return {
        "a plain loop measures the same": list(ours.values()) == plain,
        "batch_run measures the same": ours == theirs,
    }


def _best(repeats: int, *works: Callable[[], Any]) -> list[float]:
    """The least wall time of each, in seconds, in turn."""
    best = [float("inf")] * len(works)
    for _ in range(repeats):
        for k, work in enumerate(works):
            began = time.perf_counter()
            work()
            best[k] = min(best[k], time.perf_counter() - began)
    return best
