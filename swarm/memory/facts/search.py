"""Kernels that search a small graph in CSR form; `paths` says what for.

Steps stand by the entity that they leave: those of entity v are first[v]..first[v+1]−1, and step s
leads to stop[s].
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def by_start(
    start: NDArray[np.int64], entities: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order of steps by the entity that they leave, then by place; and `first` (counting)."""
    first = np.zeros(entities + 1, np.int64)
    for step in range(start.size):
        first[start[step] + 1] += 1
    for entity in range(entities):
        first[entity + 1] += first[entity]
    order = np.empty(start.size, np.int64)
    place = first[:-1].copy()
    for step in range(start.size):
        order[place[start[step]]] = step
        place[start[step]] += 1
    return order, first


@njit(cache=True, nogil=True)
def simple_walks(
    first: NDArray[np.int64],
    stop: NDArray[np.int64],
    mask: NDArray[np.int64],
    source: int,
    target: int,
    found: NDArray[np.int64],
    limit: int,
) -> int:
    """Walk depth first over simple paths of found.shape[1] steps; write and count them.

    Step s may be step t of a path if bit t of mask[s] is set. Those that `found` has no room for
    are counted only, up to limit + 1.
    """
    length = found.shape[1]
    entity = np.empty(length + 1, np.int64)
    upcoming = np.empty(length + 1, np.int64)
    on_path = np.zeros(first.size - 1, np.bool_)
    entity[0] = source
    upcoming[0] = first[source]
    on_path[source] = True
    count = 0
    depth = 0
    while depth >= 0 and count <= limit:
        step = upcoming[depth]
        if step == first[entity[depth] + 1]:
            on_path[entity[depth]] = False
            depth -= 1
            continue
        upcoming[depth] += 1
        # A path ends where it first meets the target.
        ends = stop[step] == target
        if not (mask[step] >> depth) & 1 or on_path[stop[step]] or ends != (depth == length - 1):
            continue
        if not ends:
            depth += 1
            entity[depth] = stop[step]
            upcoming[depth] = first[stop[step]]
            on_path[stop[step]] = True
            continue
        if count < found.shape[0]:
            for t in range(length):
                found[count, t] = upcoming[t] - 1
        count += 1
    return count


@njit(cache=True, nogil=True)
def best_steps(
    first: NDArray[np.int64],
    stop: NDArray[np.int64],
    loss: NDArray[np.float64],
    source: int,
    target: int,
    cost: NDArray[np.float64],
    taken: NDArray[np.int64],
    place: NDArray[np.int64],
) -> None:
    """Fill `taken` with the last step of the best path to each entity, from the source to target.

    Dijkstra's algorithm with costs in pairs: the least sum of loss[0] is best, then of loss[1].

    Args:
        first, stop: the steps.
        loss: float64[2, steps], not negative; inf is allowed.
        source, target: entities.
        cost: float64[2, entities], inf.
        taken, place: int64[entities], -1; taken stays so for those that are not reached.
    """
    heap = np.empty(place.size, np.int64)  # of entities, the nearest first; place: where in it
    heap[0] = source
    waiting = 1
    cost[0, source] = cost[1, source] = 0.0
    while waiting:
        v = heap[0]
        if v == target:
            return
        waiting -= 1
        last, hole = heap[waiting], 0
        while 2 * hole + 1 < waiting:
            child = 2 * hole + 1
            if child + 1 < waiting and _nearer(cost, heap[child + 1], heap[child]):
                child += 1
            if not _nearer(cost, heap[child], last):
                break
            heap[hole] = heap[child]
            place[heap[hole]] = hole
            hole = child
        heap[hole] = last
        place[last] = hole
        for step in range(first[v], first[v + 1]):
            w = stop[step]
            one, two = cost[0, v] + loss[0, step], cost[1, v] + loss[1, step]
            if one > cost[0, w] or (one == cost[0, w] and two >= cost[1, w]):
                continue
            cost[0, w], cost[1, w], taken[w] = one, two, step
            hole = place[w]
            if hole < 0:
                hole = waiting
                waiting += 1
            while hole and _nearer(cost, w, heap[(hole - 1) // 2]):
                heap[hole] = heap[(hole - 1) // 2]
                place[heap[hole]] = hole
                hole = (hole - 1) // 2
            heap[hole] = w
            place[w] = hole


@njit(cache=True, nogil=True)
def _nearer(cost: NDArray[np.float64], one: int, other: int) -> bool:
    """Whether one entity costs less than another, and comes first."""
    if cost[0, one] != cost[0, other]:
        return bool(cost[0, one] < cost[0, other])
    return bool(cost[1, one] < cost[1, other])
