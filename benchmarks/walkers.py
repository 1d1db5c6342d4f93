"""Random walkers on a grid, as many as fit into memory."""

from __future__ import annotations

from numba import njit

from swarm import Agent, AgentSet, Grid, World
from swarm.chance import seed_from, seeded, shuffled
from swarm.motion.lattice import random_around, relocate


class Stroller(Agent):
    """Takes one step a tick."""

    @classmethod
    def step_all(cls, agents: AgentSet) -> None:
        """All walk, one after the other."""
        world = agents.model
        stroll(world.space.lattice(), seed_from(world.stream("Stroller")))


class Walkers(World):
    """Walkers on a torus, any number of them in a cell."""

    def __init__(self, walkers: int, width: int, seed: int | None = None):
        super().__init__({Stroller: walkers}, seed=seed, space=Grid(width, periodic=True))


@njit(cache=True, nogil=True)
def stroll(lattice, seed):  # type: ignore[no-untyped-def]
    """Everybody takes a step to one of the 8 cells around, in random order."""
    stream = seeded(seed)
    for row in shuffled(len(lattice.cell), stream):
        relocate(lattice, row, random_around(lattice, lattice.cell[row], stream))
