"""Rows grouped by their labels, in one pass."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Rows = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def grouped(labels: Rows, order: Rows, groups: int) -> tuple[Rows, Rows]:
    """The rows in ``order`` of each label 0..groups−1, and where each group begins and ends.

    Group g has the rows ``members[start[g]:start[g + 1]]``; rows labelled −1 come before all.
    """
    start = np.zeros(groups + 2, np.int64)
    for label in labels:
        start[label + 2] += 1
    for at in range(1, groups + 2):
        start[at] += start[at - 1]
    members = np.empty(len(order), np.int64)
    # start[g + 1] begins as the first place of group g, and ends as that after its last.
    for row in order:
        members[start[labels[row] + 1]] = row
        start[labels[row] + 1] += 1
    return members, start[: groups + 1]
