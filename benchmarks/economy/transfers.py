"""The ledger's transfers per second, end to end: checked, settled and journalled.

Beside it a ledger of Python's own dictionaries, one method call a transfer, and one of numpy
columns that settles a batch at once where no account could run dry, both with a journal. All
three have the same balances, refusals and journal before they are timed. Draining the journal is
apart, in the notes. Times are CPU seconds, the best of several.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from economy.ledger import Ledger

Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

GOAL = 50.0  # million transfers a second, 100,000 accounts, large batches
FUNDS = 1_000


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of batch sizes, of numbers of accounts, and of chains, keys and holds."""
    compile_s = _timed(_warm_up)
    peer = dictionary_rate(20_000 if quick else 200_000)
    agrees = {"same balances, refusals and journal": agreement()}
    notes = {"compile_s": round(compile_s, 2)}
    for batch in (1, 1_000, 10**6) if quick else (1, 10, 100, 1_000, 10_000, 10**5, 10**6):
        ours, drain = rate(10**5, batch, quick)
        name = f"transfers, 100,000 accounts, batches of {batch:,}, M/s (dictionary)"
        goal = GOAL if batch >= 10**5 else None
        yield Row(name, ours, peer, ours / peer, agrees, goal, {**notes, "drain_M_s": drain})
    for accounts in (10**3,) if quick else (10**3, 10**7):
        ours, drain = rate(accounts, 10**6, quick)
        name = f"transfers, {accounts:,} accounts, batches of 1,000,000, M/s (dictionary)"
        yield Row(name, ours, peer, ours / peer, agrees, notes={"drain_M_s": drain})
    yield beside_numpy(quick)
    yield from others(quick)


def agreement() -> bool:
    """Whether all three ledgers do the same with the same random batches, refusals included."""
    rng = np.random.default_rng(1)
    ours, plain, columns = funded(50)[0], DictionaryLedger(50), NumpyLedger(50)
    same = True
    for _ in range(20):
        debit, credit = rng.integers(0, 53, (2, 500))
        amount = rng.integers(-3, 400, 500)
        refusals = ours.transfer(debit, credit, amount).tolist()
        same &= refusals == plain.transfer_each((debit, credit, amount)).tolist()
        same &= refusals == columns.transfer((debit, credit, amount)).tolist()
    journal = [ours.journal()[name].tolist() for name in ("debit", "credit", "amount")]
    same &= ours.balances.tolist() == plain.balances_list() == columns.balances.tolist()
    same &= list(zip(*journal, strict=True)) == plain.journal
    return same and journal == [part.tolist() for part in columns.journal_columns()]


# Ours


