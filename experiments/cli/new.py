"""`noosphere new`: a world of one's own to begin with."""

from __future__ import annotations

import click


@click.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["model", "reasoning", "players"]),
    default="model",
    show_default=True,
    help="A model, reasoning agents, or a player in a tournament.",
)
@click.option("--out", metavar="DIR", default=".", show_default=True, help="Where to write.")
def command(name: str, kind: str, out: str) -> None:
    """Write NAME.py and NAME.toml: a world of your own that runs."""
    from experiments.starting import KINDS, write

    file, study = write(name, kind, out)
    what, verb = KINDS[kind]
    click.echo(f"{file}: {what}; python {file} lives it and draws a picture")
    click.echo(f"{study}: for noosphere {verb} {study}")
