"""`noosphere sweep`: a study varied, trial by trial, to one table."""

from __future__ import annotations

import sys
from typing import Any

import click


@click.command("sweep")
@click.argument("source", metavar="[FILE|STUDY|FOLDER]", required=False)
@click.option(
    "--vary",
    metavar="KEY=LEVELS",
    multiple=True,
    help="A factor: economy.rent=0,1,2, or a range birds=10..200, or x=0.01..1:log.",
)
@click.option("--replicates", type=int, metavar="N", help="Trials of each point, each its seed.")
@click.option("--design", metavar="KIND", help="grid, random, latin-hypercube or optuna.")
@click.option("--trials", type=int, metavar="N", help="Points to try, of all but a grid.")
@click.option("--levels", type=int, metavar="N", help="Points of a range in a grid.")
@click.option("--objective", metavar="MEASURE", help="What Optuna, or halving, looks at.")
@click.option("--direction", metavar="max|min", help="Which values of it are good.")
@click.option("--sampler", metavar="NAME", help="Of Optuna: tpe, cma-es, nsga-ii, qmc and others.")
@click.option(
    "--set",
    "changes",
    metavar="SECTION.KEY=VALUE",
    multiple=True,
    help="Change a value of the study for all trials, as in `run`.",
)
@click.option("--seed", type=int, metavar="N", help="Of the replicates' seeds and of the design.")
@click.option("--name", metavar="NAME", help="Of the folder; made of study and factors if not.")
@click.option("--out", metavar="DIR", default="runs", show_default=True, help="Where to write.")
@click.option("--executor", default="pool", show_default=True, help="pool, in-place or ray.")
@click.option("--workers", type=int, metavar="N", help="Trials at once; one a core if not.")
@click.option("--examine/--no-examine", default=None, help="Sit the final examination, or not.")
@click.option("--dry-run", is_flag=True, help="Print the design and its cost, and run nothing.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first trial that fails.")
@click.option("--any-code", is_flag=True, help="Keep trials that other code has run.")
def command(
    source: str | None,
    vary: tuple[str, ...],
    changes: tuple[str, ...],
    out: str,
    executor: str,
    workers: int | None,
    dry_run: bool,
    fail_fast: bool,
    any_code: bool,
    **options: Any,
) -> None:
    """Vary a study: many trials, one table.

    FILE is a sweep file, or the name of one that ships; without it those are listed. A STUDY is
    varied by what --vary says. Said again, or with the FOLDER that it has made, a sweep goes on:
    only trials that are not finished are run, and more of them can be asked for.

    Exit code 1 if trials failed; they are rows of the table, with stage and traceback.
    """
    from experiments.sweeps.reading import load_sweep, shipped_sweeps

    if source is None:
        from experiments.cli.printing import print_table

        shipped = [load_sweep(name).file for name in shipped_sweeps()]
        rows = [(file.name, file.study, file.design.kind, file.description) for file in shipped]
        print_table([("sweep", "study", "design", "what it is"), *rows])
        return
    if dry_run:
        from experiments.sweeps.dry_run import design_in_words

        click.echo(
            design_in_words(*planned(source, vary, changes, out, options), workers, executor)
        )
        return
    go_on(
        source,
        vary,
        changes=changes,
        out=out,
        executor=executor,
        workers=workers,
        fail_fast=fail_fast,
        any_code=any_code,
        **options,
    )


def go_on(source: str, vary: tuple[str, ...] = (), **options: Any) -> None:
    """Run what is missing of a sweep, and say what came of it; exit code 1 if trials failed."""
    from experiments.sweeps.progress import fitting
    from experiments.sweeps.run import TrialFailedError, sweep
    from experiments.sweeps.summary import summary

    try:
        folder = sweep(source, vary, progress=fitting(), **options)
    except TrialFailedError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(summary(folder))
    if failed := len(folder.failed):
        click.echo(f"{failed:,} of {len(folder.table):,} trials failed", err=True)
        sys.exit(1)


def planned(
    source: str,
    vary: tuple[str, ...],
    changes: tuple[str, ...],
    out: str,
    options: dict[str, Any],
) -> tuple[Any, Any]:
    """The sweep that is asked for, and where its folder would be."""
    from pathlib import Path

    from experiments.sweeps.reading import load_sweep

    if not Path(source).is_dir():
        return load_sweep(source, vary, changes, **options), out
    from experiments.sweeps.folder import SweepFolder

    folder = SweepFolder(source)
    return load_sweep(folder.path / "sweep.toml", vary, changes, **options), folder.path.parent
