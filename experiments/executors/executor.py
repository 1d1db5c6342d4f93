"""What an executor is: tasks go in, one outcome a task comes out, wherever the work is done.

Guarantees, which every executor keeps and one table of tests holds:
- every task has exactly one outcome, in whatever order they are done; who needs order sorts by
  number;
- an exception is an outcome, with its traceback and the stage in which it was raised; it is not
  retried, and it stops nobody else;
- a task whose worker dies is done again, up to `retries` times, and then is a failure named
  "WorkerDied"; so a function must be idempotent: done twice, it leaves what it leaves done once;
- payloads and values travel as pickles, even in place, so that what runs in one place runs in all;
- shared arrays are laid out once and come read-only, without a copy a worker;
- one thread for BLAS and OpenMP in each worker, so that sums round the same everywhere;
- tasks are taken from their iterable a few at a time, as workers come free, in the thread of who
  asks for the outcomes; closing the iterator of outcomes, or leaving the `with` block, cancels the
  tasks that are under way and takes no more.

`ExecutorError` (a ValueError) says what cannot be run, why, and what to do instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    import numpy as np

Shared = Mapping[str, "np.ndarray"]
"""Arrays by name, read-only and C-contiguous as the function gets them."""

Function = Callable[[Any, Shared], Any]
"""What is done with a payload; a function at the top level of a module, and idempotent."""

HOMES = {
    "in-place": ("in_place", "InPlace"),
    "pool": ("pool", "ProcessPool"),
    "ray": ("on_ray", "RayCluster"),
}
NAMES = tuple(HOMES)
"""The names that `executor_of` knows."""


class ExecutorError(ValueError):
    """Work that cannot be handed out; the message says why and what to do instead."""


class Task(NamedTuple):
    """A piece of work.

    Attributes:
        number: unlike that of every other task of the run.
        payload: what the function is told: plain data that can be pickled.
    """

    number: int
    payload: Any


class Failure(NamedTuple):
    """Why a task has no value.

    Attributes:
        error: name of the exception's type, or "WorkerDied".
        message: what the exception said.
        traceback: as Python prints it, from the function inwards; "" for a worker that died.
        stage: the exception's attribute `stage`, if it is text; "payload" or "result" for what
            could not be unpickled or pickled; else "".
    """

    error: str
    message: str
    traceback: str = ""
    stage: str = ""


class Outcome(NamedTuple):
    """What became of a task.

    Attributes:
        number: of the task.
        value: what the function returned; None if it failed.
        failure: why it failed; None if it did not.
        seconds: wall time inside the function, the last time it was tried.
        attempts: times it was begun: 1, and one more for each worker that died of it.
    """

    number: int
    value: Any
    failure: Failure | None
    seconds: float
    attempts: int


class Executor(Protocol):
    """Runs tasks. A context manager, which closes its workers on every way out.

    Attributes:
        name: "in-place", "pool" or "ray".
        workers: how many tasks are worked on at once.
    """

    name: str
    workers: int

    def run(
        self, function: Function, tasks: Iterable[Task], shared: Shared | None = None
    ) -> Iterator[Outcome]:
        """Do tasks and yield their outcomes as they come.

        Args:
            function: called as `function(payload, shared)`; a function at the top level of a
                module that the workers can import, and idempotent.
            tasks: with unlike numbers. Taken a few at a time, so it may be without end.
            shared: arrays by name, of any type but objects. They are laid out once a run, and
                each worker sees them read-only, without a copy of its own.

        Raises:
            ExecutorError: at once for a function or arrays that cannot be handed out, an executor
                that is closed, or one whose last run has not ended; while outcomes are taken for
                a number that came twice, a payload that cannot be pickled, or workers that cannot
                start.
        """
        ...

    def close(self) -> None:
        """End the workers; what is under way is cancelled. Closing twice does no harm."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def executor_of(name: str = "pool", workers: int | None = None, **options: Any) -> Executor:
    """The executor of that name.

    Args:
        name: "in-place": this process, one task after the other; "pool": processes of this
            machine; "ray": a Ray cluster (extra `cluster`).
        workers: how many tasks at once; by default as many as there are processors.
        options: `retries` (of each: how often a task is done again whose worker died, default 2)
            and `address` (of "ray": the cluster to join, such as "auto" or "10.0.0.7:6379").

    Raises:
        ExecutorError: an unknown name or option, fewer workers than one, or a missing extra.

    >>> with executor_of("in-place") as executor:
    ...     [outcome.value for outcome in executor.run(function, [Task(0, "payload")])]
    """
    from experiments.study.toml import did_you_mean

    if name not in HOMES:
        raise ExecutorError(
            f"executor {name!r}: there is none of that name; one of {', '.join(map(repr, NAMES))}"
            f"{did_you_mean(str(name), NAMES)}"
        )
    module, kind = HOMES[name]
    make = getattr(import_module(f"experiments.executors.{module}"), kind)
    known = [option for option in inspect.signature(make).parameters if option != "workers"]
    for option in options:
        if option not in known:
            raise ExecutorError(
                f"executor {name!r}: no option {option!r}; it takes workers, {', '.join(known)}"
                f"{did_you_mean(option, known)}"
            )
    return make(workers, **options)
