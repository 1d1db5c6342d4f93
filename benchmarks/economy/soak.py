"""A long life of one ledger: `python -m benchmarks.economy.soak [--transfers 1_000_000_000]`.

Random steps in batches: plain transfers, mints, burns, self-transfers and accounts that do not
exist; chains; transfers under keys that come again; holds that are posted, voided or expire.
After every batch the books must balance and the supply be what was minted less what was burnt,
counted here; after every twentieth the journal must replay to the same balances and holds, and
the ledger must verify. The journal is drained, so that memory stays bounded. Exit code 1 if
anything differs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from economy.ledger import ISSUER, Entry, Ledger, LedgerError, Refusal, replay, replay_held

BATCH = 10**6
KEYS = 10**6
"""Keys come again after so many, so that their table stays bounded."""
REPLAYED = 20
"""Every which batch is replayed."""

Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


class Soak:
    """A ledger, the chance that moves it, and what has been counted."""

    def __init__(self, accounts: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.ledger, self.accounts = Ledger(), accounts
        self.ledger.mint(self.ledger.open(accounts), 10_000)
        self.supply = self.ledger.supply
        self.asked = self.batches = self.key = 0
        self.refusals: Counter[str] = Counter()
        self.entries: Counter[str] = Counter()
        self.replays = 0
        self.ledger.drain()

    def run(self, n: int) -> None:
        """One batch of n steps; raises `LedgerError` if anything is wrong after it."""
        ledger = self.ledger
        ledger.tick = self.batches
        sampled = self.batches % REPLAYED == 0
        before = (ledger.balances, ledger.held()) if sampled else None
        kind = self.batches % 10
        if kind == 7:
            self.chains(n)
        elif kind == 8:
            self.keyed(n)
        elif kind == 9:
            self.holds(n)
        else:
            self.count(ledger.transfer(*self.columns(n)))
        self.batches += 1
        if before:
            self.check_replay(*before)
        self.check()

    # -- what is done -----------------------------------------------------------------------

    def columns(self, n: int) -> Columns:
        """Random transfers: some refused for each reason, some that mint or burn."""
        debit, credit = self.rng.integers(-1, self.accounts + 2, (2, n), np.int64)
        issued = n // 100
        debit[:issued], credit[-issued:] = ISSUER, ISSUER
        debit[issued : issued + n // 800] = credit[issued : issued + n // 800]
        return debit, credit, self.rng.integers(-1, 3_000, n, np.int64)

    def chains(self, n: int) -> None:
        """Runs of linked transfers, the last left open now and then."""
        linked = self.rng.random(n) < 0.5
        self.count(self.ledger.transfer(*self.columns(n), linked=linked))

    def keyed(self, n: int) -> None:
        """Transfers under keys, of which a tenth is sent again."""
        keys = (self.key + np.arange(n)) % KEYS + 1
        self.key += n
        columns = self.columns(n)
        self.count(self.ledger.transfer(*columns, key=keys))
        again = tuple(column[: n // 10] for column in columns)
        refusals = self.ledger.transfer(*again, key=keys[: n // 10])
        self.count(refusals)

    def holds(self, n: int) -> None:
        """A third holds; of those open a part posted whole, in part, voided or left to expire."""
        n //= 3
        expires = self.ledger.tick + self.rng.integers(0, 25, n)
        ids, refusals = self.ledger.hold(*self.columns(n), expires=expires)
        self.count(refusals)
        ids = self.rng.permutation(ids[refusals == Refusal.OK])
        whole, part, void = np.array_split(ids[: 3 * ids.size // 4], 3)
        self.count(self.ledger.post(whole))
        self.count(self.ledger.post(part, self.rng.integers(1, 3_000, part.size)))
        self.count(self.ledger.void(np.concatenate((void, whole[:100]))))
        self.ledger.expire()

    # -- what must hold ---------------------------------------------------------------------

    def count(self, refusals: NDArray[np.uint8]) -> None:
        """Count what became of these steps."""
        self.asked += refusals.size
        for reason, number in enumerate(np.bincount(refusals).tolist()):
            self.refusals[Refusal(reason).name] += number

    def check(self) -> None:
        """Drain, and compare the supply with what the journal minted and burnt."""
        journal = self.ledger.drain()
        for kind, number in enumerate(np.bincount(journal["kind"]).tolist()):
            self.entries[Entry(kind).name] += number
        moves = (journal["kind"] == Entry.TRANSFER) | (journal["kind"] == Entry.POST)
        minted, burnt = (moves & (journal[end] == ISSUER) for end in ("debit", "credit"))
        self.supply += int(journal["amount"][minted].sum() - journal["amount"][burnt].sum())
        self.ledger.check()
        if self.ledger.supply != self.supply:
            raise LedgerError(f"supply {self.ledger.supply}, but {self.supply} was issued")

    def check_replay(self, balances: NDArray[np.int64], held: NDArray[np.int64]) -> None:
        """Replay the journal since these balances; verify the ledger."""
        journal = self.ledger.journal()
        same = np.array_equal(replay(balances, journal), self.ledger.balances)
        if not (same and np.array_equal(replay_held(held, journal), self.ledger.held())):
            raise LedgerError(f"batch {self.batches} does not replay to the same balances")
        self.ledger.verify()
        self.replays += 1

    def line(self, seconds: float) -> str:
        """How it stands."""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return (
            f"{self.asked:>14,} steps  {sum(self.entries.values()):>14,} entries  "
            f"supply {self.supply:,}  held {int(self.ledger.held()[1:].sum()):,}  "
            f"replays {self.replays}  {self.asked / seconds / 1e6:.1f} M/s  {memory:,.0f} MiB"
        )


def main(arguments: list[str] | None = None) -> int:
    """Soak a ledger; returns the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--transfers", type=int, default=10**9, help="steps in all (10**9)")
    options.add_argument("--accounts", type=int, default=10**5, help="accounts (100,000)")
    options.add_argument("--seed", type=int, default=1, help="of the random steps (1)")
    given = options.parse_args(arguments)
    print(f"transfers {given.transfers:,}, accounts {given.accounts:,}, seed {given.seed}")
    soak, start, shown = Soak(given.accounts, given.seed), time.perf_counter(), 10**8
    try:
        while soak.asked < given.transfers:
            soak.run(min(BATCH, max(1_000, given.transfers - soak.asked)))
            if soak.asked >= shown:
                print(soak.line(time.perf_counter() - start), flush=True)
                shown += 10**8
        soak.ledger.verify()
    except LedgerError as error:
        print(f"FAILED after {soak.asked:,} steps: {error}")
        return 1
    print(soak.line(time.perf_counter() - start))
    for title, counts in (("refusals", soak.refusals), ("entries", soak.entries)):
        print(f"{title}: " + ", ".join(f"{name} {n:,}" for name, n in counts.items() if n))
    print(f"conserved exactly after each of {soak.batches:,} batches")
    return 0


if __name__ == "__main__":
    sys.exit(main())
