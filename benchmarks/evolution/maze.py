"""A deceptive maze: whoever reduces the distance to the goal step by step ends in a blind alley.

In the manner of the hard maze of Lehman & Stanley 2011, "Abandoning objectives: evolution through
the search for novelty alone", Evolutionary Computation 19(2), with walls of our own: the goal is
straight above the start, behind two walls whose gaps lie on opposite sides. A robot without
memory sees by range-finders and a compass to the goal; its genome is the weights of a linear
controller. The objective is its distance to the goal when time is up, its behaviour the place.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution import GenomeSpec, Real

Floats = npt.NDArray[np.float64]

# Range-finders at these angles to the heading, a compass of four quarters, and a bias.
_EYES = np.radians([-90.0, -45.0, 0.0, 45.0, 90.0, 180.0])
_INPUTS = len(_EYES) + 4 + 1
WEIGHTS = 2 * _INPUTS


class Maze(NamedTuple):
    """Walls ``float64[w, 4]`` as x, y to x, y; where to start and where to go; steps of time.

    A robot within ``near`` of the goal has arrived.
    """

    walls: Floats
    start: Floats
    goal: Floats
    width: float = 200.0
    steps: int = 275
    near: float = 10.0

    @property
    def ranges(self) -> list[tuple[float, float]]:
        """Of the places, for an archive."""
        return [(0.0, self.width), (0.0, self.width)]

    def evaluate(self, weights: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
        """The distances ``float64[n]`` to the goal at the end, and the places ``float64[n, 2]``.

        Whoever arrives stays there, at distance 0.
        """
        ends = np.empty((len(weights), 2))
        genes = np.ascontiguousarray(weights, dtype=np.float64)
        _walk(genes, self.walls, self.start, self.goal, self.steps, self.near, ends)
        distance = np.hypot(*(ends - self.goal).T)
        return np.where(distance < self.near, 0.0, distance), ends


def deceptive_maze() -> Maze:
    """The maze of the benchmark."""
    side = 200.0
    walls = [
        (0, 0, side, 0),
        (side, 0, side, side),
        (side, side, 0, side),
        (0, side, 0, 0),
        (0, 45, 160, 45),
        (40, 90, side, 90),
        (40, 90, 40, 65),
        (0, 135, 160, 135),
        (100, 135, 100, 110),
        (160, 135, 160, 165),
        (60, 165, 160, 165),
    ]
    return Maze(np.array(walls, dtype=float), np.array([25.0, 20.0]), np.array([20.0, 180.0]))


def controllers() -> GenomeSpec:
    """The genomes of the robots."""
    return GenomeSpec({"weights": Real(WEIGHTS, -1.0, 1.0)})


@njit(cache=True, nogil=True)
def _walk(
    weights: Floats,
    walls: Floats,
    start: Floats,
    goal: Floats,
    steps: int,
    near: float,
    ends: Floats,
) -> None:
    """Let every robot go from the start, heading for the positive x axis."""
    for i in range(len(weights)):
        x, y, heading = start[0], start[1], 0.0
        for _ in range(steps):
            if math.hypot(x - goal[0], y - goal[1]) < near:
                break
            turn, speed = _decide(weights[i], walls, goal, x, y, heading)
            heading += 0.2 * turn
            dx, dy = 3.0 * speed * math.cos(heading), 3.0 * speed * math.sin(heading)
            # A step ends half a unit before a wall at the latest; else it is not made.
            length = math.hypot(dx, dy)
            if length > 0.0 and _free(walls, x, y, dx / length, dy / length) > length + 0.5:
                x, y = x + dx, y + dy
        ends[i, 0], ends[i, 1] = x, y


@njit(cache=True, nogil=True)
def _decide(
    weights: Floats, walls: Floats, goal: Floats, x: float, y: float, heading: float
) -> tuple[float, float]:
    """Turn and speed, from -1 to 1, by what is seen."""
    turn, speed = weights[_INPUTS - 1], weights[2 * _INPUTS - 1]
    for eye in range(len(_EYES)):
        angle = heading + _EYES[eye]
        seen = min(_free(walls, x, y, math.cos(angle), math.sin(angle)) / 100.0, 1.0)
        turn += weights[eye] * seen
        speed += weights[_INPUTS + eye] * seen
    bearing = math.atan2(goal[1] - y, goal[0] - x) - heading + math.pi / 4.0
    quarter = math.floor(bearing / (math.pi / 2.0)) % 4
    turn += weights[len(_EYES) + quarter]
    speed += weights[_INPUTS + len(_EYES) + quarter]
    return math.tanh(2.0 * turn), math.tanh(2.0 * speed)


@njit(cache=True, nogil=True)
def _free(walls: Floats, x: float, y: float, dx: float, dy: float) -> float:
    """How far it is to the first wall in the direction of a unit vector."""
    nearest = math.inf
    for w in range(len(walls)):
        along_x, along_y = walls[w, 2] - walls[w, 0], walls[w, 3] - walls[w, 1]
        across = dx * along_y - dy * along_x
        if across == 0.0:
            continue
        to_x, to_y = walls[w, 0] - x, walls[w, 1] - y
        distance = (to_x * along_y - to_y * along_x) / across
        share = (to_x * dy - to_y * dx) / across
        if 0.0 <= share <= 1.0 and 0.0 <= distance < nearest:
            nearest = distance
    return nearest
