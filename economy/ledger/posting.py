"""The kernels that move tokens: one transfer, checked, made and journalled; or many.

Everything that settles in compiled code (batches of transfers, order books, markets) calls `post`
on the `Books` that a ledger opens for it, so that there is one place where balances change:

    books = ledger.open_books(room=payer.size)
    pay_all(books, payer, payee, amount)
    ledger.close_books(books)

    @njit(cache=True, nogil=True)
    def pay_all(books, payer, payee, amount):
        books = light(books)  # eight times as fast as without
        for i in range(payer.size):
            post(books, payer[i], payee[i], amount[i], 0)
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.columns import LARGEST
from economy.ledger.borrowing import borrowed

ISSUER = 0
"""The account that mints: debit it to create tokens, credit it to destroy them."""


class Refusal(IntEnum):
    """Why a step was not made; where several reasons hold, the first that was looked for.

    A key is looked at first, then the accounts and the amount in the order of this list; a hold
    that is named is looked up before the amount is.
    """

    OK = 0  # it was made
    NOT_POSITIVE = 1  # the amount is below 1
    SAME_ACCOUNT = 2  # debit and credit are one account
    UNKNOWN_ACCOUNT = 3  # one of the two was never opened
    INSUFFICIENT = 4  # less than the amount is available on the debited account
    OVERFLOW = 5  # the supply, pending mints included, would exceed 2**63 - 1
    LINKED = 6  # nothing wrong with it, but another of its chain was refused
    OPEN_CHAIN = 7  # the last of the batch, and linked to a next that never came
    ALREADY_MADE = 8  # this key was used before, for the same; nothing moves twice
    KEY_REUSED = 9  # this key was used before, for something else
    UNKNOWN_HOLD = 10  # no hold ever had this id
    FINISHED_HOLD = 11  # it was posted, voided or expired before
    EXPIRED_HOLD = 12  # its tick has come: it can only be voided
    EXCEEDS_HOLD = 13  # more than the hold reserved


class Entry(IntEnum):
    """What a row of the journal did with its amount."""

    TRANSFER = 0  # from what the debited account has available to the credited account
    HOLD = 1  # reserved it on the debited account
    POST = 2  # from what is held on the debited account to the credited account
    VOID = 3  # gave it back to the debited account: asked for, or left over by a post
    EXPIRE = 4  # gave it back to the debited account when its tick had come


class Books(NamedTuple):
    """What accounts have and the free rows of the journal, as compiled code writes them.

    Attributes:
        available: int64[A], tokens by account that can be spent, in place.
        held: int64[A], tokens by account that holds reserve, in place.
        debit, credit, amount: int64[room], rows of the journal that are free.
        code: int16[room].
        kind: uint8[room], an `Entry`; free rows are 0, a transfer.
        hold: int64[room], the id of the hold; free rows are 0, none.
        made: int64[1], how many of these rows have been written.
    """

    available: NDArray[np.int64]
    held: NDArray[np.int64]
    debit: NDArray[np.int64]
    credit: NDArray[np.int64]
    amount: NDArray[np.int64]
    code: NDArray[np.int16]
    kind: NDArray[np.uint8]
    hold: NDArray[np.int64]
    made: NDArray[np.int64]


# Plain integers: numba would keep the enum itself in its cache.
OK, NOT_POSITIVE, SAME_ACCOUNT, UNKNOWN_ACCOUNT, INSUFFICIENT, OVERFLOW, LINKED = (
    int(refusal) for refusal in Refusal if refusal <= Refusal.LINKED
)


@njit(cache=True, nogil=True, inline="always")
def post(books: Books, debit: int, credit: int, amount: int, code: int) -> int:
    """Make one transfer if nothing speaks against it; returns its `Refusal`, 0 if it was made."""
    refusal = refused(books.available, debit, credit, amount)
    if refusal == OK:
        books.available[debit] -= amount
        books.available[credit] += amount
        enter(books, debit, credit, amount, code)
    return refusal


@njit(cache=True, nogil=True)
def light(books: Books) -> Books:
    """The same books, faster to pass on; not to be kept beyond the call (see `borrowing`)."""
    return Books(
        borrowed(books.available),
        borrowed(books.held),
        borrowed(books.debit),
        borrowed(books.credit),
        borrowed(books.amount),
        borrowed(books.code),
        borrowed(books.kind),
        borrowed(books.hold),
        borrowed(books.made),
    )


@njit(cache=True, nogil=True, inline="always")
def refused(available: NDArray[np.int64], debit: int, credit: int, amount: int) -> int:
    """Why a transfer cannot be made, a `Refusal`; 0 if it can."""
    if amount <= 0:
        return NOT_POSITIVE
    if debit == credit:
        return SAME_ACCOUNT
    if not (0 <= debit < available.size and 0 <= credit < available.size):
        return UNKNOWN_ACCOUNT
    if debit != ISSUER:
        return INSUFFICIENT if available[debit] < amount else OK
    return OVERFLOW if available[ISSUER] < amount - LARGEST else OK


@njit(cache=True, nogil=True, inline="always")
def enter(books: Books, debit: int, credit: int, amount: int, code: int) -> int:
    """Write the next row of the journal, a transfer; returns the row."""
    row = books.made[0]
    books.debit[row] = debit
    books.credit[row] = credit
    books.amount[row] = amount
    books.code[row] = code
    books.made[0] = row + 1
    return row


@njit(cache=True, nogil=True)
def post_each(
    books: Books,
    debit: NDArray[np.int64],
    credit: NDArray[np.int64],
    amount: NDArray[np.int64],
    code: NDArray[np.int64],
    refusals: NDArray[np.uint8],
) -> None:
    """Make transfers in order, each on its own; writes uint8[n] refusals."""
    books = light(books)
    for i in range(debit.size):
        refusals[i] = post(books, debit[i], credit[i], amount[i], code[i])
