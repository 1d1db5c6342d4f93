"""The living world: agents as columns, systems as a visible list, reasoning as genomes."""

from swarm.agents import Agent, AgentError, AgentSet, column
from swarm.checkpoint import CheckpointError
from swarm.population import Column, Population, PopulationError
from swarm.space import Grid, Plane, Space, SpaceError
from swarm.systems import (
    Acting,
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    System,
    Tasks,
)
from swarm.world import World, WorldError

__all__ = [
    "Acting",
    "Agent",
    "AgentError",
    "AgentSet",
    "CheckpointError",
    "Column",
    "ComputeMarket",
    "Gossip",
    "Grid",
    "Observation",
    "Plane",
    "Population",
    "PopulationError",
    "Reasoning",
    "Remembering",
    "Selection",
    "Settlement",
    "Space",
    "SpaceError",
    "System",
    "Tasks",
    "World",
    "WorldError",
    "column",
]
