"""Linked lists through facts, as in an adjacency multilist: the newest of an entity, and so on.

`newest[which, entity]` is the newest fact of an entity, as subject (0) or object (1), and
`older[id, which]` the one before it. An append is O(1), a walk O(its answer).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

NONE = -1


@njit(cache=True, nogil=True)
def link(
    entity: NDArray[np.int32],
    start: int,
    stop: int,
    which: int,
    older: NDArray[np.int32],
    newest: NDArray[np.int32],
) -> None:
    """Put the facts start..stop−1 at the front of the lists of their entities."""
    for i in range(start, stop):
        older[i, which] = newest[which, entity[i]]
        newest[which, entity[i]] = i


@njit(cache=True, nogil=True)
def follow(first: int, older: NDArray[np.int32], which: int) -> NDArray[np.int64]:
    """Follow one list from its newest fact: once to count, once to write."""
    length = 0
    i = first
    while i >= 0:
        length += 1
        i = older[i, which]
    ids = np.empty(length, np.int64)
    i = first
    for place in range(length):
        ids[place] = i
        i = older[i, which]
    return ids


@njit(cache=True, nogil=True)
def number_by_author(
    author: NDArray[np.int32],
    start: int,
    stop: int,
    written: NDArray[np.int32],
    sequence: NDArray[np.int32],
) -> None:
    """Number the facts start..stop−1 by how many their authors had written before."""
    for i in range(start, stop):
        sequence[i] = written[author[i]]
        written[author[i]] += 1
