"""Replicas that converge: delta-state types on columns, causal intervals, anti-entropy."""

from swarm.memory.replicas.anti_entropy import AntiEntropy, Network
from swarm.memory.replicas.clocks import HybridClock, follows, packed, unpacked
from swarm.memory.replicas.counters import GCounter, PNCounter
from swarm.memory.replicas.dots import Context, context_of
from swarm.memory.replicas.errors import ReplicaError
from swarm.memory.replicas.fields import Fields
from swarm.memory.replicas.lattice import Replicated, join
from swarm.memory.replicas.log import Entries, Log
from swarm.memory.replicas.maps import LWWMap
from swarm.memory.replicas.replica import Acknowledgement, Interval, Replica
from swarm.memory.replicas.sets import ORSet

__all__ = [
    "Acknowledgement",
    "AntiEntropy",
    "Context",
    "Entries",
    "Fields",
    "GCounter",
    "HybridClock",
    "Interval",
    "LWWMap",
    "Log",
    "Network",
    "ORSet",
    "PNCounter",
    "Replica",
    "ReplicaError",
    "Replicated",
    "context_of",
    "follows",
    "join",
    "packed",
    "unpacked",
]
