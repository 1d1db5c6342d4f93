"""A comparison: every group beside a baseline, measure by measure.

Groups whose replicates have the same seeds are compared in pairs, because what chance dealt to both
was the same; other groups as Welch does. The p-values of all differences shown are corrected
together (Holm). Measures on held-out queries are marked: one may look at them, and choose by
others.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from arenas.ratings.significance import holm
from experiments.comparing.differences import PAIRED, Difference, difference
from experiments.comparing.finished import read_replicates
from experiments.comparing.groups import CompareError, Group, group_replicates
from experiments.comparing.intervals import CONFIDENCE, METHODS, Interval, mean_interval
from experiments.comparing.notes import listed, notes_on, pairs
from experiments.study.study import TEST
from experiments.study.toml import did_you_mean

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Cell:
    """A measure of a group.

    Attributes:
        group: its name.
        values: the replicates that have the measure, float[n].
        mean: of them.
        difference: from the baseline; None for the baseline itself.
        p: of that difference, corrected for all that are shown.
    """

    group: str
    values: np.ndarray
    mean: Interval
    difference: Difference | None = None
    p: float = math.nan


@dataclass(frozen=True)
class Row:
    """A measure of every group."""

    measure: str
    cells: tuple[Cell, ...]

    @property
    def held_out(self) -> bool:
        """Whether it was measured on held-out queries."""
        return self.measure.startswith(TEST)


@dataclass(frozen=True)
class Comparison:
    """What `compare` has found.

    Attributes:
        groups: the baseline first.
        rows: a measure each.
        method: "t" or "resampling".
        notes: what was left out, how groups were compared, what cannot be said.
    """

    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    method: str
    notes: tuple[str, ...]

    @property
    def baseline(self) -> str:
        """The name of the group that others are held against."""
        return self.groups[0].name

    def records(self) -> Iterator[dict[str, Any]]:
        """A flat row for each measure and group; None where there is no figure."""
        for row in self.rows:
            for cell in row.cells:
                yield {
                    "measure": row.measure,
                    "held_out": row.held_out,
                    "group": cell.group,
                    "replicates": len(cell.values),
                    **_bounds("mean", cell.mean),
                    **_differs(cell, self.baseline),
                }

    def table(self) -> DataFrame:
        """The same as a table."""
        from pandas import DataFrame

        return DataFrame(list(self.records()))

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        return {
            "baseline": self.baseline,
            "method": self.method,
            "confidence": CONFIDENCE,
            "groups": [
                {
                    "name": group.name,
                    "seeds": list(group.seeds),
                    "places": [each.place for each in group.replicates],
                }
                for group in self.groups
            ],
            "rows": list(self.records()),
            "notes": list(self.notes),
        }


def compare(
    places: Iterable[str | Path],
    measures: Sequence[str] = (),
    against: str | None = None,
    method: str = "t",
) -> Comparison:
    """Compare finished runs, and trials of sweeps.

    Args:
        places: folders of runs and of sweeps.
        measures: names of those to show; all that the groups share if empty.
        against: the name of the baseline; the first group if left out.
        method: "t" or "resampling"; see `experiments.comparing.intervals`.

    Raises:
        CompareError: nothing is finished, there is one group only and a baseline is asked for, or
            a measure or group is not known.
        RunError: a folder is missing or damaged.
    """
    replicates, notes = read_replicates(places)
    groups, more = group_replicates(replicates)
    return compare_groups(groups, measures, against, method, (*notes, *more))


def compare_groups(
    groups: Sequence[Group],
    measures: Sequence[str] = (),
    against: str | None = None,
    method: str = "t",
    notes: Iterable[str] = (),
) -> Comparison:
    """Compare groups that are at hand; as `compare`."""
    if method not in METHODS:
        raise CompareError(f"method: got {method!r}, allowed is {' or '.join(METHODS)}")
    ordered = _baseline_first(groups, against)
    shared, missing = _shared_measures(ordered)
    chosen = [_known(name, shared) for name in dict.fromkeys(measures)] or shared
    rows = [Row(name, tuple(_cells(ordered, name, method))) for name in chosen]
    said = [*notes, *notes_on(ordered, chosen)]
    if missing and not measures:
        said.append(f"not in all groups, and so not compared: {listed(missing)}")
    return Comparison(tuple(ordered), tuple(_corrected(rows)), method, tuple(said))


def _baseline_first(groups: Sequence[Group], against: str | None) -> list[Group]:
    if against is None:
        return list(groups)
    names = [group.name for group in groups]
    if against not in names:
        near = did_you_mean(against, names)
        raise CompareError(f"--against {against}: no such group; there is {listed(names)}{near}")
    first = groups[names.index(against)]
    return [first, *(group for group in groups if group is not first)]


def _shared_measures(groups: Sequence[Group]) -> tuple[list[str], list[str]]:
    """Measures that every group has, and those that only some have."""
    by_group = [
        dict.fromkeys(name for each in group.replicates for name in each.measures)
        for group in groups
    ]
    every = dict.fromkeys(name for names in by_group for name in names)
    shared = [name for name in every if all(name in names for names in by_group)]
    if not shared:
        raise CompareError(
            f"{groups[0].name} and {groups[-1].name} share no measure: the one has "
            f"{listed(list(by_group[0]))}, the other {listed(list(by_group[-1]))}"
        )
    return shared, [name for name in every if name not in shared]


def _known(name: str, shared: Sequence[str]) -> str:
    if name not in shared:
        near = did_you_mean(name, shared)
        raise CompareError(f"--measure {name}: not measured; there is {listed(shared)}{near}")
    return name


# Figures


def _cells(groups: Sequence[Group], measure: str, method: str) -> Iterator[Cell]:
    chance = zlib.crc32(measure.encode())  # the same for a measure, whatever is shown beside it
    baseline = groups[0]
    for group in groups:
        values = _finite(group.values(measure))
        mean = Interval(math.nan)
        if len(values):
            mean = mean_interval(values, method, np.random.default_rng(chance))
        cell = Cell(group.name, values, mean)
        yield (
            cell
            if group is baseline
            else replace(cell, difference=_against(baseline, group, measure, method, chance))
        )


def _against(
    baseline: Group, group: Group, measure: str, method: str, chance: int
) -> Difference | None:
    a, b = baseline.values(measure), group.values(measure)
    paired = pairs(baseline, group)
    if paired:
        both = np.isfinite(a) & np.isfinite(b)
        a, b = a[both], b[both]
    a, b = _finite(a), _finite(b)
    if not (len(a) and len(b)):
        return None
    return difference(a, b, paired, method, np.random.default_rng(chance))


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _corrected(rows: Sequence[Row]) -> Iterator[Row]:
    """The same rows, with p-values corrected together."""
    raw = [cell.difference.p if cell.difference else math.nan for row in rows for cell in row.cells]
    p = iter(holm(raw).tolist())
    for row in rows:
        yield replace(row, cells=tuple(replace(cell, p=next(p)) for cell in row.cells))


# Flat


def _bounds(name: str, interval: Interval) -> dict[str, float | None]:
    return {
        name: _json(interval.value),
        f"{name}_low": _json(interval.low),
        f"{name}_high": _json(interval.high),
    }


def _differs(cell: Cell, baseline: str) -> dict[str, Any]:
    found = cell.difference or Difference(
        "", 0, Interval(math.nan), Interval(math.nan), math.nan, math.nan
    )
    return {
        "against": baseline if cell.difference else None,
        "test": found.kind or None,
        **_bounds("difference", found.mean),
        "effect_size": {PAIRED: "g_av", "": None}.get(found.kind, "g"),
        **_bounds("effect", found.effect),
        "superiority": _json(found.superiority),
        "cliffs_delta": _json(found.cliffs_delta),
        "p": _json(found.p),
        "p_holm": _json(cell.p),
    }


def _json(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
