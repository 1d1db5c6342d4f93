"""Links in order of the nodes they join: what lines up networks that numbered them differently."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evolution.borrowing import borrowing

Places = npt.NDArray[np.int64]

# Runs of so many are sorted by insertion, and then merged.
_RUN = 16


@borrowing
def pair_of(source: int, target: int) -> np.int64:
    """Two int32 keys, as int64, in one int64; equal where both are, and never -1."""
    return (np.int64(target) << 32) | (np.int64(source) & 0xFFFFFFFF)


@borrowing
def sort_places(values: Places, order: Places, spare: Places) -> None:
    """Put 0..m-1 into ``order`` so that ``values`` int64[m] ascend; a stable merge sort.

    ``order`` and ``spare`` have at least m places.
    """
    m = len(values)
    for start in range(0, m, _RUN):
        for i in range(start, min(start + _RUN, m)):
            at = i
            while at > start and values[order[at - 1]] > values[i]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = i
    width = _RUN
    while width < m:
        for low in range(0, m - width, 2 * width):
            _merge(values, order, spare, low, low + width, min(low + 2 * width, m))
        width *= 2


@borrowing
def _merge(values: Places, order: Places, spare: Places, low: int, middle: int, high: int) -> None:
    """Merge the sorted runs low..middle and middle..high of ``order``."""
    for i in range(low, middle):
        spare[i] = order[i]
    left, right = low, middle
    for at in range(low, high):
        if left == middle:
            return
        if right < high and values[order[right]] < values[spare[left]]:
            order[at] = order[right]
            right += 1
        else:
            order[at] = spare[left]
            left += 1
