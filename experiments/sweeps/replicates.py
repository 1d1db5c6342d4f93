"""A point lived with every seed: its trials, and what the journal keeps of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.executors import Outcome
from experiments.study.study import Study
from experiments.sweeps.identity import code_version, content_of, source_of, trial_id
from experiments.sweeps.journal import DONE, FAILED, Entry
from experiments.sweeps.plan import Sweep
from experiments.sweeps.rounds import Asked


@dataclass(frozen=True)
class Trial:
    """A point lived with a seed, on a rung.

    Attributes:
        point, replicate, rung: its place in the table.
        labels: the point, as the table shows it.
        seed: of its study.
        content: the digest of all that it does.
        study: resolved.
        whole: whether it lives as long as its study says.
    """

    point: int
    replicate: int
    rung: int
    labels: Mapping[str, Any]
    seed: int
    content: str
    study: Study
    whole: bool

    @property
    def place(self) -> tuple[int, int, int]:
        """Where its row stands."""
        return self.point, self.replicate, self.rung


class Replicates:
    """Makes the trials of a point: one for each seed, with its study and what it is known by.

    Args:
        plan: the sweep.
    """

    def __init__(self, plan: Sweep):
        self.plan = plan
        self._sources: dict[tuple[str, ...], str] = {}

    def of(self, asked: Asked) -> list[Trial]:
        """A trial for each replicate."""
        plan, halving = self.plan, self.plan.file.halving
        labels, trials = plan.labels(asked.point), []
        for replicate, seed in enumerate(plan.seeds):
            study = plan.study_at(asked.point, seed, asked.rung)
            content = content_of(study, self.source(study), plan.examine)
            whole = halving is None or asked.rung == halving.rungs - 1
            place = (asked.number, replicate, asked.rung)
            trials.append(Trial(*place, labels, seed, content, study, whole))
        return trials

    def source(self, study: Any) -> str:
        """The digest of the files that a study names, each looked at once."""
        problem = getattr(study, "problem", None)
        key = (str(problem and problem.graph), str(problem and problem.network))
        if key not in self._sources:
            self._sources[key] = source_of(study)
        return self._sources[key]


def entry_of(trial: Trial, outcome: Outcome) -> Entry:
    """What the journal keeps of an outcome."""
    code = code_version()
    failed: dict[str, str] = {"stage": "", "error": "", "traceback": ""}
    measures: dict[str, float] = {}
    if outcome.failure is not None:  # of the worker, not of the study
        failure = outcome.failure
        failed = {
            "stage": failure.stage or "live",
            "error": f"{failure.error}: {failure.message}",
            "traceback": failure.traceback,
        }
    elif "measures" in outcome.value:
        measures = outcome.value["measures"]
    else:
        failed = outcome.value
    return Entry(
        trial=trial_id(trial.content, code),
        content=trial.content,
        code=code,
        status=FAILED if failed["error"] else DONE,
        measures=measures,
        seconds=round(outcome.seconds, 6),
        attempts=outcome.attempts,
        **failed,
    )
