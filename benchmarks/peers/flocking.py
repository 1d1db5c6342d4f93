"""Flocking as a Mesa user writes it: the peer of our flocking benchmark.

Birds steer by cohesion, separation and alignment (Reynolds 1987, "Flocks, herds and schools", with
the weights of Mesa's own example) on a periodic square. In a step every bird acts once, in a new
random order, and sees where those before it went. Bird i, with the neighbours j ≠ i at periodic
distance d ≤ vision, headings from i to j (the shortest periodic vector) and velocities v:

    v_i += (Σ heading·0.03 − Σ heading[d < 1]·0.015 + Σ v_j·0.05) / neighbours
    v_i /= |v_i|
    position_i += v_i

A bird without neighbours keeps its velocity, length and all.

Which Mesa: `MesaFlocking` stands on `mesa.space.ContinuousSpace`, with the arithmetic in Python
floats. At 200, 400 and 10,000 birds of the usual sizes it takes 1/3.0, 1/2.7 and 1/2.0 of the time
of `mesa.experimental.continuous_space` in the manner of Mesa's example, which is
`MesaExampleFlocking`, and 1/2.2, 1/1.6 and 1/1.1 of the same space with numpy masks over its
columns. Both of Mesa's spaces look at every bird to find the neighbours of one. A user who gives
up the continuous space and keeps cells of the width of the vision in a `MultiGrid` gains another
3, 2 and 6 to 12 times: that is `MesaBinnedFlocking`. All three fly the same flight for the same
seed. Whoever quotes a ratio should quote them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from mesa import Agent, Model
from mesa.experimental import continuous_space
from mesa.space import ContinuousSpace, MultiGrid
from numpy.typing import NDArray

COHERE = 0.03
SEPARATE = 0.015
MATCH = 0.05
SEPARATION = 1.0


class Bird(Agent):  # type: ignore[misc]
    """A bird in a continuous space: position `x`, `y`; velocity `dx`, `dy` a step."""

    model: MesaFlocking

    def __init__(
        self, model: MesaFlocking, position: tuple[float, float], velocity: tuple[float, float]
    ) -> None:
        super().__init__(model)
        self.x, self.y = position
        self.dx, self.dy = velocity
        self.appear()

    def step(self) -> None:
        """Turn by the neighbours, then fly."""
        self.turn(self.model.space.get_neighbors(self.pos, self.model.vision))
        self.move_to(self.x + self.dx, self.y + self.dy)

    def appear(self) -> None:
        """Enter the space at the bird's first position."""
        self.model.space.place_agent(self, (self.x, self.y))

    def move_to(self, x: float, y: float) -> None:
        """Go to a position, wrapped into the space."""
        self.model.space.move_agent(self, (x, y))
        self.x, self.y = self.pos

    def turn(self, candidates: Iterable[Bird]) -> None:
        """Steer by those candidates, the bird itself being one, that are within the vision."""
        width, reach = self.model.width, self.model.vision**2
        half = width / 2
        here_x, here_y = self.x, self.y
        ahead_x = ahead_y = close_x = close_y = 0.0
        # The bird will count itself and its own velocity; its heading to itself is nothing.
        neighbours, flow_x, flow_y = -1, -self.dx, -self.dy
        for other in candidates:
            x = other.x - here_x
            y = other.y - here_y
            if x > half:
                x -= width
            elif x < -half:
                x += width
            if y > half:
                y -= width
            elif y < -half:
                y += width
            squared = x * x + y * y
            if squared <= reach:
                neighbours += 1
                ahead_x += x
                ahead_y += y
                flow_x += other.dx
                flow_y += other.dy
                if squared < SEPARATION:  # 1, so that it is its own square
                    close_x += x
                    close_y += y
        if neighbours:
            x = self.dx + (ahead_x * COHERE - close_x * SEPARATE + flow_x * MATCH) / neighbours
            y = self.dy + (ahead_y * COHERE - close_y * SEPARATE + flow_y * MATCH) / neighbours
            length = math.hypot(x, y)
            self.dx = x / length
            self.dy = y / length


