"""A double-entry ledger of whole tokens, in columns.

Every transfer debits one account and credits another with the same amount, so the books always
balance (D. Ellerman, "The mathematics of double entry bookkeeping", Mathematics Magazine 58,
1985). All-or-nothing batches follow TigerBeetle's linked transfers.

Guarantees, held by the tests:

* The balances sum to exactly 0: what exists was debited from the issuer, account 0, the only
  account that may be negative. The supply is minus its balance and never exceeds 2**63 - 1, so
  no other balance can overflow.
* No ordinary account is ever below zero.
* A batch means the same as its transfers made one by one, in order.
* The opening balances and the journal together give the balances.

Errors: ``LedgerError`` (a ``ValueError``) for wrong arguments, for a mint or burn that cannot be
made and for books that do not balance. A transfer that cannot be made is no error: its ``Refusal``
says why.
"""

import operator
from collections.abc import Mapping
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.ledger.posting import ISSUER, Books, Refusal, post_batch

JOURNAL: dict[str, np.dtype] = {
    "tick": np.dtype(np.int32),
    "debit": np.dtype(np.int64),
    "credit": np.dtype(np.int64),
    "amount": np.dtype(np.int64),
    "code": np.dtype(np.int16),
}
"""The columns of a journal and their types: one row for each transfer that was made."""


class LedgerError(ValueError):
    """Wrong arguments, a mint or burn that cannot be made, or books that do not balance."""


