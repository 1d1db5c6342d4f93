"""A sealed-bid auction of many equal units at one price, such as a tick's compute.

Every bid asks for a whole quantity at a price per unit. The highest bids win, and all winners pay
the same price: the highest bid that was not fully served, or the reserve if none.

What the mechanism promises, and what not (W. Vickrey, "Counterspeculation, auctions, and
competitive sealed tenders", Journal of Finance 16, 1961; V. Krishna, "Auction Theory", ch. 12-13):

* Nobody pays more than they bid, and no unit goes to a bid while a higher one is short.
* Whoever wants a single unit, and values units independently of the others, can do no better
  than bid the true value: their bid decides whether they win, the bids of others the price.
* That is *not* so for whoever wants several units: a bid for the later units can set the price of
  the earlier ones, so asking for less can pay (demand reduction: L. Ausubel, P. Cramton et al.,
  Review of Economic Studies 81, 2014). With two units at reserve 1, values 10 for each and a rival
  bidding 9 for one, asking for both earns 2, asking for one earns 9.
* Pro-rata rationing likewise rewards asking for more than one wants at the marginal price.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.split import split_exactly

LARGEST_DEMAND = 2**53
"""The largest total demand, in units: up to here rationing is exact."""

DIGIT_BITS = 11  # 2048 volumes of 8 bytes stay in the nearest cache


class AuctionError(ValueError):
    """Bids, a supply or a reserve that cannot be auctioned."""


@dataclass(frozen=True, slots=True, eq=False)
class Clearing:
    """The outcome of an auction."""

    price: int
    """What every winner pays for each unit, in tokens."""
    filled: NDArray[np.int64]
    """The units each bid won, int64[n]."""
    demand: int
    """The units asked for at or above the reserve."""
    sold: int
    """The units sold: the sum of ``filled``, the lesser of demand and supply."""


def uniform_price_auction(
    price: ArrayLike,
    quantity: ArrayLike,
    supply: int,
    *,
    reserve: int = 1,
    priority: ArrayLike | None = None,
) -> Clearing:
    """Sell up to ``supply`` units to the highest bids, all at one price.

    ``price`` is int64[n] tokens per unit, ``quantity`` int64[n] units, 0 or more; bids below
    ``reserve`` (0 or more) are ignored. Units go to the higher price first. The first price level,
    from the top, that is not fully served is the clearing price, and shares what is left to it in
    proportion to quantity: whole parts first, then one unit each to the largest remainders, among
    equals to the lower ``priority`` (int64[n]) and then to the earlier bid. If all bids from the
    reserve up are served, the clearing price is the reserve.

    O(n + m log m) with m bids at the clearing price. Raises ``AuctionError``, also when more than
    2**53 units are asked for: cap quantities at what a bidder can pay.

    >>> clearing = uniform_price_auction([9, 7, 7, 5], [2, 3, 1, 4], supply=4)
    >>> clearing.price, clearing.filled.tolist()
    (7, [2, 2, 0, 0])
    """
    prices = whole_numbers("price", price, AuctionError)
    quantities = whole_numbers("quantity", quantity, AuctionError)
    if quantities.size != prices.size:
        raise AuctionError(f"{prices.size} prices, but {quantities.size} quantities; one per bid")
    for name, value in (("supply", supply), ("reserve", reserve)):
        if whole_numbers(name, value, AuctionError)[0] < 0:
            raise AuctionError(f"{name} must be 0 or more; got {value}")
    if quantities.size and quantities.min() < 0:
        first = int(np.argmin(quantities))
        raise AuctionError(f"quantities are 0 or more; bid {first} asks for {quantities[first]}")
    wanted = np.where(prices >= reserve, quantities, 0)
    if wanted.sum(dtype=np.float64) > LARGEST_DEMAND:
        raise AuctionError("bids ask for more than 2**53 units in all; cap each at the supply")
    demand = int(wanted.sum())
    if demand <= supply:
        return Clearing(int(reserve), wanted, demand, demand)

    clearing_price, left = _first_unserved(prices, wanted, int(supply), int(reserve))
    filled = np.where(prices > clearing_price, wanted, 0)
    marginal = np.flatnonzero(prices == clearing_price)
    if priority is not None:
        ranks = whole_numbers("priority", priority, AuctionError)
        if ranks.size != prices.size:
            raise AuctionError(f"{prices.size} bids, but {ranks.size} priorities; one per bid")
        marginal = marginal[np.argsort(ranks[marginal], kind="stable")]
    filled[marginal] = split_exactly(left, wanted[marginal])
    return Clearing(int(clearing_price), filled, demand, int(supply))


@njit(cache=True, nogil=True)
def _first_unserved(
    price: NDArray[np.int64], wanted: NDArray[np.int64], supply: int, reserve: int
) -> tuple[int, int]:
    """Return the highest price level not fully served and the units left to it.

    Demand must exceed supply. Radix selection, from the most significant digit of
    ``price - reserve`` down, so that the bids are never sorted: O(n) for each digit.
    """
    highest = 0
    for i in range(price.size):
        if wanted[i] > 0:
            highest = max(highest, price[i] - reserve)
    shift = 0
    while highest >> shift >= 1 << DIGIT_BITS:
        shift += DIGIT_BITS

    left, found = supply, 0
    while True:
        volume = np.zeros(1 << DIGIT_BITS, np.int64)
        for i in range(price.size):
            if wanted[i] > 0:
                above = (price[i] - reserve) >> shift
                if above >> DIGIT_BITS == found:
                    volume[above & ((1 << DIGIT_BITS) - 1)] += wanted[i]
        digit = volume.size - 1
        while volume[digit] <= left:
            left -= volume[digit]
            digit -= 1
        found = found << DIGIT_BITS | digit
        if shift == 0:
            return reserve + found, left
        shift -= DIGIT_BITS
