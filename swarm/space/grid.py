"""A grid of cells, periodic or bounded, with room for as many agents a cell as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from swarm.motion.lattice import Lattice, around, build, chain, inhabitants
from swarm.population import Column
from swarm.space.space import Space, SpaceError, as_places

if TYPE_CHECKING:
    from swarm.world import World

NOWHERE = -1
KEPT = 200_000
"""Neighbourhoods that are kept for the next agent that asks."""


class Grid(Space):
    """Cells (x, y) with 0 ≤ x < width and 0 ≤ y < height, numbered `y · width + x`.

    Its column is `cell`, int32[n]; who is born without a place is put into any cell that has room,
    uniformly over the room there is.

    Args:
        width: columns, ≥ 1.
        height: lines; as the width if left out.
        capacity: agents that fit into a cell, ≥ 1; any number if left out.
        periodic: whether the grid is a torus.
    """

    columns: ClassVar = {"cell": Column(np.int32, default=NOWHERE)}

    def __init__(
        self,
        width: int,
        height: int | None = None,
        capacity: int | None = None,
        periodic: bool = False,
    ):
        self.width, self.height = width, width if height is None else height
        self.capacity = capacity
        self.periodic = periodic
        if min(self.width, self.height) < 1 or self.width * self.height >= 2**31:
            raise SpaceError(
                f"a grid has at least 1 column and 1 line, and fewer than 2³¹ cells; got {width} "
                f"and {height}"
            )
        if capacity is not None and capacity < 1:
            raise SpaceError(
                f"at least 1 agent fits into a cell, or any number (None); {capacity=}"
            )
        self._lattice: Lattice | None = None
        self._turns = -1
        self._known: dict[tuple[int, float, bool], list[int]] = {}
        self._coming: dict[int, int] = {}

    def __call__(self, world: World) -> None:
        """Forget the paths of the last tick: what this one finds depends on the places alone."""
        if self._fresh and self._lattice is not None and self._lattice.changed[0]:
            chain(self._lattice)

    def lattice(self) -> Lattice:
        """Who is in which cell, for kernels: see `swarm.motion.lattice` for what they can call.

        Costs O(n) if somebody was born, has died or moved since the last tick, else nothing.
        """
        if self._lattice is None or not self._fresh:
            population = self.world.population
            self._lattice = build(population["cell"], self.width, self.height, self.periodic)
            self._turns = population.turns
            # One agent at a time, Python on memoryviews is faster than the call of a kernel.
            self._cell, self._first = self._lattice.cell.data, self._lattice.first.data
            self._following = self._lattice.following.data
            self._previous = self._lattice.previous.data
            self._changed = self._lattice.changed.data
        return self._lattice

    @property
    def positions(self) -> np.ndarray:
        """int32[n, 2], x and y: a copy."""
        return np.stack(np.divmod(self.world.population["cell"], self.width)[::-1], axis=1)

    def position(self, row: int) -> tuple[int, int]:
        """Where an agent is, (x, y)."""
        y, x = divmod(self.world.population.cells["cell"][row], self.width)
        return x, y

    def move(self, rows: Any, places: Any) -> None:
        """Move an agent, a row and (x, y), or many at once: int[n] and [n, 2].

        Raises:
            SpaceError: a place is not on the grid, or has no room; then nobody moves.
        """
        if isinstance(rows, int | np.integer):
            self.lattice()
            self._relocate(int(rows), self.cell(places))
            return
        rows = np.asarray(rows)
        after = self.world.population["cell"].copy()
        after[rows] = self._cells(len(rows), places)
        if self.capacity is not None:
            self._check_room(after[rows], self._crowds(after)[after[rows]] - 1)
        self.world.population["cell"][rows] = after[rows]
        self._lattice = None

    def walk(self, row: int, length: float, rng: np.random.Generator) -> None:
        """Move an agent to one of the cells with room at most `length` around, any as likely.

        With no room around it stays.
        """
        self.lattice()
        cells = self._around(self._cell[row], int(length), True)
        if self.capacity is not None:
            cells = [cell for cell in cells if self._crowd(cell) < self.capacity]
        if cells:
            self._relocate(row, cells[int(rng.random() * len(cells))])

    def near(self, row: int, radius: float = 1, moore: bool = True) -> np.ndarray:
        """Rows of the others in the cell of an agent and within a radius, int64[k], ascending.

        Args:
            row: of the agent.
            radius: in cells, a whole number.
            moore: count steps along each axis; if false, in all (von Neumann).
        """
        self.lattice()
        first, following, found = self._first, self._following, []
        home = self._cell[row]
        for cell in (home, *self._around(home, radius, moore)):
            other = first[cell]
            while other != NOWHERE:
                if other != row:
                    found.append(other)
                other = following[other]
        found.sort()
        return np.array(found, np.int64)

    def around(self, cell: int, radius: float = 1, moore: bool = True) -> np.ndarray:
        """Cells within a radius of a cell, itself left out, int64[k]; see `lattice.around`."""
        return np.array(self._around(cell, radius, moore), np.int64)

    def _around(self, cell: int, radius: float, moore: bool) -> list[int]:
        """The same as a list, kept for the next who asks."""
        wanted = (cell, radius, moore)
        if wanted not in self._known:
            if radius < 0 or radius != int(radius) or not 0 <= cell < self.width * self.height:
                raise SpaceError(f"no cell {cell} or no radius {radius} on {self._size}")
            side = min(2 * int(radius) + 1, max(self.width, self.height))
            found = np.empty(side * side, np.int64)
            number = around(self.lattice(), cell, int(radius), moore, found)
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[wanted] = found[:number].tolist()
        return self._known[wanted]

    def at(self, cell: int) -> np.ndarray:
        """Rows of the agents in a cell, int64[k], ascending."""
        found = np.empty(self._crowd(cell), np.int64)
        return np.sort(found[: inhabitants(self.lattice(), cell, found)])

    def cell(self, place: Any) -> int:
        """Number of the cell (x, y)."""
        if type(place) is tuple and len(place) == 2:
            x, y = place
            if type(x) is int and type(y) is int and 0 <= x < self.width and 0 <= y < self.height:
                return y * self.width + x
        return int(self._cells(1, place)[0])

    def newborn(self, number: int, places: Any) -> dict[str, np.ndarray]:
        """Columns that put the newborn at places, (x, y) or [number, 2]."""
        cells = self._cells(number, places)
        if self.capacity is not None:
            for cell in cells.tolist():
                crowd = self._crowd(cell) + self._coming.get(cell, 0)
                self._check_room(np.array([cell]), np.array(crowd))
                self._coming[cell] = self._coming.get(cell, 0) + 1
        return {"cell": cells}

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """Put who has no place into any cell with room."""
        self._coming.clear()
        cell = world.population["cell"]
        lost = rows[cell[rows] == NOWHERE]
        if not len(lost):
            return
        stream = world.stream(self.name)
        if self.capacity is None:
            cell[lost] = stream.integers(self.width * self.height, size=len(lost))
            return
        settled = cell[cell != NOWHERE]
        room = np.maximum(self.capacity - self._crowds(settled), 0)
        places = np.repeat(np.arange(len(room), dtype=np.int32), room)
        if len(places) < len(lost):
            raise SpaceError(
                f"{len(lost)} agents need a place, but {self._size} with a capacity of "
                f"{self.capacity} a cell has room for {len(places)}"
            )
        cell[lost] = stream.permutation(places)[: len(lost)]

    def _cells(self, number: int, places: Any) -> np.ndarray:
        """Cell numbers of places, int32[number]."""
        x, y = as_places(number, places, np.int64).T
        if self.periodic:
            x, y = x % self.width, y % self.height
        if ((x < 0) | (x >= self.width) | (y < 0) | (y >= self.height)).any():
            raise SpaceError(f"not all of {np.asarray(places).tolist()} are on {self._size}")
        return (y * self.width + x).astype(np.int32)

    def _relocate(self, row: int, cell: int) -> None:
        """`lattice.relocate` for one agent, with a look whether there is room."""
        first, following, previous = self._first, self._following, self._previous
        home = self._cell[row]
        if cell == home:
            return
        if self.capacity is not None:
            self._check_room(np.array([cell]), np.array(self._crowd(cell)))
        before, after, other = previous[row], following[row], first[cell]
        if before == NOWHERE:
            first[home] = after
        else:
            following[before] = after
        if after != NOWHERE:
            previous[after] = before
        following[row], previous[row], first[cell] = other, NOWHERE, row
        if other != NOWHERE:
            previous[other] = row
        self._cell[row] = cell
        self._changed[0] = True

    def _crowd(self, cell: int) -> int:
        """How many are in a cell."""
        self.lattice()
        number, row = 0, self._first[cell]
        while row != NOWHERE:
            number, row = number + 1, self._following[row]
        return number

    def _crowds(self, cell: np.ndarray) -> np.ndarray:
        return np.bincount(cell, minlength=self.width * self.height)

    def _check_room(self, cells: np.ndarray, crowds: np.ndarray) -> None:
        """Raise if a cell that somebody wants is full of `crowds` others."""
        if self.capacity is not None and (crowds >= self.capacity).any():
            full = int(cells[np.argmax(crowds >= self.capacity)])
            place = (full % self.width, full // self.width)
            raise SpaceError(
                f"cell {place} has no room: {self.capacity} fit into a cell of this grid"
            )

    @property
    def _fresh(self) -> bool:
        """Whether rows are what they were when the lattice was built."""
        return self._turns == self.world.population.turns

    @property
    def _size(self) -> str:
        return f"a grid of {self.width} × {self.height} cells"
