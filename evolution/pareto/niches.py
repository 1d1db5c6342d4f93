"""Niches of NSGA-III: which direction a point belongs to, and whom the emptiest ones take next.

Deb & Jain 2014, "An evolutionary many-objective optimization algorithm using reference-point-based
nondominated sorting approach, part I: solving problems with box constraints", IEEE Transactions on
Evolutionary Computation 18(4), sections IV-D and IV-E.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from evolution.search import Floats, Integers, ObjectiveError


def associate(points: Floats, directions: Floats) -> tuple[Integers, Floats]:
    """The direction nearest to each scaled point ``[n, M]`` ≥ 0, and how far it is.

    Returns:
        niches ``int64[n]``, rows of ``directions[H, M]`` (of equals the first), and perpendicular
        distances ``float64[n]`` from the lines through the origin.
    """
    return nearest_lines(np.ascontiguousarray(points), unit_lines(directions))


def unit_lines(directions: Floats) -> Floats:
    """The directions ``[H, M]`` as columns ``[M, H]`` of length 1."""
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    return np.ascontiguousarray((directions / lengths).T)


def niche_select(
    niches: Integers, distances: Floats, counts: Integers, k: int, rng: np.random.Generator
) -> Integers:
    """Choose ``k`` rows of a front one by one, each from a niche that has the fewest.

    Of such niches one is drawn at random. While nobody represents it, its nearest point is
    chosen; else one at random.

    Args:
        niches: the niche ``int64[n]`` of each point of the front.
        distances: how far each is from its direction, ``float64[n]``.
        counts: how many each niche has already, ``int64[H]``.
        k: how many to choose, at most n.
        rng: drawn from: n + k numbers.
    """
    if not 0 <= k <= len(niches):
        raise ObjectiveError(f"cannot select {k} of {len(niches)} points")
    shuffle = rng.random(len(niches))
    draws = rng.random(k)
    # Members of a niche stand together in random order.
    order = np.lexsort((shuffle, niches))
    return _fill_niches(order, niches, distances, np.array(counts, dtype=np.int64), draws)


@njit(cache=True, nogil=True)
def nearest_lines(points: Floats, lines: Floats) -> tuple[Integers, Floats]:
    """The line, of unit vectors ``lines[M, H]``, on which each point has the longest shadow."""
    n, M = points.shape
    H = lines.shape[1]
    nearest, distances = np.empty(n, dtype=np.int64), np.empty(n)
    shadow = np.empty(H)
    for i in range(n):
        shadow[:] = 0.0
        for m in range(M):
            value = points[i, m]
            for h in range(H):
                shadow[h] += value * lines[m, h]
        best = 0
        for h in range(1, H):
            if shadow[h] > shadow[best]:
                best = h
        squares = 0.0
        for m in range(M):
            squares += (points[i, m] - shadow[best] * lines[m, best]) ** 2
        nearest[i], distances[i] = best, np.sqrt(squares)
    return nearest, distances


@njit(cache=True, nogil=True)
def _fill_niches(
    order: Integers, niches: Integers, distances: Floats, counts: Integers, draws: Floats
) -> Integers:
    H, n, k = len(counts), len(order), len(draws)
    first, stop = np.zeros(H, dtype=np.int64), np.zeros(H, dtype=np.int64)
    for place in range(n - 1, -1, -1):
        niche = niches[order[place]]
        first[niche] = place
        stop[niche] = max(stop[niche], place + 1)
    # Niches with members left, by how many they have; those of the lowest level take turns.
    waiting = np.argsort(counts, kind="mergesort")
    waiting = waiting[stop[waiting] > first[waiting]]
    turn = np.empty(H, dtype=np.int64)
    chosen = np.empty(k, dtype=np.int64)
    done, next_waiting, turns, later = 0, 0, 0, 0
    after = np.empty(H, dtype=np.int64)
    level = 0
    while done < k:
        if later == 0:
            level = counts[waiting[next_waiting]]
        turns, later = later, 0
        turn[:turns] = after[:turns]
        while next_waiting < len(waiting) and counts[waiting[next_waiting]] == level:
            turn[turns] = waiting[next_waiting]
            turns += 1
            next_waiting += 1
        while turns > 0 and done < k:
            drawn = int(draws[done] * turns)
            niche = turn[drawn]
            turns -= 1
            turn[drawn] = turn[turns]
            place = first[niche]
            if level == 0:
                for other in range(place + 1, stop[niche]):
                    if distances[order[other]] < distances[order[place]]:
                        place = other
                order[place], order[first[niche]] = order[first[niche]], order[place]
            chosen[done] = order[first[niche]]
            done += 1
            first[niche] += 1
            if first[niche] < stop[niche]:
                after[later] = niche
                later += 1
        level += 1
    return chosen
