"""The columns of a fact, and what may stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FOREVER = 2**31 - 1
"""The tick of an end that has not come."""
AUTHOR_MAX = 2**27 - 1
"""Authors index a column of how much each has written: 2^27 ids fill half a GiB."""
IDS_MAX = 2**31 - 2

COLUMNS: Mapping[str, type[np.generic]] = MappingProxyType(
    {
        "subject": np.int32,
        "relation": np.int32,
        "object": np.int32,
        "author": np.int32,
        "sequence": np.int32,
        "tick": np.int32,
        "ended": np.int32,
        "valid_from": np.int32,
        "valid_to": np.int32,
        "confidence": np.float32,
        "credence": np.float32,
        "engine": np.int8,
        "encoder": np.int16,
    }
)
"""Name to dtype; 47 bytes a fact. See `Facts` for what each says."""

_ROOM_AT_FIRST = 1024


class Columns(NamedTuple):
    """The columns, with room for facts to come."""

    subject: NDArray[np.int32]
    relation: NDArray[np.int32]
    object: NDArray[np.int32]
    author: NDArray[np.int32]
    sequence: NDArray[np.int32]
    tick: NDArray[np.int32]
    ended: NDArray[np.int32]
    valid_from: NDArray[np.int32]
    valid_to: NDArray[np.int32]
    confidence: NDArray[np.float32]
    credence: NDArray[np.float32]
    engine: NDArray[np.int8]
    encoder: NDArray[np.int16]

    @classmethod
    def empty(cls) -> Columns:
        """No facts, and no room."""
        return cls(*(np.empty(0, dtype) for dtype in COLUMNS.values()))


class FactError(ValueError):
    """A fact, query or saved state that a memory cannot hold or answer."""


def whole(name: str, values: ArrayLike, low: int, high: int) -> NDArray[Any]:
    """Values as a column of whole numbers within low..high, or why they are none."""
    column = _column(name, values)
    if column.size and column.dtype.kind not in "iu":
        raise FactError(f"{name} must be whole numbers, such as [3, 5]; got {column.dtype}.")
    if column.size and not (low <= column.min() and column.max() <= high):
        raise FactError(f"{name} must lie in {low}..{high}; got {column.min()}..{column.max()}.")
    return column


def share(name: str, values: ArrayLike) -> NDArray[Any]:
    """Values as a column of numbers in [0, 1], or why they are none."""
    column = _column(name, values)
    if column.dtype.kind not in "iuf" or not ((column >= 0) & (column <= 1)).all():
        raise FactError(
            f"{name} must be numbers in [0, 1], such as 0.8; got {column.dtype} "
            f"beginning {column.ravel()[:5].tolist()}."
        )
    return column


def with_room(column: NDArray[Any], rows: int, at_first: int = _ROOM_AT_FIRST) -> NDArray[Any]:
    """The same column with room for as many rows, doubling; what is beyond is yet to be written.

    Pages that were never written take no memory, so that the room costs nothing until it is used.
    """
    return _grown(column, rows, at_first, np.empty)


def with_zeros(column: NDArray[Any], rows: int, at_first: int = _ROOM_AT_FIRST) -> NDArray[Any]:
    """As `with_room`; what is beyond is zero. Slower to write to at first, page by page."""
    return _grown(column, rows, at_first, np.zeros)


def different(values: NDArray[Any]) -> NDArray[Any]:
    """Different values of a column, ascending: sorted, where `np.unique` hashes, far slower."""
    ordered = np.sort(values)
    first = np.ones(ordered.size, bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _grown(column: NDArray[Any], rows: int, at_first: int, make: Any) -> NDArray[Any]:
    room = column.size
    if rows <= room:
        return column
    longer: NDArray[Any] = make(max(rows, 2 * room, at_first), column.dtype)
    longer[:room] = column
    return longer


def _column(name: str, values: ArrayLike) -> NDArray[Any]:
    column = np.asarray(values)
    if column.ndim > 1:
        raise FactError(f"{name} must be a scalar or one column; got shape {column.shape}.")
    return column
