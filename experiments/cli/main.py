"""The command line: `noosphere run`, `resume`, `ask`, `orders`, `tournament`, `studies` and others.

What a command needs is imported inside it, so that `noosphere --help` answers at once. Mistakes
that can be expected are one line each on the standard error, and exit code 2.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from experiments.reasoning.orders import orders

if TYPE_CHECKING:
    from experiments.running.folder import RunFolder
    from experiments.study.study import Study

# BLAS threads gain nothing on matrices this small and wait for each other on busy cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

OURS = ("arenas", "economy", "evolution", "experiments", "swarm")


class Commands(click.Group):
    """Turns errors that teach into one line, and Ctrl-C into exit code 130."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(context)
        except BrokenPipeError:
            raise  # the reader of our output has gone; click knows what to do
        except KeyboardInterrupt as interrupt:
            click.echo(f"\n{interrupt}" if str(interrupt) else "\nstopped", err=True)
            sys.exit(130)
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            self._refuse(f"{place}{error.strerror or error}")
        except ValueError as error:
            # Errors that our packages define explain themselves; any other is a mistake of ours
            # and shows where it was made.
            if type(error).__module__.partition(".")[0] not in OURS:
                raise
            self._refuse(str(error))

    def _refuse(self, message: str) -> None:
        click.echo(message, err=True)
        sys.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="noosphere")
def main() -> None:
    """Worlds of reasoning agents that gossip, trade and evolve."""


@main.command()
@click.argument("study")
@click.option("--seed", metavar="N", help="Seed, in place of the study's.")
@click.option("--out", metavar="DIR", default="runs", show_default=True, help="Where to write.")
@click.option(
    "--set",
    "changes",
    metavar="SECTION.KEY=VALUE",
    multiple=True,
    help="Change a value of the study, such as world.agents=500, or birds=400 of a model.",
)
def run(study: str, seed: str | None, out: str, changes: tuple[str, ...]) -> None:
    """Live a STUDY: a name (see `noosphere studies`) or a TOML file."""
    from experiments.running.progress import fitting
    from experiments.study.reading import load_study

    seeds = () if seed is None else (f"seed={seed}",)
    chosen = load_study(study, (*changes, *seeds))
    from experiments.running.run import run  # slow to import: a mistake in the file is told before

    _print_options(chosen)
    _print_results(run(chosen, out, fitting()))


@main.command()
@click.argument("run")
def resume(run: str) -> None:
    """Go on with a RUN (its folder) that was stopped."""
    from experiments.running.progress import fitting
    from experiments.running.run import resume

    _print_results(resume(run, fitting()))


