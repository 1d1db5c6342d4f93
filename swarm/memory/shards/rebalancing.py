"""What to move where, so that no shard is much fuller than the others.

Greedy: the fullest shard gives a cluster to one below the mean, choosing among the pairs that
fit the one whose cluster lies nearest to what the receiver has, so that shards stay compact and
routes short. An empty shard begins with the cluster that lies furthest from the rest of the
giver's: that is how an overfull shard is split.

Guarantees: every move makes the fullest shard lighter and no receiver heavier than `tolerance`
times the mean; the bytes of all moves together stay within `bytes_max`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swarm.memory.shards.moving import Move
from swarm.memory.shards.placement import Placement


def plan(
    placement: Placement,
    vector_bytes: int,
    bytes_max: float,
    tolerance: float = 1.1,
    dead: NDArray[np.bool_] | None = None,
) -> list[Move]:
    """The moves that bring every shard to `tolerance` times the mean, as far as bytes allow.

    Args:
        placement: read only.
        vector_bytes: what moving one vector costs, in all copies.
        bytes_max: for all moves together.
        tolerance: above 1; shards at most this many times the mean are left alone.
        dead: bool[S], shards that neither give nor receive.

    Returns:
        Moves in the order in which they are to be made.
    """
    shard = placement.shard.copy()
    load = placement.loads()
    held = np.bincount(shard, minlength=placement.shards)
    mean = load.sum() / placement.shards
    budget = float(bytes_max)
    moves: list[Move] = []
    shut = np.zeros(placement.shards, np.bool_) if dead is None else dead
    closed = shut.copy()  # and givers that found nothing to give
    while (load[~closed] > tolerance * mean).any():
        giver = int(np.where(closed, -1, load).argmax())
        open_to = np.flatnonzero((load < mean) & (held < placement.slots) & ~shut)
        room = np.minimum(tolerance * mean, placement.capacity) - load
        chosen = _pair(placement, shard, load, giver, open_to, room, budget / vector_bytes)
        if chosen is None:
            closed[giver] = True
            continue
        cluster, target = chosen
        size = int(placement.size[cluster])
        moves.append(Move(cluster, giver, target))
        shard[cluster] = target
        load[giver], load[target] = load[giver] - size, load[target] + size
        held[giver], held[target] = held[giver] - 1, held[target] + 1
        budget -= size * vector_bytes
    return moves


def _pair(
    placement: Placement,
    shard: NDArray[np.int64],
    load: NDArray[np.int64],
    giver: int,
    open_to: NDArray[np.int64],
    room: NDArray[np.float64],
    affordable: float,
) -> tuple[int, int] | None:
    """The cluster of the giver and the receiver that suit each other best."""
    size, centroids = placement.size, placement.centroids
    mine = np.flatnonzero((shard == giver) & (size > 0) & (size <= affordable))
    best, found = np.inf, None
    for target in open_to.tolist():
        # The giver must not end below where the receiver is filled up to.
        fits = mine[(size[mine] <= room[target]) & (load[target] + size[mine] < load[giver])]
        if not fits.size:
            continue
        theirs = np.flatnonzero(shard == target)
        if theirs.size:
            apart = _square_distances(centroids[fits], centroids[theirs]).min(axis=1)
        else:
            rest = centroids[shard == giver].mean(axis=0, keepdims=True)
            apart = -_square_distances(centroids[fits], rest)[:, 0]
        if apart.min() < best:
            best, found = float(apart.min()), (int(fits[apart.argmin()]), target)
    return found


def _square_distances(
    ones: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float32]:
    squares = np.einsum("ad,ad->a", ones, ones)[:, None] + np.einsum("bd,bd->b", others, others)
    found: NDArray[np.float32] = squares - 2.0 * (ones @ others.T)
    return found
