"""Checkpoints: nested state as plain arrays and JSON in one file, never pickle.

The file is a zip of `.npy` members (readable with `numpy.load`) and `state.json`. Names are
paths such as `population/column.energy`. Equal states give equal bytes; every member carries a
checksum; a file appears whole under its name or not at all.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

TEXT = "state.json"


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged, or of another world; the message names the file."""


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write nested dicts of arrays and JSON values; replaces the file in one step."""
    arrays: dict[str, np.ndarray] = {}
    values: dict[str, Any] = {}
    for key, value in _flatten(state):
        if isinstance(value, np.ndarray):
            arrays[key] = value
        else:
            values[key] = value
    text = json.dumps(values, sort_keys=True, default=_plain).encode()
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **{TEXT: np.frombuffer(text, np.uint8)}, **arrays)
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `write_checkpoint` wrote.

    Raises:
        CheckpointError: if the file is missing, truncated or damaged.
    """
    state: dict[str, Any] = {}
    try:
        with np.load(path, allow_pickle=False) as saved:
            members = {key: saved[key] for key in saved.files}
        values = json.loads(members.pop(TEXT).tobytes())
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, OSError) as error:
        raise CheckpointError(
            f"{path}: damaged or not a checkpoint ({error}); an earlier checkpoint of the run, "
            "if there is one, can be used in its place"
        ) from None
    for key, value in {**members, **values}.items():
        place = state
        *folders, name = key.split("/")
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
    return state


class replacing:  # noqa: N801 - reads as a verb: `with replacing(path) as temporary`
    """Write to a temporary name beside `path`, then move it there; nothing is left on failure."""

    def __init__(self, path: Path):
        self.path = path
        self.temporary = path.with_name(f".{path.name}.partial")

    def __enter__(self) -> Path:
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            os.replace(self.temporary, self.path)
        else:
            self.temporary.unlink(missing_ok=True)


def _flatten(state: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in state.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and all(isinstance(inner, str) for inner in value):
            yield from _flatten(value, f"{key}/")
        else:
            yield key, value


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a checkpoint holds arrays and JSON values, not {type(value).__name__}")
