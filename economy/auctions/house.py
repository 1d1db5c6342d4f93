"""An auction house: sealed uniform-price auctions over messages that may repeat and come late.

Bids and cancellations are messages. Every auction has a window, the ticks before it closes; what
comes in it may come in any order and any number of times, and the house may be killed and
restored between any two batches: the prices, who wins and what everybody pays are the same.

* A message is known by auction, bidder and message number. The same bid again is refused and
  changes nothing. Another bid under the same number strikes out both, as nobody can tell which
  came first. A cancellation counts whenever it comes, even before its bid.
* Ties are broken by a hash of salt, auction, bidder and message, never by arrival. The salt is the
  house's: bidders who do not know it cannot choose lucky numbers.
* Each bidder has one pot, a hold in the ledger: the cost of all its live bids in all open
  auctions, or all it has if that is less. When an auction closes, first the pots are topped up;
  then each bidder's bids, highest price first, take from the pot, and a bid that it no longer
  pays for is cut to the units that it does. Then the auction clears (see ``uniform_price``), the
  winners pay the clearing price from their pots, and pots shrink to what is still bid for.
  Auctions that are due together close by tick, then by number.

What does depend on order: a token that its owner spends elsewhere in the window was spent before
the bid if the bid had not reserved it yet; and a message that comes at the closing tick is late.

Units are delivered by whoever runs the house, from the ``Outcome``. Errors: ``AuctionError`` for
wrong terms, columns or states; a message that cannot be taken has a ``BidRefusal``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.auctions.bids import (
    COLUMNS,
    LIVE,
    BidRefusal,
    Bids,
    afforded,
    bids_of,
    owe_all,
    owed_by,
    priorities,
    receive,
    rows_of,
    sound,
)
from economy.auctions.pots import insist_on_pots
from economy.auctions.programme import Programme, Terms
from economy.auctions.uniform_price import AuctionError, uniform_price_auction
from economy.columns import LARGEST, whole_numbers
from economy.ledger import ISSUER, Ledger


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How an auction ended; rows are its live bids by bidder, then message."""

    auction: int
    price: int
    """What winners paid for a unit, in tokens."""
    bidder: NDArray[np.int64]
    message: NDArray[np.int64]
    filled: NDArray[np.int64]
    """Units won, int64[n]."""
    payment: NDArray[np.int64]
    """Tokens paid, int64[n]: price * filled."""


