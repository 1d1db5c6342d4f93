"""The life of a worker of the process pool: it does what comes down its pipe, and then goes.

What comes, pickled: `("job", function, layout)`, the function pickled and where the shared arrays
lie, before the first tasks of a run; `("tasks", [(number, data), ...], seconds)`; None, to leave.
What goes back: `("ready",)` once; `("done", Done)` for each task as soon as it is done;
`("back",)` with the rest of a chunk that takes longer than its seconds; `("cannot", words)` for a
function that cannot be imported here.

Nothing heavy is imported here: a worker of functions that need no numpy starts without it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from experiments.executors.doing import do_some
from experiments.executors.executor import Function, Shared

if TYPE_CHECKING:
    from swarm.shared_arrays import Layout, SharedArrays

ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)

LONG = 10
"""A chunk that takes so many times what it was meant to take has surprised everybody."""


def serve(pipe: Connection) -> None:
    """Work until told to leave, or until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    # The parent started us with it blocked, so that none could come before this line.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _keep_to_one_thread()
    desk = _Desk()
    _send(pipe, ("ready",))
    while (message := _receive(pipe)) is not None:
        if message[0] == "job":
            trouble = desk.lay_out(*message[1:])
            if trouble:
                _send(pipe, ("cannot", trouble))
        else:
            _work_off(pipe, desk, *message[1:])
    desk.clear()
    if desk.held:
        # A task has kept a shared array; the interpreter would complain of it when it ends.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


class _Desk:
    """What a worker needs for the tasks of a run."""

    def __init__(self) -> None:
        self.function: Function | None = None
        self.shared: Shared = MappingProxyType({})
        self.attached: SharedArrays | None = None
        self.held: list[SharedArrays] = []

    def lay_out(self, function: bytes, layout: Layout | None) -> str:
        """Make ready for a run; what is in the way of that, or nothing."""
        self.clear()
        try:
            self.function = pickle.loads(function)
            if layout is not None:
                from swarm.shared_arrays import SharedArrays

                self.attached = SharedArrays.at(layout)
                for array in self.attached.arrays.values():
                    array.flags.writeable = False
                self.shared = MappingProxyType(self.attached.arrays)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def clear(self) -> None:
        """Let go of what the last run needed."""
        self.function, self.shared = None, MappingProxyType({})
        attached, self.attached = self.attached, None
        if attached is not None and not attached.close():
            self.held.append(attached)


def _work_off(
    pipe: Connection, desk: _Desk, tasks: list[tuple[int, bytes]], seconds_max: float
) -> None:
    if desk.function is None:
        return
    left, ahead, start = len(tasks), 0, time.perf_counter()
    for done in do_some(desk.function, tasks, desk.shared, seconds_max):
        # Before the parent can answer to this: what is in the pipe was given ahead.
        while time.perf_counter() - start > LONG * seconds_max and pipe.poll():
            if _receive(pipe) is None:
                os._exit(1)  # there is nobody left to tell
            ahead += 1
        _send(pipe, ("done", done))
        left -= 1
    for _ in range((left > 0) + ahead):  # others may be free for it
        _send(pipe, ("back",))


def _send(pipe: Connection, message: tuple[Any, ...]) -> None:
    try:
        pipe.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
    except OSError:
        os._exit(1)  # there is nobody left to tell


def _receive(pipe: Connection) -> Any:
    try:
        return pickle.loads(pipe.recv_bytes())
    except (EOFError, OSError):
        return None


def _keep_to_one_thread() -> None:
    """One thread for BLAS and OpenMP: workers share the processors, and sums round alike."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    if "numpy" in sys.modules:  # a script of the user's has brought it: too late for the above
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1)


def _leave_with_parent() -> None:
    """End at once when the parent is gone, even in mid-task: nobody waits for the outcome."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
