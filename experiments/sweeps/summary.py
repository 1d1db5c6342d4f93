"""A finished sweep in a few lines: how many trials, and what the points came to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.sweeps.folder import SweepFolder
from experiments.sweeps.journal import DONE, FAILED
from experiments.sweeps.plan import number
from experiments.sweeps.table import STOPPED

if TYPE_CHECKING:
    from pandas import DataFrame

POINTS_SHOWN, MEASURES_SHOWN = 12, 4
FIRST = ("valid", "accuracy_mean", "wealth_gini", "test_mrr")
"""Measures that are shown before others, where there are any."""
PARAMETERS = "parameters"
"""The section of a model, which a command line may leave out."""


def summary(folder: SweepFolder) -> str:
    """Counts, and the mean and standard deviation of the main measures at each point."""
    table = folder.table
    counts = [f"{(table['status'] == DONE).sum():,} done"]
    for status, words in ((STOPPED, "stopped on an early rung"), (FAILED, "failed")):
        if number := int((table["status"] == status).sum()):
            counts.append(f"{number:,} {words}")
    lines = [f"{folder.name} · {len(table):,} trials: {', '.join(counts)}"]
    return "\n".join([*lines, *_means(folder, table), "", f"table: {folder.path}/trials.parquet"])


def _means(folder: SweepFolder, table: DataFrame) -> Iterator[str]:
    """The best points first, if there is an objective; in their order if not."""
    done, factors = table[table["status"] == DONE], folder.factors
    shown = _shown(folder)
    if not len(done) or not shown:
        return
    points = done.groupby("point")
    means, spread = points[shown].mean(), points[shown].std()
    objective = folder.plan.file.design.objective
    if objective in shown:
        low = folder.plan.file.design.direction == "min"
        means = means.sort_values(objective, ascending=low, kind="stable")
    labels = points[factors].first()
    short = [factor.removeprefix(f"{PARAMETERS}.") for factor in factors]
    cells = [["point", *short, *shown]]
    for point in means.index[:POINTS_SHOWN]:
        values = [_figure(means.at[point, name], spread.at[point, name]) for name in shown]
        given = [number(labels.at[point, factor]) for factor in factors]
        cells.append([str(point), *given, *values])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield ""
    for row in cells:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    if len(means) > POINTS_SHOWN:
        yield f"and {len(means) - POINTS_SHOWN:,} more points"
    if (replicates := int(points.size().max())) > 1:
        yield f"± is a standard deviation, of {replicates} replicates"


def _shown(folder: SweepFolder) -> list[str]:
    measures, objective = folder.measures, folder.plan.file.design.objective
    others = [name for name in measures if not name.endswith("_last") and name != "agents"]
    order = dict.fromkeys([objective, *FIRST, *others])
    return [name for name in order if name in measures][:MEASURES_SHOWN]


def _figure(mean: float, spread: float) -> str:
    """Mean ± standard deviation; the mean alone of one replicate."""
    return f"{mean:.4g}" if spread != spread else f"{mean:.4g} ± {spread:.2g}"
