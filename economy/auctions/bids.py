"""The bids of sealed auctions as columns, found again by auction, bidder and message.

What stays of a set of messages does not depend on their order or repetition: a bid lives if it
came, was not cancelled (before or after), and did not come in two versions.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.columns import LARGEST
from swarm.chance import GAMMA, mixed


class BidRefusal(IntEnum):
    """What became of a message; where several reasons hold, the first in this order."""

    OK = 0  # it was taken
    UNKNOWN_AUCTION = 1  # no auction of this number was opened
    CLOSED_AUCTION = 2  # its tick has come
    UNKNOWN_ACCOUNT = 3  # the bidder is no ordinary account, or the house's own
    NOT_POSITIVE = 4  # price or quantity is below 1
    TOO_LARGE = 5  # price * quantity exceeds 2**63 - 1
    BELOW_RESERVE = 6  # it could not win
    ALREADY_MADE = 7  # this message came before
    KEY_REUSED = 8  # another bid came under this message; neither counts
    CANCELLED = 9  # the bid was cancelled, perhaps before it came


OK = int(BidRefusal.OK)
_ALREADY_MADE, _KEY_REUSED = int(BidRefusal.ALREADY_MADE), int(BidRefusal.KEY_REUSED)
_CANCELLED = int(BidRefusal.CANCELLED)
LIVE, STRUCK, GONE = 1, 2, 3  # a bid that counts; that came in two versions; that was cancelled
_LOW = (1 << 32) - 1


class Bids(NamedTuple):
    """Messages that were taken, oldest first, and where to find them.

    Attributes:
        auction, bidder, message, price, quantity, status: int64[room].
        index: int64[2**k], at most half full: a row + 1, or 0; linear probing.
        used: int64[1], the rows in use.
    """

    auction: NDArray[np.int64]
    bidder: NDArray[np.int64]
    message: NDArray[np.int64]
    price: NDArray[np.int64]
    quantity: NDArray[np.int64]
    status: NDArray[np.int64]
    index: NDArray[np.int64]  # type: ignore[assignment]
    used: NDArray[np.int64]


COLUMNS = Bids._fields[:6]


def bids_of(columns: tuple[NDArray[np.int64], ...], room: int) -> Bids:
    """A table of these rows, copied, with room for so many more."""
    used = columns[0].size
    size = 16
    while size < 2 * (used + room):
        size *= 2
    grown = np.zeros((len(COLUMNS), size // 2), np.int64)
    grown[:, :used] = columns
    bids = Bids(*grown, np.zeros(size, np.int64), np.array([used]))  # type: ignore[call-arg]
    _fill_index(bids)
    return bids


def sound(rows: tuple[NDArray[np.int64], ...]) -> bool:
    """Whether saved rows could be the table of a house: of one length, in range, each once."""
    auction, bidder, message, price, quantity, status = rows
    known = np.unique(np.column_stack((auction, bidder, message)), axis=0)
    in_range = (price >= 1) & (quantity >= 1) & (price <= LARGEST // np.maximum(quantity, 1))
    return bool(
        len(known) == auction.size
        and in_range.all()
        and np.isin(status, (LIVE, STRUCK, GONE)).all()
    )


def rows_of(bids: Bids) -> tuple[NDArray[np.int64], ...]:
    """The columns in use, views."""
    return tuple(column[: bids.used[0]] for column in bids[:6])


@njit(cache=True, nogil=True)
def receive(
    bids: Bids, owed: NDArray[np.int64], message: Bids, cancels: bool, refusals: NDArray[np.uint8]
) -> None:
    """Take bids, or cancellations, that nothing spoke against yet; updates uint8[n] refusals.

    ``owed``, int64[2, accounts], is what each bidder's live bids would cost: the upper and the
    lower 32 bits, summed apart.
    """
    for i in range(refusals.size):
        if refusals[i] != OK:
            continue
        slot = _slot_of(bids, message.auction[i], message.bidder[i], message.message[i])
        row = bids.index[slot] - 1
        if row < 0:
            row = bids.used[0]
            bids.used[0] = row + 1
            bids.index[slot] = row + 1
            bids.auction[row] = message.auction[i]
            bids.bidder[row] = message.bidder[i]
            bids.message[row] = message.message[i]
            bids.price[row] = message.price[i]
            bids.quantity[row] = message.quantity[i]
            bids.status[row] = GONE if cancels else LIVE
            if not cancels:
                owe(bids, owed, row, 1)
        elif cancels:
            if bids.status[row] == LIVE:
                owe(bids, owed, row, -1)
                bids.status[row] = GONE
            else:
                refusals[i] = _ALREADY_MADE
        elif bids.status[row] == GONE:
            refusals[i] = _CANCELLED
        elif (
            bids.status[row] == LIVE
            and bids.price[row] == message.price[i]
            and bids.quantity[row] == message.quantity[i]
        ):
            refusals[i] = _ALREADY_MADE
        else:
            if bids.status[row] == LIVE:
                owe(bids, owed, row, -1)
                bids.status[row] = STRUCK
            refusals[i] = _KEY_REUSED


@njit(cache=True, nogil=True)
def owe(bids: Bids, owed: NDArray[np.int64], row: int, sign: int) -> None:
    """Add the cost of a bid to what its bidder owes, or take it away."""
    cost = bids.price[row] * bids.quantity[row]
    owed[0, bids.bidder[row]] += sign * (cost >> 32)
    owed[1, bids.bidder[row]] += sign * (cost & _LOW)


@njit(cache=True, nogil=True)
def owe_all(bids: Bids, owed: NDArray[np.int64]) -> None:
    """Add the costs of all live bids."""
    for row in range(bids.used[0]):
        if bids.status[row] == LIVE:
            owe(bids, owed, row, 1)


def owed_by(owed: NDArray[np.int64], bidders: NDArray[np.int64]) -> NDArray[np.int64]:
    """What bidders owe in all, int64[n], or 2**63 - 1 where it is more."""
    upper = owed[0, bidders] + (owed[1, bidders] >> 32)
    lower = owed[1, bidders] & _LOW
    return np.where(upper >> 31, LARGEST, (upper & (_LOW >> 1)) << 32 | lower)


@njit(cache=True, nogil=True)
def afforded(
    order: NDArray[np.int64],
    member: NDArray[np.int64],
    price: NDArray[np.int64],
    quantity: NDArray[np.int64],
    budget: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The units, int64[n], that each bidder's budget pays for, bids taken in this order."""
    units = np.zeros(price.size, np.int64)
    left = budget.copy()
    for i in order:
        units[i] = min(quantity[i], left[member[i]] // price[i])
        left[member[i]] -= units[i] * price[i]
    return units


@njit(cache=True, nogil=True)
def priorities(
    salt: int, auction: int, bidder: NDArray[np.int64], message: NDArray[np.int64]
) -> NDArray[np.int64]:
    """A hash of salt, auction, bidder and message, int64[n] from 0: the lower goes first."""
    found = np.empty(bidder.size, np.int64)
    for i in range(bidder.size):
        found[i] = np.int64(_hashed(salt, auction, bidder[i], message[i]) >> np.uint64(1))
    return found


@njit(cache=True, nogil=True)
def _hashed(salt: int, auction: int, bidder: int, message: int) -> np.uint64:
    seen = mixed(np.uint64(salt) + GAMMA)
    seen = mixed((seen ^ np.uint64(auction)) + GAMMA)
    seen = mixed((seen ^ np.uint64(bidder)) + GAMMA)
    return mixed((seen ^ np.uint64(message)) + GAMMA)


@njit(cache=True, nogil=True)
def _slot_of(bids: Bids, auction: int, bidder: int, message: int) -> np.int64:
    """Where the index has this message, or would have it."""
    last = bids.index.size - 1
    slot = np.int64(_hashed(0, auction, bidder, message)) & last
    while bids.index[slot] > 0:
        row = bids.index[slot] - 1
        if (
            bids.auction[row] == auction
            and bids.bidder[row] == bidder
            and bids.message[row] == message
        ):
            break
        slot = (slot + 1) & last
    return slot


@njit(cache=True, nogil=True)
def _fill_index(bids: Bids) -> None:
    for row in range(bids.used[0]):
        slot = _slot_of(bids, bids.auction[row], bids.bidder[row], bids.message[row])
        bids.index[slot] = row + 1
