"""`noosphere studies`: what ships."""

from __future__ import annotations

import click

from experiments.cli.printing import print_table


@click.command("studies")
def command() -> None:
    """List the studies that ship."""
    from experiments.study.reading import load_study, study_names

    shipped = [load_study(name) for name in study_names()]
    rows = [(study.name, study.kind, study.description) for study in shipped]
    print_table([("study", "kind", "what it is"), *rows])
