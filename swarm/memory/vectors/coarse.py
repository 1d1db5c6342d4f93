"""Which of many centres is nearest: the coarse quantiser of inverted lists, and how it is trained.

Centres are seeded in rounds (k-means||, Bahmani, Moseley, Vattani, Kumar & Vassilvitskii 2012,
"Scalable k-means++", VLDB): each round draws points with chances as their squared distance from
the centres so far, so that clusters that have none yet get one; Lloyd's steps follow (1982, "Least
squares quantization in PCM").

Many centres are themselves grouped, and a vector compares itself with the centres of the nearest
groups only: a sixteenth of them, which finds the nearest centre for some 99 of 100 vectors, and
otherwise one hardly farther. Vectors go through a group together, as one product of matrices.

Guarantees: equal samples and generators give equal centres, on one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from swarm.memory.vectors.index import Floats, Ids, VectorError

GROUPED_FROM = 2048
_GROUPS_ASKED = 16  # one in so many
_ROUNDS = 8
_SEEDING = 8  # points a centre that seeding looks at
_BLOCK = 1 << 16


def faiss_library() -> Any:
    """The library faiss.

    Raises:
        VectorError: naming the extra to install, if there is none.
    """
    try:
        import faiss
    except ImportError as problem:
        raise VectorError(
            "IVF-PQ needs the library faiss: pip install 'noosphere[faiss]'"
        ) from problem
    return faiss


def side_by_side(work: Callable[[Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
    """The work on each piece, in order, on as many threads as faiss may use.

    faiss would share out every small product, and on a busy machine wait for its threads each
    time; whole pieces need not. A piece sees one thread, so the answers are those of one.
    """
    faiss = faiss_library()
    threads = faiss.omp_get_max_threads()
    if threads == 1:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(threads, initializer=faiss.omp_set_num_threads, initargs=(1,)) as pool:
        waiting: deque[Future] = deque()
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep faiss from sharing out what is too small to be shared."""
    faiss = faiss_library()
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


class Centres:
    """Centres float32[n, d], and for each vector the nearest of them by |x - c|²."""

    def __init__(self, centres: Floats) -> None:
        self.centres = centres
        self._flat = _flat(centres)
        self.groups: Floats | None = None
        if len(centres) >= GROUPED_FROM:
            with one_thread():
                self._form_groups(1 << round(np.log2(len(centres)) / 2))

    def _form_groups(self, count: int) -> None:
        self.groups = k_means(self.centres, count, np.random.default_rng(0))
        self._group = _flat(self.groups)
        nearest = self._group.search(self.centres, 1)[1].ravel()
        self._members = [np.flatnonzero(nearest == g) for g in range(count)]
        self._lists = [_flat(self.centres[members]) for members in self._members]

    def nearest(self, vectors: Floats) -> tuple[Ids, Floats]:
        """The nearest centre of each of float32[m, d]: int64[m], and its squared distance."""
        if not len(vectors):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        blocks = [vectors[begin : begin + _BLOCK] for begin in range(0, len(vectors), _BLOCK)]
        found, distances = zip(*side_by_side(self.nearest_of_block, blocks), strict=True)
        return np.concatenate(found), np.concatenate(distances)

    def nearest_of_block(self, vectors: Floats) -> tuple[Ids, Floats]:
        """The same for some 100,000 vectors, on one thread."""
        if self.groups is None:
            distances, found = self._flat.search(vectors, 1)
            return found[:, 0], distances[:, 0]
        asked = max(4, len(self.groups) // _GROUPS_ASKED)
        group = self._group.search(vectors, asked)[1].ravel().astype(np.int16)
        order = np.argsort(group, kind="stable")
        ends = np.searchsorted(group[order], np.arange(len(self.groups) + 1))
        order //= asked
        best, least = np.zeros(len(vectors), np.int64), np.full(len(vectors), np.inf, np.float32)
        for g in np.flatnonzero(np.diff(ends)).tolist():
            if not len(self._members[g]):
                continue
            rows = order[ends[g] : ends[g + 1]]
            distances, found = self._lists[g].search(vectors[rows], 1)
            nearer = distances[:, 0] < least[rows]
            rows = rows[nearer]
            least[rows] = distances[nearer, 0]
            best[rows] = self._members[g][found[nearer, 0]]
        return best, least


def k_means(sample: Floats, count: int, rng: np.random.Generator, steps: int = 4) -> Floats:
    """Centres of a sample, float32[count, d]; the sample has at least so many points."""
    centres = _seeded(sample[: _SEEDING * count], count, rng)
    for _ in range(steps):
        nearest, _distances = Centres(centres).nearest(sample)
        order = np.argsort(nearest, kind="stable")
        chosen, begins, sizes = np.unique(nearest[order], return_index=True, return_counts=True)
        sums = np.add.reduceat(sample[order], begins, axis=0)
        centres = centres.copy()  # one that nobody chose stays where it is
        centres[chosen] = sums / sizes[:, None].astype(np.float32)
    return centres


def _seeded(sample: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Points of the sample, drawn in rounds, each far from those of the rounds before."""
    bounds = np.linspace(0, count, min(_ROUNDS, count) + 1).astype(int)
    chosen = rng.choice(len(sample), bounds[1], replace=False)
    new, gap = chosen, np.full(len(sample), np.inf, np.float32)
    for size in np.diff(bounds)[1:]:
        gap = np.minimum(gap, Centres(sample[new]).nearest(sample)[1])
        gap[chosen] = 0
        weight = np.maximum(gap, 0).astype(np.float64)
        if np.count_nonzero(weight) < size:  # points repeat: any that are left
            weight = np.ones(len(sample))
            weight[chosen] = 0
        new = rng.choice(len(sample), size, replace=False, p=weight / weight.sum())
        chosen = np.append(chosen, new)
    return sample[chosen]


def _flat(points: Floats) -> Any:
    faiss = faiss_library()
    index = faiss.IndexFlatL2(points.shape[1])
    index.add(points)
    return index
