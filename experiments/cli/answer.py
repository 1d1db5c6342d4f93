"""`noosphere answer`: ask a question, and see the finding."""

from __future__ import annotations

import click


@click.command("answer")
@click.argument("name", metavar="[QUESTION]", required=False)
@click.option("--seeds", type=click.IntRange(2), metavar="N", help="Pairs; the question's own.")
@click.option("--out", default="answers", show_default=True, metavar="DIR", help="Where to write.")
@click.option("--png", is_flag=True, help="Draw a PNG in place of an SVG.")
@click.option("--quick", is_flag=True, help="A moment's run: shows that it works, says nothing.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
def command(
    name: str | None, seeds: int | None, out: str, png: bool, quick: bool, workers: int
) -> None:
    """Answer a QUESTION by experiment; without one, list them.

    Prints the finding, and writes its figure and its table, a row a trial. The answer is the same
    for any number of workers.
    """
    from pathlib import Path

    from experiments.questions.names import QUESTIONS

    if name is None:
        width = max(map(len, QUESTIONS))
        for known, asked in QUESTIONS.items():
            click.echo(f"{known.ljust(width)}  {asked}")
        return
    from experiments.executors import executor_of
    from experiments.questions.question import question

    posed = question(name)
    Path(out).mkdir(parents=True, exist_ok=True)  # told before the trials, which take minutes
    number = seeds or (2 if quick else posed.SEEDS)
    with executor_of("pool" if workers > 1 else "in-place", workers) as executor:
        answer = posed.ask(number, quick, executor)
    click.echo(str(answer))
    if quick:
        click.echo("(quick: this shows that it works, and says nothing)")
    for path in answer.write(Path(out), ".png" if png else ".svg"):
        click.echo(path)
