"""Arrays in one segment of shared memory: laid out once, mapped by every worker, copied by none.

Whoever laid them out unlinks them. If that process is killed before it can, the resource tracker
of multiprocessing, which lives on beside it, does so as soon as the last worker is gone too. An
array that somebody has kept stays readable: its mapping goes when it does.

`SharedArraysError` (a ValueError) says that there is no room for them.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ALIGNED = 64
SYSTEM = Path("/dev/shm")


class SharedArraysError(ValueError):
    """Arrays for which there is no shared memory; the message says how much there is."""


class Layout(NamedTuple):
    """Where the arrays lie; plain data, to be sent to whoever maps them.

    Attributes:
        memory: name of the segment.
        places: name to dtype, shape and offset in bytes.
    """

    memory: str
    places: dict[str, tuple[np.dtype[Any], tuple[int, ...], int]]


class SharedArrays:
    """Named arrays in shared memory, made by `of` or found by `at`; a context manager.

    Args:
        memory: the segment.
        layout: where the arrays lie in it.
        owner: whether `close` unlinks it.

    Attributes:
        arrays: name to array, to be read and written by everybody; empty once closed.
        layout: what `at` finds them by.

    >>> with SharedArrays.of({"hits": np.zeros(3)}) as ours, SharedArrays.at(ours.layout) as theirs:
    ...     theirs.arrays["hits"][1] = 5
    ...     ours.arrays["hits"].tolist()
    [0.0, 5.0, 0.0]
    """

    def __init__(self, memory: SharedMemory, layout: Layout, owner: bool):
        self.arrays = {name: _view(memory, *place) for name, place in layout.places.items()}
        self.layout = layout
        # After the arrays, so that these go first when nobody has closed it.
        self._memory, self._owner = memory, owner

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> SharedArrays:
        """Lay out copies of arrays without Python objects, in a new segment.

        Raises:
            SharedArraysError: there is no room for them.
        """
        places, size = {}, 0
        for name, array in arrays.items():
            places[name] = (array.dtype, array.shape, size)
            size += -(-array.nbytes // ALIGNED) * ALIGNED
        memory = _segment(size)
        try:
            shared = cls(memory, Layout(memory.name, places), owner=True)
            for name, array in arrays.items():
                shared.arrays[name][...] = array
        except BaseException:
            memory.unlink()
            raise
        return shared

    @classmethod
    def at(cls, layout: Layout) -> SharedArrays:
        """Map arrays that somebody else has laid out.

        Raises:
            FileNotFoundError: they have been unlinked.
        """
        return cls(SharedMemory(layout.memory), layout, owner=False)

    def close(self) -> bool:
        """Let go of the arrays, and unlink them if they are ours; may be done twice.

        False if somebody still holds one, and the mapping with it. Others that have mapped them
        keep them until they let go too.
        """
        self.arrays = {}
        if self._owner:
            self._owner = False
            self._memory.unlink()
        try:
            self._memory.close()
        except BufferError:
            return False
        return True

    def __enter__(self) -> SharedArrays:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _segment(size: int) -> SharedMemory:
    # A segment is made without its pages; writing to one that has no room for them is SIGBUS.
    free = shutil.disk_usage(SYSTEM).free if SYSTEM.is_dir() else size
    if size > free:
        raise SharedArraysError(
            f"shared arrays take {size:,} bytes, and {SYSTEM} has {free:,} free; enlarge it (in a "
            "container: --shm-size) or share less"
        )
    try:
        return SharedMemory(create=True, size=max(size, ALIGNED))
    except OSError as error:
        raise SharedArraysError(
            f"shared memory of {size:,} bytes cannot be had: {error.strerror or error}; share less"
        ) from error


def _view(
    memory: SharedMemory, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int
) -> np.ndarray:
    # Not np.ndarray(buffer=...): that one does not keep the segment from being unmapped.
    size = dtype.itemsize * math.prod(shape)
    assert memory.buf is not None, "it is mapped"
    return np.frombuffer(memory.buf, np.uint8, size, offset).view(dtype).reshape(shape)
