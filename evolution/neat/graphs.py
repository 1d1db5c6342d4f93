"""Networks as graphs: where a node stands, and whether one node is reached from another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing

Keys = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]


class Scratch(NamedTuple):
    """Room for the search of one network: links by source, a stack, and what has been seen."""

    first: Places
    onward: Places
    stack: Places
    seen: npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def scratch_for(nodes: int, links: int) -> Scratch:
    """Room for networks of up to so many nodes and links."""
    return Scratch(
        np.zeros(nodes + 1, np.int64),
        np.empty(links, np.int64),
        np.empty(nodes, np.int64),
        np.empty(nodes, np.bool_),
    )


@njit(cache=True, nogil=True)
def longest(starts: Places) -> int:
    """The most rows that a genome has."""
    most = 0
    for genome in range(len(starts) - 1):
        most = max(most, starts[genome + 1] - starts[genome])
    return most


@borrowing
def place_of(keys: Keys, wanted: int) -> int:
    """Where a key stands in ascending keys int32[m], or -1: an input, or not there."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == wanted else -1


@borrowing
def wire(keys: Keys, source: Keys, target: Keys, room: Scratch) -> None:
    """Sort the links of one network by their source: node i's go to onward[first[i]:first[i+1]]."""
    nodes = len(keys)
    first = room.first[: nodes + 1]
    first[:] = 0
    for link in range(len(source)):
        at = place_of(keys, source[link])
        if at >= 0:
            first[at] += 1
    for node in range(1, nodes):
        first[node] += first[node - 1]
    first[nodes] = first[nodes - 1]
    # Each first[i] is now the end of node i's links; filling them from there makes it the start.
    for link in range(len(source)):
        at = place_of(keys, source[link])
        if at >= 0:
            first[at] -= 1
            room.onward[first[at]] = place_of(keys, target[link])


@borrowing
def reaches(keys: Keys, source: Keys, target: Keys, start: int, goal: int, room: Scratch) -> bool:
    """Whether the links lead from node ``start`` to node ``goal`` (keys), or both are one."""
    if start == goal:
        return True
    leads_on = False
    for link in range(len(source)):
        leads_on |= source[link] == start
    if not leads_on:
        return False
    wire(keys, source, target, room)
    room.seen[: len(keys)] = False
    end = place_of(keys, goal)
    room.stack[0] = place_of(keys, start)
    room.seen[room.stack[0]] = True
    waiting = 1
    while waiting:
        waiting -= 1
        node = room.stack[waiting]
        for link in range(room.first[node], room.first[node + 1]):
            following = room.onward[link]
            if following == end:
                return True
            if not room.seen[following]:
                room.seen[following] = True
                room.stack[waiting] = following
                waiting += 1
    return False


@njit(cache=True, nogil=True)
def has_cycle(keys: Keys, source: Keys, target: Keys, room: Scratch) -> bool:
    """Whether any link, enabled or not, lies on a cycle: nodes without a way in are peeled off."""
    wire(keys, source, target, room)
    nodes = len(keys)
    ways_in = np.zeros(nodes, np.int64)
    for link in range(room.first[nodes]):
        ways_in[room.onward[link]] += 1
    waiting = 0
    for node in range(nodes):
        if ways_in[node] == 0:
            room.stack[waiting] = node
            waiting += 1
    peeled = 0
    while waiting:
        waiting -= 1
        node = room.stack[waiting]
        peeled += 1
        for link in range(room.first[node], room.first[node + 1]):
            following = room.onward[link]
            ways_in[following] -= 1
            if ways_in[following] == 0:
                room.stack[waiting] = following
                waiting += 1
    return peeled < nodes
