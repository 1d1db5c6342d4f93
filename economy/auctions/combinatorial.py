"""Combinatorial auctions: bids for bundles, of which each bidder wins at most one.

Winner determination is weighted set packing, NP-hard. The exact method is a mixed-integer programme
solved by HiGHS (Q. Huangfu & J. Hall, "Parallelizing the dual revised simplex method",
Mathematical Programming Computation 10, 2018, through scipy). The greedy one takes bids by value /
sqrt(units asked for) (D. Lehmann, L. O'Callaghan & Y. Shoham, "Truth revelation in approximately
efficient combinatorial auctions", Journal of the ACM 49, 2002): with one unit of each of m items
and one bid a bidder it is never below 1 / sqrt(m) of the optimum, and a bidder who wants a single
bundle does best to say so when winners pay their critical values.

Guarantees, held by the tests:

* Winners, welfare and payments are counted in whole tokens; no solver's tolerance enters them.
* No item is sold beyond its supply, and no bidder wins two bids.
* ``bound`` is never below the best welfare. It is the lower of what the dual prices of the linear
  relaxation prove, in whole numbers, and, for the exact method, of the solver's own bound, taken
  with its tolerance of 1e-9. If ``gap`` is 0 the winners are proven best.
* 0 <= payment <= value. Paid bids are what was bid; VCG payments are what the others lose by the
  bidder's presence (W. Vickrey 1961, E. Clarke 1971, T. Groves 1973), and truth is a best reply.
"""

import math
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import isqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.auctions.uniform_price import AuctionError
from economy.columns import whole_numbers

LARGEST_VALUE = 2**53
"""The largest sum of values, in tokens: the solver counts in float64."""
DUAL_BITS = 16
"""Dual prices are rounded up to parts of 2**16 of a token, so that they prove a bound exactly."""
SOLVER_TOLERANCE = 1e-9

Column = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Payment(Enum):
    """What winners pay."""

    BID = "bid"  # their bid
    VCG = "vcg"  # what the others lose by their presence; with the exact method
    CRITICAL = "critical"  # the least that would have won; with the greedy method


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """The outcome of a combinatorial auction.

    Attributes:
        won: bool[m], by bid.
        payment: int64[m], tokens by bid; 0 for those who lost.
        welfare: the sum of the values of the winning bids, in tokens.
        bound: tokens that no allocation exceeds.
    """

    won: Flags
    payment: Column
    welfare: int
    bound: int

    @property
    def revenue(self) -> int:
        """The sum of the payments, in tokens."""
        return int(self.payment.sum())

    @property
    def gap(self) -> float:
        """How far the best could be above these winners, as a part of the bound: 0 if proven."""
        return (self.bound - self.welfare) / self.bound if self.bound else 0.0


def combinatorial_auction(
    units: ArrayLike,
    value: ArrayLike,
    supply: ArrayLike = 1,
    *,
    bidder: ArrayLike | None = None,
    payment: Payment = Payment.BID,
    greedy: bool = False,
    seconds: float | None = None,
) -> Allocation:
    """Sell items in bundles to those bids that are worth most together.

    ``units`` is int64[m, g], how many of each of g items a bid asks for, 0 or more; ``value``
    int64[m] tokens for the whole bundle, 0 or more, their sum at most 2**53; ``supply`` int64[g] or
    one number for all; ``bidder`` int64[m], whose bid it is (left out: one bid a bidder). A bid of
    0, or for nothing or for more than the supply, loses. The exact method is given up after
    ``seconds``, which shows in the gap (and refuses VCG payments).

    Raises ``AuctionError``. Equal optima are decided by the solver; greedily, ties go to the
    earlier bid. Greedy costs O(m log m + m g) and a linear programme.

    >>> units = [[1, 0], [0, 1], [1, 1]]
    >>> sold = combinatorial_auction(units, [6, 5, 9], payment=Payment.VCG)
    >>> sold.won.tolist(), sold.payment.tolist(), sold.gap
    ([True, True, False], [4, 3, 0], 0.0)
    """
    payment = Payment(payment)
    if payment is not Payment.BID and greedy != (payment is Payment.CRITICAL):
        raise AuctionError(
            "VCG payments need the exact winners, critical ones the greedy winners: "
            "use payment=Payment.VCG, or payment=Payment.CRITICAL with greedy=True"
        )
    bids = _checked(units, value, supply, bidder)
    won, bound = _greedy(bids) if greedy else _exact(bids, bids.able, seconds)
    bound = max(min(bound, _dual_bound(bids)), bids.welfare(won))
    if payment is Payment.BID:
        paid = np.where(won, bids.value, 0)
    elif payment is Payment.CRITICAL:
        paid = _critical(bids, won)
    else:
        paid = _vcg(bids, won, bound, seconds)
    return Allocation(won, paid, bids.welfare(won), bound)


