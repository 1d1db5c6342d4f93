"""Checkpoints: nested state as plain arrays and JSON in one file, never pickle.

The file is a zip of `.npy` members (readable with `numpy.load`) and `state.json`. Names are
paths such as `population/column.energy`. Equal states give equal bytes; every member carries a
checksum and `state.json` the list of all members; a file appears whole under its name or not at
all.
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
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest date of a zip member: bytes must not depend on when they were written."""


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged, or of another world; the message names the file."""


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write nested dicts of arrays and JSON values; replaces the file in one step.

    Raises:
        TypeError: for values that are neither arrays of plain numbers nor JSON.
    """
    arrays: dict[str, np.ndarray] = {}
    values: dict[str, Any] = {}
    for key, value in _flatten(state):
        if isinstance(value, np.ndarray):
            if value.dtype.hasobject:
                raise TypeError(f"{key}: arrays of Python objects cannot be saved without pickle")
            arrays[key] = value
        else:
            values[key] = value
    text = json.dumps({"values": values, "arrays": sorted(arrays)}, sort_keys=True, default=_plain)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(TEXT, EPOCH), text)
            for key in sorted(arrays):
                with archive.open(zipfile.ZipInfo(f"{key}.npy", EPOCH), "w", force_zip64=True) as m:
                    np.lib.format.write_array(m, arrays[key], allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `write_checkpoint` wrote.

    Raises:
        CheckpointError: if the file is missing, truncated or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            text = json.loads(archive.read(TEXT))
            members: dict[str, Any] = dict(text["values"])
            for key in text["arrays"]:
                with archive.open(f"{key}.npy") as member:
                    members[key] = np.lib.format.read_array(member, allow_pickle=False)
                    member.read()  # to the end, where the checksum is compared
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except Exception as error:  # damage can surface anywhere in the parsing
        raise CheckpointError(
            f"{path}: damaged or not a checkpoint ({error}); an earlier checkpoint of the run, "
            "if there is one, can be used in its place"
        ) from None
    state: dict[str, Any] = {}
    for key, value in members.items():
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
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{key}/")
        else:
            yield key, value


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a checkpoint holds arrays and JSON values, not {type(value).__name__}")
