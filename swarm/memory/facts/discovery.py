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
    most: int,
) -> NDArray[np.int64]:
    """int64[m, most]: the first of each list of ascending ids, no two of one author.

    −1 where there are no more. O(length of the list · most).
    """
    found = np.full((offsets.size - 1, most), -1, np.int64)
    for q in range(offsets.size - 1):
        row, count = found[q], 0
        for i in ids[offsets[q] : offsets[q + 1]]:
            if count == most:
                break
            place = 0
            while place < count and authors[row[place]] != authors[i]:
                place += 1
            if place == count:
                row[count] = i
                count += 1
    return found
