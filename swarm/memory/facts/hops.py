"""Neighbours and neighbours of neighbours of many entities at once.

The facts are edges of a directed multigraph, from subject to object. Answers are ragged: those of
query q are `answers[offsets[q]:offsets[q + 1]]`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.facts.columns import FactError
from swarm.memory.facts.index import ascending

Ids = NDArray[np.int64]
Direction = Literal["out", "in", "both"]
SIDES = {"out": ("subject",), "in": ("object",), "both": ("subject", "object")}
_TOGETHER = 2048  # entities whose neighbours stay in the cache until theirs are asked for


class Ragged(NamedTuple):
    """Lists of different lengths: list q is `values[offsets[q]:offsets[q + 1]]`, all int64."""

    offsets: NDArray[np.int64]
    values: NDArray[np.int64]


class Neighbourhoods(NamedTuple):
    """Neighbours, and the facts that make them so, in the order of ids; ragged, all int64."""

    offsets: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    ids: NDArray[np.int64]


def sides(direction: str) -> tuple[str, ...]:
    """Which ends of a fact to start from.

    Raises:
        FactError: for another direction.
    """
    if direction not in SIDES:
        raise FactError(f'direction is "out", "in" or "both"; got {direction!r}.')
    return SIDES[direction]


def two_hops(entities: Ids, near: Callable[[Ids], Neighbourhoods], nearer: bool) -> Ragged:
    """Distinct other entities over two facts (or one, if `nearer`), ascending.

    Args:
        entities: int64[m].
        near: says the neighbours of entities.
        nearer: whether neighbours count too.
    """
    offsets = [np.zeros(1, np.int64)]
    values = [np.empty(0, np.int64)]
    size = 0
    for begin in range(0, entities.size, _TOGETHER):
        keys = entities[begin : begin + _TOGETHER]
        first = near(keys)
        second = near(first.neighbours)
        stops, ends = reached(keys, *first[:2], *second[:2], nearer)
        offsets.append(stops[1:] + size)
        values.append(ends)
        size += ends.size
    return Ragged(np.concatenate(offsets), np.concatenate(values))


@njit(cache=True, nogil=True)
def woven(leaving: tuple[Ids, Ids, Ids], entering: tuple[Ids, Ids, Ids]) -> tuple[Ids, Ids, Ids]:
    """Facts that leave keys and facts that enter them, by id; those that do both come once."""
    offsets = np.zeros_like(leaving[0])
    others = np.empty(leaving[2].size + entering[2].size, np.int64)
    ids = np.empty_like(others)
    one = other = size = 0
    for q in range(offsets.size - 1):
        stop_one, stop_other = leaving[0][q + 1], entering[0][q + 1]
        while one < stop_one or other < stop_other:
            first = other == stop_other or (
                one < stop_one and leaving[2][one] <= entering[2][other]
            )
            if first:
                other += other < stop_other and leaving[2][one] == entering[2][other]
                others[size], ids[size] = leaving[1][one], leaving[2][one]
                one += 1
            else:
                others[size], ids[size] = entering[1][other], entering[2][other]
                other += 1
            size += 1
        offsets[q + 1] = size
    return offsets, others[:size], ids[:size]


@njit(cache=True, nogil=True)
def reached(keys: Ids, stops: Ids, near: Ids, ends: Ids, far: Ids, nearer: bool) -> tuple[Ids, Ids]:
    """The distinct ends of the walks from each key, but itself, ascending; with offsets.

    Neighbours of key q are near[stops[q]:stops[q + 1]], and those of near[k] stand in `far`.
    """
    offsets = np.zeros_like(stops)
    values = np.empty(near.size + far.size, np.int64)
    size = 0
    for q in range(keys.size):
        start = size
        for place in range(ends[stops[q]], ends[stops[q + 1]]):
            values[size] = far[place]
            size += 1
        if nearer:
            for place in range(stops[q], stops[q + 1]):
                values[size] = near[place]
                size += 1
        ascending(values, start, size)
        stop, size, latest = size, start, keys[q]
        for place in range(start, stop):
            value = values[place]
            if value != latest and value != keys[q]:
                values[size] = latest = value
                size += 1
        offsets[q + 1] = size
    return offsets, values[:size]