class MesaFlocking(Model):  # type: ignore[misc]
    """Birds in Mesa's continuous space.

    Args:
        birds: how many, at uniform positions, with velocities uniform on (−1, 1)².
        width: side of the periodic square.
        vision: distance up to which birds see each other, at most half the width.
        seed: of Mesa's generators.

    Raises:
        ValueError: for a vision that reaches beyond half the width, where a neighbour would have
            to be seen twice.
    """

    bird: type[Any] = Bird

    def __init__(self, birds: int, width: float, vision: float, seed: int) -> None:
        super().__init__(seed=seed)
        if not 0 < vision <= width / 2:
            raise ValueError(
                f"vision must lie in (0, {width / 2:g}], up to half the width of {width:g}; "
                f"got {vision:g}. Try MesaFlocking(200, 100, 5, seed=1)."
            )
        self.birds = birds
        self.width = width
        self.vision = vision
        self.make_space()
        positions = self.rng.random((birds, 2)) * width
        velocities = self.rng.uniform(-1, 1, (birds, 2))
        self.bird.create_agents(self, birds, positions.tolist(), velocities.tolist())

    def make_space(self) -> None:
        """Lay out the space before the birds come."""
        self.space = ContinuousSpace(self.width, self.width, torus=True)

    def step(self) -> None:
        """Every bird acts once, in random order."""
        self.agents.shuffle_do("step")

    def measures(self) -> dict[str, float]:
        """`order`: the length of the mean unit heading, 0 for no common way, 1 for one."""
        velocities = self.velocities()
        headings = velocities / np.linalg.norm(velocities, axis=1, keepdims=True)
        return {"order": float(np.linalg.norm(headings.mean(axis=0)))}

    def velocities(self) -> NDArray[np.float64]:
        """The velocities of all birds, float64[birds, 2]."""
        return np.array(self.agents.get(["dx", "dy"]))


class BinnedBird(Bird):
    """A bird that lives in a cell of a grid, and carries its exact position itself."""

    model: MesaBinnedFlocking

    def step(self) -> None:
        """Turn by the birds of the nine cells around, then fly."""
        self.turn(self.model.grid.iter_neighbors(self.pos, moore=True, include_center=True))
        self.move_to(self.x + self.dx, self.y + self.dy)

    def appear(self) -> None:
        """Enter the grid."""
        self.model.grid.place_agent(self, self.model.cell_at(self.x, self.y))

    def move_to(self, x: float, y: float) -> None:
        """Go to a position, wrapped into the space, and to its cell."""
        self.x = x % self.model.width
        self.y = y % self.model.width
        cell = self.model.cell_at(self.x, self.y)
        if cell != self.pos:
            self.model.grid.move_agent(self, cell)


class MesaBinnedFlocking(MesaFlocking):
    """The same birds, found by a grid of cells at least as wide as the vision.

    Arguments, start and measures are those of `MesaFlocking`; the flight is the same but for
    the rounding of sums taken in another order.
    """

    bird = BinnedBird

    def make_space(self) -> None:
        """Lay out the cells before the birds come."""
        self.cells = int(self.width // self.vision)
        self.grid = MultiGrid(self.cells, self.cells, torus=True)

    def cell_at(self, x: float, y: float) -> tuple[int, int]:
        """The cell of a position in the square."""
        cells = self.cells
        # Rounding may put a position on the far edge, which is the near one.
        return int(x / self.width * cells) % cells, int(y / self.width * cells) % cells


class ExampleBird(continuous_space.ContinuousSpaceAgent):  # type: ignore[misc]
    """A bird whose position and `velocity` are vectors, float64[2] each."""

    model: MesaExampleFlocking

    def __init__(
        self, model: MesaExampleFlocking, position: list[float], velocity: list[float]
    ) -> None:
        super().__init__(model.space, model)
        self.position = np.array(position)
        self.velocity = np.array(velocity)

    def step(self) -> None:
        """Turn by the neighbours, then fly."""
        # The space leaves the bird itself out of its neighbours.
        neighbours, distances = self.get_neighbors_in_radius(self.model.vision)
        if neighbours:
            headings = self.space.calculate_difference_vector(self.position, neighbours)
            cohesion = headings.sum(axis=0) * COHERE
            separation = headings[distances < SEPARATION].sum(axis=0) * SEPARATE
            alignment = np.asarray([bird.velocity for bird in neighbours]).sum(axis=0) * MATCH
            self.velocity += (cohesion - separation + alignment) / len(neighbours)
            self.velocity /= np.linalg.norm(self.velocity)
        self.position += self.velocity


class MesaExampleFlocking(MesaFlocking):
    """The same birds in the manner of the example that Mesa ships, vectors and all.

    Arguments, start and measures are those of `MesaFlocking`; the flight is the same but for
    the rounding of sums. What the example keeps for drawing only is left out.
    """

    bird = ExampleBird

    def make_space(self) -> None:
        """Lay out the space before the birds come."""
        self.space = continuous_space.ContinuousSpace(
            [[0, self.width], [0, self.width]], torus=True, random=self.random, n_agents=self.birds
        )

    def velocities(self) -> NDArray[np.float64]:
        """The velocities of all birds, float64[birds, 2]."""
        return np.array(self.agents.get("velocity"))