@main.command()
@click.argument("run")
@click.option("--tick", type=click.IntRange(0), metavar="T", help="Show the world after this tick.")
@click.option("--agent", type=click.IntRange(0), metavar="ID", help="List what this agent did.")
@click.option("--from", "first", type=click.IntRange(1), metavar="A", help="First tick of it.")
@click.option("--to", "last", type=click.IntRange(1), metavar="B", help="Last tick of it.")
@click.option("--out", metavar="FILE", help="Write the list to a .csv or .parquet file instead.")
def replay(
    run: str,
    tick: int | None,
    agent: int | None,
    first: int | None,
    last: int | None,
    out: str | None,
) -> None:
    """Go back in a RUN (its folder) to any tick, rebuilt exactly and checked against the record.

    Episodes are those of tick T, of the ticks A to B, or of the whole run if none is given.
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


@main.command()
@click.argument("graph")
@click.argument("head")
@click.argument("relation")
@click.argument("tail", default="?")
@click.option("--mode", metavar="NAME", help="How daring; suggested for the question if left out.")
@click.option("--answers", type=click.IntRange(1), default=6, show_default=True, help="How many.")
@click.option("--inverse", is_flag=True, help="HEAD is a tail, and heads are asked for.")
@click.option("--run", metavar="RUN", help="Let the best agent of this run answer.")
@click.option(
    "--recompute",
    type=click.IntRange(0),
    default=12,
    show_default=True,
    help="Times to reason anew in search of what would change the first answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ask(
    graph: str,
    head: str,
    relation: str,
    tail: str,
    mode: str | None,
    answers: int,
    inverse: bool,
    run: str | None,
    recompute: int,
    as_json: bool,
) -> None:
    """Ask a GRAPH what HEAD stands in RELATION to, and why; `?` as HEAD asks for heads.

    Answers come in layers: safe, near and far. With a TAIL, that one answer is explained.
    """
    from experiments.reasoning.ask import ask

    asked = ask(graph, head, relation, tail, mode, answers, inverse, run, recompute)
    click.echo(asked.as_json() if as_json else str(asked))


main.add_command(orders)


@main.command()
@click.argument("file", required=False)
@click.option("--seed", metavar="N", help="Seed, in place of the file's.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--json", "json_file", metavar="FILE", help="Write the results as JSON as well.")
@click.option(
    "--set",
    "changes",
    metavar="SECTION.KEY=VALUE",
    multiple=True,
    help="Change a value of the file, such as tournament.rounds=3 or game.noise=0.05.",
)
def tournament(
    file: str | None,
    seed: str | None,
    workers: int,
    json_file: str | None,
    changes: tuple[str, ...],
) -> None:
    """Play a tournament: FILE is a TOML file, or one that ships; without it those are listed.

    The table is the same for any number of workers.
    """
    from experiments.tournament.entrants import contest_of
    from experiments.tournament.file import load_tournament
    from experiments.tournament.play import json_writer, play_tournament, progress, shipped_rows

    if file is None:
        _print_table([("tournament", "format", "game", "what it is"), *shipped_rows()])
        return
    seeds = () if seed is None else (f"seed={seed}",)
    chosen = load_tournament(file, (*changes, *seeds))
    write = json_writer(json_file)
    contest = contest_of(chosen)
    click.echo(chosen.options(contest.names))
    with progress(sys.stderr.isatty()) as watch:
        results = play_tournament(chosen, workers, watch, contest)
    click.echo(f"\n{results}")
    write(results)


@main.command()
def studies() -> None:
    """List the studies that ship."""
    from experiments.study.reading import load_study, study_names

    shipped = [load_study(name) for name in study_names()]
    rows = [(study.name, study.kind, study.description) for study in shipped]
    _print_table([("study", "kind", "what it is"), *rows])


@main.command()
@click.argument("study")
@click.option("--set", "changes", metavar="SECTION.KEY=VALUE", multiple=True, help="As in `run`.")
def show(study: str, changes: tuple[str, ...]) -> None:
    """Print a STUDY with every value written out, as TOML."""
    from experiments.study.reading import load_study, to_toml

    click.echo(to_toml(load_study(study, changes)), nl=False)


@main.command()
@click.argument("run")
def report(run: str) -> None:
    """Write report.html of a RUN (its folder) anew."""
    from experiments.reports.report import write_report
    from experiments.running.folder import RunError, RunFolder

    folder = RunFolder(run)
    if folder.results is None:
        raise RunError(f"{run}: not finished yet; noosphere resume {run} brings it to its end")
    click.echo(write_report(folder.path))


@main.command()
def doctor() -> None:
    """Print versions, extras and hazards; exit code 1 if there is a hazard."""
    from experiments.doctor import diagnose

    facts, hazards = diagnose()
    click.echo("\n".join(facts))
    click.echo("\nhazards" if hazards else "\nno hazards")
    for hazard in hazards:
        click.echo(f"- {hazard}")
    sys.exit(1 if hazards else 0)


def _print_options(study: Study) -> None:
    """Everything that the run depends on, a line a section."""
    values = study.resolved().model_dump()
    about = (study.name, f"seed {study.seed}", study.description)
    click.echo(" · ".join(filter(None, about)))
    sections = {name: keys for name, keys in values.items() if isinstance(keys, dict)}
    others = values.keys() - sections.keys() - {"name", "seed", "description"}
    if others:
        sections = {"run": {key: values[key] for key in values if key in others}, **sections}
    for section, keys in sections.items():
        given = " ".join(f"{k}={v}" for k, v in keys.items() if v is not None)
        click.echo(f"  {section:11}{given}")


def _print_results(folder: RunFolder) -> None:
    assert folder.results is not None, "a run that has ended has results"
    click.echo(f"\n{folder.study.format_results(folder.results)}\n")
    click.echo(f"report: {folder.path / 'report.html'}")


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


if __name__ == "__main__":
    main()
