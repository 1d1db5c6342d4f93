"""How programs that lie in the rows of one array cross and mutate.

Subtree crossover and subtree mutation after Koza 1992, "Genetic Programming", chapter 6; point
mutation after McKay, Willis & Barton 1995, "Using a tree structured genetic algorithm to perform
symbolic regression"; hoist mutation after Kinnear 1994, "Fitness landscapes and difficulty in
genetic programming". These are the kernels behind `evolution.programs.Program`, which is what to
use.

Guarantees: rows that are valid stay valid, types included; a child beyond the limits of height or
size is its parent instead (Koza's rule). So is what is no whole program.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from evolution.programs.primitives import ARITY, EPHEMERAL, HIGH, LOW, OPCODE, ROOT, WHOLE, Tables
from evolution.programs.trees import Integers, deepest, end_of, fresh, grow, put, survey
from evolution.variation import Column

# A mutated constant is drawn afresh this often, else it takes a step.
_AFRESH = 0.1
# How often point mutation looks for a place where something else may stand.
_TRIES = 8


class Limits(NamedTuple):
    """The height that programs may have, and the depths between which new subtrees end."""

    height: int
    shortest: int
    tallest: int


class Kinds(NamedTuple):
    """The chances of the kinds of mutation, rising to 1; what is left are steps of constants."""

    subtree: float
    point: float
    hoist: float


@njit(cache=True, nogil=True)
def cross_rows(
    children: Column,
    fathers: Column,
    tables: Tables,
    height: int,
    inner: float,
    rng: np.random.Generator,
) -> None:
    """Put a subtree of each father into the copy of the mother, in place."""
    places = children.shape[1] // 2
    wanted, depth = np.empty(places, np.int64), np.empty(places, np.int64)
    his_wanted, his_depth = np.empty(places, np.int64), np.empty(places, np.int64)
    mother = np.empty(children.shape[1])
    for n in range(len(children)):
        for gene in range(len(mother)):
            mother[gene] = children[n, gene]
        used = survey(mother, tables, wanted, depth)
        his_used = survey(fathers[n], tables, his_wanted, his_depth)
        if used < 0 or his_used < 0:
            continue
        # Her root would make the child a mere part of the father, unless it is all there is.
        first, any_type = min(1, used - 1), np.int64(-1)
        place = crossing(mother, first, used, any_type, inner, tables, rng)
        his = crossing(fathers[n], np.int64(0), his_used, wanted[place], inner, tables, rng)
        if his < 0:
            continue
        end, his_end = end_of(mother, place, tables), end_of(fathers[n], his, tables)
        grown = deepest(his_depth, his, his_end) - his_depth[his]
        size = used + (his_end - his) - (end - place)
        if depth[place] + grown <= height and size <= places:
            splice(children[n], mother, used, place, end, fathers[n], his, his_end)


@njit(cache=True, nogil=True)
def crossing(
    row: Column,
    start: int,
    used: int,
    kind: int,
    inner: float,
    tables: Tables,
    rng: np.random.Generator,
) -> int:
    """Draw a place from ``start`` on, whose subtree gives a type (any, if -1); -1 if none does.

    With chance ``inner`` one of a function, else one of a terminal, as far as there are such;
    evenly among all where ``inner`` is negative.
    """
    functions = leaves = 0
    for place in range(start, used):
        symbol = int(row[place])
        if kind < 0 or tables.fits[kind, symbol]:
            functions += tables.codes[symbol, ARITY] > 0
            leaves += tables.codes[symbol, ARITY] == 0
    if functions + leaves == 0:
        return -1
    mixed = inner < 0.0
    function = functions > 0 and (leaves == 0 or rng.random() < inner)
    count = functions + leaves if mixed else functions if function else leaves
    chosen = int(rng.random() * count)
    place = start - 1
    while chosen >= 0:
        place += 1
        symbol = int(row[place])
        if kind < 0 or tables.fits[kind, symbol]:
            chosen -= mixed or (tables.codes[symbol, ARITY] > 0) == function
    return place


@njit(cache=True, nogil=True)
def splice(
    child: Column,
    mother: Column,
    used: int,
    place: int,
    end: int,
    donor: Column,
    start: int,
    stop: int,
) -> None:
    """Write the mother with ``donor[start:stop]`` in place of her subtree from place to end."""
    places = len(child) // 2
    size = used + (stop - start) - (end - place)
    for part in (0, places):
        for i in range(place):
            child[part + i] = mother[part + i]
        for i in range(stop - start):
            child[part + place + i] = donor[part + start + i]
        for i in range(used - end):
            child[part + place + stop - start + i] = mother[part + end + i]
        for i in range(size, places):
            child[part + i] = 0.0


@njit(cache=True, nogil=True)
def mutate_rows(
    column: Column,
    tables: Tables,
    limits: Limits,
    kinds: Kinds,
    rate: float,
    step: float,
    rng: np.random.Generator,
) -> None:
    """Mutate each row in place with probability ``rate``, in one way."""
    places = column.shape[1] // 2
    scratch = places + tables.takes.shape[1]
    wanted, depth = np.empty(places, np.int64), np.empty(places, np.int64)
    spare = np.empty((2, scratch), np.int64)
    donors = np.empty((2, 2 * places))  # the row as it was, and what has grown
    for n in range(len(column)):
        if rng.random() >= rate:
            continue
        row = column[n]
        used = survey(row, tables, wanted, depth)
        if used < 0:
            continue
        drawn = rng.random()
        place = int(rng.random() * used)
        kind = wanted[place]
        if kinds.subtree <= drawn < kinds.point:
            for _ in range(_TRIES):
                if _substitute(row, place, wanted[place], tables, rng):
                    break
                place = int(rng.random() * used)
        elif drawn >= kinds.hoist:
            _move(row, used, tables, step, rng)
        else:
            for gene in range(2 * places):
                donors[0, gene] = row[gene]
            end = end_of(row, place, tables)
            if drawn < kinds.subtree:
                room = places - used + end - place
                deepest_leaf = limits.height - depth[place]
                start = np.int64(0)
                stop = _sprout(donors[1], room, deepest_leaf, kind, tables, limits, rng, spare)
                donor = 1
            else:  # hoist: any subtree of the type of programs, but the whole
                kind, start, donor = np.int64(ROOT), np.int64(1), 0
                start = crossing(row, start, used, kind, -1.0, tables, rng)
                stop = end_of(row, start, tables) if start > 0 else -1
                place, end = 0, used
            if stop >= 0:
                splice(row, donors[0], used, place, end, donors[donor], start, stop)


@njit(cache=True, nogil=True)
def _sprout(
    grown: Column,
    room: int,
    height: int,
    kind: int,
    tables: Tables,
    limits: Limits,
    rng: np.random.Generator,
    spare: Integers,
) -> int:
    """Grow a new subtree as the limits say; its size, or -1 if height or room does not suffice."""
    tallest = limits.shortest + int(rng.random() * (limits.tallest - limits.shortest + 1))
    full = rng.random() < 0.5
    if max(tallest, tables.reach[kind]) > height:
        return -1
    heights = limits.shortest, tallest
    return grow(grown, room, tables, kind, heights, full, rng, spare)


@njit(cache=True, nogil=True)
def _substitute(
    row: Column, place: int, kind: int, tables: Tables, rng: np.random.Generator
) -> bool:
    """Another primitive for this one, drawn evenly from those that take the same types.

    An ephemeral constant may be followed by another of its kind. False where there is none.
    """
    old = int(row[place])
    count = 0
    chosen = old
    for symbol in range(1, len(tables.codes)):
        if _may_replace(symbol, old, kind, tables):
            count += 1
            if rng.random() * count < 1.0:  # each of them equally likely in the end
                chosen = symbol
    if count:
        put(row, place, chosen, tables, rng)
    return count > 0


@njit(cache=True, nogil=True)
def _may_replace(symbol: int, old: int, kind: int, tables: Tables) -> bool:
    arity = tables.codes[old, ARITY]
    if tables.codes[symbol, ARITY] != arity or not tables.fits[kind, symbol]:
        return False
    for i in range(arity):
        if tables.takes[symbol, i] != tables.takes[old, i]:
            return False
    return symbol != old or tables.codes[symbol, OPCODE] == EPHEMERAL


@njit(cache=True, nogil=True)
def _move(row: Column, used: int, tables: Tables, step: float, rng: np.random.Generator) -> None:
    """Move ephemeral constants by normal steps of this share of their range; some start afresh."""
    for place in range(used):
        symbol = int(row[place])
        if tables.codes[symbol, OPCODE] != EPHEMERAL:
            continue
        at = len(row) // 2 + place
        if rng.random() < _AFRESH:
            row[at] = fresh(tables, symbol, rng)
            continue
        low, high = tables.values[symbol, LOW], tables.values[symbol, HIGH]
        moved = step * (high - low) * rng.standard_normal()
        if tables.codes[symbol, WHOLE]:
            moved = np.ceil(moved) if moved > 0.0 else np.floor(moved)
        row[at] = min(max(row[at] + moved, low), high)
