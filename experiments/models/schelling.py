"""Segregation: people who mind little, and neighbourhoods that end up apart.

Schelling 1971, "Dynamic models of segregation", Journal of Mathematical Sociology 1. One resident
after the other, in a new random order every tick, counts the neighbours of the own group; with too
few of them it moves to a random empty cell.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from numba import njit

from swarm import Agent, AgentSet, Grid, World
from swarm.chance import seed_from, seeded, shuffled
from swarm.motion.chains import NOBODY
from swarm.motion.lattice import alike, random_empty, relocate


class Resident(Agent):
    """Belongs to one of two groups."""

    group: int = 0

    @classmethod
    def step_all(cls, residents: AgentSet) -> None:
        """All look around, one after the other, and the unhappy move."""
        world = residents.model
        seed = seed_from(world.stream("Resident"))
        settle(world.space.lattice(), world.population["group"], world.radius, world.minimum, seed)


class Schelling(World):
    """Two groups on a bounded grid with room for one in a cell.

    Args:
        residents: how many, half of them in each group.
        width: of the grid.
        radius: of a neighbourhood, (2r + 1)² − 1 cells.
        minimum: neighbours of the own group that a resident wants.
        seed: of all chance.
    """

    ticks: ClassVar = 20
    shown: ClassVar = "group"
    steerable: ClassVar = ("radius", "minimum")

    def __init__(
        self,
        residents: int = 1000,
        width: int = 40,
        radius: Annotated[int, Ge(1)] = 1,
        minimum: int = 3,
        seed: int | None = None,
    ):
        super().__init__({Resident: residents}, seed=seed, space=Grid(width, capacity=1))
        self.radius, self.minimum = radius, minimum
        self.agents.set("group", np.arange(residents) % 2)

    def measures(self) -> dict[str, float]:
        """Mean share of the own group among neighbours, and the share of the happy."""
        same, others = look(self.space.lattice(), self.agents.get("group"), self.radius)
        near, all_of_them = same + others, max(len(same), 1)
        segregation = (same / np.maximum(near, 1)).sum() / max((near > 0).sum(), 1)
        happy = (same >= self.minimum).sum() / all_of_them
        return {"segregation": float(segregation), "happy": float(happy)}


@njit(cache=True, nogil=True)
def settle(lattice, group, radius, minimum, seed):  # type: ignore[no-untyped-def]
    """Every resident counts, and moves if unhappy, in random order."""
    stream = seeded(seed)
    for row in shuffled(len(group), stream):
        if alike(lattice, row, radius, group)[0] < minimum:
            empty = random_empty(lattice, stream)
            if empty != NOBODY:
                relocate(lattice, row, empty)


@njit(cache=True, nogil=True)
def look(lattice, group, radius):  # type: ignore[no-untyped-def]
    """Neighbours of the own group and of the other, int64[n] each."""
    same, others = np.zeros(len(group), np.int64), np.zeros(len(group), np.int64)
    for row in range(len(group)):
        same[row], others[row] = alike(lattice, row, radius, group)
    return same, others
