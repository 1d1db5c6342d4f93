"""Variation of permutations: crossovers by order and by mapping, moves of places and of slices."""

from __future__ import annotations

import numpy as np
from numba import njit

from evolution.variation.columns import Column, Integers, VariationError, hits, require_pairs


def order_crossover(mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
    """Cross permutations ``int[n, size]``: a slice of the mother, the rest in the father's order.

    The slice lies between two different cut points and stays in place; what it lacks follows in
    the order in which the father has it, both read and written from the second cut, wrapping.
    """
    start, stop = _slices("order_crossover", mothers, fathers, rng)
    children = np.array(mothers, order="C")
    _fill_in_order(children, fathers, start, stop)
    return children


@njit(cache=True, nogil=True)
def _fill_in_order(children: Column, fathers: Column, start: Column, stop: Column) -> None:
    n, size = children.shape
    kept = np.empty(size, dtype=np.bool_)
    for row in range(n):
        kept[:] = False
        for place in range(start[row], stop[row]):
            kept[children[row, place]] = True
        target = stop[row] % size
        for offset in range(size):
            value = fathers[row, (stop[row] + offset) % size]
            if not kept[value]:
                children[row, target] = value
                target = (target + 1) % size


def partially_mapped_crossover(
    mothers: Column, fathers: Column, rng: np.random.Generator
) -> Column:
    """PMX: cross permutations ``int[n, size]``: a slice of the mother, elsewhere the father.

    Where the father's value is in the slice already, it is exchanged for what the father has at
    that place of the slice, as often as it takes.
    """
    start, stop = _slices("partially_mapped_crossover", mothers, fathers, rng)
    children = np.array(mothers, order="C")
    _fill_by_map(children, fathers, start, stop)
    return children


@njit(cache=True, nogil=True)
def _fill_by_map(children: Column, fathers: Column, start: Column, stop: Column) -> None:
    n, size = children.shape
    place_of = np.empty(size, dtype=np.int64)
    for row in range(n):
        place_of[:] = -1
        for place in range(start[row], stop[row]):
            place_of[children[row, place]] = place
        for place in range(size):
            if not start[row] <= place < stop[row]:
                value = fathers[row, place]
                while place_of[value] >= 0:
                    value = fathers[row, place_of[value]]
                children[row, place] = value


def swap_mutation(rows: Column, rng: np.random.Generator, rate: float) -> Column:
    """Swap each place of the permutations ``[n, size]``, at this rate, with another place."""
    children = rows.copy()
    _swap(children, *_places(rows, rng, rate))
    return children


@njit(cache=True, nogil=True)
def _swap(rows: Column, row: Column, place: Column, partner: Column) -> None:
    for i in range(len(row)):
        r, a, b = row[i], place[i], partner[i]
        rows[r, a], rows[r, b] = rows[r, b], rows[r, a]


def insertion_mutation(rows: Column, rng: np.random.Generator, rate: float) -> Column:
    """Move what stands at each place of ``[n, size]``, at this rate, to another place.

    What lies between the two places shifts by one to close the gap.
    """
    children = rows.copy()
    _insert(children, *_places(rows, rng, rate))
    return children


@njit(cache=True, nogil=True)
def _insert(rows: Column, row: Column, place: Column, partner: Column) -> None:
    for i in range(len(row)):
        r, source, target = row[i], place[i], partner[i]
        value = rows[r, source]
        step = 1 if target > source else -1
        for j in range(source, target, step):
            rows[r, j] = rows[r, j + step]
        rows[r, target] = value


def inversion_mutation(rows: Column, rng: np.random.Generator, rate: float) -> Column:
    """Turn round the slice from each place of ``[n, size]``, at this rate, to another place.

    Both ends belong to the slice. On a tour this is the 2-opt move.
    """
    children = rows.copy()
    _invert(children, *_places(rows, rng, rate))
    return children


@njit(cache=True, nogil=True)
def _invert(rows: Column, row: Column, place: Column, partner: Column) -> None:
    for i in range(len(row)):
        r = row[i]
        a, b = min(place[i], partner[i]), max(place[i], partner[i])
        while a < b:
            rows[r, a], rows[r, b] = rows[r, b], rows[r, a]
            a += 1
            b -= 1


def _slices(
    what: str, mothers: Column, fathers: Column, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Draw two different cut points for each pair, all equally likely, and check the parents."""
    require_pairs(mothers, fathers)
    n, size = mothers.shape
    for rows in (mothers, fathers):
        wrong = _first_wrong(rows)
        if wrong >= 0:
            raise VariationError(
                f"{what}: rows must be permutations of 0..{size - 1}; "
                f"row {wrong} is {rows[wrong].tolist()}"
            )
    first = rng.integers(0, size + 1, n)
    second = rng.integers(0, max(size, 1), n)
    second += second >= first
    return np.minimum(first, second), np.maximum(first, second)


@njit(cache=True, nogil=True)
def _first_wrong(rows: Column) -> int:
    """The first row that is no permutation, or -1."""
    n, size = rows.shape
    seen_by = np.full(size, -1, np.int64)
    for row in range(n):
        for place in range(size):
            value = rows[row, place]
            if value < 0 or value >= size or seen_by[value] == row:
                return row
            seen_by[value] = row
    return -1


def _places(
    rows: Column, rng: np.random.Generator, rate: float
) -> tuple[Integers, Integers, Integers]:
    """Draw the places hit, and for each a different place of its row, all equally likely."""
    n, size = rows.shape
    row, place = np.divmod(hits((n, size if size > 1 else 0), rate, rng), max(size, 1))
    partner = rng.integers(0, max(size - 1, 1), len(place))
    return row, place, partner + (partner >= place)
