"""What the watchers of a run wish, and what the run offers them: two small files of `RUN/live`.

What lies there may be damaged, or be anything: whoever reads it gets what it should be, or None.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

READ_MAX = 2**20
"""Bytes of a wish or of controls; whatever is longer is none."""


@dataclass(frozen=True)
class Wish:
    """What the watcher wants.

    Attributes:
        serial: goes up with every wish.
        paused: whether to wait between two ticks.
        steps: ticks asked for one by one, in all.
        ticks_per_s: at most; as fast as can be if None.
        changes: name of a control to the value that it should have.
    """

    serial: int = 0
    paused: bool = False
    steps: int = 0
    ticks_per_s: float | None = None
    changes: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As `wish.json` holds it."""
        values = asdict(self)
        changes = values.pop("changes")
        return {**values, "set": changes}

    @classmethod
    def of(cls, given: Any) -> Wish | None:
        """From what `wish.json` holds; None if that is no wish."""
        kinds = {"serial": int, "paused": bool, "steps": int, "set": dict}
        if not isinstance(given, dict):
            return None
        if any(type(given.get(name)) is not kind for name, kind in kinds.items()):
            return None
        speed = given.get("ticks_per_s")
        if speed is not None and not (type(speed) in (int, float) and 0 < speed < float("inf")):
            return None
        return cls(given["serial"], given["paused"], given["steps"], speed, given["set"])


def read_wish(room: Path) -> Wish | None:
    """The wish that lies in `RUN/live`, None if there is none."""
    return Wish.of(_read(room / "wish.json"))


def read_controls(room: Path) -> dict[str, Any] | None:
    """What `controls.json` of `RUN/live` holds, None if it is not there or is damaged."""
    found = _read(room / "controls.json")
    if not isinstance(found, dict):
        return None
    given = {"refused": {}, "stepped": 0, **found}
    kinds = {"controls": list, "refused": dict, "stepped": int}
    if any(type(given.get(name)) is not kind for name, kind in kinds.items()):
        return None
    return given if all(map(_is_control, given["controls"])) else None


def _is_control(given: Any) -> bool:
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        return False
    bounds = (given.get("low"), given.get("high"))
    return type(given.get("whole")) is bool and all(
        bound is None or type(bound) in (int, float) for bound in bounds
    )


def _read(path: Path) -> Any:
    """The JSON of a file; None if there is none, or not as much as it should be."""
    try:
        if not path.is_file():  # a pipe would keep whoever reads it waiting
            return None
        with open(path, "rb") as file:
            data = file.read(READ_MAX + 1)
        return json.loads(data) if len(data) <= READ_MAX else None
    except (OSError, ValueError, RecursionError):
        return None
