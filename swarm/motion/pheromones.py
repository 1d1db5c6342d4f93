"""Pheromone fields: marks that fade and spread, by which agents steer one another.

Stigmergy, work that is guided by the traces of earlier work (Grassé 1959, "La reconstruction du
nid et les coordinations interindividuelles", Insectes Sociaux 6); as a grid of pheromone that
evaporates (Ramos & Almeida 2000, "Artificial ant colonies in digital image habitats"). The three
sensors and the rule of turning are those of trail following in Jones 2010, "Characteristics of
pattern formation and evolution in approximations of Physarum transport networks", Artificial
Life 16; with eight neighbours and a diffusion of 8/9 a step is Jones' mean over 3×3 cells.

Guarantees: diffusion moves pheromone and neither makes nor loses any, on a torus and between
walls alike, up to the rounding of floating point (and to the last bit where shares and amounts
are whole multiples of a power of two); amounts never turn negative; a level field stays level.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray


class PheromoneError(ValueError):
    """A field, cells or amounts that no pheromone can be laid in."""


@dataclass
class PheromoneField:
    """One kind of pheromone on a grid of cells; agents with several kinds keep several fields.

    Attributes:
        height, width: rows and columns, ≥ 1.
        evaporation: share of every cell that is lost in a step, in [0, 1].
        diffusion: share of every cell that moves to its neighbours in a step, in [0, 1].
        neighbours: 4 (five-point stencil) or 8 (nine-point), with equal shares.
        periodic: whether opposite edges meet; otherwise a wall turns its share back.
        amounts: float64[height, width], what lies in each cell.

    >>> trail = PheromoneField(64, 64, evaporation=0.1, diffusion=0.5)
    >>> trail.deposit([[3, 4], [3, 4], [9, 0]], [1.0, 1.0, 5.0])
    >>> trail.step()
    """

    height: int
    width: int
    evaporation: float = 0.1
    diffusion: float = 8 / 9
    neighbours: int = 8
    periodic: bool = True
    amounts: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for size in (self.height, self.width):
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise PheromoneError(
                    "height and width must be whole numbers, at least one cell each, such as "
                    f"PheromoneField(64, 64); got {self.height} rows of {self.width}."
                )
        for name in ("evaporation", "diffusion"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise PheromoneError(
                    f"{name} is the share of a cell that goes in one step, in [0, 1], such as 0.1; "
                    f"got {getattr(self, name)}."
                )
        if self.neighbours not in (4, 8):
            raise PheromoneError(
                f"neighbours must be 4 or 8, those that share an edge or also a corner; "
                f"got {self.neighbours}."
            )
        self.amounts = np.zeros((self.height, self.width))

    @property
    def mass(self) -> float:
        """All the pheromone there is."""
        return float(self.amounts.sum())

    def step(self) -> None:
        """Diffuse, then evaporate; costs O(height · width)."""
        kept = 1.0 - self.evaporation
        eight = self.neighbours == 8
        self.amounts = _stepped(self.amounts, self.diffusion, kept, eight, self.periodic)

    def deposit(self, cells: ArrayLike, amounts: ArrayLike = 1.0) -> None:
        """Lay pheromone down; a cell that is named often gets the sum.

        Args:
            cells: int[m, 2], rows and columns; on a torus they wrap.
            amounts: float[m], or one number for all, ≥ 0.

        Raises:
            PheromoneError: for cells beyond the walls, or amounts that are negative or no numbers.
        """
        where = self._cells(cells)
        try:
            laid = np.broadcast_to(np.asarray(amounts, dtype=np.float64), (len(where),))
        except ValueError as error:
            raise PheromoneError(
                f"amounts must be one number, or one for each of the {len(where)} cells; "
                f"got shape {np.shape(amounts)}."
            ) from error
        if not (np.isfinite(laid) & (laid >= 0)).all():
            raise PheromoneError("amounts must be finite and 0 or more; evaporation takes away.")
        np.add.at(self.amounts, (where[:, 0], where[:, 1]), laid)

    def sense(self, cells: ArrayLike) -> NDArray[np.float64]:
        """What lies in the cells int[m, 2], float64[m]; raises as `deposit` does."""
        where = self._cells(cells)
        return self.amounts[where[:, 0], where[:, 1]]

    def sense_ahead(
        self, places: ArrayLike, headings: ArrayLike, angle: float = np.pi / 4, reach: float = 9.0
    ) -> NDArray[np.float64]:
        """Smell with the three sensors of Jones 2010: at +angle, straight ahead, at −angle.

        Args:
            places: float[m, 2], (row, column) where [0, 1) × [0, 1) is the first cell.
            headings: float[m], radians from the direction of growing columns towards growing rows.
            angle: between the sensors, radians.
            reach: of the sensors, in cells.

        Returns:
            float64[m, 3]; beyond a wall there is nothing to smell.
        """
        stand = np.asarray(places, dtype=np.float64).reshape(-1, 1, 2)
        look = np.asarray(headings, dtype=np.float64)[:, None] + np.array([angle, 0.0, -angle])
        ahead = np.floor(stand + reach * np.stack((np.sin(look), np.cos(look)), axis=2))
        cells = ahead.astype(np.int64)
        shape = np.array(self.amounts.shape)
        inside = ((cells >= 0) & (cells < shape)).all(axis=2) | self.periodic
        smelt = self.amounts[cells[..., 0] % self.height, cells[..., 1] % self.width]
        return np.where(inside, smelt, 0.0)

    def _cells(self, cells: ArrayLike) -> NDArray[np.int64]:
        where = np.asarray(cells)
        if where.size == 0:
            where = np.empty((0, 2), dtype=np.int64)
        if where.ndim != 2 or where.shape[1] != 2 or not np.issubdtype(where.dtype, np.integer):
            raise PheromoneError(
                "cells must be int[m, 2], a row and a column each, such as [[3, 4], [0, 9]]; "
                f"got {where.dtype}{list(where.shape)}."
            )
        where = where.astype(np.int64, copy=False)  # uint64 % int64 would be a float
        if self.periodic:
            return where % np.array(self.amounts.shape)
        outside = (where < 0) | (where >= self.amounts.shape)
        if outside.any():
            raise PheromoneError(
                f"cells must lie in 0..{self.height - 1}, 0..{self.width - 1} between the walls; "
                f"got {where[outside.any(axis=1)][0].tolist()}. A field with periodic=True wraps."
            )
        return where


def turned(
    headings: ArrayLike,
    smelt: ArrayLike,
    rng: np.random.Generator,
    angle: float = np.pi / 4,
) -> NDArray[np.float64]:
    """Turn by the rule of Jones 2010: ahead if that smells best, to a random side if worst.

    Args:
        headings: float[m], radians.
        smelt: float[m, 3], as `PheromoneField.sense_ahead` returns it.
        rng: draws m coins.
        angle: of a turn, radians.

    Returns:
        float64[m] new headings: by +angle or −angle towards the better side, a coin's choice
        where ahead is worse than both, unchanged where ahead is best or the sides are alike.
    """
    facing = np.asarray(headings, dtype=np.float64)
    plus, ahead, minus = np.asarray(smelt, dtype=np.float64).reshape(-1, 3).T
    coin = np.where(rng.random(len(facing)) < 0.5, 1.0, -1.0)
    side = np.sign(plus - minus)
    side = np.where((ahead < plus) & (ahead < minus), coin, side)
    side = np.where((ahead > plus) & (ahead > minus), 0.0, side)
    return facing + angle * side


@njit(cache=True, nogil=True)
def _stepped(
    amounts: NDArray[np.float64], diffusion: float, kept: float, eight: bool, periodic: bool
) -> NDArray[np.float64]:
    """Diffuse and evaporate into a new array; a neighbour beyond a wall is the cell itself."""
    height, width = amounts.shape
    after = np.empty_like(amounts)
    stays = (1.0 - diffusion) * kept
    share = diffusion / (8.0 if eight else 4.0) * kept
    for y in range(height):
        walled = not periodic and (y == 0 or y == height - 1)
        above, here, below = amounts[y - 1], amounts[y], amounts[(y + 1) % height]
        first, last = (width, width) if walled else (1, width - 1)
        for x in range(min(first, width)):
            after[y, x] = stays * here[x] + share * _around(amounts, y, x, eight, periodic)
        if eight:  # branches stay outside of the loops, so that they run many cells at once
            for x in range(first, last):
                sides = here[x - 1] + here[x + 1] + above[x] + below[x]
                corners = above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1]
                after[y, x] = stays * here[x] + share * (sides + corners)
        else:
            for x in range(first, last):
                sides = here[x - 1] + here[x + 1] + above[x] + below[x]
                after[y, x] = stays * here[x] + share * sides
        for x in range(max(last, 1), width):
            after[y, x] = stays * here[x] + share * _around(amounts, y, x, eight, periodic)
    return after


@njit(cache=True, nogil=True)
def _around(
    amounts: NDArray[np.float64], y: int, x: int, eight: bool, periodic: bool
) -> np.float64:
    """Sum the neighbours of a cell at the edge, in the order in which the inner loops add."""
    sides = _at(amounts, y, x, 0, -1, periodic) + _at(amounts, y, x, 0, 1, periodic)
    sides = sides + _at(amounts, y, x, -1, 0, periodic) + _at(amounts, y, x, 1, 0, periodic)
    if not eight:
        return sides
    corners = _at(amounts, y, x, -1, -1, periodic) + _at(amounts, y, x, -1, 1, periodic)
    corners = corners + _at(amounts, y, x, 1, -1, periodic) + _at(amounts, y, x, 1, 1, periodic)
    return sides + corners


@njit(cache=True, nogil=True)
def _at(
    amounts: NDArray[np.float64], y: int, x: int, down: int, right: int, periodic: bool
) -> np.float64:
    height, width = amounts.shape
    row, column = y + down, x + right
    if periodic:
        return amounts[row % height, column % width]
    if row < 0 or row >= height or column < 0 or column >= width:
        return amounts[y, x]
    return amounts[row, column]
