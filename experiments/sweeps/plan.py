"""A sweep as it was read: a study, what is varied of it, and by which design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from experiments.reasoning.study import ReasoningStudy
from experiments.study.study import Study
from experiments.sweeps.designs import Point
from experiments.sweeps.factors import Factor
from experiments.sweeps.sections import SweepError, SweepFile
from experiments.sweeps.seeds import replicate_seeds


@dataclass(frozen=True)
class Sweep:
    """A sweep, every level of it checked.

    Attributes:
        file: name, seed, replicates and the sections.
        study: with what is set for all trials, and the first level of each factor.
        factors: what is varied.
        meant: for each factor what the study takes a level for, where that is another value: the
            folder of a graph is absolute there.
    """

    file: SweepFile
    study: Study
    factors: tuple[Factor, ...]
    meant: Mapping[tuple[str, Any], Any]

    @property
    def name(self) -> str:
        """Names the folder."""
        return self.file.name

    @property
    def examine(self) -> bool:
        """Whether each trial ends with the examination; models have none."""
        return self.file.measure.examine and isinstance(self.study, ReasoningStudy)

    @property
    def chooses(self) -> bool:
        """Whether points are chosen by what others came to."""
        return self.file.design.kind == "optuna" or self.file.halving is not None

    @cached_property
    def seeds(self) -> list[int]:
        """Of the replicates, the same for every point."""
        return replicate_seeds(self.file.seed, self.file.replicates)

    @property
    def length_key(self) -> str:
        """The key of the study that says how long it is: ticks of a model, or generations."""
        return "world.generations" if isinstance(self.study, ReasoningStudy) else "ticks"

    @property
    def length(self) -> int:
        """Ticks of a model, or generations of reasoning agents."""
        study = self.study
        return study.world.generations if isinstance(study, ReasoningStudy) else study.ticks

    @property
    def lengths(self) -> list[int]:
        """How long trials are on each rung of successive halving, the whole last."""
        halving = self.file.halving
        if halving is None:
            return [self.length]
        rungs = reversed(range(halving.rungs))
        return [-(-self.length // halving.factor**rung) for rung in rungs]

    def study_at(self, point: Point, seed: int, rung: int | None = None) -> Study:
        """The resolved study of a trial.

        Raises:
            SweepError: the levels are allowed, but not together.
        """
        values = dict(zip((factor.key for factor in self.factors), point, strict=True))
        values = {key: self.meant.get((key, value), value) for key, value in values.items()}
        if rung is not None and self.file.halving is not None:
            values[self.length_key] = self.lengths[rung]
        data = self.study.model_dump()
        for key, value in {**values, "seed": seed}.items():
            section, _, name = key.rpartition(".")
            (data[section] if section else data)[name] = value
        try:
            return type(self.study).model_validate(data).resolved()
        except ValidationError as error:
            given = ", ".join(f"{key}={value}" for key, value in values.items())
            reason = error.errors()[0]
            place = ".".join(map(str, reason["loc"]))
            raise SweepError(f"{self.name}: {given}: {place}: {reason['msg']}") from None

    def labels(self, point: Point) -> dict[str, Any]:
        """A point as a table shows it: key to value; a file or folder by its name."""
        return {
            factor.key: self._paths.get((factor.key, value)) or factor.label(value)
            for factor, value in zip(self.factors, point, strict=True)
        }

    @cached_property
    def _paths(self) -> dict[tuple[str, Any], str]:
        """Names of the files and folders among the levels; whole paths if they share a name."""
        paths = {
            level: Path(means) for level, means in self.meant.items() if Path(means).is_absolute()
        }
        names = [path.name for path in paths.values()]
        return {
            level: path.name if names.count(path.name) == 1 else str(path)
            for level, path in paths.items()
        }


def in_words(labels: Mapping[str, Any], keys: Sequence[str] | None = None) -> str:
    """A point in a line: `economy.rent=1 selection.mutation=0.05`."""
    shown = labels if keys is None else {key: labels[key] for key in keys}
    return " ".join(f"{key}={number(value)}" for key, value in shown.items())


def number(value: Any) -> str:
    """A value to four digits, if it is no whole number."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
