"""Programs as rows of an array: where their parts lie, how they are measured and how they grow.

A row is ``places`` symbols and then as many constants. Symbols stand in prefix order: each function
before its arguments. 0 is an empty place, and empty places come last; a constant is 0 where the
symbol is no ephemeral one, so equal programs are equal bytes.

They grow by Koza 1992, "Genetic Programming", section 6.2: *full* trees end at one depth, *grown*
ones anywhere before it, and a ramp of depths with half of each kind begins a population. A place
that wants a type is filled evenly from all primitives of that type which can still end in time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.programs.primitives import (
    ARITY,
    EPHEMERAL,
    HIGH,
    LOW,
    NEED,
    OPCODE,
    ROOT,
    WHOLE,
    Tables,
)
from evolution.variation import Column

Integers = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def used_of(row: Column) -> int:
    """How many places of a row are in use."""
    used = 0
    while used < len(row) // 2 and row[used] > 0:
        used += 1
    return used


@njit(cache=True, nogil=True)
def end_of(row: Column, place: int, tables: Tables) -> int:
    """The place after the subtree that begins at this one."""
    wanted = 1
    while wanted > 0:
        wanted += tables.codes[int(row[place]), ARITY] - 1
        place += 1
    return place


@njit(cache=True, nogil=True)
def survey(row: Column, tables: Tables, wanted: Integers, depth: Integers) -> int:
    """Note the type that each place wants and its depth, 0 at the root; how many are in use.

    -1 where the row is no whole program: a part is missing, or something is left over.
    """
    places = len(row) // 2
    # The types and depths still wanted are a stack, which lies at the far end of the notes.
    top = places - 1
    wanted[top], depth[top] = ROOT, 0
    place = 0
    while top < places:
        if place == places or not 0 < row[place] < len(tables.codes):
            return -1
        symbol = int(row[place])
        below, level = wanted[top], depth[top]
        arity = tables.codes[symbol, ARITY]
        top += 1 - arity
        if top <= place:
            return -1  # more is wanted than there are places left
        wanted[place], depth[place] = below, level
        for i in range(arity):
            wanted[top + i] = tables.takes[symbol, i]
            depth[top + i] = level + 1
        place += 1
    return place


@njit(cache=True, nogil=True)
def deepest(depth: Integers, place: int, end: int) -> int:
    """The greatest depth from a place up to another."""
    most = 0
    for i in range(place, end):
        most = max(most, depth[i])
    return most


@njit(cache=True, nogil=True)
def grow(
    row: Column,
    room: int,
    tables: Tables,
    kind: int,
    heights: tuple[int, int],
    full: bool,
    rng: np.random.Generator,
    spare: Integers,
) -> int:
    """Write a random tree of a type into a row; its size, or -1 if it finds no room.

    ``heights`` are the depth before which nothing ends by chance and the height, which is more
    only where the type asks for it. ``spare`` [2, places + most arguments] is scratch.
    """
    wanted, left = spare[0], spare[1]
    place = 0
    height = max(heights[1], tables.reach[kind])
    top = 0
    wanted[0], left[0] = kind, height
    while top >= 0:
        if place + top + 1 > room:
            return -1
        below, remaining = wanted[top], left[top]
        early = not full and height - remaining >= heights[0]
        leaf = remaining == 0 or (early and rng.random() < tables.leaf_share)
        symbol = pick(tables, below, remaining, leaf, rng)
        if symbol == 0:
            symbol = pick(tables, below, remaining, not leaf, rng)
        put(row, place, symbol, tables, rng)
        place += 1
        top -= 1
        for i in range(tables.codes[symbol, ARITY] - 1, -1, -1):
            top += 1
            wanted[top], left[top] = tables.takes[symbol, i], remaining - 1
    return place


@njit(cache=True, nogil=True)
def pick(tables: Tables, kind: int, height: int, leaf: bool, rng: np.random.Generator) -> int:
    """Any terminal, or any function, of a type that can end within a height; 0 if there is none."""
    count = 0
    for symbol in range(1, len(tables.codes)):
        count += _goes(tables, symbol, kind, height, leaf)
    if count == 0:
        return 0
    chosen = int(rng.random() * count)
    symbol = 0
    while chosen >= 0:
        symbol += 1
        chosen -= _goes(tables, symbol, kind, height, leaf)
    return symbol


@njit(cache=True, nogil=True)
def _goes(tables: Tables, symbol: int, kind: int, height: int, leaf: bool) -> bool:
    return (
        (tables.codes[symbol, ARITY] == 0) == leaf
        and tables.fits[kind, symbol]
        and tables.codes[symbol, NEED] <= height
    )


@njit(cache=True, nogil=True)
def put(row: Column, place: int, symbol: int, tables: Tables, rng: np.random.Generator) -> None:
    """Write a symbol, and its constant if it has one of its own."""
    row[place] = symbol
    ephemeral = tables.codes[symbol, OPCODE] == EPHEMERAL
    row[len(row) // 2 + place] = fresh(tables, symbol, rng) if ephemeral else 0.0


@njit(cache=True, nogil=True)
def fresh(tables: Tables, symbol: int, rng: np.random.Generator) -> float:
    """A new ephemeral constant."""
    low, high = tables.values[symbol, LOW], tables.values[symbol, HIGH]
    if tables.codes[symbol, WHOLE]:
        return low + np.floor(rng.random() * (high - low + 1.0))
    return min(low + rng.random() * (high - low), high)


@njit(cache=True, nogil=True)
def draw_rows(
    column: Column, tables: Tables, shortest: int, tallest: int, rng: np.random.Generator
) -> None:
    """Fill empty rows half and half with full and grown trees, the heights ramped evenly.

    A tree that finds no room is drawn again one level lower.
    """
    places = column.shape[1] // 2
    scratch = places + tables.takes.shape[1]
    spare, root = np.empty((2, scratch), np.int64), np.int64(ROOT)
    for n in range(len(column)):
        height = shortest + int(rng.random() * (tallest - shortest + 1))
        full = rng.random() < 0.5
        used = -1
        while used < 0:
            heights = min(shortest, height), height
            used = grow(column[n], places, tables, root, heights, full, rng, spare)
            height -= 1
        for place in range(used, places):  # what a tree without room has left
            column[n, place] = column[n, places + place] = 0.0


@njit(cache=True, nogil=True)
def mark_wrong(column: Column, wrong: Column, tables: Tables, tallest: int) -> None:
    """Mark the genes that break a row; see `Program.allowed`."""
    places = column.shape[1] // 2
    kinds, depth = np.empty(places, np.int64), np.empty(places, np.int64)
    for n in range(len(column)):
        row = column[n]
        strange = 0
        for place in range(places):
            known = 0 <= row[place] < len(tables.codes) and row[place] == np.floor(row[place])
            wrong[n, place] = not known
            strange += not known
        if strange:
            continue
        used = survey(row, tables, kinds, depth)
        if used < 0:
            for place in range(places):
                wrong[n, place] = True
            continue
        for place in range(places):
            symbol, constant = int(row[place]), row[places + place]
            if place >= used:
                wrong[n, place], wrong[n, places + place] = symbol != 0, constant != 0.0
                continue
            misplaced = not tables.fits[kinds[place], symbol] or depth[place] > tallest
            wrong[n, place] = misplaced
            if tables.codes[symbol, OPCODE] != EPHEMERAL:
                wrong[n, places + place] = constant != 0.0
            elif tables.codes[symbol, OPCODE] == EPHEMERAL:
                inside = tables.values[symbol, LOW] <= constant <= tables.values[symbol, HIGH]
                integral = not tables.codes[symbol, WHOLE] or constant == np.floor(constant)
                wrong[n, places + place] = not (inside and integral)


@njit(cache=True, nogil=True)
def sizes_of(column: Column) -> Integers:
    """How many places each row uses."""
    sizes = np.empty(len(column), np.int64)
    for n in range(len(column)):
        sizes[n] = used_of(column[n])
    return sizes


@njit(cache=True, nogil=True)
def heights_of(column: Column, tables: Tables) -> Integers:
    """The height of each row's tree: 0 where it is one terminal."""
    places = column.shape[1] // 2
    kinds, depth = np.empty(places, np.int64), np.empty(places, np.int64)
    heights = np.empty(len(column), np.int64)
    for n in range(len(column)):
        used = survey(column[n], tables, kinds, depth)
        heights[n] = deepest(depth, 0, used)
    return heights
