"""What the generations of a store found, as one answer; and what a search should re-encode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from swarm.memory.encoders.merging import by_rank
from swarm.memory.vectors.index import NOBODY, Neighbours

Ids = NDArray[np.int64]


class Found(NamedTuple):
    """What a store found for Q queries.

    Attributes:
        ids: int64[Q, k], nearest first, -1 where there are fewer than k.
        distances: float32[Q, k], as the index that it was found in has them: of old vectors, to the
            query by the old encoder or, where adapted, to the mean of its forms; infinite at -1.
        current: bool[Q, k], whether it was found by a vector of the present encoder. Distances
            ascend among these; they are the ones that can be compared with each other.
    """

    ids: Ids
    distances: NDArray[np.float32]
    current: NDArray[np.bool_]


def came_up(
    found: Mapping[int, Neighbours], newest: int, most: int
) -> tuple[Ids, NDArray[np.bool_]]:
    """What to re-encode of the old items that were found.

    Args:
        found: of each generation.
        newest: the generation that is not old.
        most: how many at most.

    Returns:
        Distinct ids: all of the first query by rank, then of the second, and so on, for a query of
        which only some are re-encoded would miss them among so few; and bool[Q], the queries of
        which all that came up is among them.
    """
    queries, k = found[newest].ids.shape
    ids = [each.ids for number, each in found.items() if number != newest]
    stale = np.stack(ids) if ids else np.zeros((0, queries, k), np.int64)
    column = stale.transpose(1, 2, 0).ravel()
    column = column[column != NOBODY]
    _, first = np.unique(column, return_index=True)
    chosen = column[np.sort(first)[:most]]
    return chosen, (np.isin(stale, chosen) | (stale == NOBODY)).all(axis=(0, 2))


def together(
    found: Mapping[int, Neighbours],
    newest: int,
    sizes: Mapping[int, int],
    behind: NDArray[np.bool_],
    k: int,
) -> Found:
    """The k first of all generations by rank, equal places the newest generation first.

    Args:
        found: of each generation.
        newest: the generation that is not old.
        sizes: how many each might have found, 0 where it is missing.
        behind: bool[Q], the queries for which what is old comes behind what is new.
        k: how many.
    """
    order = [newest, *(number for number in found if number != newest)]
    merged, of = by_rank(
        [found[number] for number in order],
        [sizes.get(number, 0) for number in order],
        behind,
        k,
    )
    return Found(merged.ids, merged.distances, of == 0)
