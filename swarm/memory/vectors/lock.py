"""A readers–writer lock: many threads search at once, and one that writes is alone.

Courtois, Heymans & Parnas 1971, "Concurrent control with 'readers' and 'writers'", CACM 14(10),
their second problem: from the moment a writer waits no new reader enters, so searches without end
cannot keep it out.

Guarantees: no reader is inside while a writer is. It is not reentrant: who holds it must not ask
for it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReadersWriterLock:
    """Two context managers over one state.

    >>> lock = ReadersWriterLock()
    >>> with lock.reading(): look()
    >>> with lock.writing(): change()
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._readers = 0
        self._writers_waiting = 0
        self._writing = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Together with other readers, after the writers that wait."""
        with self._changed:
            while self._writing or self._writers_waiting:
                self._changed.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                if not self._readers:
                    self._changed.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Alone."""
        with self._changed:
            self._writers_waiting += 1
            try:
                while self._writing or self._readers:
                    self._changed.wait()
            finally:
                self._writers_waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
