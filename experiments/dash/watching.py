"""What a dashboard knows of a run: read from its folder, and nothing written but in `live/`."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.running.files import RunError, read_study
from experiments.running.folder import RunFolder
from experiments.running.frames.camera import Camera
from experiments.running.frames.frame import FINISHED
from experiments.running.run import prepare_again
from experiments.running.wish import read_controls
from experiments.study.study import METRICS
from swarm.checkpoint import CheckpointError

POINTS = 2_000
"""Of a column of the history, at most."""
TRIES = 5


class State(NamedTuple):
    """Whether a process is at work on a run, and whether the run has come to its end."""

    live: bool
    finished: bool


class Watching:
    """A run that is watched.

    Args:
        folder: of the run.
        begins: whether a process is about to be at work on it.

    Attributes:
        room: `RUN/live`, where the run and its watchers tell each other what they want.

    Raises:
        RunError: the folder is damaged, or its `live` is a link to elsewhere.
    """

    def __init__(self, folder: RunFolder, begins: Callable[[], bool] = lambda: False):
        self.folder, self.begins = folder, begins
        self.room = folder.path / "live"
        if self.room.is_symlink():
            raise RunError(
                f"{self.room}: a link, and what a dashboard writes stays in the folder of the run: "
                "remove it"
            )
        self._text = read_study(folder.path, folder.manifest)
        self._study = folder.study

    @property
    def state(self) -> State:
        """As it is now."""
        finished = (self.folder.path / "results.json").exists()
        try:
            return State(not finished and (self.begins() or self.folder.at_work), finished)
        except OSError:  # the folder has gone, or may not be read any more
            return State(False, finished)

    def touch(self) -> None:
        """Let the run know that somebody watches."""
        self.room.mkdir(exist_ok=True)
        (self.room / "watched").touch()

    def clear(self) -> None:
        """The run has come to its end: nothing is left to tell."""
        shutil.rmtree(self.room, ignore_errors=True)

    def hello(self, state: State) -> dict[str, Any]:
        """What a page is told first, and again when it changes."""
        published = (read_controls(self.room) or {}) if state.live else {}
        return {
            "kind": "hello",
            "run": self.folder.path.name,
            "folder": str(self.folder.path),
            "study": self._study.name,
            "seed": self._study.seed,
            "ticks": self._study.ticks,
            **state._asdict(),
            "controls": published.get("controls", []),
            "sections": self._text,
        }

    def refused(self) -> dict[str, Any]:
        """The last wish that the run refused: its serial, and why; empty if there is none."""
        refused = (read_controls(self.room) or {}).get("refused", {})
        return refused if isinstance(refused, dict) else {}

    def history(self) -> dict[str, list[float | None]]:
        """The metrics so far as they are on disk: at most `POINTS` of each column."""
        columns = self._recorded()
        if not columns:
            return {}
        rows = len(next(iter(columns.values())))
        shown = np.unique(np.linspace(0, rows - 1, min(rows, POINTS)).astype(np.int64))
        return {name: _plain(column[shown]) for name, column in columns.items()}

    def _recorded(self) -> dict[str, np.ndarray]:
        """The table; parts may become one file while they are read, so that it is tried again."""
        for left in reversed(range(TRIES)):
            try:
                return self.folder.recorded(METRICS)
            except (RunError, OSError):
                if not left:
                    raise
        return {}

    def frame(self) -> tuple[tuple[int, int], bytes] | None:
        """The newest frame that the run has published, and what tells it from others."""
        try:
            with open(self.room / "frame.bin", "rb") as file:
                found = os.fstat(file.fileno())
                return (found.st_ino, found.st_mtime_ns), file.read()
        except OSError:
            return None

    def frame_is(self) -> tuple[int, int] | None:
        """What tells the newest frame from others."""
        try:
            found = os.stat(self.room / "frame.bin")
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def still(self) -> bytes:
        """A frame of a run that nobody is at work on: the world as its last checkpoint has it.

        Raises:
            ValueError: it cannot be made again, such as by a study whose data have changed, or
                by code that does not know the checkpoint any more.
        """
        experiment = prepare_again(self.folder)
        reasons: list[str] = []
        for path in self.folder.checkpoints:
            try:
                experiment.world.load(path)
            except CheckpointError as error:
                reasons.append(str(error))
            except (KeyError, IndexError, TypeError, ValueError) as error:
                # Saved by other code; what it has filled by now is of no use.
                reasons.append(f"{path}: cannot be taken up by this version ({error})")
                experiment = prepare_again(self.folder)
            else:
                break
        else:
            if reasons:
                raise CheckpointError(reasons[0])
        camera = Camera(experiment, self._row(experiment.world.steps))
        return camera.take(fresh=True).pack(0.0, FINISHED if self.state.finished else 0)

    def _row(self, tick: int) -> dict[str, float]:
        columns = self._recorded()
        if not columns:
            return {}
        row = min(int(np.searchsorted(columns["tick"], tick)), len(columns["tick"]) - 1)
        return {name: column[row].item() for name, column in columns.items()}


def newest_run(parent: Path) -> RunFolder:
    """The run of a folder of runs that was written to last.

    Raises:
        RunError: there is none.
    """
    logs = sorted(parent.glob("*/events.jsonl"), key=lambda path: path.stat().st_mtime)
    for log in reversed(logs):
        if (log.parent / "manifest.json").is_file():
            return RunFolder(log.parent)
    raise RunError(
        f"{parent}: no run is there; noosphere dash STUDY begins one, such as "
        "noosphere dash flocking"
    )


def _plain(column: np.ndarray) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in column.tolist()]
