"""Chains: which members a cell holds, as a doubly linked list in three columns.

`first` int32[cells] is the first member of each cell; `following` and `previous` int32[n] lead on
and back, −1 at the ends. A member that is in no cell follows itself.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

NOBODY = -1
# Inlined, a function counts no references to the arrays it is given, which takes longer than the
# rest of it.
INLINED = {"cache": True, "nogil": True, "error_model": "numpy", "forceinline": True}


@njit(**INLINED)
def link(
    first: NDArray[np.int32],
    following: NDArray[np.int32],
    previous: NDArray[np.int32],
    row: int,
    cell: int,
) -> None:
    """Put a member that is in no cell first into one."""
    other = first[cell]
    following[row], previous[row] = other, NOBODY
    if other != NOBODY:
        previous[other] = row
    first[cell] = row


@njit(**INLINED)
def unlink(
    first: NDArray[np.int32],
    following: NDArray[np.int32],
    previous: NDArray[np.int32],
    row: int,
    cell: int,
) -> None:
    """Take a member out of its cell; nothing happens if it is in none."""
    before, after = previous[row], following[row]
    if after == row:
        return
    if before == NOBODY:
        first[cell] = after
    else:
        following[before] = after
    if after != NOBODY:
        previous[after] = before
    following[row] = row


@njit(**INLINED)
def wrapped(part: int, parts: int) -> int:
    """A column or line at most one size beyond the border, seen from the other side."""
    if part < 0:
        return part + parts
    return part - parts if part >= parts else part
