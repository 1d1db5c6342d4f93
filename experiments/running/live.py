"""A run that may be watched: it publishes what it looks like, and heeds what a watcher wishes.

All goes through files in `RUN/live/`, of which there is none while nobody watches:

    watched         touched every second by a dashboard with a page open
    wish.json       {"serial", "paused", "steps", "ticks_per_s", "set": {name: value}}
    frame.bin       the newest frame          controls.json   what can be set, and what was refused

Guarantees:
- while nobody watches, a run looks for `watched` at most 20 times a second and does nothing else;
- a dashboard that dies stops nothing: a pause ends when `watched` is older than `FORSAKEN_S`;
- nothing that is wrong with `RUN/live` stops a run: no full disk, no damage, no clock that is put
  back; a link that stands in its place is not followed;
- what is changed is recorded before it is made (`Interventions`), so that the run can be resumed
  and replayed; watching alone changes no byte.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.running.frames.frame import LIVE, PAUSED
from experiments.running.interventions import Interventions
from experiments.running.wish import Wish, read_controls, read_wish
from experiments.study.control import SteerError
from experiments.study.study import Experiment
from swarm.checkpoint import replacing

if TYPE_CHECKING:
    from experiments.running.frames.camera import Camera
    from experiments.running.frames.frame import Frame

LOOK_S = 0.05
"""Between two looks at what the watcher wishes."""
WATCHED_S = 3.0
"""Age of `watched` up to which frames are published."""
FORSAKEN_S = 10.0
"""Age of `watched` up to which wishes are heeded."""
FRAMES_PER_S = 30.0
SHARE = 0.2
"""Of a run's time, at most, that goes into frames."""
NAP_S = 0.005
TOLD_MAX = 500
"""Characters of a refusal."""


class Live:
    """The run's side of being watched.

    Args:
        folder: of the run.
        experiment: as it is lived, at its beginning or as a checkpoint has it.
    """

    def __init__(self, folder: Path, experiment: Experiment):
        self.room = folder / "live"
        self.experiment = experiment
        self.interventions = Interventions(folder)
        self._looked = -LOOK_S
        self._age = float("inf")
        self._touched = -1, 0.0
        self._wish, self._unheeded = Wish(), False
        self._seen: tuple[int, int] | None = None
        self._ticked = time.monotonic()
        self._speed = Speed()
        self._window = Window(self.room)
        self._stepped = self._window.stepped  # a run that was killed has made these

    def between(self, asked: Callable[[], bool]) -> None:
        """Between two ticks: changes are made, frames published, wishes heeded.

        Args:
            asked: whether the run should stop, so that a pause must end.
        """
        self.interventions.catch_up(self.experiment)
        self._speed.count(self.experiment.world.steps)
        self._look()
        if self._age > FORSAKEN_S:
            return
        while True:
            waits = self._waits()
            self._publish(at_rest=waits and self._wish.paused)
            if not waits or asked():
                break
            time.sleep(NAP_S)
            self._look()
        self._stepped = self._stepped + 1 if self._wish.paused else self._wish.steps
        self._ticked = time.monotonic()

    def leave(self) -> None:
        """The run is over: nothing is left to watch but what it has written."""
        shutil.rmtree(self.room, ignore_errors=True)

    def _look(self) -> None:
        """See whether somebody watches, and what it wishes; costs nothing if that was just now."""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        self._age = self._age_of_watched(now)
        if self._age > FORSAKEN_S:
            self._wish, self._seen = Wish(steps=self._stepped), None
            return
        self._read_wish()
        # A run that lives its past again heeds nothing new until it is where it was.
        over = self.experiment.world.steps >= self.experiment.study.ticks
        if self._unheeded and not self.interventions.ahead and not over:
            self._heed()
            self._unheeded = False
        self._window.show_controls(self.experiment, self._stepped)

    def _age_of_watched(self, now: float) -> float:
        """Seconds since the watcher was there last, infinite if it never was.

        The clock that files are dated by may be put back while nobody touches them: it is asked
        when the date changes, and from then on ours is, which only goes up.
        """
        try:
            date = os.stat(self.room / "watched").st_mtime_ns
        except OSError:
            return float("inf")
        if os.path.islink(self.room):
            return float("inf")
        if date != self._touched[0]:
            self._touched = date, now - max(0.0, time.time() - date / 1e9)
        return now - self._touched[1]

    def _read_wish(self) -> None:
        try:
            found = os.stat(self.room / "wish.json")
        except OSError:
            return
        seen = found.st_ino, found.st_mtime_ns
        if seen != self._seen:
            wish = read_wish(self.room)
            self._wish, self._unheeded, self._seen = wish or self._wish, True, seen

    def _heed(self) -> None:
        """Change what is to be changed."""
        now = {control.name: control.value for control in self.experiment.controls()}
        for name, value in self._wish.changes.items():
            if now.get(name) != value:
                try:
                    self.interventions.add(self.experiment, {name: value})
                except (SteerError, OSError) as error:
                    text = str(error) if isinstance(error, SteerError) else f"{name}: {error}"
                    told = {"serial": self._wish.serial, "name": name, "text": text[:TOLD_MAX]}
                    self._window.refused = told

    def _waits(self) -> bool:
        """Whether the next tick is not due yet; after the last one there is nothing to wait for."""
        if self._age > FORSAKEN_S or self.experiment.world.steps >= self.experiment.study.ticks:
            return False
        if self._wish.paused:
            return self._stepped >= self._wish.steps
        speed = self._wish.ticks_per_s
        return speed is not None and time.monotonic() - self._ticked < 1 / speed

    def _publish(self, at_rest: bool) -> None:
        if self._age <= WATCHED_S:
            self._window.show(self.experiment, self._speed.ticks_per_s, at_rest)


