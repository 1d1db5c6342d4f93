"""The kernel that moves tokens: one transfer, checked, made and journalled.

Everything that settles in compiled code (batches of transfers, order books, markets) calls `post`
on the `Books` that a ledger opens for it, so that there is one place where balances change.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.columns import LARGEST

ISSUER = 0
"""The account that mints: debit it to create tokens, credit it to destroy them."""


class Refusal(IntEnum):
    """Why a transfer was not made; where several reasons hold, the first in this order."""

    OK = 0  # it was made
    NOT_POSITIVE = 1  # the amount is below 1
    SAME_ACCOUNT = 2  # debit and credit are one account
    UNKNOWN_ACCOUNT = 3  # one of the two was never opened
    INSUFFICIENT = 4  # the debited account holds less than the amount
    OVERFLOW = 5  # the supply would exceed 2**63 - 1
    LINKED = 6  # nothing wrong with it, but another of its linked batch was refused


class Books(NamedTuple):
    """Balances and the free rows of the journal, as compiled code writes them.

    Attributes:
        balances: int64[A], tokens by account, in place.
        debit, credit, amount: int64[room], rows of the journal that are free.
        code: int16[room].
        made: int64[1], how many of these rows have been written.
    """

    balances: NDArray[np.int64]
    debit: NDArray[np.int64]
    credit: NDArray[np.int64]
    amount: NDArray[np.int64]
    code: NDArray[np.int16]
    made: NDArray[np.int64]


# Plain integers: numba would keep the enum itself in its cache.
OK, NOT_POSITIVE, SAME_ACCOUNT, UNKNOWN_ACCOUNT, INSUFFICIENT, OVERFLOW, LINKED = (
    int(refusal) for refusal in Refusal
)


@njit(cache=True, nogil=True)
def post(books: Books, debit: int, credit: int, amount: int, code: int) -> int:
    """Make one transfer if nothing speaks against it; returns its `Refusal`, 0 if it was made."""
    refusal = refused(books.balances, debit, credit, amount)
    if refusal == OK:
        books.balances[debit] -= amount
        books.balances[credit] += amount
        row = books.made[0]
        books.debit[row] = debit
        books.credit[row] = credit
        books.amount[row] = amount
        books.code[row] = code
        books.made[0] = row + 1
    return refusal


@njit(cache=True, nogil=True)
def refused(balances: NDArray[np.int64], debit: int, credit: int, amount: int) -> int:
    """Why a transfer cannot be made, a `Refusal`; 0 if it can."""
    if amount <= 0:
        return NOT_POSITIVE
    if debit == credit:
        return SAME_ACCOUNT
    if not (0 <= debit < balances.size and 0 <= credit < balances.size):
        return UNKNOWN_ACCOUNT
    if debit != ISSUER:
        return INSUFFICIENT if balances[debit] < amount else OK
    return OVERFLOW if balances[ISSUER] < amount - LARGEST else OK


@njit(cache=True, nogil=True)
def post_batch(
    books: Books,
    debit: NDArray[np.int64],
    credit: NDArray[np.int64],
    amount: NDArray[np.int64],
    code: NDArray[np.int64],
    linked: bool,
    refusals: NDArray[np.uint8],
) -> None:
    """Make transfers in order, all or none of them if linked; writes uint8[n] refusals."""
    begun = books.made[0]
    for i in range(debit.size):
        refusals[i] = post(books, debit[i], credit[i], amount[i], code[i])
    if linked and books.made[0] - begun < debit.size:
        for i in range(debit.size):
            if refusals[i] == OK:
                books.balances[debit[i]] += amount[i]
                books.balances[credit[i]] -= amount[i]
                refusals[i] = LINKED
        books.made[0] = begun
