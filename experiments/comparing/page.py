"""A comparison as one page that needs nothing beside itself."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path

import numpy as np

from experiments.comparing.comparison import Comparison, Row
from experiments.comparing.pictures import comparison_height, draw_comparison
from experiments.comparing.text import heads, legend, lines
from experiments.reports.page import embedded, table, write_page
from experiments.reports.style import drawn

PANELS = 6
"""Measures in a picture."""
PICTURES = 4
"""More measures than these hold are in the table alone."""


def write_comparison(comparison: Comparison, path: str | Path) -> Path:
    """Write a comparison as HTML; returns its path.

    Raises:
        OSError: it cannot be written there.
    """
    names = [group.name for group in comparison.groups]
    title = f"{names[0]} and {len(names) - 1} others" if len(names) > 3 else " · ".join(names)
    rows = [row for row in comparison.rows if _varies(row)]
    pictures = [rows[at : at + PANELS] for at in range(0, len(rows), PANELS)][:PICTURES]
    body = [
        f"<h1>{escape(title)}</h1>",
        table(heads(comparison), lines(comparison)),
        '<ul class="note">',
        *(f"<li>{escape(line)}</li>" for line in legend(comparison)),
        "</ul>",
        "<h2>Every replicate</h2>",
    ]
    for some in pictures:
        svg = drawn(partial(draw_comparison, some), comparison_height(some))
        caption = "Dots are replicates, diamonds means, bars their 95% intervals."
        body.append(embedded(svg, _named([row.measure for row in some]), caption))
    if len(rows) > PANELS * PICTURES:
        body.append(f'<p class="note">Of {len(rows)} measures the first are drawn.</p>')
    if len(rows) < len(comparison.rows):
        body.append('<p class="note">Measures that are the same everywhere are not drawn.</p>')
    return write_page(Path(path), title, body)


def _varies(row: Row) -> bool:
    """Whether there is anything to see."""
    values = np.concatenate([cell.values for cell in row.cells])
    return len(values) > 0 and bool(np.ptp(values) > 0)


def _named(measures: list[str]) -> str:
    return ", ".join(measures)
