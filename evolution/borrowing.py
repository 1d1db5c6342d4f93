"""Kernels that only borrow arrays: compiled without counting references.

Numba counts who holds an array, in a way that is safe between threads, wherever it is given to
another variable or function. Where a network of a few rows takes a few dozen nanoseconds, and is
a dozen arrays, that is two thirds of the time. So the loops are functions of their own, which
only borrow arrays: whoever calls them holds these, and they make none and give none back.
"""

from __future__ import annotations

from numba import njit

borrowing = njit(cache=True, nogil=True, _nrt=False)
"""Compile a function that makes no arrays and returns none.

Slices of its arguments it may read and hand on; it writes number by number.
"""

borrowing_inline = njit(cache=True, nogil=True, inline="always", _nrt=False)
"""The same, put into its callers before these are compiled: for the innermost loops."""
