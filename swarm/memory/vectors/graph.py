"""The graph of hnswlib, without its traps.

What hnswlib does, and what is done about it here: a label that is not a whole number ≥ 0 is cut
or wrapped (labels are our slots); a full graph raises (it is doubled); k beyond what is reachable
raises (None is returned); ef is one setting for all threads, but a k beyond it widens the search
as well, so ef is never set for a search; a file holds neither dimensions, metric nor ef, and a
damaged one ends the process (a checksum is compared first); a vector that was deleted comes back
when its label is added again (no slot is ever given twice); cosine divides by float32 lengths that
underflow (directions are made before, in float64); its threads add in any order (one by default).

Guarantees: with one thread, the same calls make the same graph. Nobody may add while others search:
`HNSW` holds a lock for that.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from swarm.memory.vectors.index import Floats, Ids, Metric, VectorError

FILE = "graph.bin"
FIRST_ROOM = 1024


class Graph:
    """Slots 0, 1, 2 … and who is near whom; the metric is "l2", or another over what is given.

    Attributes:
        size: slots so far.
    """

    def __init__(
        self, dimensions: int, metric: Metric, M: int, ef_construction: int, seed: int, threads: int
    ) -> None:
        self.size = 0
        self._threads = threads
        self._index: Any = _library().Index("l2" if metric == "l2" else "ip", dimensions)
        self._settings = {"M": M, "ef_construction": ef_construction, "random_seed": seed}
        self._empty = True

    def add(self, vectors: Floats, room: int = 0) -> None:
        """Give the next slots to vectors; at least `room` slots are made at once."""
        total = self.size + len(vectors)
        if not len(vectors):
            return
        if self._empty:
            room = max(total, room, FIRST_ROOM)
            self._index.init_index(max_elements=room, **self._settings)
            self._empty = False
        elif total > self._index.get_max_elements():
            self._index.resize_index(max(total, room, 2 * self._index.get_max_elements()))
        slots = np.arange(self.size, total)
        self._index.add_items(vectors, slots, num_threads=self._threads)
        self.size = total

    def mark_removed(self, slots: Ids) -> None:
        """Find these no longer; they still lead to others."""
        for slot in slots.tolist():
            self._index.mark_deleted(slot)

    def set_ef(self, ef: int) -> None:
        """How many candidates a search keeps, where k is less; when nobody searches."""
        if not self._empty:
            self._index.set_ef(ef)

    def search(self, queries: Floats, k: int) -> tuple[Ids, Floats] | None:
        """Slots int64[Q, k] and distances float32[Q, k]; None if k cannot be reached for all."""
        try:
            slots, distances = self._index.knn_query(queries, k=k, num_threads=self._threads)
        except RuntimeError as problem:
            if "contiguous 2D array" not in str(problem):
                raise
            return None
        return slots.view(np.int64), distances

    def save(self, path: Path) -> str:
        """Write it to a file and return its checksum; nothing for an empty graph."""
        if self._empty:
            return ""
        self._index.save_index(str(path))
        if path.stat().st_size != self._index.index_file_size():  # it does not say so itself
            raise VectorError(f"{path} was written in part: is the disk full? What was there stays")
        return _checksum(path)

    def load(self, path: Path, size: int, checksum: str) -> None:
        """Become the graph that was saved, of so many slots.

        What is added from here on may get other levels than in the graph that was saved: hnswlib
        does not save the state of its generator.
        """
        if not checksum:
            if size:
                raise VectorError(f"{path} was not written, yet there are {size} vectors")
            return
        if not path.is_file() or _checksum(path) != checksum:
            raise VectorError(
                f"{path} is missing or damaged: its checksum is not that of the header"
            )
        self._index.load_index(str(path))
        if self._index.get_current_count() != size:
            raise VectorError(
                f"{path} has {self._index.get_current_count()} vectors; the others have {size}"
            )
        self.size, self._empty = size, False


def _library() -> Any:
    try:
        import hnswlib
    except ImportError as problem:
        raise VectorError(
            "HNSW needs hnswlib: pip install 'noosphere[hnsw]'. Without it Exact does the same, "
            'and vector_index(kind="auto") chooses what there is'
        ) from problem
    return hnswlib


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
