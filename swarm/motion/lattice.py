"""Who is in which cell of a grid.

Cells are numbered along the lines, `cell = y · width + x`. The agents of a cell are chained, so
that any number fits, and one that moves is found in its new cell at once.

Everything here is compiled and can be called from compiled kernels of your own:

    @njit(cache=True)
    def scatter(lattice, rows, seed):
        stream = seeded(seed)
        for row in rows:
            relocate(lattice, row, random_around(lattice, lattice.cell[row], stream))

Guarantees: `around` gives each cell within the radius once, its centre left out, none beyond the
border of a bounded grid; a lattice just built depends on the columns `cell` and `alive` alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import below
from swarm.motion.chains import INLINED, NOBODY, link, unlink, wrapped


class Lattice(NamedTuple):
    """Agents of a grid, chained by cell; made by `build`.

    Attributes:
        cell: int32[n], the cell each agent is in.
        first: int32[height · width], the first agent of each cell, −1 for none.
        following, previous: int32[n], the chain, −1 at its ends.
        alive: bool[n]; the dead are in no cell.
        changed: bool[1], whether an agent has moved since the lattice was built.
        width, height: in cells.
        periodic: whether the grid is a torus.
    """

    cell: NDArray[np.int32]
    first: NDArray[np.int32]
    following: NDArray[np.int32]
    previous: NDArray[np.int32]
    alive: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    width: int
    height: int
    periodic: bool


def build(
    cell: NDArray[np.int32], alive: NDArray[np.bool_], width: int, height: int, periodic: bool
) -> Lattice:
    """Chain agents by their cells. Costs O(n + cells).

    Raises:
        ValueError: a living agent is in no cell of the grid.
    """
    number = len(cell)
    lattice = Lattice(
        cell=cell,
        first=np.empty(width * height, np.int32),
        following=np.empty(number, np.int32),
        previous=np.empty(number, np.int32),
        alive=alive,
        changed=np.zeros(1, np.bool_),
        width=width,
        height=height,
        periodic=periodic,
    )
    if not chain(lattice):
        raise ValueError(
            f"cells are from 0 to {width * height - 1}; what was written to the column is not: "
            "move agents with space.move(rows, places)"
        )
    return lattice


@njit(**INLINED)
def around(lattice: Lattice, cell: int, radius: int, moore: bool, found: NDArray[np.int64]) -> int:
    """Write the cells around a cell to `found`, int64 with room for them; return how many.

    Moore: at most `radius` steps along each axis, up to (2r+1)² − 1 cells. Otherwise von
    Neumann: at most `radius` steps in all, up to 2r(r+1). On a periodic grid too small for that
    a cell is reached several ways, and given once.
    """
    width, height, torus = lattice.width, lattice.height, lattice.periodic
    x, y = cell % width, cell // width
    left, columns = _span(x, radius, width, torus)
    top, lines = _span(y, radius, height, torus)
    number = 0
    for line in range(top, top + lines):
        start = wrapped(line, height) * width
        for column in range(left, left + columns):
            other = start + wrapped(column, width)
            if other == cell:
                continue
            steps = _steps(x, column, width, torus) + _steps(y, line, height, torus)
            if moore or steps <= radius:
                found[number] = other
                number += 1
    return number


@njit(**INLINED)
def random_around(lattice: Lattice, cell: int, stream: NDArray[np.uint64]) -> int:
    """One of the up to 8 cells around a cell, any as likely; the cell itself if there are none.

    The same draw as from the cells that `around` gives, without making a list of them.
    """
    width, height = lattice.width, lattice.height
    x, y = cell % width, cell // width
    if 0 < x < width - 1 and 0 < y < height - 1:
        place = below(stream, 8)
        place += place >= 4  # the centre of the 3 by 3 is left out
        return cell + (place // 3 - 1) * width + place % 3 - 1
    return _around_from_list(lattice, cell, stream)


@njit(cache=True, nogil=True)
def _around_from_list(lattice: Lattice, cell: int, stream: NDArray[np.uint64]) -> int:
    """At the border. Not inlined: where a list is made, counting references is not left out."""
    cells = np.empty(8, np.int64)
    choices = around(lattice, cell, 1, True, cells)
    return cells[below(stream, choices)] if choices else cell


@njit(**INLINED)
def alike(lattice: Lattice, row: int, radius: int, column: NDArray) -> tuple[int, int]:
    """How many of the others in an agent's cell and around have its value of a column, or another.

    Around means at most `radius` steps along each axis (Moore). Returns (same, different).
    """
    first, following, width, height = (
        lattice.first,
        lattice.following,
        lattice.width,
        lattice.height,
    )
    cell, value = lattice.cell[row], column[row]
    left, columns = _span(cell % width, radius, width, lattice.periodic)
    top, lines = _span(cell // width, radius, height, lattice.periodic)
    same, everybody = 0, 0
    for line in range(top, top + lines):
        start = wrapped(line, height) * width
        for x in range(left, left + columns):
            other = first[np.uint32(start + wrapped(x, width))]
            while other != NOBODY:
                everybody += 1
                same += column[np.uint32(other)] == value
                other = following[np.uint32(other)]
    return same - 1, everybody - same


@njit(**INLINED)
def inhabitants(lattice: Lattice, cell: int, found: NDArray[np.int64]) -> int:
    """Write the rows of the agents in a cell to `found`; return how many."""
    number = 0
    row = lattice.first[cell]
    while row != NOBODY:
        found[number] = row
        number += 1
        row = lattice.following[row]
    return number


@njit(**INLINED)
def random_inhabitant(
    lattice: Lattice, cell: int, kind: NDArray, wanted: int, stream: NDArray[np.uint64]
) -> int:
    """Row of an agent in a cell whose `kind` is the one wanted, any as likely; −1 if there is none.

    `kind` is any column of whole numbers, int[n].
    """
    following, chosen, seen = lattice.following, NOBODY, 0
    row = lattice.first[cell]
    while row != NOBODY:
        if kind[row] == wanted:
            seen += 1
            if below(stream, seen) == 0:  # the k-th takes the place of the chosen by 1 in k
                chosen = row
        row = following[row]
    return chosen


@njit(**INLINED)
def is_empty(lattice: Lattice, cell: int) -> bool:
    """Whether nobody is in a cell."""
    return lattice.first[cell] == NOBODY


@njit(**INLINED)
def random_empty(lattice: Lattice, stream: NDArray[np.uint64]) -> int:
    """A cell with nobody in it, each as likely as any other; −1 if there is none."""
    cells = len(lattice.first)
    for _ in range(64):
        cell = below(stream, cells)
        if lattice.first[cell] == NOBODY:
            return cell
    return _empty_from_list(lattice, stream)


@njit(cache=True, nogil=True)
def _empty_from_list(lattice: Lattice, stream: NDArray[np.uint64]) -> int:
    """When few are left: count them."""
    empty = np.flatnonzero(lattice.first == NOBODY)
    return empty[below(stream, len(empty))] if len(empty) else NOBODY


@njit(**INLINED)
def relocate(lattice: Lattice, row: int, cell: int) -> None:
    """Move an agent to a cell. How many fit is for the caller to see to; the dead stay."""
    # `unlink` and `link`, written out: this is what agents on a grid do most, and a call counts
    # references to the columns anew.
    first, following, previous = lattice.first, lattice.following, lattice.previous
    before, after = previous[row], following[row]
    if after == row:
        return
    lattice.changed[0] = True
    if before == NOBODY:
        first[lattice.cell[row]] = after
    else:
        following[before] = after
    if after != NOBODY:
        previous[after] = before
    other = first[cell]
    following[row], previous[row] = other, NOBODY
    if other != NOBODY:
        previous[other] = row
    first[cell] = row
    lattice.cell[row] = cell


@njit(**INLINED)
def die(lattice: Lattice, row: int) -> None:
    """Die, and be found by nobody who looks from now on."""
    lattice.alive[row] = False
    lattice.changed[0] = True
    unlink(lattice.first, lattice.following, lattice.previous, row, lattice.cell[row])


@njit(**INLINED)
def _span(place: int, radius: int, size: int, periodic: bool) -> tuple[int, int]:
    """First column or line, and number of them, within a radius."""
    lowest, highest = place - radius, place + radius
    if not periodic:
        lowest, highest = max(lowest, 0), min(highest, size - 1)
    elif highest - lowest >= size:  # all of them, each once
        lowest, highest = 0, size - 1
    return lowest, highest - lowest + 1


@njit(**INLINED)
def _steps(place: int, other: int, size: int, periodic: bool) -> int:
    """Steps between two columns or lines; on a torus `other` may lie beyond the border."""
    steps = abs(place - other)
    return min(steps, abs(size - steps)) if periodic else steps


@njit(cache=True, nogil=True, error_model="numpy")
def chain(lattice: Lattice) -> bool:
    """Chain all agents anew; those of a cell stand in the order of their rows. O(n + cells).

    Returns whether all are in cells of the grid; those that are not, and the dead, are left out.
    """
    first, following, previous = lattice.first, lattice.following, lattice.previous
    cell, alive, cells = lattice.cell, lattice.alive, len(lattice.first)
    first[:] = NOBODY
    lattice.changed[0] = False
    all_inside = True
    for row in range(len(cell) - 1, -1, -1):
        inside = 0 <= cell[row] < cells
        following[row] = row
        if alive[row] and inside:
            link(first, following, previous, row, cell[row])
        all_inside &= inside or not alive[row]
    return all_inside
