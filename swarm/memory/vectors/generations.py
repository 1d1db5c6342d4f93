"""Files of an index that is saved again and again: a new generation beside the old, then a header.

The header names its generation and is replaced in one step, so that a process which is killed
while it saves leaves the last whole generation: of any kind of index, over any other.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any, Self

from swarm.memory.vectors.index import HEADER, Folder, VectorError, read_header

_OURS = re.compile(r"(alive|graph|ids|index|lists|removed|rows|vectors)\.(\d+)(\.[a-z0-9]+)?")


class Generation:
    """The files of one save, each with its number in the name, such as vectors.3.npy.

    >>> files = Generation.next(folder)
    >>> np.save(files.fresh("vectors.npy"), vectors)
    >>> files.switch({"format": 1, "kind": "exact", ...})  # from here on the folder is this one
    """

    def __init__(self, folder: Folder, number: int) -> None:
        self.folder = Path(folder)
        self.number = number

    @classmethod
    def next(cls, folder: Folder) -> Self:
        """The one after that which a folder holds; the folder is made if there is none."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        try:
            held = read_header(folder).get("generation", 0)
        except VectorError:
            held = 0
        return cls(folder, 1 + held if isinstance(held, int) else 1)

    def path(self, name: str) -> Path:
        """Where a file of this name is, or a folder."""
        stem, dot, suffix = name.partition(".")
        return self.folder / f"{stem}.{self.number}{dot}{suffix}"

    def fresh(self, name: str) -> Path:
        """The same, without what a save that was killed may have left there."""
        path = self.path(name)
        _delete(path)
        return path

    def switch(self, header: dict[str, Any], kept: str = "") -> None:
        """Make this what the folder holds, and delete other generations, but for one file."""
        written = self.fresh(HEADER)
        text = json.dumps(header | {"generation": self.number}, indent=1) + "\n"
        written.write_text(text, encoding="utf-8")
        os.replace(written, self.folder / HEADER)
        for path in self.folder.iterdir():
            ours = _OURS.fullmatch(path.name)
            if ours and int(ours[2]) != self.number and path.name != kept:
                _delete(path)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
