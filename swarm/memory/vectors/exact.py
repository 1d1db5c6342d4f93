"""The exact index: every query is compared with every vector.

For some ten thousand vectors nothing is faster, least of all to build; for more it is the truth
that the others are measured by. See `nearest` for how, and for what is guaranteed.
"""

from __future__ import annotations

from typing import ClassVar, Self

from numpy.typing import ArrayLike

from swarm.memory.vectors.columns import Columns
from swarm.memory.vectors.generations import Generation
from swarm.memory.vectors.index import Folder, Ids, Neighbours
from swarm.memory.vectors.nearest import nearest
from swarm.memory.vectors.stored import ColumnIndex

LARGEST_EMPTY_SHARE = 0.25


class Exact(ColumnIndex):
    """All true neighbours, by brute force; threads may search and add at once.

    >>> index = Exact(dimensions=2)
    >>> index.add([[0, 0], [3, 4], [6, 8]])
    array([0, 1, 2])
    >>> index.search([0, 1], k=2)
    Neighbours(ids=array([[0, 1]]), distances=array([[ 1., 18.]], dtype=float32))

    The neighbours and the distances, rounded to float32, are those of float64 throughout; equally
    near ones come in the order of their ids. Results depend neither on threads nor on which
    queries are asked together.

    Costs 4 · d + 17 bytes a vector (twice that at most, just after growing) and O(n · d) a query.
    """

    kind: ClassVar[str] = "exact"

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> Ids:
        """See `VectorIndex.add`."""
        rows = self._checked_vectors(vectors)
        with self._lock.writing():
            new = self._checked_new_ids(ids, len(rows), self._columns.next_id)
            self._columns.refuse_known(new)
            self._columns.append(rows, new)
        return new

    def search(self, queries: ArrayLike, k: int, allowed: ArrayLike | None = None) -> Neighbours:
        """See `VectorIndex.search`."""
        asked, k = self._checked_vectors(queries, "queries"), self._checked_k(k)
        filtered = None if allowed is None else self._checked_allowed(allowed)
        with self._lock.reading():
            slots = None if filtered is None else self._columns.allowed_slots(filtered)
            return nearest(self._columns, asked, k, slots)

    def remove(self, ids: ArrayLike) -> None:
        """See `VectorIndex.remove`; room is given back when a quarter of it is empty."""
        leaving = self._checked_ids(ids)
        with self._lock.writing():
            self._columns.mark_removed(self._columns.known_slots(leaving))
            if self._columns.live < (1 - LARGEST_EMPTY_SHARE) * self._columns.size:
                self._columns.compact()

    def save(self, folder: Folder) -> None:
        """Write index.json, and vectors, ids and alive as arrays; see `Generation`."""
        with self._lock.reading():
            files = Generation.next(folder)
            self._columns.save(files)
            files.switch(self._header(next_id=self._columns.next_id))

    @classmethod
    def load(cls, folder: Folder) -> Self:
        """See `VectorIndex.load`."""
        header = cls._load_header(folder, next_id=int)
        index = cls(header["dimensions"], header["metric"])
        files = Generation(folder, header["generation"])
        index._columns = Columns.load(files, index.dimensions, index.metric, header["next_id"])
        return index
