"""How far from everything known: novelty of behaviours and of findings alike.

Lehman & Stanley 2011, "Abandoning objectives: evolution through the search for novelty alone",
Evolutionary Computation 19(2), equation 1: the mean distance to the k nearest neighbours, in the
space of behaviours there, of embeddings here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.vectors.index import NOBODY, Ids, VectorError, VectorIndex


def novelty(
    index: VectorIndex,
    vectors: ArrayLike,
    k: int = 15,
    own: Ids | None = None,
    allowed: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """The mean distance of each vector to its k nearest in an index.

    >>> novelty(index, embeddings)  # of what is not in it yet
    >>> novelty(index, index.vectors(ids), own=ids)  # of what is

    Args:
        index: of metric "l2", where the distance is Euclidean (not squared), or "cosine", where
            it is 1 - cos. An inner product is no distance.
        vectors: float32[m, d].
        k: neighbours, ≥ 1; 15 is customary.
        own: int64[m], the id that each vector has in the index, which is not its own neighbour;
            -1 for one that is not there. None if none of them is.
        allowed: what counts as known; see `VectorIndex.search`.

    Returns:
        float64[m]; the mean is over the neighbours there are, and infinite where there is none.

    Raises:
        VectorError: for an inner product, or what `search` refuses.
    """
    if index.metric == "inner_product":
        raise VectorError("an inner product is no distance: use an index of metric l2 or cosine")
    if own is None:
        ids, distances = index.search(vectors, k, allowed)
        known = ids != NOBODY
    else:
        ids, distances = index.search(vectors, k + 1, allowed)
        names = np.asarray(own, dtype=np.int64)
        if names.shape != ids.shape[:1]:
            raise VectorError(f"own must name an id for each of {len(ids)} vectors, or -1")
        known = (ids != NOBODY) & (ids != names[:, np.newaxis])
        known &= np.cumsum(known, axis=1) <= k
    far = np.where(known, distances, 0.0).astype(np.float64)
    if index.metric == "l2":
        far = np.sqrt(far)
    count = known.sum(axis=1)
    total = far.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)
