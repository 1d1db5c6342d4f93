"""Staked reputation beside a plain one, under attack, and through save and restore."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from economy import Ledger
from economy.reputation import ReputationError, StakedReputation, StakeRefusal

OK = StakeRefusal.OK


def reputation_with(tokens, names=1, **rates):
    """A registry and its names, each of an account with so many tokens."""
    ledger = Ledger()
    treasury = int(ledger.open()[0])
    accounts = ledger.open(names)
    tokens = np.broadcast_to(tokens, names)
    ledger.mint(accounts[tokens > 0], tokens[tokens > 0])
    reputation = StakedReputation(ledger, treasury, **rates)
    return ledger, reputation, reputation.join(accounts)


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


# Attacks. Each is also made on the naive rule, the average of ratings, where it does gain.


def average_of_ratings(ratings, n, prior=0.5):
    """The naive rule: the mean of what others said of a name, `prior` while nobody said anything.

    ``ratings`` are rows (rater, rated, value in [0, 1]).
    """
    said = [[value for _, rated, value in ratings if rated == i] for i in range(n)]
    return np.array([np.mean(values) if values else prior for values in said])


scripts = st.lists(
    st.one_of(
        st.tuples(st.just("attest"), st.integers(0, 3), st.integers(0, 1000), st.integers(1, 300)),
        st.tuples(st.just("unbond"), st.integers(0, 3), st.just(0), st.integers(1, 200)),
        st.tuples(st.just("reveal"), st.integers(0, 1000)),
        st.tuples(st.just("fade")),
    ),
    max_size=25,
)


@given(script=scripts, outsider=st.integers(0, 1000), earning=st.integers(0, 1024))
@settings(max_examples=60, deadline=None)
def test_a_ring_of_names_never_outweighs_the_single_name_that_does_the_same(
    script, outsider, earning
):
    """Names 0 to 3 of a Sybil ring in one world; in the other, name 0 does it all."""
    worlds = []
    for ring in (True, False):
        tokens = [500] * 4 if ring else [2000, 0, 0, 0]
        _, reputation, names = reputation_with([*tokens, 1000], 5, earning=earning)
        reputation.bond(names, [*tokens, 1000])
        worlds.append((reputation, ring))
    for step in script:
        accepted = None
        for reputation, ring in worlds:
            claim = max(reputation._claims.opened - 1, 0)
            if not reputation._claims.opened:
                reputation.open_claims()
                reputation.attest(4, 0, outsider, 30)
            match step:
                case ("attest", who, report, stake):
                    if accepted is not False:
                        refusals = reputation.attest(who if ring else 0, claim, report, stake)
                        accepted = bool(refusals[0] == OK)
                        assert accepted or ring
                case ("unbond", who, _, amount):
                    if accepted is not False:
                        accepted = not reputation.unbond(who if ring else 0, amount)[0]
                        assert accepted or ring
                case ("reveal", truth):
                    reputation.reveal(claim, truth)
                    new = reputation.open_claims()
                    reputation.attest(4, new, outsider, 30)
                case ("fade",):
                    reputation.fade()
        (ring, _), (single, _) = worlds
        assert single.bonds[0] == ring.bonds[:4].sum()
        assert single.weights[0] >= ring.weights[:4].sum()


@given(
    parts=st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 400)), min_size=2, max_size=4),
    outsiders=st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 400)), max_size=3),
    truth=st.sampled_from([0, 1000]),
)
@settings(max_examples=60, deadline=None)
def test_hedging_never_beats_the_mean_report(parts, outsiders, truth):
    total = sum(stake for _, stake in parts)
    # The mean report need not be whole: it is made of the two whole ones beside it.
    mean = sum(report * stake for report, stake in parts) // total
    spare = sum(report * stake for report, stake in parts) - mean * total
    held = []
    for rows in (parts, [(mean, total - spare), (mean + 1, spare)]):
        _, reputation, (me, other) = reputation_with(2000, 2)
        reputation.bond([me, other], 2000)
        claim = reputation.open_claims()
        for report, stake in rows:
            if stake:
                assert reputation.attest(me, claim, report, stake)[0] == OK
        for report, stake in outsiders:
            reputation.attest(other, claim, report, stake)
        reputation.reveal(claim, truth)
        held.append((reputation.bonds[me], reputation.weights[me]))
    rounding = len(parts) + 2
    assert held[0][0] <= held[1][0] + rounding
    assert held[0][1] <= held[1][1] + rounding


def test_whitewashing_gains_nothing():
    _, reputation, (old,) = reputation_with(1000)
    account = reputation._names["account"][old]
    reputation.bond(old, 500)
    claims = reputation.open_claims(4)
    reputation.attest(old, claims, [1000, 1000, 0, 0], 100)
    reputation.reveal(claims, 1000)  # right twice, wrong twice
    before = reputation.weights[old]
    assert before > 0
    (new,) = reputation.join(account)
    reputation.unbond(old, reputation.bonds[old])
    reputation.bond(new, 400)
    assert reputation.weights[new] == 0
    assert reputation.weights[[old, new]].sum() < before

    naive = average_of_ratings([(1, 0, 0.1), (2, 0, 0.0)], n=4)
    assert naive[3] > naive[0]  # the new name has the better standing


def test_a_ring_that_praises_itself_gains_nothing():
    """Claims that only the ring stakes on: as a whole it cannot gain a token."""
    ledger, reputation, names = reputation_with(300, 4)
    reputation.bond(names, 300)
    claims = reputation.open_claims(20)
    for k in claims:
        reputation.attest(names, k, [1000, 1000, 0, 500], 10)
    reputation.reveal(claims, 1000)
    assert reputation.bonds.sum() < 1200
    assert reputation.bonds.sum() + ledger.balance(reputation.treasury) == 1200
    assert (reputation.weights <= reputation.bonds).all()

    alone = average_of_ratings([(4, 0, 0.2)], n=5)
    ring = average_of_ratings([(4, 0, 0.2), (1, 0, 1.0), (2, 0, 1.0), (3, 0, 1.0)], n=5)
    assert ring[0] > alone[0]


def test_slander_costs_only_the_slanderer():
    held = []
    for slander in (False, True):
        _, reputation, (victim, slanderer) = reputation_with(500, 2)
        reputation.bond([victim, slanderer], 500)
        claim = reputation.open_claims()
        reputation.attest(victim, claim, 900, 100)
        if slander:
            reputation.attest(slanderer, claim, 0, 400)
        reputation.reveal(claim, 1000)
        held.append((reputation.bonds.tolist(), reputation.weights.tolist()))
    (calm, calm_weights), (slandered, slandered_weights) = held
    assert slandered[0] >= calm[0]
    assert slandered_weights[0] >= calm_weights[0]
    assert slandered[1] < calm[1]
    assert slandered_weights[1] == 0

    naive = average_of_ratings([(2, 0, 0.9)], n=3)
    smeared = average_of_ratings([(2, 0, 0.9), (1, 0, 0.0)], n=3)
    assert smeared[0] < naive[0]


@pytest.mark.parametrize("belief", [0, 130, 500, 820, 1000])
def test_to_report_what_one_believes_is_best(belief):
    """Lambert et al. 2008, theorem 1: in expected tokens, whatever the others say."""
    expected = []
    reports = range(0, 1001, 10)
    for report in reports:
        kept = []
        for truth in (1000, 0):
            _, reputation, (me, other) = reputation_with(2**41, 2)
            reputation.bond([me, other], 2**40)
            claim = reputation.open_claims()
            reputation.attest([me, other], claim, [report, 350], [2**39, 2**40])
            reputation.reveal(claim, truth)
            kept.append(int(reputation.bonds[me]))
        expected.append((belief * kept[0] + (1000 - belief) * kept[1]) / 1000)
    assert reports[int(np.argmax(expected))] == belief


def test_a_rule_that_takes_weight_by_name_would_fall_for_hedging():
    """Had wrong stakes cost weight, down to the floor, a ring could shed the loss."""

    def by_name(outcomes):
        return sum(max(0, sum(stakes)) for stakes in outcomes)

    ring, single = by_name([[+100], [-100]]), by_name([[+100, -100]])
    assert ring > single
    weights = []
    for who in ((0, 1), (0, 0)):
        _, reputation, names = reputation_with(400, 2)
        reputation.bond(names, [400, 400])
        claim = reputation.open_claims()
        reputation.attest(names[list(who)], claim, [1000, 0], 100)
        reputation.reveal(claim, 1000)
        weights.append(reputation.weights.sum())
    assert weights[0] <= weights[1]


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
