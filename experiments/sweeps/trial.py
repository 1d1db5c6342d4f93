"""One trial: a study lived from its first tick to its outcome, without a folder.

`live` is what workers run. What it returns depends on its payload alone; an exception of the
study's world is part of that, as a stage and a traceback that begins here, so that it reads the
same wherever the trial was run. A trial is known by the files that its study names as they were
when the sweep was read: where one has changed since, nothing is measured, and `live` says so.
"""

from __future__ import annotations

import re
import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reasoning.study import ReasoningStudy
from experiments.study.study import METRICS, Experiment, Study
from experiments.study.toml import StudyError
from experiments.sweeps.identity import source_of

if TYPE_CHECKING:
    from experiments.reasoning.subject import Subject

PREPARE, LIVE, EXAMINE = "prepare", "live", "examine"
"""Stages of a trial, in order."""

SUBJECTS_KEPT = 2
"""Problems that a worker keeps made up: trials come point by point, and a point has one."""

PREFIX_TICKS = 3


class ChangedError(Exception):
    """A file that the study names is not what it was when the sweep was read."""


def payload_of(study: Study, source: str, examine: bool) -> dict[str, Any]:
    """What a worker needs to know of a trial, as plain values."""
    return {"study": study.model_dump(), "source": source, "examine": examine}


def live(payload: Mapping[str, Any], shared: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Live a trial.

    Returns:
        `measures`, name to number; or `stage`, `error` and `traceback` if it failed; or `changed`,
        in words, if its files are not those of the payload's `source` any more. An empty source
        is that of any files.
    """
    stage = PREPARE
    try:
        experiment = prepared(_read(payload), payload["source"])
        stage = LIVE
        metrics = _lived(experiment)
        stage = EXAMINE
        results = experiment.examine(metrics, _silent) if payload["examine"] else None
        return {"measures": experiment.study.outcome(metrics, results)}
    except KeyboardInterrupt:
        raise
    except ChangedError as error:
        return {"changed": str(error)}
    except BaseException as error:  # `sys.exit` in a model ends its trial, not the sweep
        text = "".join(traceback.format_exception(error))
        # Addresses of objects differ from one process to the next.
        text = re.sub(r"\bat 0x[0-9a-f]+", "at 0x...", text)
        return {
            "stage": stage,
            "error": re.sub(r"\bat 0x[0-9a-f]+", "at 0x...", f"{type(error).__name__}: {error}"),
            "traceback": text,
        }


def _read(payload: Mapping[str, Any]) -> Study:
    """The study of a payload; raises ChangedError if its model is not what it was."""
    try:
        study = study_from(payload["study"])
    except StudyError as error:  # it could be read when the sweep was
        raise ChangedError(str(error)) from None
    if not isinstance(study, ReasoningStudy):
        _check_source(study, payload["source"])
    return study


def _check_source(study: Study, source: str) -> None:
    now = source_of(study)
    if source and now and now != source:
        if isinstance(study, ReasoningStudy):
            raise ChangedError(str(study.problem.graph or study.problem.network))
        raise ChangedError(str(getattr(study, "model", study.name)))


def study_from(data: Mapping[str, Any]) -> Study:
    """The study that was dumped to plain values."""
    if "model" not in data:
        return ReasoningStudy.model_validate(data)
    from experiments.modelling.study import study_of

    return study_of(data["model"]).model_validate(data)


def prepared(study: Study, source: str) -> Experiment:
    """The study made ready; a problem that was made up before, of the same data, is used again."""
    if not isinstance(study, ReasoningStudy):
        return study.prepare()
    from experiments.reasoning.assembly import ReasoningExperiment

    return ReasoningExperiment(study, _subject(_Asked(study), source))


class _Asked:
    """A study as the key of its subject: equal to every other with the same [problem]."""

    def __init__(self, study: ReasoningStudy):
        self.study = study
        self.text = study.problem.model_dump_json()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(maxsize=SUBJECTS_KEPT)
def _subject(asked: _Asked, source: str) -> Subject:
    from experiments.reasoning.subject import subject_of

    _check_source(asked.study, source)
    subject = subject_of(asked.study)
    _check_source(asked.study, source)  # or else it may have changed while it was read
    return subject


def _lived(experiment: Experiment) -> dict[str, np.ndarray]:
    """The metrics of the whole run, by column."""
    world, study = experiment.world, experiment.study
    parts: list[Mapping[str, np.ndarray]] = []
    experiment.look()
    while world.steps < study.ticks:
        world.step()
        experiment.look()
        # Now and then, so that what nobody asks for here does not pile up.
        if world.steps % study.checkpoint_ticks == 0 or world.steps == study.ticks:
            parts.append(experiment.drain()[METRICS])
    parts = [part for part in parts if part]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _silent(text: str) -> None:
    """Nobody hears of stages."""


@dataclass(frozen=True)
class Prefix:
    """What the first ticks of a trial tell.

    Attributes:
        measures: names of what is recorded.
        prepare_s: seconds to make the world.
        tick_s: seconds of the fastest tick.
    """

    measures: list[str]
    prepare_s: float
    tick_s: float


def prefix_of(study: Study, source: str) -> Prefix:
    """Live the first ticks of a trial; raises what the study raises."""
    began = time.perf_counter()
    experiment = prepared(study, source)
    prepare_s = time.perf_counter() - began
    experiment.look()
    ticks_s = []
    for _ in range(min(PREFIX_TICKS, study.ticks)):
        began = time.perf_counter()
        experiment.world.step()
        experiment.look()
        ticks_s.append(time.perf_counter() - began)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # none of these ticks is late, and their mean is nan
        measures = study.outcome(experiment.drain()[METRICS], None)
    return Prefix(list(measures), prepare_s, min(ticks_s))
