"""NEAT: how networks that lie in the rows of one array begin, mutate, cross and keep apart.

Stanley & Miikkulainen 2002, "Evolving neural networks through augmenting topologies",
Evolutionary Computation 10(2). `topology` says how a row holds a network; these are the kernels
behind `evolution.Network`, which is what to use.

Guarantees: rows that are valid stay valid; no child has a cycle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from evolution.genomes.topology import (
    BIAS,
    ENABLED,
    NODE,
    SOURCE,
    TARGET,
    WEIGHT,
    Column,
    Layout,
    compare,
    insert_link,
    leads,
    parts_of,
    place_of,
    prune,
    remove,
    split,
    used_of,
)

# A mutated weight is drawn afresh this often, else it takes a step (section 4.1).
_AFRESH = 0.1
# A matching link that is off in either parent is off in the child this often (section 4.1).
_STAYS_OFF = 0.75
# How often a new link looks for two nodes it may join.
_TRIES = 16
# Below this many links, distances are not divided by the number of links (section 3.3).
_SMALL = 20


class Growth(NamedTuple):
    """Probabilities per genome: of a new link, a new node, a link less, a link switched."""

    add_link: float
    add_node: float
    drop_link: float
    toggle: float


@njit(cache=True, nogil=True)
def draw_rows(
    column: Column,
    layout: Layout,
    rng: np.random.Generator,
    reach: float,
    density: float,
    structured: float,
) -> None:
    """Fill empty rows with sparse direct links, and a share of them with a few nodes too."""
    pairs = layout.inputs * layout.outputs
    for n in range(len(column)):
        links, outputs, nodes = parts_of(column[n], layout)
        for i in range(layout.outputs):
            outputs[i] = _fresh(rng, reach)
        wanted = 0
        for _ in range(pairs):
            wanted += rng.random() < density
        wanted = min(wanted, layout.links)
        for pair in range(pairs):  # as many as wanted, each pair equally likely
            if rng.random() * (pairs - pair) < wanted:
                source = 1.0 + pair // layout.outputs
                target = 1.0 + layout.inputs + pair % layout.outputs
                insert_link(links, source, target, _fresh(rng, reach))
                wanted -= 1
        if rng.random() < structured:
            for _ in range(1 + int(rng.random() * layout.hidden)):
                _add_node(links, nodes, layout, rng)
                _add_link(links, nodes, layout, rng, reach)


@njit(cache=True, nogil=True)
def mutate_rows(
    column: Column,
    layout: Layout,
    rng: np.random.Generator,
    rate: float,
    step: float,
    reach: float,
    growth: Growth,
) -> None:
    """Mutate rows in place: weights and biases at a rate per gene, structure as `Growth` says."""
    for n in range(len(column)):
        links, outputs, nodes = parts_of(column[n], layout)
        for i in range(used_of(links)):
            links[i, WEIGHT] = _moved(links[i, WEIGHT], rng, rate, step, reach)
        for i in range(len(outputs)):
            outputs[i] = _moved(outputs[i], rng, rate, step, reach)
        for i in range(used_of(nodes)):
            nodes[i, BIAS] = _moved(nodes[i, BIAS], rng, rate, step, reach)
        if rng.random() < growth.add_node:
            _add_node(links, nodes, layout, rng)
        if rng.random() < growth.add_link:
            _add_link(links, nodes, layout, rng, reach)
        used = used_of(links)
        if rng.random() < growth.drop_link and used:
            remove(links, int(rng.random() * used))
            prune(links, nodes)
            used = used_of(links)
        if rng.random() < growth.toggle and used:
            i = int(rng.random() * used)
            links[i, ENABLED] = 1.0 - links[i, ENABLED]


@njit(cache=True, nogil=True)
def cross_rows(children: Column, fathers: Column, layout: Layout, rng: np.random.Generator) -> None:
    """Cross the fathers into copies of the mothers, in place."""
    for n in range(len(children)):
        links, outputs, nodes = parts_of(children[n], layout)
        his_links, his_outputs, his_nodes = parts_of(fathers[n], layout)
        i = j = 0
        while i < layout.links and j < layout.links and links[i, 0] > 0 and his_links[j, 0] > 0:
            side = compare(links[i], his_links[j, SOURCE], his_links[j, TARGET])
            if side == 0:
                if rng.random() < 0.5:
                    links[i, WEIGHT] = his_links[j, WEIGHT]
                both = links[i, ENABLED] * his_links[j, ENABLED]
                links[i, ENABLED] = 1.0 if both == 1.0 or rng.random() >= _STAYS_OFF else 0.0
            i += side <= 0
            j += side >= 0
        for o in range(layout.outputs):
            if rng.random() < 0.5:
                outputs[o] = his_outputs[o]
        for h in range(used_of(nodes)):
            his = place_of(his_nodes, nodes[h, NODE])
            if his >= 0 and rng.random() < 0.5:
                nodes[h, BIAS] = his_nodes[his, BIAS]


@njit(cache=True, nogil=True)
def distance(a: Column, b: Column, layout: Layout, unmatched: float, weight: float) -> float:
    """The compatibility distance of two rows; see `Network.compatibility`."""
    links, outputs, nodes = parts_of(a, layout)
    others, other_outputs, other_nodes = parts_of(b, layout)
    i = j = matching = 0
    apart = 0.0
    while i < layout.links and j < layout.links and links[i, 0] > 0 and others[j, 0] > 0:
        side = compare(links[i], others[j, SOURCE], others[j, TARGET])
        if side == 0:
            matching += 1
            apart += abs(links[i, WEIGHT] - others[j, WEIGHT])
        i += side <= 0
        j += side >= 0
    used, others_used = used_of(links), used_of(others)
    alone = used + others_used - 2 * matching
    for o in range(layout.outputs):
        apart += abs(outputs[o] - other_outputs[o])
    matching += layout.outputs
    for h in range(used_of(nodes)):
        other = place_of(other_nodes, nodes[h, NODE])
        if other >= 0:
            matching += 1
            apart += abs(nodes[h, BIAS] - other_nodes[other, BIAS])
    larger = max(used, others_used)
    return unmatched * alone / (larger if larger >= _SMALL else 1) + weight * apart / matching


@njit(cache=True, nogil=True)
def distances(a: Column, b: Column, layout: Layout, unmatched: float, weight: float) -> Column:
    """The distance of each pair of rows."""
    out = np.empty(len(a))
    for n in range(len(a)):
        out[n] = distance(a[n], b[n], layout, unmatched, weight)
    return out


@njit(cache=True, nogil=True)
def assign(
    rows: Column, founders: int, layout: Layout, threshold: float, unmatched: float, weight: float
) -> tuple[Column, Column]:
    """Species of the rows after the first ``founders``, and which row represents each species."""
    members = len(rows) - founders
    chosen = np.empty(len(rows), np.int64)
    chosen[:founders] = np.arange(founders)
    species = founders
    labels = np.empty(members, np.int32)
    for n in range(members):
        label = 0
        row = rows[founders + n]
        while label < species and not (
            distance(row, rows[chosen[label]], layout, unmatched, weight) < threshold
        ):
            label += 1
        if label == species:
            chosen[species] = founders + n
            species += 1
        labels[n] = label
    return labels, chosen[:species].copy()


@njit(cache=True, nogil=True)
def _fresh(rng: np.random.Generator, reach: float) -> float:
    """A new weight: cubed, so that most are small."""
    u = 2.0 * rng.random() - 1.0
    return reach * u * u * u


@njit(cache=True, nogil=True)
def _moved(value: float, rng: np.random.Generator, rate: float, step: float, reach: float) -> float:
    if rng.random() >= rate:
        return value
    if rng.random() < _AFRESH:
        return _fresh(rng, reach)
    return min(max(value + step * rng.standard_normal(), -reach), reach)


@njit(cache=True, nogil=True)
def _add_link(
    links: Column, nodes: Column, layout: Layout, rng: np.random.Generator, reach: float
) -> None:
    """Join two nodes that are not joined, drawn evenly, where that makes no cycle."""
    hidden = used_of(nodes)
    if used_of(links) == layout.links:
        return
    for _ in range(_TRIES):
        i = int(rng.random() * (layout.inputs + hidden))
        j = int(rng.random() * (layout.outputs + hidden))
        source = i + 1.0 if i < layout.inputs else nodes[i - layout.inputs, NODE]
        target = layout.inputs + j + 1.0 if j < layout.outputs else nodes[j - layout.outputs, NODE]
        if not leads(links, nodes, target, source) and insert_link(
            links, source, target, _fresh(rng, reach)
        ):
            return


@njit(cache=True, nogil=True)
def _add_node(links: Column, nodes: Column, layout: Layout, rng: np.random.Generator) -> None:
    """Split a link, where there is room."""
    used = used_of(links)
    if used and used + 2 <= layout.links and used_of(nodes) < layout.hidden:
        split(links, nodes, layout, int(rng.random() * used))
