"""Holds, chains and keys against the plain ledger; and ledgers with a bug, which all fail."""

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

import economy.ledger.ledger as room
from economy.ledger import ISSUER, Ledger, Refusal
from economy.ledger.holds import void_each
from economy.ledger.keys import Keys
from tests.economy.ledger.beside import LARGEST, NEVER, Beside

amounts = st.one_of(
    st.integers(-1, 60), st.integers(LARGEST - 3, LARGEST), st.integers(2**62 - 2, 2**62 + 2)
)
accounts = st.integers(-1, 6)
codes = st.integers(-(2**15), 2**15 - 1)
keys = st.one_of(st.just(0), st.integers(1, 5), st.integers(-3, -1))
moves = st.tuples(accounts, accounts, amounts, codes)


class LedgerMachine(RuleBasedStateMachine):
    """Random lives of a ledger beside the plain one."""

    make: type[Ledger] = Ledger

    def __init__(self):
        super().__init__()
        self.pair = Beside(self.make)
        self.pair.open(4)

    @rule(n=st.integers(0, 20))
    def open(self, n):
        self.pair.open(n)

    @rule(ticks=st.integers(0, 3))
    def pass_time(self, ticks):
        self.pair.pass_time(ticks)

    @rule(data=st.data(), kind=st.sampled_from(["transfer", "hold", "post", "pay", "void"]))
    def batch(self, data, kind):
        rows = data.draw(st.lists(self.rows(kind), max_size=8))
        n = len(rows)
        columns = st.lists(st.booleans(), min_size=n, max_size=n)
        flags = data.draw(st.one_of(st.booleans(), columns))
        key = data.draw(st.one_of(st.none(), st.lists(keys, min_size=n, max_size=n)))
        self.pair.batch("post" if kind == "pay" else kind, rows, flags, key)

    def rows(self, kind):
        now, plain = self.pair.plain.tick, self.pair.plain
        # Holds that are open, mostly; and what they reserve, or nearly.
        ids = st.one_of(st.sampled_from([*plain.holds, 1]), st.integers(-1, plain.next + 1))
        return {
            "transfer": moves,
            "hold": st.tuples(moves, st.one_of(st.just(NEVER), st.integers(now, now + 4))).map(
                lambda row: (*row[0], row[1])
            ),
            "post": st.tuples(ids),
            "pay": ids.flatmap(
                lambda i: st.tuples(
                    st.just(i), amounts | st.integers(-1, 1).map(lambda d: self.reserved(i) + d)
                )
            ),
            "void": st.tuples(ids),
        }[kind]

    def reserved(self, hold):
        return min(self.pair.plain.holds.get(hold, (0, 0, 9))[2], LARGEST - 1)

    @rule()
    def expire(self):
        self.pair.expire()

    @rule()
    def drain(self):
        self.pair.drain()

    @rule()
    def save_and_restore(self):
        self.pair.save_and_restore()


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@pytest.mark.slow
def test_many_more_lives():
    run_state_machine_as_test(
        LedgerMachine, settings=settings(max_examples=400, stateful_step_count=50, deadline=None)
    )


# Planted bugs: a random life, longer than a shrunk one, finds each


def live(pair, rng, steps):
    """Do random things to a pair; raises where they differ."""
    plain = pair.plain
    pair.open(4)
    pair.batch("transfer", [(ISSUER, i, 1000, 0) for i in (1, 2, 3)], False, None)
    for _ in range(steps):
        n, now = int(rng.integers(0, 6)), plain.tick
        kind = ("transfer", "hold", "post", "pay", "void", "else")[rng.integers(6)]
        ends = rng.choice([0, 0, 1, 1, 2, 3, 4, 5], (n, 2)).tolist()
        left = LARGEST + plain.available[ISSUER]  # what can still be minted
        sums = [int(a) for a in rng.choice([1, 300, 900, left, left + 1], n)]
        for i in np.flatnonzero(rng.random(n) < 0.3):  # all that there is, held or not
            whole = abs(plain.available.get(ends[i][0], 0)) + plain.held.get(ends[i][0], 0)
            sums[i] = min(whole, LARGEST)
        ids = [int(i) for i in rng.choice([*list(plain.holds)[-4:], 1, plain.next], n)]
        flags = (rng.random(n) < 0.3).tolist() if rng.random() < 0.4 else bool(rng.random() < 0.3)
        key = rng.integers(0, 9, n).tolist() if rng.random() < 0.4 else None
        rows = {
            "transfer": [(*e, a, 3) for e, a in zip(ends, sums, strict=True)],
            "hold": [
                (*e, a, 4, now + int(rng.integers(0, 4))) for e, a in zip(ends, sums, strict=True)
            ],
            "pay": [(i, min(a, 500)) for i, a in zip(ids, sums, strict=True)],
        }.get(kind, [(i,) for i in ids])
        if kind == "else":
            (pair.drain, pair.expire, pair.save_and_restore)[rng.integers(3)]()
            pair.pass_time(int(rng.integers(0, 2)))
        else:
            pair.batch("post" if kind == "pay" else kind, rows, flags, key)


