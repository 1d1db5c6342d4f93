"""`noosphere replay`: any tick of a run, rebuilt."""

from __future__ import annotations

import click


@click.command("replay")
@click.argument("run")
@click.option("--tick", type=click.IntRange(0), metavar="T", help="Show the world after this tick.")
@click.option("--agent", type=click.IntRange(0), metavar="ID", help="List what this agent did.")
@click.option("--from", "first", type=click.IntRange(1), metavar="A", help="First tick of it.")
@click.option("--to", "last", type=click.IntRange(1), metavar="B", help="Last tick of it.")
@click.option("--out", metavar="FILE", help="Write the list to a .csv or .parquet file instead.")
def command(
    run: str,
    tick: int | None,
    agent: int | None,
    first: int | None,
    last: int | None,
    out: str | None,
) -> None:
    """Go back in a RUN (its folder) to any tick, rebuilt exactly.

    What is rebuilt is checked against the record. Episodes are those of tick T, of the ticks A to
    B, or of the whole run if none is given.
    """
    from experiments.running.episodes import show, writer
    from experiments.running.replay import look_back

    write = writer(out, agent) if out else show
    summary, table = look_back(
        run, tick, agent, first, last, lambda text: click.echo(text, err=True)
    )
    if summary is not None:
        click.echo(summary)
    if table is not None:
        write(table)
