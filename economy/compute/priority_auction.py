"""Units for several classes of bids, one class after the other, each at one price.

Class 0 is served first: a uniform-price auction of the whole supply among its bids. The next
class is auctioned what is left, and so on. Within a class everybody pays the same; between
classes prices differ: the first class, which faces fewer rivals, never pays more than it would
have paid among all. Priority is a privilege to be granted or sold elsewhere; the auction takes it
as given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.auctions import uniform_price_auction
from economy.columns import whole_numbers
from economy.compute.errors import ComputeError


@dataclass(frozen=True, slots=True, eq=False)
class ClassClearing:
    """The outcome of an auction with classes."""

    prices: NDArray[np.int64]
    """What winners pay for a unit, int64[classes] tokens."""
    filled: NDArray[np.int64]
    """The units each bid won, int64[n]."""
    demand: NDArray[np.int64]
    """The units asked for at or above the reserve, int64[classes]."""
    sold: NDArray[np.int64]
    """The units sold, int64[classes]."""


def priority_auction(
    price: ArrayLike,
    quantity: ArrayLike,
    rank: ArrayLike,
    supply: int,
    *,
    reserve: int = 1,
    classes: int | None = None,
) -> ClassClearing:
    """Sell up to ``supply`` units to classes of bids in turn, each class at a uniform price.

    ``price`` is int64[n] tokens per unit, ``quantity`` int64[n] units, ``rank`` int64[n] the class
    of each bid, 0 served first; a scalar serves for all. ``classes`` is how many there are: as
    many as ``rank`` names, unless given. Bids below ``reserve`` are ignored. Rationing within a
    class is that of `uniform_price_auction`.

    O(n classes + n log n). Raises ``ComputeError``, and ``AuctionError`` for impossible bids.

    >>> sale = priority_auction([5, 9, 7], [2, 2, 2], [0, 1, 1], supply=3)
    >>> sale.prices.tolist(), sale.filled.tolist()
    ([1, 9], [2, 1, 0])
    """
    prices = whole_numbers("price", price, ComputeError)
    quantities = whole_numbers("quantity", quantity, ComputeError)
    ranks = whole_numbers("rank", rank, ComputeError)
    ranks = np.broadcast_to(ranks, prices.size) if ranks.size == 1 else ranks
    if not prices.size == quantities.size == ranks.size:
        raise ComputeError(
            f"{prices.size} prices, {quantities.size} quantities and {ranks.size} ranks; one each "
            "per bid"
        )
    number = classes if classes is not None else int(ranks.max(initial=0)) + 1
    if number < 1 or (ranks.size and not 0 <= ranks.min() <= ranks.max() < number):
        raise ComputeError(f"ranks are 0, served first, to {number - 1}; got {ranks[:5].tolist()}")
    cleared = np.full(number, reserve, np.int64)
    demand, sold = np.zeros((2, number), np.int64)
    filled = np.zeros(prices.size, np.int64)
    left = supply
    for c in range(number):
        members = np.flatnonzero(ranks == c)
        clearing = uniform_price_auction(
            prices[members], quantities[members], left, reserve=reserve
        )
        filled[members] = clearing.filled
        cleared[c], demand[c], sold[c] = clearing.price, clearing.demand, clearing.sold
        left -= clearing.sold
    return ClassClearing(cleared, filled, demand, sold)
