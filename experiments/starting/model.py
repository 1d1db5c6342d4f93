"""Foragers on a meadow: who finds grass lives and breeds, who finds none starves.

Change what you like. What is annotated in an agent is a column of the world, `step` is what one
agent does in a tick, and every run records what `measures` returns.

    python my_world.py              lives it once and draws my_world.png
    noosphere run my_world.toml     a run with a folder, checkpoints and a report
"""

from pathlib import Path
from typing import ClassVar

import numpy as np

from swarm import Acting, Agent, Grid, System, World


class Forager(Agent):
    """Walks, grazes, and has a young one when it has eaten enough."""

    energy: float = 4.0

    def step(self) -> None:
        """One tick of one forager."""
        self.walk()
        self.energy += self.model.system(Meadow).graze(self.position) - 0.5
        if self.energy > 8:
            self.energy /= 2
            self.birth(energy=self.energy, position=self.position)
        elif self.energy < 0:
            self.remove()


class Meadow(System):
    """Grass: `grass` float64[width, width], from 0 for none to 1; it is saved with the world."""

    kept = ("grass",)

    def __init__(self, width: int, growth: float):
        self.grass, self.growth = np.ones((width, width)), growth

    def graze(self, place: tuple[int, int]) -> float:
        """Eat what is there; how much it was."""
        eaten = float(self.grass[place])
        self.grass[place] = 0
        return eaten

    def __call__(self, world: World) -> None:
        """All grass grows, once a tick."""
        self.grass = np.minimum(self.grass + self.growth, 1)


class MyWorld(World):
    """Foragers on a meadow.

    Args:
        foragers: how many to begin with.
        width: of the meadow, in cells.
        growth: grass that grows in a cell in a tick; 1 is a full cell.
        seed: of all chance.
    """

    ticks: ClassVar[int] = 200
    shown: ClassVar[str] = "energy"

    def __init__(
        self,
        foragers: int = 100,
        width: int = 30,
        growth: float = 0.04,
        seed: int | None = None,
    ):
        super().__init__({Forager: foragers}, [Acting(), Meadow(width, growth)], seed, Grid(width))

    def measures(self) -> dict[str, float]:
        """Energy of the mean forager, and grass of the mean cell."""
        energy = self.agents.get("energy")
        return {
            "energy": float(energy.mean()) if len(energy) else 0.0,
            "grass": float(self.system(Meadow).grass.mean()),
        }


if __name__ == "__main__":
    import matplotlib.pyplot as plt

    world = MyWorld(seed=1)
    living = [len(world.agents)]
    for _ in range(world.ticks):
        world.step()
        living.append(len(world.agents))
    print(f"{living[-1]} foragers after {world.steps} ticks, at most {max(living)}")

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    left.plot(living)
    left.set(xlabel="tick", ylabel="foragers", ylim=(0, None))
    right.imshow(world.system(Meadow).grass.T, origin="lower", cmap="Greens", vmin=0, vmax=1)
    right.scatter(*world.space.positions.T, s=12, color="#D55E00")
    right.set(title="foragers on what grass they have left", xticks=[], yticks=[])
    picture = Path(__file__).with_name("my_world.png")
    figure.savefig(picture, dpi=120)
    print("picture:", picture.name)
