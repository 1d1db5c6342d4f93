"""A run: a study lived from the first tick to the report.

`run` begins one, `resume` goes on with one that was stopped, at whatever moment and by whatever
means; both end with the same bytes in the same files.
"""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from experiments.running.files import RunError
from experiments.running.folder import RunFolder
from experiments.running.live import Live
from experiments.running.manifest import changes_since
from experiments.running.progress import Progress
from experiments.study.study import Experiment, Study


class Stopped(KeyboardInterrupt):
    """A run was interrupted; `folder` is where `resume` can go on."""

    def __init__(self, folder: RunFolder):
        self.folder = folder
        super().__init__(
            f"stopped; saved up to tick {folder.last_tick}; "
            f"to go on: noosphere resume {folder.path}"
        )


def run(
    study: Study | str | Path, out: str | Path = "runs", progress: Progress | None = None
) -> RunFolder:
    """Live a study in a new run folder, from the first tick to the report.

    Args:
        study: what to do, or what `Study.read` takes: a name that ships, or a file.
        out: where the run folder is made.
        progress: is told of every tick; silent if left out.

    Raises:
        ValueError: the world cannot be put together (StudyError, GraphError); no folder is made.
        RunError: the folder cannot be written; the last checkpoint is intact.
        Stopped: at Ctrl-C, after a checkpoint; a second one stops at once.
    """
    study = study if isinstance(study, Study) else Study.read(study)
    experiment = study.prepare()  # before there is a folder: here a study can be refused
    folder = RunFolder.create(experiment, out)
    return _carry_on(folder, progress or Progress(), experiment)


def resume(folder: str | Path | RunFolder, progress: Progress | None = None) -> RunFolder:
    """Go on with a run from its newest readable checkpoint; what is finished is not done again.

    Raises:
        RunError: no run is there, another process is at work on it, or its sources have changed.
        CheckpointError: none of its checkpoints can be read.
        Others: as `run`.
    """
    folder = folder if isinstance(folder, RunFolder) else RunFolder(folder)
    return _carry_on(folder, progress or Progress())


def _carry_on(folder: RunFolder, progress: Progress, fresh: Experiment | None = None) -> RunFolder:
    try:
        with folder.claimed(), progress:
            if folder.results is None:
                experiment = fresh or prepare_again(folder)
                folder.rewind(experiment.world, progress.say)
                if changes := changes_since(folder.manifest):
                    progress.say(
                        f"{folder.path}: {', '.join(changes)} since the run began; what comes may "
                        "differ from what an undisturbed run gives"
                    )
                folder.note("start" if fresh else "resume", tick=experiment.world.steps)
                live = Live(folder.path, experiment)
                _live(experiment, folder, progress, live)
                folder.merge()
                found = experiment.examine(folder.metrics, progress.stage)
                folder.write_results({**found, **live.interventions.as_results()})
                live.leave()
            _report(folder)
            folder.note("finish")
    except Stopped:
        raise
    except KeyboardInterrupt:
        raise Stopped(folder) from None
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise RunError(
            f"{folder.path}: {place}{error.strerror or error}; what was saved, up to tick "
            f"{folder.last_tick}, is intact: when this is mended, go on with "
            f"noosphere resume {folder.path}"
        ) from error
    return folder


def _live(experiment: Experiment, folder: RunFolder, progress: Progress, live: Live) -> None:
    """The main loop."""
    world, study = experiment.world, experiment.study
    saved, since = world.steps, time.monotonic()
    with Interruption() as interruption:
        if world.steps == 0:
            experiment.look()
        live.between(interruption.is_asked)
        while world.steps < study.ticks and not interruption.is_asked():
            world.step()
            experiment.look()
            progress.tick(experiment, study.ticks)
            live.between(interruption.is_asked)
            asked = interruption.is_asked()
            due = world.steps % study.checkpoint_ticks == 0 or world.steps == study.ticks
            if asked or due:
                folder.save(experiment)
                speed = (world.steps - saved) / (time.monotonic() - since)
                folder.note("checkpoint", tick=world.steps, ticks_per_s=round(speed, 2))
                saved, since = world.steps, time.monotonic()
        if interruption.is_asked():
            raise Stopped(folder)


class Interruption:
    """Ctrl-C asks first, so that the tick can be finished; a second one stops at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Interruption:
        # Python gives signals to the main thread alone; elsewhere Ctrl-C is somebody else's.
        ours = threading.current_thread() is threading.main_thread()
        if ours and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def is_asked(self) -> bool:
        """Whether it was."""
        return self.asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


def _report(folder: RunFolder) -> None:
    from experiments.reports.report import write_report

    write_report(folder.path)


def prepare_again(folder: RunFolder) -> Experiment:
    """The experiment of a run at its beginning, made from the same sources or refused."""
    experiment, before = folder.study.prepare(), folder.manifest
    for name, now in experiment.sources.items():
        if before.get(name) != now:
            raise RunError(
                f"{folder.path}: the {name} that its study.toml names is no longer what it was "
                "when the run began; put it back as it was, or begin a new run"
            )
    return experiment
