"""`noosphere studies`: what ships."""

from __future__ import annotations

import click

from experiments.cli.printing import print_table


@click.command("studies")
def command() -> None:
    """List the studies that ship."""
    from experiments.study.shipped import study_rows

    print_table([("study", "kind", "what it is"), *study_rows()])
