"""Who said it first: the earliest writings of a fact, an author each.

Priority is what science pays by (R. Merton, "Priorities in scientific discovery", American
Sociological Review 22, 1957): whoever repeats what is known discovers nothing.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.memory.facts.columns import FOREVER


@njit(cache=True, nogil=True)
def discoveries(
    subject: NDArray[np.int64],
    relation: NDArray[np.int64],
    object_: NDArray[np.int64],
    before: int,
    most: int,
    newest: NDArray[np.int32],
    older: NDArray[np.int32],
    relations: NDArray[np.int32],
    objects: NDArray[np.int32],
    authors: NDArray[np.int32],
    ended: NDArray[np.int32],
) -> NDArray[np.int64]:
    """int64[m, most]: ids below `before` of who wrote m facts first, earliest first.

    Those that were superseded or withdrawn do not count. No two of a fact have one author; -1
    where there are no more. O(facts of the subject) a fact.
    """
    found = np.full((subject.size, most), -1, np.int64)
    for fact in range(subject.size):
        row = found[fact]
        i = newest[0, subject[fact]]
        while i >= 0:
            if (
                i < before
                and objects[i] == object_[fact]
                and relations[i] == relation[fact]
                and ended[i] == FOREVER
            ):
                # Older than all seen so far: to the front, in place of one by the same author.
                place = 0
                while place < most - 1 and row[place] >= 0 and authors[row[place]] != authors[i]:
                    place += 1
                for p in range(place, 0, -1):
                    row[p] = row[p - 1]
                row[0] = i
            i = older[i, 0]
    return found
