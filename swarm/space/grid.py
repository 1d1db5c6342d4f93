"""A grid of cells, periodic or bounded, with room for as many agents a cell as one likes."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from swarm.motion.chains import NOBODY, link, unlink
from swarm.motion.lattice import Lattice, around, build, chain
from swarm.population import Column
from swarm.space.space import Space, SpaceError, as_places

if TYPE_CHECKING:
    from swarm.world import World

NOWHERE = -1
KEPT = 2_000_000
"""Cells of neighbourhoods that are kept for the next agent that asks."""


_link, _unlink = link.py_func, unlink.py_func


class Chains(NamedTuple):
    """The columns of a lattice as memoryviews.

    For one agent at a time, Python on these is faster than the call of a kernel.
    """

    first: memoryview
    following: memoryview
    previous: memoryview
    cell: memoryview
    alive: memoryview
    changed: memoryview


class Grid(Space):
    """Cells (x, y) with 0 ≤ x < width and 0 ≤ y < height, numbered `y · width + x`.

    Its column is `cell`, int32[n]; who is born without a place is put into any cell that has room,
    uniformly over the room there is.

    Args:
        width: columns, ≥ 1.
        height: lines; as the width if left out.
        capacity: living agents that fit into a cell, ≥ 1; any number if left out.
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
        sizes = (width, width if height is None else height, 1 if capacity is None else capacity)
        try:
            self.width, self.height, least = map(operator.index, sizes)
        except TypeError:
            raise SpaceError(
                f"width, height and capacity are whole numbers; got {width}, {height}, {capacity}"
            ) from None
        self.capacity = capacity
        self.periodic = periodic
        if min(self.width, self.height) < 1 or self.width * self.height >= 2**31:
            raise SpaceError(
                f"a grid has at least 1 column and 1 line, and fewer than 2³¹ cells; got {width} "
                f"and {self.height}"
            )
        if least < 1:
            raise SpaceError(
                f"at least 1 agent fits into a cell, or any number (None); {capacity=}"
            )
        self._lattice: Lattice | None = None
        self._chains: Chains | None = None
        self._turns = -1
        self._known: dict[tuple[int, float, bool], list[int]] = {}
        self._kept = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lattice": None, "_chains": None, "_known": {}, "_kept": 0}

    def __call__(self, world: World) -> None:
        """Forget the paths of the last tick: what this one finds depends on the places alone."""
        if self._lattice is not None and self._fresh and self._lattice.changed[0]:
            chain(self._lattice)

    def lattice(self) -> Lattice:
        """Who is in which cell, for kernels: see `swarm.motion.lattice` for what they can call.

        Costs O(n) if somebody was born, has died or moved since the last tick, else nothing.
        """
        if self._lattice is None or not self._fresh:
            population = self.world.population
            body = (population["cell"], population["alive"])
            try:
                self._lattice = build(*body, self.width, self.height, self.periodic)
            except ValueError as error:
                raise SpaceError(str(error)) from None
            self._turns, self._chains = population.turns, None
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
            SpaceError: a place is not on the grid or has no room, or a row nobody's; then nobody
                moves.
        """
        if isinstance(rows, int | np.integer):
            self._relocate(int(self.check_rows([rows])[0]), self.cell(places))
            return
        rows, population = self.check_rows(rows), self.world.population
        after = population["cell"].copy()
        after[rows] = self._numbers(len(rows), places)
        self._check_room(after[population["alive"]], after[rows])
        population["cell"][rows] = after[rows]
        self._lattice = None

    def walk(self, row: int, length: float, rng: np.random.Generator) -> None:
        """Move an agent to one of the cells with room at most `length` around, any as likely.

        With no room around it stays.
        """
        cells = self._within(self._now().cell[row], length, True)
        if self.capacity is not None:
            room = [cell for cell in cells[1:] if self._crowd(cell) < self.capacity]
            cells = [cells[0], *room]
        if len(cells) > 1:
            self._relocate(row, cells[1 + int(rng.random() * (len(cells) - 1))])

    def near(self, row: int, radius: float = 1, moore: bool = True) -> np.ndarray:
        """Rows of the others in the cell of an agent and within a radius, int64[k], ascending.

        Args:
            row: of the agent.
            radius: in cells, a whole number.
            moore: count steps along each axis; if false, in all (von Neumann).
        """
        chains = self._now()
        following, alive, found = chains.following, chains.alive, []
        cells = self._within(chains.cell[row], radius, moore)
        for other in map(chains.first.__getitem__, cells):
            while other != NOBODY:
                if other != row and alive[other]:
                    found.append(other)
                other = following[other]
        found.sort()
        return np.array(found, np.int64)

    def around(self, cell: int, radius: float = 1, moore: bool = True) -> np.ndarray:
        """Cells within a radius of a cell, itself left out, int64[k]; see `lattice.around`."""
        return np.array(self._within(cell, radius, moore)[1:], np.int64)

    def at(self, cell: int) -> np.ndarray:
        """Rows of the living agents in a cell, int64[k], ascending."""
        return np.array(sorted(self._inhabitants(cell)), np.int64)

    def cell(self, place: Any) -> int:
        """Number of the cell (x, y)."""
        if type(place) is tuple and len(place) == 2:
            x, y = place
            if type(x) is int and type(y) is int and 0 <= x < self.width and 0 <= y < self.height:
                return y * self.width + x
        return int(self._numbers(1, place)[0])

    def leave(self, row: int) -> None:
        """An agent has died: nobody finds it from now on."""
        if self._lattice is not None and self._fresh:
            chains = self._now()
            _unlink(*chains[:3], row, chains.cell[row])
            chains.changed[0] = True

    def newborn(self, number: int, values: dict[str, Any]) -> dict[str, Any]:
        """Values at birth with places, (x, y) or [number, 2], as cells; `cell` is taken as well."""
        values = dict(values)
        if "position" in values:
            values["cell"] = self._numbers(number, values.pop("position"))
        cells = np.asarray(values.get("cell", ()), np.int64)
        if cells.size and not 0 <= cells.min() <= cells.max() < self.width * self.height:
            raise SpaceError(
                f"cells are from 0 to {self.width * self.height - 1} on {self._size}; got "
                f"{cells.min()} to {cells.max()}"
            )
        if self.capacity is None:
            return values
        population = self.world.population
        room = self.capacity * self.width * self.height - population.next_size
        if number > room:
            raise SpaceError(
                f"{number} agents need a place, but {self._size} with a capacity of "
                f"{self.capacity} a cell has room for {room}"
            )
        if cells.size:
            cells = np.broadcast_to(cells, number)
            settled = population["cell"][population["alive"]]
            self._check_room(np.concatenate([settled, self._unborn(), cells]), cells)
        return values

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """Put who has no place into any cell with room."""
        cell = world.population["cell"]
        lost = rows[cell[rows] == NOWHERE]
        if not len(lost):
            return
        stream = world.stream(self.name)
        if self.capacity is None:
            cell[lost] = stream.integers(self.width * self.height, size=len(lost))
            return
        crowds = np.bincount(cell[cell != NOWHERE], minlength=self.width * self.height)
        room = np.maximum(self.capacity - crowds, 0)
        places = np.repeat(np.arange(len(room), dtype=np.int32), room)
        cell[lost] = stream.permutation(places)[: len(lost)]

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """The lattice is made when it is asked for."""
        self._lattice = None

    def _now(self) -> Chains:
        """The chains as they are now."""
        lattice = self.lattice()
        if self._chains is None:
            columns = (lattice.first, lattice.following, lattice.previous, lattice.cell)
            self._chains = Chains(*(c.data for c in (*columns, lattice.alive, lattice.changed)))
        return self._chains

    def _within(self, cell: int, radius: float, moore: bool) -> list[int]:
        """A cell and those around it, kept for the next who asks."""
        wanted = (cell, radius, moore)
        known = self._known.get(wanted)
        if known is None:
            reach = int(radius) if 0 <= radius < 2**31 else -1
            if reach < 0 or reach != radius or not 0 <= cell < self.width * self.height:
                raise SpaceError(
                    f"a radius on a grid is a whole number of cells, 0 or more, around a cell of "
                    f"{self._size}; got {radius} around {cell}"
                )
            side = 2 * reach + 1
            found = np.empty(min(side, self.width) * min(side, self.height), np.int64)
            number = around(self.lattice(), cell, reach, moore, found)
            self._kept += number
            if self._kept > KEPT:
                self._known.clear()
                self._kept = number
            known = self._known[wanted] = [cell, *found[:number].tolist()]
        return known

    def _numbers(self, number: int, places: Any) -> np.ndarray:
        """Cell numbers of places, int32[number]."""
        x, y = as_places(number, places, np.int64).T
        if self.periodic:
            x, y = x % self.width, y % self.height
        if ((x < 0) | (x >= self.width) | (y < 0) | (y >= self.height)).any():
            raise SpaceError(f"not all of {np.asarray(places).tolist()} are on {self._size}")
        return (y * self.width + x).astype(np.int32)

    def _relocate(self, row: int, cell: int) -> None:
        """`lattice.relocate` for one agent, with a look whether there is room."""
        chains = self._now()
        home = chains.cell[row]
        if cell == home:
            return
        if self.capacity is not None and self._crowd(cell) >= self.capacity:
            self._refuse(cell)
        first, following, previous = chains.first, chains.following, chains.previous
        if following[row] != row:
            _unlink(first, following, previous, row, home)
            _link(first, following, previous, row, cell)
        chains.cell[row] = cell
        chains.changed[0] = True

    def _inhabitants(self, cell: int) -> list[int]:
        chains, found = self._now(), []
        row = chains.first[cell]
        while row != NOBODY:
            if chains.alive[row]:
                found.append(row)
            row = chains.following[row]
        return found

    def _crowd(self, cell: int) -> int:
        """How many are in a cell or will be born there."""
        return len(self._inhabitants(cell)) + int(np.count_nonzero(self._unborn() == cell))

    def _unborn(self) -> np.ndarray:
        """Cells of those who will be born at the end of the tick."""
        return self.world.population.unborn("cell")

    def _check_room(self, taken: np.ndarray, wanted: np.ndarray) -> None:
        """Raise if a cell that somebody wants would be taken by more than fit."""
        if self.capacity is not None:
            crowds = np.bincount(taken[taken != NOWHERE], minlength=self.width * self.height)
            full = wanted[crowds[wanted] > self.capacity]
            if full.size:
                self._refuse(int(full[0]))

    def _refuse(self, cell: int) -> None:
        raise SpaceError(
            f"cell {(cell % self.width, cell // self.width)} has no room: {self.capacity} fit into "
            "a cell of this grid"
        )

    @property
    def _fresh(self) -> bool:
        """Whether rows are what they were when the lattice was built."""
        return self._turns == self.world.population.turns

    @property
    def _size(self) -> str:
        return f"a grid of {self.width} × {self.height} cells"
