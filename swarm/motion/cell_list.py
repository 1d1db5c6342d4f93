"""Who is near whom on a plane: the linked cell list.

The plane is cut into cells at least as wide as the radius that is asked for most, and the points
of a cell are chained: whoever looks for neighbours visits 3 × 3 cells, however many points there
are (Hockney & Eastwood 1988, "Computer Simulation Using Particles", section 8-4). The chains run
both ways, so that a point that moves is put into its new cell at once and the next one that looks
finds it there: models whose agents act one after the other need that.

Everything here is compiled and can be called from compiled kernels of your own:

    @njit(cache=True)
    def gather(cells, radius, pace):
        rows, ways = room(cells)
        for row in range(len(rows)):
            number = near(cells, row, radius, rows, ways)
            if number:
                x, y = cells.position[row]
                dx, dy = ways[:number, 0].mean(), ways[:number, 1].mean()
                relocate(cells, row, x + pace * dx, y + pace * dy)

Guarantees: `near` finds exactly the points whose distance is at most the radius, each once; on a
periodic plane a distance is that to the nearest image; a list just built depends on the positions
alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NOBODY = -1
CELLS_PER_POINT = 4
"""More cells than this for each point would mostly be empty."""
ROUNDING = 1e-9
# Inlined, a function counts no references to the arrays of the tuple, which takes longer than the
# rest of it.
INLINED = {"cache": True, "nogil": True, "error_model": "numpy", "forceinline": True}


class CellList(NamedTuple):
    """Points of a plane, chained by cell; made by `build`.

    Attributes:
        position: float64[n, 2], x and y, 0 ≤ x < width and 0 ≤ y < height.
        first: int32[rows · columns], the first point of each cell, −1 for none.
        following, previous: int32[n], the chain, −1 at its ends.
        cell: int32[n], the cell each point is in.
        changed: bool[1], whether a point has moved since the list was built.
        width, height: of the plane.
        columns, lines: of cells.
        per_x, per_y: cells for a unit of length.
        periodic: whether the plane is a torus.
    """

    position: NDArray[np.float64]
    first: NDArray[np.int32]
    following: NDArray[np.int32]
    previous: NDArray[np.int32]
    cell: NDArray[np.int32]
    changed: NDArray[np.bool_]
    width: float
    height: float
    columns: int
    lines: int
    per_x: float
    per_y: float
    periodic: bool


def build(
    position: NDArray[np.float64], width: float, height: float, periodic: bool, radius: float
) -> CellList:
    """Chain points by cells that suit a radius; any other radius works too, if slower.

    Costs O(n + cells).
    """
    number = len(position)
    most = max(1, math.isqrt(CELLS_PER_POINT * number + 1))
    columns, lines = (
        int(max(1, min(size // radius, most))) if radius > 0 else most for size in (width, height)
    )
    cells = CellList(
        position=position,
        first=np.empty(columns * lines, np.int32),
        following=np.empty(number, np.int32),
        previous=np.empty(number, np.int32),
        cell=np.empty(number, np.int32),
        changed=np.zeros(1, np.bool_),
        width=float(width),
        height=float(height),
        columns=columns,
        lines=lines,
        per_x=columns / width,
        per_y=lines / height,
        periodic=periodic,
    )
    chain(cells)
    return cells


@njit(cache=True, nogil=True)
def room(cells: CellList) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Room for all that `near` can find: rows int64[n], ways float64[n, 2]."""
    return np.empty(len(cells.position), np.int64), np.empty((len(cells.position), 2))


@njit(**INLINED)
def near(
    cells: CellList, row: int, radius: float, rows: NDArray[np.int64], ways: NDArray[np.float64]
) -> int:
    """Find the points within a radius of a point, itself left out; return how many.

    Args:
        cells: the list.
        row: of the point.
        radius: ≥ 0; distances up to it count as within.
        rows: int64[n], is given the rows of those found; see `room`.
        ways: float64[n, 2], is given the ways to them, dx and dy, the shortest on a torus.
    """
    x, y = cells.position[row, 0], cells.position[row, 1]
    return near_place(cells, x, y, radius, rows, ways, row)


