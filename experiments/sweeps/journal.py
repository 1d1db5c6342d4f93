"""The journal of a sweep: `trials.jsonl`, a line for each finished trial.

A line is with the kernel when `add` returns, so that a process that is killed loses none, and safe
on disk when `settle` does, which is what a trial that is called finished has to be. Between the two
lies what a loss of power may cost.

The coordinator alone writes it, and holds it with a lock that the kernel lets go of when the
process ends. A last line that was cut short by a crash is taken off when the journal is opened, and
its trial is run again; every other line is believed.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from experiments.sweeps.sections import SweepError

DONE, FAILED = "done", "failed"
WORKER_DIED = "WorkerDied"
"""The error that executors give a task whose worker was lost more often than they retry."""


@dataclass(frozen=True)
class Entry:
    """A finished trial.

    Attributes:
        trial: its id.
        content: the digest of all that it does; see `identity.content_of`.
        code: the version of the code that ran it.
        status: DONE or FAILED.
        stage, error, traceback: of a failure, else empty.
        measures: name to number, of a trial that is done.
        seconds, attempts: what it took.
    """

    trial: str
    content: str
    code: str
    status: str
    stage: str
    error: str
    traceback: str
    measures: dict[str, float]
    seconds: float
    attempts: int

    @property
    def lost(self) -> bool:
        """Whether its worker died: that says nothing about the trial, so it may be run again."""
        return self.error.startswith(WORKER_DIED)


class Journal:
    """All entries so far, by content, and where new ones are written.

    Attributes:
        path: the file.
        entries: the newest entry of each content, in the order in which they were first written.
    """

    def __init__(self, path: Path):
        self.path = path
        self.entries: dict[str, Entry] = {}
        self._file: int | None = None
        self._settled = True

    @contextmanager
    def claimed(self) -> Iterator[Journal]:
        """Hold the journal for writing, healed and read.

        Raises:
            SweepError: another process holds it, or a line is damaged.
        """
        with open(self.path, "a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SweepError(
                    f"{self.path.parent}: another process is at work on this sweep; wait until it "
                    "is done, or stop it first"
                ) from None
            file.seek(0)
            text = file.read()
            whole = text.rfind(b"\n") + 1
            if whole < len(text):
                file.truncate(whole)
                os.fsync(file.fileno())
            self.entries = _read(self.path, text[:whole])
            self._file = file.fileno()
            try:
                yield self
            finally:
                self._file = None

    def look(self) -> Journal:
        """Read what is finished, without holding the journal; raises SweepError if damaged."""
        text = self.path.read_bytes() if self.path.exists() else b""
        self.entries = _read(self.path, text[: text.rfind(b"\n") + 1])
        return self

    def add(self, entry: Entry) -> None:
        """Write an entry down; `settle` puts it on disk."""
        assert self._file is not None, "written only while it is claimed"
        line = {**vars(entry), "measures": {k: _json(v) for k, v in entry.measures.items()}}
        left = json.dumps(line, allow_nan=False).encode() + b"\n"
        self._settled = False
        while left:
            left = left[os.write(self._file, left) :]
        self.entries[entry.content] = entry

    def settle(self) -> None:
        """Put on disk what was added."""
        if self._file is not None and not self._settled:
            os.fsync(self._file)
            self._settled = True


def _read(path: Path, text: bytes) -> dict[str, Entry]:
    entries = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            said = json.loads(line)
            said["measures"] = {name: _number(value) for name, value in said["measures"].items()}
            entry = _checked(Entry(**said))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise SweepError(
                f"{path}:{number}: damaged, it should be a finished trial; delete the line, and "
                "the trial is run again"
            ) from None
        entries[entry.content] = entry
    return entries


def _checked(entry: Entry) -> Entry:
    """The same; raises TypeError or ValueError for what `add` would not have written."""
    for each in fields(Entry):
        given: Any = getattr(entry, each.name)
        if each.type == "str" and not isinstance(given, str):
            raise TypeError(each.name)
    if entry.status not in (DONE, FAILED):
        raise ValueError(entry.status)
    float(entry.seconds)
    int(entry.attempts)
    return entry


def _json(value: float) -> float | str | None:
    """A number as JSON, which has neither nan nor infinity."""
    return value if math.isfinite(value) else None if math.isnan(value) else str(value)


def _number(value: float | str | None) -> float:
    return math.nan if value is None else float(value)
