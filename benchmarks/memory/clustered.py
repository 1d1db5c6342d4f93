"""Clustered vectors without end: Gaussian clusters whose chunks can be drawn again at any time.

Centres are standard normal, and vectors spread around them with a deviation of .35, so that the
nearest of a vector are all of its own cluster, and are hard to tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swarm.memory.vectors.coarse import side_by_side

Floats = NDArray[np.float32]
_QUERIES = 2**31


@dataclass(frozen=True)
class Clustered:
    """Vectors in `clusters` clusters; equal seeds and numbers of chunks give equal vectors."""

    clusters: int
    dimensions: int = 64
    spread: float = 0.35
    seed: int = 1

    def chunk(self, number: int, size: int) -> Floats:
        """Vectors of a chunk, float32[size, dimensions]."""
        rng = np.random.default_rng((self.seed, number))
        vectors = rng.standard_normal((size, self.dimensions), dtype=np.float32)
        vectors *= np.float32(self.spread)
        vectors += self._centres()[rng.integers(0, self.clusters, size)]
        return vectors

    def queries(self, size: int) -> Floats:
        """Further vectors, which are in no chunk."""
        return self.chunk(_QUERIES, size)

    def _centres(self) -> Floats:
        rng = np.random.default_rng(self.seed)
        return rng.standard_normal((self.clusters, self.dimensions), dtype=np.float32)


class Truth:
    """The true nearest of some queries, found while vectors pass by.

    Attributes:
        ids: int64[Q, k], ascending by distance. distances: float32[Q, k].
    """

    def __init__(self, queries: Floats, k: int = 10) -> None:
        self.queries = queries
        self.ids = np.full((len(queries), k), -1, np.int64)
        self.distances = np.full((len(queries), k), np.inf, np.float32)

    def see(self, vectors: Floats, first: int) -> None:
        """Look at vectors with the ids first, first + 1, ..."""
        import faiss

        k = self.ids.shape[1]
        parts = np.array_split(self.queries, min(4, len(self.queries)))
        found = side_by_side(lambda part: faiss.knn(part, vectors, min(k, len(vectors))), parts)
        distances, places = (np.concatenate(each) for each in zip(*found, strict=True))
        both = np.concatenate([self.distances, distances], axis=1)
        ids = np.concatenate([self.ids, places + first], axis=1)
        order = np.argsort(both, axis=1, kind="stable")[:, :k]
        self.distances = np.take_along_axis(both, order, axis=1)
        self.ids = np.take_along_axis(ids, order, axis=1)


def recall(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """The share of true neighbours that was found."""
    hits = (found[:, :, None] == truth[:, None, :]).any(axis=2)
    return float(hits.sum() / truth.size)


def resident() -> tuple[float, float]:
    """GiB of this process's own memory, and of mapped files that are in memory."""
    lines = dict(
        line.split(":", 1)
        for line in open("/proc/self/status", encoding="ascii")  # noqa: SIM115
        if line.startswith("Rss")
    )
    own, files = (int(lines[name].split()[0]) / 2**20 for name in ("RssAnon", "RssFile"))
    return own, files
