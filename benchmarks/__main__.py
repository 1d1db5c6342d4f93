"""`python -m benchmarks main` and `python -m benchmarks world`."""

from __future__ import annotations

import argparse
import sys

from benchmarks import main as main_benchmark
from benchmarks import world as world_benchmark
from experiments.toml import StudyError
from swarm.reasoning import GraphError


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    kinds = whole.add_subparsers(dest="kind", required=True)
    main = kinds.add_parser("main", help="the final table over several seeds, with intervals")
    seeds = main_benchmark.SEEDS
    main.add_argument("--seeds", type=_at_least_one, default=seeds, help=f"runs a graph ({seeds})")
    main.add_argument(
        "--graphs",
        nargs="+",
        default=list(main_benchmark.GRAPHS),
        metavar="STUDY",
        help=f"studies to run ({' '.join(main_benchmark.GRAPHS)})",
    )
    world = kinds.add_parser("world", help="ticks per second and peak memory of worlds")
    for kind in (main, world):
        kind.add_argument("--json", action="store_true", help="one line of JSON a row")
        kind.add_argument("--quick", action="store_true", help="a look in under a minute")
    return whole


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} seeds; at least 1, such as 5")
    return number


def command(arguments: list[str] | None = None) -> int:
    """Run a benchmark; returns the exit code."""
    options = parser().parse_args(arguments)
    if options.kind == "world":
        return world_benchmark.benchmark(options.json, options.quick)
    try:
        return main_benchmark.benchmark(options.graphs, options.seeds, options.json, options.quick)
    except (StudyError, GraphError) as error:  # they explain themselves
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(command())
