"""`noosphere orders GRAPH`: what one strategy earns in every order of its engines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from swarm.reasoning import KnowledgeGraph, Problem, Strategies
    from swarm.reasoning.orders import OrderSearch, Rate

SHOWN = 5
"""Orders shown at either end."""

QUERIES = 200
SPLIT = (0.8, 0.1, 0.1)
"""Shares of train, valid and test for a graph that comes without parts."""


@click.command()
@click.argument("graph")
@click.option("--queries", metavar="N", default=QUERIES, show_default=True, help="Queries drawn.")
@click.option("--workers", metavar="N", default=1, show_default=True, help="Processes.")
@click.option("--seed", metavar="N", default=0, show_default=True, help="Of the queries drawn.")
@click.option("--beam", default=3.0, show_default=True, help="Prune so far below the best.")
@click.option("--commit", default=1.5, show_default=True, help="Settle at such a margin.")
@click.option("--memory", default=0.0, show_default=True, help="Strength of working memory.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def orders(
    graph: str,
    queries: int,
    workers: int,
    seed: int,
    beam: float,
    commit: float,
    memory: float,
    as_json: bool,
) -> None:
    """Try every order of the engines on a GRAPH.

    GRAPH is a name that ships, or a folder of facts. The best-validating variant of each engine has
    a say of equal weight, and no gate. An order matters because engines that come first prune,
    settle and are remembered.
    """
    with _bar(not as_json and sys.stdout.isatty()) as progress:
        tried = try_orders(graph, queries, workers, seed, beam, commit, memory, progress)
    click.echo(json.dumps(tried.as_json(), indent=2) if as_json else str(tried))


@dataclass(frozen=True)
class Tried:
    """What came of it: the search, what its numbers mean, and what the caches were asked."""

    graph: str
    queries: int
    engines: tuple[str, ...]
    settings: dict[str, float]
    workers: int
    search: OrderSearch
    rates: dict[str, Rate]

    def as_json(self) -> dict[str, Any]:
        """JSON values: the figures, and the orders from the best to the worst."""
        found = self.search
        ranked = _best_first(found)
        return {
            "graph": self.graph,
            "queries": self.queries,
            "settings": self.settings,
            "mrr": _spread(found.mrr),
            "credit": _spread(found.credit),
            "cost": _spread(found.cost),
            "steps": found.steps,
            "cpu_seconds": float(found.seconds.sum()),
            "workers": self.workers,
            "busiest_over_lower_bound": found.imbalance,
            "deaths": found.deaths,
            "stolen": found.stolen,
            "caches": {
                name: {"hits": rate.hits, "misses": rate.misses}
                for name, rate in self.rates.items()
            },
            "orders": [
                {
                    "order": [self.engines[e] for e in found.orders[i]],
                    "credit": float(found.credit[i]),
                    "mrr": float(found.mrr[i]),
                    "cost": float(found.cost[i]),
                }
                for i in ranked
            ],
        }

    def __str__(self) -> str:
        found, ranked = self.search, _best_first(self.search)
        naive = found.orders.size * self.queries
        lines = [
            f"{self.graph}: {len(found.orders):,} orders of {len(self.engines)} engines on "
            f"{self.queries:,} validation queries · "
            + " · ".join(f"{name} {value:g}" for name, value in self.settings.items()),
            "",
            f"  {'credit':>7}{'MRR':>8}{'cost':>7}  order",
        ]
        for place, i in enumerate(ranked):
            if SHOWN <= place < len(ranked) - SHOWN:
                if place == SHOWN:
                    lines.append("      ...")
                continue
            names = " > ".join(self.engines[e] for e in found.orders[i])
            lines.append(
                f"  {found.credit[i]:7.4f}{found.mrr[i]:8.4f}{found.cost[i]:7.1f}  {names}"
            )
        lines.append("")
        for name, values in (("MRR", found.mrr), ("cost", found.cost)):
            of = _spread(values)
            lines.append(f"{name:5}" + "  ".join(f"{key} {value:.4g}" for key, value in of.items()))
        lines.append(
            f"{found.steps:,} steps in place of {naive:,} order by order, "
            f"{found.seconds.sum():.2f} s of CPU, {self.workers} "
            f"worker{'s' if self.workers > 1 else ''}, the busiest "
            f"{found.imbalance:.3f} x the lower bound"
        )
        lines.append(
            "caches: "
            + ", ".join(
                f"{name} {rate.hits:,} of {rate.lookups:,} ({rate.share:.0%})"
                for name, rate in self.rates.items()
            )
        )
        if found.deaths:
            lines.append(f"{found.deaths} workers died; what they had begun was done again")
        return "\n".join(lines)


def try_orders(
    graph: str,
    queries: int = QUERIES,
    workers: int = 1,
    seed: int = 0,
    beam: float = 3.0,
    commit: float = 1.5,
    memory: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> Tried:
    """Search all orders on queries drawn from the validation part of a graph.

    Raises:
        GraphError: the graph cannot be read.
        OrdersError: a setting that makes no search.
    """
    import numpy as np

    from swarm.reasoning import Problem, load_graph
    from swarm.reasoning.orders import OrdersError, search_orders

    for name, value in (("queries", queries), ("workers", workers)):
        if value < 1:
            raise OrdersError(f"--{name} {value}: at least 1, such as --{name} 2")
    if seed < 0:
        raise OrdersError(f"--seed {seed}: 0 or more, such as --seed 1")
    for name, strength in (("beam", beam), ("commit", commit)):
        if not 0 < strength < inf:
            raise OrdersError(f"--{name} {strength:g}: more than 0, and finite, such as --{name} 2")
    if not 0 <= memory < inf:
        raise OrdersError(f"--memory {memory:g}: 0 or more, and finite, such as --memory 0.5")
    problem = Problem.pose(_with_parts(load_graph(graph), seed))
    tasks = len(problem.table)
    drawn = np.sort(np.random.default_rng(seed).permutation(tasks)[:queries])
    search = search_orders(
        plain_strategy(problem, beam, commit, memory),
        problem.table,
        problem.faculties.costs,
        problem.referee,
        queries=drawn,
        workers=workers,
        depth=None if workers > 1 else 3,
        progress=progress,
    )
    settings = {"beam": beam, "commit": commit, "memory": memory}
    rates = {"across workers": search.shared}
    return Tried(graph, len(drawn), problem.faculties.names, settings, workers, search, rates)


def plain_strategy(
    problem: Problem, beam: float = 3.0, commit: float = 1.5, memory: float = 0.0
) -> Strategies:
    """The best-validating variant of each engine at equal weight, gate and protocols off."""
    import numpy as np

    from experiments.reasoning.baselines import Exam, pick_variants
    from swarm.reasoning import GateNetworks, Strategies
    from swarm.reasoning.strategy import STATE_FEATURES

    table, K = problem.table, len(problem.faculties.engines)
    seen = len(STATE_FEATURES) + table.features.shape[1]
    picks = pick_variants(Exam(table, problem.referee))
    nothing, off = np.zeros(0, np.int32), np.zeros(1, np.float32)
    return Strategies(
        order=np.arange(K, dtype=np.int8)[None],
        length=np.full(1, K, np.int32),
        variant=(picks - table.first[:-1]).astype(np.int16)[None],
        weight=np.ones((1, K), np.float32),
        beam=np.full((1, K), beam, np.float32),
        commit=np.full((1, K), commit, np.float32),
        gate=np.zeros((1, K + 1, seen), np.float32),
        networked=np.zeros(1, bool),
        networks=GateNetworks.compile(
            seen - 1, K + 1, np.zeros(2, np.int32), nothing, nothing, off[:0], np.zeros((1, K + 1))
        ),
        consensus=np.ones(1, np.float32),
        novelty=off,
        council=off,
        inversion=off,
        trust=off,
        memory=np.full(1, memory, np.float32),
    )


def _with_parts(graph: KnowledgeGraph, seed: int) -> KnowledgeGraph:
    return graph if len(graph.valid) and len(graph.test) else graph.resplit(SPLIT, seed)


def _best_first(found: OrderSearch) -> list[int]:
    """Orders by credit, then by cost, then as a dictionary has them."""
    import numpy as np

    order: list[int] = np.lexsort((found.cost, -found.credit)).tolist()
    return order


def _spread(values: Any) -> dict[str, float]:
    import numpy as np

    low, median, high = np.quantile(values, (0.05, 0.5, 0.95))
    return {
        "least": float(values.min()),
        "5%": float(low),
        "median": float(median),
        "95%": float(high),
        "most": float(values.max()),
        "deviation": float(values.std()),
    }


@contextmanager
def _bar(watched: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar of the batches done, if somebody watches."""
    if not watched:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress("batch", MofNCompleteColumn(), BarColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("")
        yield lambda done, batches: bar.update(task, completed=done, total=batches)
