"""In this process, one task after the other: no start-up, and a debugger reaches the function.

Nothing can die here that does not take everything with it, so `retries` has nothing to do.
Functions may be of any kind, those of a notebook or a script included.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from experiments.executors.doing import Packed, do, outcome_of
from experiments.executors.executor import ExecutorError, Function, Outcome, Shared
from experiments.executors.place import Place

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


class InPlace(Place):
    """The executor that is this process; see `Executor` for what it promises.

    Args:
        workers: 1, or None.
        retries: taken so that one set of options serves every executor.

    Raises:
        ExecutorError: more workers than one.
    """

    name = "in-place"

    def __init__(self, workers: int | None = None, retries: int = 2):
        if workers not in (None, 1):
            raise ExecutorError(
                "executor 'in-place': works alone, on one task at a time; got "
                f"workers={workers!r}. For more at once: executor='pool'"
            )
        super().__init__(1, retries)
        self._threads = _OneThread()

    def _admit(self, function: Function) -> None:
        """Anything that can be called."""

    def _end(self) -> None:
        """There are no workers."""

    def _outcomes(
        self, function: Function, tasks: Iterator[Packed], shared: Shared
    ) -> Generator[Outcome]:
        for task in tasks:
            with self._threads.held():
                done = do(function, task.number, task.data, shared)
            yield outcome_of(done, 0)


class _OneThread:
    """Holds BLAS and OpenMP to one thread, as workers do, while a task is done."""

    def __init__(self) -> None:
        self._known: ThreadpoolController | None = None
        self._modules = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """One thread inside the block."""
        # Finding the libraries takes a millisecond: only when a module may have brought new ones.
        if self._known is None or len(sys.modules) != self._modules:
            from threadpoolctl import ThreadpoolController

            self._known, self._modules = ThreadpoolController(), len(sys.modules)
        with self._known.limit(limits=1):
            yield
