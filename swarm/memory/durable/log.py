"""An append-only log of records on disk, and when what it holds counts as acknowledged.

Records are numbered 1, 2, 3 … and written to segments, files that are never changed once the next
has begun. What a write may promise is set by `sync`:

    "always"    each record is written and synced before `append` returns: acknowledged then.
    "batch"     records are gathered, and written and synced together (group commit: D. DeWitt et
                al., "Implementation techniques for main memory database systems", SIGMOD 1984) at
                `flush`, or when a MiB has gathered: `acknowledged` says up to which.
    "never"     the same without syncing: acknowledged is what the operating system has. It
                survives the death of the process, not that of the machine.

Closing seals the log with a record that says that all before it was acknowledged. What can be read
back is said in `reader`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from numpy.typing import ArrayLike

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.reader import START, LogReader, Position, segment_path, segments
from swarm.memory.durable.records import SEAL, Schema, encode_record, encode_segment
from swarm.memory.durable.whole_file import sync_folder, write_whole

Sync = Literal["always", "batch", "never"]
GROUP_BYTES = 1 << 20
SEGMENT_BYTES = 1 << 26


class Log:
    """The writing end of a log; one a folder.

    Args:
        folder: where its segments are.
        identity: of the log; segments of another are refused.
        schema: kind, as text, to the names and dtypes of its columns, widest first; kind 0 is the
            log's own.
        sync: see the module.
        segment_bytes: when a segment has as many, the next begins.
        reader: one that has read the log to its end: writing goes on there, over what is torn.
            A new log, if left out.
        begin: where a new log begins: behind a state that a snapshot holds.
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        schema: Schema,
        *,
        sync: Sync = "batch",
        segment_bytes: int = SEGMENT_BYTES,
        reader: LogReader | None = None,
        begin: Position = START,
    ) -> None:
        if sync not in ("always", "batch", "never"):
            raise DurableError(f'sync is "always", "batch" or "never"; got {sync!r}.')
        self.folder = folder
        self.identity = identity
        self.schema: Schema = {str(SEAL): (), **schema}
        self.sync = sync
        self.segment_bytes = segment_bytes
        self.broken = ""
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        position = begin if reader is None else reader.position
        self.acknowledged = position.sequence - 1
        self._next = position.sequence
        self._tick = 0
        if position.offset:
            self._resume(position)
            self._unsealed = reader is not None and not reader.sealed
        else:
            self._begin_segment(position.sequence)

    def append(self, kind: int, tick: int, arrays: Mapping[str, ArrayLike]) -> int:
        """Log one record; returns its number.

        Raises:
            DurableError: if it could not be written; it will not be there on reopening, or it
                will be whole. A log whose disk failed with gathered records takes no more.
        """
        self.check_whole()
        sequence, columns = self._next, self.schema[str(kind)]
        data = encode_record(kind, sequence, self.acknowledged, tick, columns, arrays)
        self._pending.append(data)
        self._pending_bytes += len(data)
        self._next += 1
        self._tick = tick
        if self.sync == "always" or self._pending_bytes >= GROUP_BYTES:
            self.flush()
        return sequence

    def flush(self) -> int:
        """Write what has gathered, and sync it if set; returns the number acknowledged up to."""
        self.check_whole()
        if self._pending:
            if self._offset >= self.segment_bytes:
                self._next_segment()
            self._write(self._pending)
            self._pending, self._pending_bytes = [], 0
            self.acknowledged = self._next - 1
        return self.acknowledged

    def sync_all(self) -> Position:
        """Flush, and sync whatever the setting; returns the position behind it."""
        self.flush()
        self._fsync()
        return Position(self._segment, self._offset, self._next)

    def close(self) -> None:
        """Flush and seal: from now on damage to the last records is told from a torn write."""
        try:
            if (self._unsealed or self._pending) and not self.broken:
                self.append(SEAL, self._tick, {})
                self.flush()
        finally:
            os.close(self._file)

    def drop_before(self, position: Position) -> int:
        """Remove the segments wholly before a position; returns how many."""
        gone = [first for first in segments(self.folder) if first < position.segment]
        for first in gone:  # oldest first: a crash leaves the newer ones, without a gap
            segment_path(self.folder, first).unlink()
        sync_folder(self.folder)
        return len(gone)

    def check_whole(self) -> None:
        """Refuse to go on after a failure that left memory ahead of the disk."""
        if self.broken:
            raise DurableError(f"{self._path}: {self.broken}. Close the memory and open it again.")

    def _write(self, records: list[bytes]) -> None:
        data = records[0] if len(records) == 1 else b"".join(records)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            self._take_back(error)
        if self.sync != "never":
            self._fsync()
        self._offset += len(data)
        self._unsealed = True

    def _take_back(self, error: OSError) -> None:
        """After a failed write nothing of the group may stay, or later ones would stand behind it.

        One record that was not applied yet is forgotten, and writing may go on. Those of a larger
        group have been applied: memory is ahead of the disk, and only reopening helps.
        """
        reason = f"writing failed ({error.strerror})"
        self._next = self.acknowledged + 1
        lone = self.sync == "always"
        self._pending, self._pending_bytes = [], 0
        try:
            os.ftruncate(self._file, self._offset)
        except OSError:
            lone = False
        if not lone:
            self.broken = reason
        raise DurableError(f"{self._path}: {reason}; the write was not acknowledged.") from error

    def _fsync(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:
            # What the kernel holds after a failed sync is unknown (A. Rebello et al., "Can
            # applications recover from fsync failures?", USENIX ATC 2020): never try again.
            self.broken = f"syncing failed ({error.strerror})"
            raise DurableError(f"{self._path}: {self.broken}; not acknowledged.") from error

    def _next_segment(self) -> None:
        """Go on in a new file; if there can be none, all is as after a write that failed."""
        self._fsync()
        full, first = self._file, self.acknowledged + 1
        try:
            self._begin_segment(first)
        except OSError as error:
            with suppress(OSError):
                segment_path(self.folder, first).unlink(missing_ok=True)
            self._take_back(error)
        os.close(full)

    def _begin_segment(self, first: int) -> None:
        header = encode_segment(self.identity, first, self.schema)
        path = segment_path(self.folder, first)
        write_whole(path, [header])
        self._open(path, first, len(header))

    def _resume(self, position: Position) -> None:
        path = segment_path(self.folder, position.segment)
        self._open(path, position.segment, position.offset)
        os.ftruncate(self._file, position.offset)
        if self.sync != "never":
            os.fsync(self._file)  # what was read back is acknowledged from here on

    def _open(self, path: Path, first: int, offset: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._path = path
        self._segment = first
        self._offset = offset
        self._unsealed = False
