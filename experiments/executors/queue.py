"""What waits to be done, and in chunks of what size it is handed out.

A chunk is a fixed time's worth of work, as the last tasks took it: many tasks where they are short,
so that handing them out costs little, and one where they are long, so that nobody waits behind it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from experiments.executors.doing import Packed

CHUNK_MAX = 128

FORGETS = 0.9
"""What is left, a task later, of how long one took: a long one keeps chunks small for a while."""


class Queue:
    """Tasks out of an iterable, taken when they are needed, and those that came back.

    Args:
        tasks: packed, each with its number.
        chunk_seconds: how much work a chunk is meant to be.

    Attributes:
        pace: seconds that a task takes at most, as the last ones tell.
    """

    def __init__(self, tasks: Iterator[Packed], chunk_seconds: float):
        self.chunk_seconds = chunk_seconds
        self._tasks = tasks
        self._waiting: deque[Packed] = deque()
        self.pace = math.inf  # nothing is known yet: chunks of one task

    def has(self, count: int) -> bool:
        """Whether so many tasks wait, once as many are taken from the iterable as it needs."""
        self._waiting.extend(islice(self._tasks, max(0, count - len(self._waiting))))
        return len(self._waiting) >= count

    def chunk(self) -> list[Packed]:
        """The next tasks for a worker; none if there are none. Some go alone."""
        if self.has(1) and self._waiting[0].alone:
            return [self._waiting.popleft()]
        size = min(CHUNK_MAX, max(1, int(self.chunk_seconds / max(self.pace, 1e-9))))
        self.has(size)
        chunk: list[Packed] = []
        while self._waiting and len(chunk) < size and not self._waiting[0].alone:
            chunk.append(self._waiting.popleft())
        return chunk

    def took(self, seconds: float) -> None:
        """Note how long a task took."""
        known = FORGETS * self.pace if self.pace < math.inf else 0.0
        self.pace = max(seconds, known)

    def put_back(self, tasks: Iterable[Packed]) -> None:
        """Let tasks be the next ones, in their order."""
        self._waiting.extendleft(reversed(list(tasks)))
