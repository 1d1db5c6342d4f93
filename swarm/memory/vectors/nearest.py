"""The k nearest of many vectors, exactly, at the speed of a matrix product.

Blocks of queries are multiplied with blocks of vectors in float32 (BLAS), and of each product only
the best few are kept, in a heap. Those are measured again in float64, and the answer is taken from
them if nothing outside can be nearer, given the most that float32 can be wrong (Higham 2002,
"Accuracy and Stability of Numerical Algorithms", section 3.1); a query for which that is not
certain is scanned again, and everything that could be among its nearest is measured.

Guarantees: the neighbours are those of float64 throughout, with equal distances in the order of
their ids; so they do not depend on the BLAS, on its threads, or on what else is asked.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.vectors.columns import Columns
from swarm.memory.vectors.index import NOBODY, Floats, Ids, Metric, Neighbours

QUERY_BLOCK, VECTOR_BLOCK, FEW_QUERIES = 128, 2048, 16
SPARE = 6  # candidates beyond k, so that few queries have to be scanned again
GATHERED_SHARE = 0.3  # above it, a filter costs less as infinite shifts than as a copy
UNIT = 2.0**-24
Doubles = NDArray[np.float64]


def nearest(columns: Columns, queries: Floats, k: int, slots: Ids | None = None) -> Neighbours:
    """The k nearest of each query among all vectors, or among some slots.

    Args:
        columns: the vectors.
        queries: float32[Q, d], checked.
        k: how many, ≥ 1.
        slots: int64[m], distinct and living; None for all.

    Returns:
        Neighbours, with ids.

    Costs O(Q · m · d).
    """
    scan = _Scan(columns, slots, len(queries))
    scaled = directions(queries) if columns.metric == "cosine" else queries
    room = min(k + SPARE, len(scan.shift))
    values = np.full((len(queries), room), np.inf, dtype=np.float32)
    found = np.full((len(queries), room), NOBODY, dtype=np.int64)
    if room:
        scan.sift(scaled, values, found)
    ids, distances = _ranked(columns, queries, found, k)
    if room == len(scan.shift):  # all of them were measured
        return Neighbours(ids, distances.astype(np.float32))
    # Whatever was left out lies beyond the last of the heap.
    lengths = np.sqrt(np.einsum("ij,ij->i", scaled, scaled, dtype=np.float64))
    wrong = _most_wrong(lengths, columns)
    last = _values_of(distances[:, k - 1], lengths, columns.metric)
    unsure = np.flatnonzero(~(last + wrong < values[:, 0].astype(np.float64) - wrong))
    unsure = unsure[np.isfinite(values[unsure, 0])]  # else the heap has room: nothing was left out
    for i in unsure.tolist():
        candidates = scan.within(scaled[i], last[i] + 2 * wrong[i])
        ids[i : i + 1], distances[i : i + 1] = _ranked(
            columns, queries[i : i + 1], candidates[np.newaxis], k
        )
    return Neighbours(ids, distances.astype(np.float32))


class _Scan:
    """Passes over the vectors that may be found."""

    def __init__(self, columns: Columns, slots: Ids | None, queries: int) -> None:
        # Products of a block stay in the cache; few queries make little of it.
        self.step = VECTOR_BLOCK * (8 if queries <= FEW_QUERIES else 1)
        self.vectors = columns.vectors
        self.shift, self.scale = columns.shift, columns.scale
        self.slots = None
        if slots is None:
            return
        if len(slots) > GATHERED_SHARE * columns.size:
            self.shift = np.full(columns.size, np.inf, dtype=np.float32)
            self.shift[slots] = columns.shift[slots]
        else:
            self.slots = slots
            self.shift, self.scale = self.shift[slots], self.scale[slots]

    def block(self, first: int) -> Floats:
        """float32[≤ step, d] from the row `first` on."""
        part = slice(first, first + self.step)
        return self.vectors[part if self.slots is None else self.slots[part]]

    def sift(self, queries: Floats, values: Floats, found: Ids) -> None:
        """Keep the least values of each query, float32[Q, room] as heaps, and their slots."""
        for first in range(0, len(self.shift), self.step):
            block = self.block(first).T
            part = slice(first, first + self.step)
            for start in range(0, len(queries), QUERY_BLOCK):
                some = slice(start, start + QUERY_BLOCK)
                products = queries[some] @ block
                sift(products, self.shift[part], self.scale[part], first, values[some], found[some])
        if self.slots is not None:
            found[:] = np.where(found >= 0, self.slots[found], NOBODY)

    def within(self, query: Floats, most: float) -> Ids:
        """The slots whose value is at most `most`."""
        hits = []
        for first in range(0, len(self.shift), self.step):
            part = slice(first, first + self.step)
            values = self.shift[part] - self.scale[part] * (self.block(first) @ query)
            hits.append(first + np.flatnonzero((values <= most) & np.isfinite(values)))
        rows = np.concatenate(hits)
        return rows if self.slots is None else self.slots[rows]


@njit(cache=True, nogil=True)
def sift(
    products: Floats, shift: Floats, scale: Floats, first: int, values: Floats, found: Ids
) -> None:
    """Put what is less than the largest of a row's heap in its place; slots count from `first`."""
    room = values.shape[1]
    for i in range(products.shape[0]):
        heap, slots = values[i], found[i]
        for begin in range(0, products.shape[1], 64):
            end = min(begin + 64, products.shape[1])
            most, hits = heap[0], 0
            for j in range(begin, end):  # without a branch, and so many at a time
                hits += shift[j] - scale[j] * products[i, j] < most
            if not hits:
                continue
            for j in range(begin, end):
                value = shift[j] - scale[j] * products[i, j]
                if not value < heap[0]:
                    continue
                at = 0
                while True:
                    child = 2 * at + 1
                    if child >= room:
                        break
                    if child + 1 < room and heap[child + 1] > heap[child]:
                        child += 1
                    if heap[child] <= value:
                        break
                    heap[at], slots[at] = heap[child], slots[child]
                    at = child
                heap[at], slots[at] = value, first + j


