"""What several commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from experiments.running.folder import RunFolder
    from experiments.study.study import Study


def print_options(study: Study) -> None:
    """Everything that the run depends on, a line a section."""
    values = study.resolved().model_dump()
    about = (study.name, f"seed {study.seed}", study.description)
    click.echo(" · ".join(filter(None, about)))
    sections = {name: keys for name, keys in values.items() if isinstance(keys, dict)}
    others = values.keys() - sections.keys() - {"name", "seed", "description"}
    if others:
        sections = {"run": {key: values[key] for key in values if key in others}, **sections}
    for section, keys in sections.items():
        given = " ".join(f"{k}={v}" for k, v in keys.items() if v is not None)
        click.echo(f"  {section:11}{given}")


def print_results(folder: RunFolder) -> None:
    """What a run has come to, and where its report is."""
    assert folder.results is not None, "a run that has ended has results"
    click.echo(f"\n{folder.study.format_results(folder.results)}\n")
    click.echo(f"report: {folder.path / 'report.html'}")


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as they have to be; the first row is the heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
