"""Files of an index that is saved again and again: a new generation beside the old, then a header.

The header names its generation and is replaced in one step, so that a process which is killed
while it saves leaves the last whole generation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from swarm.memory.vectors.index import VectorError, read_header
from swarm.memory.vectors.row_ids import RowIds

_PATTERNS = ("lists.*.faiss", "rows.*.npz", "vectors*.f16")


def previous_generation(folder: Path) -> int:
    """The number of the generation that a folder holds; 0 for none."""
    try:
        return int(read_header(folder).get("generation", 0))
    except VectorError:
        return 0


def forget_others(folder: Path, generation: int, store: str) -> None:
    """Delete the files of other generations."""
    kept = {f"lists.{generation}.faiss", f"rows.{generation}.npz", store}
    for pattern in _PATTERNS:
        for path in folder.glob(pattern):
            if path.name not in kept:
                path.unlink()


def write_rows(path: Path, ids: RowIds) -> None:
    """Write the ids of rows as plain arrays."""
    arrays: dict[str, Any] = ids.arrays()
    np.savez(path, **arrays)


def read_rows(path: Path, rows: int, next_id: int) -> RowIds:
    """The ids of rows; raises VectorError naming the file if it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as problem:  # zipfile has errors of its own
        raise VectorError(f"{path} is missing or damaged") from problem
    types = {"alive": np.bool_, "ids": np.int64}
    for name, array in arrays.items():
        if name not in types or array.dtype != types[name] or array.shape != (rows,):
            raise VectorError(f"{path} is damaged: {name} is {array.dtype}{list(array.shape)}")
    try:
        return RowIds.of(rows, next_id, arrays)
    except VectorError as problem:
        raise VectorError(f"{path} is damaged: {problem}") from problem
