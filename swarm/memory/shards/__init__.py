"""Shards: vectors on many indexes, a routing table that spreads by gossip, and a query planner."""

from swarm.memory.shards.answers import Answer, Costs
from swarm.memory.shards.balanced import Rebalance
from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.gossip import Spread, agree, gossip
from swarm.memory.shards.moving import Move
from swarm.memory.shards.placement import Placement
from swarm.memory.shards.planner import Shards
from swarm.memory.shards.routing import Route, route
from swarm.memory.shards.table import ALIVE, DEAD, SUSPECTED, RoutingTable

__all__ = [
    "ALIVE",
    "DEAD",
    "SUSPECTED",
    "Answer",
    "Costs",
    "Move",
    "Placement",
    "Rebalance",
    "Route",
    "RoutingTable",
    "ShardError",
    "Shards",
    "Spread",
    "agree",
    "gossip",
    "route",
]
