"""What the ledger means, in plain dictionaries; and a ledger that lives beside it, compared."""

import copy

import numpy as np

from economy.ledger import ISSUER, Entry, Ledger, Refusal

LARGEST = 2**63 - 1
NEVER = LARGEST


class PlainLedger:
    """One step at a time, in Python's own numbers."""

    def __init__(self):
        self.tick = 0
        self.available, self.held = {ISSUER: 0}, {ISSUER: 0}
        self.holds = {}  # id: debit, credit, amount, expires, code
        self.next = 1
        self.keys = {}
        self.journal = []

    def open(self, n):
        ids = range(len(self.available), len(self.available) + n)
        self.available.update(dict.fromkeys(ids, 0))
        self.held.update(dict.fromkeys(ids, 0))
        return list(ids)

    def balances(self):
        return [self.available[i] + self.held[i] for i in self.available]

    def reason(self, debit, credit, amount):
        if amount <= 0:
            return Refusal.NOT_POSITIVE
        if debit == credit:
            return Refusal.SAME_ACCOUNT
        if debit not in self.available or credit not in self.available:
            return Refusal.UNKNOWN_ACCOUNT
        if debit != ISSUER and self.available[debit] < amount:
            return Refusal.INSUFFICIENT
        if debit == ISSUER and amount - self.available[ISSUER] > LARGEST:
            return Refusal.OVERFLOW
        return Refusal.OK

    def enter(self, kind, debit, credit, amount, code, hold=0):
        self.journal.append((self.tick, debit, credit, amount, code, int(kind), hold))

    def step(self, kind, *asked):
        """One step; returns its refusal and the id of a new hold."""
        if kind == "transfer":
            debit, credit, amount, code = asked
            if not (refusal := self.reason(debit, credit, amount)):
                self.available[debit] -= amount
                self.available[credit] += amount
                self.enter(Entry.TRANSFER, debit, credit, amount, code)
            return refusal, 0
        if kind == "hold":
            debit, credit, amount, code, expires = asked
            refusal = self.reason(debit, credit, amount)
            if refusal or expires <= self.tick:
                return refusal or Refusal.EXPIRED_HOLD, 0
            self.available[debit] -= amount
            self.held[debit] += amount
            self.holds[self.next] = debit, credit, amount, expires, code
            self.enter(Entry.HOLD, debit, credit, amount, code, self.next)
            self.next += 1
            return Refusal.OK, self.next - 1
        hold, *amount = asked
        if hold not in self.holds:
            was = 0 < hold < self.next
            return Refusal.FINISHED_HOLD if was else Refusal.UNKNOWN_HOLD, 0
        if kind == "post":
            return self.pay(hold, *amount), 0
        self.free(hold, Entry.VOID)
        return Refusal.OK, 0

    def pay(self, hold, amount=None):
        debit, credit, reserved, expires, code = self.holds[hold]
        amount = reserved if amount is None else amount
        if expires <= self.tick:
            return Refusal.EXPIRED_HOLD
        if amount <= 0:
            return Refusal.NOT_POSITIVE
        if amount > reserved:
            return Refusal.EXCEEDS_HOLD
        self.held[debit] -= amount
        self.available[credit] += amount
        self.enter(Entry.POST, debit, credit, amount, code, hold)
        self.holds[hold] = debit, credit, reserved - amount, expires, code
        if amount < reserved:
            self.free(hold, Entry.VOID)
        else:
            del self.holds[hold]
        return Refusal.OK

    def free(self, hold, kind):
        debit, credit, amount, _, code = self.holds.pop(hold)
        self.held[debit] -= amount
        self.available[debit] += amount
        self.enter(kind, debit, credit, amount, code, hold)

    def expire(self):
        due = [hold for hold, (*_, expires, _) in self.holds.items() if expires <= self.tick]
        for hold in due:
            self.free(hold, Entry.EXPIRE)
        return due

    def batch(self, kind, rows, flags, keys):
        """Steps in chains; returns refusals and the ids of holds."""
        reasons, ids, first, before = [], [], 0, None
        for i, (asked, flag, key) in enumerate(zip(rows, flags, keys, strict=True)):
            before = copy.deepcopy(vars(self)) if i == first else before
            if key and key in self.keys:
                same = self.keys[key][0] == (kind, *asked)
                reason = Refusal.ALREADY_MADE if same else Refusal.KEY_REUSED
                hold = self.keys[key][1] if same else 0
            else:
                reason, hold = self.step(kind, *asked)
                if key and not reason:
                    self.keys[key] = (kind, *asked), hold
            reasons.append(reason)
            ids.append(hold)
            left_open = flag and i + 1 == len(rows)
            if flag and not left_open:
                continue
            if left_open or (i > first and any(reasons[first:])):
                vars(self).update(before)
                for j in range(first, i + 1):
                    ids[j] = 0 if reasons[j] == Refusal.OK else ids[j]
                    reasons[j] = reasons[j] or Refusal.LINKED
                if left_open:
                    reasons[i], ids[i] = Refusal.OPEN_CHAIN, 0
            first = i + 1
        return reasons, ids