class Ledger:
    """Accounts, their balances in whole tokens (int64) and the journal of what moved.

    The owner sets ``tick``, which dates the journal, and drains the journal when it likes.

    >>> ledger = Ledger()
    >>> alice, bob = ledger.open(2)
    >>> ledger.mint(alice, 100)
    >>> ledger.transfer([alice, bob], [bob, alice], [30, 50]).tolist()  # bob has only 30
    [0, 4]
    >>> ledger.balances.tolist()
    [-100, 70, 30]
    """

    def __init__(self) -> None:
        self.tick = 0
        self._accounts = 1  # the issuer
        self._balances = np.zeros(16, np.int64)
        self._opening = np.zeros(16, np.int64)
        self._entries = 0
        self._journal = {name: np.zeros(64, dtype) for name, dtype in JOURNAL.items()}

    def __len__(self) -> int:
        """Return the number of accounts, the issuer included."""
        return self._accounts

    # -- accounts ---------------------------------------------------------------------------

    def open(self, n: int = 1) -> NDArray[np.int64]:
        """Open n empty accounts and return their ids, int64[n]: dense, rising, never reused."""
        if n < 0:
            raise LedgerError(f"cannot open {n} accounts; n is at least 0, as in open(3)")
        first, self._accounts = self._accounts, self._accounts + operator.index(n)
        self._balances = _with_room(self._balances, self._accounts)
        self._opening = _with_room(self._opening, self._accounts)
        return np.arange(first, self._accounts, dtype=np.int64)

    @property
    def balances(self) -> NDArray[np.int64]:
        """All balances now, int64[accounts]: a read-only view; ask again after ``open``."""
        return _read_only(self._balances[: self._accounts])

    @property
    def opening(self) -> NDArray[np.int64]:
        """The balances before the first entry held in the journal, int64[accounts], read-only."""
        return _read_only(self._opening[: self._accounts])

    @property
    def entries(self) -> int:
        """Movements since the journal was last drained; while it is 0 no balance has changed."""
        return self._entries

    @property
    def supply(self) -> int:
        """Tokens in existence: what was minted less what was burnt."""
        return -int(self._balances[ISSUER])

    @overload
    def balance(self, account: int | np.integer) -> int: ...
    @overload
    def balance(self, account: ArrayLike) -> NDArray[np.int64]: ...
    def balance(self, account: ArrayLike) -> int | NDArray[np.int64]:
        """Return the balance of one account, an int, or a copy of those of many, int64[n]."""
        ids = whole_numbers("account", account, LedgerError)
        unknown = ids[(ids < 0) | (ids >= self._accounts)]
        if unknown.size:
            raise LedgerError(
                f"account {unknown[0]} was never opened; ids run from 0 to {self._accounts - 1}"
            )
        found = self._balances[ids]
        return int(found[0]) if np.ndim(account) == 0 else found

    # -- movements --------------------------------------------------------------------------

    def transfer(
        self,
        debit: ArrayLike,
        credit: ArrayLike,
        amount: ArrayLike,
        *,
        code: ArrayLike = 0,
        linked: bool = False,
    ) -> NDArray[np.uint8]:
        """Move amounts from the debited to the credited accounts, in order; return refusals.

        ``debit``, ``credit`` (account ids), ``amount`` (tokens) and ``code`` (int16, the owner's
        reason for the journal) are whole numbers, each a column of n or a scalar for all. A
        refused transfer moves nothing and does not stop the next. With ``linked`` it is all or
        nothing: if any would be refused nothing moves, the guilty keep their reason and the
        others carry ``Refusal.LINKED``. Debiting the issuer mints, crediting it burns.

        Returns uint8[n] of ``Refusal``. O(n). Raises ``LedgerError`` for fractional types,
        columns of unequal length and codes beyond int16; then nothing moves.
        """
        arguments = {"debit": debit, "credit": credit, "amount": amount, "code": code}
        columns = {name: whole_numbers(name, arguments[name], LedgerError) for name in arguments}
        lengths = {column.size for column in columns.values()} - {1}
        if len(lengths) > 1:
            shapes = ", ".join(f"{name} {column.size}" for name, column in columns.items())
            raise LedgerError(f"columns must have one length or be scalars; got lengths {shapes}")
        n = lengths.pop() if lengths else 1
        codes = columns["code"]
        if codes.size and not -(2**15) <= codes.min() <= codes.max() < 2**15:
            raise LedgerError(f"code must fit int16, -32768 to 32767; got {codes[:5].tolist()}")

        refusals = np.empty(n, np.uint8)
        books = self.open_books(n)
        stretched = (_stretched(column, n) for column in columns.values())
        post_batch(books, *stretched, bool(linked), refusals)
        self.close_books(books)
        return refusals

    def open_books(self, room: int) -> Books:
        """Balances and `room` free rows of the journal, for compiled code that calls `post`.

        Whoever opens the books closes them before anything else is done with this ledger.
        """
        start = self._entries
        for name, column in self._journal.items():
            self._journal[name] = _with_room(column, start + room)
        rows = {name: column[start : start + room] for name, column in self._journal.items()}
        tick = rows.pop("tick")
        tick[:] = operator.index(self.tick)  # refuses a tick beyond int32
        return Books(self._balances[: self._accounts], **rows, made=np.zeros(1, np.int64))

    def close_books(self, books: Books) -> None:
        """Take what was written in the books into the journal."""
        self._entries += int(books.made[0])

    def mint(self, account: ArrayLike, amount: ArrayLike, *, code: ArrayLike = 0) -> None:
        """Create tokens on an account, or on many: all or none. Refused: ``LedgerError``."""
        self._insist("mint", self.transfer(ISSUER, account, amount, code=code, linked=True))

    def burn(self, account: ArrayLike, amount: ArrayLike, *, code: ArrayLike = 0) -> None:
        """Destroy tokens of an account, or of many: all or none. Refused: ``LedgerError``."""
        self._insist("burn", self.transfer(account, ISSUER, amount, code=code, linked=True))

    def _insist(self, what: str, refusals: NDArray[np.uint8]) -> None:
        guilty = np.flatnonzero((refusals != Refusal.OK) & (refusals != Refusal.LINKED))
        if guilty.size:
            raise LedgerError(
                f"{what} {guilty[0]} of {refusals.size} refused: "
                f"{Refusal(refusals[guilty[0]]).name} (see Refusal; the supply is {self.supply}, "
                f"accounts run from 0, the issuer, to {self._accounts - 1})"
            )

    # -- journal and audit ------------------------------------------------------------------

    def journal(self) -> dict[str, NDArray]:
        """Return the entries held, oldest first, as read-only columns (see ``JOURNAL``)."""
        return {name: _read_only(column[: self._entries]) for name, column in self._journal.items()}

    def drain(self) -> dict[str, NDArray]:
        """Return the entries held and forget them, folding them into the opening balances."""
        drained = self.journal()
        if not self._entries:
            return drained
        _post(self._opening, drained)
        # The old columns are given away, so that what was read from them stays true.
        self._journal = {
            name: np.zeros(column.size, column.dtype) for name, column in self._journal.items()
        }
        self._entries = 0
        return drained

    def check(self) -> None:
        """Raise ``LedgerError`` unless balances sum to 0 and no ordinary one is negative."""
        balances = self.balances
        if total := int(balances.sum()):
            raise LedgerError(f"the books do not balance: balances sum to {total}, not 0")
        ordinary = balances[ISSUER + 1 :]
        if ordinary.size and ordinary.min() < 0:
            account = int(np.argmin(ordinary)) + ISSUER + 1
            raise LedgerError(
                f"account {account} holds {balances[account]}; only the issuer (0) may be negative"
            )

    def verify(self) -> None:
        """Recompute the balances from the journal; raise ``LedgerError`` where they differ."""
        expected = replay(self.opening, self.journal())
        wrong = np.flatnonzero(expected != self.balances)
        if wrong.size:
            account = int(wrong[0])
            raise LedgerError(
                f"account {account} holds {self.balances[account]}, but its opening balance and "
                f"the journal give {expected[account]} ({wrong.size} account(s) differ)"
            )
        self.check()

    def state(self) -> dict[str, NDArray]:
        """Return everything as plain arrays (copies): scalars are 0-d, no spare capacity."""
        return {
            "tick": np.array(self.tick, np.int64),
            "balances": self.balances.copy(),
            "opening": self.opening.copy(),
        } | {f"journal_{name}": column.copy() for name, column in self.journal().items()}

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Become the ledger that wrote ``state``; on ``LedgerError`` this one is unchanged."""
        names = ["tick", "balances", "opening", *(f"journal_{name}" for name in JOURNAL)]
        if missing := [name for name in names if name not in state]:
            raise LedgerError(f"not the state of a ledger: {missing} missing; needs {names}")
        columns = {name: whole_numbers(name, state[name], LedgerError).copy() for name in names}
        sizes = [columns[name].size for name in names]
        if sizes[0] != 1 or sizes[1] != sizes[2] or sizes[1] < 1 or len(set(sizes[3:])) > 1:
            raise LedgerError(f"not the state of a ledger: {names} have lengths {sizes}")
        restored = Ledger()
        restored.tick = int(columns["tick"][0])
        restored._balances, restored._opening = columns["balances"], columns["opening"]
        restored._journal = {
            name: columns[f"journal_{name}"].astype(dtype) for name, dtype in JOURNAL.items()
        }
        restored._accounts = restored._balances.size
        restored._entries = restored._journal["amount"].size
        restored.verify()
        vars(self).update(vars(restored))


def replay(opening: ArrayLike, journal: Mapping[str, ArrayLike]) -> NDArray[np.int64]:
    """Return the balances, int64[accounts], that a journal makes of opening balances.

    ``journal`` needs the columns debit, credit and amount; a drained or stored one will do.
    """
    balances = whole_numbers("opening", opening, LedgerError).copy()
    names = ("debit", "credit", "amount")
    columns = {name: whole_numbers(name, journal[name], LedgerError) for name in names}
    if len({column.size for column in columns.values()}) > 1:
        raise LedgerError(f"a journal's columns {', '.join(names)} must have one length")
    ids = np.concatenate((columns["debit"], columns["credit"]))
    if ids.size and not 0 <= ids.min() <= ids.max() < balances.size:
        raise LedgerError(
            f"the journal's accounts run from {ids.min()} to {ids.max()}, "
            f"but opening has accounts 0 to {balances.size - 1}"
        )
    _post(balances, columns)
    return balances


def _with_room(column: NDArray, size: int) -> NDArray:
    """Return a column of at least ``size``: itself, or a copy at least twice as long."""
    if size <= column.size:
        return column
    grown = np.zeros(max(size, 2 * column.size), column.dtype)
    grown[: column.size] = column
    return grown


def _stretched(column: NDArray, n: int) -> NDArray:
    return column if column.size == n else np.full(n, column)


def _read_only(view: NDArray) -> NDArray:
    view.flags.writeable = False
    return view


def _post(balances: NDArray[np.int64], journal: Mapping[str, NDArray]) -> None:
    """Add a journal to balances, in place; plain numpy, so that it also audits the kernel."""
    np.subtract.at(balances, journal["debit"], journal["amount"])
    np.add.at(balances, journal["credit"], journal["amount"])
