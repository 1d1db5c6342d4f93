"""A sweep: from the design to one tidy table.

`sweep` begins one, or goes on with one of the same name; `resume_sweep` goes on with a folder. Only
trials that are not in the journal are run. The points of a design do not depend on when it was
stopped, so the table has the same bytes at the end.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from experiments.doctor import versions
from experiments.executors import Executor, Outcome, Task, executor_of
from experiments.study.study import TEST
from experiments.study.toml import did_you_mean
from experiments.sweeps.extending import refuse_other
from experiments.sweeps.folder import SweepFolder
from experiments.sweeps.identity import code_version, source_of
from experiments.sweeps.journal import FAILED, Entry
from experiments.sweeps.plan import Sweep
from experiments.sweeps.progress import SweepProgress, failure_line
from experiments.sweeps.reading import load_sweep
from experiments.sweeps.replicates import Replicates, Trial, entry_of
from experiments.sweeps.rounds import Asked, rounds_of, total_of
from experiments.sweeps.sections import SweepError
from experiments.sweeps.table import write_tables
from experiments.sweeps.trial import live, payload_of, prefix_of

WRITTEN_EVERY_S = 5.0
"""Least time between two tables while a sweep is under way; and they take at most a 20th of it."""
SHARE = 20

SETTLE_S, SETTLE_MAX_S = 0.05, 1.0
"""Trials that end so soon after each other are put on disk together, and then told of: where the
disk is slow so many more that waiting for it takes a 20th of the time."""

OF_THE_EXAM = ("valid", "cost")
"""Measures that only the examination tells, and how the names of its others begin."""


class SweepStopped(KeyboardInterrupt):
    """A sweep was interrupted; `folder` is where `resume_sweep` can go on."""

    def __init__(self, folder: SweepFolder):
        self.folder = folder
        done = len(folder.journal.entries)
        super().__init__(
            f"stopped; {done:,} trials are finished; to go on: noosphere sweep {folder.path}"
        )


class TrialFailedError(SweepError):
    """A trial failed of a sweep that was to stop at the first; what is finished is kept."""

    def __init__(self, folder: SweepFolder, trial: Trial, entry: Entry):
        self.folder = folder
        super().__init__(
            f"{failure_line(trial.labels, entry)}; stopped there, as asked. Its traceback "
            f"stands in {folder.path / 'trials.parquet'}; to go on: noosphere sweep {folder.path}"
        )


def sweep(
    source: str | Path,
    vary: Sequence[str] | Mapping[str, Any] = (),
    *,
    changes: Sequence[str] = (),
    out: str | Path = "runs",
    executor: str | Executor = "pool",
    workers: int | None = None,
    fail_fast: bool = False,
    any_code: bool = False,
    progress: SweepProgress | None = None,
    **options: Any,
) -> SweepFolder:
    """Run what is not finished of a sweep.

    Args:
        source: the name or file of a sweep or of a study, or the folder of a sweep.
        vary: factors: `{"economy.rent": [0, 1, 2]}`, or text such as `economy.rent=0,1,2`.
        changes: `section.key=value` for all trials.
        out: where the folder of the sweep is made, or is already.
        executor: where trials run: in-place, pool or ray; or one of these that is at hand.
        workers: how many trials at once.
        fail_fast: stop at the first trial that fails.
        any_code: keep trials that another version of the code has run.
        progress: is told of every trial; silent if left out.
        options: what a sweep file says otherwise: replicates, design, trials, objective and others;
            see `experiments.sweeps.reading.OPTIONS`.

    Raises:
        SweepError: it cannot be read, holds another sweep, or trials of other code.
        TrialFailedError: with `fail_fast`.
        SweepStopped: at Ctrl-C; what is finished is kept.
    """
    if Path(source).is_dir():
        folder = SweepFolder(source)
        plan = load_sweep(folder.path / "sweep.toml", vary, changes, **options)
    else:
        plan = load_sweep(source, vary, changes, **options)
        check_objective(plan)
        check_executor(executor, workers)
        folder = SweepFolder.of(plan, out)
    run = _Running(folder, plan, fail_fast, any_code, progress or SweepProgress())
    return run.all(executor, workers)


def resume_sweep(folder: str | Path, **options: Any) -> SweepFolder:
    """Run what is not finished of the sweep in a folder; options and errors as of `sweep`."""
    return sweep(SweepFolder(folder).path, **options)


def check_objective(plan: Sweep) -> None:
    """Raise SweepError if the objective, where one is needed, is nothing that is measured."""
    name = plan.file.design.objective
    if name is None or not plan.chooses:
        return
    if plan.examine and name.split("_")[0] in OF_THE_EXAM:
        return
    study = plan.study.resolved()
    known = prefix_of(study, source_of(study)).measures
    if name not in known:
        known += list(OF_THE_EXAM) if plan.examine else []
        known = [each for each in known if not each.startswith(TEST)]
        raise SweepError(_no_such_objective(plan, name, known))


def _no_such_objective(plan: Sweep, name: str, known: Sequence[str]) -> str:
    return (
        f"{plan.name}: design.objective: got {name!r}, allowed is one of {', '.join(known)}"
        f"{did_you_mean(name, known)}"
    )


def check_executor(executor: str | Executor, workers: int | None) -> None:
    """Refuse what no executor would take, before there is a folder."""
    if executor == "ray":  # nobody joins a cluster in order to see whether one could
        executor = "pool"
    if isinstance(executor, str):
        executor_of(executor, workers).close()


class _Running:
    """A sweep under way: the loop, and what it keeps."""

    def __init__(
        self,
        folder: SweepFolder,
        plan: Sweep,
        fail_fast: bool,
        any_code: bool,
        progress: SweepProgress,
    ):
        self.folder, self.plan, self.progress = folder, plan, progress
        self.fail_fast, self.any_code = fail_fast, any_code
        self.trials: list[Trial] = []
        self.tried: set[str] = set()
        self.journal = folder.journal
        self._make = Replicates(plan)
        self._written, self._took = time.monotonic(), 0.0
        self._settled, self._settle_s = time.monotonic(), SETTLE_S
        self._untold: list[tuple[Trial, Entry, int]] = []

    def all(self, executor: str | Executor, workers: int | None) -> SweepFolder:
        """The main loop: rounds of points until none is left, then the tables."""
        rounds = rounds_of(self.plan)
        try:
            with ExitStack() as stack:
                stack.enter_context(self.journal.claimed())
                self._take_on()
                stack.callback(self._finish)
                stack.enter_context(self.progress)
                asked = next(rounds)
                total = total_of(self.plan, len(asked))
                self.progress.begin(total, len(self.journal.entries))
                while True:
                    trials = [trial for each in asked for trial in self._make.of(each)]
                    self.trials += trials
                    missing = self._missing(trials)
                    rows = Counter(trial.content for trial in trials)
                    self.progress.found(len(trials) - sum(rows[m.content] for m in missing))
                    if missing:
                        self._refuse_other_code()
                        if isinstance(executor, str):  # workers start when there is work for them
                            executor = stack.enter_context(executor_of(executor, workers))
                        self._run(missing, executor, rows)
                    try:
                        asked = rounds.send(self._values(asked, trials))
                    except StopIteration:
                        break
        except SweepStopped:
            raise
        except KeyboardInterrupt:
            raise SweepStopped(self.folder) from None
        return self.folder

    def _take_on(self) -> None:
        """Check that the folder's sweep is this one or less of it, and make it this one."""
        for leftover in self.folder.path.glob(".*.partial"):
            leftover.unlink()
        refuse_other(str(self.folder.path), self.folder.plan, self.plan)
        if self.plan != self.folder.plan:
            self.folder.become(self.plan)
        if not self.journal.entries:
            return
        before, today = self.folder.manifest.get("versions", {}), versions()
        changed = [name for name in today if name in before and before[name] != today[name]]
        if changed:
            words = [f"{name} went from {before[name]} to {today[name]}" for name in changed]
            self.progress.say(
                f"{self.folder.path}: {', '.join(words)} since the sweep began; what comes may "
                "differ from what an undisturbed sweep gives"
            )

    def _missing(self, trials: Sequence[Trial]) -> list[Trial]:
        """What is to be run, each content once."""
        found: dict[str, Trial] = {}
        for trial in trials:
            entry = self.journal.entries.get(trial.content)
            if entry is None or (entry.lost and trial.content not in self.tried):
                found.setdefault(trial.content, trial)
        return list(found.values())

    def _refuse_other_code(self) -> None:
        others = sum(entry.code != code_version() for entry in self.journal.entries.values())
        if others and not self.any_code:
            raise SweepError(
                f"{self.folder.path}: the code has changed since {others:,} of its trials were "
                "run, so new ones may not be comparable; --any-code keeps them and goes on, and "
                "--out or --name begins anew elsewhere"
            )

    def _run(self, missing: Sequence[Trial], executor: Executor, rows: Mapping[str, int]) -> None:
        tasks = (
            Task(
                number,
                payload_of(trial.study, self._make.source(trial.study), self.plan.examine),
            )
            for number, trial in enumerate(missing)
        )
        outcomes: Iterator[Outcome] = executor.run(live, tasks)
        try:
            for outcome in outcomes:
                trial = missing[outcome.number]
                self._refuse_changed(outcome)
                entry = entry_of(trial, outcome)
                self.journal.add(entry)
                self.tried.add(trial.content)
                self._untold.append((trial, entry, rows[trial.content]))
                now = time.monotonic()
                if now - self._settled > self._settle_s:
                    self._settle()
                if self.fail_fast and entry.status == FAILED:
                    raise TrialFailedError(self.folder, trial, entry)
                if now - self._written > max(WRITTEN_EVERY_S, SHARE * self._took):
                    self._write()
        finally:
            try:
                self._settle()
            finally:
                if hasattr(outcomes, "close"):
                    outcomes.close()

    def _settle(self) -> None:
        """Put what has ended on disk, and then tell of it."""
        began = time.monotonic()
        self.journal.settle()
        self._settled = time.monotonic()
        self._settle_s = min(max(SETTLE_S, SHARE * (self._settled - began)), SETTLE_MAX_S)
        untold, self._untold = self._untold, []
        for trial, entry, rows in untold:
            self.progress.trial(trial.labels, entry, rows)

    def _refuse_changed(self, outcome: Outcome) -> None:
        """A trial is known by its files as they were read; other files are another trial."""
        if outcome.failure is None and "changed" in outcome.value:
            raise SweepError(
                f"{self.folder.path}: a file that the study names is no longer what it was when "
                f"the sweep was read: {outcome.value['changed']}. What is finished is kept; the "
                "same command begins with the file as it is now"
            )

    def _values(self, asked: Sequence[Asked], trials: Sequence[Trial]) -> list[float]:
        """The mean objective of each point over the replicates that are finished; nan of none."""
        name = self.plan.file.design.objective
        if name is not None:
            self._refuse_unmeasured(name, trials)
        values: dict[int, list[float]] = {each.number: [] for each in asked}
        for trial in trials:
            measures = self.journal.entries[trial.content].measures
            value = measures.get(name, math.nan) if name else math.nan
            if math.isfinite(value):
                values[trial.point].append(value)
        return [
            statistics.fmean(values[each.number]) if values[each.number] else math.nan
            for each in asked
        ]

    def _refuse_unmeasured(self, name: str, trials: Sequence[Trial]) -> None:
        """What the examination tells is known once a trial has sat it."""
        found = (self.journal.entries[trial.content].measures for trial in trials)
        known = dict.fromkeys(each for measures in found for each in measures)
        if known and name not in known and self.plan.chooses:
            names = [each for each in known if not each.startswith(TEST)]
            raise SweepError(_no_such_objective(self.plan, name, names))

    def _write(self) -> None:
        self.journal.settle()
        began = time.monotonic()
        write_tables(self.folder.path, self.plan.factors, self.trials, self.journal.entries)
        self._written = time.monotonic()
        self._took = self._written - began

    def _finish(self) -> None:
        self._write()
        self.folder.record_codes(self.any_code)
