"""The report of a run: one page that needs nothing beside itself.

Reads what is in the run folder and writes `report.html`; what was not recorded is left out with
a note that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from experiments.reports.page import embedded, facts, table, write_page
from experiments.reports.pictures import Contents, NotRecordedError, Picture, Record
from experiments.running.files import read_manifest, read_results, read_study, read_table
from experiments.study.toml import parse

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
        *_steered(record.results.get("steered", [])),
        "<h2>What happened</h2>",
        *(_figure(record, picture) for picture in contents.pictures(record)),
        *contents.closing(record),
        "<h2>The study</h2>",
        f"<pre>{escape(text)}</pre>",
        "<h2>Where it comes from</h2>",
        facts(manifest),
    ]
    return write_page(folder / "report.html", title, body)


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
        return embedded(picture.svg(record), picture.title, picture.caption)
    except NotRecordedError as reason:
        return f'<p class="note">{picture.title}: not drawn, {escape(str(reason))}.</p>'


def _steered(steered: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What was changed of the world while it lived; nothing if nothing was."""
    if steered:
        yield "<h2>What was changed on the way</h2>"
        rows = [[f"{each['tick']:,}", _changes(each["set"])] for each in steered]
        yield table(["after tick", "set"], rows, "words")


def _changes(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


# Reading


def _table(path: Path) -> dict[str, np.ndarray]:
    """Columns of a Parquet file; none if there is no file."""
    if not path.exists():
        return {}
    found = read_table(path)
    return {name: found[name].to_numpy() for name in found.column_names}
