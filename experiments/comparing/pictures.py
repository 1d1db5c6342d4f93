"""Pictures of a comparison and of a sweep: every mean with its interval, and its replicates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparing.comparison import Row
from experiments.comparing.groups import shown_value
from experiments.comparing.intervals import Interval
from experiments.comparing.text import HELD_OUT
from experiments.comparing.trials import Trials, mean_of
from experiments.reports.style import BLUE, GREY, ORANGE, SKY
from experiments.study.study import TEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ANNOTATED_MAX = 64
"""Cells of a heat map that have room for a number."""
COLUMNS = 3
"""Small pictures beside each other."""
ASIDE = 5.0
"""Points by which replicates stand beside the bar of their mean, so that none is hidden."""
RATIO_LOG = 20.0
"""From this ratio of its ends on, a factor whose steps grow is drawn by ratios."""


def label(measure: str) -> str:
    """The name of a measure, with a word if it is one of held-out queries."""
    return f"{measure}{HELD_OUT}" if measure.startswith(TEST) else measure


RUNGS_HEIGHT = 3.0
RUNGS_CAPTION = (
    "Every point on every rung of successive halving, in the mean of its replicates; those that "
    "lived to the end are blue."
)


# Of a comparison


def comparison_height(rows: Sequence[Row]) -> float:
    """Inches that `draw_comparison` needs."""
    return 0.35 + len(rows) * (0.62 + 0.24 * len(rows[0].cells))


def draw_comparison(rows: Sequence[Row], figure: Figure) -> None:
    """A panel a measure: groups below each other, dots of replicates, means with intervals."""
    panels = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axes, row in zip(panels, rows, strict=True):
        places = np.arange(len(row.cells))[::-1]
        for place, cell in zip(places, row.cells, strict=True):
            colour = BLUE if cell.difference else GREY
            _dots(axes, cell.values, np.full(len(cell.values), place), below=ASIDE)
            _mean_across(axes, place, cell.mean, colour)
        axes.set_yticks(places, [cell.group for cell in row.cells])
        axes.set_ylim(-0.6, len(places) - 0.4)
        axes.grid(False, axis="y")
        axes.set_title(label(row.measure), loc="left", fontsize=9, color="#333333")


def _mean_across(axes: Axes, place: float, mean: Interval, colour: str) -> None:
    if mean.bounded:
        axes.plot([mean.low, mean.high], [place, place], color=colour, linewidth=1.8)
    axes.plot(mean.value, place, "D", color=colour, ms=5, mec="white", mew=0.8, zorder=3)


def _dots(axes: Axes, x: np.ndarray, y: np.ndarray, left: float = 0, below: float = 0) -> None:
    from matplotlib.transforms import offset_copy

    moved = offset_copy(axes.transData, axes.get_figure(root=True), -left, -below, units="points")
    axes.plot(x, y, "o", color=SKY, ms=3.5, alpha=0.7, mec="none", transform=moved)


# Of a sweep


def draw_measure(sweep: Trials, measure: str, figure: Figure) -> None:
    """A measure over the factors of a sweep, drawn as its design asks for."""
    if len(sweep.factors) == 1 and sweep.crossed and len(sweep.points) <= 40:
        _draw_one(sweep, measure, figure)
    elif len(sweep.factors) == 2 and sweep.crossed:
        _draw_map(sweep, measure, figure)
    elif sweep.crossed:
        _draw_main_effects(sweep, measure, figure)
    else:
        _draw_scatter(sweep, measure, figure)


def measure_height(sweep: Trials) -> float:
    """Inches that `draw_measure` needs."""
    if len(sweep.factors) == 1:
        return 3.0
    if len(sweep.factors) == 2 and sweep.crossed:
        return 1.4 + 0.34 * min(max(len(sweep.levels(sweep.factors[1])), 4), 12)
    return 0.4 + 2.1 * -(-len(sweep.factors) // COLUMNS)


def measure_caption(sweep: Trials) -> str:
    """What `draw_measure` shows, in words."""
    if len(sweep.factors) == 1 and sweep.crossed:
        return "Means with their 95% intervals (Student's t); dots are trials."
    if len(sweep.factors) == 2 and sweep.crossed:
        return "The mean of every point, with half the width of its 95% interval if there is room."
    if sweep.crossed:
        return (
            "Main effects: for each level of a factor the mean over all levels of the others, with "
            "its 95% interval over trials."
        )
    return (
        "Every point, in the mean of its replicates. The number above is Spearman's rank "
        "correlation: 1 if the measure always rises with the factor, -1 if it always falls."
    )


def _draw_one(sweep: Trials, measure: str, figure: Figure) -> None:
    axes = figure.subplots()
    _level_means(axes, sweep, sweep.factors[0], measure, joined=True)
    axes.set(ylabel=label(measure))


def _level_means(axes: Axes, sweep: Trials, factor: str, measure: str, joined: bool) -> None:
    """For each level of a factor its trials, their mean, and its interval."""
    levels = sweep.levels(factor)
    places = _places(axes, sweep, factor, levels)
    for place, level in zip(places, levels, strict=True):
        values = sweep.trials_at({factor: level})[measure].to_numpy(float)
        mean = mean_of(values)
        _dots(axes, np.full(len(values), place), values, left=ASIDE)
        if mean.bounded:
            axes.plot([place, place], [mean.low, mean.high], color=BLUE, linewidth=1.8)
        axes.plot(place, mean.value, "D", color=BLUE, ms=5, mec="white", mew=0.8, zorder=3)
    if joined and sweep.is_number(factor):
        means = [mean_of(sweep.trials_at({factor: v})[measure].to_numpy(float)) for v in levels]
        axes.plot(places, [mean.value for mean in means], color=BLUE, linewidth=0.8, alpha=0.6)
    axes.set_xlabel(sweep.short(factor))


def draw_rungs(sweep: Trials, measure: str, figure: Figure) -> None:
    """Successive halving: a line a point, of the mean of its trials on every rung it lived."""
    axes = figure.subplots()
    lived = sweep.table.groupby(["point", "rung"])[measure].mean()
    for point in lived.index.get_level_values("point").unique():
        means = lived.loc[point]
        kept = point in sweep.points.index
        look: Any = {"color": BLUE, "zorder": 3} if kept else {"color": GREY, "linewidth": 0.8}
        axes.plot(means.index, means.to_numpy(), marker="o", ms=4, mec="none", **look)
    axes.set_xticks(range(sweep.rungs))
    axes.set(xlabel="rung (each lives longer than the one before)", ylabel=label(measure))


def _places(axes: Axes, sweep: Trials, factor: str, levels: Sequence[Any]) -> Sequence[float]:
    """Where levels stand: numbers by their size, names side by side."""
    if sweep.is_number(factor):
        if sweep.by_ratios(factor) or _grows(levels):
            axes.set_xscale("log")
        axes.margins(x=0.08)
        if len(levels) <= 7:
            from matplotlib.ticker import NullFormatter

            axes.set_xticks(levels, [shown_value(level) for level in levels])
            axes.xaxis.set_minor_formatter(NullFormatter())
        return list(levels)
    names = [shown_value(level) for level in levels]
    long = max(map(len, names), default=0) * len(names) > 40
    axes.set_xticks(
        range(len(levels)), names, rotation=30 if long else 0, ha="right" if long else "center"
    )
    axes.set_xlim(-0.6, len(levels) - 0.4)
    return list(range(len(levels)))


def _grows(levels: Sequence[float]) -> bool:
    """Whether the steps between levels grow with them, as in 1, 10, 100."""
    values = np.sort(np.asarray(levels, float))
    if len(values) < 3 or values[0] <= 0 or values[-1] < RATIO_LOG * values[0]:
        return False
    middle = float(np.median(values))
    return bool(abs(math.log(middle**2 / (values[0] * values[-1]))) < math.log(RATIO_LOG) / 2)


def _draw_map(sweep: Trials, measure: str, figure: Figure) -> None:
    """A heat map of means: the first factor to the right, the second upwards."""
    across, up = sweep.factors
    columns, rows = sweep.levels(across), sweep.levels(up)
    found = [
        [mean_of(sweep.trials_at({across: x, up: y})[measure].to_numpy(float)) for x in columns]
        for y in rows
    ]
    means = np.array([[each.value for each in row] for row in found])
    axes = figure.subplots()
    image = axes.imshow(means, origin="lower", aspect="auto", cmap="cividis")
    if means.size <= ANNOTATED_MAX:
        low, high = np.nanmin(means), np.nanmax(means)
        for i, j in itertools.product(range(len(rows)), range(len(columns))):
            light = means[i, j] > (low + high) / 2
            look: Any = {"ha": "center", "va": "center", "fontsize": 7.5}
            axes.text(j, i, _in_cell(found[i][j]), color="black" if light else "white", **look)
    _name_ticks(axes, columns, rows)
    axes.set(xlabel=sweep.short(across), ylabel=sweep.short(up))
    axes.grid(False)
    figure.colorbar(image, label=label(measure), pad=0.02)


def _in_cell(mean: Interval) -> str:
    if not math.isfinite(mean.value):
        return "–"
    value = f"{mean.value:.3g}"
    half = (mean.high - mean.low) / 2
    return f"{value}\n±{half:.2g}" if half > 0 else value


def _name_ticks(axes: Axes, columns: Sequence[Any], rows: Sequence[Any]) -> None:
    every = [max(1, -(-len(levels) // 12)) for levels in (columns, rows)]
    for axis, levels, step in ((axes.xaxis, columns, every[0]), (axes.yaxis, rows, every[1])):
        axis.set_ticks(range(0, len(levels), step), [shown_value(v) for v in levels[::step]])


def _panels(figure: Figure, count: int) -> list[Axes]:
    """Small pictures that share their y axis, and no more of them than are needed."""
    columns = min(count, COLUMNS)
    grid = figure.subplots(-(-count // columns), columns, sharey=True, squeeze=False)
    for axes in list(grid.flat)[count:]:
        axes.set_visible(False)
    return list(grid.flat)[:count]


def _draw_main_effects(sweep: Trials, measure: str, figure: Figure) -> None:
    panels = _panels(figure, len(sweep.factors))
    for axes, factor in zip(panels, sweep.factors, strict=True):
        _level_means(axes, sweep, factor, measure, joined=True)
    figure.supylabel(label(measure), fontsize=9, color="#333333")


def _draw_scatter(sweep: Trials, measure: str, figure: Figure) -> None:
    points = sweep.points
    values = points[measure].to_numpy(float)
    panels = _panels(figure, len(sweep.factors))
    for axes, factor in zip(panels, sweep.factors, strict=True):
        levels = sweep.levels(factor)
        if sweep.is_number(factor):
            places = points[factor].to_numpy(float)
            if sweep.by_ratios(factor) and places.max() >= 10 * places.min():
                axes.set_xscale("log")
            axes.set_title(_correlation(places, values), fontsize=8, color="#333333")
        else:
            at = dict(zip(levels, _places(axes, sweep, factor, levels), strict=True))
            places = np.array([at[level] for level in points[factor]])
        axes.plot(places, values, "o", color=BLUE, ms=4, alpha=0.6, mec="none")
        best = _best(sweep, measure, values)
        if best is not None:
            axes.plot(places[best], values[best], "o", mfc="none", mec=ORANGE, mew=1.5, ms=8)
        axes.set_xlabel(sweep.short(factor))
    figure.supylabel(label(measure), fontsize=9, color="#333333")


def _best(sweep: Trials, measure: str, values: np.ndarray) -> int | None:
    """The row of the best point, in the picture of the objective alone."""
    if measure != sweep.objective or not np.isfinite(values).any():
        return None
    good = values if sweep.direction == "max" else -values
    return int(np.nanargmax(good))


def _correlation(places: np.ndarray, values: np.ndarray) -> str:
    from scipy.stats import spearmanr

    both = np.isfinite(values)
    if both.sum() < 3 or not np.ptp(places[both]) or not np.ptp(values[both]):
        return ""
    return f"rank correlation {spearmanr(places[both], values[both]).statistic:+.2f}"
