"""The newest facts in linked lists, as in an adjacency multilist, until they are merged.

`newest[key]` is the newest fact of an entity (or author) that is not merged yet, −1 for none, and
`older[id]` the one before it. An append is O(1), a walk O(its answer).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.facts.ahead import AHEAD, prefetch

NONE = -1


@njit(cache=True, nogil=True)
def link(
    keys: NDArray[np.int32],
    start: int,
    stop: int,
    older: NDArray[np.int32],
    newest: NDArray[np.int32],
) -> None:
    """Put the facts start..stop−1 at the front of the lists of their keys."""
    for i in range(start, stop):
        if i + AHEAD < stop:
            prefetch(newest, np.int64(keys[i + AHEAD]))
        older[i] = newest[keys[i]]
        newest[keys[i]] = i


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
