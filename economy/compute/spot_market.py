"""A market for a machine's compute: leases at a published price, the rest by auction each tick.

A tick goes in this order, so that everybody can check it:

1. The price published at the end of the last tick stands. Leases whose limit is below it are
   pre-empted. Where the capacity was lowered, leases that no longer fit are displaced: kept are,
   in turn, the lower class, the higher limit, the older lease, up to the first that does not fit.
2. The leases draw their rate times the price, oldest first; those that cannot pay for the whole
   tick are served the whole units they can pay for, and end (`economy.compute.leases`).
3. What is free is auctioned among the bids, class by class (`priority_auction`), with the
   published price as the reserve. A bid counts for what its account's quota leaves, units drawn by
   leases included, and for what its account can pay at the price it offers; several bids of one
   account take quota and funds in the order given. Winners pay their class's price for this tick.
4. Winners that asked for it go on as leases from the next tick, of as many units as they won, with
   their bid as the limit.
5. The price of the next tick is published: it follows the demand at this tick's price, units
   drawn by leases and bid for, by the rule of `SpotPrice`.

Guarantees, held by the tests: no more units are served than there are; nobody pays more per unit
than they offered, or is served beyond quota or funds; every token drawn is on the market's
account and in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import LARGEST, whole_numbers
from economy.compute.caps import cap_bids
from economy.compute.errors import ComputeError, LeaseEnd, Shortfall, whole
from economy.compute.leases import Leases
from economy.compute.priority_auction import priority_auction
from economy.compute.spot_price import SpotPrice
from economy.ledger import ISSUER, Ledger

LARGEST_CAPACITY = 2**32
"""Units a tick, so that a million bids stay within what auctions count exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A tick of the market: prices in tokens per unit, quantities in units."""

    price: int
    """What leases paid, and the auction's reserve."""
    next_price: int
    """The price published for the next tick."""
    class_prices: NDArray[np.int64]
    """What the winning bids of each class paid, int64[classes]."""
    filled: NDArray[np.int64]
    """Units that each bid won, int64[n]."""
    shortfall: NDArray[np.uint8]
    """Why each bid won less than it asked for, uint8[n] of `Shortfall`."""
    leased: NDArray[np.int64]
    """The lease that each bid goes on as, int64[n]; -1 for none."""
    ended: NDArray[np.int64]
    """Leases that ended, by id."""
    end: NDArray[np.uint8]
    """How each of them ended, uint8 of `LeaseEnd`."""
    capacity: int
    drawn: int
    """Units drawn by leases."""
    sold: int
    """Units sold by auction."""
    demand: int
    """Units drawn by leases, or bid for at the published price within quotas and funds."""
    revenue: int
    """Tokens received."""

    @property
    def utilisation(self) -> float:
        """The part of the capacity that was served, 0 to 1."""
        return (self.drawn + self.sold) / self.capacity if self.capacity else 0.0


