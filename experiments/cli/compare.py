"""`noosphere compare`: runs and sweeps beside each other, with intervals and effect sizes."""

from __future__ import annotations

import click


@click.command("compare")
@click.argument("places", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--measure",
    "measures",
    metavar="NAME",
    multiple=True,
    help="Show this measure alone; may be given again.",
)
@click.option("--against", metavar="GROUP", help="The baseline; the first group if left out.")
@click.option(
    "--method",
    type=click.Choice(["t", "resampling"]),
    default="t",
    show_default=True,
    help="Student's t, or BCa bootstrap and permutation tests, which want ten replicates.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the figures as CSV as well.")
@click.option("--out", metavar="FILE", help="Write a page with pictures, FILE.html, as well.")
def command(
    places: tuple[str, ...],
    measures: tuple[str, ...],
    against: str | None,
    method: str,
    as_json: bool,
    csv_file: str | None,
    out: str | None,
) -> None:
    """Compare runs, or the points of a sweep, with intervals.

    Each RUN is the folder of a run or of a sweep, and is compared with the first. Runs that differ
    in their seed alone are replicates of one group. Groups are named by what differs between them,
    and are compared in pairs if their seeds are the same.
    """
    import json

    from experiments.comparing.comparison import compare
    from experiments.comparing.text import as_text

    found = compare(places, measures, against, method)
    if csv_file:
        from pathlib import Path

        from swarm.checkpoint import replacing

        with replacing(Path(csv_file)) as temporary:
            temporary.write_text(found.table().to_csv(index=False), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=1))
    else:
        click.echo(as_text(found))
    if out:
        from experiments.comparing.page import write_comparison

        click.echo(write_comparison(found, out), err=as_json)
