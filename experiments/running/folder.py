"""The folder of a run: everything that is known of it, safe against being stopped at any moment.

    study.toml        the resolved study            manifest.json   versions, machine, seed, command
    parts/            what was observed so far      checkpoints/    the last two, or output.keep
    metrics.parquet   a row a tick                  results.json    the table of the end
    report.html       the same with pictures        events.jsonl    starts, resumes, speed: all
                                                                    that depends on the clock
    agents.parquet    a row an agent and generation, of reasoning agents
    interventions.jsonl   what was changed in a run that was watched, if anything
    live/             what a dashboard and the run tell each other; nothing that lasts

Guarantees:
- every file appears whole under its name or not at all, but for a last line of events;
- parts up to a checkpoint are on disk before the checkpoint is;
- the tables and checkpoints are the same bytes however often the run was stopped and resumed;
- one process at a time writes.

`RunError` (a ValueError) names the folder or file, what is wrong, and what would be right.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from experiments.running.files import (
    RunError,
    read_manifest,
    read_results,
    read_study,
    read_ticks,
    write_json,
    write_table,
)
from experiments.running.manifest import describe_run, now
from experiments.study.reading import load_study, to_toml
from experiments.study.study import METRICS, Experiment, Study
from swarm.checkpoint import CheckpointError
from swarm.world import World

LOCK_TRIES, LOCK_NAP_S = 10, 0.01
OTHERS = {
    "sweep.toml": "it is that of a sweep, which report.html in it and `noosphere compare` show; "
    "`noosphere run` with its study.toml makes one run",
    "tournament.json": "it is that of a tournament, whose table is results.txt in it",
}
"""Files that tell a folder of something else."""


class RunFolder:
    """A run on disk.

    Args:
        path: an existing folder that `create` has made.

    Attributes:
        path: the folder.

    Raises:
        RunError: there is no run in it.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._events: IO[str] | None = None
        if not self.path.is_dir():
            raise RunError(f"{path}: no such run folder; `noosphere run STUDY` makes one")
        for name, said in OTHERS.items():
            if (self.path / name).is_file():
                raise RunError(f"{path}: not the folder of a run: {said}")
        for name in ("study.toml", "manifest.json"):
            if not (self.path / name).is_file():
                raise RunError(
                    f"{path}: not the folder of a run, it holds no {name}; a run folder is "
                    "what `noosphere run` made, such as runs/umls-30-1"
                )

    def __repr__(self) -> str:
        return f"<RunFolder {self.path}>"

    @classmethod
    def create(cls, experiment: Experiment, out: str | Path = "runs") -> RunFolder:
        """A new folder `<out>/<study name>-<seed>`, or `...-2`, `...-3` if that is taken.

        Raises:
            RunError: it cannot be written.
        """
        study, parent = experiment.study, Path(out)
        text = to_toml(study)
        # Filled under another name first, so that a run folder always holds its study.
        draft = parent / f".{study.name}-{study.seed}.{os.getpid()}.partial"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(draft, ignore_errors=True)
            for folder in ("", "checkpoints"):
                (draft / folder).mkdir()
            (draft / "study.toml").write_text(text, encoding="utf-8")
            write_json(draft / "manifest.json", describe_run(experiment, text))
            return cls(_claim_name(draft, parent / f"{study.name}-{study.seed}"))
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise RunError(
                f"{error.filename or parent}: {error.strerror or error}; a run folder cannot be "
                f"made in {parent}: choose another place with --out"
            ) from error

    @cached_property
    def study(self) -> Study:
        """The resolved study of the run; RunError if its file has changed since the run began."""
        read_study(self.path, self.manifest)
        return load_study(self.path / "study.toml")

    @property
    def manifest(self) -> dict[str, Any]:
        """Versions, machine, seed, command and start of the run."""
        return read_manifest(self.path / "manifest.json")

    @property
    def results(self) -> dict[str, Any] | None:
        """What the examination at the end found, or None if the run has not come to it."""
        path = self.path / "results.json"
        return read_results(path) if path.exists() else None

    @property
    def metrics(self) -> dict[str, np.ndarray]:
        """The columns of `metrics.parquet`, which is there once the run is merged."""
        table = read_ticks(self._whole(METRICS))
        return {name: table[name].to_numpy() for name in table.column_names}

    @property
    def checkpoints(self) -> list[Path]:
        """The checkpoints that are kept, newest first."""
        return sorted(_ticked(self.path / "checkpoints", "tick", "ckpt"), key=tick_of, reverse=True)

    @property
    def last_tick(self) -> int:
        """Tick of the newest checkpoint, 0 if there is none."""
        return max(map(tick_of, self.checkpoints), default=0)

    def recorded(self, table: str) -> dict[str, np.ndarray]:
        """The columns of a table as far as it is written, merged or in parts, by tick.

        Raises:
            RunError: the table is damaged.
        """
        rows = read_ticks(self._whole(table)) if self._is_merged() else self._gather(table)
        return {name: rows[name].to_numpy() for name in rows.column_names}

    # While the run lives

    @property
    def at_work(self) -> bool:
        """Whether a process is writing to it."""
        try:
            with open(self.path / "events.jsonl", encoding="utf-8") as events:
                fcntl.flock(events, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def claimed(self) -> Iterator[RunFolder]:
        """Hold the folder for writing; the kernel lets go of it when the process ends.

        Raises:
            RunError: another process is writing to it.
        """
        with open(self.path / "events.jsonl", "a", encoding="utf-8") as events:
            if not _lock(events):
                raise RunError(
                    f"{self.path}: another process is at work on this run; "
                    "wait until it is done, or stop it first"
                )
            for leftover in (*self.path.glob(".*.partial"), *self.path.glob("*/.*.partial")):
                leftover.unlink()
            self._events = events
            try:
                yield self
            finally:
                self._events = None

    def note(self, event: str, **facts: Any) -> None:
        """Add a line to the events."""
        if self._events is not None:
            line = {"time": now(), "event": event, **facts}
            self._events.write(json.dumps(line) + "\n")
            self._events.flush()

    def save(self, experiment: Experiment) -> None:
        """Write what was recorded since the last time, then a checkpoint."""
        tick = experiment.world.steps
        (self.path / "parts").mkdir(exist_ok=True)
        for table, columns in experiment.drain().items():
            if columns:
                write_table(self._part(table, tick), pa.table(dict(columns)))
        (self.path / "checkpoints").mkdir(exist_ok=True)
        experiment.world.save(self.path / "checkpoints" / f"tick-{tick}.ckpt")
        kept = experiment.study.checkpoints_kept
        for old in self.checkpoints[kept:]:
            old.unlink()

    def rewind(self, world: World, say: Callable[[str], None]) -> None:
        """Put a fresh world where the newest readable checkpoint was taken; forget what came after.

        Args:
            world: as assembled from the study; it stays there if there is no checkpoint yet.
            say: is told of checkpoints that cannot be read.

        Raises:
            CheckpointError: there are checkpoints, but none can be read.
        """
        damaged: list[Path] = []
        reasons: list[str] = []
        for path in self.checkpoints:
            try:
                world.load(path)
            except CheckpointError as error:
                damaged.append(path)
                reasons.append(str(error))
            else:
                break
        else:
            if damaged:
                raise CheckpointError(f"{reasons[0]}; no other can be read: {self._again}")
        for path, reason in zip(damaged, reasons, strict=True):
            say(f"{reason}; going on from tick {world.steps}")
            os.replace(path, path.with_name(f"{path.name}.damaged"))
        self._forget_after(world.steps)

    # When the run is over

    def merge(self) -> None:
        """One file for each table, in place of the parts; does nothing if that is done.

        Raises:
            RunError: parts are missing or damaged.
        """
        if not self._is_merged():
            tables = {table: self._gather(table) for table in self.study.tables}
            wanted = np.arange(self.study.first_tick, self.study.ticks + 1)
            seen = tables[METRICS]["tick"].to_numpy() if len(tables[METRICS]) else wanted[:0]
            if not np.array_equal(seen, wanted):
                raise RunError(
                    f"{self.path / 'parts'}: parts are missing, {len(seen)} of {len(wanted)} ticks "
                    f"are here: {self._again}"
                )
            for table, rows in tables.items():
                write_table(self._whole(table), rows)
        self._drop_parts()

    def write_results(self, results: Mapping[str, Any]) -> None:
        """Keep what the examination at the end found."""
        write_json(self.path / "results.json", results)

    # Tables

    @property
    def _again(self) -> str:
        return f"the run cannot go on; begin it anew with noosphere run {self.path / 'study.toml'}"

    def _part(self, table: str, tick: int) -> Path:
        return self.path / "parts" / f"{table}-{tick}.parquet"

    def _whole(self, table: str) -> Path:
        return self.path / f"{table}.parquet"

    def _is_merged(self) -> bool:
        """Whether the merged files hold what the parts did: they do once all of them exist."""
        return all(self._whole(table).exists() for table in self.study.tables)

    def _gather(self, table: str) -> pa.Table:
        parts = sorted(_ticked(self.path / "parts", table, "parquet"), key=tick_of)
        try:
            return pa.concat_tables(map(read_ticks, parts)) if parts else pa.table({})
        except pa.ArrowInvalid:
            raise RunError(
                f"{self.path / 'parts'}: the parts of {table} differ in their columns, so some are "
                f"of another run: {self._again}"
            ) from None

    def _drop_parts(self) -> None:
        if (self.path / "parts").exists():
            shutil.rmtree(self.path / "parts")

    def _forget_after(self, tick: int) -> None:
        if self._is_merged():
            self._drop_parts()
            wholes = {table: read_ticks(self._whole(table)) for table in self.study.tables}
            if wholes[METRICS]["tick"].to_numpy().max() <= tick:
                return
            # Checkpoints of the end were lost after the tables were merged: back into parts.
            (self.path / "parts").mkdir()
            for table, rows in wholes.items():
                if not rows.num_columns:
                    continue
                early = rows.filter(pa.array(rows["tick"].to_numpy() <= tick))
                if len(early):
                    write_table(self._part(table, tick), early)
        for table in self.study.tables:  # one alone is from a merge that was cut short
            self._whole(table).unlink(missing_ok=True)
            for part in _ticked(self.path / "parts", table, "parquet"):
                if tick_of(part) > tick:
                    part.unlink()


def _lock(events: IO[str]) -> bool:
    """Whether the lock is ours; who looks whether it is taken holds it for a moment."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(events, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_NAP_S)
        else:
            return True
    return False


def tick_of(path: Path) -> int:
    """The tick in the name of a part or checkpoint."""
    return int(path.stem.rpartition("-")[2])


def _ticked(folder: Path, name: str, suffix: str) -> list[Path]:
    """Files `<name>-<tick>.<suffix>` of a folder; others, such as copies, are none of ours."""
    ours = re.compile(rf"{re.escape(name)}-(0|[1-9][0-9]*)\.{suffix}")
    return [path for path in folder.glob(f"{name}-*.{suffix}") if ours.fullmatch(path.name)]


def _claim_name(draft: Path, wanted: Path) -> Path:
    """Rename a folder to the first free of `wanted`, `wanted-2`, `wanted-3`..."""
    number = 1
    while True:
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        number += 1
        if path.exists():
            continue
        try:
            return draft.rename(path)
        except OSError:
            if not path.exists():  # else another run took the name in between
                raise
