"""A double-entry ledger of whole tokens, in columns.

Every movement debits one account and credits another with the same amount, so the books always
balance (D. Ellerman, "The mathematics of double entry bookkeeping", Mathematics Magazine 58,
1985). Chains, two-phase transfers and refusal codes follow TigerBeetle's.

Guarantees, held by the tests:

* The balances sum to exactly 0: what exists was debited from the issuer, account 0, the only
  account that may be negative. The supply is minus its balance and never exceeds 2**63 - 1, so
  no other balance can overflow.
* No ordinary account is ever below zero. What holds reserve is part of the balance, and is spent
  by nothing else: balance = available + held.
* A batch means the same as its steps made one by one, in order; a chain is made whole or not at
  all; a key moves tokens at most once, also after ``restore``.
* The opening balances and the journal together give the balances, and likewise what is held.

Errors: ``LedgerError`` (a ``ValueError``) for wrong arguments, for a mint or burn that cannot be
made and for books that do not balance. A step that cannot be made is no error: its ``Refusal``
says why.
"""

import operator
from collections.abc import Mapping
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from economy.columns import whole_numbers
from economy.ledger.batches import EMPTY, Links, batch_of, like, links_of
from economy.ledger.chains import HOLD, POST, POST_WHOLE, TRANSFER, VOID, Steps, take_steps
from economy.ledger.columns import read_only, with_room
from economy.ledger.errors import LedgerError
from economy.ledger.holds import COLUMNS as HOLDS, NEVER, Holds, unmake, void_each
from economy.ledger.journal import JOURNAL, Journal, fold, fold_held, replay, replay_held
from economy.ledger.keys import COLUMNS as KEYS, Keys
from economy.ledger.posting import ISSUER, OK, Books, Entry, Refusal, post_each