def lives(make=Ledger):
    """Live until a difference is found; returns the number of lives without one."""
    for seed in range(30):
        live(Beside(make), np.random.default_rng(seed), 40)
    return 30


class VoidPaysTheCreditor(Ledger):
    def void(self, ids, **options):
        refusals = super().void(ids, **options)
        for i, refusal in zip(np.atleast_1d(ids), refusals, strict=True):
            if refusal == Refusal.OK:
                rows = self._holds.rows
                at = int(np.searchsorted(rows.id[: rows.used[0]], i))
                self._available[rows.debit[at]] -= 1
                self._available[rows.credit[at]] += 1
        return refusals


class KeysAreForgotten(Ledger):
    def restore(self, state):
        super().restore(state)
        self._keys = Keys()

    def state(self):
        state = super().state()
        return {n: c[:0] if n.startswith("keys_") else c for n, c in state.items()}


class PartsLoseTheRest(Ledger):
    def post(self, ids, amount=None, **options):
        before = self.pending(ids)
        rows = self._holds.rows
        ends = dict(zip(rows.id.tolist(), rows.debit.tolist(), strict=True))
        refusals = super().post(ids, amount, **options)
        if amount is not None:
            rest = np.where(refusals == 0, before - np.asarray(amount, np.int64), 0)
            for i, lost in zip(ids, rest.tolist(), strict=True):
                self._available[ends.get(i, 0)] -= lost
        return refusals


class ExpiresLate(Ledger):
    def expire(self):
        ids = self._holds.due(self.tick - 1)
        books = self.open_books(ids.size)
        void_each(books, self._holds.rows, ids, 4)
        self.close_books(books)
        return ids


class LosesTheLastEntry(Ledger):
    def close_books(self, books):
        books.made[0] = books.made[0] - (books.made[0] > 2)
        super().close_books(books)


class DrainForgets(Ledger):
    def drain(self):
        opening = self._opening.copy()
        drained = super().drain()
        self._opening = opening
        return drained


class IdsComeAgain(Ledger):
    def hold(self, *columns, **options):
        rows = self._holds.rows
        if not rows.amount[: rows.used[0]].any():
            rows.used[:] = 0, 1
        return super().hold(*columns, **options)


def instead(function):
    """A ledger whose transfers are settled by this after the true kernel."""
    true = room.post_each

    def broken(books, debit, credit, amount, code, refusals):
        true(books, debit, credit, amount, code, refusals)
        for i in range(len(refusals)):
            function(books, debit[i], credit[i], amount[i], refusals, i)

    return "post_each", broken


def one_token_too_many(books, debit, credit, amount, refusals, i):
    if refusals[i] == Refusal.OVERFLOW and books.available[0] == int(amount) - LARGEST - 1:
        books.available[debit] -= amount
        books.available[credit] += amount
        refusals[i] = 0


def self_transfer_creates(books, debit, credit, amount, refusals, i):
    if refusals[i] == Refusal.SAME_ACCOUNT and 0 <= debit < books.available.size:
        books.available[debit] += amount
        refusals[i] = 0


def held_is_spent(books, debit, credit, amount, refusals, i):
    if refusals[i] == Refusal.INSUFFICIENT and amount - books.held[debit] <= books.available[debit]:
        books.available[debit] -= amount
        books.available[credit] += amount
        refusals[i] = 0


def not_rolled_back(books, rows, begun):
    books.made[0] = begun


KERNELS = {
    "overflow": instead(one_token_too_many),
    "self-transfer": instead(self_transfer_creates),
    "held is spent": instead(held_is_spent),
    "chain": ("unmake", not_rolled_back),
}
LEDGERS = (
    VoidPaysTheCreditor,
    KeysAreForgotten,
    PartsLoseTheRest,
    ExpiresLate,
    LosesTheLastEntry,
    DrainForgets,
    IdsComeAgain,
)


def test_lives_of_the_true_ledger_show_no_difference():
    assert lives() == 30


@pytest.mark.parametrize("make", LEDGERS)
def test_a_planted_bug_is_caught(make):
    with pytest.raises((AssertionError, ValueError)):
        lives(make)


@pytest.mark.parametrize("name", KERNELS)
def test_a_planted_kernel_is_caught(name, monkeypatch):
    monkeypatch.setattr(room, *KERNELS[name])
    with pytest.raises((AssertionError, ValueError)):
        lives()
