"""The files of a run folder, read with care and written whole: tables, JSON, what a run began with.

Guarantees:
- a file appears whole under its name or not at all, and is on the disk before it has it;
- equal rows give equal bytes;
- what is damaged is told by its place, what it should be, and what to do: `RunError`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.running.manifest import STUDY_DIGEST, digest
from experiments.study.reading import study_text
from experiments.study.study import METRICS
from swarm.checkpoint import replacing

ROWS_IN_GROUP = 65_536


class RunError(ValueError):
    """A run folder is missing, damaged or in use; the message names the place and the remedy."""


# Tables


def write_table(path: Path, table: pa.Table) -> None:
    """Equal rows give equal bytes: one chunk, rows in groups of a fixed size, no metadata."""
    table = table.replace_schema_metadata(None).combine_chunks()
    with replacing(path) as temporary, open(temporary, "wb") as file:
        pq.write_table(table, file, row_group_size=ROWS_IN_GROUP, compression="zstd")
        _to_disk(file)


def read_table(path: Path) -> pa.Table:
    """A Parquet file; raises RunError if it is missing or damaged."""
    if not path.exists():
        raise RunError(
            f"{path}: missing; begin the run anew with `noosphere run` and its study.toml"
        )
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # of the disk; Arrow's own, on what it reads, have no number
        raise _damaged_table(path, " ".join(str(error).split())) from None


def read_ticks(path: Path) -> pa.Table:
    """A table of the run, by tick; one that nothing was recorded in may be without columns."""
    table, may_be_empty = read_table(path), not path.name.startswith(METRICS)
    if "tick" not in table.column_names and (table.num_columns or not may_be_empty):
        raise _damaged_table(path, "it has no column tick")
    return table


def _damaged_table(path: Path, reason: str) -> RunError:
    return RunError(
        f"{path}: damaged ({reason}); begin the run anew with `noosphere run` and its study.toml"
    )


# What a run began with, and what it found


def read_study(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The text of study.toml; raises RunError if it is not what the manifest was made with."""
    path = folder / "study.toml"
    text = study_text(path)
    if manifest.get(STUDY_DIGEST, digest(text)) != digest(text):
        raise RunError(
            f"{path}: changed since the run began; put it back as it was, or begin a new run with "
            f"noosphere run {path}"
        )
    return text


def read_manifest(path: Path) -> dict[str, Any]:
    """What `describe_run` wrote; raises RunError if that is not what is there."""
    found = read_json(path)
    if not (isinstance(found, dict) and "git" in found and isinstance(found.get("versions"), dict)):
        raise RunError(
            f"{path}: damaged, it should say what the run was begun with, such as versions and "
            f"git; begin a new run with noosphere run {path.with_name('study.toml')}"
        )
    return found


def read_results(path: Path) -> dict[str, Any]:
    """What an examination found; raises RunError if that is not what is there."""
    found = read_json(path)
    rows = found.get("rows") if isinstance(found, dict) else None
    if not (rows and isinstance(rows, list) and all(map(_is_row, rows))):
        raise RunError(
            f"{path}: damaged, it should hold rows, each with a name; delete it, and "
            f"noosphere resume {path.parent} examines the run again"
        )
    return dict(found)


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("name"), str)


# JSON


def write_json(path: Path, value: Any) -> None:
    """Keep a value as a file of JSON."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
        _to_disk(file)


def read_json(path: Path) -> Any:
    """What a file of JSON holds; raises RunError if it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunError(f"{path}: damaged, it should be JSON ({error})") from None


def _to_disk(file: IO) -> None:
    file.flush()
    os.fsync(file.fileno())
