"""What shards are given, checked before anything is changed or any shard is asked.

What an index would refuse is refused here: a query that no index can take must not look like the
failure of every shard.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.shards.errors import ShardError
from swarm.memory.vectors.index import LARGEST, SMALLEST

LARGEST_ID = 2**31 - 2  # the placement has a column by id


def rows_of(vectors: ArrayLike, width: int, metric: str, what: str) -> NDArray[np.float32]:
    """Vectors as float32[m, width], contiguous; a single one becomes a row.

    Raises:
        ShardError: for what are no numbers, of another width, too large to square, or without a
            direction under "cosine".
    """
    try:
        with np.errstate(over="ignore"):  # too large for float32: said below
            rows = np.ascontiguousarray(vectors, np.float32)
    except (TypeError, ValueError) as problem:
        raise ShardError(f"{what} must be numbers, float32[m, {width}]") from problem
    rows = rows.reshape(1, -1) if rows.ndim == 1 else rows
    if rows.ndim != 2 or rows.shape[1] != width or not (np.abs(rows) < LARGEST).all():
        raise ShardError(
            f"{what} must be finite float32[m, {width}], below {LARGEST:.0e} in size; "
            f"got {rows.shape}"
        )
    if metric == "cosine" and not (np.abs(rows) >= SMALLEST).any(axis=1).all():
        raise ShardError(
            f"{what} must have a direction under 'cosine', a component of {SMALLEST:.0e} at "
            "least: a row has none"
        )
    return rows


def new_ids(ids: ArrayLike, count: int) -> NDArray[np.int64]:
    """Ids for `count` vectors, int64[count], distinct and in 0..2³¹−2; whether known is not seen.

    Raises:
        ShardError: for ids that are not so.
    """
    numbers = whole(ids)
    if numbers.shape != (count,) or np.unique(numbers).size < count:
        raise ShardError(f"{count} vectors need {count} distinct ids; got {numbers.shape}")
    if ((numbers < 0) | (numbers > LARGEST_ID)).any():
        raise ShardError(f"ids must be 0..{LARGEST_ID}; number what has larger names yourself")
    return numbers


def whole(ids: ArrayLike) -> NDArray[np.int64]:
    """Ids as int64.

    Raises:
        ShardError: for anything but whole numbers.
    """
    given = np.asarray(ids)
    if given.size and given.dtype.kind not in "iu":
        raise ShardError(f"ids must be whole numbers, int64[m]; got {given.dtype}")
    return given.astype(np.int64)
