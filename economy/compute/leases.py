"""Metered leases of compute: so many units a tick, paid tick by tick until the funds run out.

A lease draws rate times price from its account each tick, in one pass of compiled code over all
leases, oldest first. There is no overdraft. The tick in which an account cannot pay for the whole
rate is the lease's last: it pays for, and is served, the whole units that the account can afford,
which may be none; less than one unit's price stays on the account, and the lease ends at exactly
that tick. Several leases of one account draw on it in their order.

Guarantees, held by the tests: no account is overdrawn; what the payee receives is the units
served times the price; a lease is served its full rate in each tick but its last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.compute.errors import ComputeError, LeaseEnd, whole
from economy.ledger import ISSUER, Books, Ledger, post
from economy.ledger.posting import light

LEASES: dict[str, np.dtype] = {
    "id": np.dtype(np.int64),
    "account": np.dtype(np.int64),
    "rate": np.dtype(np.int64),
    "limit": np.dtype(np.int64),
    "rank": np.dtype(np.int64),
    "begun": np.dtype(np.int64),
    "served": np.dtype(np.int64),
}
"""The columns of leases: ``rate`` units a tick, ``limit`` the most tokens a unit may cost,
``rank`` the class, ``begun`` the tick it was opened in, ``served`` the units so far."""


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What the leases of a tick drew."""

    id: NDArray[np.int64]
    """The leases, int64[n], oldest first."""
    units: NDArray[np.int64]
    """The units each was served, int64[n]."""
    ended: NDArray[np.int64]
    """The ids of those whose last tick it was."""
    paid: int
    """Tokens drawn in all."""


