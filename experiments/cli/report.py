"""`noosphere report`: the page of a run."""

from __future__ import annotations

import click


@click.command("report")
@click.argument("run")
def command(run: str) -> None:
    """Write report.html of a RUN (its folder) anew."""
    from experiments.reports.report import write_report
    from experiments.running.folder import RunError, RunFolder

    folder = RunFolder(run)
    if folder.results is None:
        raise RunError(f"{run}: not finished yet; noosphere resume {run} brings it to its end")
    click.echo(write_report(folder.path))
