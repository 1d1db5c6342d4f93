"""The vectors themselves, on disk: what the candidates of a compressed index are measured by.

Codes of a few bytes find a hundred candidates quickly and order them badly. The exact distances of
those few put them right (Jégou, Tavenard, Douze & Amsaleg 2011, "Searching in one billion vectors:
re-rank with source coding", ICASSP, where a second code stands for the vector; here it is the
vector). The rows lie in a file that is only ever appended to, and memory-mapped to be read: the
page cache of the system keeps those that are asked for.

Precision: numbers are kept in half precision (IEEE 754 binary16): 11 bits, or 3 decimals; up to
65,504 in size, and below 6e-5 in steps of 6e-8.

Guarantees: an appended row never changes; an append that raises leaves the file as it was; a
process that is killed in the middle of one leaves every earlier row readable, and of the rows
being written those that are whole. (Whether they survive a loss of power is for `flush` to say.)
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.vectors.index import NOBODY, Floats, Ids, VectorError

# Rows begin at a page, so that few of them lie across two.
HEADER_BYTES = 4096
_MAGIC = b"noosphere rows of binary16, little-endian; dimensions: "
_LARGEST = float(np.finfo(np.float16).max)
_BLOCK = 1 << 16
_LANES = 8
_SIGN, _REST = np.uint32(0x8000), np.uint32(0x7FFF)
_UP, _ACROSS = np.uint32(16), np.uint32(13)
# A half's bits, moved into a float32's places, are 2^112 times too small.
_SCALE = np.float32(2.0**112)


class RerankingStore:
    """Rows float16[n, d] in an append-only file.

    >>> store = RerankingStore("vectors.f16", dimensions=64)
    >>> store.append(vectors)  # float32[m, 64]; the number of the first of them
    0
    >>> rows, distances = store.nearest(queries, candidates, k=10)

    Attributes:
        path: the file.
        dimensions: the width d of a row; it takes 2 d bytes.
    """

    def __init__(self, path: str | Path, dimensions: int, rows: int | None = None) -> None:
        """Open a file, or make it.

        Args:
            path: the file; a part of a row at its end, from an append that was killed, is cut off.
            dimensions: the width of a row.
            rows: how many of its rows count, those behind are cut off with the next append; all.

        Raises:
            VectorError: naming the file, if it is not one of ours, of another width or too short.
        """
        self.path = Path(path)
        self.dimensions = dimensions
        if not self.path.exists():
            self.path.write_bytes(_header(dimensions))
        with self.path.open("rb") as file:
            if file.read(HEADER_BYTES) != _header(dimensions):
                raise VectorError(
                    f"{self.path} is damaged, or no store of vectors of {dimensions} dimensions"
                )
        whole = (self.path.stat().st_size - HEADER_BYTES) // self.row_bytes
        if rows is not None and rows > whole:
            raise VectorError(f"{self.path} is cut short: it has {whole} rows, not {rows}")
        self._rows = whole if rows is None else rows
        self._mapped: NDArray[np.uint16] | None = None
        self._halves()  # from here on it can be read even if its name is taken away

    def __len__(self) -> int:
        return self._rows

    @property
    def row_bytes(self) -> int:
        """Bytes on disk of a row."""
        return 2 * self.dimensions

    def append(self, vectors: Floats) -> int:
        """Write rows behind the others, in blocks.

        Args:
            vectors: float32[m, d], finite and no larger than 65,504.

        Returns:
            The number of the first of them; they are numbered in a row.

        Raises:
            VectorError: for numbers too large for half precision; nothing is written then.
        """
        if vectors.size and max(-vectors.min(), vectors.max()) > _LARGEST:
            raise VectorError(
                f"vectors must stay within ±{_LARGEST:,.0f}, as they are kept in half precision; "
                f"got {np.abs(vectors).max():g}. Scale them, e.g. vectors / np.abs(vectors).max()"
            )
        begin = HEADER_BYTES + self._rows * self.row_bytes
        with self.path.open("r+b", buffering=0) as file:
            file.truncate(begin)
            file.seek(begin)
            try:
                for first in range(0, len(vectors), _BLOCK):
                    _write(file.fileno(), vectors[first : first + _BLOCK].astype("<f2"))
            except OSError:
                file.truncate(begin)
                raise
        first_row, self._rows = self._rows, self._rows + len(vectors)
        self._mapped = None
        return first_row

    def rows(self, numbers: Ids) -> Floats:
        """Rows by their numbers, float32[m, d], each number a half has exactly."""
        return self._halves()[numbers].view("<f2").astype(np.float32)

    def block(self, begin: int, end: int) -> Floats:
        """Rows begin..end-1, float32[end - begin, d]."""
        return self._halves()[begin:end].view("<f2").astype(np.float32)

    def nearest(
        self, queries: Floats, candidates: Ids, k: int, inner: bool = False
    ) -> tuple[Ids, Floats]:
        """The k nearest among the candidates of each query, by the rows themselves.

        Args:
            queries: float32[Q, d].
            candidates: int64[Q, c], numbers of rows, each once a query; -1 for none.
            k: how many.
            inner: distances are 1 - q·x; else |q - x|².

        Returns:
            Numbers int64[Q, k], nearest first and -1 where there are fewer, and their distances
            float32[Q, k], infinite there. Of equals the earlier candidate comes first.
        """
        found = np.full((len(queries), k), NOBODY, np.int64)
        distances = np.full((len(queries), k), np.inf, np.float32)
        if self._rows:
            _nearest(self._halves(), queries, candidates, inner, found, distances)
        return found, distances

    def flush(self) -> None:
        """Wait until the disk has everything that was appended."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())

    def copy(self, path: Path) -> None:
        """Write the rows that count into another file."""
        other = RerankingStore(path, self.dimensions, rows=0)
        for begin in range(0, self._rows, _BLOCK):
            other.append(self.block(begin, min(begin + _BLOCK, self._rows)))
        other.flush()

    def _halves(self) -> NDArray[np.uint16]:
        """The rows' bits as mapped memory, uint16[n, d]; mapped anew after an append."""
        if self._mapped is None:
            if not self._rows:
                return np.empty((0, self.dimensions), np.uint16)
            shape = (self._rows, self.dimensions)
            # np.asarray: a plain array over the map, which compiled kernels take.
            mapped = np.memmap(self.path, "<u2", "r", HEADER_BYTES, shape)
            self._mapped = np.asarray(mapped)
        return self._mapped


