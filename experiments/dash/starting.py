"""A run that is begun by a dashboard: in a process of its own, which may outlive it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from experiments.dash.helm import Helm
from experiments.dash.watching import Watching
from experiments.running.folder import RunFolder
from experiments.study.study import Study

SAID_MAX = 2_000


class Child:
    """A run in a process of its own, in a session of its own, so that Ctrl-C does not reach it.

    Attributes:
        folder: of the run; the process writes what it says to `live/said.txt`.
    """

    def __init__(self, folder: RunFolder):
        self.folder = folder
        self._said = folder.path / "live" / "said.txt"
        self._said.parent.mkdir(exist_ok=True)
        self._told = False
        # -P: a folder `experiments` where the command is given is not ours.
        command = [sys.executable, "-P", "-m", "experiments.cli.main", "resume", str(folder.path)]
        with open(self._said, "wb") as said:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def number(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it is at work."""
        return self._process.poll() is None

    def complaint(self) -> str:
        """What it said when it failed, once; "" if it has not."""
        if self.lives or self._told or not self._process.returncode:
            return ""
        self._told = True
        try:
            said = self._said.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            said = ""
        return f"the run has failed: {said[-SAID_MAX:]}".rstrip(" :")


def begin(study: Study, out: str | Path, paused: bool) -> tuple[Watching, Helm, Child]:
    """Begin a run of a study; it waits before its first tick if it is `paused`.

    Raises:
        ValueError: its world cannot be put together; no folder is made.
        RunError: the folder cannot be made.
    """
    folder = RunFolder.create(study.prepare(), out)
    watching = Watching(folder)
    helm = Helm(watching.room)
    watching.touch()
    helm.put(replace(helm.wish, paused=paused))
    child = Child(folder)
    watching.begins = lambda: child.lives
    return watching, helm, child
