"""An index whose vectors lie on disk, in half precision, with their rows' ids; and exact search.

What `IVFPQ` has beside its codes. Rows are read as they are asked for, so that comparing with all
of them reads all of the file.
"""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.vectors.coarse import faiss_library
from swarm.memory.vectors.generations import Generation
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
        self._bits_of_living: NDArray[np.uint8] | None = None
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
        most = min(2 * k + 8, max(len(rows), 1))
        best, found = np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        for begin in range(0, len(rows), BLOCK):
            part = rows[begin : begin + BLOCK]
            near, places = faiss.knn(
                queries, self._store.rows(part), min(most, len(part)), metric=metric
            )
            best = np.concatenate([best, -near if self._inner else near], axis=1)
            found = np.concatenate([found, np.where(places < 0, NOBODY, part[places])], axis=1)
            order = np.argsort(best, axis=1, kind="stable")[:, :most]
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

    def _living_bits(self, listed: int) -> NDArray[np.uint8] | None:
        """A bit a row, if lists that hold so many rows still hold some that were removed."""
        if listed == len(self._ids):
            return None
        if self._bits_of_living is None:  # two readers may both make it, and make the same
            self._bits_of_living = self._bits(self._ids.living())
        return self._bits_of_living

    def _open_saved(self, files: Generation, name: str, rows: int, next_id: int) -> None:
        """Read what `_saved_store` named, and the ids."""
        if not (files.folder / name).is_file():
            raise VectorError(f"{files.folder / name} is missing")
        self._store = RerankingStore(files.folder / name, self.dimensions, rows)
        self._ids = RowIds.load(files.path("rows.npz"), rows, next_id)

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

    def _saved_store(self, files: Generation) -> Path:
        """The file with the vectors for what is being saved: ours, if it is in that folder."""
        ours = self._store.path
        if ours.parent.resolve() == files.folder.resolve() and ours.exists():
            self._store.flush()
            return ours
        path = files.fresh(STORE)
        self._store.copy(path)
        return path

    def _leave_out_removed(self) -> None:
        """Go on with a new store of what lives; the old one stays, as it may have been saved."""
        self._bits_of_living = None
        rows, ids, old = self._ids.living(), RowIds(), self._store
        made = self._temporary_folder() if self._borrowed else old.path.parent
        taken = (made / f"vectors.rebuilt-{number}.f16" for number in count(1))
        path = next(path for path in taken if not path.exists())
        store = RerankingStore(path, self.dimensions)
        for begin in range(0, len(rows), BLOCK):
            store.append(old.rows(rows[begin : begin + BLOCK]))
        ids.append(self._ids.of_rows(rows))
        ids.next_id = self._ids.next_id
        self._store, self._ids, self._borrowed = store, ids, False
        if self._temporary is not None and old.path.parent == self._temporary_folder():
            old.path.unlink()  # nobody else knows of it

    def _temporary_folder(self) -> Path:
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="noosphere-vectors-")
        return Path(self._temporary.name)


def forget_stores(folder: Path, but: str) -> None:
    """Delete all stores of vectors in a folder but one."""
    for path in folder.glob("vectors*.f16"):
        if path.name != but:
            path.unlink()
