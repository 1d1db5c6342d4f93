"""Files that appear whole under their name or not at all.

The bytes go to a temporary name, are synced, are renamed, and then the folder is synced: a crash
at any point leaves what was there before, or all of the new (T. Pillai et al., "All file systems
are not created equal", OSDI 2014).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write the parts one after the other to `path`, in place of what it held."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with open(temporary, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partial(folder: Path) -> None:
    """Remove what a crash left under temporary names."""
    for path in folder.glob(".*.partial"):
        path.unlink()
