"""Clusters of vectors and groups of clusters: k-means, and its balanced form.

S. Lloyd 1982, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28, begun from
k-means++ seeds (D. Arthur and S. Vassilvitskii 2007, SODA), on a sample where there is much. The
balanced form gives every group a capacity, as in constrained k-means (P. Bradley, K. Bennett and
A. Demiriz 2000), but greedily: those who would lose most by not having their first choice choose
first.

Guarantees: equal generators give equal clusters; every vector is in exactly one; a group exceeds
its capacity only where an item fits into no group at all, and then by less than that item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CHUNK = 4096
STARTS = 4  # of balanced groups; the least scattered counts
SAMPLE = 32  # vectors a centroid looks at while it learns


def nearest(vectors: Floats, centroids: Floats) -> NDArray[np.int64]:
    """The nearest centroid of every vector, int64[n]; of equal ones the first."""
    found = np.empty(len(vectors), np.int64)
    for begin in range(0, len(vectors), CHUNK):
        found[begin : begin + CHUNK] = gaps(vectors[begin : begin + CHUNK], centroids).argmin(1)
    return found


def gaps(vectors: Floats, centroids: Floats) -> Floats:
    """Squared distances less each vector's own squared length, float32[n, g]."""
    found: Floats = vectors @ centroids.T
    found *= -2.0
    found += np.einsum("gd,gd->g", centroids, centroids)
    return found


def k_means(
    vectors: Floats, count: int, rng: np.random.Generator, rounds: int = 8
) -> tuple[Floats, NDArray[np.int64]]:
    """Cluster vectors.

    Args:
        vectors: float32[n, d].
        count: clusters, ≥ 1; fewer come back where fewer vectors differ.
        rng: draws the sample and the seeds.
        rounds: of Lloyd.

    Returns:
        Centroids float32[g, d], the mean of a sample of their members; int64[n], the cluster of
        each vector, none of them empty.
    """
    n = len(vectors)
    size = min(n, SAMPLE * count)
    sample = vectors if size == n else vectors[np.sort(rng.choice(n, size, replace=False))]
    centroids = _seeds(sample, count, rng)
    for _ in range(rounds):
        centroids = _means(sample, nearest(sample, centroids), centroids)
    cluster = nearest(vectors, centroids)
    used = np.unique(cluster)
    return centroids[used], np.searchsorted(used, cluster)


def peeled(vectors: Floats, rounds: int = 8) -> tuple[Floats, NDArray[np.int64]]:
    """Two clusters from their mean and the vector furthest from it: what does not belong goes.

    Args:
        vectors: float32[n, d], n ≥ 1.
        rounds: of Lloyd.

    Returns:
        As `k_means`; one cluster where all vectors are equal.
    """
    middle = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    apart = np.einsum("nd,nd->n", vectors - middle, vectors - middle)
    centroids = np.stack((middle, vectors[apart.argmax()]))
    if not np.ptp(vectors, axis=0).any():
        return vectors[:1].copy(), np.zeros(len(vectors), np.int64)
    for _ in range(rounds):
        centroids = _means(vectors, nearest(vectors, centroids), centroids)
    used, cluster = np.unique(nearest(vectors, centroids), return_inverse=True)
    return centroids[used], cluster.astype(np.int64)


