"""The register of firms: which there are, who holds their shares, and its own audit.

Guarantees: see ``firms.py``, which does everything that changes it.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.firms.cap_table import LARGEST_ID, CapTable, Column
from economy.firms.errors import FirmError, FirmRefusal
from economy.ledger import ISSUER, Ledger

MOST_SHARES = 2**53
"""The most shares of one firm, and the most tokens that are split in one go: splits are exact."""
NOBODY = -1
COLUMNS = ("account", "shares", "alive", "successor")


class Register:
    """All firms of a ledger: a column each, and the table of who holds their shares."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._columns = {name: np.zeros(0, np.int64) for name in COLUMNS}
        self._table = CapTable()
        self._spare = np.zeros(0, np.int64)  # accounts opened for firms that were not formed

    def __len__(self) -> int:
        """Return how many firms were ever formed."""
        return self._columns["account"].size

    @property
    def accounts(self) -> Column:
        """The ledger account of each firm, int64[firms], a copy."""
        return self._columns["account"].copy()

    @property
    def shares(self) -> Column:
        """The shares outstanding of each firm, int64[firms], a copy."""
        return self._columns["shares"].copy()

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Whether each firm is neither dissolved nor merged into another, bool[firms]."""
        return self._columns["alive"] != 0

    @property
    def successors(self) -> Column:
        """The firm into which each was merged, int64[firms]; -1 for none. A copy."""
        return self._columns["successor"].copy()

    def cap_table(self) -> dict[str, Column]:
        """Return all holdings as columns firm, holder and shares, by firm and then by holder."""
        table = self._table
        return {"firm": table.firm, "holder": table.holder, "shares": table.shares.copy()}

    def holding(self, firm: ArrayLike, holder: ArrayLike) -> Column:
        """Return how many shares of each firm each account holds, int64[n]."""
        return self._table.held(*stretched(firm=firm, holder=holder))

    # -- audit and state --------------------------------------------------------------------

    def check(self) -> None:
        """Raise ``FirmError`` unless the holdings sum to the shares and no firm owns itself."""
        table, columns = self._table, self._columns
        held = np.zeros(len(self), np.int64)
        np.add.at(held, table.firm, table.shares)
        if (held != columns["shares"]).any():
            firm = int(np.argmax(held != columns["shares"]))
            raise FirmError(f"firm {firm} has {columns['shares'][firm]} shares; {held[firm]} held")
        if ((columns["shares"] > 0) != self.alive).any() or (table.shares < 1).any():
            raise FirmError("firms alive have shares, and others none")
        if (columns["account"][table.firm] == table.holder).any():
            raise FirmError("a firm holds shares in itself")
        if np.isin(columns["account"][~self.alive], table.holder).any():
            raise FirmError("a firm that is no more holds shares")

    def state(self) -> dict[str, Column]:
        """Return everything but the ledger as plain arrays (copies)."""
        columns = self._columns | self.cap_table() | {"spare": self._spare}
        columns["outstanding"] = self._columns["shares"]
        return {name: column.copy() for name, column in columns.items()}

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Become the firms that wrote ``state``, on the same ledger as it was then.

        On ``FirmError`` these are unchanged.
        """
        names = ["account", "outstanding", "alive", "successor", "firm", "holder", "shares"]
        if missing := [name for name in [*names, "spare"] if name not in state]:
            raise FirmError(f"not the state of firms: {missing} missing")
        found = {name: whole_numbers(name, state[name], FirmError).copy() for name in names}
        sizes = [found[name].size for name in names]
        if len(set(sizes[:4])) > 1 or len(set(sizes[4:])) > 1:
            raise FirmError(f"not the state of firms: {names} have lengths {sizes}")
        if sizes[4] and not 0 <= found["firm"].min() <= found["firm"].max() < sizes[0]:
            raise FirmError("not the state of firms: shares of a firm that is not known")
        spare = whole_numbers("spare", state["spare"], FirmError).copy()
        accounts = np.concatenate((found["account"], found["holder"], spare))
        if accounts.size and not ISSUER < accounts.min() <= accounts.max() < len(self._ledger):
            raise FirmError("not the state of firms on this ledger: an account was never opened")
        restored = Register(self._ledger)
        restored._columns = {
            name: found["outstanding" if name == "shares" else name] for name in COLUMNS
        }
        restored._table.add(found["firm"], found["holder"], found["shares"])
        restored._spare = spare
        restored.check()
        vars(self).update(vars(restored))

    # -- what all of it needs ---------------------------------------------------------------

    def _dead(self, firms: Column) -> NDArray[np.uint8]:
        """Return UNKNOWN_FIRM or DISSOLVED where a firm can do nothing, uint8[n]."""
        known = (firms >= 0) & (firms < len(self))
        refusals = np.where(known, FirmRefusal.OK, FirmRefusal.UNKNOWN_FIRM).astype(np.uint8)
        refusals[known] = np.where(self.alive[firms[known]], 0, FirmRefusal.DISSOLVED)
        return refusals

    def _unfit(self, accounts: Column, firms: Column | None = None) -> NDArray[np.uint8]:
        """Return why accounts cannot found, hold or be paid by firms, uint8[n]."""
        last = min(len(self._ledger) - 1, LARGEST_ID)
        known = (accounts > ISSUER) & (accounts <= last) & ~np.isin(accounts, self._spare)
        refusals = np.where(known, FirmRefusal.OK, FirmRefusal.UNKNOWN_ACCOUNT).astype(np.uint8)
        refusals[np.isin(accounts, self._columns["account"][~self.alive])] = FirmRefusal.DISSOLVED
        if firms is not None and len(self):
            own = self._columns["account"][np.clip(firms, 0, len(self) - 1)]
            refusals[(refusals == 0) & (own == accounts)] = FirmRefusal.OWN_SHARES
        return refusals

    def _accounts_for(self, count: int) -> Column:
        """Return accounts for new firms: spare ones, then new ones."""
        opened = self._ledger.open(max(count - self._spare.size, 0))
        accounts = np.append(self._spare, opened)
        self._spare = accounts[count:]
        return accounts[:count]

    def _append(self, accounts: Column) -> None:
        ones = np.ones(accounts.size, np.int64)
        new = {"account": accounts, "shares": 0 * ones, "alive": ones, "successor": NOBODY * ones}
        for name in COLUMNS:
            self._columns[name] = np.append(self._columns[name], new[name])

    def _give(self, firms: Column, holders: Column, shares: Column) -> None:
        """Give holders new shares."""
        np.add.at(self._columns["shares"], firms, shares)
        self._table.add(firms, holders, shares)

    def _end(self, firms: Column, successor: int) -> None:
        for name, value in (("shares", 0), ("alive", 0), ("successor", successor)):
            self._columns[name][firms] = value


def stretched(**arguments: ArrayLike) -> list[Column]:
    """Return the arguments as columns of one length; scalars are stretched."""
    columns = {name: whole_numbers(name, value, FirmError) for name, value in arguments.items()}
    lengths = {column.size for column in columns.values()} - {1}
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} {column.size}" for name, column in columns.items())
        raise FirmError(f"columns must have one length or be scalars; got {shapes}")
    n = lengths.pop() if lengths else 1
    return [column if column.size == n else np.full(n, column) for column in columns.values()]


def sums(place: Column, amounts: Column, count: int) -> Column:
    """Sum amounts (0 or more) by place, int64[count]; what is beyond 2**60 counts as 2**60."""
    total = np.zeros(count, np.int64)
    np.add.at(total, place, amounts)
    # The sum in float64 notices what would have wrapped around.
    rough = np.bincount(place, amounts, count)
    return np.where(rough > 2**60, 2**60, total)
