"""`noosphere resume`: what was stopped goes on."""

from __future__ import annotations

import sys

import click

from experiments.cli.printing import print_results


@click.command("resume")
@click.argument("run")
def command(run: str) -> None:
    """Go on with a run, sweep or tournament that was stopped.

    RUN is its folder. Nothing that is finished is done again.
    """
    from pathlib import Path

    if (Path(run) / "tournament.json").is_file():
        from experiments.tournament.play import progress, resume_tournament

        with progress(sys.stderr.isatty()) as watch:
            results = resume_tournament(run, watch=watch)
        click.echo(results)
        return
    if (Path(run) / "sweep.toml").is_file():
        from experiments.cli.sweep import go_on

        go_on(run)
        return
    from experiments.running.progress import fitting
    from experiments.running.run import resume

    print_results(resume(run, fitting()))
