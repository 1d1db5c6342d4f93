"""An index whose vectors lie on disk, in half precision, with their rows' ids; and exact search.

What `IVFPQ` has beside its codes. Rows are read as they are asked for, so that comparing with all
of them reads all of the file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.vectors.coarse import faiss_library
from swarm.memory.vectors.index import (
    NOBODY,
    Floats,
    Folder,
    Ids,
    Metric,
    Neighbours,
    VectorError,
    VectorIndex,
)
from swarm.memory.vectors.lock import ReadersWriterLock
from swarm.memory.vectors.reranking import RerankingStore
from swarm.memory.vectors.row_ids import RowIds

STORE = "vectors.f16"
BLOCK = 1 << 16


class OnDisk(VectorIndex):
    """Rows in a `RerankingStore`, in a folder that was named or in a temporary one."""

    _store: RerankingStore

    def __init__(self, dimensions: int, metric: Metric) -> None:
        super().__init__(dimensions, metric)
        self._lock = ReadersWriterLock()
        self._ids = RowIds()
        self._temporary: tempfile.TemporaryDirectory | None = None
        self._borrowed = False  # the store belongs to what was saved: never write to it

    def vectors(self, ids: ArrayLike) -> Floats:
        """The vectors of known ids in half precision, float32[m, d]; of length 1 under cosine."""
        wanted = self._checked_ids(ids)
        with self._lock.reading():
            return self._store.rows(self._ids.known_rows(wanted))

    def ids(self) -> Ids:
        """All ids, int64[n], ascending."""
        with self._lock.reading():
            return self._ids.ids()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: object) -> bool:
        if isinstance(id, bool) or not isinstance(id, int | np.integer) or not 0 <= id < 2**63:
            return False
        with self._lock.reading():
            return bool(self._ids.rows(np.array([id], np.int64))[0] >= 0)

    def exact(self, queries: ArrayLike, k: int) -> Neighbours:
        """The true nearest among the stored vectors, by comparing with all: O(n) a query."""
        wanted = self._unit(self._checked_vectors(queries, "queries"))
        with self._lock.reading():
            found, distances = self._exact(wanted, self._checked_k(k), self._ids.living())
            return Neighbours(self._ids.of_rows(found), distances)

    def _exact(self, queries: Floats, k: int, rows: Ids) -> tuple[Ids, Floats]:
        """By products of matrices, whose nearest are then compared exactly."""
        faiss = faiss_library()
        metric = faiss.METRIC_INNER_PRODUCT if self._inner else faiss.METRIC_L2
        count = min(2 * k + 8, max(len(rows), 1))
        best, found = np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        for begin in range(0, len(rows), BLOCK):
            part = rows[begin : begin + BLOCK]
            near, places = faiss.knn(
                queries, self._store.rows(part), min(count, len(part)), metric=metric
            )
            best = np.concatenate([best, -near if self._inner else near], axis=1)
            found = np.concatenate([found, np.where(places < 0, NOBODY, part[places])], axis=1)
            order = np.argsort(best, axis=1, kind="stable")[:, :count]
            best = np.take_along_axis(best, order, axis=1)
            found = np.take_along_axis(found, order, axis=1)
        return self._store.nearest(queries, found, k, self._inner)

    # What these are made of

    @property
    def _inner(self) -> bool:
        """Distances are 1 - q·x; under cosine too, as lengths are 1."""
        return self.metric != "l2"

    def _unit(self, vectors: Floats) -> Floats:
        if self.metric != "cosine":
            return vectors
        # Scaled first: squares of tiny or huge numbers would leave float32.
        scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)
        lengths = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
        unit: Floats = scaled / lengths[:, None]
        return unit

    def _bits(self, rows: Ids) -> NDArray[np.uint8]:
        marked = np.zeros(self._ids.size, bool)
        marked[rows] = True
        return np.packbits(marked, bitorder="little")

    def _open_store(self, folder: Folder | None) -> None:
        path = (self._temporary_folder() if folder is None else Path(folder)) / STORE
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise VectorError(
                f"{path} exists already: go on with it by load(folder, extend=True), or name "
                "another folder"
            )
        self._store = RerankingStore(path, self.dimensions)

    def _writable_store(self) -> None:
        if self._borrowed:
            copy = self._temporary_folder() / "copy.f16"
            self._store.copy(copy)
            self._store, self._borrowed = RerankingStore(copy, self.dimensions), False

    def _temporary_folder(self) -> Path:
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="noosphere-vectors-")
        return Path(self._temporary.name)
