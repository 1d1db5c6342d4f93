"""Arrays in one segment of shared memory: put there once, mapped by every worker, not copied."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.shared_memory import SharedMemory

import numpy as np

Layout = dict[str, tuple[str, tuple[int, ...], int]]
"""Name to dtype, shape and offset in bytes."""

ALIGNED = 64


class Shelf:
    """Named arrays in shared memory.

    Whoever made it unlinks it with `close(unlink=True)`; a shelf is a context manager that does
    so on every way out.
    """

    def __init__(self, memory: SharedMemory, layout: Layout):
        self.memory = memory
        self.layout = layout
        self.arrays = {
            name: np.ndarray(shape, dtype, memory.buf, offset)
            for name, (dtype, shape, offset) in layout.items()
        }

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Shelf:
        """Put copies of arrays on a new shelf."""
        layout: Layout = {}
        size = 0
        for name, array in arrays.items():
            layout[name] = (array.dtype.str, array.shape, size)
            size += -(-array.nbytes // ALIGNED) * ALIGNED
        shelf = cls(SharedMemory(create=True, size=max(size, ALIGNED)), layout)
        try:
            for name, array in arrays.items():
                shelf.arrays[name][...] = array
        except BaseException:
            shelf.close(unlink=True)
            raise
        return shelf

    @classmethod
    def at(cls, name: str, layout: Layout) -> Shelf:
        """Map a shelf that somebody else made."""
        return cls(SharedMemory(name), layout)

    def close(self, unlink: bool = False) -> None:
        """Let go of the arrays; nobody may touch them any more."""
        self.arrays = {}
        if unlink:
            self.memory.unlink()
        with suppress(BufferError):  # somebody still looks at an array; the mapping goes with it
            self.memory.close()

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *error: object) -> None:
        self.close(unlink=True)
