"""Who said it first: the earliest writings of a fact, an author each.

Priority is what science pays by (R. Merton, "Priorities in scientific discovery", American
Sociological Review 22, 1957): whoever repeats what is known discovers nothing.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def first_of_each_author(
    offsets: NDArray[np.int64],
    ids: NDArray[np.int64],
    authors: NDArray[np.int32],
    found: NDArray[np.int64],
) -> None:
    """Fill found[m, most] with the first of each list of ascending ids, no two of one author.

    The rest stays as it is. O(length of the list · most).
    """
    for q in range(offsets.size - 1):
        count, at = 0, offsets[q]
        while at < offsets[q + 1] and count < found.shape[1]:
            place = 0
            while place < count and authors[found[q, place]] != authors[ids[at]]:
                place += 1
            if place == count:
                found[q, count] = ids[at]
                count += 1
            at += 1
