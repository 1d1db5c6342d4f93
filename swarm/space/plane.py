"""A continuous plane, periodic or bounded, with cell lists."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from swarm.motion.cell_list import CellList, build, chain, near, near_place, relocate, room
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
        self._cells: CellList | None = None
        self._radius = 0.0
        self._turns = -1
        self._room: tuple[np.ndarray, np.ndarray] | None = None

    def __call__(self, world: World) -> None:
        """Forget the paths of the last tick: what this one finds depends on the places alone."""
        if self._fresh and self._cells is not None and self._cells.changed[0]:
            chain(self._cells)

    def cells(self, radius: float) -> CellList:
        """The cell list, for kernels: with `swarm.motion`'s `near`, `relocate`.

        Args:
            radius: that will be asked for most, > 0.

        Costs O(n) if somebody was born, has died or moved since the last tick, else nothing.
        """
        population = self.world.population
        if self._cells is None or self._radius != radius or not self._fresh:
            if not radius > 0:
                raise SpaceError(f"a radius is more than 0, such as 5.0; got {radius}")
            self._cells = build(
                population["position"], self.width, self.height, self.periodic, radius
            )
            self._radius, self._turns = radius, population.turns
        return self._cells

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
            SpaceError: a place is not two finite numbers.
        """
        if isinstance(rows, int | np.integer):
            x, y = as_places(1, places, float)[0].tolist()
            self._relocate(int(rows), x, y)
            return
        rows = np.asarray(rows)
        self.world.population["position"][rows] = self._inside(as_places(len(rows), places, float))
        self._cells = None

    def walk(self, row: int, length: float, rng: np.random.Generator) -> None:
        """Move an agent by a length in a direction drawn uniformly."""
        x, y = self.position(row)
        angle = rng.random() * math.tau
        self._relocate(row, x + length * math.cos(angle), y + length * math.sin(angle))

    def near(self, row: int, radius: float) -> np.ndarray:
        """Rows of the others at a distance of at most `radius`, int64[k], ascending."""
        return self._found(radius, lambda cells, *found: near(cells, row, radius, *found))

    def near_place(self, place: Any, radius: float) -> np.ndarray:
        """Rows of the agents at most `radius` away from a place (x, y), int64[k], ascending."""
        x, y = self._inside(as_places(1, place, float)[0]).tolist()
        return self._found(radius, lambda cells, *found: near_place(cells, x, y, radius, *found))

    def _found(self, radius: float, search: Any) -> np.ndarray:
        # Whoever asks for another radius than the one before is served by the list that is there.
        known = self._cells if self._fresh else None
        cells = self.cells(radius) if known is None else known
        if self._room is None or len(self._room[0]) != len(cells.position):
            self._room = room(cells)
        rows, ways = self._room
        return np.sort(rows[: search(cells, rows, ways)])

    def _relocate(self, row: int, x: float, y: float) -> None:
        if self._cells is None or not self._fresh:
            self.world.population["position"][row] = self._inside(np.array([x, y]))
        else:
            relocate(self._cells, row, x, y)

    def newborn(self, number: int, places: Any) -> dict[str, np.ndarray]:
        """Columns that put the newborn at places, (x, y) or [number, 2]."""
        return {"position": self._inside(as_places(number, places, float))}

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """Put who has no place anywhere."""
        position = world.population["position"]
        lost = rows[np.isnan(position[rows, 0])]
        if len(lost):
            size = (self.width, self.height)
            position[lost] = world.stream(self.name).random((len(lost), 2)) * size

    @property
    def _fresh(self) -> bool:
        """Whether rows are what they were when the list was built."""
        return self._turns == self.world.population.turns

    def _inside(self, places: np.ndarray) -> np.ndarray:
        size = np.array((self.width, self.height))
        if self.periodic:
            places = places % size
        return np.clip(places, 0.0, np.nextafter(size, 0.0))
