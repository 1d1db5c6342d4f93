"""Routing tables spread like rumours: one synchronous round of push–pull.

Demers et al. 1987, "Epidemic algorithms for replicated database maintenance", PODC: a caller sends
the versions it has, the called answers with the entries it knows better and asks for the others.
Whom a node may call is given from outside, so any overlay will do.

Guarantees: what a table holds after a round depends on what all held when it began, and neither
on the order of the nodes nor of their calls; a lost message costs time and never correctness,
because `RoutingTable.merge` is a join.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.table import RoutingTable, ahead


class Spread(NamedTuple):
    """What a round cost: messages sent, their bytes, and the entries that were news to a table."""

    messages: int
    bytes: int
    news: int


def gossip(
    tables: Sequence[RoutingTable],
    peers: ArrayLike,
    rng: np.random.Generator,
    fanout: int = 1,
    loss: float = 0.0,
) -> Spread:
    """Let every node call `fanout` of its peers; both sides then know what either did.

    Args:
        tables: one for each of n nodes; written.
        peers: int[n, p], places of the peers in `tables`, −1 for none.
        rng: draws n·p + 2·n·min(fanout, p) uniform numbers.
        fanout: calls of a node, ≥ 1; a node with fewer peers calls them all.
        loss: probability that the entries of one direction are lost.

    Returns:
        Messages (a call has three: versions, answer, what was asked for), bytes and news.

    Raises:
        ShardError: for peers that are not so, a fanout below 1 or a loss outside [0, 1].
    """
    called = np.asarray(peers, np.int64)
    if called.ndim != 2 or called.shape[0] != len(tables):
        raise ShardError(f"{len(tables)} tables need peers int[{len(tables)}, p]; {called.shape=}")
    if called.size and not -1 <= called.min() <= called.max() < len(tables):
        raise ShardError(f"peers are places 0..{len(tables) - 1}, or −1 for none")
    if fanout < 1 or not 0.0 <= loss <= 1.0:
        raise ShardError(f"fanout is at least 1 and loss in [0, 1]; got {fanout=}, {loss=}")
    luck = np.where(called >= 0, rng.random(called.shape), 2.0)
    chosen = np.take_along_axis(called, np.argsort(luck, axis=1)[:, :fanout], axis=1)
    arrives = rng.random((2, *chosen.shape)) >= loss
    before = [table.copy() for table in tables]
    messages = size = news = 0
    for caller, call in np.argwhere(chosen >= 0).tolist():
        other = int(chosen[caller, call])
        messages += 3
        size += len(before[caller]) * before[caller].digest_bytes
        for way, (source, target) in enumerate(((other, caller), (caller, other))):
            known = np.flatnonzero(ahead(before[source], before[target]))
            size += sum(map(before[source].entry_bytes, known.tolist()))
            if arrives[way, caller, call]:
                news += tables[target].merge(before[source])
    return Spread(messages, size, news)


def agree(tables: Sequence[RoutingTable]) -> bool:
    """Whether all tables are the same, byte for byte."""
    first = tables[0].state()
    return all(
        np.array_equal(column, table.state()[name])
        for table in tables[1:]
        for name, column in first.items()
    )
