"""What the indexes share that keep their vectors in columns, behind a lock."""

from __future__ import annotations

from numpy.typing import ArrayLike

from swarm.memory.vectors.columns import Columns
from swarm.memory.vectors.index import Floats, Ids, Metric, VectorIndex
from swarm.memory.vectors.lock import ReadersWriterLock


class ColumnIndex(VectorIndex):
    """An index that holds its vectors as they were added; threads may search and add at once."""

    def __init__(self, dimensions: int, metric: Metric = "l2") -> None:
        super().__init__(dimensions, metric)
        self._columns = Columns(self.dimensions, metric)
        self._lock = ReadersWriterLock()

    def vectors(self, ids: ArrayLike) -> Floats:
        """The vectors of known ids, float32[m, d], as they were added."""
        wanted = self._checked_ids(ids)
        with self._lock.reading():
            return self._columns.vectors[self._columns.known_slots(wanted)]

    def ids(self) -> Ids:
        """All ids, int64[n], ascending."""
        with self._lock.reading():
            return self._columns.living_ids()

    def __len__(self) -> int:
        return self._columns.live

    def __contains__(self, id: object) -> bool:
        with self._lock.reading():
            return self._columns.holds(id)
