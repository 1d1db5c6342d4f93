"""Networks as dictionaries: the plain form that the tests compare the columns with."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from evolution import Network


@dataclass
class Plain:
    """Links (source, target) to (weight, on or off), outputs' biases, hidden nodes' biases."""

    links: dict[tuple[int, int], tuple[float, float]]
    outputs: list[float]
    nodes: dict[int, float]


def plain(net: Network, row: np.ndarray) -> Plain:
    stop = 4 * net.links
    links = {(int(s), int(t)): (w, e) for s, t, w, e in row[:stop].reshape(-1, 4).tolist() if s > 0}
    nodes = {int(i): b for i, b in row[stop + net.outputs :].reshape(-1, 2).tolist() if i > 0}
    return Plain(links, row[stop : stop + net.outputs].tolist(), nodes)


def column(net: Network, *networks: Plain) -> np.ndarray:
    """Rows of plain networks."""
    out = np.zeros((len(networks), net.size))
    for row, network in zip(out, networks, strict=True):
        for i, ((source, target), (weight, on)) in enumerate(sorted(network.links.items())):
            row[4 * i : 4 * i + 4] = source, target, weight, on
        row[4 * net.links : 4 * net.links + net.outputs] = network.outputs
        for i, (node, bias) in enumerate(sorted(network.nodes.items())):
            at = 4 * net.links + net.outputs + 2 * i
            row[at : at + 2] = node, bias
    return out


def acyclic(network: Plain) -> bool:
    graph: dict[int, set[int]] = {}
    for source, target in network.links:
        graph.setdefault(target, set()).add(source)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return False
    return True


def valid(net: Network, row: np.ndarray) -> bool:
    """What the locus promises of a row, read off its plain form."""
    network = plain(net, row)
    first = net.inputs + net.outputs + 1
    values = [w for w, _ in network.links.values()] + network.outputs + [*network.nodes.values()]
    return (
        # Nothing was lost on the way: whole ids, ascending, each once, zeros behind.
        bool((column(net, network)[0] == row).all())
        and all(abs(value) <= net.reach for value in values)
        and all(on in (0.0, 1.0) for _, on in network.links.values())
        and all(first <= node < first + 2**32 for node in network.nodes)
        and all(s <= net.inputs or s in network.nodes for s, _ in network.links)
        and all(net.inputs < t < first or t in network.nodes for _, t in network.links)
        and acyclic(network)
    )


def evolved(net: Network, n: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """Networks of all sizes: drawn, then mutated and crossed a number of times."""
    rows = net.sample(n, rng)
    for _ in range(times):
        rows = net.mutate(rows, rng, rate=0.2, scale=1.0)
        rows = net.crossover(rows, rows[rng.permutation(n)], rng)
    return rows
