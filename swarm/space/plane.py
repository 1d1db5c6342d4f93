"""A continuous plane, periodic or bounded, with cell lists."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from swarm.motion.cell_list import (
    CellList,
    build,
    chain,
    near,
    near_place,
    placed,
    relocate,
    room,
    within,
)
from swarm.motion.chains import unlink
from swarm.population import Column
from swarm.space.space import Space, SpaceError, as_places

if TYPE_CHECKING:
    from swarm.world import World


class Plane(Space):
    """A continuous plane, 0 ≤ x < width and 0 ≤ y < height.

    Its column is `position`, float64[n, 2]; who is born without a place is put anywhere, uniformly.
    Who crosses the border of a periodic plane comes in on the other side; a bounded one stops them.

    Args:
        width: > 0.
        height: as the width if left out.
        periodic: whether the plane is a torus.
    """

    columns: ClassVar = {"position": Column(np.float64, (2,), default=np.nan)}

    def __init__(self, width: float, height: float | None = None, periodic: bool = True):
        self.width = float(width)
        self.height = self.width if height is None else float(height)
        self.periodic = periodic
        if not (0 < self.width < np.inf and 0 < self.height < np.inf):
            raise SpaceError(f"a plane is more than 0 wide and high; got {width} and {height}")
        self._list: CellList | None = None
        self._radius = 0.0  # that the list is for; 0 if there is none
        self._turns = -1
        self._room = (np.empty(0, np.int64), np.empty((0, 2)))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_list": None, "_turns": -1}

    def __call__(self, world: World) -> None:
        """Forget the paths of the last tick: what this one finds depends on the places alone."""
        if not self._fresh:
            self._list = None
        elif self._list is None:
            self.cells(self._radius)  # as it was when the world was saved
        elif self._list.changed[0]:
            chain(self._list)

    def cells(self, radius: float) -> CellList:
        """The cell list, for kernels: with `near`, `relocate`, `die` of `swarm.motion.cell_list`.

        Args:
            radius: that will be asked for most, > 0.

        Costs O(n) if somebody was born, has died or moved since the last tick, else nothing.
        """
        if self._list is None or self._radius != radius or not self._fresh:
            if not 0 < radius < math.inf:
                raise SpaceError(f"a radius is more than 0 and finite, such as 5.0; got {radius}")
            population = self.world.population
            body = (population["position"], population["alive"])
            try:
                self._list = build(*body, self.width, self.height, self.periodic, float(radius))
            except ValueError as error:
                raise SpaceError(str(error)) from None
            self._radius, self._turns = float(radius), population.turns
        return self._list

    @property
    def positions(self) -> np.ndarray:
        """float64[n, 2], x and y: a copy."""
        return self.world.population["position"].copy()

    def position(self, row: int) -> tuple[float, float]:
        """Where an agent is, (x, y)."""
        x, y = self.world.population["position"][row].tolist()
        return x, y

    def move(self, rows: Any, places: Any) -> None:
        """Move an agent, a row and (x, y), or many: int[n] and [n, 2].

        Raises:
            SpaceError: a place is not two finite numbers, or a row nobody's.
        """
        if isinstance(rows, int | np.integer):
            x, y = as_places(1, places, float)[0].tolist()
            self._relocate(int(self.check_rows([rows])[0]), x, y)
            return
        rows = self.check_rows(rows)
        self.world.population["position"][rows] = self._placed(as_places(len(rows), places, float))
        self._list = None

    def walk(self, row: int, length: float, rng: np.random.Generator) -> None:
        """Move an agent by a length in a direction drawn uniformly."""
        if not math.isfinite(length):
            raise SpaceError(f"the length of a walk is a finite number, such as 1.0; got {length}")
        x, y = self.position(row)
        angle = rng.random() * math.tau
        self._relocate(row, x + length * math.cos(angle), y + length * math.sin(angle))

    def near(self, row: int, radius: float) -> np.ndarray:
        """Rows of the others at a distance of at most `radius`, int64[k], ascending."""
        cells, *found = self._look(radius)
        return self._living(found[0][: near(cells, row, radius, *found)])

    def near_place(self, place: Any, radius: float) -> np.ndarray:
        """Rows of the agents at most `radius` away from a place (x, y), int64[k], ascending."""
        x, y = self._placed(as_places(1, place, float))[0].tolist()
        cells, *found = self._look(radius)
        return self._living(found[0][: near_place(cells, x, y, radius, *found)])

    def leave(self, row: int) -> None:
        """An agent has died: nobody finds it from now on."""
        if self._list is not None and self._fresh:
            cells = self._list
            unlink.py_func(cells.first, cells.following, cells.previous, row, cells.cell[row])
            cells.changed[0] = True

    def newborn(self, number: int, values: dict[str, Any]) -> dict[str, Any]:
        """Values at birth with places, (x, y) or [number, 2], on the plane."""
        if "position" not in values:
            return values
        return {**values, "position": self._placed(as_places(number, values["position"], float))}

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """Put who has no place anywhere."""
        position = world.population["position"]
        lost = rows[np.isnan(position[rows, 0])]
        if len(lost):
            size = (self.width, self.height)
            position[lost] = world.stream(self.name).random((len(lost), 2)) * size

    def state(self) -> dict[str, Any]:
        """The radius of the list that the next tick begins with, 0 if there is none."""
        return {"radius": self._radius if self._list is not None and self._fresh else 0.0}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """The list is made when the next tick begins."""
        self._list, self._radius = None, state["radius"]
        self._turns = world.population.turns if self._radius else -1

    def _look(self, radius: float) -> tuple[CellList, np.ndarray, np.ndarray]:
        """A list, for whatever radius, and room for what is found."""
        if not 0 <= radius < math.inf:
            raise SpaceError(f"a radius is at least 0 and finite, such as 5.0; got {radius}")
        # Whoever asks for another radius than the one before is served by the list that is there.
        known = self._list if self._fresh else None
        cells = self.cells(radius or self.width) if known is None else known
        if len(self._room[0]) != len(cells.position):
            self._room = room(cells)
        return cells, *self._room

    def _living(self, found: np.ndarray) -> np.ndarray:
        return np.sort(found[self.world.population["alive"][found]])

    def _relocate(self, row: int, x: float, y: float) -> None:
        if self._list is None or not self._fresh:
            place = (within(x, self.width, self.periodic), within(y, self.height, self.periodic))
            self.world.population["position"][row] = place
        else:
            relocate(self._list, row, x, y)

    def _placed(self, places: np.ndarray) -> np.ndarray:
        return placed(np.ascontiguousarray(places), self.width, self.height, self.periodic)

    @property
    def _fresh(self) -> bool:
        """Whether rows are what they were when the list was built."""
        return self._turns == self.world.population.turns
