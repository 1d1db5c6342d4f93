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
same layers takes 1.3 times the time (small and large alike), with grass in agents, as in Mesa's
example, 1.6 and 1.5 times.
"""

from __future__ import annotations

import numpy as np
from mesa import Agent, Model
from mesa.space import MultiGrid, PropertyLayer

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
        self.regrowth = regrowth
        self.grown = PropertyLayer("grown", width, width, True, dtype=bool)
        self.countdown = PropertyLayer("countdown", width, width, 0, dtype=int)
        self.grid = MultiGrid(width, width, torus=False)
        self.grid.add_property_layer(self.grown)
        self.grid.add_property_layer(self.countdown)
        self.grown.data[:] = self.rng.random((width, width)) < 0.5
        waiting = self.rng.integers(0, regrowth, (width, width))
        self.countdown.data[:] = np.where(self.grown.data, 0, waiting)
        self._settle(Sheep, sheep, SHEEP_GAIN, sheep_reproduce)
        self._settle(Wolf, wolves, WOLF_GAIN, wolf_reproduce)

    def _settle(self, kind: type[Animal], number: int, gain: int, reproduce: float) -> None:
        """Put animals of a kind anywhere, each with some energy."""
        positions = self.rng.integers(0, self.grid.width, (number, 2)).tolist()
        energies = self.rng.integers(0, 2 * gain, number).tolist()
        for (x, y), energy in zip(positions, energies, strict=True):
            kind(self, (x, y), energy, reproduce)

    def step(self) -> None:
        """Sheep, wolves, grass."""
        for kind in (Sheep, Wolf):
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
            "sheep": float(len(self.agents_by_type.get(Sheep, ()))),
            "wolves": float(len(self.agents_by_type.get(Wolf, ()))),
            "grass": float(np.count_nonzero(self.grown.data)),
        }
