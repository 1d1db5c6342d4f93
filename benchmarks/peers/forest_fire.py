"""A forest fire as a Mesa user writes it: the peer of our benchmark.

Each cell of a square that does not wrap holds a tree with probability `density`; those of the left
column (x = 0) burn. In a step every tree acts once, in a new random order: one that burns sets
fire to its fine neighbours of the 4 around and is burnt out. A tree that catches fire before its
turn acts in the same step, so the fire runs ahead by chance, and at last has taken exactly what is
connected to the left column (Drossel & Schwabl 1992 without growth and lightning).

Which Mesa: `mesa.discrete_space.OrthogonalVonNeumannGrid`. `mesa.space.SingleGrid` takes about as
long at 100² (0.9 to 1.0 times) and 1.2 times the time at 500², where nearly all of it is the
shuffle and the call of every tree.
"""

from __future__ import annotations

from mesa import Model
from mesa.discrete_space import Cell, FixedAgent, OrthogonalVonNeumannGrid

FINE = 0
BURNING = 1
BURNT = 2


class Tree(FixedAgent):  # type: ignore[misc]
    """A tree that is `FINE`, `BURNING` or `BURNT`."""

    model: MesaForestFire

    def __init__(self, model: MesaForestFire, cell: Cell, condition: int) -> None:
        super().__init__(model)
        self.cell = cell
        self.condition = condition

    def step(self) -> None:
        """Spread the fire, then be burnt out."""
        if self.condition == BURNING:
            for tree in self.cell.neighborhood.agents:
                if tree.condition == FINE:
                    tree.condition = BURNING
            self.condition = BURNT


class MesaForestFire(Model):  # type: ignore[misc]
    """Trees on Mesa's grid of cells with 4 neighbours.

    Args:
        width: side of the square.
        density: probability that a cell holds a tree, in 0..1.
        seed: of Mesa's generators.

    Raises:
        ValueError: for a density that is no probability.
    """

    def __init__(self, width: int, density: float, seed: int) -> None:
        super().__init__(seed=seed)
        if not 0 <= density <= 1:
            raise ValueError(f"density must lie in 0..1, such as 0.7; got {density}.")
        self.grid = OrthogonalVonNeumannGrid(
            (width, width), torus=False, capacity=1, random=self.random
        )
        for cell in self.grid.all_cells:
            if self.random.random() < density:
                Tree(self, cell, BURNING if cell.coordinate[0] == 0 else FINE)

    def step(self) -> None:
        """Every tree acts once, in random order."""
        self.agents.shuffle_do("step")

    def measures(self) -> dict[str, float]:
        """How many trees are `fine`, `burning` and `burnt`."""
        conditions = self.agents.get("condition")
        return {
            "fine": float(conditions.count(FINE)),
            "burning": float(conditions.count(BURNING)),
            "burnt": float(conditions.count(BURNT)),
        }