class Ledger:
    """Accounts, their balances in whole tokens (int64) and the journal of what moved.

    The owner sets ``tick``, which dates the journal and expires holds, and drains the journal
    when it likes.

    >>> ledger = Ledger()
    >>> alice, bob = ledger.open(2)
    >>> ledger.mint(alice, 100)
    >>> ledger.transfer([alice, bob], [bob, alice], [30, 50]).tolist()  # bob has only 30
    [0, 4]
    >>> ids, refusals = ledger.hold(alice, bob, 60)
    >>> ledger.available(alice), ledger.balance(alice)
    (10, 70)
    >>> ledger.post(ids, 45).tolist(), ledger.balances.tolist()
    ([0], [-100, 25, 75])
    """

    def __init__(self) -> None:
        self.tick = 0
        self._accounts = 1  # the issuer
        self._available, self._held, self._opening, self._opening_held = np.zeros((4, 16), np.int64)
        self._journal, self._holds, self._keys = Journal(), Holds(), Keys()

    def __len__(self) -> int:
        """Return the number of accounts, the issuer included."""
        return self._accounts

    # -- accounts ---------------------------------------------------------------------------

    def open(self, n: int = 1) -> NDArray[np.int64]:
        """Open n empty accounts and return their ids, int64[n]: dense, rising, never reused."""
        if n < 0:
            raise LedgerError(f"cannot open {n} accounts; n is at least 0, as in open(3)")
        first, last = self._accounts, self._accounts + operator.index(n)
        names = ("_available", "_held", "_opening", "_opening_held")
        # All of it is made before any of it is kept: there may be no memory for so many.
        ids = np.arange(first, last, dtype=np.int64)
        vars(self).update({name: with_room(getattr(self, name), last) for name in names})
        self._accounts = last
        return ids

    @property
    def balances(self) -> NDArray[np.int64]:
        """All balances now, available and held, int64[accounts]: a read-only copy. O(accounts)."""
        return read_only(self._available[: self._accounts] + self._held[: self._accounts])

    @property
    def opening(self) -> NDArray[np.int64]:
        """The balances before the first entry held in the journal, int64[accounts], read-only."""
        return read_only(self._opening[: self._accounts])

    @property
    def opening_held(self) -> NDArray[np.int64]:
        """What was held before the first entry in the journal, int64[accounts], read-only."""
        return read_only(self._opening_held[: self._accounts])

    @property
    def entries(self) -> int:
        """Movements since the journal was last drained; while it is 0 no balance has changed."""
        return self._journal.entries

    @property
    def supply(self) -> int:
        """Tokens in existence: what was minted less what was burnt; pending mints are not yet."""
        return -int(self._available[ISSUER] + self._held[ISSUER])

    @overload
    def balance(self, account: int | np.integer) -> int: ...
    @overload
    def balance(self, account: ArrayLike) -> NDArray[np.int64]: ...
    def balance(self, account: ArrayLike) -> int | NDArray[np.int64]:
        """Return the balance of one account, an int, or a copy of those of many, int64[n]."""
        ids = self._known(account)
        return like(account, self._available[ids] + self._held[ids])

    @overload
    def available(self, account: int | np.integer) -> int: ...
    @overload
    def available(self, account: ArrayLike | None = None) -> NDArray[np.int64]: ...
    def available(self, account: ArrayLike | None = None) -> int | NDArray[np.int64]:
        """Return what can be spent: of one account, of many, or of all, int64[accounts]."""
        if account is None:
            return self._available[: self._accounts].copy()
        return like(account, self._available[self._known(account)])

    @overload
    def held(self, account: int | np.integer) -> int: ...
    @overload
    def held(self, account: ArrayLike | None = None) -> NDArray[np.int64]: ...
    def held(self, account: ArrayLike | None = None) -> int | NDArray[np.int64]:
        """Return what holds reserve: on one account, on many, or on all, int64[accounts]."""
        if account is None:
            return self._held[: self._accounts].copy()
        return like(account, self._held[self._known(account)])

    def _known(self, account: ArrayLike) -> NDArray[np.int64]:
        ids = whole_numbers("account", account, LedgerError)
        if ids.size and not 0 <= ids.min() <= ids.max() < self._accounts:
            unknown = ids[(ids < 0) | (ids >= self._accounts)]
            raise LedgerError(
                f"account {unknown[0]} was never opened; ids run from 0 to {self._accounts - 1}"
            )
        return ids

    # -- movements --------------------------------------------------------------------------

    def transfer(
        self,
        debit: ArrayLike,
        credit: ArrayLike,
        amount: ArrayLike,
        *,
        code: ArrayLike = 0,
        linked: Links = False,
        key: ArrayLike | None = None,
    ) -> NDArray[np.uint8]:
        """Move amounts from the debited to the credited accounts, in order; return refusals.

        ``debit``, ``credit`` (account ids), ``amount`` (tokens) and ``code`` (int16, the owner's
        reason for the journal) are whole numbers, each a column of n or a scalar for all. A
        refused transfer moves nothing and does not stop the next. Debiting the issuer mints,
        crediting it burns.

        ``linked`` makes chains, each all or nothing: if any would be refused nothing moves, the
        guilty keep their reason and the others carry ``Refusal.LINKED``. True makes one chain of
        the batch; bool[n] links each True to the next transfer, so that a chain ends with the
        first False (a last True is refused with its chain, ``Refusal.OPEN_CHAIN``).

        ``key`` (int64 or uint64, 0 for none) names what may be asked for twice but must be made
        once: a key that was used is refused, ``ALREADY_MADE`` or, if it was for something else,
        ``KEY_REUSED``. A refused transfer leaves its key unused.

        Returns uint8[n] of ``Refusal``. O(n). Raises ``LedgerError`` for fractional types,
        columns of unequal length and codes beyond int16; then nothing moves.
        """
        given = {"debit": debit, "credit": credit, "amount": amount, "code": code}
        n, columns, keys = batch_of(given, linked, key)
        if key is None and isinstance(linked, (bool, np.bool_)):
            return self._transfer_all(columns, bool(linked), n)
        steps = Steps(**columns, expires=EMPTY, hold=EMPTY, key=keys, linked=links_of(linked, n))
        return self._take(TRANSFER, steps, n)[1]

    def hold(
        self,
        debit: ArrayLike,
        credit: ArrayLike,
        amount: ArrayLike,
        *,
        expires: ArrayLike | None = None,
        code: ArrayLike = 0,
        linked: Links = False,
        key: ArrayLike | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Reserve amounts on the debited accounts for the credited ones, until posted or voided.

        From the tick ``expires`` on (none: never) a hold cannot be posted any more, and
        ``expire`` gives it back. The rest is as in ``transfer``.

        Returns the ids of the holds, int64[n], 0 for refused ones, and uint8[n] of ``Refusal``.
        For ``ALREADY_MADE`` the id is that of the hold which the key made.
        """
        until = NEVER if expires is None else expires
        given = {"debit": debit, "credit": credit, "amount": amount, "code": code, "expires": until}
        n, columns, keys = batch_of(given, linked, key)
        steps = Steps(**columns, hold=EMPTY, key=keys, linked=links_of(linked, n))
        ids, refusals = self._take(HOLD, steps, n)
        self._holds.take_note(columns["expires"][refusals == OK])
        return ids, refusals

    def post(
        self,
        ids: ArrayLike,
        amount: ArrayLike | None = None,
        *,
        linked: Links = False,
        key: ArrayLike | None = None,
    ) -> NDArray[np.uint8]:
        """Pay holds to their credited accounts, whole or these amounts; the rest is given back.

        ``linked`` and ``key`` are as in ``transfer``. Returns uint8[n] of ``Refusal``.
        """
        given = {"hold": ids} if amount is None else {"hold": ids, "amount": amount}
        return self._finish(POST_WHOLE if amount is None else POST, given, linked, key)

    def void(
        self,
        ids: ArrayLike,
        *,
        linked: Links = False,
        key: ArrayLike | None = None,
    ) -> NDArray[np.uint8]:
        """Give back holds to their debited accounts. Returns uint8[n] of ``Refusal``."""
        return self._finish(VOID, {"hold": ids}, linked, key)

    def expire(self) -> NDArray[np.int64]:
        """Give back all holds whose tick has come; returns their ids, int64[n], rising."""
        ids = self._holds.due(operator.index(self.tick))
        if ids.size:
            books = self.open_books(ids.size)
            void_each(books, self._holds.rows, ids, int(Entry.EXPIRE))
            self.close_books(books)
        return ids

    def pending(self, ids: ArrayLike) -> NDArray[np.int64]:
        """Return what holds still reserve, int64[n]: 0 if finished, or if there never was one."""
        return self._holds.amounts(whole_numbers("ids", ids, LedgerError))

    def mint(self, account: ArrayLike, amount: ArrayLike, *, code: ArrayLike = 0) -> None:
        """Create tokens on an account, or on many: all or none. Refused: ``LedgerError``."""
        self._insist("mint", self.transfer(ISSUER, account, amount, code=code, linked=True))

    def burn(self, account: ArrayLike, amount: ArrayLike, *, code: ArrayLike = 0) -> None:
        """Destroy tokens of an account, or of many: all or none. Refused: ``LedgerError``."""
        self._insist("burn", self.transfer(account, ISSUER, amount, code=code, linked=True))

    def open_books(self, room: int) -> Books:
        """What accounts have and `room` free rows of the journal, for code that calls `post`.

        Whoever opens the books closes them before anything else is done with this ledger.
        """
        n = self._accounts
        return self._journal.books(self._available[:n], self._held[:n], self.tick, room)

    def close_books(self, books: Books) -> None:
        """Take what was written in the books into the journal."""
        self._journal.entries += int(books.made[0])

    def _finish(
        self,
        kind: int,
        given: dict[str, ArrayLike],
        linked: Links,
        key: ArrayLike | None,
    ) -> NDArray[np.uint8]:
        n, columns, keys = batch_of(given, linked, key)
        amount = columns.get("amount", EMPTY)
        links, none = links_of(linked, n), EMPTY
        steps = Steps(none, none, amount, none, none, columns["hold"], keys, links)
        return self._take(kind, steps, n)[1]

    def _transfer_all(
        self, columns: dict[str, NDArray[np.int64]], linked: bool, n: int
    ) -> NDArray[np.uint8]:
        """Make transfers without keys, in one chain or none: the fast way."""
        refusals = np.empty(n, np.uint8)
        books = self.open_books(n)
        post_each(books, *columns.values(), refusals)
        if linked and books.made[0] < n:
            unmake(books, self._holds.rows, 0)
            refusals[refusals == OK] = Refusal.LINKED
        self.close_books(books)
        return refusals

    def _take(self, kind: int, steps: Steps, n: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        books = self.open_books(2 * n if kind == POST else n)  # a part posted, the rest voided
        rows = self._holds.make_room(n if kind == HOLD else 0)
        slots = self._keys.make_room(steps.key.size)
        ids, refusals = np.empty(n, np.int64), np.empty(n, np.uint8)
        now = operator.index(self.tick)
        self._keys.count(take_steps(books, rows, slots, kind, steps, now, refusals, ids))
        self.close_books(books)
        return ids, refusals

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
        return self._journal.columns()

    def drain(self) -> dict[str, NDArray]:
        """Return the entries held and forget them, folding them into the opening balances."""
        if not self.entries:
            return self.journal()
        drained = self._journal.drain()
        fold(self._opening, drained)
        fold_held(self._opening_held, drained)
        return drained

    def check(self) -> None:
        """Raise ``LedgerError`` unless balances sum to 0 and nothing ordinary is negative."""
        available, held = self._available[: self._accounts], self._held[: self._accounts]
        total = int(available.sum() + held.sum())
        # The sum in float64 notices what would have wrapped around to 0.
        rough = available.sum(dtype=np.float64) + held.sum(dtype=np.float64)
        if total or abs(rough) > 2.0**62:
            raise LedgerError(f"the books do not balance: balances sum to {rough:.17g}, not 0")
        for name, column in (("holds", available[ISSUER + 1 :]), ("reserves", held[ISSUER + 1 :])):
            if column.size and column.min() < 0:
                account = int(np.argmin(column)) + ISSUER + 1
                raise LedgerError(
                    f"account {account} {name} {column.min()}; only the issuer (0) may be negative"
                )

    def verify(self) -> None:
        """Recompute everything from the journal; raise ``LedgerError`` where it differs."""
        expected = replay(self.opening, self.journal())
        self._compare("holds", self.balances, "its opening balance and the journal", expected)
        held, now = self.held(), replay_held(self.opening_held, self.journal())
        self._compare("reserves", held, "what it reserved at first and the journal", now)
        open_holds = self._holds.total(self._accounts)
        self._compare("reserves", held, "its open holds", open_holds)
        self.check()

    @staticmethod
    def _compare(
        verb: str, found: NDArray[np.int64], source: str, expected: NDArray[np.int64]
    ) -> None:
        wrong = np.flatnonzero(expected != found)
        if wrong.size:
            account = int(wrong[0])
            raise LedgerError(
                f"account {account} {verb} {found[account]}, but {source} "
                f"give {expected[account]} ({wrong.size} account(s) differ)"
            )

    # -- save and restore -------------------------------------------------------------------

    def state(self) -> dict[str, NDArray]:
        """Return everything as plain arrays (copies): scalars are 0-d, no spare capacity."""
        state = {
            "tick": np.array(self.tick, np.int64),
            "available": self.available(),
            "held": self.held(),
            "opening": self.opening.copy(),
            "opening_held": self.opening_held.copy(),
        }
        state |= {f"journal_{name}": column.copy() for name, column in self.journal().items()}
        state |= {f"holds_{name}": column for name, column in self._holds.state().items()}
        return state | {f"keys_{name}": column for name, column in self._keys.state().items()}

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Become the ledger that wrote ``state``; on ``LedgerError`` this one is unchanged."""
        if missing := [name for name in _STATE if name not in state]:
            raise LedgerError(f"not the state of a ledger: {missing} missing; needs {_STATE}")
        columns = {name: whole_numbers(name, state[name], LedgerError).copy() for name in _STATE}
        sizes = [columns[name].size for name in _STATE[: 5 + len(JOURNAL)]]
        if sizes[0] != 1 or len(set(sizes[1:5])) > 1 or sizes[1] < 1 or len(set(sizes[5:])) > 1:
            raise LedgerError(f"not the state of a ledger: {_STATE} have lengths {sizes}")
        restored = Ledger()
        restored.tick, restored._accounts = int(columns["tick"][0]), sizes[1]
        restored._available, restored._held = columns["available"], columns["held"]
        restored._opening, restored._opening_held = columns["opening"], columns["opening_held"]
        restored._journal.restore(_part(columns, "journal_"))
        restored._holds.restore(_part(columns, "holds_"), restored._accounts)
        restored._keys.restore(_part(columns, "keys_"))
        restored.verify()
        vars(self).update(vars(restored))


_STATE = [
    *("tick", "available", "held", "opening", "opening_held"),
    *(f"journal_{name}" for name in JOURNAL),
    *(f"holds_{name}" for name in (*HOLDS, "next")),
    *(f"keys_{name}" for name in KEYS),
]


def _part(columns: Mapping[str, NDArray], prefix: str) -> dict[str, NDArray]:
    return {
        name.removeprefix(prefix): column
        for name, column in columns.items()
        if name.startswith(prefix)
    }
