"""A comparison in words and columns, for a terminal and for a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from experiments.comparing.comparison import Cell, Comparison
from experiments.comparing.differences import PAIRED
from experiments.comparing.intervals import CONFIDENCE, Interval

NONE = "–"
HELD_OUT = " (held out)"


def shown(interval: Interval, signed: bool = False) -> str:
    """A figure with its bounds, such as `0.523 [0.504, 0.542]`, as exact as the bounds are."""
    if not math.isfinite(interval.value):
        return NONE
    places = _places(interval)
    sign = "+" if signed else ""
    value = f"{interval.value:{sign},.{places}f}"
    if not interval.bounded or interval.low == interval.high:
        return value
    return f"{value} [{interval.low:,.{places}f}, {interval.high:,.{places}f}]"


def _places(interval: Interval) -> int:
    """Decimals: two digits of the width of the interval, or four of the figure without one."""
    width = interval.high - interval.low if interval.bounded else 0.0
    scale, digits = (width / 2, 2) if width > 0 else (abs(interval.value), 4)
    if not width and interval.value == round(interval.value):
        return 0
    return min(max(digits - 1 - math.floor(math.log10(scale)), 0), 12) if scale else 0


def shown_p(p: float) -> str:
    """A p-value, such as 0.032 or <0.001."""
    if not math.isfinite(p):
        return NONE
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def heads(comparison: Comparison) -> list[str]:
    """Names of the columns."""
    kinds = {cell.difference.kind for row in comparison.rows for cell in row.cells[1:]
             if cell.difference}  # fmt: skip
    effect = {frozenset({PAIRED}): "g_av"}.get(frozenset(kinds), "g")
    if len(kinds) > 1:
        effect = "g or g_av"
    found = ["measure", "group", "n", "mean [low, high]"]
    if len(comparison.groups) > 1:
        found += ["difference [low, high]", f"{effect} [low, high]", "higher", "p"]
    return found


def lines(comparison: Comparison) -> Iterator[list[str]]:
    """The rows of a table, below `heads`; a measure is named in its first."""
    alone = len(comparison.groups) == 1
    for row in comparison.rows:
        name = f"{row.measure}{HELD_OUT if row.held_out else ''}"
        for cell in row.cells:
            about = [name, cell.group, str(len(cell.values)), shown(cell.mean)]
            yield about if alone else [*about, *_difference(cell)]
            name = ""


def _difference(cell: Cell) -> Sequence[str]:
    if cell.difference is None:
        return ("", "", "", "")
    found = cell.difference
    higher = f"{100 * found.superiority:.0f}%" if found.replicates > 1 else NONE
    return (
        shown(found.mean, signed=True),
        shown(found.effect, signed=True),
        higher,
        shown_p(cell.p),
    )


def legend(comparison: Comparison) -> Iterator[str]:
    """What the columns mean, and all notes."""
    every = [c.difference for row in comparison.rows for c in row.cells if c.difference]
    kinds = {each.kind for each in every if each.replicates > 1}
    share = f"{CONFIDENCE:.0%}"
    how = {
        "t": f"Student's t, {share}",
        "resampling": f"BCa bootstrap, {share}",
    }[comparison.method]
    tests = {"t": "t tests", "resampling": "permutation tests"}[comparison.method]
    yield f"intervals: {how}"
    if every:
        yield f"difference: from {comparison.baseline}"
    if kinds:
        if kinds - {PAIRED}:
            yield "g: Hedges' g, in pooled standard deviations (Hedges 1981)"
        if PAIRED in kinds:
            yield (
                "g_av: as Hedges' g, for pairs, in the standard deviation of both groups "
                "(Cumming 2012)"
            )
        among = "of the pairs" if kinds == {PAIRED} else "of all couples, or of the pairs"
        if PAIRED not in kinds:
            among = "of all couples"
        yield f"higher: where the group is above the baseline, {among}, ties counted half"
        yield f"p: of {tests}, corrected for all differences shown (Holm 1979)"
    yield from comparison.notes


def as_text(comparison: Comparison) -> str:
    """The whole comparison for a terminal."""
    table = [heads(comparison), *lines(comparison)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rows = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join([*rows, "", *legend(comparison)])
