"""Gossip: who knows whom, and how rumours spread among them."""

from swarm.gossip.overlay import KOutOverlay, OverlayError, random_peers, repair, rows_of
from swarm.gossip.rumours import RumourError, add_own, exchange, spread

__all__ = [
    "KOutOverlay",
    "OverlayError",
    "RumourError",
    "add_own",
    "exchange",
    "random_peers",
    "repair",
    "rows_of",
    "spread",
]
