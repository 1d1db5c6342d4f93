"""Benchmarks: `python -m benchmarks KIND`, where KIND is main, causal, ablations, orders, world,
abm, gossip, motion, evolution, economy, arenas, memory or experience.

All take `--json`, one line a row with name, ours, peer, ratio and checks, and `--quick`, a look in
under a minute. A check that does not hold makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks import arenas, economy, evolution, experience, memory
from experiments.study.toml import StudyError
from swarm.reasoning import GraphError

STUDIES, SEEDS = ("umls", "kinships", "umls-30", "kinships-30"), 5
IN_PARTS = {
    "evolution": ("searches beside DEAP, pymoo, pyribs and others", evolution.PARTS),
    "economy": ("ledger, order book and markets beside plain ones", economy.PARTS),
    "memory": ("facts, replicas, vectors and shards beside stores and indexes", memory.PARTS),
    "experience": ("commands, sweeps, executors and the dashboard", experience.PARTS),
    "arenas": ("games and ratings beside axelrod, OpenSpiel and openskill", arenas.PARTS),
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    kinds = whole.add_subparsers(dest="kind", required=True)
    main = kinds.add_parser("main", help="the final table over several seeds, with intervals")
    main.add_argument("--seeds", type=_at_least_one, default=SEEDS, help=f"runs a graph ({SEEDS})")
    main.add_argument(
        "--graphs",
        nargs="+",
        default=list(STUDIES),
        metavar="STUDY",
        help=f"studies to run ({' '.join(STUDIES)})",
    )
    main.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="keep every finished run in this file of JSON lines, and take from it what is there",
    )
    rest = {
        "causal": "evolved agents beside fixed engines on hidden networks",
        "ablations": "what each part of a world is worth, found out by leaving it out",
        "orders": "all orders of the engines through a trie, beside each on its own",
        "world": "ticks per second and peak memory of worlds of reasoners",
        "abm": "standard models beside Mesa's, Python steps, a million agents",
        "gossip": "membership and broadcast beside what theory says",
        "motion": "ants on two TSPLIB instances, particle swarms beside pymoo's",
    }
    for name, text in rest.items():
        kinds.add_parser(name, help=text)
    for name, (text, parts) in IN_PARTS.items():
        kinds.add_parser(name, help=text).add_argument(
            "--parts", nargs="+", default=parts, choices=parts, help="some of it", metavar="PART"
        )
    for kind in kinds.choices.values():
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
    # What a benchmark needs is imported here: each brings peers of its own.
    if options.kind == "main":
        from benchmarks import main

        try:
            return main.benchmark(
                options.graphs, options.seeds, options.json, options.quick, options.record
            )
        except (StudyError, GraphError) as error:  # they explain themselves
            print(error, file=sys.stderr)
            return 2
    if options.kind == "world":
        from benchmarks import world

        return world.benchmark(options.json, options.quick)
    if options.kind == "ablations":
        from benchmarks import ablations

        return ablations.benchmark(options.json, options.quick)
    from benchmarks.rows import show

    if options.kind == "causal":
        from benchmarks import causal

        return show(causal.rows(options.quick), options.json)
    if options.kind == "orders":
        from benchmarks import orders

        return show(orders.rows(options.quick), options.json)
    if options.kind == "abm":
        from benchmarks import abm

        return show(abm.rows(options.quick), options.json)
    if options.kind == "gossip":
        from benchmarks import gossip

        return show(gossip.rows(options.quick), options.json)
    if options.kind in IN_PARTS:
        folder = import_module(f"benchmarks.{options.kind}")
        return show(folder.rows(options.quick, tuple(options.parts)), options.json)
    from benchmarks import motion

    return show(motion.rows(options.quick), options.json)


if __name__ == "__main__":
    sys.exit(command())
