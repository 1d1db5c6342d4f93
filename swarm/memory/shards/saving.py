"""Shards in a folder: arrays, JSON, and each index in a folder of its own; never pickle.

Guarantees: saving changes nothing; the header is written last, so that half a folder is none; a
folder that is damaged is refused with the name of the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.moving import Move
from swarm.memory.vectors import load_index

if TYPE_CHECKING:
    from swarm.memory.shards.holdings import Holdings

HEADER = "shards.json"
FORMAT = 1


def save(shards: Holdings, folder: str | Path) -> None:
    """Write vectors, placement, table and the moves under way."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for shard, indexes in enumerate(shards.copies):
        for copy, index in enumerate(indexes):
            index.save(_index_folder(place, shard, copy))
    for name, part in (("placement", shards.placement), ("table", shards.table)):
        np.savez(place / f"{name}.npz", allow_pickle=False, **part.state())
    header = {
        "format": FORMAT,
        "shape": list(shards.table.centroids.shape),
        "capacity": shards.placement.capacity,
        "copies": len(shards.copies[0]),
        "metric": shards.metric,
        "moves": [list(map(int, move)) for move in shards.moves],
        "bytes_moved": shards.bytes_moved,
    }
    (place / HEADER).write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")


def load_into(shards: Holdings, folder: str | Path, header: dict[str, Any]) -> None:
    """Fill shards of the shape that a header says.

    Raises:
        ShardError: naming the file that is missing or damaged, or a shard whose index does not
            hold what the placement says; VectorError: for the files of an index.
    """
    place = Path(folder)
    for name, part in (("placement", shards.placement), ("table", shards.table)):
        try:
            with np.load(place / f"{name}.npz", allow_pickle=False) as arrays:
                part.restore(dict(arrays))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as problem:
            raise ShardError(f"{place / name}.npz cannot be used: {problem}") from problem
    shards.moves = [Move(*move) for move in header["moves"]]
    shards.bytes_moved = header["bytes_moved"]
    home = shards.placement.shards_of(np.arange(shards.placement.cluster.size))
    for shard, indexes in enumerate(shards.copies):
        expected = np.flatnonzero(home == shard)
        for copy in range(len(indexes)):
            indexes[copy] = load_index(_index_folder(place, shard, copy))
            if np.setdiff1d(expected, indexes[copy].ids(), assume_unique=True).size:
                raise ShardError(f"{_index_folder(place, shard, copy)} lacks vectors of its shard")


def read_header(folder: str | Path) -> dict[str, Any]:
    """The settings that `save` wrote.

    Raises:
        ShardError: naming the file, if it is missing, damaged or of another format.
    """
    path = Path(folder) / HEADER
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ShardError(f"{path} cannot be read: is it a folder of shards?") from problem
    except ValueError as problem:
        raise ShardError(f"{path} is damaged: {problem}") from problem
    needed = {"format", "shape", "capacity", "copies", "metric", "moves", "bytes_moved"}
    if not isinstance(header, dict) or set(header) != needed:
        raise ShardError(f"{path} is damaged: it should have {', '.join(sorted(needed))}")
    if header["format"] != FORMAT:
        raise ShardError(f"{path} has format {header['format']}; this version reads {FORMAT}")
    return header


def _index_folder(place: Path, shard: int, copy: int) -> Path:
    return place / f"shard-{shard:04}-{copy}"
