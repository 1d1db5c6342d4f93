"""Wolves, sheep and grass: three kinds that live off each other, and rise and fall.

Wilensky 1997, "NetLogo Wolf Sheep Predation model"; rules and parameters of Mesa's and Agents.jl's.
Every tick all sheep walk, graze and breed, one after the other in a new random order; then all
wolves walk, hunt and breed; then the grass grows.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numba import njit

from swarm import Acting, Agent, AgentSet, Grid, System, World
from swarm.chance import seed_from, seeded, shuffled, uniform
from swarm.motion.chains import NOBODY
from swarm.motion.lattice import die, random_around, random_inhabitant, relocate

SHEEP_GAIN, WOLF_GAIN = 5.0, 13.0  # energy from a meal


class Animal(Agent):
    """Walks, eats, breeds and dies."""

    energy: float = 0.0

    @classmethod
    def step_all(cls, animals: AgentSet) -> None:
        """All of a kind, one after the other; their young are met by the kind that comes next."""
        world, columns = animals.model, animals.model.population
        energy, cell, meadow = columns["energy"], columns["cell"], world.system(Meadow)
        body = (world.space.lattice(), columns["kind"], energy)
        gain = {Sheep: SHEEP_GAIN, Wolf: WOLF_GAIN}[cls]
        breed = {Sheep: world.sheep_breed, Wolf: world.wolf_breed}[cls]
        habits = (meadow.countdown, meadow.regrowth, cls is Sheep, gain, breed)
        mothers = live(animals.rows, *body, *habits, seed_from(world.stream(cls.__name__)))
        world.birth(cls, len(mothers), energy=energy[mothers], cell=cell[mothers])
        world.turn()


class Sheep(Animal):
    """Eats grass."""


class Wolf(Animal):
    """Eats sheep."""


class Meadow(System):
    """Grass: `countdown` int64[cells] ticks until the patch of a cell has grown, 0 if it has."""

    kept = ("countdown",)

    def __init__(self, cells: int, regrowth: int):
        self.countdown, self.regrowth = np.zeros(cells, np.int64), regrowth

    def setup(self, world: World) -> None:
        """Half of the patches have grown; the others are on their way."""
        stream, cells = world.stream("Meadow"), len(self.countdown)
        waiting = stream.integers(max(self.regrowth, 1), size=cells).clip(1)
        self.countdown = np.where(stream.random(cells) < 0.5, 0, waiting)

    def __call__(self, world: World) -> None:
        """All patches grow."""
        self.countdown -= self.countdown > 0


class WolfSheep(World):
    """Sheep and wolves on a bounded meadow.

    Args:
        sheep: how many to begin with.
        wolves: how many to begin with.
        width: of the meadow, in patches.
        regrowth: ticks until a patch that was eaten has grown again.
        sheep_breed: probability that a sheep has a lamb in a tick.
        wolf_breed: probability that a wolf has a cub in a tick.
        seed: of all chance.
    """

    ticks: ClassVar = 100
    steerable: ClassVar = ("sheep_breed", "wolf_breed")

    def __init__(
        self,
        sheep: int = 60,
        wolves: int = 40,
        width: int = 25,
        regrowth: int = 20,
        sheep_breed: float = 0.2,
        wolf_breed: float = 0.1,
        seed: int | None = None,
    ):
        self.sheep_breed, self.wolf_breed = sheep_breed, wolf_breed
        systems = [Acting(), Meadow(width * width, regrowth)]
        super().__init__({Sheep: sheep, Wolf: wolves}, systems, seed, Grid(width))
        most = np.repeat([2 * SHEEP_GAIN, 2 * WOLF_GAIN], [sheep, wolves]).astype(int)
        self.agents.set("energy", self.stream("energy").integers(most))

    def measures(self) -> dict[str, float]:
        """How many sheep, wolves and patches of grown grass there are."""
        sheep, wolves = np.bincount(self.population["kind"], minlength=2).astype(float).tolist()
        grass = float((self.system(Meadow).countdown == 0).sum())
        return {"sheep": sheep, "wolves": wolves, "grass": grass}


@njit(cache=True, nogil=True)
def live(rows, lattice, kind, energy, countdown, regrowth, grazes, gain, breed, seed):  # type: ignore[no-untyped-def]
    """Animals walk, eat, breed and die, in random order; rows of those who have a young."""
    stream, mothers, young = seeded(seed), np.empty(len(rows), np.int64), 0
    for turn in shuffled(len(rows), stream):
        row = rows[turn]
        cell = random_around(lattice, lattice.cell[row], stream)
        relocate(lattice, row, cell)
        energy[row] -= 1
        if grazes and countdown[cell] == 0:
            countdown[cell] = regrowth
            energy[row] += gain
        elif not grazes:
            prey = random_inhabitant(lattice, cell, kind, 0, stream)
            if prey != NOBODY:
                die(lattice, prey)
                energy[row] += gain
        if energy[row] < 0:
            die(lattice, row)
        elif uniform(stream) < breed:
            energy[row] /= 2
            mothers[young] = row
            young += 1
    return mothers[:young]
