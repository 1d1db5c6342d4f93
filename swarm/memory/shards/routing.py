"""Which shards a query should touch: those that hold most of what is nearest to it.

A member of a cluster with centroid c lies at x = c + e. Seen from a query at squared distance D²
from c, its squared distance D² + |e|² − 2 D (e·u) has the mean D² + r² and, as |e|² has the
variance v and the projection e·u the variance r²/d of an isotropic cluster, the variance
v + 4 D² r²/d. Taking it as normal above 0, for no distance is less, gives how many members lie
within any distance t of the query.
Routing finds the t within which all clusters together hold the k nearest that are wanted; a
shard's *share* is its part of them, and the shards with the largest shares are touched until
these sum to the target. A query well inside one cluster touches one shard, one near a margin
between several touches them all, and on data without clusters nearly every shard has a share:
the number touched follows the data, up to `most`.

The shares are estimates: clusters are not normal to their tails, and `caution` widens these. What
recall a target really has is for measurement to say.

Guarantees: the dead are never touched; load changes the order and never what counts as enough;
equal tables and queries have equal routes, whatever else is in the batch.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards.errors import ShardError
from swarm.memory.shards.table import DEAD, SUSPECTED, RoutingTable

NOBODY = -1
CHUNK = 1024  # queries whose distances to all centroids are held at once


class Route(NamedTuple):
    """Where Q queries go.

    Attributes:
        shards: int64[Q, K], most useful first, −1 for none.
        shares: float32[Q, K], the part of the nearest that each is expected to hold.
        lost: float32[Q], the part that dead shards are expected to hold.
        degraded: bool[Q], whether a dead shard would have been touched.
        distances: centroids each query was compared with.
    """

    shards: NDArray[np.int64]
    shares: NDArray[np.float32]
    lost: NDArray[np.float32]
    degraded: NDArray[np.bool_]
    distances: int


def route(
    table: RoutingTable,
    queries: ArrayLike,
    near: int = 10,
    target: float = 0.95,
    least: int = 1,
    most: int | None = None,
    caution: float = 1.0,
    patience_ms: float = 50.0,
    avoid: ArrayLike = (),
) -> Route:
    """Choose the shards that each query should touch.

    Args:
        table: what is believed of the shards; it may be stale.
        queries: float32[Q, d].
        near: how many nearest are wanted, k ≥ 1.
        target: the part of them that should be in reach, in (0, 1]; an estimate, see the module.
        least: shards to touch at least; with `most` equal to it, a fixed number.
        most: shards to touch at most; all when None.
        caution: widens the estimate, > 0: 1.5 takes distances to scatter half as much again.
        patience_ms: a shard with this load counts as half as useful, > 0; one that is suspected
            counts as if it had this load besides.
        avoid: shards to leave out as if they were dead.

    Raises:
        ShardError: for settings out of range, or queries of another width.

    Costs O(Q·G·d) for G clusters.
    """
    asked = np.ascontiguousarray(queries, np.float32)
    most = len(table) if most is None else min(most, len(table))
    if asked.ndim != 2 or asked.shape[1] != table.centroids.shape[2]:
        raise ShardError(f"queries are float32[Q, {table.centroids.shape[2]}]; got {asked.shape}")
    if near < 1 or not 1 <= least <= most or not 0.0 < target <= 1.0:
        raise ShardError(
            f"near ≥ 1, 1 ≤ least ≤ most and 0 < target ≤ 1 are needed, such as 10, 1, 8 and .95; "
            f"got {near=}, {least=}, {most=}, {target=}"
        )
    if not (caution > 0 and patience_ms > 0):
        raise ShardError(f"caution and patience_ms are above 0; got {caution=}, {patience_ms=}")
    clusters = table.clusters(near)
    closed = table.health == DEAD
    closed[np.asarray(avoid, np.int64)] = True
    burden = table.load_ms + patience_ms * (table.health == SUSPECTED)
    weight = 1.0 / (1.0 + burden.astype(np.float64) / patience_ms)
    found = Route(
        np.full((len(asked), most), NOBODY, np.int64),
        np.zeros((len(asked), most), np.float32),
        np.zeros(len(asked), np.float32),
        np.zeros(len(asked), np.bool_),
        clusters.shard.size,
    )
    slope = 4.0 * clusters.radius / asked.shape[1]
    for begin in range(0, len(asked) if clusters.shard.size else 0, CHUNK):
        part = slice(begin, begin + CHUNK)
        square = np.einsum("qd,qd->q", asked[part], asked[part])
        gap = square[:, None] + clusters.square - 2.0 * (asked[part] @ clusters.centroid.T)
        _choose(
            gap,
            clusters.shard,
            clusters.radius,
            clusters.spread,
            slope,
            clusters.size,
            clusters.near,
            clusters.far,
            closed,
            weight,
            (float(near), target, float(caution)),
            least,
            found.shards[part],
            found.shares[part],
            found.lost[part],
            found.degraded[part],
        )
    return found


@njit(cache=True, nogil=True)
def _choose(
    gap: NDArray[np.float32],
    shard: NDArray[np.int64],
    radius: NDArray[np.float64],
    spread: NDArray[np.float64],
    slope: NDArray[np.float64],
    size: NDArray[np.float64],
    near: NDArray[np.float64],
    far: NDArray[np.float64],
    closed: NDArray[np.bool_],
    weight: NDArray[np.float64],
    wanted: tuple[float, float, float],
    least: int,
    shards: NDArray[np.int64],
    shares: NDArray[np.float32],
    lost: NDArray[np.float32],
    degraded: NDArray[np.bool_],
) -> None:
    """Write the route of every query; the second look, without the dead, only where it matters."""
    count, target, caution = wanted
    open_to_all = np.zeros(closed.size, np.bool_)
    mean, deviation = np.empty(shard.size), np.empty(shard.size)
    share, low = np.empty(closed.size), np.empty(closed.size)
    for q in range(gap.shape[0]):
        for g in range(shard.size):
            away = max(float(gap[q, g]), 0.0)
            mean[g] = away + radius[g]
            deviation[g] = caution * math.sqrt(spread[g] + slope[g] * away) + 1e-9 * mean[g] + 1e-30
        _shares(mean, deviation, shard, size, near, far, open_to_all, count, share, low)
        taken = _take(share, low, weight, target, least, shards[q], shares[q])
        for s in range(closed.size):
            lost[q] += share[s] * closed[s]
        for place in range(taken):
            degraded[q] |= closed[shards[q, place]]
        if degraded[q]:
            _shares(mean, deviation, shard, size, near, far, closed, count, share, low)
            _take(share, low, weight, target, least, shards[q], shares[q])
            shares[q] *= 1.0 - lost[q]


@njit(cache=True, nogil=True)
def _shares(
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    shard: NDArray[np.int64],
    size: NDArray[np.float64],
    near: NDArray[np.float64],
    far: NDArray[np.float64],
    closed: NDArray[np.bool_],
    count: float,
    share: NDArray[np.float64],
    low: NDArray[np.float64],
) -> None:
    """Each shard's part of the nearest; and `low`, how near its nearest cluster reaches."""
    share[:] = 0.0
    low[:] = np.inf
    above, below, widest = np.inf, np.inf, -np.inf
    cut = np.zeros(shard.size)  # the part of each normal distribution that is below 0
    for g in range(shard.size):
        if closed[shard[g]]:
            continue
        # One cluster alone holds enough within `above`: the distance sought is no larger.
        reach = near[g]
        if mean[g] < 6.0 * deviation[g]:  # heavy tails
            cut[g] = _normal(-mean[g] / deviation[g])
            reach = max(reach, 1.0)
        above = min(above, mean[g] + reach * deviation[g])
        below = min(below, max(mean[g] - 8.0 * deviation[g], 0.0))
        widest = max(widest, mean[g] + 8.0 * deviation[g])
        low[shard[g]] = min(low[shard[g]], mean[g] + far[g] * deviation[g])
    above = min(above, widest)
    close = np.empty(shard.size, np.int64)
    number = 0
    for g in range(shard.size):
        if not closed[shard[g]] and mean[g] + far[g] * deviation[g] < above:
            close[number] = g
            number += 1
    for _ in range(20):
        middle = 0.5 * (below + above)
        held = 0.0
        for i in range(number):
            g = close[i]
            held += size[g] * _within((middle - mean[g]) / deviation[g], cut[g])
        if held < count:
            below = middle
        else:
            above = middle
    held = 0.0
    for i in range(number):
        g = close[i]
        part = size[g] * _within((above - mean[g]) / deviation[g], cut[g])
        share[shard[g]] += part
        held += part
    if held > 0.0:
        share /= held


