"""Debts in a world: every token accounted for, in order of rank, until the grace is over."""

from collections import defaultdict

import numpy as np
import pytest

from swarm import (
    Bankruptcy,
    PopulationError,
    Reputation,
    Royalties,
    Selection,
    Settlement,
    System,
    World,
)
from swarm.systems.bankruptcy import RENT, REPAID
from swarm.systems.royalties import ROYALTY_OWED, ROYALTY_PAID
from tests.swarm.worlds import Idle, Watch, moved, reasoners, run

TICKS = 11


def indebted(*more: System, grace: int = 2) -> World:
    """A world in which the poor cannot pay their rent, and authors are owed what they earned."""
    dear = Settlement(endowment=3_000, reserve_ticks=20, rent=2.0)
    return reasoners(40, Royalties(0.9), Bankruptcy(grace), *more, settlement=dear)


def test_debts_change_by_what_is_owed_anew_repaid_and_written_off() -> None:
    world, before, failed, repaid = indebted(), 0, 0, 0
    supply = world.ledger.supply
    for _ in range(TICKS):
        world.step()
        system, royalties = world.system(Bankruptcy), world.system(Royalties)
        new = world.system(Settlement).shortfall.sum() + royalties.unpaid[2].sum()
        claims = system.claims["amount"].sum()
        assert claims == before + new - system.repaid - system.written_off
        assert moved(world, REPAID) == system.repaid
        assert world.ledger.supply == supply
        before = claims
        failed += system.failed
        repaid += system.repaid
    assert failed > 0
    assert repaid > 0


def test_who_has_debts_keeps_nothing_and_nobody_is_in_debt_beyond_the_grace() -> None:
    def look(world: World) -> None:
        population = world.population
        debt, alive = population["debt"], population["alive"]
        owned = world.ledger.balance(population["account"])
        assert not owned[(debt > 0) & alive].any()
        assert (population["arrears"][alive] <= 2).all()
        assert ((population["arrears"] > 0) == (debt > 0)).all()

    run(indebted(Watch(look)), TICKS)


def test_ranks_are_paid_in_order() -> None:
    seen = []

    def look(world: World) -> None:
        # Whoever still owes an author has paid the treasury nothing.
        claims = world.system(Bankruptcy).claims
        by_rank: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for debtor, rank, amount in zip(
            claims["debtor"], claims["rank"], claims["amount"], strict=True
        ):
            by_rank[int(debtor)][int(rank)] += int(amount)
        seen.append(by_rank)

    world = run(indebted(Watch(look)), 1)
    system = world.system(Bankruptcy)
    ids, accounts = world.population["id"].tolist(), world.agents.get("account")
    system.claims = {
        "debtor": np.array(ids[:1] * 3),
        "creditor": np.array([-1, ids[1], ids[2]]),
        "rank": np.array([RENT, 0, 0]),
        "amount": np.array([10**9, 300, 100]),
    }
    ledger = world.ledger
    ledger.transfer(accounts[0], world.treasury, ledger.balance(int(accounts[0])))
    ledger.transfer(world.treasury, accounts[0], 200)
    before = ledger.balance(accounts)
    system._repay(world, np.ones(3, bool))
    assert (ledger.balance(accounts) - before)[:3].tolist() == [-200, 150, 50]
    assert system.claims["amount"].tolist() == [10**9, 150, 50]
    assert seen


def test_the_next_generation_is_as_large_as_the_first() -> None:
    world = indebted()
    sizes = []
    for _ in range(12):
        world.step()
        sizes.append(len(world.population))
    assert min(sizes) < 40  # some went bankrupt in the middle of a generation
    assert max(sizes) == world.system(Selection).size == 40


def test_a_restored_world_goes_on_to_the_same_bytes() -> None:
    one = run(indebted(), 6)
    other = indebted()
    other.restore(one.state())
    owed = 0
    for _ in range(5):
        for world in (one, other):
            world.step()
        owed += int(one.population["debt"].sum())
        assert one.ledger.balances.tolist() == other.ledger.balances.tolist()
        assert one.population["debt"].tobytes() == other.population["debt"].tobytes()
    assert owed > 0


def test_what_debtors_had_bonded_goes_to_their_creditors_and_not_to_the_treasury() -> None:
    world = run(reasoners(40, Reputation(stake=100), Bankruptcy()), 3)
    system, ledger = world.system(Bankruptcy), world.ledger
    ids, accounts = world.population["id"], world.population["account"].copy()
    bonded = int(world.system(Reputation).staked.bonds[world.population["name"][0]])
    left = bonded + int(ledger.balance(int(accounts[0])))
    assert bonded > 0
    system.claims = {
        "debtor": ids[[0, 0, 2, 2]],
        "creditor": np.array([ids[1], -1, ids[1], ids[0]]),
        "rank": np.array([0, RENT, 0, 0]),
        "amount": np.array([left - 5, 20, 9, 7]),
    }
    before = ledger.balance(accounts[[1, 2]])
    profit = float(world.population["profit"][1])
    system.repaid = system.written_off = 0
    world.population.kill(np.array([0]))
    world.turn()
    # The author is paid in full, the treasury what is left; the living pay at their own time.
    assert (ledger.balance(accounts[[1, 2]]) - before).tolist() == [left - 5, 0]
    assert (system.repaid, system.written_off) == (left, 15)
    assert system.claims["amount"].tolist() == [9, 7]
    assert system.claims["creditor"].tolist() == [ids[1], -1]  # the treasury inherits
    assert world.population["profit"][world.population["id"] == ids[1]] == profit + left - 5


def test_what_is_on_hold_pays_no_debts_no_rent_and_no_royalties() -> None:
    """Accounts that have tokens which they cannot spend owe, and nothing is lost on the way."""

    def freeze(world: World) -> None:
        accounts, ledger = world.population["account"], world.ledger
        free = ledger.available(accounts)
        ledger.hold(accounts[free > 0], world.treasury, free[free > 0] - free[free > 0] // 64)

    dear = Settlement(endowment=3_000, reserve_ticks=20, rent=2.0)
    more = Watch(freeze), Royalties(0.9), Reputation(stake=5), Bankruptcy(3)
    world, owed, before = reasoners(40, *more, settlement=dear), 0, 0
    for _ in range(6):
        world.step()
        system, royalties = world.system(Bankruptcy), world.system(Royalties)
        new = world.system(Settlement).shortfall.sum() + royalties.unpaid[2].sum()
        claims = int(system.claims["amount"].sum())
        assert claims == before + new - system.repaid - system.written_off
        assert moved(world, REPAID) == system.repaid
        assert moved(world, ROYALTY_OWED) == moved(world, ROYALTY_PAID) == royalties.paid
        world.ledger.verify()
        before, owed = claims, owed + claims
    assert owed > 0


def test_settings_and_places_that_cannot_work_are_refused() -> None:
    with pytest.raises(PopulationError, match="0 or more ticks"):
        Bankruptcy(-1)
    with pytest.raises(ValueError, match="needs the system Settlement"):
        World(40, [Idle(), Bankruptcy()], seed=1)


def test_a_world_in_which_all_went_bankrupt_goes_on_empty() -> None:
    world = run(indebted(grace=0), 12)
    assert len(world.population) == 0
    assert world.ledger.balance(world.treasury) == world.ledger.supply