class AuctionHouse:
    """Auctions on the accounts of a ledger, whose ``tick`` says when they close.

    ``till`` is the house's account, through which payments go to sellers; ``salt`` any whole
    number that bidders do not know; ``code`` marks the house's entries in the journal.

    >>> ledger = Ledger()
    >>> till, seller, ann, bob = ledger.open(4)
    >>> ledger.mint([ann, bob], 100)
    >>> house = AuctionHouse(ledger, till)
    >>> house.open(1, supply=3, reserve=1, closes=5, seller=seller).name
    'OK'
    >>> house.bid(1, [11, 12], [ann, bob], [9, 7], [2, 4]).tolist()
    [0, 0]
    >>> ledger.tick = 5
    >>> [outcome] = house.close()
    >>> outcome.price, outcome.filled.tolist(), ledger.balance(seller)
    (7, [2, 1], 21)
    """

    def __init__(self, ledger: Ledger, till: int, *, salt: int = 0, code: int = 0) -> None:
        self.ledger, self.till, self.salt, self.code = ledger, int(till), int(salt), int(code)
        if not ISSUER < self.till < len(ledger):
            raise AuctionError(
                f"till {till} is no ordinary account, 1 to {len(ledger) - 1}; "
                "open one for the house: till, = ledger.open()"
            )
        if not 0 <= self.salt <= LARGEST:
            raise AuctionError(f"salt is 0 to 2**63 - 1, as rng.integers(2**63); got {salt}")
        if not -(2**15) <= self.code < 2**15:
            raise AuctionError(f"code must fit int16, -32768 to 32767; got {code}")
        self._programme = Programme()
        self._bids = bids_of(_no_rows(), 0)
        self._owed = np.zeros((2, 0), np.int64)  # see bids.receive
        self._pot = np.zeros(0, np.int64)  # by account: the id of its hold, or 0

    @property
    def auctions(self) -> dict[int, Terms]:
        """The open auctions: their terms by number."""
        return dict(self._programme.open)

    def open(self, auction: int, supply: int, reserve: int, closes: int, seller: int) -> BidRefusal:
        """Open an auction of this number, 1 or more, to close at this tick.

        ``supply`` is 1 to 2**32 units, ``reserve`` 0 or more tokens a unit. The same again is
        ``ALREADY_MADE``, other terms under a number in use ``KEY_REUSED``, a number that was
        used ``CLOSED_AUCTION``. Raises ``AuctionError`` for terms out of range.
        """
        terms = Terms(int(supply), int(reserve), int(closes), int(seller))
        return self._programme.add(int(auction), terms, self.ledger.tick, len(self.ledger))

    def bid(
        self,
        auction: ArrayLike,
        message: ArrayLike,
        bidder: ArrayLike,
        price: ArrayLike,
        quantity: ArrayLike,
    ) -> NDArray[np.uint8]:
        """Bid a price a unit for a quantity, and reserve what it may cost.

        Whole numbers, each a column of n or a scalar for all. A quantity beyond the supply means
        the supply. Bids of what one cannot pay are taken and judged when the auction closes.

        Returns uint8[n] of ``BidRefusal``. Raises ``AuctionError`` for columns that do not fit.
        """
        return self._receive([auction, bidder, message, price, quantity], False)

    def cancel(
        self, auction: ArrayLike, message: ArrayLike, bidder: ArrayLike
    ) -> NDArray[np.uint8]:
        """Withdraw bids, also those that have not come yet. Returns uint8[n] of ``BidRefusal``."""
        return self._receive([auction, bidder, message, 1, 1], True)

    def close(self) -> list[Outcome]:
        """Clear the auctions whose tick has come, by tick and then by number."""
        return [self._clear(auction) for auction in self._programme.due(self.ledger.tick)]

    # -- messages ---------------------------------------------------------------------------

    def _receive(self, given: list[ArrayLike], cancels: bool) -> NDArray[np.uint8]:
        columns = [
            whole_numbers(name, column, AuctionError)
            for name, column in zip(COLUMNS, given, strict=False)
        ]
        lengths = {column.size for column in columns} - {1}
        if len(lengths) > 1:
            raise AuctionError(f"columns must have one length or be scalars; got {lengths}")
        n = lengths.pop() if lengths else 1
        auction, bidder, message, price, quantity = (
            column if column.size == n else np.full(n, column) for column in columns
        )
        strange = (bidder <= ISSUER) | (bidder >= len(self.ledger)) | (bidder == self.till)
        offered = np.full(n, LARGEST) if cancels else price  # no reserve for a cancellation
        refusals, capped = self._programme.judged(
            auction, offered, quantity, strange, self.ledger.tick
        )
        table = self._with_room(n)
        status, nothing = np.zeros(n, np.int64), np.zeros(0, np.int64)
        batch = Bids(auction, bidder, message, price, capped, status, nothing, nothing)
        receive(table, self._owed, batch, cancels, refusals)
        taken = (refusals == BidRefusal.OK) | (refusals == BidRefusal.KEY_REUSED)
        self._secure(bidder[taken])
        return refusals

    def _with_room(self, more: int) -> Bids:
        if (accounts := len(self.ledger)) > self._pot.size:
            grown = np.zeros((3, max(accounts, 2 * self._pot.size)), np.int64)
            grown[0, : self._pot.size], grown[1:, : self._pot.size] = self._pot, self._owed
            self._pot, self._owed = grown[0], grown[1:]
        if self._bids.used[0] + more > self._bids.price.size:
            self._bids = bids_of(rows_of(self._bids), more + int(self._bids.used[0]))
        return self._bids

    def _secure(self, bidders: NDArray[np.int64]) -> None:
        """Make the pots of these bidders what their live bids cost, or all that they have."""
        bidders = np.unique(bidders)
        pots = self._pot[bidders]
        reserved = self.ledger.pending(pots)
        wanted = owed_by(self._owed, bidders)
        wanted = np.minimum(self.ledger.available(bidders) + reserved, wanted)
        change = wanted != reserved
        bidders, wanted, stale = bidders[change], wanted[change], pots[change & (reserved > 0)]
        if stale.size:
            self.ledger.void(stale)
        self._pot[bidders] = 0
        paying = wanted > 0
        if paying.any():
            ids, _ = self.ledger.hold(bidders[paying], self.till, wanted[paying], code=self.code)
            self._pot[bidders[paying]] = ids

    # -- clearing ---------------------------------------------------------------------------

    def _clear(self, auction: int) -> Outcome:
        terms = self._programme.close(auction)
        columns = rows_of(self._bids)
        numbers, bidder, message, price, quantity, status = columns
        rows = np.flatnonzero((numbers == auction) & (status == LIVE))
        rows = rows[np.lexsort((message[rows], bidder[rows]))]
        bidder, message, price, quantity = (c[rows] for c in columns[1:5])
        bidders, member = np.unique(bidder, return_inverse=True)
        self._secure(bidders)
        first = priorities(self.salt, auction, bidder, message)
        budget = self.ledger.pending(self._pot[bidders])
        units = afforded(np.lexsort((first, -price)), member, price, quantity, budget)
        clearing = uniform_price_auction(
            price, units, terms.supply, reserve=terms.reserve, priority=first
        )
        payment = clearing.price * clearing.filled
        self._pay(bidders, member, payment, terms.seller)
        self._forget(auction)
        self._secure(bidders)
        return Outcome(auction, clearing.price, bidder, message, clearing.filled, payment)

    def _pay(
        self,
        bidders: NDArray[np.int64],
        member: NDArray[np.int64],
        payment: NDArray[np.int64],
        seller: int,
    ) -> None:
        due = np.zeros(bidders.size, np.int64)
        np.add.at(due, member, payment)
        payers, due = bidders[due > 0], due[due > 0]
        refusals = self.ledger.post(self._pot[payers], due)
        self._pot[payers] = 0
        if seller != self.till and due.size:
            revenue = int(due.sum())
            handed = self.ledger.transfer(self.till, seller, revenue, code=self.code)
            refusals = np.append(refusals, handed)
        if refusals.any():
            raise AuctionError(
                f"the pots of bidders {payers[refusals[: payers.size] > 0]} were spent by somebody "
                "else; only the house may post or void the holds that it made"
            )

    def _forget(self, auction: int) -> None:
        """Drop what was said about an auction, and what is owed for it."""
        rows = rows_of(self._bids)
        bidders = np.unique(rows[1])
        others = rows[0] != auction
        self._bids = bids_of(tuple(column[others] for column in rows), 0)
        self._owed[:, bidders] = 0
        owe_all(self._bids, self._owed)

    # -- save and restore -------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return everything but the ledger as plain numbers and arrays (copies)."""
        pots = np.flatnonzero(self._pot)
        state: dict[str, Any] = {"till": self.till, "salt": self.salt, "code": self.code}
        state |= {"pots": pots, "holds": self._pot[pots]} | self._programme.state()
        rows = rows_of(self._bids)
        return state | {f"bids_{name}": rows[i].copy() for i, name in enumerate(COLUMNS)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the house that wrote ``state``, on a ledger restored to the same moment.

        On ``AuctionError`` this house is unchanged.
        """
        names = list(AuctionHouse(self.ledger, self.till).state())
        if missing := [name for name in names if name not in state]:
            raise AuctionError(f"not the state of an auction house: {missing} missing")
        columns = {name: whole_numbers(name, state[name], AuctionError).copy() for name in names}
        for name in names[:3]:
            if columns[name].size != 1:
                raise AuctionError(f"{name} is one whole number; got {state[name]!r}")
        till, salt, code = (int(columns[name][0]) for name in names[:3])
        restored = AuctionHouse(self.ledger, till, salt=salt, code=code)
        for group in (["auctions", *Terms._fields], ["pots", "holds"], names[-len(COLUMNS) :]):
            if len({columns[name].size for name in group}) > 1:
                raise AuctionError(f"not the state of an auction house: {group} differ in length")
        rows = tuple(columns[f"bids_{name}"] for name in COLUMNS)
        for name, ids in (("pots", columns["pots"]), ("bids_bidder", rows[1])):
            if ids.size and not ISSUER < ids.min() <= ids.max() < len(self.ledger):
                raise AuctionError(f"{name} name accounts {ids.min()} to {ids.max()}, not opened")
        restored._programme.restore(columns, len(self.ledger))
        if not sound(rows) or not np.isin(rows[0], list(restored._programme.open)).all():
            raise AuctionError(
                "bids_price and bids_quantity are 1 or more, bids_status is 1, live, 2, struck "
                "out, or 3, cancelled, and a message to an open auction is there once"
            )
        insist_on_pots(self.ledger, till, columns["pots"], columns["holds"])
        restored._bids = bids_of(rows, 0)
        restored._with_room(0)
        restored._pot[columns["pots"]] = columns["holds"]
        owe_all(restored._bids, restored._owed)
        vars(self).update(vars(restored))


def _no_rows() -> tuple[NDArray[np.int64], ...]:
    return tuple(np.zeros((len(COLUMNS), 0), np.int64))
