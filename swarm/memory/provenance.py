"""Who said it first: the earliest findings of a fact, an author each.

Priority is what science pays by (R. Merton, "Priorities in scientific discovery", American
Sociological Review 22, 1957): whoever repeats what is known discovers nothing.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def discoveries(
    head: NDArray[np.int64],
    relation: NDArray[np.int64],
    tail: NDArray[np.int64],
    before: int,
    most: int,
    newest: NDArray[np.int64],
    older: NDArray[np.int64],
    tails: NDArray[np.int32],
    authors: NDArray[np.int64],
) -> NDArray[np.int64]:
    """int64[m, most]: ids below `before` of the first findings of m facts, earliest first.

    No two of a fact have one author; -1 where there are no more. `newest[head, relation]` and
    `older[id, 0]` are the lists of a memory. O(findings of head and relation) a fact.
    """
    found = np.full((head.size, most), -1, np.int64)
    for fact in range(head.size):
        row = found[fact]
        i = newest[head[fact], relation[fact]]
        while i >= 0:
            if i < before and tails[i] == tail[fact]:
                # Older than all seen so far: to the front, in place of one by the same author.
                place = 0
                while place < most - 1 and row[place] >= 0 and authors[row[place]] != authors[i]:
                    place += 1
                for p in range(place, 0, -1):
                    row[p] = row[p - 1]
                row[0] = i
            i = older[i, 0]
    return found
