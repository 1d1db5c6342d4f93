"""A Ray cluster: many machines, any of which may be lost (extra `cluster`).

What Ray is told is small: "do this chunk". Ray itself retries nothing, so that this module knows
what was done: every task has its number, every chunk is in flight once, and its outcomes count when
the whole chunk has come back. A chunk whose worker or node was lost is handed out again, task by
task, and a task whose worker is lost `retries` times after that is a failure. Nothing is added up
across tasks, so nothing is lost and nothing counts twice.

Shared arrays are put into Ray's object store once, on the machine that asks; each node fetches them
once, and its workers read them where they lie.

The cluster is the one that this process has joined already (`ray.init`), or else the one at
`address`, or at RAY_ADDRESS, or else one that is started here and ends with the executor. Modules
of the user's must be importable on every node, as Ray's documentation on environments describes;
functions of a script or a notebook travel as they are.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Generator, Iterator
from types import MappingProxyType, ModuleType
from typing import Any

from experiments.executors.doing import Done, Packed, died, do_some, outcome_of
from experiments.executors.executor import ExecutorError, Function, Outcome, Shared
from experiments.executors.place import Place, counted, processors
from experiments.executors.queue import Queue

CHUNK_SECONDS = 0.02
"""Work in a chunk; more than the pool's, for a chunk costs Ray about a millisecond."""

Kinds = dict[str, tuple[Any, tuple[int, ...]]]
"""Name of an array to its dtype and shape."""

CONNECT_SECONDS = 10.0
"""How long a cluster may take to answer at all."""

AHEAD = 2
"""Chunks in flight a worker: one is done while the next is on its way."""


class RayCluster(Place):
    """The executor that is a Ray cluster; see `Executor`.

    Args:
        workers: how many tasks at once, a processor each; as many as the cluster has by default.
            A cluster that is started here has so many processors.
        retries: how often a task is done again whose worker or node was lost, at least 0.
        address: of the cluster to join, such as "auto" (one on this machine) or "10.0.0.7:6379".

    Raises:
        ExecutorError: Ray is not installed, no cluster answers, or a number is out of range.
    """

    name = "ray"

    def __init__(self, workers: int | None = None, retries: int = 2, address: str | None = None):
        if workers is not None:
            counted(self.name, "workers", workers, 1)
        self._ray = _imported()
        self._ours = not self._ray.is_initialized()
        if self._ours:
            _join(self._ray, workers, address)
        elif address is not None:
            raise ExecutorError(
                f"executor 'ray': address {address!r} was given, but this process has joined a "
                "cluster already; leave the address out, or call ray.shutdown() first"
            )
        try:
            there = int(self._ray.cluster_resources().get("CPU", 1))
            super().__init__(workers or max(1, there), retries)
        except BaseException:
            self._end()
            raise

    def _admit(self, function: Function) -> None:
        try:
            self._ray.cloudpickle.dumps(function)
        except Exception as error:
            raise ExecutorError(
                f"executor 'ray': {function!r} cannot be sent to workers ({error}); define it with "
                "`def` at the top level of a module, or use executor='in-place'"
            ) from error

    def _outcomes(
        self, function: Function, tasks: Iterator[Packed], shared: Shared
    ) -> Generator[Outcome]:
        queue = Queue(tasks, CHUNK_SECONDS)
        flight = _Flight(self._ray, function, shared)
        try:
            while True:
                while flight.chunks < AHEAD * self.workers and (chunk := queue.chunk()):
                    flight.send(chunk)
                if not flight.chunks:
                    return
                yield from self._judge(*flight.landed(), queue)
        finally:
            flight.cancel()

    def _judge(
        self, given: list[Packed], done: list[Done] | Exception, queue: Queue
    ) -> Iterator[Outcome]:
        """The outcomes of a chunk, once what is left of it is back in the queue."""
        if isinstance(done, Exception):
            if len(given) > 1:  # whoever was not alone may be innocent, and is tried alone
                queue.put_back(task._replace(alone=True) for task in given)
                return
            task = given[0].after_death()
            if task.deaths > self.retries:
                yield died(task, type(done).__name__)
            else:
                queue.put_back([task])
            return
        queue.put_back(given[len(done) :])
        for task, one in zip(given, done, strict=False):
            queue.took(one[3])
            yield outcome_of(one, task.deaths)

    def _end(self) -> None:
        if self._ours and self._ray.is_initialized():
            self._ray.shutdown()
        self._ours = False


class _Flight:
    """The chunks that Ray has been told to do."""

    def __init__(self, ray: ModuleType, function: Function, shared: Shared):
        self._ray = ray
        self._given: dict[Any, list[Packed]] = {}
        # As bytes: Ray copies arrays of dates and text. What they are goes with each chunk.
        self._kinds = {name: (array.dtype, array.shape) for name, array in shared.items()}
        self._arrays = [ray.put(array.reshape(-1).view("u1")) for array in shared.values()]

        # A function of its own a run: Ray sends what it closes over to each worker once.
        def chunk_of(tasks: list[tuple[int, bytes]], kinds: Kinds, *arrays: Any) -> list[Done]:
            views = {}
            for (name, (dtype, shape)), array in zip(kinds.items(), arrays, strict=True):
                views[name] = array.view(dtype).reshape(shape)
            return list(do_some(function, tasks, MappingProxyType(views), CHUNK_SECONDS))

        self._remote = ray.remote(num_cpus=1, max_retries=0)(chunk_of)

    @property
    def chunks(self) -> int:
        """How many are in flight."""
        return len(self._given)

    def send(self, chunk: list[Packed]) -> None:
        """Have a chunk done."""
        tasks = [task[:2] for task in chunk]
        self._given[self._remote.remote(tasks, self._kinds, *self._arrays)] = chunk

    def landed(self) -> tuple[list[Packed], list[Done] | Exception]:
        """Wait for a chunk; what was given, and what was done of it or how it was lost."""
        # One that is lost is ready as well: asking for it raises.
        chunk = self._ray.wait(list(self._given), num_returns=1)[0][0]
        given = self._given.pop(chunk)
        try:
            return given, self._ray.get(chunk)
        except self._ray.exceptions.RayTaskError as error:
            raise ExecutorError(
                f"executor 'ray': a worker cannot begin ({error.cause}); modules that the function "
                "needs must be importable on every node"
            ) from error
        except self._ray.exceptions.RayError as error:
            return given, error

    def cancel(self) -> None:
        """End what is in flight, by force: nobody waits for it."""
        if not self._ray.is_initialized():
            return
        for chunk in self._given:
            self._ray.cancel(chunk, force=True)
        self._given.clear()


def _imported() -> ModuleType:
    """Ray, quiet."""
    # Read when Ray is imported: no report of its use, no advice on accelerators.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise ExecutorError(
            "executor 'ray' needs Ray: pip install 'noosphere[cluster]'. Without it "
            "executor='pool' does the same on one machine"
        ) from error
    return ray


def _join(ray: ModuleType, workers: int | None, address: str | None) -> None:
    """Join the cluster at an address, or start one here."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    where = address or os.environ.get("RAY_ADDRESS") or "local"
    if where == "local":
        quiet |= {"num_cpus": workers or processors(), "include_dashboard": False}
    host, colon, port = where.rpartition(":")
    try:
        if colon and "://" not in where:
            # Ray itself would try for minutes, and loudly.
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
        ray.init(address=where, **quiet)
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        raise ExecutorError(
            f"executor 'ray': no cluster can be joined at {where!r} ({error}); start one with "
            "`ray start --head`, or leave the address out to have one for this run"
        ) from error