def rate(accounts: int, batch: int, quick: bool) -> tuple[float, float]:
    """Millions of transfers a second, and of entries drained a second."""
    ledger, ids = funded(accounts)
    rng = np.random.default_rng(2)
    calls = max(1, min(200 if quick else 2_000, 10**6 // batch))
    parts = [random_columns(rng, ids, batch) for _ in range(min(calls, 10))]
    settle, drain = np.inf, np.inf
    for _ in range(3 if quick else 7):
        seconds = _timed(lambda: [ledger.transfer(*parts[i % len(parts)]) for i in range(calls)])
        settle = min(settle, seconds / (calls * batch))
        entries = ledger.entries
        drain = min(drain, _timed(ledger.drain) / max(entries, 1))
        ledger.check()
    return 1e-6 / settle, round(1e-6 / drain, 1)


def others(quick: bool) -> Iterator[Row]:
    """Chains of four, keys, and holds that are posted: steps a second, without a peer."""
    n = 10**5 if quick else 10**6
    ledger, ids = funded(10**5)
    columns = random_columns(np.random.default_rng(3), ids, n)
    linked = np.arange(n) % 4 < 3
    used = 0

    def keyed() -> None:
        nonlocal used
        used += n
        ledger.transfer(*columns, key=np.arange(used, used + n))

    def held() -> None:
        holds, refusals = ledger.hold(*columns)
        ledger.post(holds[refusals == 0], 1)

    cases: dict[str, Callable[[], Any]] = {
        "chained transfers, fours, M/s": lambda: ledger.transfer(*columns, linked=linked),
        "transfers with new keys, M/s": keyed,
        "holds, each posted in part, M/s": held,
    }
    for name, work in cases.items():
        best = np.inf
        for _ in range(3):
            best = min(best, _timed(work))
            ledger.drain()
        ledger.verify()
        yield Row(f"{name[:-5]}, 100,000 accounts, batches of {n:,}, M/s", 1e-6 * n / best)


def funded(accounts: int) -> tuple[Ledger, NDArray[np.int64]]:
    """A ledger with so many funded accounts, and their ids."""
    ledger = Ledger()
    ids = ledger.open(accounts)
    for part in np.array_split(ids, max(1, accounts // 10**6)):
        ledger.mint(part, FUNDS)
        ledger.drain()
    return ledger, ids


def random_columns(rng: np.random.Generator, ids: NDArray[np.int64], n: int) -> Columns:
    """Transfers between random accounts; few are refused."""
    debit, credit = rng.integers(ids[0], ids[-1] + 1, (2, n))
    return debit, credit, rng.integers(1, 20, n)


def _warm_up() -> None:
    ledger, ids = funded(10)
    held, _ = ledger.hold(ids, ids[::-1], 1, key=ids)
    ledger.post(held, 1)


# The peers


class DictionaryLedger:
    """Balances in a dictionary, a journal in a list; one transfer a call."""

    def __init__(self, accounts: int) -> None:
        self.balances = dict.fromkeys(range(1, accounts + 1), FUNDS) | {0: -FUNDS * accounts}
        self.journal: list[tuple[int, int, int]] = []

    def transfer(self, debit: int, credit: int, amount: int) -> int:
        """Make one transfer; returns the reason against it, as the ledger's."""
        balances = self.balances
        if amount <= 0:
            return 1
        if debit == credit:
            return 2
        if debit not in balances or credit not in balances:
            return 3
        if debit and balances[debit] < amount:
            return 4
        balances[debit] -= amount
        balances[credit] += amount
        self.journal.append((debit, credit, amount))
        return 0

    def transfer_each(self, columns: Columns) -> NDArray[np.int64]:
        """Make transfers one by one."""
        lists = (column.tolist() for column in columns)
        return np.array([self.transfer(*row) for row in zip(*lists, strict=True)])

    def balances_list(self) -> list[int]:
        """Balances in the order of their accounts."""
        return [self.balances[account] for account in sorted(self.balances)]


class NumpyLedger:
    """Balances in a column: a batch at once where nothing can be refused, else one by one."""

    def __init__(self, accounts: int) -> None:
        self.balances = np.full(accounts + 1, FUNDS)
        self.balances[0] = -FUNDS * accounts
        self.journal: list[Columns] = []

    def transfer(self, columns: Columns) -> NDArray[np.int64]:
        """Make transfers in order; returns the reasons against them."""
        debit, credit, amount = columns
        size = self.balances.size
        known = (debit >= 0) & (debit < size) & (credit >= 0) & (credit < size)
        if not (known & (amount > 0) & (debit != credit)).all():
            return self.one_by_one(columns)
        after = self.balances.copy()
        np.subtract.at(after, debit, amount)
        if (after[1:] < 0).any():
            return self.one_by_one(columns)
        np.add.at(after, credit, amount)
        self.balances = after
        self.journal.append((debit.copy(), credit.copy(), amount.copy()))
        return np.zeros(debit.size, np.int64)

    def one_by_one(self, columns: Columns) -> NDArray[np.int64]:
        """Settle where the order matters."""
        plain = DictionaryLedger(0)
        plain.balances = dict(enumerate(self.balances.tolist()))
        reasons = plain.transfer_each(columns)
        self.balances = np.array(plain.balances_list())
        if plain.journal:
            debit, credit, amount = np.array(plain.journal).T
            self.journal.append((debit, credit, amount))
        return reasons

    def journal_columns(self) -> list[NDArray[np.int64]]:
        """The columns of the journal."""
        return [np.concatenate(parts) for parts in zip(*self.journal, strict=True)]


def dictionary_rate(n: int) -> float:
    """Millions of transfers a second of the dictionaries, from lists that are there."""
    rng = np.random.default_rng(2)
    plain = DictionaryLedger(10**5)
    lists = (c.tolist() for c in random_columns(rng, np.arange(1, 10**5 + 1), n))
    given = list(zip(*lists, strict=True))
    transfer = plain.transfer
    best = min(_timed(lambda: [transfer(*row) for row in given]) for _ in range(3))
    return 1e-6 * n / best


def beside_numpy(quick: bool) -> Row:
    """Batches of which nothing is refused, so that the columns of numpy need no loop."""
    n = 10**5 if quick else 10**6
    ids = np.arange(1, 10**5 + 1)
    debit, credit, _ = random_columns(np.random.default_rng(4), ids, n)
    credit = np.where(credit == debit, credit % ids.size + 1, credit)
    columns = debit, credit, np.ones(n, np.int64)
    ledger, peer = funded(ids.size)[0], NumpyLedger(ids.size)
    refused = ledger.transfer(*columns).any() or peer.transfer(columns).any()
    same = np.array_equal(ledger.balances, peer.balances) and not refused
    ledger.drain()
    ours = np.inf
    for _ in range(5):
        ours = min(ours, _timed(lambda: ledger.transfer(*columns)))
        ledger.drain()
    theirs = min(_timed(lambda: peer.transfer(columns)) for _ in range(3))
    title = f"transfers, none refused, 100,000 accounts, batches of {n:,}, M/s (numpy)"
    rates = 1e-6 * n / ours, 1e-6 * n / theirs
    return Row(title, *rates, theirs / ours, {"same balances": bool(same)})


def _timed(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
