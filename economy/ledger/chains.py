"""The kernel for steps that may depend on each other or be asked for twice.

A step is a transfer, a hold, a post or a void. A run of linked steps and the first one after it
that is not linked are a chain (TigerBeetle's linked events): all are made or none. Every step of
a chain is tried, so that each that has something wrong with it says so; then the journal is run
backwards, which takes back balances, holds and keys alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.ledger.borrowing import borrowed
from economy.ledger.holds import Rows, light_rows, make_hold, post_hold, unmake, void_hold
from economy.ledger.keys import ASKED, HOLD as HOLD_MADE, KEY, NO_KEY, Slots, printed, slot_of
from economy.ledger.posting import LINKED, OK, Books, Entry, Refusal, light, post

_ALREADY_MADE, _KEY_REUSED = int(Refusal.ALREADY_MADE), int(Refusal.KEY_REUSED)
_OPEN_CHAIN = int(Refusal.OPEN_CHAIN)
TRANSFER, HOLD, POST, VOID = (int(e) for e in (Entry.TRANSFER, Entry.HOLD, Entry.POST, Entry.VOID))
POST_WHOLE = 5
"""A post of all that a hold reserves; the journal calls it a post."""


class Steps(NamedTuple):
    """A batch of steps of one kind, int64[n] each; what its kind does not need may be empty.

    Attributes:
        debit, credit, amount, code: of transfers and holds; amount also of posts.
        expires: the tick at which a hold expires.
        hold: the hold that is posted or voided.
        key: 0 for none; or the whole column empty.
        linked: bool[n], or empty.
    """

    debit: NDArray[np.int64]
    credit: NDArray[np.int64]
    amount: NDArray[np.int64]
    code: NDArray[np.int64]
    expires: NDArray[np.int64]
    hold: NDArray[np.int64]
    key: NDArray[np.int64]
    linked: NDArray[np.bool_]


@njit(cache=True, nogil=True)
def light_steps(steps: Steps) -> Steps:
    """The same steps, faster to pass on; not to be kept beyond the call (see `borrowing`)."""
    return Steps(
        borrowed(steps.debit),
        borrowed(steps.credit),
        borrowed(steps.amount),
        borrowed(steps.code),
        borrowed(steps.expires),
        borrowed(steps.hold),
        borrowed(steps.key),
        borrowed(steps.linked),
    )


@njit(cache=True, nogil=True)
def take_steps(
    books: Books,
    rows: Rows,
    slots: Slots,
    kind: int,
    steps: Steps,
    now: int,
    refusals: NDArray[np.uint8],
    holds: NDArray[np.int64],
) -> int:
    """Make the steps in order, chains whole or not at all; returns how many keys are new.

    Writes uint8[n] refusals, and int64[n] holds: the id of the hold that was made, or that was
    made before under the same key; 0 for none.
    """
    books, rows, slots, steps = light(books), light_rows(rows), borrowed(slots), light_steps(steps)
    taken = np.empty(steps.key.size, np.int64)  # the slots of the new keys, in order
    new = 0
    first, begun, new_before = 0, books.made[0], 0
    broken = False
    for i in range(refusals.size):
        holds[i] = 0
        refusals[i] = OK
        key, slot, asked = NO_KEY, 0, 0
        if steps.key.size and steps.key[i] != NO_KEY:
            key, asked = steps.key[i], _print(kind, steps, i)
            slot = slot_of(slots, key)
            if slots[slot, KEY] == key:
                same = slots[slot, ASKED] == asked
                refusals[i] = _ALREADY_MADE if same else _KEY_REUSED
                holds[i] = slots[slot, HOLD_MADE] if same else 0
        if refusals[i] == OK:
            refusals[i] = _take(books, rows, kind, steps, i, now)
            if refusals[i] == OK and kind == HOLD:
                holds[i] = rows.used[1] - 1
            if refusals[i] == OK and key != NO_KEY:
                slots[slot, KEY] = key
                slots[slot, ASKED] = asked
                slots[slot, HOLD_MADE] = holds[i]
                taken[new] = slot
                new += 1
        broken |= refusals[i] != OK
        left_open = bool(steps.linked.size) and steps.linked[i]
        if left_open and i + 1 < refusals.size:
            continue
        if left_open or (broken and first < i):
            unmake(books, rows, begun)
            while new > new_before:
                new -= 1
                slots[taken[new], KEY] = NO_KEY
            for j in range(first, i + 1):
                if refusals[j] == OK:
                    refusals[j] = LINKED
                    holds[j] = 0
            if left_open:
                refusals[i] = _OPEN_CHAIN
                holds[i] = 0
        first, begun, new_before = i + 1, books.made[0], new
        broken = False
    return new


@njit(cache=True, nogil=True, inline="always")
def _take(books: Books, rows: Rows, kind: int, steps: Steps, i: int, now: int) -> int:
    if kind == TRANSFER:
        return post(books, steps.debit[i], steps.credit[i], steps.amount[i], steps.code[i])
    if kind == HOLD:
        debit, credit, amount = steps.debit[i], steps.credit[i], steps.amount[i]
        return make_hold(books, rows, debit, credit, amount, steps.code[i], steps.expires[i], now)
    if kind == VOID:
        return void_hold(books, rows, steps.hold[i], VOID)
    amount = steps.amount[i] if kind == POST else 0
    return post_hold(books, rows, steps.hold[i], amount, kind == POST_WHOLE, now)


@njit(cache=True, nogil=True, inline="always")
def _print(kind: int, steps: Steps, i: int) -> int:
    """64 bits of what a step asks for."""
    seen = printed(0, kind)
    if kind in (TRANSFER, HOLD):
        seen = printed(printed(seen, steps.debit[i]), steps.credit[i])
        seen = printed(printed(seen, steps.amount[i]), steps.code[i])
        return printed(seen, steps.expires[i]) if kind == HOLD else seen
    seen = printed(seen, steps.hold[i])
    return printed(seen, steps.amount[i]) if kind == POST else seen
