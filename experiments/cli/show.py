"""`noosphere show`: a study with every value."""

from __future__ import annotations

import click


@click.command("show")
@click.argument("study")
@click.option("--set", "changes", metavar="SECTION.KEY=VALUE", multiple=True, help="As in `run`.")
def command(study: str, changes: tuple[str, ...]) -> None:
    """Print a STUDY with every value written out, as TOML."""
    from experiments.study.reading import load_study, to_toml

    click.echo(to_toml(load_study(study, changes)), nl=False)
