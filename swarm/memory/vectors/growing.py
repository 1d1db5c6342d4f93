"""An index that begins exact and becomes what `choose` says as vectors come."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory.vectors.choice import KINDS, choose, index_class, new_index
from swarm.memory.vectors.generations import Generation
from swarm.memory.vectors.hnsw import HNSW
from swarm.memory.vectors.index import (
    HEADER,
    Floats,
    Folder,
    Ids,
    Metric,
    Neighbours,
    VectorError,
    VectorIndex,
    read_header,
)
from swarm.memory.vectors.ivf_pq import IVFPQ

INNER = "index"
BLOCK = 100_000  # vectors that move at once


class Growing(VectorIndex):
    """A `VectorIndex` whose kind follows its size; callers never notice but by speed and recall.

    >>> index = vector_index(dimensions=64)
    >>> index.add(vectors)
    >>> index.current, index.reason
    ('exact', '1,000 comparisons cost less than a graph')

    It changes while adding, which then takes as long as building the new kind does; searches go
    on meanwhile on the old one. It never changes back. What a search looks at is set anew at each
    doubling, by measuring, so that the recall asked is kept (`HNSW.tune`, `IVFPQ.tune`).

    Args:
        dimensions, metric: see `VectorIndex`.
        size: vectors to be expected: the kind for so many is taken from the start.
        recall, filtered, memory: see `choose`.
        seed: of whatever draws.

    Attributes:
        current: the kind that it is now.
        reason: why; if a library was missing, which.
    """

    kind: ClassVar[str] = "growing"

    def __init__(
        self,
        dimensions: int,
        metric: Metric = "l2",
        *,
        size: int = 0,
        recall: float = 0.95,
        filtered: float = 1.0,
        memory: float | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(dimensions, metric)
        self.size, self.recall, self.filtered = int(size), float(recall), float(filtered)
        self.memory = None if memory is None else float(memory)
        self.seed = int(seed)
        choice = self._choice(0)
        self.reason = choice.reason
        self._index = new_index(choice.kind, self.dimensions, metric, self.seed, self.size)
        self._next_id = 0
        self._tuned_at = 0
        self._unfit = ""  # the kind that could not hold what is here
        self._writing = threading.RLock()

    @property
    def current(self) -> str:
        """The kind that it is now: "exact", "hnsw" or "ivf_pq"."""
        return self._index.kind

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> Ids:
        """See `VectorIndex.add`; it may become another kind first."""
        rows = self._checked_vectors(vectors)
        with self._writing:
            numbers = self._checked_new_ids(ids, len(rows), self._next_id)
            self._become(len(self._index) + len(rows))
            self._index.add(rows, numbers)
            if len(numbers):
                self._next_id = max(self._next_id, int(numbers.max()) + 1)
            self._keep_recall()
        return numbers

    def search(self, queries: ArrayLike, k: int, allowed: ArrayLike | None = None) -> Neighbours:
        """See `VectorIndex.search`."""
        return self._index.search(queries, k, allowed)

    def remove(self, ids: ArrayLike) -> None:
        """See `VectorIndex.remove`."""
        with self._writing:
            self._index.remove(ids)

    def vectors(self, ids: ArrayLike) -> Floats:
        """The vectors of known ids, float32[m, d]."""
        return self._index.vectors(ids)

    def ids(self) -> Ids:
        """All ids, int64[n], ascending."""
        return self._index.ids()

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, id: object) -> bool:
        return id in self._index

    def save(self, folder: Folder) -> None:
        """Write index.json, and what it is now into a folder; see `Generation`."""
        with self._writing:
            files = Generation.next(folder)
            self._index.save(files.fresh(INNER))
            header = self._header(
                size=self.size,
                recall=self.recall,
                filtered=self.filtered,
                memory=self.memory,
                seed=self.seed,
                reason=self.reason,
                next_id=self._next_id,
                tuned_at=self._tuned_at,
            )
            files.switch(header)

    @classmethod
    def load(cls, folder: Folder, replay: bool = False) -> Self:
        """See `VectorIndex.load`, and `HNSW.load` for `replay`."""
        header = cls._load_header(
            folder,
            **dict.fromkeys(("size", "seed", "next_id", "tuned_at"), int),
            **dict.fromkeys(("recall", "filtered"), float),
            reason=str,
        )
        names = ("size", "recall", "filtered", "seed")
        index = cls(
            header["dimensions"],
            header["metric"],
            memory=header.get("memory"),
            **{name: header[name] for name in names},
        )
        inner = load_index(Generation(folder, header["generation"]).path(INNER), replay)
        if (inner.dimensions, inner.metric) != (index.dimensions, index.metric):
            raise VectorError(f"{Path(folder) / HEADER} and that of its index do not fit together")
        index._index, index.reason = inner, header["reason"]
        index._next_id, index._tuned_at = header["next_id"], header["tuned_at"]
        return index

    def _choice(self, count: int) -> Any:
        return choose(
            max(self.size, count),
            self.dimensions,
            self.recall,
            filtered=self.filtered,
            memory=self.memory,
        )

    def _become(self, count: int) -> None:
        """Be the kind for so many vectors, if that is a larger one."""
        choice = self._choice(count)
        if KINDS.index(choice.kind) < KINDS.index(self.current) or choice.kind == self._unfit:
            return
        self.reason = choice.reason
        if choice.kind == self.current:
            return
        # It goes on growing, it seems.
        expected = max(self.size, 4 * count)
        larger = new_index(choice.kind, self.dimensions, self.metric, self.seed, expected)
        ids = self._index.ids()
        try:
            for first in range(0, len(ids), BLOCK):
                some = ids[first : first + BLOCK]
                larger.add(self._index.vectors(some), some)
        except VectorError as problem:  # numbers that are too large for codes
            self._unfit, self.reason = choice.kind, f"{choice.reason}; but {problem}"
            return
        self._index, self._tuned_at = larger, 0

    def _keep_recall(self) -> None:
        """Measure anew what the recall asked takes, at each doubling."""
        count = len(self._index)
        if self.current == "exact" or count < 2 * max(self._tuned_at, 500):
            return
        if isinstance(self._index, HNSW):
            self._index.tune(self.recall)
        elif isinstance(self._index, IVFPQ):
            ids = self._index.ids()
            chosen = ids[np.linspace(0, count - 1, 100).astype(np.int64)]
            # Each of these is one of its own ten, and found: the other nine are to be as asked.
            self._index.tune(self._index.vectors(chosen), recall=0.1 + 0.9 * self.recall, k=10)
        self._tuned_at = count


def vector_index(
    dimensions: int,
    metric: Metric = "l2",
    kind: Literal["auto", "exact", "hnsw", "ivf_pq"] = "auto",
    *,
    size: int = 0,
    recall: float = 0.95,
    filtered: float = 1.0,
    memory: float | None = None,
    seed: int = 0,
) -> VectorIndex:
    """An empty index: of the kind named, or by default one that grows with what is in it.

    >>> index = vector_index(64, "cosine", size=1_000_000)

    Args:
        dimensions, metric: see `VectorIndex`.
        kind: "auto" for a `Growing`; "exact", "hnsw" or "ivf_pq" for that one, with its defaults.
        size, recall, filtered, memory: see `Growing`; they matter under "auto".
        seed: of whatever draws.

    Raises:
        VectorError: for a kind that there is not, or one that is named and not installed.
    """
    if kind == "auto":
        asked: dict[str, Any] = {"size": size, "recall": recall, "filtered": filtered}
        return Growing(dimensions, metric, memory=memory, seed=seed, **asked)
    if kind not in KINDS:
        raise VectorError(f"kind must be one of auto, {', '.join(KINDS)}; got {kind!r}")
    return new_index(kind, dimensions, metric, seed, size)


def load_index(folder: Folder, replay: bool = False) -> VectorIndex:
    """Read a saved index of whatever kind.

    Args:
        folder: where it was saved.
        replay: build a graph again instead of reading it, so that it goes on as if it had never
            been saved; see `HNSW.load`.

    Raises:
        VectorError: naming the file that is missing or damaged.
    """
    kind = index_class(read_header(folder)["kind"])
    loaded: VectorIndex = (
        kind.load(folder, replay) if kind in (HNSW, Growing) else kind.load(folder)
    )
    return loaded
