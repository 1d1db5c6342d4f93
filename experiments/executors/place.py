"""What the executors have in common: one run at a time, checks at the door, and a way out."""

from __future__ import annotations

import inspect
import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from types import MappingProxyType, TracebackType
from typing import Any, Self

from experiments.executors.doing import Packed, packed
from experiments.executors.executor import (
    ExecutorError,
    Function,
    Outcome,
    Shared,
    Task,
)


class Place(ABC):
    """A place where work is done; its subclasses are the executors.

    Args:
        workers: how many tasks at once, at least 1; as many as there are processors if None.
        retries: how often a task is done again whose worker died, at least 0.

    Raises:
        ExecutorError: one of them is no such number.
    """

    name: str

    def __init__(self, workers: int | None, retries: int):
        given = processors() if workers is None else workers
        self.workers = counted(self.name, "workers", given, 1)
        self.retries = counted(self.name, "retries", retries, 0)
        # Weak, so that outcomes that nobody wants any more cancel what is under way.
        self._last: weakref.ref[Generator[Outcome]] | None = None
        self._closed = False

    def run(
        self, function: Function, tasks: Iterable[Task], shared: Shared | None = None
    ) -> Iterator[Outcome]:
        """Do tasks and yield their outcomes as they come; see `Executor.run`."""
        last = self._last() if self._last is not None else None
        if self._closed:
            raise ExecutorError(
                f"executor {self.name!r}: it is closed; make another: executor_of({self.name!r})"
            )
        if last is not None and inspect.getgeneratorstate(last) != inspect.GEN_CLOSED:
            raise ExecutorError(
                f"executor {self.name!r}: its last run has not ended; take all its outcomes, or "
                "close() their iterator, before the next run"
            )
        self._admit(function)
        outcomes = self._outcomes(function, packed(tasks), readable(shared))
        self._last = weakref.ref(outcomes)
        return outcomes

    def close(self) -> None:
        """Cancel what is under way and end the workers; closing twice does no harm."""
        self._closed = True
        last = self._last() if self._last is not None else None
        if last is not None:
            last.close()
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def _admit(self, function: Function) -> None:
        """Raise an ExecutorError if the workers could not call this function."""

    @abstractmethod
    def _outcomes(
        self, function: Function, tasks: Iterator[Packed], shared: Shared
    ) -> Generator[Outcome]:
        """Do the tasks; closing the generator cancels what is under way."""

    @abstractmethod
    def _end(self) -> None:
        """End the workers."""


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def counted(name: str, what: str, number: Any, least: int) -> int:
    """A whole number of at least that, or an ExecutorError that says so."""
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise ExecutorError(
            f"executor {name!r}: {what} must be a whole number of at least {least}, such as "
            f"{max(least, 2)}; got {number!r}"
        )
    return number


def readable(shared: Shared | None) -> Shared:
    """Shared arrays as functions get them: C-contiguous and read-only.

    Raises:
        ExecutorError: something is no array, or one of Python objects.
    """
    if not shared:
        return MappingProxyType({})
    import numpy as np

    views = {}
    for name, array in shared.items():
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            got = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise ExecutorError(
                f"shared[{name!r}] must be a numpy array of numbers, truth values, dates or text "
                f"of fixed width, for workers share its bytes; got {got}. Anything else goes into "
                "the payloads"
            )
        # Everywhere the same order in memory, for sums may round differently along another.
        view = np.ascontiguousarray(array).reshape(array.shape).view()
        view.flags.writeable = False
        views[name] = view
    return MappingProxyType(views)
