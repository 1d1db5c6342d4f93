"""Where the writes of a memory go: its log, and the names that they need."""

from __future__ import annotations

import os
from typing import Any

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.log import Log
from swarm.memory.durable.names import Names
from swarm.memory.durable.operations import Operation
from swarm.memory.facts import FactError


class Journal:
    """Where the writes of one memory go: its log, and the names that they need.

    Args:
        log: None for a memory that may be read only.
        names: all ids must have names in these; None if ids are plain numbers.
        facts: how many are in the log.
    """

    def __init__(self, log: Log | None, names: Names | None, facts: int) -> None:
        self.log = log
        self.names = names
        self.facts = facts
        self.closed = ""
        self._process = os.getpid()

    def write(self, operation: Operation, tick: int, columns: dict[str, Any]) -> None:
        """Log one operation."""
        self.writable().append(operation, tick, columns)

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

    def check_names(self, entity: int, relation: int) -> None:
        """Refuse ids without names, in a memory that has names; the highest of each are given."""
        if self.names is None:
            return
        for table, highest in (("entities", entity), ("relations", relation)):
            known = len(getattr(self.names, table))
            if highest >= known:
                raise FactError(
                    f"{table} have names up to {known - 1}; got {highest}. Add the name first: "
                    f"store.names.{table}.add(['...'])."
                )
