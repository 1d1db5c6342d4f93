"""Which index for how many vectors, and one that becomes it as they come.

Measured at 64 dimensions, 10 neighbours, one thread, clustered data: comparing exactly costs 4 ns
a vector and query in batches (10 ns for a query that is alone), and nothing to build; HNSW (M = 16,
ef = 64) 45 to 65 µs a query for 30,000 to 100,000 vectors, and to build 0.2 ms and 770 bytes a
vector. They are equal at some 12,000 vectors in batches, and at 5,000 one by one; up to 20,000
exact search takes twice or thrice the time at most, misses nothing and is there at once. Where a
filter leaves that few, HNSW too compares exactly. IVF-PQ holds a vector in tens of bytes; it takes
over where graphs take long to build (5,000,000 · 0.3 ms are half an hour) or do not fit the memory
given, unless more recall is asked than its codes give cheaply.

What is chosen never fails for want of an optional library: the next best takes its place, and
`reason` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

from swarm.memory.vectors.exact import Exact
from swarm.memory.vectors.hnsw import HNSW
from swarm.memory.vectors.index import Metric, VectorError, VectorIndex
from swarm.memory.vectors.ivf_pq import IVFPQ

EXACT_MOST = 20_000
HNSW_MOST = 5_000_000
IVFPQ_RECALL = 0.97  # beyond it a graph costs less than re-ranking ever more candidates
KINDS = ("exact", "hnsw", "ivf_pq")
LIBRARIES = {"hnsw": ("hnswlib", "hnsw"), "ivf_pq": ("faiss", "faiss")}


class Choice(NamedTuple):
    """A kind of index ("exact", "hnsw" or "ivf_pq"), and why."""

    kind: str
    reason: str


def choose(
    size: int,
    dimensions: int,
    recall: float = 0.95,
    *,
    filtered: float = 1.0,
    memory: float | None = None,
    installed: Callable[[str], bool] | None = None,
) -> Choice:
    """Choose a kind by size, recall and memory; the thresholds stand at the top of this file.

    Args:
        size: vectors that there will be.
        dimensions: of each.
        recall: the share of the true nearest to be found, in (0, 1]; at 1 only "exact" will do.
        filtered: the share of vectors that a usual query is allowed to find, in (0, 1].
        memory: bytes to spend on it; None for as many as it takes.
        installed: whether a library can be imported; by default as it is here.

    Raises:
        VectorError: for numbers outside these ranges.
    """
    if size < 0 or dimensions < 1 or not 0.0 < recall <= 1.0 or not 0.0 < filtered <= 1.0:
        raise VectorError(
            f"size is {size}, dimensions {dimensions}, recall {recall}, filtered {filtered}; "
            "expected at least 0, at least 1, and two shares in (0, 1], e.g. 100_000, 64, 0.95, 1"
        )
    if recall == 1.0:
        return Choice("exact", "a recall of 1 needs exact search")
    if size * filtered <= EXACT_MOST:
        return Choice("exact", f"{round(size * filtered):,} comparisons cost less than a graph")
    wanted, reason = "hnsw", f"{size:,} vectors are searched faster by a graph"
    fits = memory is None or size * hnsw_bytes(dimensions) <= memory
    if not fits or (size > HNSW_MOST and recall <= IVFPQ_RECALL):
        wanted = "ivf_pq"
        why = "take long to build as a graph" if fits else f"do not fit {memory:,.0f} bytes"
        reason = f"{size:,} vectors {why}"
    if wanted == "ivf_pq" and not _usable(wanted, installed):
        wanted, reason = "hnsw", reason + _missing("ivf_pq")
    if wanted == "hnsw" and not _usable(wanted, installed):
        wanted, reason = "exact", reason + _missing("hnsw")
    return Choice(wanted, reason)


def hnsw_bytes(dimensions: int, M: int = 16) -> int:
    """Bytes a vector that HNSW takes: our copy and the graph's, links, labels and locks."""
    return 8 * dimensions + 8 * M + 130


def index_class(kind: str) -> type[Any]:
    """The class of a kind, "growing" included.

    Raises:
        VectorError: for a name that is none.
    """
    if kind == "exact":
        return Exact
    if kind == "hnsw":
        return HNSW
    if kind == "ivf_pq":
        return IVFPQ
    if kind == "growing":
        from swarm.memory.vectors.growing import Growing

        return Growing
    raise VectorError(f"kind must be one of auto, {', '.join(KINDS)}; got {kind!r}")


def new_index(
    kind: str, dimensions: int, metric: Metric, seed: int, expected: int = 0
) -> VectorIndex:
    """An empty index of a kind that is named; `expected` vectors, if it is not 0, are to come."""
    settings: dict[str, Any] = {} if kind == "exact" else {"seed": seed}
    if kind == "ivf_pq" and expected:
        settings["expected"] = expected
    made: VectorIndex = index_class(kind)(dimensions, metric, **settings)
    return made


def _usable(kind: str, installed: Callable[[str], bool] | None) -> bool:
    library = LIBRARIES[kind][0]
    return find_spec(library) is not None if installed is None else installed(library)


def _missing(kind: str) -> str:
    library, extra = LIBRARIES[kind]
    return f"; but {library} is not installed: pip install 'noosphere[{extra}]'"
