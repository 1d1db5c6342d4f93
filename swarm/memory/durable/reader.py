"""A log read back: what of it is sure, and what is torn or damaged.

Guarantee: what comes back is a prefix of the records, and holds all acknowledged ones. Bytes at the
end that are no intact record are a torn write, and are left out. If a record behind them was
written when they were acknowledged already, or a later segment begins, they are damage instead,
and reading refuses, naming the file and the byte. A flip in what was written last can not be told
from a torn write, unless the log was sealed by closing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.records import (
    SEAL,
    Damaged,
    Record,
    Schema,
    SegmentHeader,
    decode_record,
    decode_segment,
    last_intact,
)


class Position(NamedTuple):
    """A place between two records: the segment (by the number of its first record), the byte,
    and the number of the record that comes next."""

    segment: int
    offset: int
    sequence: int


START = Position(1, 0, 1)


class Torn(NamedTuple):
    """The end of a log that is no intact record: the file, from which byte, and why."""

    path: Path
    offset: int
    reason: str


def segment_path(folder: Path, first: int) -> Path:
    """Return the file of the segment whose first record has this number."""
    return folder / f"log-{first:020d}.segment"


def segments(folder: Path) -> list[int]:
    """Return the numbers of the first records of all segments, ascending."""
    return sorted(int(path.stem.removeprefix("log-")) for path in folder.glob("log-*.segment"))


class LogReader:
    """The intact records of a log from a position on.

    After iterating, `position` is where the next record would be written, and `torn` says what
    stands there instead, if anything does.

    >>> reader = LogReader(folder, identity)
    >>> for record, schema in reader: columns_of(record, schema)

    Raises:
        DurableError: when reading, for damage before acknowledged records, for numbers that do
            not follow each other, and for segments that are missing or of another log.
    """

    def __init__(self, folder: Path, identity: str, start: Position = START) -> None:
        self.folder = folder
        self.identity = identity
        self.position = start
        self.torn: Torn | None = None
        self.sealed = False
        self._header_read = False

    def __iter__(self) -> Iterator[tuple[Record, Schema]]:
        firsts = [first for first in segments(self.folder) if first >= self.position.segment]
        if not firsts or firsts[0] != self.position.segment:
            path = segment_path(self.folder, self.position.segment)
            raise DurableError(
                f"{path}: record {self.position.sequence} should come from this file, which is "
                "missing. If it was compacted away, a snapshot that is intact is needed."
            )
        for first, following in zip(firsts, [*firsts[1:], None], strict=True):
            if first != self.position.segment:
                self._step_to(first)
            yield from self._segment(segment_path(self.folder, first), following is None)

    def _step_to(self, first: int) -> None:
        if first != self.position.sequence:
            raise DurableError(
                f"{segment_path(self.folder, first)}: begins with record {first}, but the segment "
                f"before it ends with record {self.position.sequence - 1}. Records are missing."
            )
        self.position = Position(first, 0, first)

    def _segment(self, path: Path, is_last: bool) -> Iterator[tuple[Record, Schema]]:
        data = memoryview(path.read_bytes())
        self._header_read = False
        try:
            header = decode_segment(data)
            self._header_read = True
            self._check_header(path, header)
            offset = self.position.offset or header.end
            if offset > len(data):
                raise DurableError(
                    f"{path}: ends at byte {len(data)}, but a snapshot was taken when it had "
                    f"{offset}. It was cut after it was acknowledged."
                )
            self.position = self.position._replace(offset=offset)
            while offset < len(data):
                record = decode_record(data, offset)
                self._check_sequence(path, record)
                offset = record.end
                self.position = self.position._replace(offset=offset, sequence=record.sequence + 1)
                self.sealed = record.kind == SEAL
                yield record, header.schema
        except Damaged as damage:
            self._stop_at(path, data, str(damage), is_last)

    def _check_header(self, path: Path, header: SegmentHeader) -> None:
        if header.identity != self.identity or header.first != self.position.segment:
            raise DurableError(
                f"{path}: says that it is the segment of log {header.identity} from record "
                f"{header.first} on. It was put here from elsewhere, or renamed."
            )

    def _check_sequence(self, path: Path, record: Record) -> None:
        if record.sequence != self.position.sequence:
            raise DurableError(
                f"{path}: byte {record.offset} holds record {record.sequence}, where record "
                f"{self.position.sequence} should be. Records are missing or were moved."
            )

    def _stop_at(self, path: Path, data: memoryview, reason: str, is_last: bool) -> None:
        """Tell a torn write from damage: was what is gone acknowledged when more was written?"""
        lost, offset = self.position.sequence, self.position.offset
        header_gone = not self._header_read
        later = last_intact(data, offset, lost)
        if not is_last:
            why = "and later segments follow"
        elif later is not None and (later.acknowledged >= lost or header_gone):
            why = f"and record {later.sequence}, intact at byte {later.offset}, was written later"
        elif offset and header_gone:
            why = "and a snapshot was taken when it was intact"
        else:
            self.torn = Torn(path, offset, reason)
            return
        raise DurableError(
            f"{path}: damaged at byte {offset}, where record {lost} should be: {reason}, {why}. "
            "Nothing was changed. Restore this file from a copy, or save what is whole: "
            "salvage(folder, into='another folder')."
        )
