"""The report of a run: one page that needs nothing beside itself.

Reads what is in the run folder and writes `report.html`; what was not recorded is left out with
a note that says so.
"""

from __future__ import annotations

import base64
import io
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.baselines import BEST_SINGLE
from experiments.evaluation import EVOLVED, RANDOM_SEARCH
from swarm.checkpoint import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that colour-blind people can tell apart (Okabe and Ito 2008).
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PINK, YELLOW, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#777777"
ENGINE_COLOURS = (BLUE, ORANGE, GREEN, RED, SKY, PINK, YELLOW)

STYLE: Mapping[str, Any] = {
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": "#333333",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.hashsalt": "noosphere",
    "xtick.color": "#555555",
    "ytick.color": "#555555",
}
WIDTH = 7.2

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
h1, h2 {{ line-height: 1.2; font-weight: 600; }}
h2 {{ margin-top: 2.5rem; }}
figure {{ margin: 0 0 2rem; }}
figure img {{ width: 100%; }}
figcaption, .note {{ color: #555; font-size: .9rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #e6e6e6; }}
th:first-child, td:first-child {{ text-align: left; }}
tr.best {{ background: #e8f3fa; font-weight: 600; }}
pre {{ background: #f6f6f6; padding: .8rem; overflow-x: auto; font-size: .85rem; }}
ol.note {{ padding-left: 1.3rem; }}
.facts td {{ text-align: left; word-break: break-word; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


class NotRecorded(Exception):
    """A picture needs something that the run has not recorded."""


@dataclass(frozen=True)
class Record:
    """What a run folder holds; empty where a file is missing.

    Attributes:
        metrics: columns, one row a tick.
        agents: columns, one row an agent and generation.
        results: of the examination.
        study: sections of the study.
    """

    metrics: Mapping[str, np.ndarray]
    agents: Mapping[str, np.ndarray]
    results: Mapping[str, Any]
    study: Mapping[str, Any]

    def metric(self, *names: str) -> list[np.ndarray]:
        """Columns of the metrics; raises NotRecorded if one is missing or empty."""
        return _columns(self.metrics, "metrics.parquet", names)

    def by_generation(self, *names: str) -> tuple[np.ndarray, list[np.ndarray]]:
        """Generations, and the mean of each metric over the ticks of each."""
        generation, *values = self.metric("generation", *names)
        each, row, ticks = np.unique(generation, return_inverse=True, return_counts=True)
        return each, [np.bincount(row, value) / ticks for value in values]

    def credit_of(self, name: str) -> float | None:
        """Validation credit of a row of the final table, if it is there."""
        rows = (row for row in self.results.get("rows", ()) if row["name"] == name)
        return next((row["valid"] for row in rows), None)


def write_report(folder: Path) -> Path:
    """Write `report.html` of a run folder; returns its path.

    Args:
        folder: with study.toml, manifest.json, metrics.parquet, agents.parquet, results.json.
    """
    folder = Path(folder)
    study_text = _text(folder / "study.toml")
    study = tomllib.loads(study_text)
    record = Record(
        _table(folder / "metrics.parquet"),
        _table(folder / "agents.parquet"),
        json.loads(_text(folder / "results.json") or "{}"),
        study,
    )
    title = f"{study.get('name', folder.name)}, seed {study.get('seed', '?')}"
    manifest = json.loads(_text(folder / "manifest.json") or "{}")
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(str(study.get('description', '')))}</p>",
        *_results(record.results),
        "<h2>What happened</h2>",
        *(_figure(record, picture) for picture in PICTURES),
        *_best(record.results.get("best", {})),
        "<h2>The study</h2>",
        f"<pre>{escape(study_text)}</pre>",
        "<h2>Where it comes from</h2>",
        f'<table class="facts">{"".join(_facts(manifest))}</table>',
    ]
    path = folder / "report.html"
    with replacing(path) as temporary:
        page = PAGE.format(title=escape(title), body="\n".join(body))
        Path(temporary).write_text(page, encoding="utf-8")
    return path