def rows_of(journal):
    return list(zip(*(column.tolist() for column in journal.values()), strict=True))


class Beside:
    """A ledger and the plain one: whatever is done is done to both, and compared."""

    def __init__(self, make=Ledger):
        self.make, self.ledger, self.plain = make, make(), PlainLedger()
        self.drained = []

    def pass_time(self, ticks):
        self.plain.tick += ticks
        self.ledger.tick = self.plain.tick

    def open(self, n):
        assert self.ledger.open(n).tolist() == self.plain.open(n)

    def batch(self, kind, rows, flags, keys):
        """Rows are what ``PlainLedger.step`` takes; flags may be a bool, keys None."""
        n = len(rows)
        width = {"transfer": 4, "hold": 5, "post": 1, "void": 1}[kind]
        columns = [list(c) for c in zip(*rows, strict=True)] if rows else [[]] * width
        linked = flags if isinstance(flags, bool) else np.array(flags, bool)
        ids = None
        if kind == "transfer":
            *moves, code = columns
            refusals = self.ledger.transfer(*moves, code=code, linked=linked, key=keys)
        elif kind == "hold":
            *moves, code, until = columns
            ids, refusals = self.ledger.hold(
                *moves, expires=until, code=code, linked=linked, key=keys
            )
        else:
            refusals = getattr(self.ledger, kind)(*columns, linked=linked, key=keys)
        each = [flags and i + 1 < n for i in range(n)] if isinstance(flags, bool) else flags
        reasons, made = self.plain.batch(kind, rows, each, [0] * n if keys is None else keys)
        assert refusals.dtype == np.uint8
        assert refusals.tolist() == reasons
        assert ids is None or ids.tolist() == made
        self.compare()

    def expire(self):
        assert self.ledger.expire().tolist() == self.plain.expire()
        self.compare()

    def drain(self):
        journal = rows_of(self.ledger.journal())
        assert rows_of(self.ledger.drain()) == journal
        self.drained += journal
        assert self.ledger.entries == 0
        self.compare()

    def save_and_restore(self):
        state = self.ledger.state()
        self.ledger = self.make()
        self.ledger.open(3)
        self.ledger.mint(1, 5)
        self.ledger.restore(state)
        assert same_state(self.ledger.state(), state)
        self.compare()

    def compare(self):
        self.ledger.verify()
        assert self.ledger.balances.tolist() == self.plain.balances()
        assert self.ledger.available().tolist() == list(self.plain.available.values())
        assert self.ledger.held().tolist() == list(self.plain.held.values())
        assert self.ledger.supply == -self.plain.balances()[ISSUER] <= LARGEST
        assert self.drained + rows_of(self.ledger.journal()) == self.plain.journal
        ids = range(self.plain.next + 1)
        amounts = [self.plain.holds.get(i, (0, 0, 0))[2] for i in ids]
        assert self.ledger.pending(list(ids)).tolist() == amounts


def same_state(one, other):
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and one[name].tobytes() == other[name].tobytes()
        for name in one
    )
