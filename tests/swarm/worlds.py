"""Worlds for the tests: one of drunkards, and one of reasoners on the smallest graph that ships."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from swarm import (
    Acting,
    Agent,
    Column,
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    System,
    Tasks,
    World,
)
from swarm.reasoning import Problem, load_graph


class Drunkard(Agent):
    """Draws from every source of chance there is; is born and dies by it."""

    place: float = 0.0

    def step(self) -> None:
        self.place += self.rng.normal() + self.model.random.gauss(0, 1) + self.model.rng.normal()
        if self.rng.random() < 0.1:
            self.birth(1, place=self.place)
        if self.rng.random() < 0.1:
            self.remove()


class Weather(System):
    """A system with a column, a state and a stream of its own."""

    columns = {"wet": Column(np.float64)}  # noqa: RUF012

    def __init__(self) -> None:
        self.rain = 0.0

    def __call__(self, world: World) -> None:
        self.rain = 0.5 * self.rain + world.stream(self.name).random()
        world.population["wet"][:] += self.rain

    def state(self) -> dict[str, Any]:
        return {"rain": self.rain}

    def restore(self, world: World, state: Any) -> None:
        self.rain = state["rain"]


class Watch(System):
    """Looks at the world in the middle of a tick."""

    def __init__(self, look: Callable[[World], None]) -> None:
        self.look = look

    def __call__(self, world: World) -> None:
        self.look(world)


class Idle(System):
    """Stands in the place of a system that is left out."""


@cache
def problem() -> Problem:
    """The smallest graph, posed once for all tests."""
    return Problem.pose(load_graph("nations").resplit((0.3, 0.2, 0.5), seed=0))


def drunkards(seed: int = 1) -> World:
    return World({Drunkard: 30, Agent: 3}, [Weather(), Acting()], seed=seed)


def all_systems(**changed: System) -> list[System]:
    """Every system, some replaced by name; money is scarce, whatever the defaults are."""
    systems: dict[str, System] = {
        "tasks": Tasks(problem(), 48, bounty=400),
        "gossip": Gossip(),
        "market": ComputeMarket(supply=40.0),
        "reasoning": Reasoning(),
        "settlement": Settlement(endowment=100_000, reserve_ticks=20),
        "remembering": Remembering(embargo=2),
        "selection": Selection(every=4, turnover=0.5),
        "observation": Observation(keep=True),
    }
    return list((systems | changed).values())


def reasoners(
    agents: int | dict[type[Agent], int] = 40, /, *more: System, **changed: System
) -> World:
    return World(agents, [*all_systems(**changed), *more], seed=1)


def plenty() -> ComputeMarket:
    """A market where everybody gets what they want at the lowest price."""
    return ComputeMarket(supply=1000.0)


def mishearing(seed: int = 1, *more: System) -> World:
    """Reasoners that lose a message now and then, so that all there is draws from chance."""
    return World(30, [*all_systems(gossip=Gossip(loss=0.1)), *more], seed=seed)


def run(world: World, ticks: int) -> World:
    for _ in range(ticks):
        world.step()
    return world


def moved(world: World, code: int) -> int:
    """Tokens that changed hands under a code in the last tick."""
    journal = world.ledger.journal()
    return int(journal["amount"][journal["code"] == code].sum())