class Leases:
    """The running leases, as columns; ids rise and are never reused.

    >>> ledger = Ledger()
    >>> alice, house = ledger.open(2)
    >>> ledger.mint(alice, 25)
    >>> leases = Leases()
    >>> leases.open(alice, rate=4).tolist()
    [0]
    >>> [leases.settle(ledger, 3, house).units.tolist() for tick in range(3)]
    [[4], [4], [0]]
    >>> len(leases), ledger.balance(alice)
    (0, 1)
    """

    def __init__(self) -> None:
        self._next = 0
        self._columns = {name: np.zeros(0, dtype) for name, dtype in LEASES.items()}

    def __len__(self) -> int:
        """Return the number of running leases."""
        return int(self._columns["id"].size)

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        """Return a column of the running leases, int64[n], oldest first: a read-only view."""
        if name not in self._columns:
            raise ComputeError(f"leases have no column {name!r}; they have {', '.join(LEASES)}")
        view = self._columns[name][:]
        view.flags.writeable = False
        return view

    def open(
        self,
        account: ArrayLike,
        rate: ArrayLike,
        *,
        limit: ArrayLike = 2**53,
        rank: ArrayLike = 0,
        tick: int = 0,
    ) -> NDArray[np.int64]:
        """Begin leases and return their ids, int64[n]; they draw from the next settlement on.

        ``account`` is int64[n], ordinary accounts of the ledger; ``rate`` int64[n], units a tick,
        1 or more; ``limit`` int64[n] the most tokens per unit; ``rank`` int64[n] the class. Scalars
        serve for all. Raises ``ComputeError``.
        """
        given = {"account": account, "rate": rate, "limit": limit, "rank": rank, "begun": tick}
        columns = {name: whole_numbers(name, each, ComputeError) for name, each in given.items()}
        sizes = {column.size for column in columns.values()} - {1}
        if len(sizes) > 1:
            raise ComputeError(f"columns must have one length or be scalars; got {sorted(sizes)}")
        n = sizes.pop() if sizes else 1
        for name, least in (("account", ISSUER + 1), ("rate", 1), ("limit", 1), ("rank", 0)):
            if n and columns[name].min() < least:
                raise ComputeError(
                    f"{name} of a lease is {least} or more; got {columns[name].min()}"
                )
        ids = np.arange(self._next, self._next + n, dtype=np.int64)
        columns |= {"id": ids, "served": np.zeros(n, np.int64)}
        for name, column in self._columns.items():
            self._columns[name] = np.concatenate((column, np.broadcast_to(columns[name], n)))
        self._next += n
        return ids

    def settle(self, ledger: Ledger, price: int, payee: int, *, code: int = 0) -> Settled:
        """Let every lease draw its tick, at ``price`` tokens per unit, for the account ``payee``.

        Those that could not pay for their whole rate end. O(n). Raises ``ComputeError`` for a
        price below 1, accounts that the ledger does not have and a payee that leases itself.
        """
        account, rate = self._columns["account"], self._columns["rate"]
        price, code = whole("price", price, 1), whole("code", code, -(2**15), 2**15 - 1)
        self.check(ledger, payee)
        units = np.empty(len(self), np.int64)
        books = ledger.open_books(len(self))
        paid = _draw(books, account, rate, price, int(payee), code, units)
        ledger.close_books(books)
        ids = self._columns["id"]
        self._columns["served"] += units
        short = units < rate
        if short.any():
            self._keep(~short)
        return Settled(ids, units, ids[short], int(paid))

    def check(self, ledger: Ledger, payee: int) -> None:
        """Raise ``ComputeError`` unless the ledger has all accounts, and the payee leases none."""
        account = self._columns["account"]
        if not ISSUER < payee < len(ledger) or (account == payee).any():
            raise ComputeError(f"payee {payee} must be an ordinary account that leases nothing")
        if account.max(initial=0) >= len(ledger):
            raise ComputeError(f"account {account.max()} was never opened in this ledger")

    def end(self, ids: ArrayLike) -> NDArray[np.uint8]:
        """End leases; return uint8[n] of ``LeaseEnd.RELEASED``, 0 where there is no such lease."""
        wanted = whole_numbers("id", ids, ComputeError)
        running = np.isin(wanted, self._columns["id"])
        self._keep(~np.isin(self._columns["id"], wanted))
        return np.where(running, np.uint8(LeaseEnd.RELEASED), np.uint8(0))

    def _keep(self, stay: NDArray[np.bool_]) -> None:
        self._columns = {name: column[stay] for name, column in self._columns.items()}

    def state(self) -> dict[str, NDArray[np.int64]]:
        """Everything as plain arrays (copies); the next id is 0-d."""
        columns = {name: column.copy() for name, column in self._columns.items()}
        return {"next": np.array(self._next, np.int64)} | columns

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Become the leases that wrote ``state``; on ``ComputeError`` these are unchanged."""
        if missing := [name for name in ("next", *LEASES) if name not in state]:
            raise ComputeError(f"not the state of leases: {missing} missing")
        columns = {name: whole_numbers(name, state[name], ComputeError).copy() for name in LEASES}
        last = whole_numbers("next", state["next"], ComputeError)
        ids, sizes = columns["id"], {column.size for column in columns.values()}
        if len(sizes) > 1 or last.size != 1:
            raise ComputeError(f"not the state of leases: columns of lengths {sorted(sizes)}")
        if ids.size and not (ids[0] >= 0 and (np.diff(ids) > 0).all() and ids[-1] < last[0]):
            raise ComputeError(f"ids of leases rise from 0 to below next, {last[0]}; got {ids}")
        if min(columns[name].min(initial=0) for name in ("rank", "served")) < 0:
            raise ComputeError("rank and served of a lease are 0 or more")
        restored = Leases()
        restored.open(*(columns[name] for name in ("account", "rate")), limit=columns["limit"])
        restored._columns, restored._next = columns, int(last[0])
        vars(self).update(vars(restored))


@njit(cache=True, nogil=True)
def _draw(
    books: Books,
    account: NDArray[np.int64],
    rate: NDArray[np.int64],
    price: int,
    payee: int,
    code: int,
    units: NDArray[np.int64],
) -> int:
    """Pay for each lease's units in turn, as many whole ones as its account affords."""
    books, paid = light(books), 0
    for i in range(account.size):
        # The quotient is compared, not the product, which int64 may not hold.
        affordable = books.available[account[i]] // price
        units[i] = min(rate[i], affordable)
        if units[i] > 0:
            post(books, account[i], payee, units[i] * price, code)
            paid += units[i] * price
    return paid
