"""Clusters as a shard announces them, and all of a table in flat columns, as routing reads them."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Announcement(NamedTuple):
    """What a shard says of its clusters; the columns of `RoutingTable.announce`."""

    centroids: Floats
    radius: Floats
    spread: Floats
    size: NDArray[np.int64]


class Clusters(NamedTuple):
    """Every cluster in a table as flat columns, G rows, with what routing derives from them.

    Attributes:
        shard: int64[G].
        centroid: float32[G, d], and its squared length `square` float32[G].
        radius: float64[G], mean squared distance of the members from the centroid.
        spread: float64[G], variance of that squared distance.
        size: float64[G].
        near: float64[G], normal quantile of the share of the members that the k nearest are,
            infinite where a cluster has no more than k.
        far: float64[G], normal quantile below which a cluster cannot matter.
    """

    shard: NDArray[np.int64]
    centroid: Floats
    square: Floats
    radius: NDArray[np.float64]
    spread: NDArray[np.float64]
    size: NDArray[np.float64]
    near: NDArray[np.float64]
    far: NDArray[np.float64]


def flattened(
    centroids: Floats, radius: Floats, spread: Floats, size: NDArray[np.int64], near: int
) -> Clusters:
    """The clusters of all shards, for the `near` nearest of a query.

    Args:
        centroids: float32[S, c, d].
        radius, spread: float32[S, c].
        size: int64[S, c], 0 where there is no cluster.
        near: k ≥ 1.
    """
    live = np.flatnonzero(size.ravel())
    centroid = centroids.reshape(-1, centroids.shape[2])[live]
    held = size.ravel()[live]
    return Clusters(
        live // size.shape[1],
        centroid,
        np.einsum("gd,gd->g", centroid, centroid),
        radius.ravel()[live].astype(np.float64),
        spread.ravel()[live].astype(np.float64),
        held.astype(np.float64),
        _quantiles(near / held, np.inf),
        _quantiles(1e-3 * near / held, 8.0),
    )


def _quantiles(share: NDArray[np.float64], above: float) -> NDArray[np.float64]:
    """Where the normal distribution has its lower `share`; `above` for a share of 1 or more."""
    normal = NormalDist()
    return np.array([normal.inv_cdf(each) if each < 1 else above for each in share.tolist()])
