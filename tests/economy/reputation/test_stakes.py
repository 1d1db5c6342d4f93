"""Staked reputation beside a plain one, and through save and restore."""

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from economy.reputation import ReputationError, StakedReputation, StakeRefusal
from tests.economy.reputation.registry import OK, reputation_with


class PlainReputation:
    """What staking means, one row at a time and in Python's own integers."""

    def __init__(self, purses, shared, earning, fading):
        self.purses, self.rates = list(purses), (shared, earning, fading)
        self.bond, self.weight = [0] * len(purses), [0] * len(purses)
        self.rows, self.status, self.treasury = [], [], 0

    def staked(self, name):
        return sum(row[3] for row in self.rows if row[0] == name)

    def free(self, name):
        return self.bond[name] - self.staked(name)

    def do_bond(self, name, amount):
        if amount < 1:
            return StakeRefusal.NOT_POSITIVE
        if not 0 <= name < len(self.bond):
            return StakeRefusal.UNKNOWN_NAME
        if amount > self.purses[name]:
            return StakeRefusal.INSUFFICIENT
        self.purses[name] -= amount
        self.bond[name] += amount
        return OK

    def do_unbond(self, name, amount):
        if amount < 1:
            return StakeRefusal.NOT_POSITIVE
        if not 0 <= name < len(self.bond):
            return StakeRefusal.UNKNOWN_NAME
        if amount > self.free(name):
            return StakeRefusal.INSUFFICIENT
        self.purses[name] += amount
        self.bond[name] -= amount
        self.weight[name] = min(self.weight[name], self.bond[name])
        return OK

    def do_attest(self, name, claim, report, stake):
        if stake < 1:
            return StakeRefusal.NOT_POSITIVE
        if not 0 <= name < len(self.bond):
            return StakeRefusal.UNKNOWN_NAME
        if not 0 <= claim < len(self.status):
            return StakeRefusal.UNKNOWN_CLAIM
        if self.status[claim] != "open":
            return StakeRefusal.NOT_OPEN
        if not 0 <= report <= 1000:
            return StakeRefusal.BAD_REPORT
        if stake > self.free(name):
            return StakeRefusal.INSUFFICIENT
        if stake + sum(row[3] for row in self.rows if row[1] == claim) > 2**42:
            return StakeRefusal.TOO_LARGE
        self.rows.append((name, claim, report, stake))
        return OK

    def do_reveal(self, claim, truth):
        shared, earning, _ = self.rates
        rows = [row for row in self.rows if row[1] == claim]
        self.rows = [row for row in self.rows if row[1] != claim]
        self.status[claim] = "settled"
        total = sum(row[3] for row in rows)
        losses = sum(stake * (report - truth) ** 2 for _, _, report, stake in rows)
        mean = losses // total * shared // 1024 if total else 0
        for name, _, report, stake in rows:
            wrong = (report - truth) ** 2
            change = stake * mean // 10**6 + -stake * wrong // 10**6
            self.bond[name] += change
            self.treasury -= change
            self.weight[name] += stake * (10**6 - wrong) // 10**6 * earning // 1024
        self.weight = [min(pair) for pair in zip(self.weight, self.bond, strict=True)]

    def do_fade(self):
        self.weight = [weight * (1024 - self.rates[2]) // 1024 for weight in self.weight]


amounts = st.one_of(st.integers(-1, 40), st.integers(0, 2**43))
PURSES = [0, 50, 1000, 2**42, 2**44]


class ReputationMachine(RuleBasedStateMachine):
    """Random lives of staked reputation beside the plain one."""

    def __init__(self):
        super().__init__()
        rates = {"shared": 700, "earning": 300, "fading": 100}
        self.ledger, self.reputation, _ = reputation_with(PURSES, len(PURSES), **rates)
        self.plain = PlainReputation(PURSES, **rates)

    @rule(rows=st.lists(st.tuples(st.integers(-1, 5), amounts), max_size=6), out=st.booleans())
    def bond_or_unbond(self, rows, out):
        name, amount = zip(*rows, strict=True) if rows else ([], [])
        move, plain = (
            (self.reputation.unbond, self.plain.do_unbond)
            if out
            else (self.reputation.bond, self.plain.do_bond)
        )
        assert move(name, amount).tolist() == [plain(*row) for row in rows]

    @rule(n=st.integers(1, 2))
    def open_claims(self, n):
        first = len(self.plain.status)
        assert self.reputation.open_claims(n).tolist() == list(range(first, first + n))
        self.plain.status += ["open"] * n

    @rule(
        rows=st.lists(
            st.tuples(st.integers(-1, 5), st.integers(-1, 4), st.integers(-1, 1001), amounts),
            max_size=8,
        )
    )
    def attest(self, rows):
        columns = zip(*rows, strict=True) if rows else ([],) * 4
        assert self.reputation.attest(*columns).tolist() == [
            self.plain.do_attest(*row) for row in rows
        ]

    @rule(name=st.integers(1, 4), data=st.data())
    def attest_what_is_free(self, name, data):
        unsettled = [k for k, status in enumerate(self.plain.status) if status == "open"]
        if unsettled and self.plain.free(name):
            stake = data.draw(st.integers(1, self.plain.free(name)))
            row = (name, unsettled[0], data.draw(st.integers(0, 1000)), stake)
            assert self.reputation.attest(*row)[0] == self.plain.do_attest(*row)

    @rule(claims=st.sets(st.integers(0, 4)), truth=st.integers(0, 1000), how=st.integers(0, 4))
    def settle(self, claims, truth, how):
        claims = sorted(k for k in claims if k < len(self.plain.status))[::-1]
        claims = [k for k in claims if self.plain.status[k] != "settled"]
        if how == 0:
            self.reputation.close(claims)
            for k in claims:
                self.plain.status[k] = "closed"
        elif how == 1:
            self.reputation.void(claims)
            self.plain.rows = [row for row in self.plain.rows if row[1] not in claims]
            for k in claims:
                self.plain.status[k] = "settled"
        else:
            revealed = self.reputation.reveal(claims, truth)
            assert revealed.claim.size == sum(row[1] in claims for row in self.plain.rows)
            for k in claims:
                self.plain.do_reveal(k, truth)

    @rule()
    def fade(self):
        self.reputation.fade()
        self.plain.do_fade()

    @rule()
    def save_and_restore(self):
        state = self.reputation.state()
        other = StakedReputation.__new__(StakedReputation)
        other._ledger = self.ledger
        other.restore(state)
        self.reputation = other
        again = other.state()
        assert list(again) == list(state)
        assert all(again[name].tobytes() == state[name].tobytes() for name in state)

    @invariant()
    def they_agree_and_no_token_is_lost(self):
        self.reputation.check()
        self.ledger.check()
        assert self.reputation.bonds.tolist() == self.plain.bond
        assert self.reputation.weights.tolist() == self.plain.weight
        assert self.reputation.staked.tolist() == [self.plain.staked(i) for i in range(5)]
        assert self.ledger.balance(self.reputation.treasury) == self.plain.treasury
        assert self.ledger.supply == sum(PURSES)


TestReputationMachine = ReputationMachine.TestCase
TestReputationMachine.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


def test_a_planted_bug_is_noticed():
    bugs = [
        lambda reputation: np.add.at(reputation._names["bond"], 0, 1),
        lambda reputation: np.add.at(reputation._names["weight"], 0, 10**6),
        lambda reputation: np.subtract.at(reputation._names["weight"], 1, 1),
        lambda reputation: np.add.at(reputation._names["staked"], 0, 1),
        lambda reputation: np.add.at(reputation._claims.rows["stake"], 0, 1),
        lambda reputation: reputation._ledger.transfer(reputation.custody, reputation.treasury, 1),
    ]
    for bug in bugs:
        _, reputation, names = reputation_with(100, 2)
        reputation.bond(names, 100)
        reputation.attest(names, reputation.open_claims(), 900, 10)
        reputation.check()
        bug(reputation)
        with pytest.raises(ReputationError):
            reputation.check()


def test_misuse_is_explained_and_changes_nothing():
    ledger, reputation, _ = reputation_with(100)
    claim = reputation.open_claims(2)
    before = {key: column.copy() for key, column in reputation.state().items()}
    for call, message in (
        (lambda: reputation.reveal([0, 0], 1000), "more than once"),
        (lambda: reputation.reveal([2], 1000), "claim 2 was never opened"),
        (lambda: reputation.reveal(claim, 1001), "truths are 0 to 1000"),
        (lambda: reputation.attest([0, 0], [0, 1, 2], 1, 1), "one length or be scalars"),
        (lambda: reputation.join(0), "account 0 cannot have a name"),
        (lambda: reputation.join(reputation.custody), "neither the issuer, the custody"),
        (lambda: StakedReputation(ledger, 0), "treasury must be an open account"),
        (lambda: StakedReputation(ledger, 1, fading=1025), "fading is 0 to 1024"),
        (lambda: reputation.restore({}), "missing"),
        (lambda: reputation.restore(before | {"bond": [3]}), "custody holds 0 tokens"),
        (lambda: reputation.restore(before | {"bond": [3, 4]}), "have sizes"),
    ):
        with pytest.raises(ReputationError, match=message):
            call()
    after = reputation.state()
    assert all((after[key] == before[key]).all() for key in before)
    reputation.reveal(claim[0], 1000)
    with pytest.raises(ReputationError, match="settled already"):
        reputation.void(claim[0])


def test_settled_claims_are_forgotten_but_not_their_ids():
    """A history of any length weighs no more than what is open, also when saved."""
    _, reputation, names = reputation_with(1000, 2)
    reputation.bond(names, 1000)
    (waiting,) = reputation.open_claims()
    reputation.attest(names[0], waiting, 700, 5)
    reputation.attest(names[0], reputation.open_claims(), 700, 5)
    small = sum(column.nbytes for column in reputation.state().values())
    reputation.void(1)
    for k in range(2, 20):
        claim = reputation.open_claims()
        assert claim.tolist() == [k]
        reputation.attest(names, claim, 1000, 3)
        reputation.reveal(claim, 1000)
    assert sum(column.nbytes for column in reputation.state().values()) < small
    claims = [waiting, 3, 19, 20, -1]
    assert reputation.attest(names[0], claims, 900, 1).tolist() == [
        OK,
        StakeRefusal.NOT_OPEN,
        StakeRefusal.NOT_OPEN,
        StakeRefusal.UNKNOWN_CLAIM,
        StakeRefusal.UNKNOWN_CLAIM,
    ]
    assert reputation.reveal(waiting, 0).stake.tolist() == [5, 1]


def test_damaged_states_are_refused():
    _, reputation, names = reputation_with(1000, 2)
    reputation.bond(names, 1000)
    claims = reputation.open_claims(3)
    reputation.void(claims[1])
    reputation.attest(names, claims[[0, 2]], 900, 7)
    before = reputation.state()
    damage = {
        "rates": [[1, 99, 0, 0, 0], [0, 4, 0, 0, 0], [1, 4, 1025, 0, 0], [1, 4, 0, 0, -1]],
        "account": [[0, 3], [2, 9]],
        "opened": [2, -1, [3, 3]],
        "claims": [[-1, 2], [2, 0], [0, 0], [0, 1], [0]],
        "status": [[0, 2], [-1, 0], [0]],
        "stakes": [[7, 8], [0, 7]],
        "row_name": [[0, 2], [-1, 1], [0, 0]],
        "row_claim": [[0, 1], [0, 0], [0, 3]],
        "row_report": [[900, 1001], [-1, 900]],
        "row_stake": [[7, 0], [14, 0], [7, 8]],
        "staked": [[7, 6], [14, 0]],
        "weight": [[-1, 0], [1001, 0]],
    }
    for key, values in damage.items():
        for value in values:
            with pytest.raises(ReputationError):
                reputation.restore(before | {key: np.array(value)})
    reputation.restore(before)
    assert all((reputation.state()[key] == before[key]).all() for key in before)
