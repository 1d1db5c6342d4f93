"""`noosphere report`: the page of a run or of a sweep."""

from __future__ import annotations

import click


@click.command("report")
@click.argument("folder")
def command(folder: str) -> None:
    """Write report.html of a FOLDER, a run's or a sweep's, anew."""
    from pathlib import Path

    from experiments.comparing.finished import is_sweep

    if is_sweep(Path(folder)):
        from experiments.comparing.report import write_sweep_report

        click.echo(write_sweep_report(folder))
        return
    from experiments.reports.report import write_report
    from experiments.running.files import RunError
    from experiments.running.folder import RunFolder

    run = RunFolder(folder)
    if run.results is None:
        raise RunError(
            f"{folder}: not finished yet; noosphere resume {folder} brings it to its end"
        )
    click.echo(write_report(run.path))
