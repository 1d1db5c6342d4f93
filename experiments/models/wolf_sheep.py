"""Wolves, sheep and grass: three kinds that live off each other, and rise and fall.

Wilensky 1997, "NetLogo Wolf Sheep Predation model"; rules and parameters of Mesa's and Agents.jl's.
Every tick all sheep walk, graze and breed, one after the other in a new random order; then all
wolves walk, hunt and breed; then the grass grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numba import njit

from swarm import Acting, Agent, AgentSet, Grid, System, World
from swarm.chance import below, seed_from, seeded, shuffled, uniform
from swarm.motion.lattice import around, inhabitants, leave, relocate


class Sheep(Agent):
    """Eats grass."""

    energy: float = 0.0

    @classmethod
    def step_all(cls, sheep: AgentSet) -> None:
        """All walk, graze and breed."""
        world, columns = sheep.model, sheep.model.population
        countdown, seed = world.system(Meadow).countdown, seed_from(world.stream("Sheep"))
        body = (world.space.lattice(), columns["alive"], columns["energy"])
        world.bear(cls, graze(sheep.rows, *body, countdown, *world.sheep, seed))


class Wolf(Agent):
    """Eats sheep."""

    energy: float = 0.0

    @classmethod
    def step_all(cls, wolves: AgentSet) -> None:
        """All walk, hunt and breed."""
        world, columns = wolves.model, wolves.model.population
        body = (world.space.lattice(), columns["alive"], columns["energy"])
        seed = seed_from(world.stream("Wolf"))
        world.bear(cls, hunt(wolves.rows, *body, columns["kind"], *world.wolves, seed))


class Meadow(System):
    """Grass: `countdown` int64[cells] ticks until the patch of a cell has grown, 0 if it has."""

    def __init__(self, cells: int, regrowth: int):
        self.cells, self.regrowth = cells, regrowth

    def setup(self, world: World) -> None:
        """Half of the patches have grown; the others are on their way."""
        stream = world.stream("Meadow")
        self.countdown = stream.integers(self.regrowth, size=self.cells).clip(1)
        self.countdown[stream.random(self.cells) < 0.5] = 0

    def __call__(self, world: World) -> None:
        """All patches grow."""
        self.countdown -= self.countdown > 0

    def state(self) -> dict[str, Any]:
        """The patches."""
        return {"countdown": self.countdown.copy()}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """The patches."""
        self.countdown = state["countdown"].copy()


class WolfSheep(World):
    """Sheep and wolves on a bounded meadow.

    Args:
        sheep: how many to begin with.
        wolves: how many to begin with.
        width: of the meadow, in patches.
        regrowth: ticks until a patch that was eaten has grown again.
        sheep_breed: probability that a sheep has a lamb in a tick.
        wolf_breed: probability that a wolf has a cub in a tick.
        sheep_gain: energy from a patch of grass.
        wolf_gain: energy from a sheep.
        seed: of all chance.
    """

    ticks: ClassVar = 100

    def __init__(
        self,
        sheep: int = 60,
        wolves: int = 40,
        width: int = 25,
        regrowth: int = 20,
        sheep_breed: float = 0.2,
        wolf_breed: float = 0.1,
        sheep_gain: float = 5.0,
        wolf_gain: float = 13.0,
        seed: int | None = None,
    ):
        meadow = Meadow(width * width, regrowth)
        super().__init__({Sheep: sheep, Wolf: wolves}, [Acting(), meadow], seed, Grid(width))
        self.sheep, self.wolves = (regrowth, sheep_gain, sheep_breed), (wolf_gain, wolf_breed)
        most = np.repeat([2 * sheep_gain, 2 * wolf_gain], [sheep, wolves]).astype(int)
        self.agents.set("energy", self.stream("energy").integers(most))

    def bear(self, kind: type[Agent], mothers: np.ndarray) -> None:
        """Mothers share what they have with their young, which the next kind to act will meet."""
        energy, cell = self.population["energy"], self.population["cell"]
        self.birth(kind, len(mothers), energy=energy[mothers], cell=cell[mothers])
        self.turn()

    def measures(self) -> dict[str, float]:
        """How many sheep, wolves and patches of grown grass there are."""
        sheep, wolves = (float((self.population["kind"] == kind).sum()) for kind in (0, 1))
        grass = float((self.system(Meadow).countdown == 0).sum())
        return {"sheep": sheep, "wolves": wolves, "grass": grass}


@njit(cache=True, nogil=True)
def graze(rows, lattice, alive, energy, countdown, regrowth, gain, breed, seed):  # type: ignore[no-untyped-def]
    """Sheep walk, graze and breed, in random order; rows of those who have a lamb."""
    stream, mothers, born = seeded(seed), np.empty(len(rows), np.int64), 0
    for turn in shuffled(len(rows), stream):
        row = rows[turn]
        cell = walk(lattice, row, stream)
        energy[row] -= 1
        if countdown[cell] == 0:
            countdown[cell] = regrowth
            energy[row] += gain
        if breeds(lattice, row, alive, energy, breed, stream):
            mothers[born] = row
            born += 1
    return mothers[:born]


@njit(cache=True, nogil=True)
def hunt(rows, lattice, alive, energy, kind, gain, breed, seed):  # type: ignore[no-untyped-def]
    """Wolves walk, hunt and breed, in random order; rows of those who have a cub."""
    stream, mothers, born = seeded(seed), np.empty(len(rows), np.int64), 0
    here = np.empty(len(alive), np.int64)
    for turn in shuffled(len(rows), stream):
        row = rows[turn]
        cell = walk(lattice, row, stream)
        energy[row] -= 1
        sheep = 0
        for other in here[: inhabitants(lattice, cell, here)]:
            if kind[other] == 0:
                here[sheep] = other
                sheep += 1
        if sheep:
            prey = here[below(stream, sheep)]
            alive[prey] = False
            leave(lattice, prey)
            energy[row] += gain
        if breeds(lattice, row, alive, energy, breed, stream):
            mothers[born] = row
            born += 1
    return mothers[:born]


@njit(cache=True, nogil=True)
def walk(lattice, row, stream):  # type: ignore[no-untyped-def]
    """One step to one of the cells around, wherever it leads; that cell."""
    cells = np.empty(8, np.int64)
    cell = cells[below(stream, around(lattice, lattice.cell[row], 1, True, cells))]
    relocate(lattice, row, cell)
    return cell


@njit(cache=True, nogil=True)
def breeds(lattice, row, alive, energy, breed, stream):  # type: ignore[no-untyped-def]
    """Whether an animal has a young, to which half of its energy goes; with none left it dies."""
    if energy[row] < 0:
        alive[row] = False
        leave(lattice, row)
    elif uniform(stream) < breed:
        energy[row] /= 2
        return True
    return False
