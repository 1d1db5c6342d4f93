"""Wolves, sheep and grass as a Mesa user writes them: the peer of our benchmark.

Wilensky's predation model (NetLogo 1997), corrected: Mesa's published benchmark entry walks over 4
neighbours and its regrowth events never fire when `model.step()` is called; here the walk is over
8 neighbours, and what is eaten grows again. The exact rules, on a square that does not wrap:

* A step is the sheep phase, the wolf phase, the grass phase. In a phase every animal of the kind
  that lived at its beginning acts once, in a new random order, and sees what those before it did.
* An animal moves to a cell drawn uniformly from those that exist among its 8 neighbours and loses
  1 energy. A sheep on a grown patch eats it and gains 5; a wolf eats one sheep of its cell, drawn
  uniformly, and gains 13. Then it dies if its energy is below 0; else, with its kind's
  probability, it halves its energy and bears one young of the same energy in its cell.
* Young do not act in the step of their birth; lambs can be eaten in it.
* A patch that is eaten is bare with a countdown of `regrowth`. In the grass phase every bare
  patch, those eaten in this step included, counts down by 1 and is grown if its countdown is then
  0 or less. So a patch eaten in step t feeds sheep again from step t + regrowth on.
* At the start, animals stand in uniformly drawn cells; their energy is a uniform integer of
  0..2·gain − 1 (0..9 for sheep, 0..25 for wolves), the integer draw that Mesa's example long used;
  newer releases draw a real number below 2·gain. Each patch is grown with probability ½, else bare
  with a countdown uniform on 0..regrowth − 1 (0 and 1 both grow in the first grass phase).

Which Mesa: `mesa.space.MultiGrid` with grass in property layers. `mesa.discrete_space` with the
same layers takes 1.3 times the time (small and large alike), with grass in agents, in the manner of
Mesa's example, 1.5 and 1.6 times: that is `MesaExampleWolfSheep`. Its grass counts down in the
grass phase, as in older releases of the example, where the newest leaves regrowth to the events.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mesa import Agent, Model
from mesa.discrete_space import Cell, CellAgent, FixedAgent, OrthogonalMooreGrid
from mesa.space import MultiGrid, PropertyLayer
from numpy.typing import NDArray

SHEEP_GAIN = 5
WOLF_GAIN = 13


class Animal(Agent):  # type: ignore[misc]
    """One that walks, feeds, dies and reproduces."""

    model: MesaWolfSheep

    def __init__(
        self, model: MesaWolfSheep, position: tuple[int, int], energy: float, reproduce: float
    ) -> None:
        super().__init__(model)
        self.energy = energy
        self.reproduce = reproduce
        self.model.grid.place_agent(self, position)

    def step(self) -> None:
        """Walk, feed, then die or perhaps reproduce."""
        model = self.model
        grid = model.grid
        grid.move_agent(self, model.random.choice(grid.get_neighborhood(self.pos, moore=True)))
        self.energy -= 1
        self.feed()
        if self.energy < 0:
            self.remove()
        elif model.random.random() < self.reproduce:
            self.energy /= 2
            type(self)(model, self.pos, self.energy, self.reproduce)

    def feed(self) -> None:
        """Eat what is in the cell."""
        raise NotImplementedError

    def remove(self) -> None:
        """Leave the grid and the model."""
        self.model.grid.remove_agent(self)
        super().remove()


class Sheep(Animal):
    """Eats grass."""

    def feed(self) -> None:
        """Eat the patch if it is grown."""
        model = self.model
        if model.grown.data[self.pos]:
            model.grown.data[self.pos] = False
            model.countdown.data[self.pos] = model.regrowth
            self.energy += SHEEP_GAIN


class Wolf(Animal):
    """Eats sheep."""

    def feed(self) -> None:
        """Eat one sheep of the cell, if there are any."""
        x, y = self.pos
        sheep = [animal for animal in self.model.grid[x][y] if isinstance(animal, Sheep)]
        if sheep:
            self.model.random.choice(sheep).remove()
            self.energy += WOLF_GAIN


class MesaWolfSheep(Model):  # type: ignore[misc]
    """Wolves, sheep and grass on Mesa's grid of many agents.

    Args:
        width: side of the square, at least 2.
        sheep: sheep at the start.
        wolves: wolves at the start.
        regrowth: steps until an eaten patch is grown again, at least 1.
        sheep_reproduce: probability of a lamb, for each sheep and step.
        wolf_reproduce: the same for wolves.
        seed: of Mesa's generators.

    Raises:
        ValueError: for a width or a regrowth below its least.

    Attributes:
        grown: bool[width, width] in `grown.data`, what can be eaten.
        countdown: int[width, width] in `countdown.data`, grass phases until a bare patch is grown;
            0 or less where grown.
    """

    sheep_kind: type[Any] = Sheep
    wolf_kind: type[Any] = Wolf

    def __init__(
        self,
        width: int,
        sheep: int,
        wolves: int,
        regrowth: int,
        sheep_reproduce: float,
        wolf_reproduce: float,
        seed: int,
    ) -> None:
        super().__init__(seed=seed)
        if width < 2 or regrowth < 1:
            raise ValueError(
                "width must be at least 2, to walk at all, and regrowth at least 1; got "
                f"{width} and {regrowth}. Try MesaWolfSheep(25, 60, 40, 20, 0.2, 0.1, seed=1)."
            )
        self.width = width
        self.regrowth = regrowth
        grown = self.rng.random((width, width)) < 0.5
        waiting = self.rng.integers(0, regrowth, (width, width))
        self.make_meadow(grown, np.where(grown, 0, waiting))
        self._settle(self.sheep_kind, sheep, SHEEP_GAIN, sheep_reproduce)
        self._settle(self.wolf_kind, wolves, WOLF_GAIN, wolf_reproduce)

    def make_meadow(self, grown: NDArray[np.bool_], countdown: NDArray[np.int64]) -> None:
        """Lay out the grid and its grass before the animals come."""
        self.grid: Any = MultiGrid(self.width, self.width, torus=False)
        self.grown = PropertyLayer("grown", self.width, self.width, True, dtype=bool)
        self.countdown = PropertyLayer("countdown", self.width, self.width, 0, dtype=int)
        self.grid.add_property_layer(self.grown)
        self.grid.add_property_layer(self.countdown)
        self.grown.data[:] = grown
        self.countdown.data[:] = countdown

    def place(self, x: int, y: int) -> Any:
        """What an animal is told to appear at a position."""
        return x, y

    def _settle(self, kind: type[Any], number: int, gain: int, reproduce: float) -> None:
        """Put animals of a kind anywhere, each with some energy."""
        positions = self.rng.integers(0, self.width, (number, 2)).tolist()
        energies = self.rng.integers(0, 2 * gain, number).tolist()
        for (x, y), energy in zip(positions, energies, strict=True):
            kind(self, self.place(x, y), energy, reproduce)

    def step(self) -> None:
        """Sheep, wolves, grass."""
        for kind in (self.sheep_kind, self.wolf_kind):
            if kind in self.agents_by_type:  # absent while there was never one
                self.agents_by_type[kind].shuffle_do("step")
        self.grow()

    def grow(self) -> None:
        """The grass phase."""
        grown, countdown = self.grown.data, self.countdown.data
        countdown[~grown] -= 1
        grown |= countdown <= 0

    def measures(self) -> dict[str, float]:
        """How many `sheep` and `wolves` live, and how many patches of `grass` are grown."""
        return {
            "sheep": float(len(self.agents_by_type.get(self.sheep_kind, ()))),
            "wolves": float(len(self.agents_by_type.get(self.wolf_kind, ()))),
            "grass": float(self.grass()),
        }

    def grass(self) -> int:
        """How many patches are grown."""
        return int(np.count_nonzero(self.grown.data))


class ExampleAnimal(CellAgent):  # type: ignore[misc]
    """One that walks from cell to cell, feeds, dies and reproduces."""

    model: MesaExampleWolfSheep

    def __init__(
        self, model: MesaExampleWolfSheep, cell: Cell, energy: float, reproduce: float
    ) -> None:
        super().__init__(model)
        self.energy = energy
        self.reproduce = reproduce
        self.cell = cell

    def step(self) -> None:
        """Walk, feed, then die or perhaps reproduce."""
        self.cell = self.cell.neighborhood.select_random_cell()
        self.energy -= 1
        self.feed()
        if self.energy < 0:
            self.remove()
        elif self.random.random() < self.reproduce:
            self.energy /= 2
            type(self)(self.model, self.cell, self.energy, self.reproduce)

    def feed(self) -> None:
        """Eat what is in the cell."""
        raise NotImplementedError


class ExampleSheep(ExampleAnimal):
    """Looks for the patch among the agents of its cell."""

    def feed(self) -> None:
        """Eat the patch if it is grown."""
        patch = next(agent for agent in self.cell.agents if isinstance(agent, Patch))
        if patch.grown:
            patch.grown = False
            patch.countdown = self.model.regrowth
            self.energy += SHEEP_GAIN


class ExampleWolf(ExampleAnimal):
    """Looks for sheep among the agents of its cell."""

    def feed(self) -> None:
        """Eat one sheep of the cell, if there are any."""
        sheep = [agent for agent in self.cell.agents if isinstance(agent, ExampleSheep)]
        if sheep:
            self.random.choice(sheep).remove()
            self.energy += WOLF_GAIN


class Patch(FixedAgent):  # type: ignore[misc]
    """The grass of a cell: `grown`, or bare with a `countdown`."""

    def __init__(
        self, model: MesaExampleWolfSheep, cell: Cell, grown: bool, countdown: int
    ) -> None:
        super().__init__(model)
        self.cell = cell
        self.grown = grown
        self.countdown = countdown

    def step(self) -> None:
        """Grow for a step, if bare."""
        if not self.grown:
            self.countdown -= 1
            self.grown = self.countdown <= 0


class MesaExampleWolfSheep(MesaWolfSheep):
    """The same in the manner of the example that Mesa ships: cells, and an agent for each patch.

    Arguments, start and measures are those of `MesaWolfSheep`, and so is the whole history of a
    seed, since both of Mesa's grids list neighbours and contents of a cell in the same order.
    """

    sheep_kind = ExampleSheep
    wolf_kind = ExampleWolf

    def make_meadow(self, grown: NDArray[np.bool_], countdown: NDArray[np.int64]) -> None:
        """Lay out the cells and plant a patch in each."""
        self.grid = OrthogonalMooreGrid((self.width, self.width), torus=False, random=self.random)
        for cell in self.grid.all_cells:
            place = cell.coordinate
            Patch(self, cell, bool(grown[place]), int(countdown[place]))

    def place(self, x: int, y: int) -> Cell:
        """The cell at a position."""
        return self.grid[x, y]

    def grow(self) -> None:
        """The grass phase."""
        self.agents_by_type[Patch].do("step")

    def grass(self) -> int:
        """How many patches are grown."""
        return sum(self.agents_by_type[Patch].get("grown"))
