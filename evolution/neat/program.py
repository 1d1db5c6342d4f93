"""A population of networks made ready to be computed: compiled, all at once.

Compiling finds the nodes that the outputs need, by a depth-first walk from these against the
enabled links, and puts them into an order in which they can be computed. It is linear in nodes
and links. `evolution.neat.evaluation` runs what is made here.

Errors: `NetworkError` (a ValueError).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Slots = npt.NDArray[np.int32]
Genomes = Mapping[str, npt.NDArray[Any]]

# Keys up to so many times the number of nodes are looked up in a table, others are renumbered.
_SPARSE = 64
# What the walk through a network knows of a node.
_NEW, _OPEN, _DONE, _STUCK = range(4)


class NetworkError(ValueError):
    """Inputs of the wrong shape, or genomes that no networks can be made of."""


class Program(NamedTuple):
    """n networks, ready to be computed: nodes in order, and their links with resolved sources.

    The values of network i lie in slots: first its inputs, then its nodes as they are computed,
    and at last one that is always zero, for what has no value.

    Attributes:
        node_start: int64[n + 1]; the nodes of network i are node_start[i] to node_start[i + 1].
        activation, aggregation: int8[N]; bias, response: float64[N].
        link_start: int64[N + 1]; the links into node k are link_start[k] to link_start[k + 1].
        source: int32[L], slots; weight: float64[L].
        output: int32[n, O], the slot of each output.
        fan_in: the most links into a node.
    """

    node_start: Integers
    activation: Codes
    aggregation: Codes
    bias: Floats
    response: Floats
    link_start: Integers
    source: Slots
    weight: Floats
    output: Slots
    fan_in: int


def compiled(inputs: int, outputs: int, genomes: Genomes, recurrent: bool) -> Program:
    """The program of n genomes; see `evolution.neat.networks` for the layout of those."""
    key, source, target = genomes["key"], genomes["source"], genomes["target"]
    largest = int(key.max(initial=0))
    if largest > _SPARSE * len(key) + outputs:
        key, source, target, largest = _renumbered(key, source, target)
    node_start = genomes["node_start"]
    unknown, first, origin, weight = _links_in(
        inputs,
        largest + 1,
        node_start,
        key,
        genomes["link_start"],
        source,
        target,
        genomes["weight"],
        genomes["enabled"],
    )
    if unknown >= 0:
        genome = int(np.searchsorted(genomes["link_start"], unknown, "right")) - 1
        raise NetworkError(
            f"genome {genome} has a link from {genomes['source'][unknown]} to "
            f"{genomes['target'][unknown]}; a source is an input, -1 to -{inputs}, or a node of "
            "the genome, and a target is a node of the genome"
        )
    start, order, slot = _orders(outputs, recurrent, node_start, first, origin)
    link_start, source, weight = _wired(inputs, start, order, slot, first, origin, weight)
    return Program(
        start,
        genomes["activation"][order],
        genomes["aggregation"][order],
        genomes["bias"][order],
        genomes["response"][order],
        link_start,
        source,
        weight,
        _output_slots(inputs, outputs, node_start, start, slot),
        int(np.diff(link_start).max(initial=0)),
    )


def _renumbered(
    key: npt.NDArray[Any], source: npt.NDArray[Any], target: npt.NDArray[Any]
) -> tuple[Integers, Integers, Integers, int]:
    """The same with 0, 1, 2 … for the keys that occur; inputs keep theirs."""
    known = np.unique(np.concatenate([key, source[source >= 0], target]))
    sources = np.where(source < 0, source, np.searchsorted(known, source))
    return np.searchsorted(known, key), sources, np.searchsorted(known, target), len(known) - 1


@njit(cache=True, nogil=True)
def _links_in(
    inputs: int,
    keys: int,
    node_start: Integers,
    key: Integers,
    link_start: Integers,
    source: Integers,
    target: Integers,
    weight: Floats,
    enabled: npt.NDArray[np.bool_],
) -> tuple[int, Integers, Integers, Floats]:
    """The enabled links into each row, in their order, before them the first link to nowhere or -1.

    Row r has ``origin`` and ``strength`` from first[r] to first[r + 1]; an origin is a row, or
    the negative key of an input.
    """
    first, into = np.zeros(len(key) + 1, np.int64), np.empty(len(source), np.int64)
    origin, strength = np.empty(len(source), np.int64), np.empty(len(source))
    # The row of each key; what earlier genomes left lies below this one's rows.
    place, cursor = np.full(keys, -1, np.int64), np.empty(len(key), np.int64)
    for i in range(len(node_start) - 1):
        low, high = node_start[i], node_start[i + 1]
        for row in range(low, high):
            place[key[row]] = row
        for link in range(link_start[i], link_start[i + 1]):
            begin, end = source[link], target[link]
            known = 0 <= end < keys and place[end] >= low and -inputs <= begin < keys
            if not known or (begin >= 0 and place[begin] < low):
                return link, first, origin, strength
            into[link] = place[end]
            first[into[link] + 1] += enabled[link]
        for row in range(low, high):
            cursor[row] = first[row]
            first[row + 1] += first[row]
        for link in range(link_start[i], link_start[i + 1]):
            if enabled[link]:
                spot = cursor[into[link]]
                cursor[into[link]] += 1
                origin[spot] = place[source[link]] if source[link] >= 0 else source[link]
                strength[spot] = weight[link]
    return -1, first, origin, strength


@njit(cache=True, nogil=True)
def _orders(
    outputs: int, recurrent: bool, node_start: Integers, first: Integers, origin: Integers
) -> tuple[Integers, Integers, Integers]:
    """The rows to compute in their order, where each network's begin, and each row's place or -1.

    Places count from 0 in each network. The walk goes from the outputs against the links.
    """
    n, nodes = len(node_start) - 1, len(first) - 1
    start, order = np.zeros(n + 1, np.int64), np.empty(nodes, np.int64)
    slot = np.full(nodes, -1, np.int64)
    mark, cursor, stack = np.zeros(nodes, np.int8), first[:-1].copy(), np.empty(nodes, np.int64)
    count = 0
    for i in range(n):
        for goal in range(node_start[i], node_start[i] + outputs):
            depth = 0
            if mark[goal] == _NEW:
                depth, stack[0], mark[goal] = 1, goal, _OPEN
            while depth:
                row = stack[depth - 1]
                if cursor[row] < first[row + 1]:
                    source = origin[cursor[row]]
                    if source >= 0 and mark[source] == _NEW:
                        stack[depth], mark[source], depth = source, _OPEN, depth + 1
                        continue  # and come back to this link
                    if source >= 0 and mark[source] != _DONE and not recurrent:
                        mark[row] = _STUCK  # its source waits for this row, or is stuck itself
                    cursor[row] += 1
                    continue
                depth -= 1
                if recurrent and first[row] == first[row + 1]:
                    mark[row] = _STUCK
                elif mark[row] == _OPEN:
                    mark[row], order[count], slot[row] = _DONE, row, count - start[i]
                    count += 1
        start[i + 1] = count
    return start, order[:count], slot


@njit(cache=True, nogil=True)
def _wired(
    inputs: int,
    start: Integers,
    order: Integers,
    slot: Integers,
    first: Integers,
    origin: Integers,
    strength: Floats,
) -> tuple[Integers, Slots, Floats]:
    """The links into the nodes in order: where each node's begin, their slots and weights."""
    link_start, wired = np.zeros(len(order) + 1, np.int64), 0
    for k in range(len(order)):
        wired += first[order[k] + 1] - first[order[k]]
        link_start[k + 1] = wired
    source, weight, wired = np.empty(wired, np.int32), np.empty(wired), 0
    for i in range(len(start) - 1):
        zero = inputs + start[i + 1] - start[i]
        for row in order[start[i] : start[i + 1]]:
            for spot in range(first[row], first[row + 1]):
                begin = origin[spot]
                if begin < 0:
                    source[wired] = -begin - 1
                else:
                    source[wired] = inputs + slot[begin] if slot[begin] >= 0 else zero
                weight[wired] = strength[spot]
                wired += 1
    return link_start, source, weight


def _output_slots(
    inputs: int, outputs: int, node_start: Integers, start: Integers, slot: Integers
) -> Slots:
    """The slots of the outputs int32[n, O]; the one of zero where an output is not computed."""
    places = slot[node_start[:-1, np.newaxis] + np.arange(outputs)]
    zero = np.diff(start)[:, np.newaxis]
    return (inputs + np.where(places >= 0, places, zero)).astype(np.int32)
