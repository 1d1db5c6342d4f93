"""`noosphere tournament`: who is better."""

from __future__ import annotations

import sys

import click

from experiments.cli.printing import print_table


@click.command("tournament")
@click.argument("file", required=False)
@click.option("--seed", metavar="N", help="Seed, in place of the file's.")
@click.option("--out", metavar="DIR", default="runs", show_default=True, help="Where to write.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--json", "json_file", metavar="FILE", help="Write the results as JSON as well.")
@click.option(
    "--set",
    "changes",
    metavar="SECTION.KEY=VALUE",
    multiple=True,
    help="Change a value of the file, such as tournament.rounds=3 or game.noise=0.05.",
)
def command(
    file: str | None,
    seed: str | None,
    out: str,
    workers: int,
    json_file: str | None,
    changes: tuple[str, ...],
) -> None:
    """Play a tournament: who is better, with intervals.

    FILE is a TOML file, or the name of one that ships; without it those are listed. The table is
    the same for any number of workers. Every round is kept in a folder, with which `noosphere
    resume` goes on if the tournament was stopped.
    """
    from experiments.tournament.entrants import contest_of
    from experiments.tournament.file import load_tournament
    from experiments.tournament.play import json_writer, play_tournament, progress, shipped_rows
    from experiments.tournament.record import TournamentRecord

    if file is None:
        print_table([("tournament", "format", "game", "what it is"), *shipped_rows()])
        return
    seeds = () if seed is None else (f"seed={seed}",)
    chosen = load_tournament(file, (*changes, *seeds))
    write = json_writer(json_file)
    contest = contest_of(chosen)
    click.echo(chosen.options(contest.names))
    record = TournamentRecord.create(chosen, file, (*changes, *seeds), out)
    try:
        with progress(sys.stderr.isatty()) as watch:
            results = play_tournament(chosen, workers, watch, contest, record)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped; what was played is kept; to go on: noosphere resume {record.path}"
        ) from None
    click.echo(f"\n{results}\n\nkept: {record.path}")
    write(results)
