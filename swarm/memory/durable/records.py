"""The bytes of a log: records of columns, each with a checksum of its header and of its payload.

A segment begins with its own header: the magic number and version, the log's identity, the sequence
number of its first record, and the schema, for each kind of record the names and types of
its columns. A record is

    bytes    field
    0–3      magic number
    4        kind; three bytes of zeros
    8–15     bytes of the payload
    16–23    sequence number
    24–31    acknowledged: records up to this number were safe when this one was written
    32–39    tick
    40–43    CRC-32 of the payload
    44–47    CRC-32 of bytes 0–43
    48–      payload: uint32 lengths of the columns, then the columns, widest type first

all little-endian, padded to 8 bytes. Guarantee: every byte lies under a checksum; a change of one
or two bits, or of any within 32 in a row, is noticed, any other with probability 1 − 2⁻³²
(P. Koopman, "32-bit cyclic redundancy codes for Internet applications", DSN 2002).
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.durable.errors import DurableError

Schema = Mapping[str, tuple[tuple[str, str], ...]]
"""Kind, as text, to the names and dtypes of its columns, widest first."""

SEAL = 0
"""The kind of the record without columns that a log ends with when it is closed."""

_SEGMENT = struct.Struct("<8sII")
_SEGMENT_MAGIC = b"NOOSLOG\x01"
_RECORD = struct.Struct("<4sB3xQQQqI")
_CHECKSUM = struct.Struct("<I")
_MAGIC = b"\xf0Rec"
HEADER_BYTES = _RECORD.size + _CHECKSUM.size


class Record(NamedTuple):
    """One operation as it stands in the log, from byte `offset` to `end` of its segment."""

    kind: int
    sequence: int
    acknowledged: int
    tick: int
    payload: memoryview
    offset: int
    end: int


class SegmentHeader(NamedTuple):
    """What a segment says of itself; its records begin at byte `end`."""

    identity: str
    first: int
    schema: Schema
    end: int


class Damaged(Exception):  # noqa: N818 - an outcome of reading: whether it is an error is for the log
    """There is no intact header or record at this place; the message says why."""


def encode_segment(identity: str, first: int, schema: Schema) -> bytes:
    """Return the header of a segment."""
    text = json.dumps({"identity": identity, "first": first, "schema": schema}).encode()
    text += b" " * (-(_SEGMENT.size + len(text)) % 8)
    return _SEGMENT.pack(_SEGMENT_MAGIC, len(text), zlib.crc32(text)) + text


def decode_segment(data: memoryview) -> SegmentHeader:
    """Read the header of a segment, or raise Damaged."""
    if len(data) < _SEGMENT.size:
        raise Damaged("the header of the segment is cut off")
    magic, size, checksum = _SEGMENT.unpack_from(data)
    text = bytes(data[_SEGMENT.size : _SEGMENT.size + size])
    if magic != _SEGMENT_MAGIC:
        raise Damaged(f"a segment of a log begins with {_SEGMENT_MAGIC!r}, not {magic!r}")
    if len(text) < size or zlib.crc32(text) != checksum:
        raise Damaged("the header of the segment does not fit its checksum")
    told = json.loads(text)
    schema = {k: tuple((name, dtype) for name, dtype in v) for k, v in told["schema"].items()}
    return SegmentHeader(told["identity"], told["first"], schema, _SEGMENT.size + size)


def encode_record(
    kind: int,
    sequence: int,
    acknowledged: int,
    tick: int,
    columns: tuple[tuple[str, str], ...],
    arrays: Mapping[str, ArrayLike],
) -> bytes:
    """Return the bytes of a record; columns that `arrays` lacks are empty."""
    columns_given = [np.asarray(arrays.get(name, ()), dtype).ravel() for name, dtype in columns]
    lengths = np.array([column.size for column in columns_given], "<u4")
    parts: list[bytes | memoryview] = [lengths.tobytes()]
    parts += [column.view(np.uint8).data for column in columns_given]
    size = sum(len(part) for part in parts)
    parts.append(bytes(-size % 8))
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    header = _RECORD.pack(
        _MAGIC, kind, size + len(parts[-1]), sequence, acknowledged, tick, checksum
    )
    return b"".join((header, _CHECKSUM.pack(zlib.crc32(header)), *parts))


def decode_record(data: memoryview, offset: int) -> Record:
    """Read the record at a byte of a segment, or raise Damaged."""
    start = offset + HEADER_BYTES
    if len(data) < start:
        raise Damaged("the header of the record is cut off")
    magic, kind, size, sequence, acknowledged, tick, checksum = _RECORD.unpack_from(data, offset)
    (header_checksum,) = _CHECKSUM.unpack_from(data, offset + _RECORD.size)
    if magic != _MAGIC or zlib.crc32(data[offset : offset + _RECORD.size]) != header_checksum:
        raise Damaged("the header of the record does not fit its checksum")
    payload = data[start : start + size]
    if len(payload) < size:
        raise Damaged(f"the payload of record {sequence} is cut off")
    if zlib.crc32(payload) != checksum:
        raise Damaged(f"the payload of record {sequence} does not fit its checksum")
    return Record(kind, sequence, acknowledged, tick, payload, offset, start + size)


def columns_of(record: Record, schema: Schema) -> dict[str, NDArray]:
    """Return the columns of a record: read-only views of its payload.

    Raises:
        DurableError: for a kind that the schema does not have.
    """
    columns = schema.get(str(record.kind))
    if columns is None:
        raise DurableError(
            f"record {record.sequence} is of kind {record.kind}, which this log does not have: "
            f"{sorted(schema)}. A later version may have written it."
        )
    lengths = np.frombuffer(record.payload, "<u4", len(columns)).tolist()
    place, arrays = 4 * len(columns), {}
    for (name, dtype), length in zip(columns, lengths, strict=True):
        arrays[name] = np.frombuffer(record.payload, dtype, length, place)
        place += arrays[name].nbytes
    return arrays


def last_intact(data: memoryview, offset: int, from_sequence: int) -> Record | None:
    """Return the last intact record behind a byte that is numbered `from_sequence` or later."""
    whole = bytes(data)
    found = None
    place = whole.find(_MAGIC, offset)
    while place >= 0:
        try:
            record = decode_record(data, place)
        except Damaged:
            place = whole.find(_MAGIC, place + 1)
            continue
        if record.sequence >= from_sequence:
            found = record
        place = whole.find(_MAGIC, record.end)
    return found