class SpotMarket:
    """A capacity of compute, its published price, its leases and its auction.

    ``capacity`` (units a tick) may be changed between ticks. ``quota`` is the most units that an
    account may have at a time; `set_quota` changes it for some.

    >>> ledger = Ledger()
    >>> alice, bob = ledger.open(2)
    >>> ledger.mint([alice, bob], 100)
    >>> market = SpotMarket(ledger, capacity=10)
    >>> first = market.tick([alice, bob], price=[5, 3], quantity=[8, 8], keep=[True, False])
    >>> first.class_prices.tolist(), first.filled.tolist(), first.next_price
    ([3], [8, 2], 2)
    >>> second = market.tick()
    >>> second.drawn, second.revenue, second.utilisation
    (8, 16, 0.8)
    """

    def __init__(
        self,
        ledger: Ledger,
        capacity: int,
        *,
        reserve: int = 1,
        target: Fraction | float = Fraction(4, 5),
        pace: int = 8,
        quota: int | None = None,
        classes: int = 1,
        code: int = 0,
    ) -> None:
        self.classes = whole("classes", classes, 1)
        self.code = whole("code", code, -(2**15), 2**15 - 1)
        self.capacity = capacity
        _checked_capacity(capacity)
        self.spot = SpotPrice(reserve, target=target, pace=pace)
        self.leases = Leases()
        self._quota = LARGEST if quota is None else whole("quota", quota, 0)
        self._quotas = np.zeros(0, np.int64)
        self._ledger = ledger
        self.account = int(ledger.open()[0])
        """The market's own account, which everybody pays."""

    def set_quota(self, account: ArrayLike, units: ArrayLike) -> None:
        """Let accounts, int64[n], have at most so many units at a time, int64[n] or a scalar."""
        ids = whole_numbers("account", account, ComputeError)
        most = whole_numbers("units", units, ComputeError)
        self._grow_quotas()
        if ids.size and not ISSUER < ids.min() <= ids.max() < self._quotas.size:
            raise ComputeError(f"accounts are 1 to {self._quotas.size - 1}; got {ids[:5].tolist()}")
        if most.size not in (1, ids.size) or most.min(initial=0) < 0:
            raise ComputeError(
                f"units are 0 or more, one for each account; got {most[:5].tolist()}"
            )
        self._quotas[ids] = most

    def _grow_quotas(self) -> None:
        more = len(self._ledger) - self._quotas.size
        if more > 0:
            self._quotas = np.append(self._quotas, np.full(more, self._quota))

    def tick(
        self,
        account: ArrayLike = (),
        price: ArrayLike = (),
        quantity: ArrayLike = (),
        *,
        rank: ArrayLike = 0,
        keep: ArrayLike = False,
    ) -> Report:
        """Run one tick, as the module says, with these bids; report it.

        ``account`` is int64[n], who bids and pays; ``price`` int64[n], the most tokens per unit;
        ``quantity`` int64[n] units; ``rank`` int64[n], the class, 0 served first; ``keep``
        bool[n], whether to go on as a lease. Raises ``ComputeError``; then nothing happened.
        """
        given = {"account": account, "price": price, "quantity": quantity, "rank": rank}
        columns = {name: whole_numbers(name, each, ComputeError) for name, each in given.items()}
        kept, n = np.asarray(keep), columns["account"].size
        if kept.dtype != np.bool_ or kept.size not in (1, n):
            raise ComputeError(f"keep is true or false, one for all or for each of {n} bids")
        for name, column in columns.items():
            if column.size == 1:
                columns[name] = np.full(n, column)
            elif column.size != n:
                raise ComputeError(f"{n} accounts, but {name} has {column.size} rows")
        ranks = columns["rank"]
        if n and not 0 <= ranks.min() <= ranks.max() < self.classes:
            raise ComputeError(f"rank is 0 to {self.classes - 1}; got {ranks[:5].tolist()}")
        _checked_capacity(self.capacity)
        self.leases.check(self._ledger, self.account)
        if n * self.capacity > 2**53:
            raise ComputeError(f"{n} bids for up to {self.capacity} units exceed 2**53 in all")
        return self._tick(
            columns["account"],
            columns["price"],
            columns["quantity"],
            ranks,
            np.broadcast_to(kept.reshape(-1), n),
        )

    def _tick(
        self,
        account: NDArray[np.int64],
        price: NDArray[np.int64],
        quantity: NDArray[np.int64],
        rank: NDArray[np.int64],
        keep: NDArray[np.bool_],
    ) -> Report:
        now, ledger = self.spot.price, self._ledger
        ended, end = self._make_room(now)
        lessee = self.leases["account"]
        settled = self.leases.settle(ledger, now, self.account, code=self.code)
        drawn = int(settled.units.sum())

        self._grow_quotas()
        allowed, funds = self._quotas.copy(), ledger.available()
        np.subtract.at(allowed, lessee, settled.units)
        wanted, shortfall = np.empty(account.size, np.int64), np.empty(account.size, np.uint8)
        cap_bids(account, price, quantity, now, self.account, allowed, funds, wanted, shortfall)
        np.minimum(wanted, self.capacity, out=wanted)
        sale = priority_auction(
            price, wanted, rank, self.capacity - drawn, reserve=now, classes=self.classes
        )
        filled = sale.filled
        shortfall[filled < wanted] = Shortfall.OUTBID
        shortfall[(filled < quantity) & (shortfall == 0)] = Shortfall.OUTBID  # beyond the capacity
        winners = np.flatnonzero(filled)
        due = filled[winners] * sale.prices[rank[winners]]
        ledger.transfer(account[winners], self.account, due, code=self.code)

        leased = np.full(account.size, -1, np.int64)
        stay = winners[keep[winners]]
        leased[stay] = self.leases.open(
            account[stay], filled[stay], limit=price[stay], rank=rank[stay], tick=ledger.tick
        )
        demand = drawn + int(sale.demand.sum())
        return Report(
            price=now,
            next_price=self.spot.follow(demand, self.capacity),
            class_prices=sale.prices,
            filled=filled,
            shortfall=shortfall,
            leased=leased,
            ended=np.concatenate((ended, settled.ended)),
            end=np.append(end, np.full(settled.ended.size, LeaseEnd.FUNDS_OUT, np.uint8)),
            capacity=self.capacity,
            drawn=drawn,
            sold=int(sale.sold.sum()),
            demand=demand,
            revenue=settled.paid + int(due.sum()),
        )

    def _make_room(self, now: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """End the leases that the price pre-empts and that a lower capacity displaces."""
        leases = self.leases
        preempted = leases["id"][leases["limit"] < now]
        leases.end(preempted)
        order = np.lexsort((leases["id"], -leases["limit"], leases["rank"]))
        # One that is larger than the capacity never fits, however much: its sum cannot overflow.
        rate = np.minimum(leases["rate"][order], LARGEST_CAPACITY + 1)
        displaced = leases["id"][order[np.cumsum(rate) > self.capacity]]
        leases.end(displaced)
        ends = (LeaseEnd.PREEMPTED, preempted.size), (LeaseEnd.DISPLACED, displaced.size)
        return (
            np.concatenate((preempted, np.sort(displaced))),
            np.concatenate([np.full(number, reason, np.uint8) for reason, number in ends]),
        )

    def state(self) -> dict[str, Any]:
        """Everything but the ledger, as plain arrays and JSON values."""
        return {
            "capacity": int(self.capacity),
            "classes": self.classes,
            "code": self.code,
            "account": self.account,
            "quota": self._quota,
            "quotas": self._quotas.copy(),
            "spot": self.spot.state(),
            "leases": self.leases.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the market that wrote ``state``, over the same ledger as it was then.

        On ``ComputeError`` this one is unchanged.
        """
        spot, leases = SpotPrice(), Leases()
        try:
            spot.restore(state["spot"])
            leases.restore(state["leases"])
            quotas = whole_numbers("quotas", state["quotas"], ComputeError).copy()
            names = ("capacity", "classes", "code", "account", "quota")
            capacity, classes, code, account, quota = (int(state[name]) for name in names)
            _checked_capacity(capacity)
        except (KeyError, TypeError, ValueError) as error:
            raise ComputeError(f"not the state of a spot market: {error!r}") from error
        accounts = max(account, quotas.size - 1, int(leases["account"].max(initial=0)))
        if not ISSUER < account <= accounts < len(self._ledger):
            raise ComputeError(f"the ledger has no account {accounts}; restore the ledger first")
        if (leases["account"] == account).any():
            raise ComputeError(f"the market's own account, {account}, leases nothing")
        if min(quota, quotas.min(initial=0)) < 0 or classes < 1 or not -(2**15) <= code < 2**15:
            raise ComputeError("not the state of a spot market: quotas, classes or code are wrong")
        self.capacity, self.classes, self.code, self.account = capacity, classes, code, account
        self.spot, self.leases, self._quota, self._quotas = spot, leases, quota, quotas


def _checked_capacity(capacity: int) -> None:
    whole("capacity", capacity, 0, LARGEST_CAPACITY)
