"""Inverted lists of codes of a few bytes: candidates for the nearest, in the library faiss.

A vector goes to the list of its nearest centre, and its residual is split into pairs (or more) of
numbers, each of which becomes one of 16 symbols (product quantisation: Jégou, Douze & Schmid 2011,
"Product quantization for nearest neighbor search", TPAMI 33). A query looks into the `nprobe`
nearest lists, where distances are summed from tables that fit registers, 32 codes at a time (fast
scan: André, Kermarrec & Le Scouarnec 2017, "Accelerated nearest neighbor search with Quick ADC").

Guarantees: equal samples, seeds and additions give equal lists; a part of the lists that a thread
makes is added in the order of its rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.vectors.coarse import (
    Centres,
    faiss_library,
    k_means,
    one_thread,
    side_by_side,
)
from swarm.memory.vectors.index import Floats, Ids, VectorError

_BLOCK = 1 << 18
_SYMBOLS = 4  # bits
# A search looks into an eighth of the groups of centres for the nearest centres.
_GROUPS_PROBED = 8


class Codes:
    """Trained inverted lists; their entries are numbers of rows.

    Attributes:
        index: the faiss.IndexIVFPQFastScan.
    """

    def __init__(self, index: Any) -> None:
        self.index = index
        self._centres: Centres | None = None  # made when something is added

    @classmethod
    def trained(cls, sample: Floats, lists: int, code_bytes: int, inner: bool, seed: int) -> Codes:
        """Lists fitted to a sample, float32[m, d] with m ≥ lists and ≥ 16; they are empty."""
        faiss = faiss_library()
        centres = Centres(k_means(sample, lists, np.random.default_rng(seed)))
        metric = faiss.METRIC_INNER_PRODUCT if inner else faiss.METRIC_L2
        width = sample.shape[1]
        quantiser = _quantiser(centres, inner)
        index = faiss.IndexIVFPQFastScan(quantiser, width, lists, 2 * code_bytes, _SYMBOLS, metric)
        index.own_fields = True
        quantiser.this.disown()
        index.by_residual = True
        some = sample[: 1 << 16]
        residuals = some - centres.centres[centres.nearest(some)[0]]
        index.pq.cp.seed = seed % 2**31
        index.pq.cp.min_points_per_centroid = 1
        with one_thread():
            index.pq.train(np.ascontiguousarray(residuals))
            index.is_trained = True
            index.precompute_table()
        codes = cls(index)
        codes._centres = centres
        return codes

    @property
    def lists(self) -> int:
        """How many lists there are."""
        return int(self.index.nlist)

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def add(self, vectors: Floats, first: int) -> None:
        """Encode vectors as the rows first, first + 1, ..., and put each into its list."""
        starts = range(0, len(vectors), _BLOCK)
        pieces = ((vectors[begin : begin + _BLOCK], first + begin) for begin in starts)
        if self._centres is None:
            self._centres = Centres(self._read_centres())
        for part in side_by_side(self._part, pieces):
            self._merge(part)

    def search(
        self, queries: Floats, count: int, nprobe: int, kept: NDArray[np.uint8] | None = None
    ) -> Ids:
        """Candidates of each query, int64[Q, count], nearest by their codes first; -1 for none.

        Args:
            queries: float32[Q, d].
            count: how many candidates.
            nprobe: how many lists a query looks into.
            kept: a bit for each row (little endian), set where it may be found; None for all.
        """
        faiss = faiss_library()
        settings = faiss.SearchParametersIVF(nprobe=min(nprobe, self.lists))
        selector = None if kept is None else faiss.IDSelectorBitmap(kept)  # must outlive the search
        settings.sel = selector
        found: Ids = self.index.search(queries, count, params=settings)[1]
        return found

    def sweep(self, kept: NDArray[np.uint8]) -> None:
        """Take out the rows whose bit is not set."""
        faiss = faiss_library()
        selector = faiss.IDSelectorBitmap(kept)
        self.index.remove_ids(faiss.IDSelectorNot(selector))

    def write(self, path: Path) -> None:
        """Write faiss's own file."""
        faiss_library().write_index(self.index, str(path))

    @classmethod
    def read(cls, path: Path, dimensions: int) -> Codes:
        """Read what `write` wrote; raises VectorError naming the file if it is damaged."""
        faiss = faiss_library()
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as problem:
            raise VectorError(f"{path} is missing or damaged: faiss cannot read it") from problem
        if not isinstance(index, faiss.IndexIVFPQFastScan) or index.d != dimensions:
            raise VectorError(f"{path} is damaged: not an IVF-PQ of {dimensions} dimensions")
        return cls(index)

    def _part(self, piece: tuple[Floats, int]) -> Any:
        """Lists of one block, on one thread."""
        faiss, (vectors, first) = faiss_library(), piece
        assert self._centres is not None
        nearest, _distances = self._centres.nearest_of_block(vectors)
        rows = np.arange(first, first + len(vectors), dtype=np.int64)
        plain = self._plain()
        plain.add_core(len(vectors), *(faiss.swig_ptr(array) for array in (vectors, rows, nearest)))
        return faiss.IndexIVFPQFastScan(plain)

    def _merge(self, part: Any) -> None:
        """Put the lists of a part behind ours.

        faiss (up to 1.15 at least, BlockInvertedLists::add_entries) copies too many bytes, beyond
        what it reserved, behind a list whose length divides by the bytes of a block. Such lists
        have whole blocks, to which those of the part are appended here.
        """
        faiss = faiss_library()
        ours = faiss.downcast_InvertedLists(self.index.invlists)
        theirs = faiss.downcast_InvertedLists(part.invlists)
        lengths = np.array([ours.list_size(i) for i in range(self.lists)])
        full = (lengths > 0) & (lengths % ours.block_size == 0)
        for i in np.flatnonzero(full).tolist():
            more, length = theirs.list_size(i), int(lengths[i])
            if not more:
                continue
            begin, size = (-(-n // ours.n_per_block) * ours.block_size for n in (length, more))
            ours.resize(i, length + more)
            codes = faiss.rev_swig_ptr(ours.get_codes(i), begin + size)
            codes[begin:] = faiss.rev_swig_ptr(theirs.get_codes(i), size)
            rows = faiss.rev_swig_ptr(ours.get_ids(i), length + more)
            rows[length:] = faiss.rev_swig_ptr(theirs.get_ids(i), more)
            theirs.resize(i, 0)
        self.index.merge_from(part, 0)

    def _plain(self) -> Any:
        """An empty index with the same codes, which takes lists that were chosen already."""
        faiss, index = faiss_library(), self.index
        # merge_from wants equal kinds only; no table is needed to encode.
        plain = faiss.IndexIVFPQ(
            index.quantizer, index.d, index.nlist, index.pq.M, _SYMBOLS, index.metric_type
        )
        plain.pq, plain.by_residual, plain.is_trained = index.pq, True, True
        plain.use_precomputed_table = -1
        return plain

    def _read_centres(self) -> Floats:
        faiss = faiss_library()
        quantiser = faiss.downcast_index(self.index.quantizer)
        centres: Floats = quantiser.reconstruct_n(0, self.lists)
        return centres


def _quantiser(centres: Centres, inner: bool) -> Any:
    """The faiss index that finds the lists of a query; grouped if there are many."""
    faiss = faiss_library()
    width = centres.centres.shape[1]
    if inner or centres.groups is None:
        flat = faiss.IndexFlatIP(width) if inner else faiss.IndexFlatL2(width)
        flat.add(centres.centres)
        return flat
    groups = faiss.IndexFlatL2(width)
    groups.add(centres.groups)
    grouped = faiss.IndexIVFFlat(groups, width, len(centres.groups))
    grouped.own_fields = True
    groups.this.disown()
    grouped.train(centres.centres)
    grouped.add(centres.centres)
    grouped.make_direct_map()  # a centre is read by its number
    grouped.nprobe = max(4, len(centres.groups) // _GROUPS_PROBED)
    return grouped
