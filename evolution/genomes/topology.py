"""Networks as rows of an array: where their links and nodes lie, and how they are put in.

A row is links × (source, target, weight, enabled), then a bias for each output, then hidden
nodes × (id, bias). Ids count from 1: inputs, outputs, then hidden nodes; 0 is an empty place, and
empty places are all zeros and come last. Links ascend by (source, target), nodes by id, so two
genomes align by one walk along both, and equal networks are equal bytes.

The historical marks of NEAT (Stanley & Miikkulainen 2002, Evolutionary Computation 10(2), section
3.2) need no list of innovations here. The mark of a link is its pair of ids, and a node that
splits a link gets an id scrambled from that pair, so the same split is the same node in every
genome, run and process. Two different splits share an id with a chance of 2⁻³².
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Column = npt.NDArray[Any]

SOURCE, TARGET, WEIGHT, ENABLED = range(4)
NODE, BIAS = range(2)

# The constants of SplitMix64 (Steele, Lea & Flood 2014), typed because uint64 mixed with a
# plain int becomes a float.
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_27, _30, _31, _32 = (np.uint64(bits) for bits in (27, 30, 31, 32))
# Ids of hidden nodes are scrambled into this many values.
_IDS = 2.0**32


class Layout(NamedTuple):
    """How many there are, at most where that can vary."""

    inputs: int
    outputs: int
    hidden: int
    links: int


@njit(cache=True, nogil=True)
def split_id(source: int, target: int, time: int, layout: Layout) -> np.int64:
    """The id of the node that splits a link for the ``time``-th time, counted from 0."""
    bits = _scrambled(np.uint64(source) * _GAMMA + np.uint64(target))
    bits = _scrambled(bits + np.uint64(time + 1) * _GAMMA)
    return np.int64(layout.inputs + layout.outputs + 1) + np.int64(bits >> _32)


@njit(cache=True, nogil=True)
def _scrambled(bits: np.uint64) -> np.uint64:
    bits = (bits ^ (bits >> _30)) * _MIX_1
    bits = (bits ^ (bits >> _27)) * _MIX_2
    return bits ^ (bits >> _31)


@njit(cache=True, nogil=True)
def parts_of(row: Column, layout: Layout) -> tuple[Column, Column, Column]:
    """Views of a row: links [links, 4], biases of the outputs, hidden nodes [hidden, 2]."""
    stop = 4 * layout.links
    links = row[:stop].reshape((layout.links, 4))
    nodes = row[stop + layout.outputs :].reshape((layout.hidden, 2))
    return links, row[stop : stop + layout.outputs], nodes


@njit(cache=True, nogil=True)
def used_of(table: Column) -> int:
    """How many rows of the links or of the nodes are in use."""
    used = 0
    while used < len(table) and table[used, 0] > 0:
        used += 1
    return used


@njit(cache=True, nogil=True)
def place_of(nodes: Column, node: float) -> int:
    """Where a hidden node stands in its table; -1 if it does not, as inputs and outputs do not."""
    for i in range(len(nodes)):
        if nodes[i, NODE] == node > 0.0:
            return i
    return -1


@njit(cache=True, nogil=True)
def compare(link: Column, source: float, target: float) -> int:
    """-1, 0 or 1: whether a link comes before, is, or comes after that of two nodes."""
    if link[SOURCE] != source:
        return -1 if link[SOURCE] < source else 1
    if link[TARGET] != target:
        return -1 if link[TARGET] < target else 1
    return 0


@njit(cache=True, nogil=True)
def insert_link(links: Column, source: float, target: float, weight: float) -> bool:
    """Put a link in its place; False, and nothing done, if there is such a link or no room."""
    used = used_of(links)
    place = 0
    while place < used and compare(links[place], source, target) < 0:
        place += 1
    if used == len(links) or (place < used and compare(links[place], source, target) == 0):
        return False
    _make_room(links, place)
    links[place, SOURCE] = source
    links[place, TARGET] = target
    links[place, WEIGHT] = weight
    links[place, ENABLED] = 1.0
    return True


@njit(cache=True, nogil=True)
def leads(links: Column, nodes: Column, start: float, goal: float) -> bool:
    """Whether a hidden node is another one or leads to it."""
    first, last = place_of(nodes, start), place_of(nodes, goal)
    if first < 0 or last < 0:
        return False  # nothing leads to an input, and nothing leaves an output
    reached = np.zeros(len(nodes), np.bool_)
    reached[first] = True
    used = used_of(links)
    grown = True
    while grown:
        grown = False
        for i in range(used):
            source = place_of(nodes, links[i, SOURCE])
            target = place_of(nodes, links[i, TARGET])
            if source >= 0 and target >= 0 and reached[source] and not reached[target]:
                reached[target] = grown = True
    return reached[last]


@njit(cache=True, nogil=True)
def split(links: Column, nodes: Column, layout: Layout, i: int) -> None:
    """Switch link i off, and put a path of two links through a new node in its place (3.1).

    The new incoming link has weight 1 and the outgoing one the old weight. Needs room for both
    links and the node.
    """
    source, target, weight = links[i, SOURCE], links[i, TARGET], links[i, WEIGHT]
    links[i, ENABLED] = 0.0
    time = 0
    node = float(split_id(int(source), int(target), time, layout))
    while place_of(nodes, node) >= 0:
        time += 1
        node = float(split_id(int(source), int(target), time, layout))
    place = 0
    while place < used_of(nodes) and nodes[place, NODE] < node:
        place += 1
    _make_room(nodes, place)
    nodes[place, NODE] = node
    nodes[place, BIAS] = 0.0
    insert_link(links, source, node, 1.0)
    insert_link(links, node, target, weight)


@njit(cache=True, nogil=True)
def prune(links: Column, nodes: Column) -> None:
    """Remove hidden nodes that nothing enters or nothing leaves, with their links."""
    h = 0
    while h < used_of(nodes):
        node = nodes[h, NODE]
        enters = leaves = False
        for i in range(used_of(links)):
            enters |= links[i, TARGET] == node
            leaves |= links[i, SOURCE] == node
        if enters and leaves:
            h += 1
            continue
        remove(nodes, h)
        for i in range(used_of(links) - 1, -1, -1):
            if links[i, SOURCE] == node or links[i, TARGET] == node:
                remove(links, i)
        h = 0  # the next may have hung on this one


@njit(cache=True, nogil=True)
def _make_room(table: Column, place: int) -> None:
    for i in range(len(table) - 1, place, -1):
        for part in range(table.shape[1]):
            table[i, part] = table[i - 1, part]


@njit(cache=True, nogil=True)
def remove(table: Column, place: int) -> None:
    """Close the gap that a row of the links or of the nodes leaves."""
    last = len(table) - 1
    for i in range(place, last):
        for part in range(table.shape[1]):
            table[i, part] = table[i + 1, part]
    for part in range(table.shape[1]):
        table[last, part] = 0.0


@njit(cache=True, nogil=True)
def mark_wrong(column: Column, wrong: Column, layout: Layout, reach: float) -> None:
    """Mark the genes that break a row; see `Network.allowed`."""
    first = layout.inputs + layout.outputs + 1
    for n in range(len(column)):
        links, outputs, nodes = parts_of(column[n], layout)
        bad_links, bad_outputs, bad_nodes = parts_of(wrong[n], layout)
        for i in range(layout.outputs):
            bad_outputs[i] = not abs(outputs[i]) <= reach
        used = used_of(nodes)
        for i in range(layout.hidden):
            node, bias = nodes[i, NODE], nodes[i, BIAS]
            if i >= used:
                bad_nodes[i, NODE], bad_nodes[i, BIAS] = node != 0.0, bias != 0.0
                continue
            known = first <= node < first + _IDS and node == np.floor(node)
            bad_nodes[i, NODE] = not known or (i > 0 and not nodes[i - 1, NODE] < node)
            bad_nodes[i, BIAS] = not abs(bias) <= reach
        used = used_of(links)
        for i in range(layout.links):
            source, target = links[i, SOURCE], links[i, TARGET]
            if i >= used:
                for part in range(4):
                    bad_links[i, part] = links[i, part] != 0.0
                continue
            bad_links[i, SOURCE] = not (
                (source <= layout.inputs and source == np.floor(source))
                or place_of(nodes, source) >= 0
            ) or (i > 0 and not compare(links[i - 1], source, target) < 0)
            bad_links[i, TARGET] = not (
                (layout.inputs < target < first and target == np.floor(target))
                or place_of(nodes, target) >= 0
            )
            bad_links[i, WEIGHT] = not abs(links[i, WEIGHT]) <= reach
            bad_links[i, ENABLED] = not (links[i, ENABLED] == 0.0 or links[i, ENABLED] == 1.0)
        if used_of(nodes) and not wrong[n].any():
            _mark_cycles(links[:used], nodes, bad_links)


@njit(cache=True, nogil=True)
def _mark_cycles(links: Column, nodes: Column, wrong: Column) -> None:
    """Mark the targets of links whose sources never come to their turn."""
    ready = np.zeros(len(nodes), np.bool_)
    for _ in range(len(nodes)):
        waiting = np.zeros(len(nodes), np.bool_)
        for i in range(len(links)):
            source = place_of(nodes, links[i, SOURCE])
            target = place_of(nodes, links[i, TARGET])
            if source >= 0 and target >= 0 and not ready[source]:
                waiting[target] = True
        for h in range(len(nodes)):
            ready[h] = not waiting[h]
    for i in range(len(links)):
        source = place_of(nodes, links[i, SOURCE])
        wrong[i, TARGET] = source >= 0 and not ready[source]