@njit(cache=True, nogil=True)
def _take(
    share: NDArray[np.float64],
    low: NDArray[np.float64],
    weight: NDArray[np.float64],
    target: float,
    least: int,
    shards: NDArray[np.int64],
    shares: NDArray[np.float32],
) -> int:
    """Take the most useful shards until their shares reach the target; returns how many."""
    shards[:] = NOBODY
    shares[:] = 0.0
    left = np.ones(share.size, np.bool_)
    nearest = low.min()
    reached = 0.0
    for place in range(shards.size):
        if place >= least and reached >= target - 1e-9:
            return place
        best, most = NOBODY, -np.inf
        for s in range(share.size):
            if not left[s] or low[s] == np.inf:
                continue
            # Shards of no share come after all others, the nearest first.
            useful = share[s] * weight[s] if share[s] > 0.0 else nearest - low[s] - 1.0
            if useful > most:
                best, most = s, useful
        if best == NOBODY:
            return place
        left[best] = False
        reached += share[best]
        shards[place], shares[place] = best, share[best]
    return shards.size


@njit(cache=True, nogil=True)
def _within(z: float, cut: float) -> float:
    """The part of a cluster up to z deviations, of a normal distribution without its first part."""
    return (_normal(z) - cut) / (1.0 - cut)


@njit(cache=True, nogil=True)
def _normal(z: float) -> float:
    """The distribution function of the standard normal."""
    return 0.5 * math.erfc(-z * 0.7071067811865476)
