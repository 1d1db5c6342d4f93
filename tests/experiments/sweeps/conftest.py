"""A model whose best parameters are known, which fails where it is told to."""

import pytest

PLANTED = '''\
"""A hill in two parameters, with noise that a longer life makes smaller."""

from typing import Annotated

from annotated_types import Ge

from swarm import Agent, World


class Stone(Agent):
    weight: int = 1

    @classmethod
    def step_all(cls, stones):
        world = stones.model
        if world.fails == "live" and world.steps >= 3 and world.x > 0.5:
            raise RuntimeError(f"too far: {world.x} of {object()}")
        if world.fails == "exit" and world.x > 0.5:
            raise SystemExit("gone")


class Planted(World):
    """A hill.

    Args:
        x: where.
        y: where, the other way.
        kind: how high.
        noise: of the height.
        fails: where it does.
    """

    ticks = 8

    def __init__(
        self,
        x: Annotated[float, Ge(0)] = 0.0,
        y: Annotated[float, Ge(0)] = 0.0,
        kind: str = "low",
        noise: float = 0.05,
        fails: str = "",
        seed: int | None = None,
    ):
        if fails == "prepare" and x > 0.5:
            raise ValueError("nothing stands there")
        super().__init__({Stone: 1}, seed=seed)
        self.x, self.y, self.kind, self.noise, self.fails = x, y, kind, noise, fails

    def measures(self):
        height = 1 - (self.x - 0.7) ** 2 - (self.y - 0.2) ** 2 + (self.kind == "high")
        spread = self.noise / (1 + self.steps)
        return {"height": height + spread * float(self.stream("hill").normal())}
'''


@pytest.fixture
def planted(tmp_path):
    """The model, as a class of a file."""
    path = tmp_path / "planted.py"
    path.write_text(PLANTED, encoding="utf-8")
    return f"{path}:Planted"
