"""Boids: birds that steer by those they see, and fly as one.

Reynolds 1987, "Flocks, herds and schools", SIGGRAPH; rules and parameters of Mesa's and Agents.jl's
flocking. One bird after the other, in a new random order every tick, turns towards its neighbours,
takes on their heading, keeps clear of those too close, and flies on.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt
from numba import njit

from swarm import Agent, AgentSet, Plane, World, column
from swarm.chance import seed_from, seeded, shuffled
from swarm.motion.cell_list import near, relocate, room


class Bird(Agent):
    """Sees as far as `vision`, and flies `speed` a tick."""

    heading: np.ndarray = column(np.float64, (2,))

    @classmethod
    def step_all(cls, birds: AgentSet) -> None:
        """All fly on, one after the other."""
        world = birds.model
        cells, seed = world.space.cells(world.vision), seed_from(world.stream("Bird"))
        urges = (world.separation, world.cohere, world.separate, world.match)
        fly(cells, world.population["heading"], world.vision, urges, world.speed, seed)


class Flocking(World):
    """Birds over a periodic plane.

    Args:
        birds: how many.
        width: of the plane, in flights of one tick at speed 1.
        vision: how far they see.
        speed: how far they fly in a tick.
        separation: who is closer than this is too close.
        cohere: pull towards those in sight.
        separate: push away from those too close.
        match: pull towards the heading of those in sight.
        seed: of all chance.
    """

    ticks: ClassVar = 600
    steerable: ClassVar = ("vision", "speed", "separation", "cohere", "separate", "match")

    def __init__(
        self,
        birds: int = 200,
        width: float = 100.0,
        vision: Annotated[float, Gt(0)] = 5.0,
        speed: float = 1.0,
        separation: float = 1.0,
        cohere: float = 0.03,
        separate: float = 0.015,
        match: float = 0.05,
        seed: int | None = None,
    ):
        super().__init__({Bird: birds}, seed=seed, space=Plane(width))
        self.vision, self.speed = vision, speed
        self.separation = separation
        self.cohere, self.separate, self.match = cohere, separate, match
        self.agents.set("heading", self.stream("Bird").uniform(-1, 1, (birds, 2)))

    def measures(self) -> dict[str, float]:
        """Order: the length of the mean unit heading, 0 for none and 1 if all fly one way."""
        heading = self.agents.get("heading")
        units = heading / np.maximum(np.linalg.norm(heading, axis=1, keepdims=True), 1e-300)
        return {"order": float(np.linalg.norm(units.sum(axis=0)) / max(len(units), 1))}


@njit(cache=True, nogil=True)
def fly(cells, heading, vision, urges, speed, seed):  # type: ignore[no-untyped-def]
    """Every bird turns and flies, in random order; `cells` and `heading` change in place."""
    separation, cohere, separate, match = urges
    rows, ways = room(cells)
    for bird in shuffled(len(heading), seeded(seed)):
        neighbours = near(cells, bird, vision, rows, ways)
        turn_x, turn_y = 0.0, 0.0
        for n in range(neighbours):
            dx, dy = ways[n, 0], ways[n, 1]
            pull = cohere if dx * dx + dy * dy >= separation * separation else cohere - separate
            turn_x += dx * pull + heading[rows[n], 0] * match
            turn_y += dy * pull + heading[rows[n], 1] * match
        if neighbours:
            x, y = heading[bird, 0] + turn_x / neighbours, heading[bird, 1] + turn_y / neighbours
            length = math.sqrt(x * x + y * y)
            if length > 0:
                heading[bird, 0], heading[bird, 1] = x / length, y / length
        x, y = cells.position[bird, 0], cells.position[bird, 1]
        relocate(cells, bird, x + heading[bird, 0] * speed, y + heading[bird, 1] * speed)
