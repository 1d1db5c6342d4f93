"""`noosphere resume`: what was stopped goes on."""

from __future__ import annotations

import click

from experiments.cli.printing import print_results


@click.command("resume")
@click.argument("run")
def command(run: str) -> None:
    """Go on with a RUN (its folder) that was stopped."""
    from experiments.running.progress import fitting
    from experiments.running.run import resume

    print_results(resume(run, fitting()))
