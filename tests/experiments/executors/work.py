"""What the workers of these tests do: functions of a module that they can import."""

import os
import signal
import sys
import time
from pathlib import Path


class StagedError(Exception):
    """Knows where it was raised."""

    def __init__(self, stage):
        super().__init__(f"broken while {stage}")
        self.stage = stage


class UnspeakableError(Exception):
    """Its message cannot be had."""

    def __str__(self):
        raise RuntimeError("no")


class NeverLeaves:
    """Cannot be pickled."""

    def __reduce__(self):
        raise TypeError("it stays here")


class NeverArrives:
    """Can be pickled, but not unpickled."""

    def __reduce__(self):
        return _refuse, ()


def _refuse():
    raise TypeError("not at home")


def squared(number, shared):
    return number * number


def anything(payload, shared):
    """Does what the payload says."""
    kind, *rest = payload
    if kind == "raise":
        raise StagedError("building")
    if kind == "chain":
        try:
            raise KeyError("first")
        except KeyError as error:
            raise RuntimeError("second") from error
    if kind == "exit":
        sys.exit("enough")
    if kind == "unspeakable":
        raise UnspeakableError
    if kind == "keep":
        return NeverLeaves()
    if kind == "lose":
        return NeverArrives()
    return {kind: rest}


def looks_at(name, shared):
    """The array as a copy, and whether what the worker sees is read-only and nobody's copy."""
    array = shared[name]
    return array.copy(), array.flags.writeable, array.flags.owndata, list(shared)


def writes(name, shared):
    shared[name][...] = 0


def adds_an_array(name, shared):
    shared["another"] = shared[name]


KEPT = []


def keeps(name, shared):
    """A task that holds on to what it should not."""
    KEPT.append(shared[name])
    return float(KEPT[0][0])


def total_of(start, shared):
    time.sleep(0.002)
    return float(shared["numbers"][start : start + 50].sum())


def waits_then_marks(path, shared):
    """Says that it is at work, and a second later that it is done."""
    Path(path).with_suffix(".begun").touch()
    time.sleep(1.0)
    Path(path).touch()
    return path


def dies_if_told(payload, shared):
    """Kills its own worker, each time or unless a mark says that it has done so before."""
    number, mark = payload
    if mark == "always":
        os.kill(os.getpid(), signal.SIGKILL)
    if mark and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def leaves_a_child_behind(payload, shared):
    """Forks a child that holds everything open, and is killed."""
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    Path(payload).write_text(str(child))
    os.kill(os.getpid(), signal.SIGKILL)


def starts_a_child(payload, shared):
    """What a study may do that has workers of its own."""
    from multiprocessing import get_context

    with get_context("spawn").Pool(1) as pool:
        return pool.apply(abs, (payload,))


def whereabouts(seconds, shared):
    """Own process id, and the segments of shared memory that are mapped."""
    time.sleep(seconds)
    return os.getpid(), segments()


def segments():
    lines = Path("/proc/self/maps").read_text().splitlines()
    return sorted({line.split("/dev/shm/")[1] for line in lines if "/dev/shm/psm_" in line})


def threads(payload, shared):
    """How many threads the libraries of linear algebra would use."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((4, 4)) @ np.ones((4, 4))
    return [library["num_threads"] for library in threadpool_info()]