class Speed:
    """Ticks a second, over the last half a second or more."""

    def __init__(self) -> None:
        self.ticks_per_s = 0.0
        self._since, self._tick = time.monotonic(), -1

    def count(self, tick: int) -> None:
        """The world is after a tick."""
        now = time.monotonic()
        if self._tick < 0:
            self._since, self._tick = now, tick
        elif now - self._since >= 0.5:
            self.ticks_per_s = (tick - self._tick) / (now - self._since)
            self._since, self._tick = now, tick


class Window:
    """What the run publishes: a frame when one is due, and its controls when they change.

    Attributes:
        refused: the last wish that could not be heeded: its serial, and why.
        stepped: single ticks that were made before, by what lies in the room.
    """

    def __init__(self, room: Path):
        self.refused: dict[str, Any] = {}
        self._room = room
        self._camera: Camera | None = None
        self._due = 0.0
        self._shown: tuple[int, bool] = (-1, False)
        self._controls = ""
        self.stepped = 0
        if not room.is_symlink():
            with suppress(OSError):
                (room / "frame.bin").unlink()
            self.stepped = (read_controls(room) or {}).get("stepped", 0)

    def show(self, experiment: Experiment, ticks_per_s: float, at_rest: bool) -> None:
        """Publish a frame, unless it is too early or this one is there; never too early at rest."""
        began = time.monotonic()
        last = experiment.world.steps >= experiment.study.ticks
        if began < self._due and not (at_rest or last):
            return
        tick = experiment.world.steps
        if self._shown in ((tick, at_rest), (tick, True)) and (self._room / "frame.bin").exists():
            return
        flags = LIVE | (PAUSED if at_rest else 0)
        try:
            shot = self._take(experiment, fresh=at_rest or last)
            self._write("frame.bin", shot.pack(0.0 if at_rest else ticks_per_s, flags))
        except Exception as error:  # whatever it is, it is no reason for a run to stop
            text = f"tick {tick} cannot be shown: {type(error).__name__}: {error}"
            self.refused = {"serial": -1, "text": text[:TOLD_MAX]}
        self._shown = (tick, at_rest)
        self._due = began + max(1 / FRAMES_PER_S, (time.monotonic() - began) / SHARE)

    def _take(self, experiment: Experiment, fresh: bool) -> Frame:
        if self._camera is None:
            from experiments.running.frames.camera import Camera  # slow to import

            self._camera = Camera(experiment)
        return self._camera.take(fresh)

    def show_controls(self, experiment: Experiment, stepped: int) -> None:
        """Publish what can be set and how it stands, and why the last wish was refused."""
        controls = [asdict(control) for control in experiment.controls()]
        given = {"controls": controls, "refused": self.refused, "stepped": stepped}
        text = json.dumps(given)
        if text != self._controls or not (self._room / "controls.json").exists():
            self._write("controls.json", text.encode())
            self._controls = text

    def _write(self, name: str, data: bytes) -> None:
        """Under another name first; the room may be gone, or full: then nothing is shown."""
        with suppress(OSError), replacing(self._room / name) as temporary:
            temporary.write_bytes(data)
