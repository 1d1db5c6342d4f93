"""A worker process as its parent sees it: how it is started, spoken to, and laid to rest."""

from __future__ import annotations

import ast
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import wait
from typing import Any

from experiments.executors import worker
from experiments.executors.doing import Packed
from experiments.executors.executor import ExecutorError, Function

UNGUARDED = 97
"""Exit code of a worker that would have started workers while it imported the user's script."""

PATIENCE = 5.0
"""Seconds that a worker is given to leave when asked."""

PIPE_HOLDS = 32_768
"""Bytes of payloads that a pipe takes at once on every system, with what is around them."""

_STARTING = threading.Lock()

GUARD = 'if __name__ == "__main__":'


class Worker:
    """A process of the pool.

    Args:
        with_main: whether it imports the user's script first.

    Attributes:
        pipe: to it; ended: becomes readable when the process has ended, whoever holds the pipe.
        tasks: what it was given and has not done, in order.
        chunks: how many of them are left of each chunk, in order.
        ready: whether it has started.
        buried: whether it is gone.
    """

    def __init__(self, with_main: bool):
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        # Not a daemon: what it does may need processes of its own.
        self.process = context.Process(target=worker.serve, args=(theirs,), daemon=False)
        with _STARTING, _quiet(), _main_shown(with_main):
            self.process.start()
        theirs.close()  # so that its end is closed when the worker dies
        self.pid = self.process.pid or 0
        # A child that a task has forked keeps the pipe open, and multiprocessing's sentinel too.
        own = hasattr(os, "pidfd_open")
        self.ended: int = os.pidfd_open(self.pid) if own else self.process.sentinel
        self._own_ended = own
        self.tasks: deque[Packed] = deque()
        self.chunks: deque[int] = deque()
        self.ready = self.buried = False
        self._opening = b""

    @property
    def idle(self) -> bool:
        """Whether it waits for tasks."""
        return self.ready and not self.tasks

    @property
    def exit_code(self) -> int:
        """How the process ended: a signal is negative."""
        return self.process.exitcode or 0

    def give(self, opening: bytes, chunk: list[Packed], seconds_max: float) -> bool:
        """Give it tasks, and the opening of their run if it has not had it.

        False if it is busy and the tasks are more than its pipe holds: it might be busy sending,
        and then each would wait for the other.
        """
        if self.tasks and sum(len(task.data) for task in chunk) > PIPE_HOLDS:
            return False
        self.tasks.extend(chunk)
        self.chunks.append(len(chunk))
        tasks = ("tasks", [task[:2] for task in chunk], seconds_max)
        with suppress(OSError):  # it is dead; whoever listens will notice
            if self._opening is not opening:
                self.pipe.send_bytes(opening)
                self._opening = opening
            self.pipe.send_bytes(pickle.dumps(tasks, pickle.HIGHEST_PROTOCOL))
        return True

    def take_done(self) -> Packed:
        """The task that it says is done."""
        self.chunks[0] -= 1
        if not self.chunks[0]:
            self.chunks.popleft()
        return self.tasks.popleft()

    def take_back(self, all_of_them: bool) -> list[Packed]:
        """The tasks that it will not do: the rest of its first chunk, or all that it has."""
        count = len(self.tasks) if all_of_them else self.chunks.popleft()
        if all_of_them:
            self.chunks.clear()
        return [self.tasks.popleft() for _ in range(count)]

    def receive(self) -> tuple[Any, ...] | None:
        """A message that has come, or None if the pipe has ended."""
        try:
            return pickle.loads(self.pipe.recv_bytes())
        except (EOFError, OSError):
            return None

    def remaining(self) -> Iterator[tuple[Any, ...]]:
        """What a dead worker had said before it died."""
        with suppress(OSError):
            while self.pipe.poll() and (message := self.receive()) is not None:
                yield message

    def dismiss(self) -> None:
        """Ask it to leave if it is idle, else kill it: nobody waits for what it does."""
        if self.idle:
            with suppress(OSError):
                self.pipe.send_bytes(pickle.dumps(None))
        else:
            self.process.kill()

    def bury(self) -> None:
        """Wait until it is gone."""
        if self.buried:
            return
        self.buried = True
        if not wait([self.ended], PATIENCE):
            self.process.kill()
        self.process.join()
        self.pipe.close()
        if self._own_ended:
            os.close(self.ended)

    def how_it_ended(self) -> str:
        """In words, for whoever asks why."""
        if self.exit_code >= 0:
            return f"it left with exit code {self.exit_code}"
        return f"killed by {signal.Signals(-self.exit_code).name}"


def needs_main(function: Function) -> bool:
    """Whether workers must import the user's script to find this function.

    Raises:
        ExecutorError: no worker could find it.
    """
    words = getattr(function, "__qualname__", repr(function))
    home = getattr(function, "__module__", None)
    try:
        pickle.dumps(function)
    except Exception as error:
        raise ExecutorError(
            f"executor 'pool': {words} cannot be sent to workers ({error}); workers import a "
            "function by its name: define it with `def` at the top level of a module, or use "
            "executor='in-place'"
        ) from error
    if home not in ("__main__", "__mp_main__"):
        return False
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None)
    if script is None or not os.path.isfile(script):
        raise ExecutorError(
            f"executor 'pool': {words} stands in a notebook or at a prompt, where workers cannot "
            "import it; write it into a module beside the notebook (work.py, then `from work "
            f"import {words}`), or use executor='in-place'"
        )
    if not _mentions_name(script):
        raise ExecutorError(unguarded(script))
    return True


def unguarded(script: str) -> str:
    """What to do about a script that workers would run from its first line on."""
    return (
        f"{script}: workers import this script to find its function, and would run all of it "
        f"again; put what is not a definition under a guard:\n\n    {GUARD}\n        main()\n\n"
        "or define the function in a module of its own, or use executor='in-place'"
    )


def why_not_started(worker: Worker) -> str:
    """Why a worker ended before it was ready."""
    if worker.exit_code == UNGUARDED:
        return unguarded(getattr(sys.modules["__main__"], "__file__", "the script"))
    return (
        f"executor 'pool': a worker ended before it was ready ({worker.how_it_ended()}); what it "
        f"said stands on the standard error. Is there memory enough? Does the script keep what "
        f"it does under `{GUARD}`?"
    )


def _mentions_name(script: str) -> bool:
    """Whether a script asks for its own name anywhere; True if it cannot be read as Python."""
    try:
        with open(script, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return True
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(tree))


@contextmanager
def _quiet() -> Iterator[None]:
    """Block Ctrl-C: a worker inherits that, and none can come before it has learnt to ignore it."""
    # Starting the tracker unblocks it, so that comes first.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _main_shown(shown: bool) -> Iterator[None]:
    """Let a worker that is started find the user's script, or not.

    multiprocessing reads from the main module's `__spec__` and `__file__` what a worker is to run
    first. Without them it runs nothing: it starts sooner, and no script needs a guard.
    """
    if shown:
        yield
        return
    names: dict[str, Any] = vars(sys.modules["__main__"])
    read = ("__spec__", "__file__")
    kept = {name: names[name] for name in read if name in names}
    names["__spec__"] = None
    names.pop("__file__", None)
    try:
        yield
    finally:
        names.update(kept)
