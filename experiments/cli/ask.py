"""`noosphere ask`: a question to a graph."""

from __future__ import annotations

import click


@click.command("ask")
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
def command(
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
    """Ask a GRAPH what HEAD stands in RELATION to, and why.

    `?` as HEAD asks for heads. Answers come in layers: safe, near and far. With a TAIL, that one
    answer is explained.
    """
    from experiments.reasoning.ask import ask

    asked = ask(graph, head, relation, tail, mode, answers, inverse, run, recompute)
    click.echo(asked.as_json() if as_json else str(asked))
