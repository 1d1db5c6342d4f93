"""Who holds how many shares of which firm: sorted columns, one row a holding.

Guarantees: a holding has 1 share or more, and there is one row for each firm and holder; moving
shares changes no firm's total.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from economy.firms.errors import FirmRefusal

Column = NDArray[np.int64]

HOLDER_BITS = 32
"""A row's key is firm * 2**32 + holder, so both are below 2**31."""
LARGEST_ID = 2**31 - 1

# Plain integers: numba would keep the enum itself in its cache.
OK, INSUFFICIENT_SHARES = int(FirmRefusal.OK), int(FirmRefusal.INSUFFICIENT_SHARES)


class CapTable:
    """The holdings of all firms, by firm and then by holder (a ledger account).

    >>> table = CapTable()
    >>> table.add(np.array([0, 0]), np.array([7, 8]), np.array([60, 40]))
    >>> table.holders(np.array([0]))[1].tolist()
    [7, 8]
    """

    def __init__(self) -> None:
        self.keys = np.zeros(0, np.int64)
        self.shares = np.zeros(0, np.int64)

    @property
    def firm(self) -> Column:
        """The firm of each holding, int64[rows], rising."""
        return self.keys >> HOLDER_BITS

    @property
    def holder(self) -> Column:
        """The account of each holding, int64[rows]."""
        return self.keys & (1 << HOLDER_BITS) - 1

    def add(self, firm: Column, holder: Column, shares: Column) -> None:
        """Give holders more shares (0 or more), rows of any order and repeated."""
        places = self._places(firm, holder)
        np.add.at(self.shares, places, shares)
        self._keep(self.shares > 0)

    def move(self, firm: Column, seller: Column, buyer: Column, shares: Column) -> NDArray:
        """Move 1 or more shares a row, in order; returns uint8[n] of refusals."""
        n = firm.size
        places = self._places(np.tile(firm, 2), np.concatenate((seller, buyer)))
        refusals = np.empty(n, np.uint8)
        _move(self.shares, places[:n], places[n:], shares, refusals)
        self._keep(self.shares > 0)
        return refusals

    def take(self, rows: NDArray[np.bool_]) -> tuple[Column, Column, Column]:
        """Remove holdings, bool[rows]; return their firm, holder and shares."""
        taken = self.firm[rows], self.holder[rows], self.shares[rows]
        self._keep(~rows)
        return taken

    def holders(self, firms: Column) -> tuple[Column, Column, Column]:
        """Return the holdings of the firms, in turn: place in ``firms``, holder and shares."""
        begin = np.searchsorted(self.keys, firms << HOLDER_BITS)
        end = np.searchsorted(self.keys, firms + 1 << HOLDER_BITS)
        count = end - begin
        place = np.repeat(np.arange(firms.size), count)
        rows = np.arange(place.size) + np.repeat(begin - (np.cumsum(count) - count), count)
        return place, self.holder[rows], self.shares[rows]

    def held(self, firm: Column, holder: Column) -> Column:
        """Return how many shares of each firm each holder has, int64[n]."""
        keys = firm << HOLDER_BITS | holder
        places = np.searchsorted(self.keys, keys)
        found = places < self.keys.size
        found[found] = self.keys[places[found]] == keys[found]
        held = np.zeros(keys.size, np.int64)
        held[found] = self.shares[places[found]]
        return held

    def _places(self, firm: Column, holder: Column) -> Column:
        """Return the rows of holdings; those there are not yet are put in with 0 shares."""
        keys = firm << HOLDER_BITS | holder
        grown = np.union1d(self.keys, keys)
        shares = np.zeros(grown.size, np.int64)
        shares[np.searchsorted(grown, self.keys)] = self.shares
        self.keys, self.shares = grown, shares
        return np.searchsorted(grown, keys)

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        if not rows.all():
            self.keys, self.shares = self.keys[rows], self.shares[rows]


@njit(cache=True, nogil=True)
def _move(
    held: Column, seller: Column, buyer: Column, shares: Column, refusals: NDArray[np.uint8]
) -> None:
    for i in range(shares.size):
        if held[seller[i]] < shares[i]:
            refusals[i] = INSUFFICIENT_SHARES
        else:
            refusals[i] = OK
            held[seller[i]] -= shares[i]
            held[buyer[i]] += shares[i]