@njit(**INLINED)
def near_place(
    cells: CellList,
    x: float,
    y: float,
    radius: float,
    rows: NDArray[np.int64],
    ways: NDArray[np.float64],
    but: int = NOBODY,
) -> int:
    """As `near`, around any place of the plane, the row `but` left out."""
    # Taken out of the tuple once: each time counts references to its arrays anew.
    position, first, following = cells.position, cells.first, cells.following
    width, height, columns, lines = cells.width, cells.height, cells.columns, cells.lines
    periodic = cells.periodic
    left, across = _span(x, radius, cells.per_x, columns, periodic)
    top, down = _span(y, radius, cells.per_y, lines, periodic)
    # A cell beyond the border is seen with its points moved by the size of the plane; if all cells
    # are looked at, each point has to find its nearest image by itself.
    torn = periodic and (across == columns or down == lines)
    limit = radius * radius
    number = 0
    for line in range(top, top + down):
        start, from_y = _wrapped(line, lines) * columns, y
        if line < 0 or line >= lines:
            from_y += height if line < 0 else -height
        for column in range(left, left + across):
            from_x = x
            if column < 0 or column >= columns:
                from_x += width if column < 0 else -width
            other = first[start + _wrapped(column, columns)]
            while other != NOBODY:
                point = np.uint32(other)  # unsigned: no looking whether it counts from the end
                dx, dy = position[point, 0] - from_x, position[point, 1] - from_y
                if torn:
                    dx, dy = _shortest(dx, width), _shortest(dy, height)
                # Written in any case, and kept if it is within: a branch would be guessed wrong
                # half of the time, which takes longer.
                rows[number] = other
                ways[number, 0], ways[number, 1] = dx, dy
                number += (dx * dx + dy * dy <= limit) & (other != but)
                other = following[point]
    return number


@njit(**INLINED)
def relocate(cells: CellList, row: int, x: float, y: float) -> None:
    """Move a point: over the border of a periodic plane, up to that of a bounded one."""
    position, cell = cells.position, cells.cell
    x, y = _within(x, cells.width, cells.periodic), _within(y, cells.height, cells.periodic)
    position[row, 0], position[row, 1] = x, y
    cells.changed[0] = True
    old, new = cell[row], _cell_of(cells, x, y)
    if new != old:
        _unchain(cells, row, old)
        _put_first(cells, row, new)


@njit(**INLINED)
def _span(place: float, radius: float, per: float, parts: int, periodic: bool) -> tuple[int, int]:
    """First part, and number of parts, that a radius around a place can touch."""
    # A hair wider, so that rounding leaves out nobody who stands at the very radius.
    lowest = math.floor((place - radius) * per - ROUNDING)
    highest = math.floor((place + radius) * per + ROUNDING)
    if not periodic:
        lowest, highest = max(lowest, 0), min(highest, parts - 1)
    elif highest - lowest >= parts:  # all of them, each once
        lowest, highest = 0, parts - 1
    return lowest, highest - lowest + 1


@njit(**INLINED)
def _wrapped(part: int, parts: int) -> int:
    if part < 0:
        return part + parts
    return part - parts if part >= parts else part


@njit(**INLINED)
def _shortest(way: float, size: float) -> float:
    if way > size / 2:
        return way - size
    return way + size if way < -size / 2 else way


@njit(**INLINED)
def _within(place: float, size: float, periodic: bool) -> float:
    """A place on a line from 0 to size, `size` itself left out."""
    if 0.0 <= place < size:
        return place
    if periodic:
        place -= size * math.floor(place / size)
        return place if 0.0 <= place < size else 0.0
    return 0.0 if place < 0.0 else np.nextafter(size, 0.0)


@njit(**INLINED)
def _cell_of(cells: CellList, x: float, y: float) -> int:
    column = min(int(x * cells.per_x), cells.columns - 1)
    line = min(int(y * cells.per_y), cells.lines - 1)
    return line * cells.columns + column


@njit(cache=True, nogil=True, error_model="numpy")
def chain(cells: CellList) -> None:
    """Chain all points anew; those of a cell stand in the order of their rows. O(n + cells)."""
    cells.first[:] = NOBODY
    cells.changed[0] = False
    position = cells.position
    for row in range(len(position) - 1, -1, -1):
        _put_first(cells, row, _cell_of(cells, position[row, 0], position[row, 1]))


@njit(**INLINED)
def _put_first(cells: CellList, row: int, cell: int) -> None:
    other = cells.first[cell]
    cells.following[row], cells.previous[row] = other, NOBODY
    if other != NOBODY:
        cells.previous[other] = row
    cells.first[cell] = row
    cells.cell[row] = cell


@njit(**INLINED)
def _unchain(cells: CellList, row: int, cell: int) -> None:
    before, after = cells.previous[row], cells.following[row]
    if before == NOBODY:
        cells.first[cell] = after
    else:
        cells.following[before] = after
    if after != NOBODY:
        cells.previous[after] = before
