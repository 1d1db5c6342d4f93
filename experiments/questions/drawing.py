"""How the figures of questions look: dots for seeds, a mark and a bar for mean and interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.questions.question import within
from experiments.reports.style import BLUE, GREY, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 9.0


def panels(number: int, height: float = 3.2, title: str = "", **options: Any) -> tuple[Figure, Any]:
    """A figure with so many panels side by side, in the style of the reports."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots(1, number, **options)
        for each in np.atleast_1d(axes):
            each.set_axisbelow(True)
    if title:
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure, axes


def spreads(
    axes: Axes,
    table: pd.DataFrame,
    measure: str,
    conditions: Sequence[str],
    title: str,
    colours: Sequence[str] | str = BLUE,
) -> None:
    """A row a condition: the seeds as pale dots, their mean and its 95% interval on top."""
    paints = [colours] * len(conditions) if isinstance(colours, str) else colours
    for row, (condition, colour) in enumerate(zip(conditions, paints, strict=True)):
        values = table.loc[table["condition"] == condition, measure].to_numpy()
        mean, low, high = within(values)
        lift = np.linspace(-0.16, 0.16, len(values))  # so that equal values are told apart
        axes.plot(values, row + lift, "o", color=colour, alpha=0.3, markersize=3, mew=0)
        axes.plot([low, high], [row, row], color=colour, linewidth=2.4, solid_capstyle="round")
        axes.plot([mean], [row], "o", color=colour, markersize=6.5, mec="white")
    axes.set_yticks(range(len(conditions)), conditions)
    axes.set_ylim(len(conditions) - 0.5, -0.5)
    axes.set_title(title, fontsize=9, loc="left", color="#333333")
    axes.grid(axis="y", visible=False)
    axes.locator_params(axis="x", nbins=5)


def curve(
    axes: Axes, table: pd.DataFrame, over: str, measure: str, colour: str, label: str
) -> None:
    """A measure over a column: means with 95% intervals, the seeds pale behind them."""
    places = sorted(table[over].unique())
    spread = [within(table.loc[table[over] == place, measure].to_numpy()) for place in places]
    mean, low, high = np.array(spread).T
    axes.plot(table[over], table[measure], "o", color=colour, alpha=0.18, markersize=3, mew=0)
    axes.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(places, mean, "o-", color=colour, markersize=4.5, label=label)


def note(figure: Figure, text: str) -> None:
    """A line below the panels."""
    figure.supxlabel(text, fontsize=8, color=GREY, x=0.01, ha="left")
