"""What an auction house has on offer: which auctions are open, on what terms, and which were.

The number of an auction is never used twice, so that late messages cannot reach another.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from economy.auctions.bids import BidRefusal
from economy.auctions.uniform_price import AuctionError
from economy.columns import LARGEST
from economy.ledger import ISSUER

LARGEST_SUPPLY = 2**32
"""The largest supply of an auction, in units; two million bids may each ask for all of it."""


class Terms(NamedTuple):
    """What an auction sells, from what price a unit on, at which tick it closes, and for whom."""

    supply: int
    reserve: int
    closes: int
    seller: int


class Programme:
    """The open auctions by number, and the numbers of those that closed."""

    def __init__(self) -> None:
        self.open: dict[int, Terms] = {}
        self.closed: set[int] = set()

    def add(self, auction: int, terms: Terms, tick: int, accounts: int) -> BidRefusal:
        """Open an auction, unless it was; raises ``AuctionError`` for terms out of range."""
        _insist_on_range(auction, terms, accounts)
        if auction in self.closed:
            return BidRefusal.CLOSED_AUCTION
        if auction in self.open:
            same = self.open[auction] == terms
            return BidRefusal.ALREADY_MADE if same else BidRefusal.KEY_REUSED
        if terms.closes <= tick:
            raise AuctionError(f"an auction closes after the tick it opens in, {tick}; got {terms}")
        self.open[auction] = terms
        return BidRefusal.OK

    def close(self, auction: int) -> Terms:
        """Take an auction off; returns its terms."""
        self.closed.add(auction)
        return self.open.pop(auction)

    def due(self, tick: int) -> list[int]:
        """The auctions whose tick has come, by tick and then by number."""
        due = [(terms.closes, n) for n, terms in self.open.items() if terms.closes <= tick]
        return [n for _, n in sorted(due)]

    def judged(
        self,
        auction: NDArray[np.int64],
        price: NDArray[np.int64],
        quantity: NDArray[np.int64],
        strange: NDArray[np.bool_],
        tick: int,
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """What speaks against bids by themselves, uint8[n], and quantities cut to the supply.

        ``strange`` marks bidders without an account to bid from.
        """
        numbers, at = np.unique(auction, return_inverse=True)
        found = np.array([self._terms_of(n, tick) for n in numbers.tolist()], np.int64)
        state, supply, reserve = found.reshape(-1, 3)[at].T
        capped = np.minimum(quantity, supply)
        # The first reason in order is written last.
        refusals = np.where(price < reserve, BidRefusal.BELOW_RESERVE, BidRefusal.OK)
        refusals[price > LARGEST // np.maximum(capped, 1)] = BidRefusal.TOO_LARGE
        refusals[(price < 1) | (quantity < 1)] = BidRefusal.NOT_POSITIVE
        refusals[strange] = BidRefusal.UNKNOWN_ACCOUNT
        return np.where(state > 0, state, refusals).astype(np.uint8), capped

    def _terms_of(self, auction: int, tick: int) -> tuple[int, int, int]:
        """A refusal, or supply and reserve."""
        terms = self.open.get(auction)
        if auction in self.closed or (terms and terms.closes <= tick):
            return BidRefusal.CLOSED_AUCTION, 0, 0
        return (BidRefusal.OK, *terms[:2]) if terms else (BidRefusal.UNKNOWN_AUCTION, 0, 0)

    def state(self) -> dict[str, NDArray[np.int64]]:
        """Numbers and terms as columns, by number."""
        numbers = sorted(self.open)
        terms = np.array([self.open[n] for n in numbers], np.int64).reshape(-1, len(Terms._fields))
        state = {name: terms[:, i].copy() for i, name in enumerate(Terms._fields)}
        closed = np.array(sorted(self.closed), np.int64)
        return {"auctions": np.array(numbers, np.int64), **state, "closed": closed}

    def restore(self, state: Mapping[str, NDArray[np.int64]], accounts: int) -> None:
        """Become the programme that wrote ``state``, whose columns of terms have one length."""
        table = [state[name].tolist() for name in ("auctions", *Terms._fields)]
        found = {number: Terms(*terms) for number, *terms in zip(*table, strict=True)}
        closed = set(state["closed"].tolist())
        for number, terms in found.items():
            _insist_on_range(number, terms, accounts)
        if len(found) < len(table[0]) or closed & found.keys():
            raise AuctionError("an auction is open once, and not open if it was closed")
        self.open, self.closed = found, closed


def _insist_on_range(auction: int, terms: Terms, accounts: int) -> None:
    if not (0 < auction <= LARGEST and 0 <= terms.reserve <= LARGEST):
        raise AuctionError(
            f"numbers are 1 or more and reserves 0 or more; got {auction} and {terms}"
        )
    if not (0 < terms.supply <= LARGEST_SUPPLY and ISSUER < terms.seller < accounts):
        raise AuctionError(
            f"supply is 1 to 2**32 units, and the seller has an ordinary account; got {terms}"
        )
