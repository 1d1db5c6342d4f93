"""The settings of IVF-PQ: what is usual, and what a recall that is asked needs.

How many lists to look into and how many candidates to re-rank: both are tried in doublings on
queries whose true neighbours are known, and the cheapest pair is taken whose mean recall, less one
standard error, reaches what is asked. The price is reckoned, not timed, so that the choice repeats.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from swarm.memory.vectors.codes import Codes
from swarm.memory.vectors.index import Floats, Ids, VectorError
from swarm.memory.vectors.reranking import RerankingStore

# Nanoseconds, as measured: a code that is scanned, a list that is opened, a row that is fetched.
_CODE, _LIST, _ROW = 0.5, 300.0, 150.0
_MOST_LISTS = 256
SAMPLE = 32  # vectors a list that training wants


def usual_lists(expected: int) -> int:
    """4 sqrt(n) lists for n vectors, down to a power of two, and at least 16."""
    return 1 << int(np.log2(max(16.0, 4 * max(expected, 1) ** 0.5)))


def usual_code_bytes(dimensions: int) -> int:
    """Two dimensions a symbol of half a byte, or more where they do not divide; 0 if odd."""
    most = max(1, dimensions // 4)
    return next((size for size in range(most, 0, -1) if dimensions % (2 * size) == 0), 0)


def check_settings(
    dimensions: int, lists: int, code_bytes: int, nprobe: int, candidates: int, training: int
) -> None:
    """Raise VectorError for settings of an index that do not fit."""
    if code_bytes < 1 or dimensions % (2 * code_bytes):
        raise VectorError(
            f"2 code_bytes must divide the dimensions, e.g. dimensions=64, code_bytes=16; got "
            f"{dimensions} and {code_bytes}"
        )
    if min(lists, nprobe, candidates) < 1 or training < lists:
        raise VectorError(
            "lists, nprobe and candidates must be at least 1, and training at least lists, e.g. "
            f"1024, 4, 200 and 32768; got {lists}, {nprobe}, {candidates} and {training}"
        )


class Tuned(NamedTuple):
    """What was chosen.

    Attributes:
        nprobe: lists that a query looks into.
        candidates: rows that are re-ranked.
        recall: the mean recall of the pair on the queries it was chosen with.
    """

    nprobe: int
    candidates: int
    recall: float


def tuned(
    codes: Codes,
    store: RerankingStore,
    queries: Floats,
    truth: Ids,
    recall: float,
    inner: bool,
    kept: NDArray[np.uint8] | None,
) -> Tuned:
    """The cheapest setting that reaches a recall, or that with the best.

    Args:
        queries: float32[Q, d].
        truth: int64[Q, k], rows of their true neighbours; -1 where there are fewer.
        recall: what is asked.
        inner: see `RerankingStore.nearest`.
        kept: see `Codes.search`.
    """
    k = truth.shape[1]
    widths = [k * 2**i for i in range(1, 9)]
    best, price = Tuned(1, widths[0], -1.0), np.inf
    for nprobe in (2**i for i in range(9) if 2**i <= min(_MOST_LISTS, codes.lists)):
        opened = nprobe * (_LIST + _CODE * len(codes) / codes.lists)
        if opened >= price:
            break
        found = codes.search(queries, widths[-1], nprobe, kept)
        for width in widths:
            near = store.nearest(queries, found[:, :width], k, inner)[0]
            shares = recalls(near, truth)
            sure = shares.mean() - shares.std() / np.sqrt(len(shares))
            cost = opened + _ROW * width
            if (sure >= recall and cost < price) or (price == np.inf and sure > best.recall):
                best = Tuned(nprobe, width, float(shares.mean()))
                price = cost if sure >= recall else np.inf
    return best


def recalls(found: Ids, truth: Ids) -> NDArray[np.float64]:
    """The share of each query's true neighbours that was found, float64[Q]; -1 counts for none."""
    hits = (found[:, :, None] == truth[:, None, :]) & (truth >= 0)[:, None, :]
    shares: NDArray[np.float64] = hits.any(axis=1).sum(axis=1) / np.maximum(
        (truth >= 0).sum(axis=1), 1
    )
    return shares
