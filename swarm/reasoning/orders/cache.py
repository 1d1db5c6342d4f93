"""A cache level: what was used longest ago goes first, and how often it helped is counted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Value = TypeVar("Value", bound=tuple[np.ndarray, ...])

ROOM = 1 << 28
"""Bytes that a level takes unless told otherwise: 256 MiB."""


@dataclass(frozen=True)
class Rate:
    """How often something was found, and how often not."""

    hits: int = 0
    misses: int = 0

    @property
    def lookups(self) -> int:
        """How often it was looked for."""
        return self.hits + self.misses

    @property
    def share(self) -> float:
        """Hits per lookup; 0 if there was none."""
        return self.hits / self.lookups if self.lookups else 0.0

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.hits + other.hits, self.misses + other.misses)


class Cache(Generic[Value]):
    """Tuples of arrays by what they are of, in so many bytes.

    Attributes:
        room: bytes; `held`: bytes taken now.
        rate: hits and misses so far.
    """

    def __init__(self, room: int = ROOM):
        self.room = room
        self.held = 0
        self.rate = Rate()
        self._values: OrderedDict[bytes, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def find(self, key: bytes) -> Value | None:
        """What is kept under a key, or None; counts."""
        value = self._values.get(key)
        self.rate += Rate(value is not None, value is None)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: bytes, value: Value) -> None:
        """Keep it, in place of what was used longest ago; not at all if it alone is too large."""
        size = sum(array.nbytes for array in value)
        if size > self.room:
            return
        self._drop(key)
        while self.held + size > self.room:
            self._drop(next(iter(self._values)))
        self._values[key] = value
        self.held += size

    def find_or_make(self, key: bytes, make: Callable[[], Value]) -> Value:
        """What is kept under a key; made and kept if nothing is."""
        value = self.find(key)
        if value is None:
            value = make()
            self.keep(key, value)
        return value

    def _drop(self, key: bytes) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self.held -= sum(array.nbytes for array in value)
