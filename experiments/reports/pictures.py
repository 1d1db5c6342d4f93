"""The pictures of a report, drawn from what a run has recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reasoning.baselines import BEST_SINGLE
from experiments.reasoning.evaluation import RANDOM_SEARCH
from experiments.reports.style import (
    BLUE as BLUE,  # those who draw a run find them here as well
    GREEN,
    GREY as GREY,
    ORANGE as ORANGE,
    PINK,
    RED,
    SKY,
    YELLOW,
    drawn,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENGINE_COLOURS = (BLUE, ORANGE, GREEN, RED, SKY, PINK, YELLOW)


class NotRecordedError(ValueError):
    """A picture needs something that the run has not recorded."""


@dataclass(frozen=True)
class Record:
    """What a run folder holds; empty where a file is missing.

    Attributes:
        metrics: columns, one row a tick.
        agents: columns, one row an agent and generation.
        results: of the examination.
        study: sections of the study.
        folder: the run folder itself, if there is one.
    """

    metrics: Mapping[str, np.ndarray]
    agents: Mapping[str, np.ndarray]
    results: Mapping[str, Any]
    study: Mapping[str, Any]
    folder: Path | None = None

    def metric(self, *names: str) -> list[np.ndarray]:
        """Columns of the metrics; raises NotRecordedError if one is missing or empty."""
        return _columns(self.metrics, "metrics.parquet", names)

    def last_generation(self, *names: str) -> list[np.ndarray]:
        """Columns of the agents, rows of the last tick that has any."""
        tick, *columns = _columns(self.agents, "agents.parquet", ("tick", *names))
        return [column[tick == tick.max()] for column in columns]

    def by_generation(self, *names: str) -> tuple[np.ndarray, list[np.ndarray]]:
        """Generations, and the mean of each metric over the ticks of each."""
        generation, *values = self.metric("generation", *names)
        each, row, ticks = np.unique(generation, return_inverse=True, return_counts=True)
        return each, [np.bincount(row, value) / ticks for value in values]

    def credit_of(self, name: str) -> float | None:
        """Validation credit of a row of the final table, if it is there."""
        rows = (row for row in self.results.get("rows", ()) if row["name"] == name)
        return next((row["valid"] for row in rows), None)


def _columns(
    table: Mapping[str, np.ndarray], file: str, names: tuple[str, ...]
) -> list[np.ndarray]:
    missing = [name for name in names if name not in table or not len(table[name])]
    if missing:
        raise NotRecordedError(f"{file} has no {', '.join(missing)}")
    return [table[name] for name in names]


# The pictures


@dataclass(frozen=True)
class Picture:
    """A picture, what it shows, how it is drawn, and how high it is, in inches."""

    title: str
    caption: str
    draw: Callable[[Record, Figure], None]
    height: float = 3.2

    def svg(self, record: Record) -> bytes:
        """The picture of a run; raises NotRecordedError if something it needs is missing."""
        return drawn(lambda figure: self.draw(record, figure), self.height)


@dataclass(frozen=True)
class Contents:
    """What the report of one kind of study is made of.

    Attributes:
        words: HTML on the results, which are there.
        pictures: to be drawn.
        closing: HTML below the pictures.
    """

    words: Callable[[Record], Iterable[str]]
    pictures: Callable[[Record], Iterable[Picture]]
    closing: Callable[[Record], Iterable[str]]


# Of reasoning agents


def _draw_accuracy(record: Record, figure: Figure) -> None:
    generation, (best, mean, luck) = record.by_generation("accuracy_best", "accuracy_mean", "luck")
    axes = figure.subplots()
    mark = "." if len(generation) < 60 else ""
    axes.plot(generation, best, color=SKY, linewidth=1, label="best agent")
    axes.plot(generation, mean - luck, color=BLUE, marker=mark, label="mean of all answers")
    for name, colour, dashes in ((RANDOM_SEARCH, RED, "--"), (BEST_SINGLE, GREY, ":")):
        credit = record.credit_of(name)
        if credit is not None:
            axes.axhline(credit, color=colour, linestyle=dashes, label=f"{name} ({credit:.3f})")
    axes.set(xlabel="generation", ylabel="accuracy\n(mean credit)")
    _legend(axes, columns=2)


def _draw_front(record: Record, figure: Figure) -> None:
    columns = record.last_generation("cost", "accuracy", "novelty", "front", "alive")
    answered = np.isfinite(columns[0])
    cost, accuracy, novelty, front, alive = (column[answered] for column in columns)
    if not len(cost):
        raise NotRecordedError("agents.parquet has nobody who answered")
    axes = figure.subplots()
    best = np.flatnonzero(front == 0)
    best = best[np.argsort(cost[best])]
    axes.plot(cost[best], accuracy[best], color=GREY, linewidth=0.8)
    low, high = np.quantile(novelty, [0.05, 0.95])  # few odd ones must not take all the colour
    colours: Any = {"vmin": low, "vmax": max(high, low + 1e-6), "cmap": "cividis", "zorder": 2}
    points = axes.scatter(cost[~alive], accuracy[~alive], c=novelty[~alive], s=14, **colours)
    rings: Any = {"edgecolors": RED, "linewidths": 1.1, "label": "lives on", **colours}
    axes.scatter(cost[alive], accuracy[alive], c=novelty[alive], s=38, **rings)
    figure.colorbar(points, label="novelty", extend="both", pad=0.02)
    axes.set(xlabel="compute (units a task)", ylabel="accuracy\n(mean credit)")
    _legend(axes)


def _draw_economy(record: Record, figure: Figure) -> None:
    tick, price, demand, sold, gini = record.metric(
        "tick", "price", "demand", "sold", "wealth_gini"
    )
    upper, middle, lower = figure.subplots(3, sharex=True)
    upper.plot(tick, price, color=BLUE, drawstyle="steps-mid")
    upper.set(ylabel="price\n(tokens a unit)")
    offer = _offer(record.study)
    if offer is not None:
        middle.axhline(offer / 1000, color="#bbbbbb", linewidth=4, label="supply")
    middle.plot(tick, demand / 1000, color=ORANGE, label="demand")
    middle.plot(tick, sold / 1000, color=BLUE, linestyle="--", label="sold")
    middle.set(ylabel="compute\n(1,000 units)", ylim=(0, None))
    _legend(middle)
    lower.plot(tick, gini, color=GREEN)
    lower.set(xlabel="tick", ylabel="Gini of\nwealth", ylim=(0, None))
    figure.align_ylabels()


def _draw_engines(record: Record, figure: Figure) -> None:
    names = [name for name in record.metrics if name.startswith("use_")]
    if not names:
        raise NotRecordedError("metrics.parquet has no column use_*")
    generation, use = record.by_generation(*names)
    total = np.maximum(np.sum(use, axis=0), 1e-12)
    axes = figure.subplots()
    axes.stackplot(
        generation,
        [100 * each / total for each in use],
        colors=ENGINE_COLOURS,
        labels=[name.removeprefix("use_") for name in names],
        edgecolor="white",
        linewidth=0.4,
    )
    axes.set(xlabel="generation", ylabel="share of all questions\nto engines (%)", ylim=(0, 100))
    axes.margins(x=0)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), reverse=True)


def _draw_memory(record: Record, figure: Figure) -> None:
    tick, findings, public, heard = record.metric("tick", "findings", "public", "heard")
    upper, lower = figure.subplots(2, sharex=True)
    upper.plot(tick, findings / 1000, color=BLUE, label="written")
    upper.plot(tick, public / 1000, color=SKY, linestyle="--", label="public")
    upper.set(ylabel="findings\n(thousands)", ylim=(0, None))
    _legend(upper)
    lower.plot(tick, heard / 1000, color=ORANGE)
    lower.set(xlabel="tick", ylabel="rumours heard\n(thousands a tick)", ylim=(0, None))
    figure.align_ylabels()


PICTURES = (
    Picture(
        "Accuracy",
        "Accuracy over the generations. The mean is told without the luck of the tasks drawn; the "
        "best agent is the luckiest of many, so that its line is a little too high. Random search "
        "and the best single engine are shown with what they reach on all validation tasks.",
        _draw_accuracy,
        3.4,
    ),
    Picture(
        "The last generation",
        "Every agent of the last generation: accurate ones stand high, thrifty ones to the left, "
        "novel ones are light. Rings mark those who live on; the line joins "
        "the Pareto front of accuracy, novelty and thrift.",
        _draw_front,
    ),
    Picture(
        "The market",
        "Price of compute, how much was asked for, sold and on offer, and how unequal wealth is "
        "(0: all have the same).",
        _draw_economy,
        5.2,
    ),
    Picture("The engines", "Which engines are asked, as shares of all questions.", _draw_engines),
    Picture(
        "Memory and rumours",
        "Findings in the shared memory, written and already open to all, and rumours that were "
        "news to whoever heard them.",
        _draw_memory,
        3.8,
    ),
)


def _legend(axes: Axes, columns: int = 3) -> None:
    """Above the picture, so that it never hides anything."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2)


def _offer(study: Mapping[str, Any]) -> float | None:
    """Units of compute on offer in a tick, as the study says."""
    try:
        world, supply = study["world"], study["economy"]["supply"]
        return float(supply * world["tasks_per_agent"] * world["agents"])
    except KeyError:
        return None
