"""The report of a run: one page that needs nothing beside itself.

Reads what is in the run folder and writes `report.html`; what was not recorded is left out with
a note that says so.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from experiments.reports.pictures import Contents, NotRecordedError, Picture, Record
from experiments.running.folder import read_manifest, read_results, read_study, read_table
from experiments.study.toml import parse
from swarm.checkpoint import replacing

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
pre {{ background: #f6f6f6; padding: .8rem; font-size: .85rem; white-space: pre-wrap; }}
ol.note {{ padding-left: 1.3rem; }}
.facts td {{ text-align: left; word-break: break-word; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


NOT_EXAMINED = '<p class="note">The run has not been examined: there is no results.json.</p>'


def write_report(folder: Path) -> Path:
    """Write `report.html` of a run folder; returns its path.

    Args:
        folder: with study.toml, manifest.json, metrics.parquet, results.json; and with
            agents.parquet for reasoning agents, or checkpoints for a model.

    Raises:
        RunError: one of these files is damaged, or study.toml is not that of the run any more.
        StudyError: study.toml is not TOML.
    """
    folder = Path(folder)
    kept = folder / "manifest.json"
    manifest = read_manifest(kept) if kept.exists() else {}
    text = read_study(folder, manifest) if (folder / "study.toml").exists() else ""
    study = parse(folder / "study.toml", text)
    results = folder / "results.json"
    record = Record(
        _table(folder / "metrics.parquet"),
        _table(folder / "agents.parquet"),
        read_results(results) if results.exists() else {},
        study,
        folder,
    )
    contents = _contents(study)
    title = f"{study.get('name', folder.name)}, seed {study.get('seed', '?')}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(str(study.get('description', '')))}</p>",
        *(contents.words(record) if record.results.get("rows") else [NOT_EXAMINED]),
        "<h2>What happened</h2>",
        *(_figure(record, picture) for picture in contents.pictures(record)),
        *contents.closing(record),
        "<h2>The study</h2>",
        f"<pre>{escape(text)}</pre>",
        "<h2>Where it comes from</h2>",
        f'<table class="facts">{"".join(_facts(manifest))}</table>',
    ]
    path = folder / "report.html"
    with replacing(path) as temporary:
        page = PAGE.format(title=escape(title), body="\n".join(body))
        Path(temporary).write_text(page, encoding="utf-8")
    return path


def _contents(study: Mapping[str, Any]) -> Contents:
    """What the report of such a study is made of."""
    if "model" in study:
        from experiments.modelling.report import CONTENTS
    else:
        from experiments.reasoning.report import CONTENTS
    return CONTENTS


def _figure(record: Record, picture: Picture) -> str:
    """HTML of a picture, or of a note on why there is none."""
    try:
        data = base64.b64encode(picture.svg(record)).decode()
    except NotRecordedError as reason:
        return f'<p class="note">{picture.title}: not drawn, {escape(str(reason))}.</p>'
    return (
        f'<figure><img alt="{escape(picture.title)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption><b>{escape(picture.title)}.</b> {escape(picture.caption)}</figcaption>"
        "</figure>"
    )


def _facts(value: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Rows of a table of names and values; what is nested comes under a longer name."""
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _facts(inner, f"{prefix}{name} ")
        else:
            shown = "–" if inner is None else str(inner)
            yield f"<tr><td>{escape(prefix + name)}</td><td>{escape(shown)}</td></tr>"


# Reading


def _table(path: Path) -> dict[str, np.ndarray]:
    """Columns of a Parquet file; none if there is no file."""
    if not path.exists():
        return {}
    table = read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}
