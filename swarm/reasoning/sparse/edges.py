"""Edges: the facts of a large graph in both directions, as compressed sparse rows.

The edges of entity x are rows `out[x]:out[x + 1]`, ordered by relation and then target, so that
the answers of (x, r', ?) stand together and are found by halving. Guarantee: a row set of facts
has one such form, whatever order the facts came in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class Edges(NamedTuple):
    """Facts in both directions, each once.

    Attributes:
        out: int64[E + 1], where the edges of each entity begin.
        source, relation, target: int32[n]; relation is in [0, 2R).
    """

    out: np.ndarray
    source: np.ndarray
    relation: np.ndarray
    target: np.ndarray

    @classmethod
    def of(cls, facts: np.ndarray, entities: int, relations: int) -> Edges:
        """The edges of int[n, 3] facts (head, relation, tail); O(n log n)."""
        head, relation, tail = np.asarray(facts, np.int64).T
        D = 2 * relations
        forward = (head * D + relation) * entities + tail
        backward = (tail * D + relation + relations) * entities + head
        cells = np.unique(np.concatenate([forward, backward]))
        source, target = cells // (D * entities), cells % entities
        out = np.searchsorted(source, np.arange(entities + 1)).astype(np.int64)
        relation = cells // entities % D
        return cls(out, *(column.astype(np.int32) for column in (source, relation, target)))


@njit(cache=True, nogil=True)
def lower(values, start, stop, wanted):
    """The first place in ascending `values[start:stop]` with a value of at least `wanted`."""
    while start < stop:
        middle = (start + stop) >> 1
        if values[middle] < wanted:
            start = middle + 1
        else:
            stop = middle
    return start


@njit(cache=True, nogil=True)
def answers_of(edges, x, r):
    """Where the answers of (x, r, ?) begin and end among the targets."""
    start = lower(edges.relation, edges.out[x], edges.out[x + 1], r)
    return start, lower(edges.relation, start, edges.out[x + 1], r + 1)


@njit(cache=True, nogil=True)
def holds(edges, r, x, y):
    """Whether r(x, y) is a fact."""
    start, stop = answers_of(edges, x, r)
    k = lower(edges.target, start, stop, y)
    return k < stop and edges.target[k] == y


@njit(cache=True, nogil=True)
def inverse(r, half):
    """The other direction of r, of 2 * half."""
    return r + half if r < half else r - half


@njit(cache=True, nogil=True)
def grown(values, needed):
    """The same values with room for at least `needed` of them."""
    if needed <= len(values):
        return values
    larger = np.empty(max(2 * len(values), needed), values.dtype)
    larger[: len(values)] = values
    return larger


@njit(cache=True, nogil=True)
def two_path_counts(edges):
    """int64[E]: number of paths of two edges that leave each entity and do not come back at once.

    An upper bound of the groundings of rule bodies, and what it costs to find them.
    """
    entities = len(edges.out) - 1
    count = np.zeros(entities, np.int64)
    for x in range(entities):
        for i in range(edges.out[x], edges.out[x + 1]):
            z = edges.target[i]
            if z != x:
                count[x] += edges.out[z + 1] - edges.out[z]
    return count
