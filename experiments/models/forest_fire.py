"""A forest fire: percolation that one can watch.

Trees stand on the cells of a grid with probability `density`; the left column burns. One tree
after the other, in a new random order every tick, sets fire to the trees beside it if it burns,
and is burnt out. Above a density of .5927 the fire crosses (Stauffer & Aharony 1994,
"Introduction to Percolation Theory").

Only burning trees do anything, so only they are given turns: each draws its moment in the tick
when it catches fire, and who catches fire after its moment waits for the next tick. That is the
same chance as a random order of all trees, without drawing one.
"""

from __future__ import annotations

import heapq
from typing import ClassVar

import numpy as np
from numba import njit

from swarm import Agent, AgentSet, Grid, World, column
from swarm.chance import seed_from, seeded, uniform
from swarm.motion.chains import NOBODY
from swarm.motion.lattice import around

FINE, BURNING, BURNT = 0, 1, 2


class Tree(Agent):
    """Stands there; `condition` is fine, burning or burnt."""

    condition: int = column(np.int8, default=FINE)

    @classmethod
    def step_all(cls, trees: AgentSet) -> None:
        """The fire goes on."""
        world = trees.model
        condition, seed = world.population["condition"], seed_from(world.stream("Tree"))
        burn(world.space.lattice(), condition, np.flatnonzero(condition == BURNING), seed)


class ForestFire(World):
    """A forest on a bounded grid, with its left column on fire.

    Args:
        width: of the grid.
        density: probability that there is a tree in a cell.
        seed: of all chance.
    """

    ticks: ClassVar = 100
    shown: ClassVar = "condition"
    legend: ClassVar = {"fine": "#009E73", "burning": "#D55E00", "burnt": "#777777"}

    def __init__(self, width: int = 100, density: float = 0.7, seed: int | None = None):
        super().__init__(seed=seed, space=Grid(width, capacity=1))
        cells = np.flatnonzero(self.stream("Forest").random(width * width) < density)
        self.birth(Tree, len(cells), cell=cells, condition=cells % width == 0)
        self.turn()

    def measures(self) -> dict[str, float]:
        """How many trees are fine, burning and burnt."""
        counts = np.bincount(self.agents.get("condition"), minlength=3).astype(float).tolist()
        return dict(zip(("fine", "burning", "burnt"), counts, strict=True))


@njit(cache=True, nogil=True)
def burn(lattice, condition, burning, seed):  # type: ignore[no-untyped-def]
    """Burning trees act in random order; `condition` changes in place."""
    stream, cells, first = seeded(seed), np.empty(4, np.int64), lattice.first
    moments = [(uniform(stream), tree) for tree in burning]
    heapq.heapify(moments)
    while moments:
        now, tree = heapq.heappop(moments)
        for cell in cells[: around(lattice, lattice.cell[tree], 1, False, cells)]:
            other = first[cell]
            if other != NOBODY and condition[other] == FINE:
                condition[other] = BURNING
                moment = uniform(stream)
                if moment > now:
                    heapq.heappush(moments, (moment, np.int64(other)))
        condition[tree] = BURNT
