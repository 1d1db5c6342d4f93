"""Columns of whole numbers, checked as they come in."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST = 2**63 - 1
"""The largest whole number that a column holds."""


def whole_numbers(name: str, values: ArrayLike, error: type[ValueError]) -> NDArray[np.int64]:
    """Return values as a column int64[n], contiguous and writable; a scalar becomes n = 1.

    Raises ``error``, naming the argument, for fractions, truth values and what int64 cannot hold.
    """
    found = np.asarray(values)
    if found.size == 0:  # an empty list reads as float64
        return np.zeros(0, np.int64)
    if found.dtype.kind not in "iu":
        raise error(
            f"{name} must be whole numbers within int64; got dtype {found.dtype}. "
            f"Round on purpose first, as in np.floor({name}).astype(np.int64)"
        )
    if found.ndim > 1:
        raise error(f"{name} must be a scalar or one column; got shape {found.shape}")
    if found.dtype.kind == "u" and found.max() > LARGEST:
        raise error(f"{name} holds {found.max()}; the largest allowed is 2**63 - 1 = {LARGEST}")
    # A read-only or strided array would make numba compile its kernels anew.
    return np.require(found.reshape(-1), np.int64, ("C", "W"))