class _Bids(NamedTuple):
    """Bids as they came in; ``able`` are those that could win."""

    units: Column
    value: Column
    supply: Column
    bidder: Column
    able: Flags

    def welfare(self, won: Flags) -> int:
        return int(self.value[won].sum())

    def constraints(self, rows: Column) -> tuple[Any, NDArray[np.float64]]:
        """What the bids in ``rows`` may not exceed: a sparse matrix, items then bidders."""
        from scipy import sparse

        _, own = np.unique(self.bidder[rows], return_inverse=True)
        belongs = sparse.csr_array((np.ones(rows.size), (own, np.arange(rows.size))))
        items = sparse.csr_array(self.units[rows].T.astype(np.float64))
        most = np.append(self.supply, np.ones(belongs.shape[0], np.int64))
        return sparse.vstack([items, belongs], format="csr"), most.astype(np.float64)


# -- winners --------------------------------------------------------------------------------


def _exact(bids: _Bids, allowed: Flags, seconds: float | None) -> tuple[Flags, int]:
    """Return the best winners among the allowed bids and the solver's bound."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    won = np.zeros(bids.value.size, bool)
    rows = np.flatnonzero(allowed)
    if not rows.size:
        return won, 0
    matrix, most = bids.constraints(rows)
    values = bids.value[rows].astype(np.float64)
    options: dict[str, float] = {"mip_rel_gap": 0.0}
    if seconds is not None:
        options["time_limit"] = seconds
    found = milp(
        -values,
        integrality=np.ones(rows.size),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, -np.inf, most),
        options=options,
    )
    bound = int(bids.value[rows].sum())
    if found.mip_dual_bound is not None and np.isfinite(found.mip_dual_bound):
        proven = -found.mip_dual_bound
        bound = min(bound, math.floor(proven + abs(proven) * SOLVER_TOLERANCE + 1e-6))
    if found.x is None:  # out of time before anything was found
        return _in_order(bids, _by_density(bids, rows)), bound
    chosen = rows[found.x > 0.5]
    # Taken one by one, so that whatever the solver tolerates nothing is sold twice.
    return _in_order(bids, chosen[np.argsort(-bids.value[chosen], kind="stable")]), bound


def _greedy(bids: _Bids) -> tuple[Flags, int]:
    """Return the winners by value / sqrt(units), and the sum of all values as a first bound."""
    order = _by_density(bids, np.flatnonzero(bids.able))
    return _in_order(bids, order), int(bids.value[bids.able].sum())


def _by_density(bids: _Bids, rows: Column) -> Column:
    """Sort bids by value / sqrt(units), from the top; exactly, so that ties are ties."""
    sizes, values = bids.units.sum(axis=1).tolist(), bids.value.tolist()
    order = sorted(rows.tolist(), key=lambda i: (-Fraction(values[i] ** 2, sizes[i]), i))
    return np.array(order, np.int64)


def _in_order(bids: _Bids, order: Column, blocked: int | None = None) -> Flags:
    """Accept bids in order while they fit; stop when bid ``blocked`` no longer would."""
    won = np.zeros(bids.value.size, bool)
    served = np.zeros(int(bids.bidder.max(initial=-1)) + 1, bool)
    left = bids.supply.copy()
    for i in order:
        if not served[bids.bidder[i]] and (bids.units[i] <= left).all():
            won[i] = served[bids.bidder[i]] = True
            left -= bids.units[i]
            if blocked is not None and (bids.units[blocked] > left).any():
                break
    return won


def _dual_bound(bids: _Bids) -> int:
    """Return what prices prove to be the most: any prices do, those of the relaxation best.

    No allocation is worth more than the supply at these prices, and the best surplus over them of
    each bidder (weak duality). Python's integers, as products exceed int64.
    """
    from scipy.optimize import linprog

    rows = np.flatnonzero(bids.able)
    if not rows.size:
        return 0
    matrix, most = bids.constraints(rows)
    values = bids.value[rows]
    relaxed = linprog(-values.astype(np.float64), A_ub=matrix, b_ub=most, method="highs")
    if relaxed.status != 0:
        return int(values.sum())
    prices = -relaxed.ineqlin.marginals[: bids.supply.size]
    parts = [max(0, math.ceil(price * 2**DUAL_BITS)) for price in prices.tolist()]
    cost = bids.units[rows].astype(object) @ np.array(parts, object)
    surplus: dict[int, int] = {}
    for who, worth, due in zip(bids.bidder[rows].tolist(), values.tolist(), cost, strict=True):
        surplus[who] = max(surplus.get(who, 0), (worth << DUAL_BITS) - due)
    stock = sum(have * part for have, part in zip(bids.supply.tolist(), parts, strict=True))
    return (stock + sum(surplus.values())) >> DUAL_BITS


# -- payments -------------------------------------------------------------------------------


def _vcg(bids: _Bids, won: Flags, bound: int, seconds: float | None) -> Column:
    """Each winner pays what the others would have together without it, less what they have."""
    paid = np.zeros(won.size, np.int64)
    best = bids.welfare(won)
    for i in np.flatnonzero(won):
        others, limit = _exact(bids, bids.able & (bids.bidder != bids.bidder[i]), seconds)
        without = bids.welfare(others)
        if bound > best or min(limit, best) > without:
            raise AuctionError(
                f"VCG payments need proven winners; {best} tokens of at most {bound} were found, "
                f"and {without} of {min(limit, best)} without bidder {bids.bidder[i]}. Allow more "
                "seconds, or bid in larger units of money: the solver proves sums up to about 10**8"
            )
        paid[i] = without - (best - int(bids.value[i]))
    return paid


def _critical(bids: _Bids, won: Flags) -> Column:
    """Each winner pays the least, in whole tokens, that would have won all else being equal."""
    paid = np.zeros(won.size, np.int64)
    order = _by_density(bids, np.flatnonzero(bids.able))
    sizes = bids.units.sum(axis=1)
    for i in np.flatnonzero(won):
        others = order[bids.bidder[order] != bids.bidder[i]]
        taken = _in_order(bids, others, blocked=int(i))
        if not taken.any() or (bids.units[i] <= bids.supply - bids.units[taken].sum(axis=0)).all():
            paid[i] = 1  # nobody is in the way, but bids of 0 lose
            continue
        # The last that was taken is the one that blocks.
        j = int(others[taken[others]][-1])
        square = int(bids.value[j]) ** 2 * int(sizes[i])
        least = isqrt(square // int(sizes[j]))
        while least**2 * int(sizes[j]) < square or (least**2 * int(sizes[j]) == square and i > j):
            least += 1
        paid[i] = least
    return paid


def _checked(
    units: ArrayLike, value: ArrayLike, supply: ArrayLike, bidder: ArrayLike | None
) -> _Bids:
    asked = np.asarray(units)
    if asked.ndim != 2 or (asked.size and asked.dtype.kind not in "biu"):
        raise AuctionError(
            "units must be whole numbers [m, g], a row for each bid and a column for each item, "
            f"as in [[1, 0], [1, 2]]; got {asked.dtype}{list(asked.shape)}"
        )
    m, items = asked.shape
    asked = asked.astype(np.int64)
    values = whole_numbers("value", value, AuctionError)
    stock = whole_numbers("supply", supply, AuctionError)
    stock = np.full(items, stock) if stock.size == 1 else stock
    whose = np.arange(m) if bidder is None else whole_numbers("bidder", bidder, AuctionError)
    if (values.size, stock.size, whose.size) != (m, items, m):
        raise AuctionError(
            f"units are [{m}, {items}], so there must be {m} values, {items} supplies and {m} "
            f"bidders; got {values.size}, {stock.size} and {whose.size}"
        )
    for name, column in (("units", asked), ("values", values), ("supplies", stock)):
        if column.size and not 0 <= column.min() <= column.max() <= LARGEST_VALUE:
            raise AuctionError(
                f"{name} are 0 to 2**53, up to which the solver counts every one; "
                f"got {column.min()} to {column.max()}"
            )
    if values.sum(dtype=np.float64) > LARGEST_VALUE:
        raise AuctionError(
            f"the values sum to {values.sum(dtype=np.float64):.4g} tokens; at most 2**53, up to "
            "which the solver counts every token. Bid in larger units of money"
        )
    able = (values > 0) & (asked <= stock).all(axis=1) & asked.any(axis=1)
    dense = np.unique(whose, return_inverse=True)[1] if m else whose
    return _Bids(asked, values, stock, dense, able)
