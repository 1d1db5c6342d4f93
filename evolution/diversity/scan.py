"""The compiled pass of `evolution.diversity.neighbours` over all points.

A query q and a point p are compared in float32 by s = Σ (q - p)². Let ρ bound the coordinates'
rounding: each is off by at most 2^-24 of itself, so the difference vector by no more than
ρ = 2^-24 (‖q‖ + ‖p‖). The sum of d squares is off by a share of at most (d + 2) 2^-23. So a
point at true distance r has √s ≤ (r + ρ) √(1 + (d + 2) 2^-23), and if that is more than what the
k-th nearest so far allows, it need not be measured again. Twice these bounds are used.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.search import Floats, Integers

# Points in a block: 32 coordinates of them fit a first-level cache.
BLOCK = 128
# Points that are passed over together when none of them is near.
_GROUP = 64
# Queries that share one pass over a block, so that it is fetched once for all of them.
_TILE = 64
# Coordinates beyond this overflow when squared in float32: everything is measured in float64.
_LARGEST = 1e17

Singles = npt.NDArray[np.float32]


@njit(cache=True, nogil=True)
def fill(rows: Floats, origin: Floats, first: int, blocks: Singles) -> float:
    """Write rows into blocks, from place ``first``; the largest norm about the origin."""
    reach = 0.0
    for i in range(len(rows)):
        block, place = divmod(first + i, BLOCK)
        norm = 0.0
        for d in range(rows.shape[1]):
            centred = rows[i, d] - origin[d]
            norm += centred * centred
            blocks[block, d, place] = np.float32(centred)
        reach = max(reach, np.sqrt(norm))
    return reach


@njit(cache=True, nogil=True)
def scan(
    points: Floats,
    blocks: Singles,
    size: int,
    origin: Floats,
    reach: float,
    queries: Floats,
    first: int,
    alone: bool,
    squares: Floats,
    found: Integers,
) -> None:
    """Merge the points into the k nearest of each query: squared distances, ascending, and rows.

    Rows count from ``first``; where ``alone``, query i passes over point i.
    """
    q, dimensions = queries.shape
    singles = np.empty((q, dimensions), dtype=np.float32)
    norms = fill_singles(queries, origin, singles)
    limits = np.empty(q, dtype=np.float32)
    sums = np.empty(BLOCK, dtype=np.float32)
    k = squares.shape[1]
    for i in range(q):
        limits[i] = _limit(squares[i, k - 1], norms[i], reach, dimensions)
    for start in range(0, q, _TILE):
        for block in range((size + BLOCK - 1) // BLOCK):
            held = min(BLOCK, size - block * BLOCK)
            for i in range(start, min(q, start + _TILE)):
                _sums(singles[i], blocks[block], sums)
                for group in range(0, held, _GROUP):
                    if not _any_below(sums[group : group + _GROUP], limits[i]):
                        continue
                    for place in range(group, min(held, group + _GROUP)):
                        if sums[place] > limits[i]:
                            continue
                        row = block * BLOCK + place
                        if alone and row == i:
                            continue
                        square = _square(queries[i], points[row])
                        if _merge(square, first + row, squares[i], found[i]):
                            limits[i] = _limit(squares[i, k - 1], norms[i], reach, dimensions)


@njit(cache=True, nogil=True)
def fill_singles(queries: Floats, origin: Floats, singles: Singles) -> Floats:
    """Queries about the origin in float32, and their norms."""
    norms = np.zeros(len(queries))
    for i in range(len(queries)):
        for d in range(queries.shape[1]):
            centred = queries[i, d] - origin[d]
            norms[i] += centred * centred
            singles[i, d] = np.float32(centred)
    return np.sqrt(norms)


@njit(cache=True, nogil=True)
def _limit(square: float, norm: float, reach: float, dimensions: int) -> np.float32:
    """What a float32 sum may be at most if the point is to be nearer than the k-th so far."""
    if not (norm < _LARGEST and reach < _LARGEST and square < _LARGEST * _LARGEST):
        return np.float32(np.inf)
    distance = np.sqrt(square) + 2.0**-23 * (norm + reach)
    # The last term covers sums that underflow.
    return np.float32(distance * distance * (1.0 + (dimensions + 2) * 2.0**-22) + 1e-30)


@njit(cache=True, nogil=True)
def _sums(query: Singles, block: Singles, sums: Singles) -> None:
    """Σ (q - p)² for all points of a block, four coordinates a pass."""
    sums[:] = np.float32(0.0)
    d = 0
    while d + 4 <= len(query):
        a, b, c, e = query[d], query[d + 1], query[d + 2], query[d + 3]
        for place in range(BLOCK):
            u = a - block[d, place]
            v = b - block[d + 1, place]
            w = c - block[d + 2, place]
            x = e - block[d + 3, place]
            sums[place] += (u * u + v * v) + (w * w + x * x)
        d += 4
    while d < len(query):
        a = query[d]
        for place in range(BLOCK):
            u = a - block[d, place]
            sums[place] += u * u
        d += 1


@njit(cache=True, nogil=True)
def _any_below(sums: Singles, limit: np.float32) -> bool:
    """Whether one of a group of sums is within the limit; counted, as that needs no branches."""
    below = np.int32(0)
    for place in range(_GROUP):
        below += np.int32(sums[place] <= limit)
    return bool(below > 0)


@njit(cache=True, nogil=True)
def _square(query: Floats, point: Floats) -> float:
    """The squared distance in float64, coordinate by coordinate."""
    total = 0.0
    for d in range(len(query)):
        gap = query[d] - point[d]
        total += gap * gap
    return total


@njit(cache=True, nogil=True)
def _merge(square: float, row: int, squares: Floats, found: Integers) -> bool:
    """Put a point among the nearest, behind those as near; whether it belonged there."""
    last = len(squares) - 1
    if found[last] >= 0 and square >= squares[last]:
        return False
    while last > 0 and (found[last - 1] < 0 or squares[last - 1] > square):
        squares[last], found[last] = squares[last - 1], found[last - 1]
        last -= 1
    squares[last], found[last] = square, row
    return True
