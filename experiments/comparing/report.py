"""The report of a sweep: one page that needs nothing beside itself.

What was tried and what it cost, a picture of every main measure, the best points (never chosen by
what was measured on held-out queries), which points successive halving kept, the means of every
point, and every failed trial with its stage and traceback.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparing.groups import shown_value
from experiments.comparing.pictures import (
    RUNGS_CAPTION,
    RUNGS_HEIGHT,
    draw_measure,
    draw_rungs,
    label,
    measure_caption,
    measure_height,
)
from experiments.comparing.text import NONE, shown
from experiments.comparing.trials import DONE, FAILED, STOPPED, Trials, mean_of, read_trials
from experiments.reports.page import embedded, facts, table, write_page
from experiments.reports.style import drawn

if TYPE_CHECKING:
    from pandas import DataFrame

DRAWN_MAX = 6
"""Measures that are drawn; more stand in the table of all points."""
BEST_MAX = 10
POINTS_MAX = 200
SEEN_MIN = 5
"""Points that halving has to keep for a picture of them to say anything."""
PAIRS = (
    '<p class="note">Intervals are of each mean alone. All points have the same seeds, so that '
    "differences between them can be surer than these intervals look: noosphere compare FOLDER "
    "takes them in pairs.</p>"
)
FAILED_MAX = 20
"""Tracebacks that are shown in full."""
COLUMNS_MAX = 6
"""Factors and measures in the table of points, so that it can be read."""


def write_sweep_report(folder: str | Path) -> Path:
    """Write `report.html` of a sweep folder; returns its path.

    Raises:
        SweepError: there is no sweep, or it is damaged.
        OSError: the page cannot be written.
    """
    return write_page(Path(folder) / "report.html", *sweep_page(read_trials(folder)))


def sweep_page(sweep: Trials) -> tuple[str, list[str]]:
    """Title, and HTML, of the report of a sweep."""
    measures = sweep.main_measures()
    body = [
        f"<h1>{escape(sweep.name)}</h1>",
        f"<p>{escape(str(sweep.file.get('description', '')))}</p>",
        "<h2>What was tried</h2>",
        *_design(sweep),
        *_findings(sweep, measures),
        *_failures(sweep),
        "<h2>The sweep</h2>",
        f"<pre>{escape(sweep.text)}</pre>",
    ]
    if sweep.manifest:
        body += ["<h2>Where it comes from</h2>", facts(sweep.manifest)]
    return sweep.name, body


def _design(sweep: Trials) -> Iterator[str]:
    """Design and cost."""
    status = Counter(sweep.last_rungs["status"].tolist())
    counted = [f"{status[name]:,} {name}" for name in (DONE, STOPPED, FAILED) if status[name]]
    levels = {sweep.short(factor): _levels(sweep, factor) for factor in sweep.factors}
    points = sweep.table["point"].nunique()
    replicates = sweep.table["replicate"].nunique()
    cost = f"{sum(status.values()):,} trials: {', '.join(counted) or 'none yet'}"
    if math.isfinite(sweep.seconds):
        cost += f"; {_duration(sweep.seconds)} of work in all"
    looked = {}
    if sweep.objective:
        looked = {"looked for": f"{sweep.direction} of {sweep.objective}"}
    yield facts(
        {
            "study": sweep.study,
            "design": f"{sweep.kind}, {points:,} points of {replicates:,} replicates",
            **looked,
            **levels,
            "cost": cost,
        }
    )


def _levels(sweep: Trials, factor: str) -> str:
    values = list(dict.fromkeys(sweep.table[factor].tolist()))
    if sweep.is_number(factor) and len(values) > 8:
        return f"{shown_value(min(values))} to {shown_value(max(values))}, {len(values)} values"
    return ", ".join(map(shown_value, values))


def _duration(seconds: float) -> str:
    """Such as 4.2 s, 12 min or 3.5 h."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


# What came out


def _findings(sweep: Trials, measures: Sequence[str]) -> Iterator[str]:
    if not len(sweep.whole):
        yield '<p class="note">No trial has lived to the end of its study.</p>'
        return
    yield "<h2>What came out</h2>"
    if not measures:
        yield '<p class="note">No measure differs between trials.</p>'
    if sweep.halved and sweep.objective:
        svg = drawn(partial(draw_rungs, sweep, sweep.objective), RUNGS_HEIGHT)
        yield embedded(svg, f"{label(sweep.objective)} by rung", RUNGS_CAPTION)
    for measure in measures[: 0 if sweep.halved and len(sweep.points) < SEEN_MIN else DRAWN_MAX]:
        svg = drawn(partial(draw_measure, sweep, measure), measure_height(sweep))
        yield embedded(svg, label(measure), measure_caption(sweep))
    if len(measures) > DRAWN_MAX:
        yield f'<p class="note">{_undrawn(len(measures) - DRAWN_MAX)}</p>'
    yield PAIRS
    yield from _best(sweep, measures)
    if sweep.halved:
        yield from _halving(sweep)
    yield from _all_points(sweep, measures)


