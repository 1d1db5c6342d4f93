"""One writer at a time: a lock file that the operating system lets go of when its holder dies."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from swarm.memory.durable.errors import DurableError


class WriterLock:
    """Hold `path` for this process until `release`, or until the process ends.

    Raises:
        DurableError: if another holds it; the message says who.
    """

    def __init__(self, path: Path) -> None:
        import fcntl

        self.process = os.getpid()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._descriptor, 200).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise DurableError(
                f"{path}: {holder or 'another process'} is writing to this memory, and one writes "
                "at a time. Close it there, or open it with read_only=True."
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {self.process} on {socket.gethostname()}".encode(), 0)

    def release(self) -> None:
        """Let another write."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
