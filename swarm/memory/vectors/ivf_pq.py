"""Inverted lists of product-quantised codes, re-ranked by the vectors themselves, on disk.

For more vectors than memory holds: a vector costs some d/4 bytes of code and 8 of number in
memory, and 2 d on disk. A query finds candidates by their codes (`codes`; Jégou et al. 2011, André
et al. 2017) and orders them by distances to the stored vectors (`reranking`; Jégou et al. 2011).
Until there are vectors enough to train on, all are compared exactly: the same calls for any size.

Precision: vectors are kept in half precision (relative error up to 2⁻¹¹), which distances and
`vectors` show; under "cosine" they are kept with length 1.

Guarantees beside those of every `VectorIndex`: equal seeds and calls give equal answers (faiss on
one thread; on several, centres may differ in their last bits); what was saved stays readable when
the process is killed while it saves anew, or adds. Searching threads may be many, and one adds.

On 1.2M vectors of 100M's density (64 dimensions, 16 bytes of code, clusters of 5,000): recall@10
.95 with 100 candidates of 4 lists, .985 with 200, .993 with 400; .1 ms a query and less.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from swarm.memory.vectors.coarse import faiss_library
from swarm.memory.vectors.codes import Codes
from swarm.memory.vectors.generations import Generation
from swarm.memory.vectors.index import (
    HEADER,
    Floats,
    Folder,
    Ids,
    Metric,
    Neighbours,
    VectorError,
)
from swarm.memory.vectors.on_disk import BLOCK, OnDisk, forget_stores
from swarm.memory.vectors.tuning import (
    SAMPLE,
    Tuned,
    check_settings,
    tuned,
    usual_code_bytes,
    usual_lists,
)

# A filter that leaves fewer rows is answered by comparing with each of them.
_EXACT_ROWS = 1 << 14
_QUERIES = 1024
_SWEPT_AT, _REBUILT_AT = 1 / 8, 1 / 2  # shares of removed rows
_SETTINGS = ("lists", "code_bytes", "nprobe", "candidates", "training", "seed")


class IVFPQ(OnDisk):
    """Inverted lists with product quantisation, for millions of vectors.

    >>> index = IVFPQ(dimensions=64, expected=10_000_000)
    >>> index.add(vectors)  # in batches of 100,000 or so: each call costs some time a list
    >>> index.tune(held_out_queries, recall=0.95)
    >>> index.search(queries, k=10)

    Attributes:
        lists: inverted lists. nprobe: those that a query looks into.
        candidates: how many are re-ranked (k if that is more). Both may be set at any time.
        code_bytes: bytes of code a vector; two dimensions share a symbol of half a byte by default.
        training: with so many vectors it trains, and stops comparing with all.
    """

    kind = "ivf_pq"

    def __init__(
        self,
        dimensions: int,
        metric: Metric = "l2",
        *,
        expected: int = 1_000_000,
        lists: int | None = None,
        code_bytes: int | None = None,
        nprobe: int = 4,
        candidates: int = 200,
        training: int | None = None,
        seed: int = 0,
        folder: Folder | None = None,
    ) -> None:
        """An empty index.

        Args:
            expected: how many vectors are to come; it chooses the number of lists.
            lists: by default 4 sqrt(expected), down to a power of two.
            code_bytes: 2 code_bytes must divide the dimensions; by default a quarter of them.
            training: at least lists and 16; by default 32 lists.
            folder: where the vectors are kept, also by `save`; by default a temporary one.

        Raises:
            VectorError: for settings that do not fit, or without the library faiss.
        """
        super().__init__(dimensions, metric)
        faiss_library()
        lists = usual_lists(expected) if lists is None else lists
        code_bytes = usual_code_bytes(dimensions) if code_bytes is None else code_bytes
        self.lists, self.code_bytes, self.seed = int(lists), int(code_bytes), int(seed)
        self.nprobe, self.candidates = int(nprobe), int(candidates)
        self.training = max(16, SAMPLE * self.lists if training is None else int(training))
        check_settings(
            dimensions, self.lists, self.code_bytes, self.nprobe, self.candidates, self.training
        )
        self._open_store(folder)
        self._codes: Codes | None = None
        self._swept = 0  # removed rows that are in no list any more

    # Adding and removing

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> Ids:
        """Store vectors; see `VectorIndex.add`. Numbers beyond ±65,504 are refused."""
        rows = self._unit(self._checked_vectors(vectors))
        with self._lock.writing():
            numbers = self._checked_new_ids(ids, len(rows), self._ids.next_id)
            self._ids.refuse_known(numbers)
            self._writable_store()
            self._bits_of_living = None
            first = self._store.append(rows)
            self._ids.append(numbers)
            if self._codes is not None:
                self._codes.add(rows, first)
            elif len(self._ids) >= self.training:
                self._train()
        return numbers

    def remove(self, ids: ArrayLike) -> None:
        """Forget vectors; see `VectorIndex.remove`.

        Rows are marked; at an eighth of them their codes are taken out, and at a half everything
        is built again from those that are left (`rebuild`).
        """
        numbers = self._checked_ids(ids)
        with self._lock.writing():
            rows = self._ids.known_rows(numbers)
            if not len(rows):
                return
            self._ids.give_up(rows)
            self._bits_of_living = None
            dead = self._ids.size - len(self._ids)
            if dead > _REBUILT_AT * self._ids.size and dead >= BLOCK // 16:
                self._rebuild()
            elif self._codes is not None and dead - self._swept > _SWEPT_AT * len(self._codes):
                self._codes.sweep(self._bits(self._ids.living()))
                self._swept = dead

    def rebuild(self) -> None:
        """Write the store without what was removed, and train and fill the lists anew."""
        with self._lock.writing():
            self._rebuild()

    # Searching

    def search(self, queries: ArrayLike, k: int, allowed: ArrayLike | None = None) -> Neighbours:
        """Find the k nearest; see `VectorIndex.search`.

        A filter that leaves 16,384 vectors or fewer is answered exactly; a wider one looks into
        as many more lists as it takes to see the usual number of candidates twice.
        """
        wanted = self._unit(self._checked_vectors(queries, "queries"))
        k = self._checked_k(k)
        with self._lock.reading():
            rows = None
            if allowed is not None:
                rows = self._ids.allowed_rows(self._checked_allowed(allowed))
            parts = [
                self._search(wanted[begin : begin + _QUERIES], k, rows)
                for begin in range(0, len(wanted), _QUERIES)
            ]
            if not parts:
                return self._nobody(0, k)
            found = np.concatenate([part[0] for part in parts])
            return Neighbours(self._ids.of_rows(found), np.concatenate([part[1] for part in parts]))

    def tune(
        self,
        queries: ArrayLike,
        recall: float = 0.95,
        k: int = 10,
        truth: ArrayLike | None = None,
    ) -> Tuned:
        """Set nprobe and candidates to the cheapest that reach a recall@k.

        Args:
            queries: float32[Q, d], held out: drawn as those to come, and not stored.
            recall: the share of the true k nearest that is to be found, in (0, 1).
            k: how many nearest.
            truth: int64[Q, k], their ids, if they are known; by default `exact` finds them.

        Returns:
            What was set, and the recall that it had on these queries; it is less than asked where
            no setting reaches it (longer codes would: `code_bytes`).
        """
        wanted = self._unit(self._checked_vectors(queries, "queries"))
        if not 0 < recall < 1 or not len(wanted):
            raise VectorError(
                f"recall must be in (0, 1), e.g. 0.95, and queries some; got {recall} and "
                f"{len(wanted)} queries. A recall of 1 needs Exact"
            )
        known = self.exact(queries, k).ids if truth is None else np.asarray(truth)
        if known.shape != (len(wanted), k):
            raise VectorError(f"truth must be int64[{len(wanted)}, {k}]; got {list(known.shape)}")
        with self._lock.reading():
            if self._codes is None:
                return Tuned(self.nprobe, self.candidates, 1.0)
            rows = self._ids.rows(known.ravel()).reshape(known.shape)
            kept = self._living_bits(len(self._codes))
            best = tuned(self._codes, self._store, wanted, rows, recall, self._inner, kept)
        self.nprobe, self.candidates = best.nprobe, best.candidates
        return best

    def _search(self, queries: Floats, k: int, rows: Ids | None) -> tuple[Ids, Floats]:
        left = len(self._ids) if rows is None else len(rows)
        if self._codes is None or (rows is not None and left <= _EXACT_ROWS):
            return self._exact(queries, k, self._ids.living() if rows is None else rows)
        count = min(max(self.candidates, k), max(left, 1))
        nprobe, kept = self.nprobe, self._living_bits(len(self._codes))
        if rows is not None:
            kept = self._bits(rows)
            nprobe = max(nprobe, -(-2 * count * self.lists // left))
        found = self._codes.search(queries, count, nprobe, kept)
        return self._store.nearest(queries, found, k, self._inner)

    # Files

    def save(self, folder: Folder) -> None:
        """Write everything into a folder; what was saved there before stays whole until the end.

        If the index keeps its vectors there (`folder=`), they are not written again.
        """
        with self._lock.reading():
            files = Generation.next(folder)
            store = self._saved_store(files)
            if self._codes is not None:
                self._codes.write(files.fresh("lists.faiss"))
            self._ids.save(files.fresh("rows.npz"))
            header = self._header(
                store=store.name,
                rows=self._ids.size,
                next_id=self._ids.next_id,
                trained=self._codes is not None,
                swept=self._swept,
                **{name: getattr(self, name) for name in _SETTINGS},
            )
            files.switch(header, kept=store.name)
            forget_stores(files.folder, but=store.name)

    @classmethod
    def load(cls, folder: Folder, extend: bool = False) -> IVFPQ:
        """Read what `save` wrote; its vectors are read from there as they are asked for.

        Args:
            folder: where it was saved.
            extend: further vectors are written there too, by one index at a time; else the first
                addition copies the stored ones to a temporary folder.

        Raises:
            VectorError: naming the file that is missing, damaged or of another kind.
        """
        source, header = Path(folder), cls._load_header(folder)
        try:
            settings = {name: header[name] for name in _SETTINGS}
            index = cls(header["dimensions"], header["metric"], **settings)
            rows, name = int(header["rows"]), header["store"]
            next_id, trained = int(header["next_id"]), bool(header["trained"])
            index._swept = int(header["swept"])
        except (KeyError, TypeError, ValueError) as problem:
            raise VectorError(f"{source / HEADER} is damaged: {problem} is wrong") from problem
        files = Generation(source, header["generation"])
        index._open_saved(files, name, rows, next_id)
        index._borrowed = not extend
        if trained:
            path = files.path("lists.faiss")
            index._codes = Codes.read(path, index.dimensions)
            if len(index._codes) != rows - index._swept or index._codes.lists != index.lists:
                raise VectorError(f"{path} is damaged: it has {len(index._codes)} of {rows} rows")
        return index

    # What these are made of

    def _train(self) -> None:
        rows = self._ids.living()
        rng = np.random.default_rng(self.seed)
        chosen = np.sort(rng.choice(rows, min(len(rows), SAMPLE * self.lists), replace=False))
        sample = self._store.rows(chosen[rng.permutation(len(chosen))])
        inner = self.metric == "inner_product"
        self._codes = Codes.trained(sample, self.lists, self.code_bytes, inner, self.seed)
        self._codes.add(self._store.block(0, self._ids.size), 0)
        self._swept = 0

    def _rebuild(self) -> None:
        self._leave_out_removed()
        self._codes, self._swept = None, 0
        if len(self._ids) >= self.training:
            self._train()
