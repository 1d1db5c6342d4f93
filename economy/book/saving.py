"""The queues of a book as plain columns, and back.

Saved are the orders in the order of their queues, the generations of all slots and the list of
free slots, so that a restored book goes on with the same ids; links and bits are made anew.
"""

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.book.queues import (
    FREE,
    LAST_GENERATION,
    NOBODY,
    RETIRED,
    USED,
    Queues,
    empty_queues,
    join,
    resting,
)

COLUMNS = ("order", "account", "side", "row", "left", "generation", "free")


def saved(book: Queues) -> dict[str, NDArray[np.int64]]:
    """Return a book as columns int64: resting orders, generations of slots, free slots."""
    used = int(book.marks[USED])
    columns = resting(book)
    columns["generation"] = book.slots["generation"][:used].astype(np.int64)
    retired = int(book.marks[RETIRED])
    columns["free"] = np.empty(used - retired - columns["order"].size, np.int64)
    _list_free(book, columns["free"])
    return columns


def queues_of(columns: Mapping[str, NDArray[np.int64]], prices: int) -> Queues:
    """Return the book that `saved` these columns; raises ``ValueError`` where they disagree."""
    order, account, side, row, left, generation, free = (columns[name] for name in COLUMNS)
    if len({column.size for column in (order, account, side, row, left)}) > 1:
        raise ValueError("the columns of orders differ in length")
    slot, used = order & (2**32 - 1), generation.size
    taken = np.append(slot, free)
    within = not taken.size or (taken.min() >= 0 and taken.max() < used)
    if np.unique(taken).size < taken.size or not within:
        raise ValueError(f"orders and free slots must be distinct, 0 to {used - 1}")
    unused = np.setdiff1d(np.arange(used), taken)
    if (generation[unused] != LAST_GENERATION).any() or (order >> 32 != generation[slot]).any():
        raise ValueError("the generations do not fit the orders and the free slots")
    if used and not 0 <= generation.min() <= generation.max() <= LAST_GENERATION:
        raise ValueError(f"generations are 0 to {LAST_GENERATION}")
    limits = {"account": (account, 2**31), "side": (side, 2), "row": (row, prices)}
    for name, (column, end) in limits.items():
        if column.size and not 0 <= column.min() <= column.max() < end:
            raise ValueError(f"{name} must be 0 to {end - 1}")
    if (left < 1).any():
        raise ValueError("an order that rests has something left")
    book = empty_queues(prices, max(used, 64))
    book.slots["generation"][:used] = generation
    book.marks[USED] = used
    _join_all(book, slot, side, row, account, left)
    book.slots["later"][free[:-1]] = free[1:]
    book.slots["later"][free[-1:]] = NOBODY
    book.marks[FREE] = free[0] if free.size else NOBODY
    book.marks[RETIRED] = unused.size
    return book


@njit(cache=True, nogil=True, _nrt=False)
def _list_free(book: Queues, listed: NDArray[np.int64]) -> None:
    slot = book.marks[FREE]
    for i in range(listed.size):
        listed[i] = slot
        slot = book.slots[slot].later


@njit(cache=True, nogil=True, _nrt=False)
def _join_all(
    book: Queues,
    slot: NDArray[np.int64],
    side: NDArray[np.int64],
    row: NDArray[np.int64],
    account: NDArray[np.int64],
    left: NDArray[np.int64],
) -> None:
    for i in range(slot.size):
        book.marks[FREE] = slot[i]
        join(book, side[i], row[i], account[i], left[i])
