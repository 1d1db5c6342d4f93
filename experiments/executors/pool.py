"""A pool of processes on this machine, which share arrays and may be killed.

Each worker has a pipe of its own and no lock is shared, so that one that is killed at any moment
holds nothing that another waits for. The parent hands out small chunks, one at a time; where tasks
are short, and their payloads small enough for the pipe, a second one is given ahead, so that no
worker waits for the parent to find time, and neither ever waits for the other's pipe to drain.
Outcomes come back one by one, in the order of the chunk: if the worker dies, the first task without
an outcome is the one it died of, and the others go back uncounted.

How large a chunk is follows from how long tasks take: about `CHUNK_SECONDS` of work, a single task
where one takes longer. A worker whose chunk turns out longer gives the rest of it back, and what it
was given ahead too: nothing waits behind more than one long task.

Workers are spawned, not forked: the parent may have threads, and what they hold would stay held.
They import the user's script only if the function stands in it, so a script that hands out the
functions of a library needs no `if __name__ == "__main__":`. Beyond what `Executor` promises: no
worker outlives its parent, and no shared memory outlives both, however they end.
"""

from __future__ import annotations

import atexit
import multiprocessing.util
import os
import pickle
import sys
import weakref
from collections.abc import Generator, Iterator
from contextlib import suppress
from multiprocessing import current_process
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Any

from experiments.executors.crew import UNGUARDED, Worker, needs_main, why_not_started
from experiments.executors.doing import Packed, died, outcome_of
from experiments.executors.executor import ExecutorError, Function, Outcome, Shared
from experiments.executors.place import Place
from experiments.executors.queue import Queue

if TYPE_CHECKING:
    from swarm.shared_arrays import SharedArrays

CHUNK_SECONDS = 0.005
"""Work in a chunk; handing one out takes some 50 microseconds."""

AHEAD_SECONDS = 0.05
"""Tasks that take less are given ahead."""


