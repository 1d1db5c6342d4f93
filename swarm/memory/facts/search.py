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
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    loss: NDArray[np.float64],
    source: int,
    target: int,
    by_length: bool,
) -> NDArray[np.int64]:
    """The steps of the path with the fewest steps, or the least loss; the other breaks ties.

    Dijkstra's algorithm with costs in pairs. Empty where nothing leads to the target.
    """
    entities = first.size - 1
    major = np.full(entities, np.inf)
    minor = np.full(entities, np.inf)
    taken = np.full(entities, -1, np.int64)
    done = np.zeros(entities, np.bool_)
    # A binary heap; an entity may stand in it once for each step that improved on it.
    heap = np.empty((stop.size + 1, 3))
    heap[0, 0], heap[0, 1], heap[0, 2] = 0.0, 0.0, source
    waiting = 1
    major[source] = minor[source] = 0.0
    while waiting:
        v = int(heap[0, 2])
        waiting -= 1
        _sink(heap, waiting)
        if v == target:
            break
        if done[v]:
            continue
        done[v] = True
        for step in range(first[v], first[v + 1]):
            w = stop[step]
            one = major[v] + (1.0 if by_length else loss[step])
            two = minor[v] + (loss[step] if by_length else 1.0)
            if not done[w] and (one < major[w] or (one == major[w] and two < minor[w])):
                major[w], minor[w], taken[w] = one, two, step
                _rise(heap, waiting, one, two, w)
                waiting += 1
    length = 0
    v = target
    while taken[v] >= 0:
        length += 1
        v = start[taken[v]]
    steps = np.empty(length, np.int64)
    v = target
    for place in range(length - 1, -1, -1):
        steps[place] = taken[v]
        v = start[taken[v]]
    return steps


@njit(cache=True, nogil=True)
def _less(heap: NDArray[np.float64], one: int, other: int) -> bool:
    for column in range(3):
        if heap[one, column] != heap[other, column]:
            return heap[one, column] < heap[other, column]
    return False


@njit(cache=True, nogil=True)
def _swap(heap: NDArray[np.float64], one: int, other: int) -> None:
    for column in range(3):
        heap[one, column], heap[other, column] = heap[other, column], heap[one, column]


@njit(cache=True, nogil=True)
def _rise(heap: NDArray[np.float64], place: int, one: float, two: float, entity: int) -> None:
    """Put an entry at the end of the heap, and let it rise."""
    heap[place, 0], heap[place, 1], heap[place, 2] = one, two, entity
    while place and _less(heap, place, (place - 1) // 2):
        _swap(heap, place, (place - 1) // 2)
        place = (place - 1) // 2


@njit(cache=True, nogil=True)
def _sink(heap: NDArray[np.float64], size: int) -> None:
    """Put the last entry in place of the first, and let it sink; `size` are left."""
    _swap(heap, 0, size)
    place = 0
    while True:
        least = place
        for child in (2 * place + 1, 2 * place + 2):
            if child < size and _less(heap, child, least):
                least = child
        if least == place:
            return
        _swap(heap, place, least)
        place = least
