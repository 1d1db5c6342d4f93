"""Snapshots: the whole state at a position of the log, in one file, each column with a checksum.

The file is a magic number, the size and checksum of a JSON header, the header, and the columns as
raw little-endian bytes, each at a multiple of 64. It appears whole or not at all (`write_whole`).
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from swarm.memory.durable.errors import DurableError
from swarm.memory.durable.reader import Position
from swarm.memory.durable.whole_file import write_whole

_HEADER = struct.Struct("<8sII")
_MAGIC = b"NOOSNAP\x01"
_ALIGNMENT = 64


class Snapshot(NamedTuple):
    """A state, the position in the log behind its last record, and the tick it was taken in."""

    state: dict[str, NDArray]
    position: Position
    tick: int


def snapshot_path(folder: Path, sequence: int) -> Path:
    """Return the file of the snapshot whose last record has this number."""
    return folder / f"snapshot-{sequence:020d}.bin"


def snapshots(folder: Path) -> list[Path]:
    """Return the files of all snapshots, the newest first."""
    return sorted(folder.glob("snapshot-*.bin"), reverse=True)


def write_snapshot(
    folder: Path, identity: str, state: Mapping[str, NDArray], position: Position, tick: int
) -> Path:
    """Write a state; the log must be synced up to `position` before."""
    columns = {name: np.ascontiguousarray(array) for name, array in state.items()}
    columns = {name: array.astype(array.dtype.newbyteorder("<")) for name, array in columns.items()}
    described = [
        {"name": name, "dtype": a.dtype.str, "rows": a.size, "checksum": zlib.crc32(_raw(a))}
        for name, a in columns.items()
    ]
    header = {"identity": identity, "position": position, "tick": tick, "columns": described}
    text = json.dumps(header).encode()
    text += b" " * (-(_HEADER.size + len(text)) % _ALIGNMENT)
    path = snapshot_path(folder, position.sequence - 1)

    def parts() -> Iterator[bytes | memoryview]:
        yield _HEADER.pack(_MAGIC, len(text), zlib.crc32(text)) + text
        for array in columns.values():
            yield _raw(array)
            yield bytes(-array.nbytes % _ALIGNMENT)

    write_whole(path, parts())
    return path


def read_snapshot(path: Path, identity: str) -> Snapshot:
    """Read a snapshot.

    Raises:
        DurableError: if it is damaged or of another memory.
    """
    header, start = _read_header(path, identity)
    state: dict[str, NDArray] = {}
    with open(path, "rb") as file:
        for column in header["columns"]:
            file.seek(start)
            array = np.fromfile(file, column["dtype"], column["rows"])
            if array.size < column["rows"] or zlib.crc32(_raw(array)) != column["checksum"]:
                raise _damaged(path, f"column {column['name']!r}, at byte {start}")
            state[column["name"]] = array
            start += array.nbytes + -array.nbytes % _ALIGNMENT
    return Snapshot(state, Position(*header["position"]), header["tick"])


def snapshot_tick(path: Path, identity: str) -> int:
    """Return the tick in which a snapshot was taken, from its header alone."""
    return int(_read_header(path, identity)[0]["tick"])


def _read_header(path: Path, identity: str) -> tuple[dict, int]:
    with open(path, "rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(_MAGIC):
            raise _damaged(path, "its first bytes")
        _, size, checksum = _HEADER.unpack(head)
        text = file.read(size)
    if len(text) < size or zlib.crc32(text) != checksum:
        raise _damaged(path, "its header")
    header = json.loads(text)
    position = Position(*header["position"])
    if (
        header["identity"] != identity
        or path.name != snapshot_path(path, position.sequence - 1).name
    ):
        raise DurableError(f"{path}: is of another memory, or was renamed.")
    return header, _HEADER.size + size


def _raw(array: NDArray) -> memoryview:
    return array.view(np.uint8).data


def _damaged(path: Path, what: str) -> DurableError:
    return DurableError(f"{path}: damaged: {what} does not fit its checksum.")
