"""Shards in a folder: arrays, JSON, and each index in a folder of its own; never pickle.

Guarantees: saving changes nothing; the header is written last, and what was there before is taken
away first, so that half a folder is none; it has the digest of every other file, so that a folder
that is damaged is refused with the name of the file.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.moving import COPY, DELETE, Move
from swarm.memory.vectors import load_index

if TYPE_CHECKING:
    from swarm.memory.shards.holdings import Holdings

HEADER = "shards.json"
FORMAT = 1


def save(shards: Holdings, folder: str | Path) -> None:
    """Write vectors, placement, table and the moves under way."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / HEADER).unlink(missing_ok=True)
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
        "files": digests(place, shards),
    }
    (place / HEADER).write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")


def load_into(shards: Holdings, folder: str | Path, header: dict[str, Any]) -> None:
    """Fill shards of the shape that a header says.

    Raises:
        ShardError: naming the file that is missing or damaged, or a shard whose index does not
            hold what the placement says; VectorError: for the files of an index.
    """
    place = Path(folder)
    try:
        found = digests(place, shards)
    except OSError as problem:
        raise ShardError(f"{problem.filename} cannot be read: {problem}") from problem
    for name in sorted(found.keys() | header["files"].keys()):
        if found.get(name) != header["files"].get(name):
            raise ShardError(f"{place / name} is damaged or missing: its digest is another")
    for name, part in (("placement", shards.placement), ("table", shards.table)):
        try:
            with np.load(place / f"{name}.npz", allow_pickle=False) as arrays:
                part.restore(dict(arrays))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as problem:
            raise ShardError(f"{place / name}.npz cannot be used: {problem}") from problem
    shards.moves = [Move(*move) for move in header["moves"]]
    clusters, count = len(shards.placement.centroids), len(shards.table)
    for move in shards.moves:
        if move.cluster >= clusters or max(move.source, move.target) >= count:
            raise ShardError(f"{place / HEADER} is damaged: {move} of what is not there")
        lies_on = move.target if move.step == DELETE else move.source
        if shards.placement.shard[move.cluster] != lies_on:
            raise ShardError(f"{place / HEADER} is damaged: {move} of what lies elsewhere")
    shards.bytes_moved = header["bytes_moved"]
    home = shards.placement.shards_of(np.arange(shards.placement.cluster.size))
    for shard, indexes in enumerate(shards.copies):
        expected = np.flatnonzero(home == shard)
        for copy in range(len(indexes)):
            where = _index_folder(place, shard, copy)
            index = indexes[copy] = load_index(where)
            if (index.dimensions, index.metric) != (shards.table.centroids.shape[2], shards.metric):
                raise ShardError(f"{where} is an index of other dimensions or another metric")
            if np.setdiff1d(expected, index.ids(), assume_unique=True).size:
                raise ShardError(f"{where} lacks vectors of its shard")
            passing = [m.cluster for m in shards.moves[:1] if shard in (m.source, m.target)]
            foreign = np.setdiff1d(index.ids(), expected, assume_unique=True)
            if not np.isin(_clusters(shards, foreign), passing).all():
                raise ShardError(f"{where} has vectors that are not of its shard")


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
    except ValueError as problem:  # not JSON, or not text
        raise ShardError(f"{path} is damaged: {problem}") from problem
    needed = {"format", "shape", "capacity", "copies", "metric", "moves", "bytes_moved", "files"}
    if not isinstance(header, dict) or set(header) != needed:
        raise ShardError(f"{path} is damaged: it should have {', '.join(sorted(needed))}")
    if header["format"] != FORMAT:
        raise ShardError(f"{path} has format {header['format']}; this version reads {FORMAT}")
    moves, counts = header["moves"], [header["copies"], header["capacity"]]
    if not (
        isinstance(header["shape"], list)
        and len(header["shape"]) == 3
        and all(type(n) is int and n >= 1 for n in counts + header["shape"])
        and type(header["bytes_moved"]) is int
        and isinstance(moves, list)
        and all(_is_move(move) for move in moves)
        and isinstance(header["files"], dict)
        and header["metric"] in ("l2", "cosine")
    ):
        raise ShardError(f"{path} is damaged: shape, copies, capacity, metric or moves are none")
    return header


def digests(place: Path, shards: Holdings) -> dict[str, str]:
    """The BLAKE2b digest of every file in a folder of shards but its header, by relative name."""
    parts = [place / "placement.npz", place / "table.npz"]
    for shard, indexes in enumerate(shards.copies):
        for copy in range(len(indexes)):
            parts += [p for p in _index_folder(place, shard, copy).rglob("*") if p.is_file()]
    found = {}
    for path in parts:
        with path.open("rb") as file:
            found[path.relative_to(place).as_posix()] = hashlib.file_digest(
                file, "blake2b"
            ).hexdigest()[:32]
    return found


def _is_move(move: object) -> bool:
    if not isinstance(move, list) or len(move) != 4 or any(type(n) is not int for n in move):
        return False
    return min(move) >= 0 and COPY <= move[3] <= DELETE and move[1] != move[2]


def _clusters(shards: Holdings, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cluster of each id, −1 where it is unknown."""
    cluster = shards.placement.cluster
    known = ids < cluster.size
    return np.where(known, cluster[np.where(known, ids, 0)], -1)


def _index_folder(place: Path, shard: int, copy: int) -> Path:
    return place / f"shard-{shard:04}-{copy}"
