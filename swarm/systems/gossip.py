"""Agents hear rumours of findings from the peers they know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evolution import Integer, Locus
from swarm.gossip import add_own, exchange, repair, rows_of
from swarm.population import Column
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World


class Gossip(System):
    """Push-pull exchange of the newest findings over a random k-out overlay.

    Args:
        peers: k, whom each agent knows.
        buffer: findings that an agent keeps in mind.
        messages: findings in one message.
        loss: probability that a message is lost.

    Attributes:
        sent, delivered: messages sent and findings newly heard in this tick.

    Gene: `fanout`, how many peers an agent calls in a tick. Columns: `peers` int64[k], ids;
    `heard` int32[buffer], numbers of findings, newest first, -1 for none.
    """

    def __init__(self, peers: int = 8, buffer: int = 16, messages: int = 4, loss: float = 0.0):
        # The widths are settings, so the columns are the instance's.
        self.columns = {  # type: ignore[misc]
            "peers": Column(np.int64, (peers,), -1),
            "heard": Column(np.int32, (buffer,), -1),
        }
        self.most = peers
        self.messages = messages
        self.loss = loss
        self.sent = 0
        self.delivered = 0
        self._rows: np.ndarray | None = None

    def loci(self, world: World) -> Mapping[str, Locus]:
        """How many peers to call."""
        return {"fanout": Integer(1, 1, min(4, self.most))}

    def __call__(self, world: World) -> None:
        """One synchronous round."""
        population = world.population
        ids = population["id"]
        if self._rows is None:
            population["peers"][:] = repair(population["peers"], ids, world.stream(self.name))
            self._rows = rows_of(ids, population["peers"])
        population["heard"][:], self.sent, self.delivered = exchange(
            population["heard"],
            self._rows,
            world.genes("fanout")[:, 0],
            self.messages,
            int(world.stream(self.name).integers(2**63)),
            self.loss,
        )

    def tell(self, world: World, rows: np.ndarray, findings: np.ndarray) -> None:
        """Agents keep their own new findings in mind, to be passed on from the next tick."""
        world.population["heard"][:] = add_own(world.population["heard"], rows, findings)

    def on_death(self, world: World, rows: np.ndarray) -> None:
        """Who knew the dead will look for others."""
        self._rows = None

    def on_birth(self, world: World, rows: np.ndarray) -> None:
        """The born will look for peers."""
        self._rows = None

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Rows are looked up again; living peers stay as they are."""
        self._rows = None
