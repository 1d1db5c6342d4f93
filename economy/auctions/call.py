"""A call auction: bids and asks gathered, then traded all at once at one price.

The price is chosen as exchanges publish it for their openings (P. Handa and R. Schwartz, "How best
to supply liquidity to a securities market", Journal of Portfolio Management 22, 1996):

1. the price at which most units change hands;
2. among these, the one with the least imbalance between demand and supply;
3. among these, which form one run of prices, the midpoint, rounded down.

Who trades: on each side the better price first. Only the worst price that still trades may have to
be rationed: by time (``priority``, then the earlier one) or in proportion to quantity (whole parts
first, then one unit each to the largest remainders).

What the mechanism promises, and what not:

* Nobody pays more than they bid, nobody sells for less than they asked, bought equals sold, and
  whoever offered a price strictly better than the worst that trades is served in full.
* The gains from trade, at the prices stated, are the largest there can be.
* Nobody gains by misstating a value when traders are many and small, but with few a trader whose
  price sets the clearing price does (R. Wilson, "Incentive efficiency of double auctions",
  Econometrica 53, 1985). In-proportion rationing rewards asking for more than one wants.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.auctions.uniform_price import LARGEST_DEMAND, AuctionError
from economy.columns import LARGEST, whole_numbers
from economy.split import split_exactly

BUY, SELL = 0, 1
DIGIT_BITS = 11  # 2048 volumes of 8 bytes stay in the nearest cache


class Rationing(StrEnum):
    """How the units left to the worst price that trades are shared."""

    TIME = "time"  # lower priority first, then the earlier row
    PRO_RATA = "pro rata"  # in proportion to quantity, exact


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """The outcome of a call auction."""

    price: int | None
    """What every unit costs, in tokens; None if nothing trades."""
    volume: int
    """The units that change hands."""
    demand: int
    """The units bid for at the price or more; 0 if nothing trades."""
    supply: int
    """The units asked for the price or less; 0 if nothing trades."""
    filled: NDArray[np.int64]
    """The units that each row bought or sold, int64[n]."""


def call_auction(
    side: ArrayLike,
    price: ArrayLike,
    quantity: ArrayLike,
    *,
    rationing: Rationing | str = Rationing.TIME,
    priority: ArrayLike | None = None,
) -> Call:
    """Clear bids and asks at the one price of the rule above.

    ``side`` is 0 for a bid and 1 for an ask, ``price`` tokens a unit, 0 or more, ``quantity``
    units, 0 or more, each int64[n]; ``priority`` int64[n] goes before the order of rows, lower
    first, where rationing needs an order. Prices may lie as far apart as int64 allows.

    O(n) for each 11 bits of the range of prices; rationing sorts those at the margin only. Raises
    ``AuctionError``, also when a side has 2**53 units or more.

    >>> call = call_auction([0, 0, 1, 1], [10, 8, 7, 9], [5, 5, 4, 4])
    >>> call.price, call.volume, call.filled.tolist()
    (9, 5, [5, 0, 4, 1])
    """
    columns = {
        name: whole_numbers(name, column, AuctionError)
        for name, column in (("side", side), ("price", price), ("quantity", quantity))
    }
    sides, prices, quantities = columns.values()
    if len({column.size for column in columns.values()}) > 1:
        shapes = ", ".join(f"{name} {column.size}" for name, column in columns.items())
        raise AuctionError(f"one side, price and quantity for each row; got lengths {shapes}")
    rule = Rationing(rationing) if rationing in list(Rationing) else None
    if rule is None:
        raise AuctionError(f"rationing is one of {[r.value for r in Rationing]}; got {rationing!r}")
    lowest, highest, bid, asked = _bounds(sides, prices, quantities)
    if lowest < 0:
        raise AuctionError(
            "side is 0 (a bid) or 1 (an ask), prices 0 to 2**63 - 2 tokens, quantities 0 or more"
        )
    if max(bid, asked) >= LARGEST_DEMAND:
        raise AuctionError("a side has 2**53 units or more in all; cap each at what it can trade")
    ranks = None if priority is None else whole_numbers("priority", priority, AuctionError)
    if ranks is not None and ranks.size != prices.size:
        raise AuctionError(f"{prices.size} rows, but {ranks.size} priorities; one for each row")
    crossing = None
    if bid and asked:
        crossing = _crossing(sides, prices, quantities, int(lowest), int(highest), int(asked))
    if crossing is None:
        return Call(None, 0, 0, 0, np.zeros(prices.size, np.int64))

    found, demand, supply, last_bid, last_ask = crossing
    volume = min(demand, supply)
    rationed, margin = (BUY, last_bid) if demand >= supply else (SELL, last_ask)
    served, marginal, left = _serve(sides, prices, quantities, found, margin, rationed, volume)
    if ranks is not None:
        marginal = marginal[np.argsort(ranks[marginal], kind="stable")]
    wanted = quantities[marginal]
    if rule is Rationing.TIME:
        served[marginal] = np.clip(left - (np.cumsum(wanted) - wanted), 0, wanted)
    else:
        served[marginal] = split_exactly(left, wanted)
    return Call(found, volume, demand, supply, served)


def _crossing(
    side: NDArray[np.int64],
    price: NDArray[np.int64],
    quantity: NDArray[np.int64],
    lowest: int,
    highest: int,
    asked: int,
) -> tuple[int, int, int, int, int] | None:
    """The clearing price, demand, supply, lowest bid and highest ask that may trade there.

    None if nothing can trade. Demand falls and supply rises with the price. Volume is therefore
    largest at the last price where demand is no less than supply, or at the next; only the runs of
    prices around these two that have their demand and supply can win.
    """
    last = _last_demanded(side, price, quantity, lowest - 1, highest, asked)
    demand, supply, bids, asks = _around(side, price, quantity, int(last))
    volumes = [min(demand[k], supply[k]) for k in (0, 1)]
    if max(volumes) == 0:
        return None
    ranks = [(volumes[k], -abs(demand[k] - supply[k])) for k in (0, 1)]
    # The first run begins above the next lower bid, or with an ask; the second ends with a bid,
    # or below the next higher ask.
    low = max(bids[0] + 1, asks[0]) if ranks[0] >= ranks[1] else last + 1
    high = min(bids[2], asks[2] - 1) if ranks[1] >= ranks[0] else last
    chosen = int(low + (high - low) // 2)
    k = int(chosen > last)
    return chosen, int(demand[k]), int(supply[k]), int(bids[1 + k]), int(asks[k])


@njit(cache=True, nogil=True)
def _bounds(
    side: NDArray[np.int64], price: NDArray[np.int64], quantity: NDArray[np.int64]
) -> tuple[int, int, float, float]:
    """Return the lowest and highest price and the units bid and asked; -1 first for bad rows."""
    lowest, highest, units, asked, good = LARGEST, 0, 0.0, 0.0, True
    for i in range(price.size):
        good &= (side[i] | 1) == 1 and price[i] >= 0 and price[i] < LARGEST and quantity[i] >= 0
        lowest, highest = min(lowest, price[i]), max(highest, price[i])
        units += quantity[i]
        asked += quantity[i] * side[i]
    return lowest if good else -1, highest, units - asked, asked


@njit(cache=True, nogil=True)
def _last_demanded(
    side: NDArray[np.int64],
    price: NDArray[np.int64],
    quantity: NDArray[np.int64],
    base: int,
    highest: int,
    asked: int,
) -> int:
    """Return the highest price, from ``base`` up, at which demand is no less than supply.

    Demand at p less supply at p is the units bid at p or more, plus the units asked above p, less
    all units asked: so the price sought is a weighted order statistic, of the prices of bids and
    the prices of asks less 1. Radix selection finds it without sorting.
    """
    shift = 0
    while (highest - base) >> shift >= 1 << DIGIT_BITS:
        shift += DIGIT_BITS
    left, found = asked, 0
    while True:
        volume = np.zeros(1 << DIGIT_BITS, np.int64)
        for i in range(price.size):
            above = (price[i] - side[i] - base) >> shift
            if above >> DIGIT_BITS == found:
                volume[above & ((1 << DIGIT_BITS) - 1)] += quantity[i]
        digit = volume.size - 1
        while volume[digit] < left:
            left -= volume[digit]
            digit -= 1
        found = found << DIGIT_BITS | digit
        if shift == 0:
            return base + found
        shift -= DIGIT_BITS


@njit(cache=True, nogil=True)
def _around(
    side: NDArray[np.int64], price: NDArray[np.int64], quantity: NDArray[np.int64], last: int
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int, int], tuple[int, int, int]]:
    """Return demand and supply at ``last`` and at the next price, and the prices beside these.

    These are the highest bid below ``last`` and the lowest from it and from the next price on;
    then the highest ask up to ``last`` and up to the next price, and the lowest ask beyond.
    """
    demand, demand_next, supply, supply_next = 0, 0, 0, 0
    bid_before, bid_from, bid_next = -1, LARGEST, LARGEST
    ask_to, ask_to_next, ask_beyond = -1, -1, LARGEST
    for i in range(price.size):
        # Every row is looked at as a bid and as an ask: guessing which it is takes longer.
        q, p = quantity[i], price[i]
        bid = side[i] == BUY and q > 0
        ask = side[i] != BUY and q > 0
        demand += q if bid and p >= last else 0
        demand_next += q if bid and p > last else 0
        supply += q if ask and p <= last else 0
        supply_next += q if ask and p <= last + 1 else 0
        bid_before = max(bid_before, p if bid and p < last else -1)
        bid_from = min(bid_from, p if bid and p >= last else LARGEST)
        bid_next = min(bid_next, p if bid and p > last else LARGEST)
        ask_to = max(ask_to, p if ask and p <= last else -1)
        ask_to_next = max(ask_to_next, p if ask and p <= last + 1 else -1)
        ask_beyond = min(ask_beyond, p if ask and p > last + 1 else LARGEST)
    bids, asks = (bid_before, bid_from, bid_next), (ask_to, ask_to_next, ask_beyond)
    return (demand, demand_next), (supply, supply_next), bids, asks


@njit(cache=True, nogil=True)
def _serve(
    side: NDArray[np.int64],
    price: NDArray[np.int64],
    quantity: NDArray[np.int64],
    at: int,
    margin: int,
    rationed: int,
    volume: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Serve all that trade but those of the rationed side at its margin.

    Returns filled, int64[n], the rows at the margin, and the units left to them.
    """
    filled, marginal = np.empty(price.size, np.int64), np.empty(price.size, np.int64)
    count, left = 0, volume
    for i in range(price.size):
        # -1 for a bid, 1 for an ask: who trades has a price no higher than this, so turned.
        turn = 2 * side[i] - 1
        at_margin = (price[i] == margin) & (side[i] == rationed)
        served = (price[i] * turn <= at * turn) & (not at_margin)
        filled[i] = quantity[i] if served else 0
        left -= quantity[i] if served & (side[i] == rationed) else 0
        marginal[count] = i
        count += at_margin
    return filled, marginal[:count], left
