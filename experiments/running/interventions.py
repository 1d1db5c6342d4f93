"""Changes of a world that lives: recorded before they are made, and made again ever after.

`interventions.jsonl` of a run folder holds a line for each, `{"tick": 40, "set": {"speed": 2.0}}`:
between tick 40 and the next, speed became 2. A run that is resumed, or replayed, makes them at the
same ticks, so that it comes to the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from errno import ENOSPC
from pathlib import Path
from typing import Any, NamedTuple

from experiments.running.files import RunError
from experiments.study.control import SteerError
from experiments.study.study import Experiment

FILE = "interventions.jsonl"


class Intervention(NamedTuple):
    """After which tick, and what was set: name of a control to value."""

    tick: int
    changes: Mapping[str, float]


def read_interventions(folder: Path) -> list[Intervention]:
    """What was changed in a run, in order; RunError if the file is damaged.

    A last line that was cut short is no intervention: it was not made.
    """
    path = folder / FILE
    if not path.exists():
        return []
    found: list[Intervention] = []
    *lines, _ = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        tick, changes = _parsed(line)
        if tick is None or (found and tick < found[-1].tick):
            raise RunError(
                f"{path}:{number}: damaged, a line is such as "
                '{"tick": 40, "set": {"speed": 2.0}}, and ticks go up; put it back as it was'
            )
        found.append(Intervention(tick, changes))
    return found


def _parsed(line: bytes) -> tuple[int | None, dict[str, float]]:
    try:
        given: Any = json.loads(line)
        tick, changes = given["tick"], given["set"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, {}
    right = type(tick) is int and tick >= 0 and isinstance(changes, dict)
    return (tick, changes) if right else (None, {})


class Interventions:
    """Those of a run, as it is lived.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._recorded = read_interventions(folder)
        self._made = 0

    @property
    def ahead(self) -> bool:
        """Whether some are on record that are still to be made again."""
        return self._made < len(self._recorded)

    def catch_up(self, experiment: Experiment) -> None:
        """Make those that are on record up to this tick and have not been made.

        Raises:
            RunError: the world does not take one of them.
        """
        while self.ahead and self._recorded[self._made].tick <= experiment.world.steps:
            tick, changes = self._recorded[self._made]
            try:
                for name, value in changes.items():
                    experiment.steer(name, value)
            except SteerError as error:
                raise RunError(
                    f"{self._folder / FILE}: tick {tick}: {error}; it was allowed when the run "
                    "was steered: put the file back as it was"
                ) from None
            self._made += 1

    def add(self, experiment: Experiment, changes: Mapping[str, float]) -> None:
        """Record changes on the disk, then make them.

        Raises:
            SteerError: one is not allowed; nothing is recorded, and nothing changed.
            OSError: it cannot be recorded; nothing is changed.
        """
        assert not self.ahead, "the past is lived again before it goes on differently"
        before = {control.name: control.value for control in experiment.controls()}
        try:
            for name, value in changes.items():
                experiment.steer(name, value)
        finally:
            for name in changes:
                if name in before:
                    experiment.steer(name, before[name])
        tick = experiment.world.steps
        line = json.dumps({"tick": tick, "set": dict(changes)}, allow_nan=False) + "\n"
        self._append(line.encode())
        self._recorded.append(Intervention(tick, dict(changes)))
        self.catch_up(experiment)

    def as_results(self) -> dict[str, Any]:
        """What results say of those that were made: `steered`, or nothing if there are none."""
        made = self._recorded[: self._made]
        steered = [{"tick": each.tick, "set": dict(each.changes)} for each in made]
        return {"steered": steered} if steered else {}

    def _append(self, line: bytes) -> None:
        """One line more, in place of one that was cut short; none if it cannot be kept whole."""
        with open(self._folder / FILE, "a+b", buffering=0) as file:
            file.seek(0)
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)
            try:
                if file.write(line) != len(line):
                    raise OSError(ENOSPC, os.strerror(ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(whole)
                raise
