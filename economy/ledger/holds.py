"""Holds: transfers in two phases, reserved first and then posted, voided or expired.

A hold moves its amount from what the debited account has available to what is held on it. A post
moves all of it or a part to the credited account and gives back the rest; a void or an expiry
gives back all. (TigerBeetle's two-phase transfers.)

Open holds are rows in rising order of their ids, which count from 1 and are never used twice.
Finished rows have the amount 0 and are dropped when they are more than half.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.columns import LARGEST
from economy.ledger.borrowing import borrowed
from economy.ledger.columns import with_room
from economy.ledger.errors import LedgerError
from economy.ledger.posting import OK, Books, Entry, Refusal, enter, light, refused

NEVER = LARGEST
"""The tick at which a hold without ``expires`` expires."""

_NOT_POSITIVE = int(Refusal.NOT_POSITIVE)
_UNKNOWN, _FINISHED = int(Refusal.UNKNOWN_HOLD), int(Refusal.FINISHED_HOLD)
_EXPIRED, _EXCEEDS = int(Refusal.EXPIRED_HOLD), int(Refusal.EXCEEDS_HOLD)
_ROW_REFUSALS = _UNKNOWN + 2  # added to -2, an unknown hold, or -1, a finished one
_HOLD, _POST, _VOID = int(Entry.HOLD), int(Entry.POST), int(Entry.VOID)


class Rows(NamedTuple):
    """The holds as compiled code uses them; `made` counts what it has appended.

    Attributes:
        id, debit, credit, amount, expires, code: int64[room]; amount 0 for a finished hold.
        used: int64[2], the rows in use and the next id.
    """

    id: NDArray[np.int64]
    debit: NDArray[np.int64]
    credit: NDArray[np.int64]
    amount: NDArray[np.int64]
    expires: NDArray[np.int64]
    code: NDArray[np.int64]
    used: NDArray[np.int64]


COLUMNS = Rows._fields[:-1]


class Holds:
    """The open holds of a ledger."""

    def __init__(self) -> None:
        self.rows = Rows._make((*np.zeros((len(COLUMNS), 8), np.int64), np.array([0, 1])))
        self._crowded = 64  # rows at which it is worth looking for finished ones
        self._due = NEVER  # no open hold expires before this tick

    def make_room(self, more: int) -> Rows:
        """The rows, with room for so many more holds; finished ones may be dropped."""
        used = int(self.rows.used[0])
        if used + more > self._crowded:
            used = self._drop_finished()
            self._crowded = max(64, 2 * used + more)
        columns = (with_room(column, used + more) for column in self.rows[:-1])
        self.rows = Rows._make((*columns, self.rows.used))
        return self.rows

    def take_note(self, expires: NDArray[np.int64]) -> None:
        """Remember when the first of these new holds expires."""
        if expires.size:
            self._due = min(self._due, int(expires.min()))

    def due(self, tick: int) -> NDArray[np.int64]:
        """The ids of the open holds that expire at this tick or before, in rising order."""
        if tick < self._due:
            return np.zeros(0, np.int64)
        used = int(self.rows.used[0])
        expires, is_open = self.rows.expires[:used], self.rows.amount[:used] > 0
        later = expires[is_open & (expires > tick)]
        self._due = int(later.min()) if later.size else NEVER
        return self.rows.id[:used][is_open & (expires <= tick)]

    def amounts(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """What these holds reserve, int64[n]: 0 for finished ones and ids that never were."""
        used = int(self.rows.used[0])
        known = self.rows.id[:used]
        at = np.searchsorted(known, ids)
        found = at < used
        found[found] = known[at[found]] == ids[found]
        amounts = np.zeros(ids.size, np.int64)
        amounts[found] = self.rows.amount[at[found]]
        return amounts

    def total(self, accounts: int) -> NDArray[np.int64]:
        """What open holds reserve on each account, int64[accounts]."""
        used = int(self.rows.used[0])
        total = np.zeros(accounts, np.int64)
        np.add.at(total, self.rows.debit[:used], self.rows.amount[:used])
        return total

    def state(self) -> dict[str, NDArray[np.int64]]:
        """The open holds as columns, and the next id."""
        is_open = np.flatnonzero(self.rows.amount[: self.rows.used[0]])
        columns = {name: getattr(self.rows, name)[is_open] for name in COLUMNS}
        return columns | {"next": np.array(self.rows.used[1])}

    def restore(self, state: Mapping[str, NDArray[np.int64]], accounts: int) -> None:
        """Hold copies of these holds of so many accounts."""
        columns = [state[name].copy() for name in COLUMNS]
        sizes = {column.size for column in columns}
        if len(sizes) > 1 or state["next"].size != 1:
            raise LedgerError(f"holds_{', holds_'.join(COLUMNS)} must have one length")
        size, following = sizes.pop(), int(state["next"][0])
        found = Rows._make((*columns, np.array([size, following])))
        ids = np.concatenate(([0], found.id, [following]))
        if (ids[1:] <= ids[:-1]).any() or (found.amount < 1).any():
            raise LedgerError(
                "holds_id must rise from 1 to below holds_next, and holds_amount be 1 or more"
            )
        ends = np.concatenate((found.debit, found.credit))
        if ends.size and not 0 <= ends.min() <= ends.max() < accounts:
            raise LedgerError(f"holds name accounts {ends.min()} to {ends.max()} of {accounts}")
        self.rows, self._crowded, self._due = found, max(64, 2 * size), NEVER
        self.take_note(found.expires)

    def _drop_finished(self) -> int:
        """Close the gaps if more than half are finished; returns the rows in use."""
        used = int(self.rows.used[0])
        is_open = np.flatnonzero(self.rows.amount[:used])
        if 2 * is_open.size < used:
            for column in self.rows[:-1]:
                column[: is_open.size] = column[is_open]
            self.rows.used[0] = is_open.size
        return int(self.rows.used[0])


@njit(cache=True, nogil=True, inline="always")
def make_hold(
    books: Books,
    rows: Rows,
    debit: int,
    credit: int,
    amount: int,
    code: int,
    expires: int,
    now: int,
) -> int:
    """Reserve an amount until a tick. Returns a `Refusal`."""
    refusal = refused(books.available, debit, credit, amount)
    if refusal == OK and expires <= now:
        refusal = _EXPIRED
    if refusal == OK:
        books.available[debit] -= amount
        books.held[debit] += amount
        row, hold = rows.used[0], rows.used[1]
        rows.id[row] = hold
        rows.debit[row] = debit
        rows.credit[row] = credit
        rows.amount[row] = amount
        rows.expires[row] = expires
        rows.code[row] = code
        rows.used[0] = row + 1
        rows.used[1] = hold + 1
        _enter(books, rows, row, amount, _HOLD)
    return refusal


@njit(cache=True, nogil=True, inline="always")
def post_hold(books: Books, rows: Rows, hold: int, amount: int, whole: bool, now: int) -> int:
    """Pay a hold, whole or this amount of it, and give back the rest. Returns a `Refusal`."""
    row = _row_of(rows, hold)
    if row < 0:
        return row + _ROW_REFUSALS
    if rows.expires[row] <= now:
        return _EXPIRED
    reserved = rows.amount[row]
    if whole:
        amount = reserved
    if amount <= 0:
        return _NOT_POSITIVE
    if amount > reserved:
        return _EXCEEDS
    books.held[rows.debit[row]] -= amount
    books.available[rows.credit[row]] += amount
    rows.amount[row] -= amount
    _enter(books, rows, row, amount, _POST)
    if amount < reserved:
        _give_back(books, rows, row, _VOID)
    return OK


@njit(cache=True, nogil=True, inline="always")
def void_hold(books: Books, rows: Rows, hold: int, kind: int) -> int:
    """Give a hold back, as a void or an expiry. Returns a `Refusal`."""
    row = _row_of(rows, hold)
    if row < 0:
        return row + _ROW_REFUSALS
    _give_back(books, rows, row, kind)
    return OK


@njit(cache=True, nogil=True)
def light_rows(rows: Rows) -> Rows:
    """The same rows, faster to pass on; not to be kept beyond the call (see `borrowing`)."""
    return Rows(
        borrowed(rows.id),
        borrowed(rows.debit),
        borrowed(rows.credit),
        borrowed(rows.amount),
        borrowed(rows.expires),
        borrowed(rows.code),
        borrowed(rows.used),
    )


@njit(cache=True, nogil=True)
def void_each(books: Books, rows: Rows, holds: NDArray[np.int64], kind: int) -> None:
    """Give back open holds, as voids or expiries."""
    books, rows = light(books), light_rows(rows)
    for i in range(holds.size):
        void_hold(books, rows, holds[i], kind)


@njit(cache=True, nogil=True)
def unmake(books: Books, rows: Rows, begun: int) -> None:
    """Take back all movements from this row of the journal on, the last first."""
    while books.made[0] > begun:
        books.made[0] -= 1
        at = books.made[0]
        kind, amount = books.kind[at], books.amount[at]
        if kind == 0:
            books.available[books.debit[at]] += amount
            books.available[books.credit[at]] -= amount
        elif kind == _HOLD:
            books.held[books.debit[at]] -= amount
            books.available[books.debit[at]] += amount
            rows.used[0] -= 1
            rows.used[1] -= 1
        else:
            books.held[books.debit[at]] += amount
            books.available[books.credit[at] if kind == _POST else books.debit[at]] -= amount
            # The row is there: nothing is dropped while compiled code runs.
            rows.amount[_find(rows, books.hold[at])] += amount
        books.kind[at] = 0
        books.hold[at] = 0


@njit(cache=True, nogil=True, inline="always")
def _row_of(rows: Rows, hold: int) -> int:
    """The row of an open hold; -2 if there never was one, -1 if it is finished."""
    if not 0 < hold < rows.used[1]:
        return -2
    row = _find(rows, hold)
    return row if row >= 0 and rows.amount[row] > 0 else -1


@njit(cache=True, nogil=True, inline="always")
def _find(rows: Rows, hold: int) -> int:
    """The row of a hold, open or finished; -1 if it was dropped."""
    if rows.used[0] == 0 or hold < rows.id[0]:
        return -1
    # Ids rise by 1 or more a row: it is at the row counted from the first, or before.
    high = min(hold - rows.id[0], rows.used[0] - 1)
    low = 0
    while rows.id[high] != hold:
        if rows.id[high] < hold or low >= high:
            return -1
        middle = (low + high) // 2
        if rows.id[middle] < hold:
            low = middle + 1
        else:
            high = middle
    return high


@njit(cache=True, nogil=True, inline="always")
def _give_back(books: Books, rows: Rows, row: int, kind: int) -> None:
    amount = rows.amount[row]
    books.held[rows.debit[row]] -= amount
    books.available[rows.debit[row]] += amount
    rows.amount[row] = 0
    _enter(books, rows, row, amount, kind)


@njit(cache=True, nogil=True, inline="always")
def _enter(books: Books, rows: Rows, row: int, amount: int, kind: int) -> None:
    at = enter(books, rows.debit[row], rows.credit[row], amount, rows.code[row])
    books.kind[at] = kind
    books.hold[at] = rows.id[row]
