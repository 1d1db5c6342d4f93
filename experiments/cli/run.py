"""`noosphere run`: a study lived from the first tick to the report."""

from __future__ import annotations

import click

from experiments.cli.printing import print_options, print_results


@click.command("run")
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
def command(study: str, seed: str | None, out: str, changes: tuple[str, ...]) -> None:
    """Live a STUDY: one of `noosphere studies`, or a TOML file."""
    from experiments.running.progress import fitting
    from experiments.study.reading import load_study

    seeds = () if seed is None else (f"seed={seed}",)
    chosen = load_study(study, (*changes, *seeds))
    from experiments.running.run import run  # slow to import: a mistake in the file is told before

    print_options(chosen)
    print_results(run(chosen, out, fitting()))
