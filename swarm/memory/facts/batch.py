"""A batch of facts on its way into the columns: read, checked, written, a chunk at a time.

Values of any width, scalars and columns, are laid into one block, so that one kernel checks them
all. What it refuses is looked at again, slowly, for a message that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import AUTHOR_MAX, FOREVER, Columns, FactError, share, whole

CHUNK = 4096
"""Rows of the block: it stays in a core's cache, and large batches are not copied as a whole."""
WHOLE = (
    "subject",
    "relation",
    "object",
    "author",
    "tick",
    "valid_from",
    "valid_to",
    "engine",
    "encoder",
)
SHARES = ("confidence", "credence")
TICK, VALID_FROM, VALID_TO = (WHOLE.index(name) for name in ("tick", "valid_from", "valid_to"))


class Block:
    """Room for one chunk of facts as they were given: int64[9, CHUNK] and float64[2, CHUNK]."""

    def __init__(self, entities: int, relations: int) -> None:
        self.whole = np.empty((len(WHOLE), CHUNK), np.int64)
        self.shares = np.empty((len(SHARES), CHUNK), np.float64)
        highest = (entities - 1, relations - 1, entities - 1, AUTHOR_MAX, FOREVER - 1)
        self.low = np.zeros(len(WHOLE), np.int64)
        self.low[VALID_TO] = 1
        self.high = np.array((*highest, FOREVER - 1, FOREVER, 127, 2**15 - 1), np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes of its room."""
        return self.whole.nbytes + self.shares.nbytes

    def take(self, batch: Mapping[str, Any], start: int, stop: int) -> None:
        """Lay down rows start..stop−1 of a batch as `columns_of` made it."""
        count = stop - start
        for row, name in enumerate(WHOLE):
            self._lay(self.whole[row], batch[name], start, count)
        for row, name in enumerate(SHARES):
            self._lay(self.shares[row], batch[name], start, count)

    @staticmethod
    def _lay(row: NDArray[Any], values: int | float | NDArray[Any], start: int, count: int) -> None:
        if isinstance(values, np.ndarray) and values.size > 1:
            values = values[start : start + count]
        row[:count] = values

    def write(self, count: int, start: int, last: int, columns: Columns) -> bool:
        """Write the first `count` rows to columns start...; False, and nothing, if one is wrong."""
        if not right(self.whole, self.shares, count, last, self.low, self.high):
            return False
        stop = start + count
        for row, name in enumerate(WHOLE):
            getattr(columns, name)[start:stop] = self.whole[row, :count]
        for row, name in enumerate(SHARES):
            getattr(columns, name)[start:stop] = self.shares[row, :count]
        columns.ended[start:stop] = FOREVER
        return True


def columns_of(given: Mapping[str, ArrayLike]) -> tuple[dict[str, Any], int] | None:
    """Each value as a number or array, and the size of the batch; None if some cannot be right."""
    batch: dict[str, Any] = {}
    size = 1
    for name, values in given.items():
        plain: type = float if name in SHARES else int
        if type(values) is plain:
            batch[name] = values  # as it is: most are scalars, and small batches are common
            continue
        column = np.asarray(values)
        kinds = "iuf" if name in SHARES else "iu"
        if column.ndim > 1 or (column.size and column.dtype.kind not in kinds):
            return None
        if column.ndim and column.size != 1:
            if size not in (1, column.size):
                return None
            size = column.size
        batch[name] = column
    return batch, size


def explain(given: Mapping[str, ArrayLike], last: int, entities: int, relations: int) -> NoReturn:
    """Say what is wrong with a batch.

    Raises:
        FactError: always.
    """
    highest = {
        "subject": entities - 1,
        "relation": relations - 1,
        "object": entities - 1,
        "author": AUTHOR_MAX,
        "tick": FOREVER - 1,
        "valid_from": FOREVER - 1,
        "valid_to": FOREVER,
        "engine": 127,
        "encoder": 2**15 - 1,
    }
    batch = {
        name: share(name, values)
        if name in SHARES
        else whole(name, values, int(name == "valid_to"), highest[name])
        for name, values in given.items()
    }
    lengths = {name: values.size for name, values in batch.items()}
    if len(set(lengths.values()) - {1}) > 1:
        raise FactError(
            f"the columns of a batch must have one length, or be scalars; got {lengths}."
        )
    series = np.concatenate(([last], batch["tick"].ravel()))
    if (np.diff(series) < 0).any():
        at = int(np.argmax(np.diff(series) < 0))
        raise FactError(
            f"time runs forward: a fact of tick {series[at + 1]} cannot follow one of "
            f"tick {series[at]}. Append facts in the order in which they were made."
        )
    if (batch["valid_from"] >= batch["valid_to"]).any():
        raise FactError(
            "a fact holds from valid_from up to, and not in, valid_to, such as 3 and 9; got "
            "one that begins when it has ended."
        )
    raise FactError(
        "add writes one fact of plain numbers, such as add(3, 7, 9, author=12, tick=0); "
        f"append writes many. Got lengths {lengths}."
    )


@njit(cache=True, nogil=True)
def right(
    whole: NDArray[np.int64],
    shares: NDArray[np.float64],
    count: int,
    last: int,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> bool:
    """Whether the first `count` facts are within bounds and in order, and follow tick `last`."""
    wrong = False
    for name in range(whole.shape[0]):
        for i in range(count):
            wrong |= (whole[name, i] < low[name]) | (whole[name, i] > high[name])
    for name in range(shares.shape[0]):
        for i in range(count):
            wrong |= not ((shares[name, i] >= 0.0) & (shares[name, i] <= 1.0))
    for i in range(count):
        wrong |= whole[VALID_FROM, i] >= whole[VALID_TO, i]
        wrong |= whole[TICK, i] < last
        last = whole[TICK, i]
    return not wrong
