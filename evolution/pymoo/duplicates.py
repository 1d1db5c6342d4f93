"""Duplicates found by their bytes, in O(n) instead of by all distances, in O(n²)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from pymoo.core.duplicate import DuplicateElimination

from evolution.pymoo.columns import variables
from evolution.variation import Column, VariationError


class ExactDuplicateElimination(DuplicateElimination):  # type: ignore[misc]
    """Takes the place of ``DefaultDuplicateElimination``; keeps the first of equal individuals.

    Equal are those whose variables are the same numbers. pymoo calls equal what is closer than
    1e-16, which numbers that are not tiny can only be by being the same. A NaN equals nothing.
    """

    def __init__(self, func: Callable[[Any], Column] = variables) -> None:
        super().__init__(func)

    def _do(
        self, pop: Any, other: Any, is_duplicate: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        rows = self.func(pop)
        if other is None:
            is_duplicate |= ~first_of_their_kind(rows, set())
        else:
            seen = set(keys_of(self.func(other)))
            is_duplicate |= [key in seen for key in keys_of(rows)]
        return is_duplicate & ~_unequal(rows)


def first_of_their_kind(rows: Column, seen: set[bytes]) -> npt.NDArray[np.bool_]:
    """Which of the rows ``[n, n_var]`` were not seen before, nor earlier among these; now all are.

    A row with a NaN equals nothing, and so is always the first.
    """
    first = np.empty(len(rows), np.bool_)
    for i, key in enumerate(keys_of(rows)):
        first[i] = key not in seen
        seen.add(key)
    return first | _unequal(rows)


def _unequal(rows: Column) -> npt.NDArray[np.bool_]:
    """Which rows hold a NaN, and so equal nothing."""
    if rows.dtype.kind != "f":
        return np.zeros(len(rows), np.bool_)
    return np.asarray(np.isnan(rows).any(axis=1))


def keys_of(rows: Column) -> list[bytes]:
    """The bytes of each row; equal numbers have equal bytes."""
    if rows.ndim != 2 or rows.dtype == object:
        raise VariationError(
            f"the variables are {rows.dtype}{list(rows.shape)}; expected [n, n_var] of one kind of "
            "number; for others, pymoo has ElementwiseDuplicateElimination"
        )
    # Adding zero makes -0.0 the same as 0.0.
    rows = np.ascontiguousarray(rows + 0 if rows.dtype.kind == "f" else rows)
    keys: list[bytes] = rows.view(f"V{rows.itemsize * rows.shape[1]}").ravel().tolist()
    return keys
