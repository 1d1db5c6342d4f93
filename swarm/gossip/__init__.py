"""Gossip: who knows whom, how rumours spread among them, and who is in the group."""

from swarm.gossip.broadcast import Broadcast, BroadcastError, Partition, broadcast
from swarm.gossip.overlay import KOutOverlay, OverlayError, random_peers, repair, rows_of
from swarm.gossip.rumours import RumourError, add_own, exchange
from swarm.gossip.swim import (
    ABSENT,
    ALIVE,
    DEAD,
    SUSPECT,
    History,
    MembershipError,
    Scenario,
    Swim,
    SwimProtocol,
    SwimRounds,
)
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
    "ABSENT",
    "ALIVE",
    "DEAD",
    "SUSPECT",
    "Broadcast",
    "BroadcastError",
    "Complete",
    "History",
    "KOutOverlay",
    "MembershipError",
    "OverlayError",
    "Partition",
    "RumourError",
    "Scenario",
    "Swim",
    "SwimProtocol",
    "SwimRounds",
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
