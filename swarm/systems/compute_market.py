"""Agents bid tokens for compute; one uniform-price auction clears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from economy import uniform_price_auction
from evolution import Locus, Real
from swarm.population import Column, PopulationError
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

CODE = 2


class ComputeMarket(System):
    """Sells the tick's compute, in units, to the highest bidders at one price.

    Args:
        supply: units on offer in a tick for each task of each agent; engines cost 10 to 25.
        reserve: lowest price, tokens per unit.

    Attributes:
        price, sold, demand: outcome of this tick's auction.

    Gene: `bid`, log2 of the tokens offered for a unit. Column: `quota` int64, units bought; what
    is not used is paid back in settlement.
    """

    columns: ClassVar[Mapping[str, Column]] = {"quota": Column(np.int64)}

    def __init__(self, supply: float = 45.0, reserve: int = 1):
        self.supply = supply
        self.reserve = reserve
        self.price = reserve
        self.sold = 0
        self.demand = 0

    def loci(self, world: World) -> Mapping[str, Locus]:
        """What to offer."""
        return {"bid": Real(1, 0.0, 5.0, precision="float32")}

    def setup(self, world: World) -> None:
        """Bids are for tasks, and for what reasoning expects to need."""
        world.system(Tasks)
        if "appetite" not in world.population:
            raise PopulationError(
                "ComputeMarket sells to agents with a column `appetite`, units of compute that a "
                "task is expected to take; add Reasoning() to the systems"
            )

    def __call__(self, world: World) -> None:
        """Bids for what the agents expect to need, within what they can pay."""
        population = world.population
        tasks = world.system(Tasks)
        price = np.floor(2.0 ** world.genes("bid")[:, 0].astype(float)).astype(np.int64)
        number = np.bincount(tasks.agent, minlength=len(population))
        wanted = np.ceil(population["appetite"].astype(float) * number).astype(np.int64)
        wealth = world.ledger.available(population["account"])
        quantity = np.where(population["alive"], np.minimum(wanted, wealth // price), 0)
        supply = int(self.supply * tasks.load * len(population))
        clearing = uniform_price_auction(price, quantity, supply, reserve=self.reserve)
        self.price, self.sold, self.demand = clearing.price, clearing.sold, clearing.demand
        population["quota"][:] = clearing.filled
        buyers = np.flatnonzero(clearing.filled)
        world.ledger.transfer(
            population["account"][buyers],
            world.compute,
            clearing.filled[buyers] * clearing.price,
            code=CODE,
        )
