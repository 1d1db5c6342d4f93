"""Columns of whole numbers in few bytes, in one way only: frames of reference.

Goldstein, Ramakrishnan & Shaft 1998, "Compressing relations and indexes", ICDE: a column is its
least number and, for each row, how far above it that row is, in the fewest of 0, 1, 2, 4 or 8 bytes
that hold the farthest. Numbers close together, such as keys of a batch, stamps of a tick or dots
of a run, cost little; a column of equal numbers costs eight bytes however long it is.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swarm.memory.replicas.errors import ReplicaError

Column = NDArray[np.int64]
_HEAD = struct.Struct("<IB")  # rows, and bytes of a distance; if any, the least number follows
_DISTANCES = {width: np.dtype(f"<u{width}") for width in (1, 2, 4, 8)}


def packed_columns(columns: Sequence[Column]) -> bytes:
    """The bytes of int64 columns of any sizes, one after another."""
    parts: list[bytes] = []
    for column in columns:
        if not column.size:
            parts.append(_HEAD.pack(0, 0))
            continue
        least = column.min()
        span = int(column.max()) - int(least)
        width = _width(span)
        parts.append(_HEAD.pack(column.size, width) + struct.pack("<q", least))
        if width:
            # Differences of int64 as uint64 are right even where they pass 2⁶³.
            distances = column.view(np.uint64) - least.view(np.uint64)
            parts.append(distances.astype(_DISTANCES[width], copy=False).tobytes())
    return b"".join(parts)


def unpacked_columns(encoded: bytes, place: int, number: int) -> tuple[list[Column], int]:
    """Read columns that begin at a place; returns them and the place after them.

    Raises:
        ReplicaError: for bytes that end early, or that `packed_columns` would have written
            otherwise.
    """
    columns: list[Column] = []
    for _ in range(number):
        if place + _HEAD.size > len(encoded):
            raise ReplicaError("these bytes end within a column.")
        rows, width = _HEAD.unpack_from(encoded, place)
        begin = place + _HEAD.size + 8 * (rows > 0)
        if begin + rows * width > len(encoded):
            raise ReplicaError("these bytes end within a column.")
        least = int.from_bytes(encoded[place + _HEAD.size : begin], "little", signed=True)
        place = begin + rows * width
        one_way = width == 0
        if width == 0:
            columns.append(np.full(rows, least, np.int64))
        elif width in _DISTANCES and rows:
            distances = np.frombuffer(encoded, _DISTANCES[width], rows, begin)
            one_way = distances.min() == 0 and _width(int(distances.max())) == width
            raised = distances.astype(np.uint64) + np.uint64(least & 2**64 - 1)
            columns.append(raised.view(np.int64))
        if not one_way:
            raise ReplicaError("a column stands in these bytes in a way that encode() has not.")
    return columns, place


def _width(span: int) -> int:
    """The fewest bytes, of those allowed, that hold 0..span."""
    bits = span.bit_length()
    return 0 if bits == 0 else 1 if bits <= 8 else 2 if bits <= 16 else 4 if bits <= 32 else 8
