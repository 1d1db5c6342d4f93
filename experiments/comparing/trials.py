"""What a sweep has found, as its report and `compare` look at it: trials, points, and their means.

A point is one choice of all factors, its trials are replicates. Trials that failed, or that
successive halving stopped on the way, have no part in a mean: what is compared lived to the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparing.intervals import Interval, mean_interval
from experiments.study.study import TEST
from experiments.study.toml import parse

if TYPE_CHECKING:
    from pandas import DataFrame

DONE, FAILED, STOPPED = "done", "failed", "stopped"


@dataclass(frozen=True)
class Trials:
    """A sweep as it lies in its folder.

    Attributes:
        name: of the sweep.
        study: name of what is varied, or its file.
        factors: dotted keys that are varied; columns of the table.
        measures: columns of the table.
        table: a row a trial and rung, as trials.parquet has it.
        text: of sweep.toml.
        manifest: what the sweep was begun with.
        seconds: of work in all trials, nan if nobody counted.
        home: the section of keys that people give without one.
    """

    name: str
    study: str
    factors: tuple[str, ...]
    measures: tuple[str, ...]
    table: DataFrame
    text: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = float("nan")
    home: str = ""

    @cached_property
    def file(self) -> Mapping[str, Any]:
        """What sweep.toml says."""
        return parse(Path("sweep.toml"), self.text)

    @property
    def kind(self) -> str:
        """Of the design, such as grid."""
        return str(self.file.get("design", {}).get("kind", "grid"))

    @property
    def halved(self) -> bool:
        """Whether successive halving stopped points on the way."""
        return self.rungs > 1

    @property
    def rungs(self) -> int:
        """Lengths of life: 1 without halving."""
        seen = int(self.table["rung"].max()) + 1 if len(self.table) else 1
        return max(seen, int(self.file.get("halving", {}).get("rungs", 1)))

    @property
    def objective(self) -> str | None:
        """The measure that the sweep looked for, never one of held-out queries."""
        name = self.file.get("design", {}).get("objective")
        return name if name in self.chosen_by else None

    @property
    def direction(self) -> str:
        """Which values of the objective are good: max or min."""
        return str(self.file.get("design", {}).get("direction", "max"))

    @property
    def chosen_by(self) -> list[str]:
        """Measures that one may choose a point by."""
        return [name for name in self.measures if not name.startswith(TEST)]

    @cached_property
    def whole(self) -> DataFrame:
        """The trials that lived to the end of their study."""
        table = self.table
        done = table["status"] == DONE
        return table[done & (table["rung"] == self.rungs - 1)]

    @cached_property
    def failed(self) -> DataFrame:
        """The trials that failed."""
        return self.table[self.table["status"] == FAILED]

    @cached_property
    def last_rungs(self) -> DataFrame:
        """One row a trial: with halving there is one a rung, of which the last is taken."""
        keys = ["point", "replicate"]
        ordered = self.table.sort_values([*keys, "rung"], kind="stable")
        return ordered.drop_duplicates(keys, keep="last")

    @cached_property
    def points(self) -> DataFrame:
        """The means of every point that lived to the end: factors, measures, and trials counted."""
        if not len(self.whole):
            return self.whole[[*self.factors, *self.measures]].assign(trials=[])
        grouped = self.whole.groupby("point", sort=True)
        first = grouped[list(self.factors)].first()
        means = grouped[list(self.measures)].mean()
        return first.join(means).assign(trials=grouped.size())

    def levels(self, factor: str) -> list[Any]:
        """The values of a factor among points that lived to the end, numbers ascending."""
        values = list(dict.fromkeys(self.points[factor].tolist()))
        return sorted(values) if self.is_number(factor) else values

    def is_number(self, factor: str) -> bool:
        """Whether the values of a factor are numbers."""
        return self.table[factor].dtype.kind in "iuf"

    def short(self, factor: str) -> str:
        """A factor as people give it on a command line."""
        return factor.removeprefix(f"{self.home}.") if self.home else factor

    def by_ratios(self, factor: str) -> bool:
        """Whether the sweep file says that equal ratios of a factor are equal steps."""
        given = self.file.get("vary", {}).get(factor)
        return isinstance(given, Mapping) and bool(given.get("log"))

    @property
    def crossed(self) -> bool:
        """Whether every level of each factor was tried with every other, as a grid is."""
        wanted = np.prod([len(self.levels(factor)) for factor in self.factors])
        seen = self.points[list(self.factors)].drop_duplicates()
        return bool(len(seen) == wanted) and len(self.points) > 0

    def trials_at(self, wanted: Mapping[str, Any]) -> DataFrame:
        """The whole trials whose factors have some values."""
        chosen = np.ones(len(self.whole), bool)
        for factor, value in wanted.items():
            chosen &= (self.whole[factor] == value).to_numpy()
        return self.whole[chosen]

    def main_measures(self) -> list[str]:
        """What to draw: the objective first, last values and held-out ones after all others.

        What replicates agree on follows from the factors alone, and is left out if anything else
        is there.
        """
        varying = [name for name in self.measures if self._varies(name, self.whole)]
        chance = [name for name in varying if self._varies(name, self._from_their_points)]
        found = [name for name in (chance or varying) if name != self.objective]
        found.sort(key=lambda name: (name.startswith(TEST), _is_last(name, self.measures)))
        return [*([self.objective] if self.objective in varying else []), *found]

    @cached_property
    def _from_their_points(self) -> DataFrame:
        """Measures of the whole trials less the means of their points."""
        measured = self.whole[list(self.measures)]
        finite = measured.where(np.isfinite(measured))
        return finite - finite.groupby(self.whole["point"]).transform("mean")

    @staticmethod
    def _varies(measure: str, table: DataFrame) -> bool:
        values = table[measure].to_numpy(float)
        values = values[np.isfinite(values)]
        return len(values) > 0 and bool(np.ptp(values) > 1e-12 * max(np.abs(values).max(), 1e-300))


def _is_last(measure: str, measures: Sequence[str]) -> bool:
    return measure.removesuffix("_last") in measures and measure.endswith("_last")


def mean_of(values: np.ndarray) -> Interval:
    """The mean of what there is of float[n], with its interval; nan of nothing."""
    values = values[np.isfinite(values)]
    return mean_interval(values) if len(values) else Interval(float("nan"))


def read_trials(path: str | Path) -> Trials:
    """The sweep in a folder.

    Raises:
        SweepError: there is none, or it is damaged.
    """
    from experiments.sweeps import SweepFolder

    folder = SweepFolder(Path(path))
    return Trials(
        folder.name,
        str(folder.study),
        tuple(folder.factors),
        tuple(folder.measures),
        folder.table,
        (folder.path / "sweep.toml").read_text(encoding="utf-8"),
        folder.manifest,
        _seconds(folder.path / "timing.parquet"),
        folder.plan.study.home,
    )


def _seconds(path: Path) -> float:
    if not path.exists():
        return float("nan")
    from experiments.running.files import read_table

    table = read_table(path)
    if "seconds" not in table.column_names:
        return float("nan")
    return float(np.nansum(table["seconds"].to_numpy()))
