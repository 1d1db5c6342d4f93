"""Stable sorting of columns inside compiled code: a radix sort of doubles, 8 bits at a time.

Guarantee: -0.0 equals 0.0, infinities are in their place; NaN is not allowed.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from evolution.search import Floats, Integers

_DIGITS = 8
_VALUES = 256


@njit(cache=True, nogil=True)
def sort_stably(order: Integers, values: Floats) -> Integers:
    """``order`` ``int64[n]``, indices of ``values``, by value; equal values stay as they stand."""
    n = len(order)
    if n < 2:
        return order.copy()
    sign = np.uint64(1) << np.uint64(63)
    keys = np.empty(n, dtype=np.float64)
    for i in range(n):
        keys[i] = values[order[i]] + 0.0  # -0.0 becomes 0.0
    source = keys.view(np.uint64)
    counts = np.zeros((_DIGITS, _VALUES), dtype=np.int64)
    for i in range(n):
        # As unsigned numbers, these bits stand in the order of the doubles.
        bits = source[i]
        bits = ~bits if bits & sign else bits | sign
        source[i] = bits
        for digit in range(_DIGITS):
            counts[digit, (bits >> np.uint64(8 * digit)) & np.uint64(255)] += 1
    rows, spare_rows = order.copy(), np.empty(n, dtype=np.int64)
    spare = np.empty(n, dtype=np.uint64)
    for digit in range(_DIGITS):
        shift = np.uint64(8 * digit)
        place = counts[digit]
        if place[(source[0] >> shift) & np.uint64(255)] == n:
            continue  # all have the same digit here
        start = 0
        for value in range(_VALUES):
            many = place[value]
            place[value] = start
            start += many
        for i in range(n):
            value = (source[i] >> shift) & np.uint64(255)
            target = place[value]
            place[value] += 1
            spare[target] = source[i]
            spare_rows[target] = rows[i]
        source, spare = spare, source
        rows, spare_rows = spare_rows, rows
    return rows
