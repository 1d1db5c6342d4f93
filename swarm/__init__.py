"""The living world: agents as columns, systems as a visible list, reasoning as genomes.

Names are imported when they are first used, so that a memory or an engine does not wait for worlds.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swarm.agents import Agent, AgentError, AgentSet, column
    from swarm.checkpoint import CheckpointError
    from swarm.population import Column, Population, PopulationError
    from swarm.space import Grid, Plane, Space, SpaceError
    from swarm.systems import (
        Acting,
        Bankruptcy,
        Companies,
        ComputeMarket,
        Episodes,
        Exploring,
        FindingMarket,
        GoodsMarket,
        Gossip,
        Observation,
        Partnering,
        Practising,
        Reasoning,
        Remembering,
        Replicating,
        Reputation,
        Royalties,
        Selection,
        Settlement,
        SharedMemory,
        SkillMarket,
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
    "Companies",
    "ComputeMarket",
    "Episodes",
    "Exploring",
    "FindingMarket",
    "GoodsMarket",
    "Gossip",
    "Grid",
    "Observation",
    "Partnering",
    "Plane",
    "Population",
    "PopulationError",
    "Practising",
    "Reasoning",
    "Remembering",
    "Replicating",
    "Reputation",
    "Royalties",
    "Selection",
    "Settlement",
    "SharedMemory",
    "SkillMarket",
    "Space",
    "SpaceError",
    "Specialising",
    "System",
    "Tasks",
    "World",
    "WorldError",
    "column",
]

_HOMES = {
    "swarm.agents": (
        "Agent",
        "AgentError",
        "AgentSet",
        "column",
    ),
    "swarm.checkpoint": ("CheckpointError",),
    "swarm.population": (
        "Column",
        "Population",
        "PopulationError",
    ),
    "swarm.space": (
        "Grid",
        "Plane",
        "Space",
        "SpaceError",
    ),
    "swarm.systems": (
        "Acting",
        "Bankruptcy",
        "Companies",
        "ComputeMarket",
        "Episodes",
        "Exploring",
        "FindingMarket",
        "GoodsMarket",
        "Gossip",
        "Observation",
        "Partnering",
        "Practising",
        "Reasoning",
        "Remembering",
        "Replicating",
        "Reputation",
        "Royalties",
        "Selection",
        "Settlement",
        "SharedMemory",
        "SkillMarket",
        "Specialising",
        "System",
        "Tasks",
    ),
    "swarm.world": (
        "World",
        "WorldError",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'swarm' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
