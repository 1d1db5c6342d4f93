"""The journal: a row for every movement that was made, written once, and what replays it.

A journal is columns (see ``JOURNAL``). A transfer and a post move tokens from the debited to the
credited account; a hold reserves tokens on the debited account and a post, void or expiry frees
them. A post of a part is two rows, the part posted and the rest voided, so that every row stands
for itself.

Guarantee: a row that was handed out stays as it is, whatever the ledger does next.
"""

import operator
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.ledger.columns import read_only, with_room
from economy.ledger.errors import LedgerError
from economy.ledger.posting import Books, Entry

JOURNAL: dict[str, np.dtype] = {
    "tick": np.dtype(np.int32),
    "debit": np.dtype(np.int64),
    "credit": np.dtype(np.int64),
    "amount": np.dtype(np.int64),
    "code": np.dtype(np.int16),
    "kind": np.dtype(np.uint8),
    "hold": np.dtype(np.int64),
}
"""The columns of a journal and their types: ``kind`` is an ``Entry``, ``hold`` an id or 0."""


class Journal:
    """Entries of a ledger, oldest first; free rows of kind and hold are always 0."""

    def __init__(self) -> None:
        self.entries = 0
        self._columns = {name: np.zeros(64, dtype) for name, dtype in JOURNAL.items()}

    def columns(self) -> dict[str, NDArray]:
        """The entries held, as read-only views."""
        return {name: read_only(column[: self.entries]) for name, column in self._columns.items()}

    def books(
        self, available: NDArray[np.int64], held: NDArray[np.int64], tick: int, room: int
    ) -> Books:
        """The books for these accounts with `room` free rows, dated `tick`."""
        start, stop = self.entries, self.entries + room
        if stop > self._columns["tick"].size:
            self._columns = {name: with_room(c, stop) for name, c in self._columns.items()}
        rows = self._columns
        if not -(2**31) <= (now := operator.index(tick)) < 2**31:
            raise LedgerError(f"the journal dates entries in int32, to 2**31 - 1; tick is {now}")
        rows["tick"][start:stop] = now
        return Books(
            available,
            held,
            rows["debit"][start:stop],
            rows["credit"][start:stop],
            rows["amount"][start:stop],
            rows["code"][start:stop],
            rows["kind"][start:stop],
            rows["hold"][start:stop],
            np.zeros(1, np.int64),
        )

    def drain(self) -> dict[str, NDArray]:
        """Return the entries and forget them; the columns are given away, locked for good."""
        given = self._columns
        self._columns = {
            name: np.zeros(column.size, column.dtype) for name, column in given.items()
        }
        entries, self.entries = self.entries, 0
        return {name: read_only(column)[:entries] for name, column in given.items()}

    def restore(self, columns: Mapping[str, NDArray]) -> None:
        """Hold copies of these entries, whole numbers of one length."""
        for name, dtype in JOURNAL.items():
            column, bounds = columns[name], np.iinfo(dtype)
            if column.size and not bounds.min <= column.min() <= column.max() <= bounds.max:
                raise LedgerError(f"journal_{name} must fit {dtype}; got {column[:5].tolist()}")
        if columns["kind"].size and columns["kind"].max() > max(Entry):
            raise LedgerError(f"journal_kind is an Entry, 0 to {max(Entry)}, in every row")
        self._columns = {name: columns[name].astype(dtype) for name, dtype in JOURNAL.items()}
        self.entries = columns["tick"].size


def replay(opening: ArrayLike, journal: Mapping[str, ArrayLike]) -> NDArray[np.int64]:
    """Return the balances, int64[accounts], that a journal makes of opening balances.

    ``journal`` needs the columns debit, credit and amount; a drained or stored one will do.
    Without the column kind all its rows are transfers. Balances include what is held, so that
    holds and what frees them change none.
    """
    balances, columns = _checked(opening, journal, ("debit", "credit", "amount"))
    fold(balances, columns)
    return balances


def replay_held(opening_held: ArrayLike, journal: Mapping[str, ArrayLike]) -> NDArray[np.int64]:
    """Return the tokens held, int64[accounts], that a journal makes of those held at first."""
    held, columns = _checked(opening_held, journal, ("debit", "amount"))
    fold_held(held, columns)
    return held


def fold(balances: NDArray[np.int64], journal: Mapping[str, NDArray]) -> None:
    """Add a journal to balances, in place; plain numpy, so that it also audits the kernels."""
    moved = _moving(journal)
    np.subtract.at(balances, moved["debit"], moved["amount"])
    np.add.at(balances, moved["credit"], moved["amount"])


def fold_held(held: NDArray[np.int64], journal: Mapping[str, NDArray]) -> None:
    """Add a journal to what is held, in place."""
    kind, debit, amount = journal.get("kind"), journal["debit"], journal["amount"]
    if kind is not None and kind.any():
        reserved, freed = kind == Entry.HOLD, kind > Entry.HOLD
        np.add.at(held, debit[reserved], amount[reserved])
        np.subtract.at(held, debit[freed], amount[freed])


def _moving(journal: Mapping[str, NDArray]) -> Mapping[str, NDArray]:
    """The rows that move tokens from one account to another."""
    kind = journal.get("kind")
    if kind is None or not kind.any():
        return journal
    moves = (kind == Entry.TRANSFER) | (kind == Entry.POST)
    return {name: journal[name][moves] for name in ("debit", "credit", "amount")}


def _checked(
    opening: ArrayLike, journal: Mapping[str, ArrayLike], names: tuple[str, ...]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    totals = whole_numbers("opening", opening, LedgerError).copy()
    if "kind" in journal:
        names = (*names, "kind")
    columns = {name: whole_numbers(name, journal[name], LedgerError) for name in names}
    if len({column.size for column in columns.values()}) > 1:
        raise LedgerError(f"a journal's columns {', '.join(names)} must have one length")
    for name in ("debit", "credit"):
        ids = columns.get(name, np.zeros(0, np.int64))
        if ids.size and not 0 <= ids.min() <= ids.max() < totals.size:
            raise LedgerError(
                f"the journal's {name} accounts run from {ids.min()} to {ids.max()}, "
                f"but opening has accounts 0 to {totals.size - 1}"
            )
    return totals, columns