class ProcessPool(Place):
    """The executor of processes that stay until it is closed; see `Executor`.

    Args:
        workers: how many processes; as many as there are processors by default. They are started
            when there is work for them.
        retries: how often a task is done again whose worker died, at least 0.

    Raises:
        ExecutorError: fewer workers than one, or retries than none.
    """

    name = "pool"

    def __init__(self, workers: int | None = None, retries: int = 2):
        super().__init__(workers, retries)
        self._crew: list[Worker] = []
        self._selector = DefaultSelector()
        self._with_main = False
        self._failed_starts = 0
        self._made_in = os.getpid()
        _OPEN.add(self)

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers there are now."""
        return [worker.pid for worker in self._crew]

    def _admit(self, function: Function) -> None:
        if getattr(current_process(), "_inheriting", False):
            sys.exit(UNGUARDED)  # a worker that imports an unguarded script; its parent explains
        if needs_main(function) and not self._with_main:
            self._part_with(self._crew)  # they have not imported the script
            self._with_main = True

    def _outcomes(
        self, function: Function, tasks: Iterator[Packed], shared: Shared
    ) -> Generator[Outcome]:
        with _Job(function, tasks, shared) as job:
            try:
                busy = self._hand_out(job)
                while busy:
                    outcomes = self._listen(job)
                    try:
                        # Before the outcomes are looked at, which may take long.
                        busy = self._hand_out(job)
                    except Exception:  # of the iterable of tasks: what is done is done
                        yield from outcomes
                        raise
                    yield from outcomes
            finally:
                self._part_with([worker for worker in self._crew if worker.tasks])

    def _end(self) -> None:
        if self._made_in == os.getpid():  # a fork of the parent has no workers to end
            self._part_with(self._crew)
            self._selector.close()
        _OPEN.discard(self)

    def _hand_out(self, job: _Job) -> bool:
        """A chunk for every idle worker, and new workers for what waits; False if all is done."""
        for chunks in (0, 1) if job.queue.pace < AHEAD_SECONDS else (0,):
            for worker in self._crew:
                if not worker.ready or len(worker.chunks) != chunks:
                    continue
                chunk = job.queue.chunk()
                if chunk and not worker.give(job.opening, chunk, CHUNK_SECONDS):
                    job.queue.put_back(chunk)
        starting = sum(not worker.ready for worker in self._crew)
        while len(self._crew) < self.workers and job.queue.has(starting + 1):
            worker = Worker(self._with_main)
            self._crew.append(worker)
            for end in (worker.pipe, worker.ended):
                self._selector.register(end, EVENT_READ, worker)
            starting += 1
        return job.queue.has(1) or any(worker.tasks for worker in self._crew)

    def _listen(self, job: _Job) -> list[Outcome]:
        """Wait until workers say something or die; the outcomes that come of it."""
        outcomes: list[Outcome] = []
        for key, _ in self._selector.select():
            worker: Worker = key.data
            if worker.buried:
                continue
            message = worker.receive() if key.fileobj is worker.pipe else None
            if message is not None:
                self._hear(worker, message, job, outcomes)
                continue
            for message in worker.remaining():
                self._hear(worker, message, job, outcomes)
            self._lose(worker, job, outcomes)
        return outcomes

    def _hear(
        self, worker: Worker, message: tuple[Any, ...], job: _Job, outcomes: list[Outcome]
    ) -> None:
        """What a worker has to say."""
        if message[0] == "done":
            task, done = worker.take_done(), message[1]
            assert task.number == done[0], "a worker does its tasks in order"
            job.queue.took(done[3])
            outcomes.append(outcome_of(done, task.deaths))
        elif message[0] == "back":
            job.queue.put_back(worker.take_back(all_of_them=False))
        elif message[0] == "ready":
            worker.ready, self._failed_starts = True, 0
        else:
            raise ExecutorError(
                f"executor 'pool': the workers cannot begin ({message[1]}); they look for modules "
                "where this process did when they were started: make the function's module "
                "importable before that"
            )

    def _lose(self, worker: Worker, job: _Job, outcomes: list[Outcome]) -> None:
        """A worker is dead: the task it died of is counted, and all it had go back."""
        self._part_with([worker])
        if not worker.ready:
            self._failed_starts += 1
            # One that was killed may have been unlucky; one that left will do so again.
            if worker.exit_code >= 0 or self._failed_starts > self.retries:
                raise ExecutorError(why_not_started(worker))
        elif worker.tasks:
            first, *others = worker.take_back(all_of_them=True)
            first = first.after_death()
            job.queue.put_back(others)
            if first.deaths > self.retries:
                outcomes.append(died(first, worker.how_it_ended()))
            else:
                job.queue.put_back([first])

    def _part_with(self, workers: list[Worker]) -> None:
        """Let workers go, all at the same time: the idle ones are asked, the others killed."""
        leaving = list(workers)
        for worker in leaving:
            for end in (worker.pipe, worker.ended):
                with suppress(KeyError):
                    self._selector.unregister(end)
            worker.dismiss()
        for worker in leaving:
            worker.bury()
            self._crew.remove(worker)


class _Job:
    """A run, and the shared memory that it needs until its end.

    Attributes:
        queue: what waits for a worker.
        opening: what a worker is told before its first tasks, pickled.
    """

    def __init__(self, function: Function, tasks: Iterator[Packed], shared: Shared):
        self.queue = Queue(tasks, CHUNK_SECONDS)
        self._laid_out = _laid_out(shared) if shared else None
        layout = self._laid_out.layout if self._laid_out is not None else None
        self.opening = pickle.dumps(("job", pickle.dumps(function), layout))

    def __enter__(self) -> _Job:
        return self

    def __exit__(self, *error: object) -> None:
        if self._laid_out is not None:
            self._laid_out.close()


def _laid_out(shared: Shared) -> SharedArrays:
    from swarm.shared_arrays import SharedArrays, SharedArraysError

    try:
        return SharedArrays.of(shared)
    except SharedArraysError as error:
        raise ExecutorError(f"{error}, or use executor='in-place'") from error


_OPEN: weakref.WeakSet[ProcessPool] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """End the workers of pools that nobody has closed, before multiprocessing waits for them."""
    for pool in list(_OPEN):
        pool.close()


# What is registered later is done sooner: multiprocessing has registered its wait already.
assert multiprocessing.util is not None
