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

Guarantees: `near` finds the living points whose distance is at most the radius, each once (at the
very radius rounding decides); on a periodic plane a distance is that to the nearest image; a list
just built depends on the positions alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.motion.chains import INLINED, NOBODY, link, unlink, wrapped

CELLS_PER_POINT = 4
"""More cells than this for each point would mostly be empty."""
ROUNDING = 1e-9


class CellList(NamedTuple):
    """Points of a plane, chained by cell; made by `build`.

    Attributes:
        position: float64[n, 2], x and y, 0 ≤ x < width and 0 ≤ y < height.
        first: int32[rows · columns], the first point of each cell, −1 for none.
        following, previous: int32[n], the chain, −1 at its ends.
        cell: int32[n], the cell each point is in.
        alive: bool[n]; the dead are in no cell.
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
    alive: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    width: float
    height: float
    columns: int
    lines: int
    per_x: float
    per_y: float
    periodic: bool


def build(
    position: NDArray[np.float64],
    alive: NDArray[np.bool_],
    width: float,
    height: float,
    periodic: bool,
    radius: float,
) -> CellList:
    """Chain points by cells that suit a radius; any other radius works too, if slower.

    Costs O(n + cells).

    Raises:
        ValueError: a living point is not on the plane.
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
        alive=alive,
        changed=np.zeros(1, np.bool_),
        width=float(width),
        height=float(height),
        columns=columns,
        lines=lines,
        per_x=columns / width,
        per_y=lines / height,
        periodic=periodic,
    )
    if not chain(cells):
        raise ValueError(
            f"positions have to be at least 0 and less than {width} and {height}; those written to "
            "the column are not: move agents with space.move(rows, places)"
        )
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
        start, from_y = wrapped(line, lines) * columns, y
        if line < 0 or line >= lines:
            from_y += height if line < 0 else -height
        for column in range(left, left + across):
            from_x = x
            if column < 0 or column >= columns:
                from_x += width if column < 0 else -width
            other = first[start + wrapped(column, columns)]
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
    first, following, previous = cells.first, cells.following, cells.previous
    x, y = within(x, cells.width, cells.periodic), within(y, cells.height, cells.periodic)
    position[row, 0], position[row, 1] = x, y
    cells.changed[0] = True
    old, new = cell[row], _cell_of(cells, x, y)
    if new != old and following[row] != row:
        unlink(first, following, previous, row, old)
        link(first, following, previous, row, new)
        cell[row] = new


@njit(**INLINED)
def die(cells: CellList, row: int) -> None:
    """Die, and be found by nobody who looks from now on."""
    cells.alive[row] = False
    cells.changed[0] = True
    unlink(cells.first, cells.following, cells.previous, row, cells.cell[row])


@njit(**INLINED)
def _span(place: float, radius: float, per: float, parts: int, periodic: bool) -> tuple[int, int]:
    """First part, and number of parts, that a radius around a place can touch."""
    # A hair wider, so that rounding leaves out nobody who stands at the very radius; and as
    # floats until they are clipped, since a floor can be too large for a whole number.
    lowest = np.floor((place - radius) * per - ROUNDING)
    highest = np.floor((place + radius) * per + ROUNDING)
    if not periodic:
        lowest, highest = max(lowest, 0.0), min(highest, parts - 1.0)
    elif not highest - lowest < parts:  # all of them, each once
        lowest, highest = 0.0, parts - 1.0
    return int(lowest), int(highest - lowest) + 1


@njit(**INLINED)
def _shortest(way: float, size: float) -> float:
    if way > size / 2:
        return way - size
    return way + size if way < -size / 2 else way


@njit(**INLINED)
def within(place: float, size: float, periodic: bool) -> float:
    """A place on a line from 0 to size, `size` itself left out."""
    if 0.0 <= place < size:
        return place
    if periodic:
        place -= size * np.floor(place / size)
        return place if 0.0 <= place < size else 0.0
    return 0.0 if place < 0.0 else np.nextafter(size, 0.0)


@njit(**INLINED)
def _cell_of(cells: CellList, x: float, y: float) -> int:
    column = min(int(x * cells.per_x), cells.columns - 1)
    line = min(int(y * cells.per_y), cells.lines - 1)
    return line * cells.columns + column


@njit(cache=True, nogil=True, error_model="numpy")
def chain(cells: CellList) -> bool:
    """Chain all points anew; those of a cell stand in the order of their rows. O(n + cells).

    Returns whether all points are on the plane; those that are not, and the dead, are left out.
    """
    first, following, previous, cell = cells.first, cells.following, cells.previous, cells.cell
    position, alive, width, height = cells.position, cells.alive, cells.width, cells.height
    first[:] = NOBODY
    cells.changed[0] = False
    all_inside = True
    for row in range(len(position) - 1, -1, -1):
        x, y = position[row, 0], position[row, 1]
        inside = 0.0 <= x < width and 0.0 <= y < height
        following[row], cell[row] = row, 0
        if alive[row] and inside:
            cell[row] = _cell_of(cells, x, y)
            link(first, following, previous, row, cell[row])
        all_inside &= inside or not alive[row]
    return all_inside


@njit(cache=True, nogil=True, error_model="numpy")
def placed(
    places: NDArray[np.float64], width: float, height: float, periodic: bool
) -> NDArray[np.float64]:
    """Places as `relocate` would put points there, float64[n, 2]."""
    found = np.empty(places.shape)
    for i in range(len(places)):
        found[i, 0] = within(places[i, 0], width, periodic)
        found[i, 1] = within(places[i, 1], height, periodic)
    return found