@njit(cache=True, nogil=True)
def measure(vectors: Floats, queries: Floats, slots: Ids, metric: int) -> Doubles:
    """Distances float64[Q, c] to slots int64[Q, c], summed in the order of dimensions.

    The metric is 0 for l2, 1 for cosine, 2 for inner_product; a slot of -1 is infinitely far.
    """
    distances = np.full(slots.shape, np.inf)
    for i in range(slots.shape[0]):
        for j in range(slots.shape[1]):
            if slots[i, j] < 0:
                continue
            product = square = own = other = 0.0
            for axis in range(queries.shape[1]):
                q, x = np.float64(queries[i, axis]), np.float64(vectors[slots[i, j], axis])
                square += (q - x) * (q - x)
                product += q * x
                own += q * q
                other += x * x
            if metric == 0:
                distances[i, j] = square
            elif metric == 1:
                distances[i, j] = 1.0 - product / np.sqrt(own * other)
            else:
                distances[i, j] = 1.0 - product
    return distances


def _ranked(columns: Columns, queries: Floats, found: Ids, k: int) -> tuple[Ids, Doubles]:
    """Measure what was found; ids int64[Q, k] and distances float64[Q, k], by distance, then id."""
    metric = ("l2", "cosine", "inner_product").index(columns.metric)
    distances = measure(columns.vectors, queries, found, metric)
    known = found >= 0
    ids = np.where(known, columns.ids[found] if columns.size else NOBODY, NOBODY)
    order = np.lexsort((ids, distances))[:, :k]
    best_ids = np.full((len(queries), k), NOBODY, dtype=np.int64)
    best = np.full((len(queries), k), np.inf)
    best_ids[:, : order.shape[1]] = np.take_along_axis(ids, order, axis=1)
    best[:, : order.shape[1]] = np.take_along_axis(distances, order, axis=1)
    return best_ids, best


def directions(vectors: Floats) -> Floats:
    """The same vectors, of length 1; the lengths are taken in float64."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    return (vectors / lengths[:, np.newaxis]).astype(np.float32)


def _values_of(distances: Doubles, lengths: Doubles, metric: Metric) -> Doubles:
    """What a distance is in the numbers that heaps compare: shift - scale · product."""
    return (distances - lengths**2) / 2 if metric == "l2" else distances - 1.0


def _most_wrong(lengths: Doubles, columns: Columns) -> Doubles:
    """The most by which float32 can miss a value, generously."""
    reach = 1.0 if columns.metric == "cosine" else columns.reach
    square = columns.reach**2 if columns.metric == "l2" else 0.0
    terms = columns.dimensions + 10
    return 2 * terms * (UNIT * (lengths * reach + square + lengths**2) + 1e-44)


def padded(ids: Ids, distances: Floats, k: int) -> Neighbours:
    """Answers of fewer than k columns, with nobody in the others."""
    missing = ((0, 0), (0, k - ids.shape[1]))
    return Neighbours(
        np.pad(ids, missing, constant_values=NOBODY),
        np.pad(distances, missing, constant_values=np.inf),
    )


def recall_of(found: Ids, true: Ids, own: bool) -> float:
    """The share of true neighbours that was found; with `own`, but for the nearest of all."""
    wanted = true[:, own:]
    hits = (wanted[:, :, np.newaxis] == found[:, np.newaxis, :]).any(axis=2) & (wanted >= 0)
    return float(hits.sum() / (wanted >= 0).sum()) if (wanted >= 0).any() else 1.0