def _undrawn(count: int) -> str:
    return (
        f"{count} more measures differ between trials; noosphere compare shows them, and "
        "trials.parquet has all."
    )


def _best(sweep: Trials, measures: Sequence[str]) -> Iterator[str]:
    """The best points by the objective; without one, the ends of the first measure."""
    by = sweep.objective or next((name for name in measures if name in sweep.chosen_by), None)
    few = 2 if sweep.objective else BEST_MAX + 1  # fewer stand together among all points
    if by is None or len(sweep.points) < few:
        return
    ordered = sweep.points.sort_values(
        by, ascending=sweep.direction == "min", kind="stable", na_position="last"
    )
    ordered = ordered[np.isfinite(ordered[by].to_numpy(float))]
    if sweep.objective:
        best = "highest" if sweep.direction == "max" else "lowest"
        yield f"<h2>The best points</h2><p>Those of the {best} {escape(by)}.</p>"
        chosen = ordered.head(BEST_MAX)
    else:
        yield f"<h2>The highest and the lowest</h2><p>Points by {escape(by)}.</p>"
        chosen = _ends(ordered, BEST_MAX // 2)
    shown_measures = [by, *(name for name in measures if name != by)]
    yield _points_table(sweep, chosen, shown_measures)
    yield (
        '<p class="note">Means of replicates with 95% intervals. The best of many points looks '
        "better than it is, for luck helped to choose it: run it with new seeds before it is "
        "believed. Held-out queries never choose.</p>"
    )


def _ends(ordered: DataFrame, half: int) -> DataFrame:
    from pandas import concat

    return concat([ordered.head(half), ordered.tail(half)])


def _all_points(sweep: Trials, measures: Sequence[str]) -> Iterator[str]:
    seen = sweep.objective is not None and len(sweep.points) <= BEST_MAX
    if seen or not 1 < len(sweep.points) <= POINTS_MAX:
        return
    yield "<h2>All points</h2>"
    yield _points_table(sweep, sweep.points, measures)


def _points_table(sweep: Trials, points: DataFrame, measures: Sequence[str]) -> str:
    measures = measures[: max(COLUMNS_MAX - len(sweep.factors), 2)]
    heads = ["point", *map(sweep.short, sweep.factors), "n", *map(label, measures)]
    by_point = dict(tuple(sweep.whole.groupby("point")))
    rows = []
    for number, point in zip(points.index, points.to_dict("records"), strict=True):
        trials = by_point[number]
        means = (shown(mean_of(trials[name].to_numpy(float))) for name in measures)
        given = (shown_value(point[factor]) for factor in sweep.factors)
        rows.append([str(number), *given, str(len(trials)), *means])
    return table(heads, rows)


def _halving(sweep: Trials) -> Iterator[str]:
    """How many points lived how long, and which of them to the end."""
    yield "<h2>What halving kept</h2>"
    lived = sweep.last_rungs
    rungs = sorted(sweep.table["rung"].unique().tolist())
    rows = []
    for rung in rungs:
        here = sweep.table[sweep.table["rung"] == rung]
        ended = lived[(lived["rung"] == rung) & (lived["status"] == STOPPED)]
        failed = here["status"] == FAILED
        counts = (here["point"].nunique(), ended["point"].nunique(), failed.sum())
        rows.append([str(rung), *map(str, counts)])
    yield table(["rung", "points that lived it", "stopped after it", "failed trials"], rows)
    kept = ", ".join(map(str, sweep.points.index.tolist()))
    yield f"<p>Points that lived to the end: {escape(kept or NONE)}.</p>"


# What failed


def _failures(sweep: Trials) -> Iterator[str]:
    failed = sweep.failed
    if not len(failed):
        return
    yield f"<h2>Failed trials</h2><p>{len(failed):,} of {len(sweep.last_rungs):,} trials failed."
    yield "</p>"
    causes = Counter(zip(failed["stage"], failed["error"], strict=True))
    yield table(
        ["stage", "error", "trials"],
        [[str(stage), str(error), str(count)] for (stage, error), count in causes.most_common()],
        "words",
    )
    for trial in failed.head(FAILED_MAX).to_dict("records"):
        yield _failure(sweep, trial)
    if len(failed) > FAILED_MAX:
        yield f'<p class="note">and {len(failed) - FAILED_MAX} more, in trials.parquet.</p>'


def _failure(sweep: Trials, trial: dict[str, Any]) -> str:
    given = " ".join(
        f"{sweep.short(factor)}={shown_value(trial[factor])}" for factor in sweep.factors
    )
    head = f"point {trial['point']}, seed {trial['seed']}, in {trial['stage']}: {trial['error']}"
    return (
        f"<details><summary>{escape(head)}</summary><p>{escape(given)}</p>"
        f"<pre>{escape(str(trial['traceback']))}</pre></details>"
    )
