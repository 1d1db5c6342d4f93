"""The ledger against a plain dictionary, its books under corruption, and its saved state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from economy import ISSUER, Ledger, LedgerError, Refusal, replay

LARGEST = 2**63 - 1

amounts = st.one_of(
    st.integers(-2, 50),
    st.integers(LARGEST - 3, LARGEST),
    st.integers(2**62 - 2, 2**62 + 2),
)


class PlainLedger:
    """What the ledger means: a dictionary, and one transfer at a time."""

    def __init__(self):
        self.balances = {ISSUER: 0}
        self.journal = []

    def reason(self, debit, credit, amount):
        if amount <= 0:
            return Refusal.NOT_POSITIVE
        if debit == credit:
            return Refusal.SAME_ACCOUNT
        if debit not in self.balances or credit not in self.balances:
            return Refusal.UNKNOWN_ACCOUNT
        if debit != ISSUER and self.balances[debit] < amount:
            return Refusal.INSUFFICIENT
        if debit == ISSUER and amount - self.balances[ISSUER] > LARGEST:
            return Refusal.OVERFLOW
        return Refusal.OK

    def transfer(self, rows, tick, linked):
        balances, length = dict(self.balances), len(self.journal)
        reasons = []
        for debit, credit, amount, code in rows:
            reasons.append(self.reason(debit, credit, amount))
            if reasons[-1] == Refusal.OK:
                self.balances[debit] -= amount
                self.balances[credit] += amount
                self.journal.append((tick, debit, credit, amount, code))
        if linked and any(reasons):
            self.balances = balances
            del self.journal[length:]
            return [reason or Refusal.LINKED for reason in reasons]
        return reasons


def rows_of(journal):
    return list(zip(*(column.tolist() for column in journal.values()), strict=True))


class LedgerMachine(RuleBasedStateMachine):
    """Random lives of a ledger beside the plain one."""

    def __init__(self):
        super().__init__()
        self.ledger, self.plain = Ledger(), PlainLedger()
        self.drained = []

    @rule(n=st.integers(0, 20))
    def open(self, n):
        first = len(self.plain.balances)
        assert self.ledger.open(n).tolist() == list(range(first, first + n))
        self.plain.balances.update(dict.fromkeys(range(first, first + n), 0))

    @rule(account=st.integers(0, 5), amount=amounts, code=st.integers(-9, 9), burning=st.booleans())
    def mint_or_burn(self, account, amount, code, burning):
        row = (account, ISSUER, amount, code) if burning else (ISSUER, account, amount, code)
        move = self.ledger.burn if burning else self.ledger.mint
        (reason,) = self.plain.transfer([row], self.ledger.tick, False)
        if reason == Refusal.OK:
            move(account, amount, code=code)
        else:
            with pytest.raises(LedgerError, match=reason.name):
                move(account, amount, code=code)

    @rule(
        rows=st.lists(
            st.tuples(
                st.integers(-1, 8), st.integers(-1, 8), amounts, st.integers(-(2**15), 2**15 - 1)
            ),
            max_size=30,
        ),
        linked=st.booleans(),
        tick=st.integers(0, 2**31 - 1),
    )
    def transfer(self, rows, linked, tick):
        self.ledger.tick = tick
        debit, credit, amount, code = zip(*rows, strict=True) if rows else ([], [], [], [])
        refusals = self.ledger.transfer(debit, credit, amount, code=code, linked=linked)
        assert refusals.dtype == np.uint8
        assert refusals.tolist() == self.plain.transfer(rows, tick, linked)

    @rule(data=st.data(), linked=st.booleans())
    def pay_around(self, data, linked):
        # Affordable small payments, so that long batches and linked chains do succeed.
        ids = st.integers(0, len(self.plain.balances) - 1)
        rows = data.draw(st.lists(st.tuples(ids, ids, st.just(1), st.just(0)), max_size=10))
        debit, credit, _, _ = zip(*rows, strict=True) if rows else ([], [], [], [])
        refusals = self.ledger.transfer(debit, credit, 1, linked=linked)
        assert refusals.tolist() == self.plain.transfer(rows, self.ledger.tick, linked)

    @rule()
    def drain(self):
        journal = self.ledger.journal()
        drained = self.ledger.drain()
        assert rows_of(drained) == rows_of(journal)
        self.drained += rows_of(drained)
        assert self.ledger.journal()["amount"].size == 0

    @rule()
    def save_and_restore(self):
        state = self.ledger.state()
        self.ledger = Ledger()
        self.ledger.open(3)
        self.ledger.mint(1, 5)
        self.ledger.restore(state)
        assert same_state(self.ledger.state(), state)

    @invariant()
    def books_agree(self):
        self.ledger.check()
        self.ledger.verify()
        assert self.ledger.balances.tolist() == list(self.plain.balances.values())
        assert len(self.ledger) == len(self.plain.balances)
        assert self.ledger.supply == sum(list(self.plain.balances.values())[1:])
        assert self.drained + rows_of(self.ledger.journal()) == self.plain.journal
        opening = replay(self.ledger.opening, self.ledger.journal())
        assert (opening == self.ledger.balances).all()


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


def same_state(one, other):
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and one[name].tobytes() == other[name].tobytes()
        for name in one
    )


@pytest.fixture
def funded():
    """Four ordinary accounts, 1 to 4, with 100 tokens each."""
    ledger = Ledger()
    ledger.mint(ledger.open(4), 100)
    return ledger


def test_a_batch_is_its_transfers_in_order(funded):
    # 2 can pass on what it has just received, but not before.
    refusals = funded.transfer([2, 1, 2], [3, 2, 3], [150, 80, 150])
    assert refusals.tolist() == [Refusal.INSUFFICIENT, Refusal.OK, Refusal.OK]
    assert funded.balances.tolist() == [-400, 20, 30, 250, 100]


def test_large_random_batches_match_the_plain_ledger():
    rng = np.random.default_rng(1)
    ledger, plain = Ledger(), PlainLedger()
    ids = ledger.open(30)
    ledger.mint(ids, 1000)
    plain.balances.update(dict.fromkeys(ids.tolist(), 0))
    plain.transfer([(ISSUER, i, 1000, 0) for i in ids.tolist()], 0, False)
    seen = set()
    for tick in range(20):
        ledger.tick = tick
        # Few accounts, repeated often; 0 mints and burns, 31 does not exist.
        debit, credit = rng.integers(0, 32, (2, 500))
        amount = rng.integers(-5, 700, 500)
        refusals = ledger.transfer(debit, credit, amount, code=tick)
        rows = zip(debit.tolist(), credit.tolist(), amount.tolist(), [tick] * 500, strict=True)
        assert refusals.tolist() == plain.transfer(rows, tick, False)
        seen.update(refusals.tolist())
    assert seen == {0, 1, 2, 3, 4}
    assert rows_of(ledger.journal()) == plain.journal
    assert ledger.balances.tolist() == list(plain.balances.values())


@given(
    steps=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 150)), max_size=9)
)
@settings(max_examples=100, deadline=None)
def test_linked_moves_all_or_nothing(steps):
    ledger, alone = Ledger(), Ledger()
    for each in (ledger, alone):
        each.mint(each.open(4), 100)
    before = ledger.state()
    debit, credit, amount = zip(*steps, strict=True) if steps else ([], [], [])
    linked = ledger.transfer(debit, credit, amount, linked=True)
    single = alone.transfer(debit, credit, amount)
    if single.any():
        assert same_state(ledger.state(), before)
        assert linked.tolist() == [reason or Refusal.LINKED for reason in single.tolist()]
    else:
        assert same_state(ledger.state(), alone.state())


def test_scalars_broadcast_and_all_columns_may_be_scalars(funded):
    funded.transfer([1, 2, 3], 4, 10)
    assert funded.balances.tolist() == [-400, 90, 90, 90, 130]
    assert funded.transfer(4, 1, 30).tolist() == [Refusal.OK]
    assert funded.transfer([], 4, 10).size == 0
    assert funded.balance(1) == 120
    assert isinstance(funded.balance(1), int)
    assert funded.balance([4, 4, 0]).tolist() == [100, 100, -400]


def test_a_batch_may_read_the_balances_it_moves(funded):
    everything = funded.balances  # a live view: the batch must not see it change
    funded.transfer(funded.transfer(1, 2, 100).astype(int) + 2, 3, 1)
    assert funded.transfer(np.arange(5), 4, everything).tolist() == [1, 1, 0, 0, 2]
    assert funded.balances.tolist() == [-400, 0, 0, 0, 400]


def test_supply_ends_at_the_largest_int64():
    ledger = Ledger()
    rich, poor = ledger.open(2)
    ledger.mint(rich, LARGEST)
    assert ledger.supply == LARGEST
    assert ledger.transfer(ISSUER, [rich, poor], 1).tolist() == [Refusal.OVERFLOW] * 2
    assert ledger.transfer(rich, poor, LARGEST).tolist() == [Refusal.OK]
    with pytest.raises(LedgerError, match="OVERFLOW"):
        ledger.mint(rich, 1)
    ledger.burn(poor, LARGEST)
    assert ledger.balances.tolist() == [0, 0, 0]


def test_minting_on_many_is_all_or_nothing(funded):
    with pytest.raises(LedgerError, match="mint 1 of 3 refused: UNKNOWN_ACCOUNT"):
        funded.mint([1, 9, 2], 5)
    assert funded.supply == 400
    with pytest.raises(LedgerError, match="burn 0 of 1 refused: INSUFFICIENT"):
        funded.burn(1, 101)
    assert funded.supply == 400


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1.0], [2], [3]), r"debit must be whole numbers within int64; got dtype float64"),
        (([1], [2], [3.5]), r"np\.floor\(amount\)\.astype"),
        (([True], [2], [3]), "debit must be whole numbers"),
        (([1], [2], [2**64]), "amount must be whole numbers within int64; got dtype object"),
        (([1], [2], np.array([2**63], np.uint64)), r"largest allowed is 2\*\*63 - 1"),
        (([1, 2, 3], [2, 1], [3]), "lengths debit 3, credit 2, amount 1, code 1"),
        (([[1]], [2], [3]), r"one column; got shape \(1, 1\)"),
    ],
)
def test_wrong_columns_are_explained_and_move_nothing(funded, columns, message):
    before = funded.state()
    with pytest.raises(LedgerError, match=message):
        funded.transfer(*columns)
    assert same_state(funded.state(), before)


def test_wrong_codes_ticks_and_accounts_move_nothing(funded):
    before = funded.state()
    with pytest.raises(LedgerError, match="code must fit int16"):
        funded.transfer(1, 2, 3, code=2**15)
    with pytest.raises(LedgerError, match="cannot open -1 accounts"):
        funded.open(-1)
    with pytest.raises(LedgerError, match="account 5 was never opened; ids run from 0 to 4"):
        funded.balance([1, 5])
    funded.tick = 2**31
    with pytest.raises(OverflowError):
        funded.transfer(1, 2, 3)
    funded.tick = 0
    assert same_state(funded.state(), before)


def test_unsigned_and_narrow_integers_are_welcome(funded):
    funded.transfer(np.uint8([1]), np.int32([2]), np.array([7], np.uint64))
    funded.transfer(np.arange(1, 5)[::2], np.int16(2), 1)  # strided
    assert funded.balances.tolist() == [-400, 92, 109, 99, 100]


def test_views_are_read_only_and_drained_columns_stay_true(funded):
    for view in (funded.balances, funded.opening, *funded.journal().values()):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
    held, drained = funded.journal(), funded.drain()
    kept = rows_of(drained)
    funded.transfer([1, 2, 3, 4], [2, 3, 4, 1], 50)
    assert rows_of(drained) == rows_of(held) == kept
    assert funded.journal()["credit"].tolist() == [2, 3, 4, 1]


def test_check_catches_money_from_nowhere_and_debt(funded):
    funded._balances[3] += 1
    with pytest.raises(LedgerError, match="sum to 1, not 0"):
        funded.check()
    funded._balances[3] -= 1
    funded._balances[[2, 4]] += [-101, 101]
    with pytest.raises(LedgerError, match="account 2 holds -1"):
        funded.check()


@pytest.mark.parametrize("drained_first", [False, True])
def test_verify_names_the_first_account_moved_without_an_entry(funded, drained_first):
    funded._balances[[2, 4]] += [-5, 5]
    funded.check()  # the sum still holds: only the journal knows
    if drained_first:
        funded.drain()
    with pytest.raises(LedgerError, match=r"account 2 holds 95, .* give 100"):
        funded.verify()


def test_replay_refuses_a_journal_of_other_accounts(funded):
    journal = funded.journal()
    assert replay([0, 0, 0, 0, 0], journal).tolist() == funded.balances.tolist()
    with pytest.raises(LedgerError, match=r"accounts run from 0 to 4, but opening has .* 0 to 3"):
        replay([0, 0, 0, 0], journal)
    with pytest.raises(LedgerError, match="one length"):
        replay([0], {"debit": [0], "credit": [0], "amount": [1, 2]})


def test_a_restored_ledger_continues_as_if_never_stopped(funded):
    funded.tick = 7
    funded.transfer([1, 2], [2, 3], [5, 500], code=3)
    funded.drain()
    funded.transfer(3, 4, 11)
    state = funded.state()
    restored = Ledger()
    restored.restore(state)
    for ledger in (funded, restored):
        ledger.tick += 1
        new = ledger.open(40)
        ledger.transfer(1, new, 2, code=-1)
    assert same_state(restored.state(), funded.state())
    assert state["balances"].size == 5  # the saved arrays are copies
    assert state["tick"] == 7


def test_restore_refuses_a_tampered_state_and_changes_nothing(funded):
    before = funded.state()
    for name, value in (
        ("balances", [-400, 101, 99, 100, 100]),
        ("opening", [0, 0]),
        ("journal_amount", before["journal_amount"][:-1]),
        ("journal_code", []),
    ):
        with pytest.raises(LedgerError):
            funded.restore({**before, name: value})
    with pytest.raises(LedgerError, match=r"\['tick'\] missing"):
        funded.restore({name: value for name, value in before.items() if name != "tick"})
    assert same_state(funded.state(), before)
