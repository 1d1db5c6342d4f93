"""Local search on tours: 2-opt, and 2.5-opt, which also moves single cities.

Bentley 1992, "Fast algorithms for geometric traveling salesman problems", ORSA J. Computing 4. A
city is put beside one of its candidates, the nearest few, whenever that shortens the tour.

Guarantees: a tour stays a tour and never grows; when the search ends, no such move shortens it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def improve(
    tours: NDArray[np.int64],
    distances: NDArray[np.int64],
    near: NDArray[np.int64],
    insertion: bool,
) -> None:
    """Improve tours in place until no exchange with a candidate shortens any.

    Args:
        tours: int64[m, n], the cities of each in order.
        distances: int64[n, n], symmetric, ≥ 0.
        near: int64[n, k], the candidates of each city, nearest first.
        insertion: also move single cities (2.5-opt).
    """
    place = np.empty(tours.shape[1], np.int64)
    for tour in tours:
        for p in range(len(tour)):
            place[tour[p]] = p
        improved = True
        while improved:
            improved = False
            for city in range(len(tour)):
                while _shorten(city, tour, place, distances, near, insertion):
                    improved = True


@njit(cache=True, nogil=True)
def _shorten(
    a: int,
    tour: NDArray[np.int64],
    place: NDArray[np.int64],
    d: NDArray[np.int64],
    near: NDArray[np.int64],
    insertion: bool,
) -> bool:
    """Find one move that puts a candidate beside city a, and make it."""
    cities = len(tour)
    for side in (1, -1):
        b = tour[(place[a] + side) % cities]
        for c in near[a]:
            gain = d[a, b] - d[a, c]
            if gain <= 0:
                break
            after = tour[(place[c] + side) % cities]
            if gain + d[c, after] - d[b, after] > 0:  # edges ab and c-after become ac and b-after
                _exchange(a, b, c, after, tour, place)
                return True
            before = tour[(place[c] - side) % cities]
            out = d[before, c] + d[c, after] - d[before, after]
            if insertion and before != b and after != a and gain + out - d[b, c] > 0:
                _exchange(a, b, c, after, tour, place)  # c moves between a and b: the exchange,
                _exchange(c, before, b, after, tour, place)  # then what it turned is turned back
                return True
    return False


@njit(cache=True, nogil=True)
def _exchange(
    a: int, b: int, c: int, d: int, tour: NDArray[np.int64], place: NDArray[np.int64]
) -> None:
    """Replace the edges ab and cd by ac and bd, where b follows a as d follows c, or precedes."""
    cities = len(tour)
    forward = tour[(place[a] + 1) % cities] == b
    first, last = (place[b], place[c]) if forward else (place[a], place[d])
    size = (last - first) % cities + 1
    if 2 * size > cities:  # turning the rest round gives the same tour
        first, last, size = (last + 1) % cities, (first - 1) % cities, cities - size
    for _ in range(size // 2):
        tour[first], tour[last] = tour[last], tour[first]
        place[tour[first]], place[tour[last]] = first, last
        first, last = (first + 1) % cities, (last - 1) % cities
