"""One answer from several: neighbours found in parts of a store put into one order.

Parts whose vectors lie in one space are merged by distance, which is exact: the k nearest of all
are among the k nearest of each. Distances in two spaces cannot be compared, nor those to vectors
that an adapter has put there, which are as wrong as it is; there each neighbour is placed by the
share of its part that is nearer, (rank + ½) / (size of the part), its expected place
among all if the parts are random samples of the items. Equal places go to the part named first.
Where a query's nearest have just been taken out of the later parts, those are no random samples
for it, and what is left in them comes behind the first part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from swarm.memory.vectors.index import NOBODY, Neighbours


def by_distance(found: Sequence[Neighbours], k: int) -> Neighbours:
    """The k nearest of all, each id in one part alone; equally near ones by id."""
    ids = np.concatenate([each.ids for each in found], axis=1)
    distances = np.concatenate([each.distances for each in found], axis=1)
    order = np.lexsort((ids, distances), axis=1)[:, :k]
    return _padded(
        np.take_along_axis(ids, order, axis=1), np.take_along_axis(distances, order, axis=1), k
    )


def by_rank(
    found: Sequence[Neighbours], sizes: Sequence[int], behind: NDArray[np.bool_], k: int
) -> tuple[Neighbours, NDArray[np.int64]]:
    """The k first of all by their place in their own part.

    Args:
        found: what each part answered to the same Q queries.
        sizes: how many each part might have answered.
        behind: bool[Q], the queries for which all parts come behind the first.
        k: how many.

    Returns:
        The neighbours, with distances as each part measured them, and int64[Q, k]: the part of
        each, -1 where there is nobody.
    """
    places, parts = [], []
    for part, (each, size) in enumerate(zip(found, sizes, strict=True)):
        share = (np.arange(each.ids.shape[1]) + 0.5) / max(size, 1) + (behind[:, None] & (part > 0))
        places.append(np.where(each.ids == NOBODY, np.inf, share))
        parts.append(np.full(each.ids.shape, part))
    ids = np.concatenate([each.ids for each in found], axis=1)
    distances = np.concatenate([each.distances for each in found], axis=1)
    order = np.argsort(np.concatenate(places, axis=1), axis=1, kind="stable")[:, :k]
    merged = _padded(
        np.take_along_axis(ids, order, axis=1), np.take_along_axis(distances, order, axis=1), k
    )
    of = np.full(merged.ids.shape, NOBODY)
    of[:, : order.shape[1]] = np.take_along_axis(np.concatenate(parts, axis=1), order, axis=1)
    return merged, np.where(merged.ids == NOBODY, NOBODY, of)


def without(found: Neighbours, ids: NDArray[np.int64], k: int) -> Neighbours:
    """The k nearest that are none of `ids`, the order kept."""
    gone = np.isin(found.ids, ids) | (found.ids == NOBODY)
    order = np.argsort(gone, axis=1, kind="stable")[:, :k]
    left = np.take_along_axis(gone, order, axis=1)
    kept = np.take_along_axis(found.ids, order, axis=1)
    distances = np.take_along_axis(found.distances, order, axis=1)
    infinite = np.float32(np.inf)
    return _padded(np.where(left, NOBODY, kept), np.where(left, infinite, distances), k)


def _padded(ids: NDArray[np.int64], distances: NDArray[np.float32], k: int) -> Neighbours:
    """Exactly k columns, with nobody in those that are missing."""
    missing = ((0, 0), (0, k - ids.shape[1]))
    return Neighbours(
        np.pad(ids, missing, constant_values=NOBODY),
        np.pad(distances, missing, constant_values=np.inf),
    )
