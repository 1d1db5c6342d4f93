"""Sealed bids for one thing: first price, second price, and a bilateral double auction, in batches.

What the mechanisms promise (W. Vickrey, "Counterspeculation, auctions, and competitive sealed
tenders", Journal of Finance 16, 1961; R. Myerson, "Optimal auction design", Mathematics of
Operations Research 6, 1981; V. Krishna, "Auction Theory", ch. 2-5), held by the tests:

* Second price: the highest bid wins and pays the highest of the others, or the reserve. Bidding
  the true value is at least as good as any other bid, whatever the others bid.
* First price: the winner pays the own bid. With n values drawn evenly from 0 to 1, bidding
  (n - 1) / n of the value is an equilibrium, and the seller earns as much as at second price:
  (n - 1) / (n + 1), two thirds for five bidders.
* k-double auction (K. Chatterjee & W. Samuelson, "Bargaining under incomplete information",
  Operations Research 31, 1983): trade where the bid is not below the ask, at a price between
  them. At k = 1/2 and even values it has the equilibrium bid 2/3 v + 1/12, ask 2/3 c + 1/4; trades
  are then made with probability 9/32 and gain 9/64, of 1/6 that there is: no mechanism does better
  without outside money (R. Myerson & M. Satterthwaite, Journal of Economic Theory 29, 1983).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.auctions.uniform_price import AuctionError
from economy.columns import whole_numbers

FINEST_SHARE = 1000
"""The largest denominator of a double auction's k."""


@dataclass(frozen=True, slots=True, eq=False)
class SealedOutcome:
    """Who won each auction, and at what price."""

    winner: NDArray[np.int64]
    """The winning bidder, int64[auctions]; -1 where nobody met the reserve."""
    price: NDArray[np.int64]
    """What the winner pays, int64[auctions] tokens; 0 where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class BilateralOutcome:
    """Which pairs traded, and at what price."""

    traded: NDArray[np.bool_]
    """Whether each pair trades, bool[pairs]."""
    price: NDArray[np.int64]
    """What the buyer pays to the seller, int64[pairs] tokens; 0 where they do not trade."""


def first_price_auction(bids: ArrayLike, *, reserve: ArrayLike = 0) -> SealedOutcome:
    """Sell one thing in each auction to its highest bid, which is what the winner pays.

    ``bids`` is int64[auctions, n], tokens; ``reserve`` int64[auctions] or a scalar, the least that
    wins. Among equal bids the bidder with the lower index wins. O(auctions n). Raises
    ``AuctionError``.

    >>> outcome = first_price_auction([[3, 9, 5], [2, 1, 1]], reserve=[0, 4])
    >>> outcome.winner.tolist(), outcome.price.tolist()
    ([1, -1], [9, 0])
    """
    rows, least = _matrix(bids), whole_numbers("reserve", reserve, AuctionError)
    winner, top, _ = _top_two(rows, _reserves(least, len(rows)))
    return SealedOutcome(winner, np.where(winner >= 0, top, 0))


def second_price_auction(bids: ArrayLike, *, reserve: ArrayLike = 0) -> SealedOutcome:
    """Sell one thing in each auction to its highest bid, for the highest of the others.

    As `first_price_auction`, but the winner pays the second highest bid, or the reserve where
    that is higher.

    >>> second_price_auction([[3, 9, 5], [7, 0, 0]], reserve=4).price.tolist()
    [5, 4]
    """
    rows, least = _matrix(bids), whole_numbers("reserve", reserve, AuctionError)
    winner, _, second = _top_two(rows, _reserves(least, len(rows)))
    return SealedOutcome(winner, np.where(winner >= 0, second, 0))


def double_auction(
    bid: ArrayLike, ask: ArrayLike, *, k: Fraction | float = Fraction(1, 2)
) -> BilateralOutcome:
    """Let each buyer and seller trade where the bid is not below the ask, at ask + k (bid - ask).

    ``bid`` and ``ask`` are int64[pairs] tokens, 0 or more, or scalars; ``k`` is 0, where the
    ask is the price, to 1, where the bid is, with a denominator up to 1000. The price is rounded
    down: a token that cannot be divided stays with the buyer. Raises ``AuctionError``.

    >>> outcome = double_auction([10, 4], [5, 5])
    >>> outcome.traded.tolist(), outcome.price.tolist()
    ([True, False], [7, 0])
    """
    share = Fraction(k).limit_denominator(FINEST_SHARE)
    if not 0 <= share <= 1 or abs(share - Fraction(k)) > Fraction(1, 10**12):
        raise AuctionError(
            f"k is 0 to 1 with a denominator up to {FINEST_SHARE}, as in Fraction(1, 3); got {k!r}"
        )
    offered = whole_numbers("bid", bid, AuctionError)
    asked = whole_numbers("ask", ask, AuctionError)
    if offered.size != asked.size and 1 not in (offered.size, asked.size):
        raise AuctionError(f"{offered.size} bids, but {asked.size} asks; one each per pair")
    if min(offered.min(initial=0), asked.min(initial=0)) < 0:
        raise AuctionError("bids and asks are 0 tokens or more; some are negative")
    traded = offered >= asked
    between = np.where(traded, offered - asked, 0)
    part, whole = share.as_integer_ratio()
    # The two parts of the product apart, so that int64 holds them.
    price = asked + between // whole * part + between % whole * part // whole
    return BilateralOutcome(traded, np.where(traded, price, 0))


def _matrix(bids: ArrayLike) -> NDArray[np.int64]:
    found = np.asarray(bids)
    if found.ndim != 2 or found.shape[1] < 1:
        raise AuctionError(
            f"bids must be a table, int64[auctions, n], of one bidder or more, as in [[3, 9, 5]]; "
            f"got shape {found.shape}"
        )
    return whole_numbers("bids", found.reshape(-1), AuctionError).reshape(found.shape)


def _reserves(reserve: NDArray[np.int64], auctions: int) -> NDArray[np.int64]:
    if reserve.size not in (1, auctions) or reserve.min(initial=0) < 0:
        raise AuctionError(
            f"reserve is 0 tokens or more, one or one for each of {auctions} auctions; got "
            f"{reserve[:5].tolist()}"
        )
    return reserve if reserve.size == auctions else np.full(auctions, reserve)


@njit(cache=True, nogil=True)
def _top_two(
    bids: NDArray[np.int64], reserve: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The first highest bidder from the reserve up, its bid, and the next highest or reserve."""
    winner = np.full(bids.shape[0], -1)
    top, second = reserve.copy(), reserve.copy()
    for a in range(bids.shape[0]):
        for i in range(bids.shape[1]):
            if bids[a, i] > top[a] or (winner[a] < 0 and bids[a, i] == top[a]):
                second[a] = top[a]
                top[a] = bids[a, i]
                winner[a] = i
            elif bids[a, i] > second[a]:
                second[a] = bids[a, i]
    return winner, top, second
