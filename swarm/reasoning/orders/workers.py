"""Workers: processes that share the evidence, and what happens when one is killed.

Each worker has a pipe of its own and no lock is shared, so that one that is killed at any moment
holds nothing that another waits for. The parent gives out one batch at a time. A batch writes its
own slice of the result and marks it done last; if its worker dies before that, the batch goes back
to the queue and a new worker takes the place of the dead one. Nothing is added up across batches,
so nothing can be lost or counted twice.

Workers are spawned, not forked: the parent may have threads, and what they hold would stay held.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from swarm.reasoning.orders.balance import Stealing
from swarm.reasoning.orders.batches import Plan, Ranking, do_batch
from swarm.reasoning.orders.trial import Judge, OrdersError, Trial
from swarm.shared_arrays import Layout, SharedArrays

DEATHS_MAX = 5
"""A batch that so many workers died of is given up, and the search with it."""

PATIENCE = 5.0
"""Seconds that a worker is given to leave when asked."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    batch: int | None = None


@dataclass(frozen=True)
class Crew:
    """What a search by several workers was like.

    Attributes:
        loads: float64[workers], CPU seconds of the batches each place has done.
        deaths: workers that died; stolen: batches done by another than they were given to.
    """

    loads: np.ndarray
    deaths: int
    stolen: int


def work(
    plan: Plan,
    estimates: np.ndarray,
    shared: SharedArrays,
    referee: Ranking | None,
    workers: int,
    progress: Callable[[int, int], None],
    watch: Callable[[list[int]], None] | None = None,
) -> Crew:
    """Have all batches done by that many processes.

    Args:
        plan: the batches.
        estimates: float64[B], what each is thought to cost.
        shared: trial, judge, result and board, as `search_orders` lays them out.
        referee: one that cannot be tabulated; each worker gets a copy.
        workers: how many processes.
        progress: is told how many batches are done, of how many.
        watch: is told the process ids at work, whenever a worker starts.

    Raises:
        OrdersError: a batch killed `DEATHS_MAX` workers.
    """
    stealing = Stealing(estimates, workers)
    done, seconds = shared.arrays["done"], shared.arrays["seconds"]
    died_of = np.zeros(len(plan), int)
    loads = np.zeros(workers)
    deaths = 0
    crew: list[_Worker | None] = [None] * workers
    try:
        while not done.all():
            for place in range(workers):
                if crew[place] is None and len(stealing):
                    crew[place] = _start(plan, shared, referee)
                    if watch is not None:
                        watch([one.process.pid or 0 for one in crew if one is not None])
                worker = crew[place]
                if worker is not None and worker.batch is None:
                    worker.batch = stealing.take(place)
                    if worker.batch is not None:
                        _send(worker.pipe, worker.batch)
            busy = {
                one.pipe: place for place, one in enumerate(crew) if one and one.batch is not None
            }
            for pipe in wait(list(busy)):
                place = busy[pipe]  # type: ignore[index]
                worker = crew[place]
                assert worker is not None
                assert worker.batch is not None
                failure = _hear(worker.pipe)
                if isinstance(failure, BaseException):
                    raise failure
                if failure is _DEAD:
                    deaths += 1
                    crew[place] = None
                    _bury(worker)
                if done[worker.batch]:
                    loads[place] += seconds[worker.batch]
                    progress(int(done.sum()), len(plan))
                else:
                    died_of[worker.batch] += 1
                    if died_of[worker.batch] >= DEATHS_MAX:
                        prefix = plan.prefixes[worker.batch].tolist()
                        raise OrdersError(
                            f"{DEATHS_MAX} workers died of the orders that begin with {prefix}; "
                            "is there memory enough? fewer workers or queries need less"
                        )
                    stealing.give_back(worker.batch, place)
                worker.batch = None
    finally:
        _dismiss([one for one in crew if one is not None])
    return Crew(loads, deaths, stealing.stolen)


_DEAD = object()


def _hear(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return _DEAD


def _send(pipe: Connection, batch: int | None) -> None:
    with suppress(OSError):  # it is dead; whoever waits for it will notice
        pipe.send(batch)


def _start(plan: Plan, shared: SharedArrays, referee: Ranking | None) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    given = (theirs, shared.layout, plan, referee)
    process = context.Process(target=_serve, args=given, daemon=True)
    process.start()
    theirs.close()  # so that its end is closed when the worker dies
    return _Worker(process, ours)


def _bury(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.join(PATIENCE)


def _dismiss(crew: list[_Worker]) -> None:
    for worker in crew:
        if worker.batch is None:
            _send(worker.pipe, None)
        else:
            worker.process.kill()
    for worker in crew:
        worker.process.join(PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
        _bury(worker)


def _serve(pipe: Connection, layout: Layout, plan: Plan, referee: Ranking | None) -> None:
    """The life of a worker: batches until it is told to go, or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    shared = SharedArrays.at(layout)
    try:
        trial, judge = read(shared, referee)
        while (batch := _hear(pipe)) is not None and batch is not _DEAD:
            try:
                do_batch(plan, batch, trial, judge, shared.arrays, shared.arrays)
                pipe.send(None)
            except Exception as error:
                pipe.send(error)
    finally:
        trial = judge = None  # type: ignore[assignment]
        shared.close()


def read(shared: SharedArrays, referee: Ranking | None) -> tuple[Trial, Judge | Ranking]:
    """Trial and judge as they lie in shared memory, nothing copied."""
    arrays = shared.arrays
    trial: dict[str, Any] = {name: arrays[f"trial.{name}"] for name in Trial.__dataclass_fields__}
    for name in ("consensus", "memory"):
        trial[name] = np.float32(trial[name])
    if referee is not None:
        return Trial(**trial), referee
    return Trial(**trial), Judge(*(arrays[f"judge.{name}"] for name in Judge.__dataclass_fields__))
