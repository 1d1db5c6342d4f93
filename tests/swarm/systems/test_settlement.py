"""Tokens in a reasoning world: pots, endowments, rent, and books that always agree."""

import numpy as np
import pytest

from economy import LedgerError
from swarm import Reasoning, Settlement, Tasks, World
from swarm.systems.settlement import ENDOWMENT, LEFTOVER, RENT, REVENUE, REWARD
from swarm.systems.tasks import CODE as BOUNTY
from tests.swarm.worlds import Idle, Watch, moved, plenty, reasoners, run

TICKS = 13  # three generations and a tick


def test_supply_is_conserved_every_tick_and_the_books_agree_with_the_journal() -> None:
    world = reasoners()
    supply = world.ledger.supply
    assert supply > 0
    for _ in range(TICKS):
        world.step()
        assert world.ledger.supply == supply
        held = world.ledger.balance(world.agents.get("account")).sum()
        assert held + world.ledger.balance(world.treasury) == supply
        world.ledger.verify()


@pytest.mark.parametrize("tokens", [1, -1, 2**40])
def test_a_corrupted_balance_is_caught_by_the_check_of_the_tick(tokens: int) -> None:
    world = run(reasoners(), 2)
    world.ledger._available[world.agents.get("account")[3]] += tokens
    with pytest.raises(LedgerError, match=f"balances sum to {tokens}, not 0"):
        world.step()


def test_a_balance_below_zero_is_caught_by_the_check_of_the_tick() -> None:
    def plant(world: World) -> None:
        account = world.agents.get("account")[3]
        overdraft = world.ledger.balance(account) + 1
        world.ledger._available[account] -= overdraft
        world.ledger._available[world.treasury] += overdraft

    with pytest.raises(LedgerError, match="holds -1; only the issuer"):
        reasoners(40, Watch(plant)).step()


def test_escrow_and_compute_are_empty_after_every_tick() -> None:
    world = reasoners()
    for _ in range(TICKS):
        world.step()
        assert world.ledger.balance([world.escrow, world.compute]).tolist() == [0, 0]


def test_every_pot_is_paid_in_full_to_its_answerers_or_returned() -> None:
    world = reasoners()
    returned = 0
    for _ in range(TICKS):
        world.step()
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        assert moved(world, BOUNTY) == tasks.pot * len(tasks.agent)
        assert moved(world, REWARD) == tasks.pot * len(reasoning.agent)
        assert moved(world, BOUNTY) == moved(world, REWARD) + moved(world, LEFTOVER)
        returned += moved(world, LEFTOVER)
    assert returned > 0  # some tasks were left unanswered for want of compute


def test_a_pot_is_split_in_proportion_to_squared_credit() -> None:
    world = reasoners()
    world.step()
    reasoning, pot = world.system(Reasoning), world.system(Tasks).pot
    squares = world.system(Settlement).credit ** 2
    ideal = np.zeros(40)
    for place in range(48):
        mine = reasoning.place == place
        shares = pot * mine.sum() * squares[mine] / squares[mine].sum()
        np.add.at(ideal, reasoning.agent[mine], shares)
    journal = world.ledger.journal()
    rewards = journal["code"] == REWARD
    paid = dict(zip(journal["credit"][rewards], journal["amount"][rewards], strict=True))
    earned = np.array([paid.get(account, 0) for account in world.agents.get("account")])
    answered = np.bincount(reasoning.agent, minlength=40)
    assert (np.abs(earned - ideal) <= answered).all()  # each share is within a token
    assert earned.std() > answered.max()


def test_the_treasury_is_founded_and_pays_endowments_once() -> None:
    world = reasoners()
    assert world.ledger.balance(world.agents.get("account")).tolist() == [100_000] * 40
    bounties = 20 * 400 * 48 * 40
    assert world.ledger.balance(world.treasury) == bounties
    run(world, 4)
    born = world.agents.get("born") == 4
    assert born.any()
    newborn = world.ledger.balance(world.agents.get("account")[born])
    assert newborn.tolist() == [100_000] * born.sum()
    assert moved(world, ENDOWMENT) == newborn.sum()


def test_rent_takes_the_mean_income_back() -> None:
    world = reasoners(market=plenty(), selection=Idle())
    for _ in range(5):
        world.step()
        income = moved(world, REWARD) - moved(world, REVENUE)
        due = world.system(Settlement).due
        assert due == income // 40 > 0
        assert moved(world, RENT) == 40 * due  # everybody could pay


def test_merit_is_credit_less_the_luck_of_the_draw() -> None:
    """By hand, over the sealed tasks of one tick."""
    world = reasoners(12)
    world.step()
    tasks, reasoning = world.system(Tasks), world.system(Reasoning)
    table, referee = tasks.problem.table, tasks.problem.referee
    each = [referee.marks(np.ascontiguousarray(table.scores[:, v])) for v in range(7)]
    assert tasks.luck.shape == (len(table),)
    assert tasks.luck.mean() == pytest.approx(0, abs=1e-12)
    assert np.corrcoef(tasks.luck, np.mean(each, axis=0))[0, 1] > 0.5
    credit = world.system(Settlement).credit
    expected = np.zeros(len(world.agents))
    for agent, place, marks in zip(reasoning.agent, reasoning.place, credit, strict=True):
        if tasks.sealed[place]:
            expected[agent] += marks - tasks.luck[tasks.board[place]]
    np.testing.assert_allclose(world.agents.get("credits"), expected, atol=1e-9)
