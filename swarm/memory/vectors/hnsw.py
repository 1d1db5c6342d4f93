"""Hierarchical navigable small worlds: near enough to the truth, in logarithmic time.

Malkov & Yashunin 2020, "Efficient and robust approximate nearest neighbor search using hierarchical
navigable small world graphs", IEEE TPAMI 42(4), by hnswlib (extra `hnsw`). `Graph` keeps us from
the library's traps; here are ids, locks, filters and removal.

Guarantees beside those of `VectorIndex`: threads may search and add at once; a filtered search
finds k wherever k are allowed; with one thread (the default) equal calls give equal answers.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.vectors.columns import Columns, read_array, write_array
from swarm.memory.vectors.generations import Generation
from swarm.memory.vectors.graph import Graph
from swarm.memory.vectors.index import (
    Floats,
    Folder,
    Ids,
    Metric,
    Neighbours,
    VectorError,
)
from swarm.memory.vectors.nearest import directions, nearest, padded, recall_of
from swarm.memory.vectors.stored import ColumnIndex

# Vectors that are compared exactly in the time of one more candidate in the graph, for many
# queries at once; a query that is alone pays for gathering them, as much as for GATHERING more.
EXACT_PER_CANDIDATE, GATHERING = 250, 6
SLACK = 2  # candidates for each that a filter is expected to leave


class HNSW(ColumnIndex):
    """An approximate index for thousands to some millions of vectors.

    >>> index = HNSW(dimensions=64, seed=1)
    >>> ids = index.add(vectors)
    >>> index.search(queries, k=10, allowed=mask)
    >>> index.tune(recall=0.95)  # sets ef by measuring; returns the recall it found

    A search that is filtered compares exactly where few are allowed, and elsewhere searches the
    graph more widely and leaves out what is not allowed. Removal marks; when more than
    `rebuild_share` of all slots are empty the graph is built anew from what lives. Under
    "inner_product" the graph is poorer, as that is no metric: tune it.

    Args:
        dimensions, metric: see `VectorIndex`.
        M: links of a vector, 2 ≤ M; 12 to 48 is customary.
        ef_construction: candidates when a vector is added.
        ef: candidates when searching; more is slower and better. A k beyond it counts instead.
        seed: of the levels that vectors get.
        threads: of hnswlib, within one call. With more than one, what is added gets in in any
            order, and results differ from run to run.
        rebuild_share: the share of empty slots at which it is built anew.

    Costs about 8 · d + 8 · M + 130 bytes a vector, of which 4 · d are our own copy; just after
    growing twice that at most.
    """

    kind: ClassVar[str] = "hnsw"

    def __init__(
        self,
        dimensions: int,
        metric: Metric = "l2",
        *,
        M: int = 16,
        ef_construction: int = 200,
        ef: int = 64,
        seed: int = 0,
        threads: int = 1,
        rebuild_share: float = 0.25,
    ) -> None:
        super().__init__(dimensions, metric)
        least = {"M": 2, "ef_construction": 1, "ef": 1, "seed": 0, "threads": 1}
        given = (M, ef_construction, ef, seed, threads)
        for (name, low), value in zip(least.items(), given, strict=True):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise VectorError(f"{name} must be a whole number, at least {low}; got {value!r}")
        if not 0.0 < rebuild_share <= 1.0:
            raise VectorError(f"rebuild_share must lie in (0, 1], e.g. 0.25; got {rebuild_share}")
        self.M, self.ef_construction = int(M), int(ef_construction)
        self.seed, self.threads = int(seed), int(threads)
        self.rebuild_share = float(rebuild_share)
        self._ef = int(ef)
        self._graph = self._new_graph()
        self._removed_at: dict[int, int] = {}  # slot: how many slots there were at its removal

    @property
    def ef(self) -> int:
        """Candidates of a search; setting it waits for the searches under way."""
        return self._ef

    @ef.setter
    def ef(self, ef: int) -> None:
        if isinstance(ef, bool) or not isinstance(ef, int | np.integer) or ef < 1:
            raise VectorError(f"ef must be a whole number, at least 1, e.g. 64; got {ef!r}")
        with self._lock.writing():
            self._ef = int(ef)
            self._graph.set_ef(self._ef)

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> Ids:
        """See `VectorIndex.add`; searches wait meanwhile, so add much in several calls."""
        rows = self._checked_vectors(vectors)
        with self._lock.writing():
            new = self._checked_new_ids(ids, len(rows), self._columns.next_id)
            self._columns.refuse_known(new)
            self._extend_graph(rows)
            self._columns.append(rows, new)
        return new

    def search(self, queries: ArrayLike, k: int, allowed: ArrayLike | None = None) -> Neighbours:
        """See `VectorIndex.search`."""
        asked, k = self._checked_vectors(queries, "queries"), self._checked_k(k)
        filtered = None if allowed is None else self._checked_allowed(allowed)
        with self._lock.reading():
            if filtered is None:
                return self._searched(asked, k)
            return self._filtered(asked, k, self._columns.allowed_mask(filtered))

    def remove(self, ids: ArrayLike) -> None:
        """See `VectorIndex.remove`; at times the graph is built anew, which takes long."""
        leaving = self._checked_ids(ids)
        with self._lock.writing():
            slots = self._columns.known_slots(leaving)
            self._columns.mark_removed(slots)
            self._removed_at.update(dict.fromkeys(slots.tolist(), self._columns.size))
            if self._columns.size - self._columns.live > self.rebuild_share * self._columns.size:
                self._rebuild()
            else:
                self._graph.mark_removed(slots)

    def rebuild(self) -> None:
        """Build the graph anew from what lives, in the order of adding."""
        with self._lock.writing():
            self._rebuild()

    def tune(
        self, recall: float = 0.95, k: int = 10, queries: ArrayLike | None = None, most: int = 2048
    ) -> float:
        """Set `ef` to the least power of two at which the recall asked is reached.

        Args:
            recall: the share of the true k nearest to find, in (0, 1].
            k: neighbours that the recall is of.
            queries: float32[Q, d] to measure with; by default a hundred of the vectors, evenly
                spaced, each of which is not counted as its own neighbour.
            most: the largest ef to try.

        Returns:
            The recall measured at the ef that is set now, 1 where there is nothing to find.
        """
        k = self._checked_k(k)
        if not 0.0 < recall <= 1.0:
            raise VectorError(f"recall must lie in (0, 1], e.g. 0.95; got {recall}")
        own = queries is None
        sample = self._sample() if queries is None else self._checked_vectors(queries, "queries")
        with self._lock.writing():
            true = nearest(self._columns, sample, k + own).ids
            self._ef, reached = 8, 0.0
            while reached < recall and self._ef < most:
                self._ef *= 2
                self._graph.set_ef(self._ef)
                found = self._searched(sample, k + own).ids
                reached = recall_of(found, true, own)
        return reached

    def save(self, folder: Folder) -> None:
        """Write index.json, graph (hnswlib's own), and arrays; see `Generation`."""
        with self._lock.reading():
            files = Generation.next(folder)
            self._columns.save(files)
            removed = np.array(list(self._removed_at.items()), dtype=np.int64).reshape(-1, 2)
            write_array(files.fresh("removed.npy"), removed)
            names = ("M", "ef_construction", "ef", "seed", "threads", "rebuild_share")
            header = self._header(
                next_id=self._columns.next_id,
                checksum=self._graph.save(files.fresh("graph.bin")),
                **{name: getattr(self, name) for name in names},
            )
            files.switch(header)

    @classmethod
    def load(cls, folder: Folder, replay: bool = False) -> Self:
        """See `VectorIndex.load`.

        What is loaded answers as what was saved did. When more is added the two may part, as
        hnswlib does not save its generator; `replay` builds the graph again, call by call, which
        takes as long as it did then, and the two stay equal (with one thread) for ever.
        """
        whole = ("M", "ef_construction", "ef", "seed", "threads", "next_id")
        header = cls._load_header(
            folder, checksum=str, rebuild_share=float, **dict.fromkeys(whole, int)
        )
        names = (*whole[:-1], "rebuild_share")
        settings = {name: header[name] for name in names}
        index = cls(header["dimensions"], header["metric"], **settings)
        files = Generation(folder, header["generation"])
        columns = Columns.load(files, index.dimensions, index.metric, header["next_id"])
        removed = read_array(files.path("removed.npy"), np.int64, (None, 2))
        slots, when = removed.T
        gone = np.array_equal(np.sort(slots), np.flatnonzero(~columns.alive))
        if not (gone and (slots < when).all() and (when <= columns.size).all()):
            raise VectorError(f"{files.path('removed.npy')} is damaged: not who was removed")
        index._columns = columns
        index._removed_at = dict(removed.tolist())
        if replay:
            index._replay()
        else:
            index._graph.load(files.path("graph.bin"), columns.size, header["checksum"])
        index._graph.set_ef(index._ef)
        return index

    def _new_graph(self) -> Graph:
        return Graph(
            self.dimensions, self.metric, self.M, self.ef_construction, self.seed, self.threads
        )

    def _extend_graph(self, vectors: Floats) -> None:
        self._graph.add(directions(vectors) if self.metric == "cosine" else vectors)
        self._graph.set_ef(self._ef)

    def _rebuild(self) -> None:
        self._columns.compact()
        self._removed_at = {}
        self._graph = self._new_graph()
        self._extend_graph(self._columns.vectors)

    def _replay(self) -> None:
        """Add and mark everything in the order in which it happened."""
        slots = np.array(list(self._removed_at.keys()), dtype=np.int64)
        when = np.array(list(self._removed_at.values()), dtype=np.int64)
        for moment in np.union1d(when, [self._columns.size]).tolist():
            self._extend_graph(self._columns.vectors[self._graph.size : moment])
            self._graph.mark_removed(slots[when == moment])

    def _sample(self, count: int = 100) -> Floats:
        ids = self.ids()
        chosen = np.unique(np.linspace(0, len(ids) - 1, min(count, len(ids))).astype(np.int64))
        return self.vectors(ids[chosen])

    def _searched(self, queries: Floats, k: int) -> Neighbours:
        """All of them may be found."""
        columns, within = self._columns, min(k, self._columns.live)
        if not within or not len(queries):
            return self._nobody(len(queries), k)
        slots, distances = self._candidates(queries, within)
        ids = columns.ids[slots]
        if within == k:
            return Neighbours(ids, distances)
        return padded(ids, distances, k)

    def _candidates(self, queries: Floats, k: int) -> tuple[Ids, Floats]:
        """Slots int64[Q, k] and distances; exact for a query from which k cannot be reached."""
        asked = directions(queries) if self.metric == "cosine" else queries
        found = self._graph.search(asked, k)
        if found is not None:
            return found
        if len(queries) > 1:
            parts = [self._candidates(queries[i : i + 1], k) for i in range(len(queries))]
            return np.concatenate([s for s, _ in parts]), np.concatenate([d for _, d in parts])
        exact = nearest(self._columns, queries, k)
        return self._columns.slots(exact.ids[0])[np.newaxis], exact.distances

    def _filtered(self, queries: Floats, k: int, mask: NDArray[np.bool_]) -> Neighbours:
        """Some slots may be found."""
        columns, count = self._columns, int(np.count_nonzero(mask))
        if count == columns.live:
            return self._searched(queries, k)
        found, within = self._nobody(len(queries), k), min(k, count)
        waiting = np.arange(len(queries) if within else 0)
        # As many allowed candidates as a search without a filter would look at.
        width = max(self._ef, SLACK * within) * columns.live // max(count, 1)
        while len(waiting):
            effort = count * (1 + GATHERING / len(waiting))
            if effort <= EXACT_PER_CANDIDATE * width or width >= columns.live:
                exact = nearest(columns, queries[waiting], k, np.flatnonzero(mask))
                found.ids[waiting], found.distances[waiting] = exact
                break
            candidates, distances = self._candidates(queries[waiting], width)
            allowed = mask[candidates]
            enough = np.flatnonzero(allowed.sum(axis=1) >= within)
            first = np.argsort(~allowed[enough], axis=1, kind="stable")[:, :within]
            done = waiting[enough]
            chosen = np.take_along_axis(candidates[enough], first, axis=1)
            found.ids[done, :within] = columns.ids[chosen]
            found.distances[done, :within] = np.take_along_axis(distances[enough], first, axis=1)
            waiting = np.delete(waiting, enough)
            width *= 2
        return found
