"""Where the writes of a memory go: its log, the tick it has come to, and its names."""

from __future__ import annotations

import os
from typing import Any

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.log import Log
from swarm.memory.durable.names import Names
from swarm.memory.durable.operations import Operation
from swarm.memory.facts import FactError


class Journal:
    """Where the writes of one memory go: its log, the tick it has come to, and its names.

    Args:
        log: None for a memory that may be read only.
        tick: of the last record.
        names: all ids must have names in these; None if ids are plain numbers.
    """

    def __init__(self, log: Log | None, tick: int, names: Names | None, facts: int) -> None:
        self.log = log
        self.tick = tick
        self.names = names
        self.facts = facts
        self.closed = ""
        self._process = os.getpid()

    def write(self, operation: Operation, tick: int, columns: dict[str, Any]) -> None:
        """Log one operation."""
        self.writable().append(operation, tick, columns)
        self.tick = max(self.tick, tick)

    def writable(self) -> Log:
        """Return the log.

        Raises:
            DurableError: if this memory is closed, opened for reading, or of another process, and
                after a failure of the disk that only opening it again mends.
        """
        if self.closed or self.log is None:
            raise DurableError(
                f"this memory {self.closed or 'was opened for reading'}; open it for writing: "
                "with FactStore.open(folder) as store."
            )
        if os.getpid() != self._process:
            raise DurableError(
                f"this memory was opened by process {self._process}, and this is process "
                f"{os.getpid()}, a copy of it: one process writes. Open it read_only=True here."
            )
        self.log.check_whole()
        return self.log

    def check_time(self, tick: int, what: str) -> None:
        """Refuse ticks before the last one that anything was written in."""
        if tick < self.tick:
            raise FactError(
                f"time runs forward: {what} of tick {tick} cannot follow what was written in tick "
                f"{self.tick}. Write in the order in which things happened."
            )

    def check_name(self, table: str, highest: int) -> None:
        """Refuse ids without names."""
        if self.names is None:
            return
        known = len(getattr(self.names, table))
        if highest >= known:
            raise FactError(
                f"{table} have names up to {known - 1}; got {highest}. Add the name first: "
                f"store.names.{table}.add(['...'])."
            )
