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

from experiments.assembly import assemble, split_graph
from experiments.manifest import changes_since, fingerprint
from experiments.progress import Progress
from experiments.store import RunError, RunFolder
from experiments.study import Study
from swarm.reasoning import KnowledgeGraph, Problem
from swarm.world import World

Assembled = tuple[World, Problem, KnowledgeGraph]


class Stopped(KeyboardInterrupt):
    """A run was interrupted; `folder` is where `resume` can go on."""

    def __init__(self, folder: RunFolder):
        self.folder = folder
        super().__init__(
            f"stopped; saved up to tick {folder.last_tick}; "
            f"to go on: noosphere resume {folder.path}"
        )


def run(study: Study, out: str | Path = "runs", progress: Progress | None = None) -> RunFolder:
    """Live a study in a new run folder, from the first tick to the report.

    Args:
        study: what to do; see `load_study`.
        out: where the run folder is made.
        progress: is told of every tick; silent if left out.

    Raises:
        StudyError, GraphError: the world cannot be put together; no folder is made.
        RunError: the folder cannot be written; the last checkpoint is intact.
        Stopped: at Ctrl-C, after a checkpoint; a second one stops at once.
    """
    assembled = assemble(study)  # before there is a folder: this is where a study can be refused
    folder = RunFolder.create(study, assembled[-1], out)
    return _carry_on(folder, progress or Progress(), assembled)


def resume(folder: str | Path | RunFolder, progress: Progress | None = None) -> RunFolder:
    """Go on with a run from its newest readable checkpoint; what is finished is not done again.

    Raises:
        RunError: no run is there, another process is at work on it, or its graph has changed.
        CheckpointError: none of its checkpoints can be read.
        Others: as `run`.
    """
    folder = folder if isinstance(folder, RunFolder) else RunFolder(folder)
    return _carry_on(folder, progress or Progress())


def _carry_on(
    folder: RunFolder, progress: Progress, assembled: Assembled | None = None
) -> RunFolder:
    try:
        with folder.claimed(), progress:
            if folder.results is None:
                study = folder.study
                world, problem, graph = assembled or _assemble_again(folder, study)
                folder.rewind(world, progress.say)
                if changes := changes_since(folder.manifest):
                    progress.say(
                        f"{folder.path}: {', '.join(changes)} since the run began; what comes may "
                        "differ from what an undisturbed run gives"
                    )
                folder.note("start" if assembled else "resume", tick=world.steps)
                _live(world, study, folder, progress)
                folder.merge(study.ticks)
                folder.write_results(_examine(world, problem, graph, progress))
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


def _live(world: World, study: Study, folder: RunFolder, progress: Progress) -> None:
    """The main loop."""
    between = study.output.checkpoint_every * study.selection.every
    saved, since = world.steps, time.monotonic()
    with Interruption() as interruption:
        while world.steps < study.ticks:
            world.step()
            progress.tick(world, study.ticks)
            asked = interruption.asked
            if asked or world.steps % between == 0 or world.steps == study.ticks:
                folder.save(world)
                speed = (world.steps - saved) / (time.monotonic() - since)
                folder.note("checkpoint", tick=world.steps, ticks_per_s=round(speed, 2))
                saved, since = world.steps, time.monotonic()
            if asked:
                break
        if interruption.asked:
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


def _examine(
    world: World, problem: Problem, graph: KnowledgeGraph, progress: Progress
) -> dict[str, Any]:
    from experiments.evaluation import examine

    return examine(world, problem, graph, lambda text: progress.stage(f"examining {text}"))


def _report(folder: RunFolder) -> None:
    from experiments.report import write_report

    write_report(folder.path)


def _assemble_again(folder: RunFolder, study: Study) -> Assembled:
    graph = split_graph(study)
    if fingerprint(graph) != folder.manifest["graph"]:
        raise RunError(
            f"{folder.path}: the graph {study.problem.graph} is no longer what it was when "
            "the run began; put it back as it was, or begin a new run"
        )
    return assemble(study, graph)
