"""How a task is packed, done and judged, the same wherever it is done."""

from __future__ import annotations

import pickle
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from experiments.executors.executor import (
    ExecutorError,
    Failure,
    Function,
    Outcome,
    Shared,
    Task,
)

WORKER_DIED = "WorkerDied"

Done = tuple[int, bytes | None, Failure | None, float]
"""Number, pickled value, failure, seconds."""


class Packed(NamedTuple):
    """A task on its way.

    Attributes:
        number: of the task.
        data: its pickled payload.
        deaths: workers that died of it so far.
        alone: whether it may take its worker with it, and is handed out alone.
    """

    number: int
    data: bytes
    deaths: int = 0
    alone: bool = False

    def after_death(self) -> Packed:
        """The task after one more worker died of it."""
        return self._replace(deaths=self.deaths + 1, alone=True)


def packed(tasks: Iterable[Task]) -> Iterator[Packed]:
    """Tasks with their payloads pickled, each checked as it is taken.

    Raises:
        ExecutorError: a number that came before, or a payload that cannot be pickled.
    """
    seen: set[int] = set()
    for number, payload in tasks:
        if number in seen:
            raise ExecutorError(
                f"two tasks have the number {number}; each needs its own, such as "
                "Task(number, payload) for number, payload in enumerate(payloads)"
            )
        seen.add(number)
        try:
            data = pickle.dumps(payload, pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # a payload's own methods may raise anything
            raise ExecutorError(
                f"task {number}: its payload cannot be pickled ({error}); payloads are plain "
                "data: numbers, text, lists, dicts, arrays and objects of importable classes"
            ) from error
        yield Packed(number, data)


def do(function: Function, number: int, data: bytes, shared: Shared) -> Done:
    """Do one task; whatever is raised becomes its failure."""
    try:
        payload = pickle.loads(data)
    except Exception as error:
        return number, None, failure_of(error, "payload"), 0.0
    start = time.perf_counter()
    try:
        value = function(payload, shared)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # `sys.exit` in a study ends its trial, not the sweep
        return number, None, failure_of(error), time.perf_counter() - start
    seconds = time.perf_counter() - start
    try:
        return number, pickle.dumps(value, pickle.HIGHEST_PROTOCOL), None, seconds
    except Exception as error:
        return number, None, failure_of(error, "result"), seconds


def do_some(
    function: Function, tasks: Iterable[tuple[int, bytes]], shared: Shared, seconds_max: float
) -> Iterator[Done]:
    """Do tasks until they are done, or one ends after so many seconds; at least one."""
    until = time.perf_counter() + seconds_max
    for number, data in tasks:
        yield do(function, number, data, shared)
        if time.perf_counter() > until:
            return


def outcome_of(done: Done, deaths: int) -> Outcome:
    """The outcome of a task that was done after so many deaths."""
    number, data, failure, seconds = done
    value = None
    if data is not None:
        try:
            value = pickle.loads(data)
        except Exception as error:
            failure = failure_of(error, "result")
    return Outcome(number, value, failure, seconds, deaths + 1)


def died(task: Packed, how: str) -> Outcome:
    """The outcome of a task that as many workers died of as are allowed; `task.deaths` of them."""
    times = "once" if task.deaths == 1 else f"{task.deaths} times"
    message = f"its worker died {times} ({how}); is there memory enough for so many workers?"
    return Outcome(task.number, None, Failure(WORKER_DIED, message), 0.0, task.deaths)


def failure_of(error: BaseException, stage: str = "") -> Failure:
    """An exception as a failure; the frame of the executor itself is left out."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    try:
        message = str(error)
    except Exception as second:
        message = f"(its message cannot be had: {type(second).__name__})"
    own = getattr(error, "stage", "")
    lines = traceback.format_exception(type(error), error, trace)
    stage = stage or (own if isinstance(own, str) else "")
    return Failure(type(error).__name__, message, "".join(lines), stage)
