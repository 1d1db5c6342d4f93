"""Kernels that find the front of each point. Objectives are minimised, none may be NaN.

Points are taken in lexicographic order, so that a point can be dominated only by those before it,
and a point's front follows the last front that dominates it. If a point of a front dominates
another point, so does one of each front before it: fronts can be searched by bisection (Zhang,
Tian, Cheng & Jin 2015, "An efficient approach to nondominated sorting for evolutionary
multiobjective optimization", IEEE Transactions on Evolutionary Computation 19(2)).

* M = 2: a front dominates a point if its least second objective does: O(n log n).
* M = 3: of each front the staircase of its second and third objectives (Kung, Luccio & Preparata
  1975, "On finding the maxima of a set of vectors", JACM 22(4)): O(n log² n), as long as
  staircases are short; a staircase that takes much shifting is given up for the next.
* M > 3: `evolution.pareto.dominators`: O(M n²/64), whatever the shape.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from evolution.pareto.dominators import ranks_by_dominators
from evolution.pareto.ordering import sort_stably
from evolution.search import Floats, Integers

# Staircases may shift this many steps a point, and this share of all points; beyond, finding all
# dominators is faster.
_SHIFTS, _SHIFTED_SHARE = 64, 1 / 32


@njit(cache=True, nogil=True)
def front_ranks(columns: Floats) -> Integers:
    """The front ``int64[n]`` of each point of ``columns[M, n]``."""
    M, n = columns.shape
    order = np.arange(n)
    orders = np.empty((M, n), dtype=np.int64)
    for m in range(M - 1, -1, -1):
        order = sort_stably(order, columns[m])
        orders[m] = order
    # Equal points stand together: one of each is enough.
    points, copy_of = _distinct(columns, order)
    if M == 1:
        ranks = np.arange(points.shape[1])
    elif M == 2:
        ranks = _ranks_of_pairs(points[1])
    else:
        ranks = np.empty(0, dtype=np.int64)
        if M == 3:
            ranks = _ranks_by_staircases(points[1], points[2])
        if len(ranks) == 0:
            ranks = ranks_by_dominators(points, _orders_of_distinct(orders, copy_of))
    found = np.empty(n, dtype=np.int64)
    for i in range(n):
        found[i] = ranks[copy_of[i]]
    return found


@njit(cache=True, nogil=True)
def _distinct(columns: Floats, order: Integers) -> tuple[Floats, Integers]:
    """Distinct points ``[M, u]`` in lexicographic order, and which of them each point is."""
    M, n = columns.shape
    points = np.empty((M, n))
    copy_of = np.empty(n, dtype=np.int64)
    u = 0
    for place in range(n):
        row = order[place]
        new = u == 0
        for m in range(M):
            points[m, u] = columns[m, row]
            new |= points[m, u] != points[m, u - 1]
        u += new
        copy_of[row] = u - 1
    return points[:, :u].copy(), copy_of


@njit(cache=True, nogil=True)
def _orders_of_distinct(orders: Integers, copy_of: Integers) -> Integers:
    M, n = orders.shape
    u = copy_of.max() + 1
    found = np.empty((M, u), dtype=np.int64)
    seen = np.full(u, -1)
    for m in range(M):
        place = 0
        for i in range(n):
            point = copy_of[orders[m, i]]
            if seen[point] != m:
                seen[point] = m
                found[m, place] = point
                place += 1
    return found


@njit(cache=True, nogil=True)
def _ranks_of_pairs(second: Floats) -> Integers:
    n = len(second)
    ranks = np.empty(n, dtype=np.int64)
    least = np.empty(n)
    fronts = 0
    for i in range(n):
        low, high = 0, fronts
        while low < high:
            front = (low + high) // 2
            if least[front] <= second[i]:
                low = front + 1
            else:
                high = front
        ranks[i] = low
        least[low] = second[i]
        fronts = max(fronts, low + 1)
    return ranks


@njit(cache=True, nogil=True)
def _ranks_by_staircases(second: Floats, third: Floats) -> Integers:
    """None at all where staircases get too long to be shifted.

    A front's staircase lies in a stretch of one pool: second objectives ascending, third ones
    descending. A stretch that is full moves to one twice as long at the end of the pool.
    """
    n = len(second)
    ranks = np.empty(n, dtype=np.int64)
    across, down = np.empty(8 * n), np.empty(8 * n)
    start, length = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    room = np.zeros(n, dtype=np.int64)
    end, fronts, shifts = 0, 0, 0
    most = n * (_SHIFTS + _SHIFTED_SHARE * n)
    for i in range(n):
        y, z = second[i], third[i]
        low, high, place = 0, fronts, 0
        while low < high:
            front = (low + high) // 2
            first, stop = start[front], start[front] + length[front]
            while first < stop:
                middle = (first + stop) // 2
                if across[middle] <= y:
                    first = middle + 1
                else:
                    stop = middle
            if first > start[front] and down[first - 1] <= z:
                low = front + 1
            else:
                high, place = front, first
        ranks[i] = low
        if low == fronts:
            start[low], room[low], length[low] = end, 4, 1
            across[end], down[end] = y, z
            end += 4
            fronts += 1
            continue
        if length[low] == room[low]:
            place += end - start[low]
            end = _move(across, down, start, length, room, low, end)
        shifts += _insert(across, down, start[low], length, low, place, y, z)
        if shifts > most:
            return np.empty(0, dtype=np.int64)
    return ranks


@njit(cache=True, nogil=True)
def _move(
    across: Floats,
    down: Floats,
    start: Integers,
    length: Integers,
    room: Integers,
    front: int,
    end: int,
) -> int:
    """Move the front's staircase to the end of the pool, with twice the room."""
    source = start[front]
    for step in range(length[front]):
        across[end + step] = across[source + step]
        down[end + step] = down[source + step]
    start[front] = end
    room[front] *= 2
    return end + room[front]


@njit(cache=True, nogil=True)
def _insert(
    across: Floats,
    down: Floats,
    start: int,
    length: Integers,
    front: int,
    place: int,
    y: float,
    z: float,
) -> int:
    """Put a step before ``place``, in the place of those that it makes superfluous."""
    stop = start + length[front]
    last = place
    while last < stop and down[last] >= z:
        last += 1
    if place > start and across[place - 1] == y:
        place -= 1
    gap = last - place
    if gap == 0:
        for step in range(stop, place, -1):
            across[step] = across[step - 1]
            down[step] = down[step - 1]
    elif gap > 1:
        for step in range(last, stop):
            across[step - gap + 1] = across[step]
            down[step - gap + 1] = down[step]
    across[place], down[place] = y, z
    length[front] += 1 - gap
    return stop - last
