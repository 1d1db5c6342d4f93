"""Arrays in one segment of shared memory: laid out once, seen by every worker, copied by none.

Whoever laid them out unlinks them. If that process is killed before it can, the resource tracker
of multiprocessing, which lives on beside it, does so as soon as the last worker is gone too.
"""

from __future__ import annotations

import math
import shutil
from contextlib import suppress
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from experiments.executors.executor import ExecutorError, Shared

ALIGNED = 64
SYSTEM = Path("/dev/shm")


class Layout(NamedTuple):
    """Where the arrays lie.

    Attributes:
        memory: name of the segment.
        places: name to dtype, shape and offset in bytes.
    """

    memory: str
    places: dict[str, tuple[np.dtype[Any], tuple[int, ...], int]]


class LaidOut:
    """Copies of arrays in a new segment of shared memory.

    Args:
        shared: C-contiguous arrays without Python objects.

    Attributes:
        layout: what `Attached` finds them by.

    Raises:
        ExecutorError: there is no room for them.
    """

    def __init__(self, shared: Shared):
        places, size = {}, 0
        for name, array in shared.items():
            places[name] = (array.dtype, array.shape, size)
            size += -(-array.nbytes // ALIGNED) * ALIGNED
        self._memory: SharedMemory | None = _segment(size)
        try:
            self.layout = Layout(self._memory.name, places)
            for name, array in shared.items():
                _view(self._memory, *places[name])[...] = array
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Unlink the segment; workers that still see it keep it until they let go."""
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()
            memory.unlink()


class Attached:
    """Arrays that another process has laid out.

    Attributes:
        arrays: name to array, read-only.
    """

    def __init__(self, layout: Layout):
        self._memory = SharedMemory(layout.memory)
        arrays = {name: _view(self._memory, *place) for name, place in layout.places.items()}
        for array in arrays.values():
            array.flags.writeable = False
        self.arrays: Shared = MappingProxyType(arrays)

    def close(self) -> bool:
        """Let go of the arrays; False if somebody still holds one, and the segment with it."""
        self.arrays = MappingProxyType({})
        with suppress(BufferError):
            self._memory.close()
            return True
        return False


def _segment(size: int) -> SharedMemory:
    # A segment is made without its pages; writing to one that has no room for them is SIGBUS.
    free = shutil.disk_usage(SYSTEM).free if SYSTEM.is_dir() else size
    if size > free:
        raise ExecutorError(
            f"shared arrays take {size:,} bytes, and {SYSTEM} has {free:,} free; enlarge it (in a "
            "container: --shm-size), share less, or use executor='in-place'"
        )
    try:
        return SharedMemory(create=True, size=max(size, ALIGNED))
    except OSError as error:
        raise ExecutorError(
            f"shared memory of {size:,} bytes cannot be had: {error.strerror or error}; share "
            "less, or use executor='in-place'"
        ) from error


def _view(
    memory: SharedMemory, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int
) -> np.ndarray:
    # Not np.ndarray(buffer=...): that one does not keep the segment from being unmapped.
    size = dtype.itemsize * math.prod(shape)
    assert memory.buf is not None, "it is mapped"
    return np.frombuffer(memory.buf, np.uint8, size, offset).view(dtype).reshape(shape)
