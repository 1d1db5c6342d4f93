"""Batches of transfers, books under corruption, saved state; `test_steps` has whole lives."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numba import njit

from economy import ISSUER, Ledger, LedgerError, Refusal, replay
from economy.ledger import Entry, post, replay_held
from economy.ledger.posting import light
from tests.economy.ledger.beside import LARGEST, PlainLedger, rows_of, same_state


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
    plain.open(30)
    ledger.mint(ids, 1000)
    for i in ids.tolist():
        plain.step("transfer", ISSUER, i, 1000, 0)
    seen = set()
    for tick in range(20):
        ledger.tick = plain.tick = tick
        # Few accounts, repeated often; 0 mints and burns, 31 does not exist.
        debit, credit = rng.integers(0, 32, (2, 500))
        amount = rng.integers(-5, 700, 500)
        refusals = ledger.transfer(debit, credit, amount, code=tick)
        rows = zip(debit.tolist(), credit.tolist(), amount.tolist(), strict=True)
        assert refusals.tolist() == [plain.step("transfer", *row, tick)[0] for row in rows]
        seen.update(refusals.tolist())
    assert seen == {0, 1, 2, 3, 4}
    assert rows_of(ledger.journal()) == plain.journal
    assert ledger.balances.tolist() == plain.balances()


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
    with pytest.raises(LedgerError, match="the journal dates entries in int32"):
        funded.transfer(1, 2, 3)
    funded.tick = 0
    assert same_state(funded.state(), before)


def test_unsigned_and_narrow_integers_are_welcome(funded):
    funded.transfer(np.uint8([1]), np.int32([2]), np.array([7], np.uint64))
    funded.transfer(np.arange(1, 5)[::2], np.int16(2), 1)  # strided
    assert funded.balances.tolist() == [-400, 92, 109, 99, 100]


def test_views_are_read_only_and_drained_columns_stay_true(funded):
    views = funded.balances, funded.opening, funded.opening_held, *funded.journal().values()
    for view in views:
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
    held, drained = funded.journal(), funded.drain()
    kept = rows_of(drained)
    funded.transfer([1, 2, 3, 4], [2, 3, 4, 1], 50)
    assert rows_of(drained) == rows_of(held) == kept
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        drained["amount"].flags.writeable = True
    assert funded.journal()["credit"].tolist() == [2, 3, 4, 1]


def test_check_catches_money_from_nowhere_and_debt(funded):
    funded._available[3] += 1
    with pytest.raises(LedgerError, match="sum to 1, not 0"):
        funded.check()
    funded._available[3] -= 1
    funded._available[[2, 4]] += [-101, 101]
    with pytest.raises(LedgerError, match="account 2 holds -1"):
        funded.check()


@pytest.mark.parametrize("drained_first", [False, True])
def test_verify_names_the_first_account_moved_without_an_entry(funded, drained_first):
    funded._available[[2, 4]] += [-5, 5]
    funded.check()  # the sum still holds: only the journal knows
    if drained_first:
        funded.drain()
    with pytest.raises(LedgerError, match=r"account 2 holds 95, .* give 100"):
        funded.verify()


def test_replay_refuses_a_journal_of_other_accounts(funded):
    journal = funded.journal()
    assert replay([0, 0, 0, 0, 0], journal).tolist() == funded.balances.tolist()
    with pytest.raises(LedgerError, match=r"credit accounts run from 1 to 4, .* 0 to 3"):
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
    assert state["available"].size == 5  # the saved arrays are copies
    assert state["tick"] == 7


def test_restore_refuses_a_tampered_state_and_changes_nothing(funded):
    funded.hold(1, 2, 30, key=8)
    before = funded.state()
    for name, value in (
        ("available", [-400, 101, 99, 100, 100]),
        ("held", [0, 1, 0, 0, 0]),
        ("opening", [0, 0]),
        ("journal_kind", [*before["journal_kind"][:-1], 5]),
        ("journal_hold", [*before["journal_hold"][:-1], 2**63]),
        ("holds_amount", before["holds_amount"] + 1),
        ("holds_id", before["holds_id"] * 0),
        ("holds_debit", before["holds_debit"] + 9),
        ("holds_next", 1),
        ("holds_code", []),
        ("keys_key", before["keys_key"] * 0),
        ("keys_asked", []),
        ("journal_amount", before["journal_amount"][:-1]),
        ("journal_code", []),
    ):
        with pytest.raises(LedgerError):
            funded.restore({**before, name: value})
    with pytest.raises(LedgerError, match=r"\['tick'\] missing"):
        funded.restore({name: value for name, value in before.items() if name != "tick"})
    assert same_state(funded.state(), before)


def test_a_hold_is_part_of_the_balance_and_spent_by_nothing_else(funded):
    (hold,), _ = funded.hold(1, 2, 70, expires=5, code=9)
    assert (funded.balance(1), funded.available(1), funded.held(1)) == (100, 30, 70)
    assert funded.transfer(1, 3, 31).tolist() == [Refusal.INSUFFICIENT]
    assert funded.post(hold, 45).tolist() == [Refusal.OK]  # the other 25 are given back
    assert funded.balances.tolist() == [-400, 55, 145, 100, 100]
    assert funded.post(hold).tolist() == [Refusal.FINISHED_HOLD]
    journal = {name: column[4:].tolist() for name, column in funded.journal().items()}
    assert journal["kind"] == [Entry.HOLD, Entry.POST, Entry.VOID]
    assert journal["amount"] == [70, 45, 25]
    assert journal["hold"] == [hold] * 3
    assert journal["code"] == [9] * 3


def test_refused_holds_move_nothing(funded):
    ids, refusals = funded.hold([1, 1, 1, 0], [2, 1, 2, 2], [101, 5, 5, LARGEST], expires=0)
    assert ids.tolist() == [0] * 4
    assert refusals.tolist() == [4, 2, Refusal.EXPIRED_HOLD, Refusal.OVERFLOW]
    assert not funded.held().any()
    assert funded.post([0, 1, -5]).tolist() == [Refusal.UNKNOWN_HOLD] * 3


def test_an_expired_hold_is_only_given_back(funded):
    ids, _ = funded.hold([1, 2, 3], 4, 10, expires=[2, 2, 3])
    funded.tick = 2
    assert funded.post(ids).tolist() == [Refusal.EXPIRED_HOLD] * 2 + [Refusal.OK]
    assert funded.void(ids[0]).tolist() == [Refusal.OK]
    assert funded.expire().tolist() == [ids[1]]
    assert funded.expire().size == 0
    assert funded.balances.tolist() == [-400, 100, 100, 90, 110]


def test_pending_mints_count_against_the_supply_that_there_can_be():
    ledger = Ledger()
    (rich,) = ledger.open()
    ids, _ = ledger.hold(ISSUER, rich, LARGEST)
    assert (ledger.supply, ledger.balance(rich)) == (0, 0)
    assert ledger.transfer(ISSUER, rich, 1).tolist() == [Refusal.OVERFLOW]
    ledger.post(ids, LARGEST - 1)
    assert ledger.supply == LARGEST - 1
    ledger.mint(rich, 1)
    ledger.verify()


def test_chains_end_with_the_first_that_is_not_linked(funded):
    linked = np.array([True, False, True, True, False, False, True])
    refusals = funded.transfer([1, 2, 3, 3, 3, 4, 4], [2, 1, 4, 4, 4, 1, 1], 60, linked=linked)
    assert refusals.tolist() == [0, 0, Refusal.LINKED, 4, 4, 0, Refusal.OPEN_CHAIN]
    assert funded.balances.tolist() == [-400, 160, 100, 100, 40]


def test_a_key_moves_tokens_once(funded):
    assert funded.transfer(1, 2, 5, key=77).tolist() == [Refusal.OK]
    assert funded.transfer(1, 2, [5, 6], key=[77, 77]).tolist() == [
        Refusal.ALREADY_MADE,
        Refusal.KEY_REUSED,
    ]
    ids, _ = funded.hold(1, 2, 50, key=np.uint64(2**64 - 1))
    again, refusals = funded.hold(1, 2, 50, key=-1)  # the same bits
    assert again.tolist() == ids.tolist()
    assert refusals.tolist() == [Refusal.ALREADY_MADE]
    assert funded.transfer(1, 2, 500, key=9).tolist() == [Refusal.INSUFFICIENT]
    assert funded.transfer(3, 2, 5, key=9).tolist() == [Refusal.OK]  # a refusal uses no key
    assert funded.balances.tolist() == [-400, 95, 110, 95, 100]


def test_many_keys_and_holds_in_any_order_are_found_again():
    rng = np.random.default_rng(3)
    ledger = Ledger()
    ledger.open(2)
    ledger.mint(1, 10**6)
    keys = rng.integers(-(2**63), 2**63 - 1, 4000)
    first, _ = ledger.hold(1, 2, 1, key=keys)
    rng.shuffle(first[:3500])
    assert not ledger.void(first[:3500]).any()
    later, _ = ledger.hold(1, 2, 2, key=keys - 1)  # drops what is finished
    assert ledger.pending([*first[3498:3502], later[-1], 9000]).tolist() == [0, 0, 1, 1, 2, 0]
    assert set(ledger.post(first).tolist()) == {Refusal.OK, Refusal.FINISHED_HOLD}
    again, refusals = ledger.hold(1, 2, 1, key=keys)
    assert (refusals == Refusal.ALREADY_MADE).all()
    assert sorted(again.tolist()) == sorted(first.tolist())
    assert ledger.held(1) == 8000
    ledger.verify()


def test_the_journal_replays_to_what_is_held(funded):
    before, held = funded.balances, funded.held()
    funded.drain()
    ids, _ = funded.hold([1, 2], 3, [40, 50])
    funded.post(ids[0], 15)
    journal = funded.drain()
    assert replay(before, journal).tolist() == funded.balances.tolist()
    assert replay_held(held, journal).tolist() == funded.held().tolist() == [0, 0, 50, 0, 0]
    assert funded.opening.tolist() == funded.balances.tolist()
    assert funded.opening_held.tolist() == funded.held().tolist()


def test_compiled_code_posts_on_the_books(funded):
    @njit
    def pay_all(books, payer, payee):
        books = light(books)
        for account in payer:
            post(books, account, payee, 30, 5)

    books = funded.open_books(3)
    pay_all(books, np.array([1, 2, 9]), 4)
    funded.close_books(books)
    assert funded.balances.tolist() == [-400, 70, 70, 100, 160]
    assert funded.journal()["code"].tolist() == [0, 0, 0, 0, 5, 5]
    funded.verify()


@pytest.mark.parametrize("linked", [np.array([1, 0]), [True], np.ones((1, 2), bool), None])
def test_wrong_links_are_explained(funded, linked):
    with pytest.raises(LedgerError, match=r"linked|lengths"):
        funded.transfer([1, 2], [2, 3], 4, linked=linked)


def test_tokens_that_only_sum_to_nothing_modulo_2_to_the_64_are_noticed(funded):
    funded.drain()
    before = funded.state()
    forged = np.array([0, *[2**62] * 4])  # they sum to 2**64
    with pytest.raises(LedgerError, match="do not balance"):
        funded.restore(before | {"available": forged, "opening": forged})
    assert same_state(funded.state(), before)


def test_what_cannot_be_done_leaves_nothing_half_done(funded):
    before = funded.state()
    with pytest.raises(MemoryError):
        funded.open(2**58)
    assert same_state(funded.state(), before)
    assert funded.open(1).tolist() == [5]
