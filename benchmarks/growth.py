"""What many agents cost: steps in Python beside Mesa's, and growth up to a million agents.

Python steps are timed by tick, after both worlds are there. Every size of the growth runs in a
process of its own; its memory is what is allocated at the peak of its making and first tick.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import mesa

from benchmarks.rows import Row
from swarm import Agent, Grid, World

SIZES, QUICK_SIZES = (10**3, 10**4, 10**5, 10**6), (10**3, 10**4)
DENSITY = 10_000 / 750**2
"""Birds for a unit of area, as in the flock of 10,000."""


class Eater(Agent):
    """Lives off its energy, one step at a time, in Python."""

    energy: float = 10.0

    def step(self) -> None:
        """Use up energy; eat when it is gone."""
        self.energy -= 1
        if self.energy < 0:
            self.energy += 10


class Walker(Agent):
    """Walks on a grid and looks who is near, in Python."""

    met: int = 0

    def step(self) -> None:
        """Take a step to a cell around, and count who is there."""
        self.walk()
        self.met += len(self.neighbours(1))


class MesaEater(mesa.Agent):  # type: ignore[misc]
    """The same in Mesa."""

    def __init__(self, model: mesa.Model):
        super().__init__(model)
        self.energy = 10.0

    def step(self) -> None:
        """Use up energy; eat when it is gone."""
        self.energy -= 1
        if self.energy < 0:
            self.energy += 10


class MesaWalker(mesa.Agent):  # type: ignore[misc]
    """The same in Mesa."""

    def __init__(self, model: mesa.Model):
        super().__init__(model)
        self.met = 0

    def step(self) -> None:
        """Take a step to a cell around, and count who is there."""
        grid = self.model.grid
        grid.move_agent(self, self.random.choice(grid.get_neighborhood(self.pos, moore=True)))
        self.met += len(grid.get_neighbors(self.pos, moore=True, include_center=True)) - 1


class MesaEaters(mesa.Model):  # type: ignore[misc]
    """A world of the one or the other."""

    def __init__(self, kind: type[mesa.Agent], number: int, width: int, seed: int):
        super().__init__(seed=seed)
        agents = kind.create_agents(self, number)
        if kind is MesaWalker:
            self.grid = mesa.space.MultiGrid(width, width, torus=False)
            for agent in agents:
                place = (self.random.randrange(width), self.random.randrange(width))
                self.grid.place_agent(agent, place)

    def step(self) -> None:
        """Everybody, in random order."""
        self.agents.shuffle_do("step")


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row for every kind of Python step, then one for every size of a world."""
    yield from python_steps(quick)
    for kind in ("birds", "walkers"):
        for size in QUICK_SIZES if quick else SIZES:
            command = [sys.executable, "-m", "benchmarks.growth", kind, str(size)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            yield Row(**json.loads(done.stdout))


def python_steps(quick: bool) -> Iterator[Row]:
    """A tick of agents that step one by one in Python, beside Mesa's."""
    for number, width in ((1_000, 50), (10_000, 160)):
        for name, ours, theirs in (
            ("of its own columns", Eater, MesaEater),
            ("on a grid", Walker, MesaWalker),
        ):
            space = Grid(width) if ours is Walker else None
            world = World({ours: number}, seed=1, space=space)
            peer = MesaEaters(theirs, number, width, seed=1)
            mine, yours = _fastest((world.step, peer.step), 3 if quick else 10)
            yield Row(
                name=f"Python step {name}, {number:,} agents, ms a tick",
                ours=mine,
                peer=yours,
                ratio=yours / mine,
                goal=1.0 if number == 10_000 else None,
                notes={"peer": "Mesa, shuffle_do"},
            )


def _fastest(works: tuple[Callable[[], None], ...], times: int) -> list[float]:
    """Milliseconds of the best of several calls of each, alternating."""
    best = [float("inf")] * len(works)
    for _ in range(times):
        for i, work in enumerate(works):
            begun = time.process_time()
            work()
            best[i] = min(best[i], 1e3 * (time.process_time() - begun))
    return best


def measure(kind: str, size: int) -> dict[str, Any]:
    """A world of that many, in this process: its row."""
    make = _flock if kind == "birds" else _crowd
    make(100).step()  # compiles
    tracemalloc.start()
    make(size).step()
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    begun = time.process_time()
    world = make(size)
    built = time.process_time() - begun
    ticks = max(2, min(50, 200_000 // size))
    begun = time.process_time()
    for _ in range(ticks):
        world.step()
    spent = time.process_time() - begun
    columns = sum(world.population[name].nbytes for name in world.population.names)
    return {
        "name": f"{kind}, {size:,}, s a million agent-steps",
        "ours": spent / ticks / size * 1e6,
        "checks": {
            "all on the map": bool((world.space.positions < world.space.width).all()),
            "bytes an agent": columns / size,
            "at the peak": memory / size,
            "ticks/s": ticks / spent,
            "built in s": built,
        },
        "notes": {"ticks": ticks},
    }


def _flock(size: int) -> World:
    from experiments.models.flocking import Flocking

    return Flocking(birds=size, width=float((size / DENSITY) ** 0.5), vision=15.0, seed=1)


def _crowd(size: int) -> World:
    from benchmarks.walkers import Walkers

    return Walkers(walkers=size, width=int(size**0.5), seed=1)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