def tightened(
    vectors: Floats, centroids: Floats, cluster: NDArray[np.int64], slots: int, above: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Peel clusters that k-means left over several clumps, worst first, while there are slots.

    A cluster is peeled where its mean squared distance is over `above` times the median's.
    """
    size = np.bincount(cluster, minlength=len(centroids))
    apart = vectors - centroids[cluster]
    square = np.bincount(cluster, np.einsum("nd,nd->n", apart, apart), len(centroids))
    scatter = (square / np.maximum(size, 1)).tolist()
    limit = above * float(np.median(np.repeat(scatter, size)))
    while len(centroids) < slots and (worst := int(np.argmax(scatter))) >= 0:
        if scatter[worst] <= limit:
            break
        rows = np.flatnonzero(cluster == worst)
        parts, part = peeled(vectors[rows])
        scatter[worst] = 0.0
        if len(parts) < 2:
            continue
        cluster[rows[part == 1]] = len(centroids)
        centroids = np.concatenate((centroids, parts[1:]))
        centroids[worst] = parts[0]
        apart = vectors[rows] - parts[part]
        square = np.einsum("nd,nd->n", apart, apart)
        scatter[worst] = float(square[part == 0].mean())
        scatter.append(float(square[part == 1].mean()))
    return centroids, cluster


def halved(
    vectors: Floats,
    centroids: Floats,
    cluster: NDArray[np.int64],
    shards: int,
    slots: int,
    rng: np.random.Generator,
) -> tuple[Floats, NDArray[np.int64]]:
    """Split clusters above an eighth of a shard while there are slots and vectors that differ."""
    limit = max(1.0, len(vectors) / (8 * shards))
    stuck: set[int] = set()
    while len(centroids) < slots:
        size = np.bincount(cluster, minlength=len(centroids)).astype(np.float64)
        size[list(stuck)] = 0.0
        largest = int(size.argmax())
        if size[largest] <= limit:
            break
        rows = np.flatnonzero(cluster == largest)
        halves, half = k_means(vectors[rows], 2, rng)
        if len(halves) < 2:
            stuck.add(largest)
            continue
        cluster[rows[half == 1]] = len(centroids)
        centroids = np.concatenate((centroids, halves[1:]))
        centroids[largest] = halves[0]
    return centroids, cluster


def balanced_groups(
    items: Floats,
    weight: NDArray[np.int64],
    count: int,
    capacity: float,
    rng: np.random.Generator,
    slots: int | None = None,
    rounds: int = 8,
) -> NDArray[np.int64]:
    """Put weighted items into groups of near ones, none heavier than its capacity.

    Args:
        items: float32[g, d].
        weight: int64[g], ≥ 1.
        count: groups, ≥ 1.
        capacity: of a group, in weight.
        rng: draws the seeds.
        slots: items that a group has room for; no bound when None.
        rounds: of Lloyd.

    Returns:
        int64[g], the group of each item.
    """
    slots = len(items) if slots is None else slots
    best, least = np.zeros(len(items), np.int64), np.inf
    for _ in range(STARTS):
        centroids = _seeds(items, count, rng)
        for _ in range(rounds):
            group = _assigned(items, weight, centroids, count, capacity, slots)
            centroids = _means(items, group, centroids, weight)
        scatter = float((weight * ((items - centroids[group]) ** 2).sum(axis=1)).sum())
        if scatter < least:
            best, least = group, scatter
    return best


def _assigned(
    items: Floats,
    weight: NDArray[np.int64],
    centroids: Floats,
    count: int,
    capacity: float,
    slots: int,
) -> NDArray[np.int64]:
    """Every item to the nearest group with room, those with most to lose first."""
    apart = np.full((len(items), count), np.inf, np.float32)
    apart[:, : len(centroids)] = gaps(items, centroids)
    ranked = np.argsort(apart, axis=1, kind="stable")
    best = np.partition(apart, min(1, count - 1), axis=1)
    regret = (best[:, min(1, count - 1)] - best[:, 0]) * weight
    group = np.zeros(len(items), np.int64)
    heavy, held = np.zeros(count), np.zeros(count, np.int64)
    for item in np.argsort(-regret, kind="stable").tolist():
        choice = ranked[item]
        room = (heavy[choice] + weight[item] <= capacity) & (held[choice] < slots)
        if not room.any():  # nowhere: the lightest that has a slot takes it
            chosen = int(np.where(held < slots, heavy, np.inf).argmin())
        else:
            chosen = int(choice[room.argmax()])
        group[item] = chosen
        heavy[chosen] += weight[item]
        held[chosen] += 1
    return group


def first_come(
    group: NDArray[np.int64], apart: Floats, spare: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Let the nearest into their groups while there is room.

    Args:
        group: int64[m], the group that each wants.
        apart: float32[m], how far it is from that.
        spare: int64[g], room in each group.

    Returns:
        Rows of those refused, ascending, and the room that is left.
    """
    order = np.argsort(apart, kind="stable")
    order = order[np.argsort(group[order], kind="stable")]
    wanted = group[order]
    rank = np.arange(wanted.size) - np.searchsorted(wanted, np.arange(spare.size))[wanted]
    refused = rank >= np.maximum(spare, 0)[wanted]
    return np.sort(order[refused]), spare - np.bincount(wanted[~refused], minlength=spare.size)


def _seeds(vectors: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Seeds far from each other, each drawn by its squared distance to those before."""
    chosen = [int(rng.integers(len(vectors)))]
    length = np.einsum("nd,nd->n", vectors, vectors)
    apart = np.full(len(vectors), np.inf)
    for _ in range(count - 1):
        last = vectors[chosen[-1]]
        reach = length - 2.0 * (vectors @ last) + length[chosen[-1]]
        apart = np.minimum(apart, np.maximum(reach, 0.0))
        apart[chosen[-1]] = 0.0
        total = np.cumsum(apart, dtype=np.float64)
        if total[-1] <= 0.0:
            break
        chosen.append(int(np.searchsorted(total, rng.random() * total[-1], side="right")))
    return vectors[chosen].copy()


def _means(
    vectors: Floats,
    cluster: NDArray[np.int64],
    before: Floats,
    weight: NDArray[np.int64] | None = None,
) -> Floats:
    """The mean of each cluster; one without members stays where it was."""
    count = max(len(before), int(cluster.max()) + 1)
    amount = np.ones(len(vectors)) if weight is None else weight.astype(np.float64)
    order = np.argsort(cluster, kind="stable")
    weighed = vectors[order] * amount[order, None]
    held = np.bincount(cluster, amount, count)
    starts = np.searchsorted(cluster[order], np.arange(count))
    means = np.zeros((count, vectors.shape[1]), np.float32)
    means[: len(before)] = before
    used = held > 0
    means[used] = np.add.reduceat(weighed, starts[used], axis=0) / held[used, None]
    return means
