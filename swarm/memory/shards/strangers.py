"""Strangers: newcomers that lie where no cluster is, and the clusters that are founded for them.

Were they left to the nearest cluster, the vectors of one new region would scatter over several,
a few in each: too few to show in its mean and variance, by which routing judges it, and yet all
that a query for them wants. So newcomers beyond a limit of distance lead clusters of their own
(J. Hartigan 1975, "Clustering Algorithms", ch. 3, the leader algorithm), those with the most
followers first, on the nearest shard that has room.

Guarantees: no shard gets above its capacity or takes a slot that moves may need; where there is
no room a stranger stays with the cluster that it had. No members of a cluster are looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swarm.memory.shards.clustering import gaps, nearest
from swarm.memory.shards.placement import MISFIT, Placement

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ids = NDArray[np.int64]

FAR = 6.0  # standard deviations of a cluster's squared distances: beyond, none of its own lies
LEADERS = 4096  # strangers who are asked to lead, of those who come at once
RESERVE = 8  # one in so many slots of a shard is left for splits and moves


def settled(placement: Placement, vectors: Floats, chosen: Ids, closed: NDArray[np.bool_]) -> Ids:
    """Found clusters for strangers among newcomers; enters nothing.

    Args:
        placement: gets new clusters, without members yet.
        vectors: float32[m, d], the newcomers.
        chosen: int64[m], what `Placement.assign` gave them.
        closed: bool[S], shards that take nothing.

    Returns:
        int64[m], the cluster of each, old or new.
    """
    apart = _squares(vectors - placement.centroids[chosen])
    usual = _usual(placement)
    strange = np.flatnonzero(apart > _limits(placement, usual)[chosen])
    kept = placement.slots - placement.slots // RESERVE
    slots = kept - np.bincount(placement.shard, placement.size > 0, placement.shards)
    slots[closed] = 0
    # Two members lie twice as far from each other as one from the centroid.
    most = int(np.maximum(slots, 0).sum())
    centroids, group = _led(vectors[strange], 2.0 * MISFIT * usual, most)
    size = np.bincount(group[group >= 0], minlength=len(centroids))
    load = placement.loads() + np.bincount(placement.shard[chosen], minlength=placement.shards)
    found, empty = chosen.copy(), np.setdiff1d(np.flatnonzero(placement.size == 0), chosen)
    for each in np.argsort(-size, kind="stable").tolist():
        members = strange[group == each]
        fits = (load + size[each] <= placement.capacity) & (slots > 0)
        usable = np.flatnonzero(fits[placement.shard])
        if not members.size or not usable.size:
            continue
        gap = gaps(centroids[each : each + 1], placement.centroids[usable])[0]
        shard = int(placement.shard[usable[gap.argmin()]])
        idle = empty[placement.shard[empty] == shard][:1]
        empty = np.setdiff1d(empty, idle)
        found[members] = placement.found(centroids[each], shard, usual, idle)
        slots[shard] -= 1
        load[shard] += size[each]
        load -= np.bincount(placement.shard[chosen[members]], minlength=placement.shards)
    return found


def misfits(placement: Placement) -> Ids:
    """The clusters that are scattered too much to be one, int64[g].

    Routing takes a cluster's vectors as normal around its centroid. Newcomers that lie where no
    cluster is, and found none, make that false of the one that took them, until it is split.
    """
    radius, deviation = _scatter(placement)
    limit = MISFIT * np.maximum(placement.scale, _usual(placement)) + _rounding(placement)
    return np.flatnonzero((placement.size > 0) & (np.maximum(radius, deviation) > limit))


def _limits(placement: Placement, usual: float) -> Doubles:
    """The squared distance from each cluster beyond which a newcomer is none of its own."""
    radius, deviation = _scatter(placement)
    # A centroid that is the mean of few lies itself off the middle.
    off = 1.0 + 1.0 / np.maximum(placement.size, 1)
    limit: Doubles = MISFIT * np.maximum(placement.scale, usual) * off
    return np.maximum(limit, radius + FAR * deviation) + _rounding(placement)


def _usual(placement: Placement) -> float:
    """The scale of the cluster of the average member."""
    size = placement.size
    return float((placement.scale * size).sum() / max(1, size.sum()))


def _scatter(placement: Placement) -> tuple[Doubles, Doubles]:
    """Mean and standard deviation of the members' squared distances from each centroid."""
    size = np.maximum(placement.size, 1)
    radius = placement.squares / size
    return radius, np.sqrt(np.maximum(placement.fourths / size - radius**2, 0.0))


def _rounding(placement: Placement) -> Doubles:
    """What float32 may be wrong by in a squared distance from each centroid."""
    centroids = placement.centroids
    found: Doubles = 1e-6 * np.einsum("gd,gd->g", centroids, centroids, dtype=np.float64)
    return found


def _led(vectors: Floats, reach: float, most: int) -> tuple[Floats, Ids]:
    """Groups around leaders, each the first whom no earlier one reaches.

    Returns:
        float32[g, d], the mean of each of at most `most` groups; int64[n], the group with the
        nearest mean for each vector, -1 for those whom none reaches.
    """
    left = vectors[:: -(-len(vectors) // LEADERS) or 1]
    means = np.zeros((min(most, len(left)), vectors.shape[1]), np.float32)
    count = 0
    while count < len(means) and len(left):
        near = _squares(left - left[0]) <= reach
        means[count] = left[near].mean(axis=0, dtype=np.float64)
        left = left[~near]
        count += 1
    if not count:
        return means, np.full(len(vectors), -1, np.int64)
    group = nearest(vectors, means[:count])
    return means[:count], np.where(_squares(vectors - means[group]) <= reach, group, -1)


def _squares(vectors: Floats) -> Floats:
    found: Floats = np.einsum("md,md->m", vectors, vectors)
    return found
