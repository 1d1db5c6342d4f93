"""Space: a system that knows where agents are and who is near them.

A world has one, `World(agents, space=Plane(100, 100))`, and it stands first in the tick. A new
kind of space says how places are kept in columns, how to move, and who is near; what agents offer,
`agent.position` and `agent.neighbours(radius)`, follows.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World


class SpaceError(ValueError):
    """A place is not in the space, or has no room; the message says what is."""


class Space(System):
    """Where agents are.

    Guarantees: who moved is found in the new place at once, by whoever acts next; who died in this
    tick is found no more; a tick after a resume finds the same neighbours in the same order.
    """

    world: World

    def setup(self, world: World) -> None:
        """Belong to a world.

        Raises:
            SpaceError: if it belongs to another already.
        """
        if getattr(self, "world", world) is not world:
            raise SpaceError("a space belongs to one world; make another for this one")
        self.world = world

    @property
    @abstractmethod
    def positions(self) -> np.ndarray:
        """Where everybody is, [n, 2], x and y: a copy."""

    @abstractmethod
    def position(self, row: int) -> tuple[Any, ...]:
        """Where an agent is, (x, y)."""

    @abstractmethod
    def move(self, rows: Any, places: Any) -> None:
        """Move an agent, a row and (x, y), or many: int[n] and [n, 2].

        Raises:
            SpaceError: a place is none or has no room; then nobody moves.
        """

    @abstractmethod
    def walk(self, row: int, length: float, rng: np.random.Generator) -> None:
        """Move an agent in a random direction, of which any is as likely."""

    @abstractmethod
    def near(self, row: int, radius: float) -> np.ndarray:
        """Rows of the others within a radius of an agent, int64[k], ascending."""

    @abstractmethod
    def leave(self, row: int) -> None:
        """An agent has died: nobody finds it from now on."""

    @abstractmethod
    def newborn(self, number: int, values: dict[str, Any]) -> dict[str, Any]:
        """Values at birth, with `position`, (x, y) or [number, 2], turned into columns.

        Raises:
            SpaceError: as `move`, or if there is no room for so many.
        """

    def check_rows(self, rows: Any) -> np.ndarray:
        """Rows as int64[n].

        Raises:
            SpaceError: they are none, or none of this population.
        """
        found, there = np.asarray(rows), len(self.world.population)
        if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
            raise SpaceError(
                "who moves is given by rows, an int or int[n], such as agent.row or agents.rows; "
                f"got {found.dtype} of shape {found.shape}"
            )
        if found.size and not 0 <= found.min() <= found.max() < there:
            raise SpaceError(
                f"rows are from 0 to {there - 1}; got {found.min()} to {found.max()}. Ids are not "
                "rows: population.rows(ids) gives them"
            )
        return found.astype(np.int64)


def as_places(number: int, places: Any, dtype: type) -> np.ndarray:
    """Places as an array [number, 2] of a dtype; one place is everybody's.

    Raises:
        SpaceError: they are no such places.
    """
    try:
        given = np.asarray(places)
    except ValueError:  # of no shape at all
        given = np.asarray(None)
    if given.shape not in ((2,), (number, 2)) or given.dtype.kind not in "iuf":
        raise SpaceError(
            f"a place is (x, y), and {number} places are an array of shape ({number}, 2); got "
            f"{given.dtype} of shape {given.shape}"
        )
    if np.issubdtype(dtype, np.integer) and given.dtype.kind == "f":
        raise SpaceError(
            f"a place on a grid is two whole numbers, such as (3, 4); got {given.dtype}"
        )
    if not np.isfinite(given).all():
        raise SpaceError("a place has to be two finite numbers; got nan or infinity")
    return np.broadcast_to(given.astype(dtype), (number, 2))