def _header(dimensions: int) -> bytes:
    return (_MAGIC + str(dimensions).encode() + b"\n").ljust(HEADER_BYTES, b"\0")


def _write(descriptor: int, rows: NDArray) -> None:
    """Write all of an array; the system may take it in pieces."""
    left = rows.reshape(-1).view(np.uint8).data
    while left:
        left = left[os.write(descriptor, left) :]


@njit(cache=True, nogil=True)
def _nearest(halves, queries, candidates, inner, found, distances):  # type: ignore[no-untyped-def]
    """Fill found and distances, which hold -1 and infinity, by insertion."""
    k, width = found.shape[1], queries.shape[1]
    lanes = (width + _LANES - 1) // _LANES * _LANES
    query, terms = np.zeros(lanes, np.float32), np.zeros(lanes, np.float32)
    # All rows of a query are fetched before the first is used: memory answers many at a time.
    near = np.zeros((candidates.shape[1], lanes), np.uint16)
    for q in range(len(queries)):
        query[:width] = queries[q]
        for c in range(candidates.shape[1]):
            row = max(candidates[q, c], 0)
            for j in range(width):
                near[c, j] = halves[row, j]
        for c in range(candidates.shape[1]):
            if candidates[q, c] < 0:
                continue
            distance = _distance(near, c, query, inner, terms)
            if not distance < distances[q, k - 1]:
                continue
            place = k - 1
            while place > 0 and distance < distances[q, place - 1]:
                distances[q, place] = distances[q, place - 1]
                found[q, place] = found[q, place - 1]
                place -= 1
            distances[q, place] = distance
            found[q, place] = candidates[q, c]


@njit(cache=True, nogil=True)
def _distance(near, c, query, inner, terms):  # type: ignore[no-untyped-def]
    """The distance of a row; terms apart and sums in lanes, so that both become vectors."""
    if inner:
        for j in range(query.size):
            terms[j] = query[j] * _single(near[c, j])
    else:
        for j in range(query.size):
            gap = query[j] - _single(near[c, j])
            terms[j] = gap * gap
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0.0)
    for j in range(0, query.size, _LANES):
        s0 += terms[j]
        s1 += terms[j + 1]
        s2 += terms[j + 2]
        s3 += terms[j + 3]
        s4 += terms[j + 4]
        s5 += terms[j + 5]
        s6 += terms[j + 6]
        s7 += terms[j + 7]
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    return np.float32(1.0) - total if inner else total


@njit(cache=True, nogil=True)
def _single(half):  # type: ignore[no-untyped-def]
    """The float32 that a half's bits stand for; exact, subnormal ones too."""
    bits = np.uint32(half)
    placed = np.uint32(((bits & _SIGN) << _UP) | ((bits & _REST) << _ACROSS))
    return placed.view(np.float32) * _SCALE
