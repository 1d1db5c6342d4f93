"""The living world: agents as columns, systems as a visible list, reasoning as genomes."""

from swarm.agents import Agent, AgentError, AgentSet, column
from swarm.checkpoint import CheckpointError
from swarm.population import Column, Population, PopulationError
from swarm.space import Grid, Plane, Space, SpaceError
from swarm.systems import (
    Acting,
    Bankruptcy,
    ComputeMarket,
    GoodsMarket,
    Gossip,
    Observation,
    Partnering,
    Reasoning,
    Remembering,
    Reputation,
    Royalties,
    Selection,
    Settlement,
    Specialising,
    System,
    Tasks,
)
from swarm.world import World, WorldError

__all__ = [
    "Acting",
    "Agent",
    "AgentError",
    "AgentSet",
    "Bankruptcy",
    "CheckpointError",
    "Column",
    "ComputeMarket",
    "GoodsMarket",
    "Gossip",
    "Grid",
    "Observation",
    "Partnering",
    "Plane",
    "Population",
    "PopulationError",
    "Reasoning",
    "Remembering",
    "Reputation",
    "Royalties",
    "Selection",
    "Settlement",
    "Space",
    "SpaceError",
    "Specialising",
    "System",
    "Tasks",
    "World",
    "WorldError",
    "column",
]
