"""Gossip: who knows whom, and how rumours spread among them."""

from swarm.gossip.broadcast import Broadcast, BroadcastError, Partition, broadcast
from swarm.gossip.overlay import KOutOverlay, OverlayError, random_peers, repair, rows_of
from swarm.gossip.rumours import RumourError, add_own, exchange
from swarm.gossip.topology import (
    Complete,
    Topology,
    TopologyError,
    complete,
    k_out,
    scale_free,
    small_world,
)

__all__ = [
    "Broadcast",
    "BroadcastError",
    "Complete",
    "KOutOverlay",
    "OverlayError",
    "Partition",
    "RumourError",
    "Topology",
    "TopologyError",
    "add_own",
    "broadcast",
    "complete",
    "exchange",
    "k_out",
    "random_peers",
    "repair",
    "rows_of",
    "scale_free",
    "small_world",
]
