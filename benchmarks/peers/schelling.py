"""Schelling's segregation as a Mesa user writes it: the peer of our benchmark.

Schelling 1971, "Dynamic models of segregation". Two groups live on a square grid that does not
wrap, one agent a cell. In a step every agent acts once, in a new random order: if fewer than
`minimum` of the agents within Chebyshev distance `radius` are of its group, it moves to a cell
drawn uniformly from the empty ones.

Which Mesa: `MesaSchelling` stands on `mesa.space.SingleGrid`, `MesaCellSchelling` on
`mesa.discrete_space.OrthogonalMooreGrid`. Neither is the faster everywhere: over 20 steps the
cells take 0.75 to 1.05 times as long at 40², radius 1, and 1.0 to 1.5 times at 100², radius 2,
where cells meet their wider neighbourhoods one by one and keep them. The faster of the two is the
fair peer. In both an agent keeps the neighbourhood of its cell until it moves, and stops counting
at `minimum`: 1.1 to 1.3 times as fast as asking the grid and counting all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mesa import Agent, Model
from mesa.discrete_space import CellAgent, OrthogonalMooreGrid
from mesa.space import SingleGrid


class Household(Agent):  # type: ignore[misc]
    """An agent of `group` 0 or 1 in a grid of coordinates."""

    model: MesaSchelling

    def __init__(self, model: MesaSchelling, position: tuple[int, int], group: int) -> None:
        super().__init__(model)
        self.group = group
        self.model.grid.place_agent(self, position)
        self.look_around()

    def look_around(self) -> None:
        """Remember the coordinates of the neighbourhood, the agent's own cell left out."""
        grid, radius = self.model.grid, self.model.radius
        self.around = grid.get_neighborhood(self.pos, moore=True, radius=radius)

    def neighbours(self) -> Iterable[Household]:
        """The agents within the radius."""
        return self.model.grid.iter_cell_list_contents(self.around)

    def step(self) -> None:
        """Move if too few neighbours are alike."""
        group, wanted, alike = self.group, self.model.minimum, 0
        for other in self.model.grid.iter_cell_list_contents(self.around):
            if other.group == group:
                alike += 1
                if alike == wanted:
                    return
        self.model.grid.move_to_empty(self)
        self.look_around()


class CellHousehold(CellAgent):  # type: ignore[misc]
    """An agent of `group` 0 or 1 in a grid of cells."""

    model: MesaSchelling

    def __init__(self, model: MesaSchelling, position: tuple[int, int], group: int) -> None:
        super().__init__(model)
        self.group = group
        self.cell = self.model.grid[position]
        self.around = self.cell.get_neighborhood(self.model.radius)

    def neighbours(self) -> Iterable[CellHousehold]:
        """The agents within the radius."""
        return self.around.agents

    def step(self) -> None:
        """Move if too few neighbours are alike."""
        group, wanted, alike = self.group, self.model.minimum, 0
        for other in self.around.agents:
            if other.group == group:
                alike += 1
                if alike == wanted:
                    return
        self.cell = self.model.grid.select_random_empty_cell()
        self.around = self.cell.get_neighborhood(self.model.radius)


class MesaSchelling(Model):  # type: ignore[misc]
    """Two groups on Mesa's grid of single agents.

    Args:
        width: side of the square.
        agents: how many, in cells drawn without repeats; every second one is of group 1.
        radius: Chebyshev distance up to which agents are neighbours.
        minimum: neighbours of its own group, at least 1, that an agent wants.
        seed: of Mesa's generators.

    Raises:
        ValueError: where no cell stays empty, or nobody could ever want to move.
    """

    household: type[Any] = Household

    def __init__(self, width: int, agents: int, radius: int, minimum: int, seed: int) -> None:
        super().__init__(seed=seed)
        if not 0 < agents < width * width:
            raise ValueError(
                f"{agents} agents on {width} x {width} cells: between 1 and {width * width - 1} "
                "leave a cell to move to, as do 1000 on 40 x 40."
            )
        if minimum < 1:
            raise ValueError(f"minimum must be at least 1, or nobody moves; got {minimum}. Try 3.")
        self.radius = radius
        self.minimum = minimum
        self.make_grid(width)
        cells = [(x, y) for x in range(width) for y in range(width)]
        for number, position in enumerate(self.random.sample(cells, agents)):
            self.household(self, position, number % 2)

    def make_grid(self, width: int) -> None:
        """Lay out the grid before the agents come."""
        self.grid: Any = SingleGrid(width, width, torus=False)

    def step(self) -> None:
        """Every agent acts once, in random order."""
        self.agents.shuffle_do("step")

    def measures(self) -> dict[str, float]:
        """Two shares, both in 0..1.

        `segregation`: the mean over the agents that have neighbours of the share of these that
        are of their own group (0 if nobody has any); `happy`: the share of agents that have
        `minimum` such neighbours.
        """
        shares, happy = [], 0
        for agent in self.agents:
            alike = [other.group == agent.group for other in agent.neighbours()]
            happy += sum(alike) >= self.minimum
            if alike:
                shares.append(sum(alike) / len(alike))
        return {
            "segregation": sum(shares) / len(shares) if shares else 0.0,
            "happy": happy / len(self.agents),
        }


class MesaCellSchelling(MesaSchelling):
    """The same on Mesa's grid of cells; arguments and measures are those of `MesaSchelling`."""

    household = CellHousehold

    def make_grid(self, width: int) -> None:
        """Lay out the grid before the agents come."""
        self.grid = OrthogonalMooreGrid((width, width), torus=False, capacity=1, random=self.random)
