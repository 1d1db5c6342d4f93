"""`noosphere doctor`: versions, extras and hazards."""

from __future__ import annotations

import sys

import click


@click.command("doctor")
def command() -> None:
    """Print versions, extras and hazards.

    Exit code 1 if there is a hazard.
    """
    from experiments.doctor import diagnose

    facts, hazards = diagnose()
    click.echo("\n".join(facts))
    click.echo("\nhazards" if hazards else "\nno hazards")
    for hazard in hazards:
        click.echo(f"- {hazard}")
    sys.exit(1 if hazards else 0)
