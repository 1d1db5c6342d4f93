"""The resting orders of a book: one first-in, first-out queue for each price.

A queue is a doubly linked list of slots, so that an order joins, is served and is cancelled in a
fixed number of steps. A slot is 32 bytes: half a line of cache serves a whole order. Freed slots
are used again, last freed first; each use has its own generation, and the id of an order is
``generation * 2**32 + slot``, so ids are never reused.

Both sides share the queues: a book is never crossed, so a price holds bids or asks, not both.
Which prices are occupied is kept in four tiers of bits, 64 rows of a tier to a word of the next
(a van Emde Boas layout with branching 64), so that the next occupied price is found in at most
eight steps however wide the range is.

The kernels here and in ``matching`` are compiled without counting references (``_nrt=False``) and
into each other (``forceinline``): they make no arrays and keep none, and counting those they are
given, or passing them on, took nine tenths of the time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.book.machine import highest_bit, lowest_bit

TIERS = 4
MOST_PRICES = 64**TIERS
"""The most prices, in ticks, that a book spans: 2**24."""

NOBODY = -1
LAST_GENERATION = 2**31 - 1

SLOT = np.dtype(
    [
        ("left", np.int64),  # units still wanted or offered, above 0 while the order rests
        ("row", np.int32),  # price less the lowest price of the book
        ("account", np.int32),
        ("later", np.int32),  # the next slot in the queue, or in the list of free slots
        ("earlier", np.int32),
        ("generation", np.int32),
        ("side", np.int32),
    ],
    align=True,
)
QUEUE = np.dtype([("first", np.int32), ("last", np.int32)], align=True)

# What the marks of a book say.
BEST_BID = 0  # the row of the highest bid, -1 if none
BEST_ASK = 1  # the row of the lowest ask, the number of rows if none
FREE = 2  # the first free slot that was used before, -1 if none
USED = 3  # the slots that were ever used
RESTING = 4  # the orders that rest
RETIRED = 5  # slots that ran out of generations: neither resting nor free


class Queues(NamedTuple):
    """The arrays of a book, as compiled code writes them.

    Attributes:
        queues: QUEUE[prices], first and last slot of each price, -1 if it is empty.
        slots: SLOT[room].
        bits: uint64[words], the four tiers of occupied prices, finest first.
        starts: int64[4], where each tier begins in ``bits``.
        marks: int64[6], see ``BEST_BID`` and its neighbours.
    """

    queues: NDArray[np.void]
    slots: NDArray[np.void]
    bits: NDArray[np.uint64]
    starts: NDArray[np.int64]
    marks: NDArray[np.int64]


def empty_queues(prices: int, room: int) -> Queues:
    """Queues for so many prices without orders, with slots for ``room`` orders."""
    queues = np.empty(prices, QUEUE)
    queues["first"] = queues["last"] = NOBODY
    widths = [-(-prices // 64**tier) for tier in range(1, TIERS + 1)]
    starts = np.cumsum([0, *widths[:-1]], dtype=np.int64)
    marks = np.array([NOBODY, prices, NOBODY, 0, 0, 0], np.int64)
    return Queues(queues, np.zeros(room, SLOT), np.zeros(sum(widths), np.uint64), starts, marks)


def with_room(book: Queues, room: int) -> Queues:
    """The book with at least ``room`` slots that are free: itself, or grown twofold or more."""
    needed = int(book.marks[RESTING] + book.marks[RETIRED]) + room
    if needed <= book.slots.size:
        return book
    slots = np.zeros(max(needed, 2 * book.slots.size), SLOT)
    slots[: book.slots.size] = book.slots
    return book._replace(slots=slots)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def join(book: Queues, side: int, row: int, account: int, left: int) -> int:
    """Put an order at the end of the queue of its price; returns its id. A slot must be free."""
    marks, slots = book.marks, book.slots
    slot = marks[FREE]
    if slot != NOBODY:
        marks[FREE] = slots[slot].later
    else:
        slot = marks[USED]
        marks[USED] = slot + 1
    marks[RESTING] += 1
    order = slots[slot]
    queue = book.queues[row]
    last = queue.last
    order.left = left
    order.row = row
    order.account = account
    order.later = NOBODY
    order.earlier = last
    order.side = side
    queue.last = slot
    if last != NOBODY:
        slots[last].later = slot
    else:
        queue.first = slot
        _occupy(book, row)
        if side == 0:
            marks[BEST_BID] = max(marks[BEST_BID], row)
        else:
            marks[BEST_ASK] = min(marks[BEST_ASK], row)
    return (np.int64(order.generation) << 32) | slot


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def leave(book: Queues, slot: int) -> None:
    """Take a resting order out of its queue and free its slot."""
    marks, slots = book.marks, book.slots
    order = slots[slot]
    queue = book.queues[order.row]
    if order.earlier != NOBODY:
        slots[order.earlier].later = order.later
    else:
        queue.first = order.later
    if order.later != NOBODY:
        slots[order.later].earlier = order.earlier
    else:
        queue.last = order.earlier
    if queue.first == NOBODY:
        _vacate(book, order.row)
        if order.side == 0:
            if order.row == marks[BEST_BID]:
                marks[BEST_BID] = next_below(book, order.row)
        elif order.row == marks[BEST_ASK]:
            marks[BEST_ASK] = next_above(book, order.row)
    order.left = 0
    marks[RESTING] -= 1
    if order.generation < LAST_GENERATION:
        order.generation += 1
        order.later = marks[FREE]
        marks[FREE] = slot
    else:
        marks[RETIRED] += 1


@njit(cache=True, nogil=True, _nrt=False)
def next_above(book: Queues, row: int) -> int:
    """Return the lowest occupied row above one; the number of rows if there is none."""
    for tier in range(TIERS):
        start = book.starts[tier]
        above = book.bits[start + (row >> 6)] >> np.uint64(row & 63) >> np.uint64(1)
        if above:
            row += 1 + lowest_bit(above)
            for finer in range(tier - 1, -1, -1):
                row = row << 6 | lowest_bit(book.bits[book.starts[finer] + row])
            return row
        row >>= 6
    return book.queues.size


@njit(cache=True, nogil=True, _nrt=False)
def next_below(book: Queues, row: int) -> int:
    """Return the highest occupied row below one; -1 if there is none."""
    for tier in range(TIERS):
        start = book.starts[tier]
        below = book.bits[start + (row >> 6)] << np.uint64(63 - (row & 63)) << np.uint64(1)
        if below:
            row -= 64 - highest_bit(below)
            for finer in range(tier - 1, -1, -1):
                row = row << 6 | highest_bit(book.bits[book.starts[finer] + row])
            return row
        row >>= 6
    return NOBODY


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _occupy(book: Queues, row: int) -> None:
    for tier in range(TIERS):
        word = book.starts[tier] + (row >> 6)
        before = book.bits[word]
        book.bits[word] = before | np.uint64(1) << np.uint64(row & 63)
        if before:
            return
        row >>= 6


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def _vacate(book: Queues, row: int) -> None:
    for tier in range(TIERS):
        word = book.starts[tier] + (row >> 6)
        after = book.bits[word] & ~(np.uint64(1) << np.uint64(row & 63))
        book.bits[word] = after
        if after:
            return
        row >>= 6


def resting(book: Queues) -> dict[str, NDArray[Any]]:
    """Return the resting orders as columns: by price, then by priority; prices as rows."""
    slots = np.empty(int(book.marks[RESTING]), np.int64)
    _list_slots(book, slots)
    orders = book.slots[slots]
    columns: dict[str, NDArray[Any]] = {
        "order": orders["generation"].astype(np.int64) << 32 | slots
    }
    for name in ("account", "side", "row", "left"):
        columns[name] = orders[name].astype(np.int64)
    return columns


@njit(cache=True, nogil=True, _nrt=False)
def _list_slots(book: Queues, listed: NDArray[np.int64]) -> None:
    row, count = 0, 0
    if book.queues[0].first == NOBODY:
        row = next_above(book, 0)
    while row < book.queues.size:
        slot = book.queues[row].first
        while slot != NOBODY:
            listed[count] = slot
            count += 1
            slot = book.slots[slot].later
        row = next_above(book, row)
