"""Companies beside a plain reading of their rules, and every token of theirs accounted for."""

from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy import shapley, shapley_split, split_exactly
from swarm import (
    Bankruptcy,
    Column,
    Companies,
    PopulationError,
    Reasoning,
    Royalties,
    Settlement,
    System,
    World,
    WorldError,
)
from swarm.systems.companies import DIVIDEND, PARTS, TITHE, WAGE, runway_shares
from tests.swarm.worlds import Idle, Watch, moved, reasoners, run

TICKS = 12


class Before(Watch):
    """A look before the companies."""


class After(Watch):
    """A look after the companies."""


def with_companies(*more: System, **settings: Any) -> World:
    """A world of companies that keep little of what their members have."""
    return reasoners(40, Companies(capital=100, **settings), *more)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 10**9)), max_size=30)
)
def test_shares_of_a_runway_are_the_value_of_its_game(rows: list[tuple[int, int, int]]) -> None:
    tasks = defaultdict(list)
    for row, (company, place, tithe) in enumerate(rows):
        if len(tasks[company, place]) < 6:
            tasks[company, place].append((row, tithe))
    kept = sorted(row for members in tasks.values() for row, _ in members)
    columns = np.array([rows[row] for row in kept], np.int64).reshape(-1, 3)
    found = dict(zip(kept, runway_shares(*columns.T).tolist(), strict=True))
    for members in tasks.values():
        amounts = [tithe for _, tithe in members]
        worth = [
            max([amount for i, amount in enumerate(amounts) if coalition >> i & 1], default=0)
            for coalition in range(1 << len(amounts))
        ]
        shares = [found[row] for row, _ in members]
        assert np.allclose(shapley(worth), np.array(shares) / PARTS, rtol=1e-12)
        assert Fraction(sum(shares), PARTS) == max(amounts)


def test_wages_are_shapley_values_and_what_is_left_goes_to_the_shareholders() -> None:
    tithes: dict[int, dict[Any, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    due: Counter[int] = Counter()
    paid = []

    def reckon(world: World) -> None:
        due.clear()
        system, reasoning = world.system(Companies), world.system(Reasoning)
        company, accounts = world.population["company"], world.population["account"]
        reward = world.system(Settlement).reward
        for t, (agent, place) in enumerate(zip(reasoning.agent, reasoning.place, strict=True)):
            if company[agent] >= 0:
                tithe = int(0.2 * int(reward[t]))
                account = int(accounts[agent])
                tithes[int(company[agent])][world.steps, int(place)][account] = tithe
                due[account] -= tithe
        if world.steps % 4:
            return
        table = system.register.cap_table()
        for firm in np.flatnonzero(system.register.alive).tolist():
            members = accounts[company == firm].tolist()
            tasks = tithes.pop(firm, {}).values()
            worth = [
                sum(
                    max([handed.get(m, 0) for i, m in enumerate(members) if coalition >> i & 1])
                    for handed in tasks
                )
                if coalition
                else 0
                for coalition in range(1 << len(members))
            ]
            profit = sum(sum(handed.values()) for handed in tasks) - worth[-1]
            for account, wage in zip(members, shapley_split(worth).tolist(), strict=True):
                due[account] += wage
            mine = table["firm"] == firm
            parts = split_exactly(profit, table["shares"][mine].astype(float))
            for account, part in zip(table["holder"][mine], parts, strict=True):
                due[int(account)] += int(part)
            paid.append((worth[-1], profit))

    def compare(world: World) -> None:
        journal = world.ledger.journal()
        found: Counter[int] = Counter()
        for code, end, sign in ((TITHE, "debit", -1), (WAGE, "credit", 1), (DIVIDEND, "credit", 1)):
            rows = journal["code"] == code
            for account, amount in zip(journal[end][rows], journal["amount"][rows], strict=True):
                found[int(account)] += sign * int(amount)
        assert {a: t for a, t in found.items() if t} == {a: t for a, t in due.items() if t}

    run(reasoners(40, Before(reckon), Companies(capital=100), After(compare)), TICKS)
    assert min(map(sum, zip(*paid, strict=True))) > 0  # both wages and dividends were paid


def test_tokens_and_shares_are_accounted_for_in_every_tick() -> None:
    royalties, bankruptcy = Royalties(), Bankruptcy(2)
    world = reasoners(40, royalties, Companies(capital=100), bankruptcy)
    supply, totals = world.ledger.supply, Counter[str]()
    for _ in range(2 * TICKS):
        world.step()
        system, ledger = world.system(Companies), world.ledger
        system.register.check()
        company, invested = world.population["company"], world.population["invested"]
        owned = ledger.balance(system.register.accounts)
        assert (owned >= system._kept).all()
        assert not owned[~system.register.alive].any()
        assert ledger.supply == supply
        agents = ledger.balance(world.population["account"]).sum()
        assert agents + owned.sum() + ledger.balance(world.treasury) == supply
        assert ((company >= 0) == (invested == 100)).all()
        assert system.register.alive[company[company >= 0]].all()
        number = np.bincount(company[company >= 0], minlength=len(system.register))
        assert ((number >= 2) & (number <= 4))[system.register.alive].all()
        assert moved(world, WAGE) == system.wages
        assert moved(world, DIVIDEND) == system.dividends
        totals.update(founded=system.founded, merged=system.merged, wages=system.wages)
    assert totals["founded"] > totals["merged"] > 0
    assert totals["wages"] > 0
    treasury = world.system(Companies).register.cap_table()["holder"] == world.treasury
    assert treasury.any()  # it has inherited


def test_profit_is_what_companies_changed_in_the_purse_but_for_capital() -> None:
    seen: dict[str, np.ndarray] = {}

    def look(world: World) -> None:
        seen["wealth"] = world.ledger.balance(world.agents.get("account"))
        seen["profit"] = world.agents.get("profit").copy()
        seen["invested"] = world.agents.get("invested").copy()

    def compare(world: World) -> None:
        gain = world.ledger.balance(world.agents.get("account")) - seen["wealth"]
        gain += world.agents.get("invested") - seen["invested"]
        profit = world.agents.get("profit") - seen["profit"]
        assert np.allclose(profit, gain, rtol=0, atol=1e-6)
        moving.append(bool(gain.any()))

    moving: list[bool] = []
    run(reasoners(40, Before(look), Companies(capital=100), After(compare)), TICKS)
    assert any(moving)


def test_the_dead_leave_shares_and_wages_and_the_last_member_is_paid_out() -> None:
    world = run(with_companies(), 3)
    system, ledger, population = world.system(Companies), world.ledger, world.population
    company, accounts, wage = (population[name] for name in ("company", "account", "wage"))
    sizes = np.bincount(company[company >= 0])
    large = int(np.argmax(sizes))
    assert sizes[large] > 2
    small = next(
        firm
        for firm in range(len(sizes))
        if firm != large and (wage[company == firm] >= PARTS).all()
    )
    heir, *others = np.flatnonzero(company == small).tolist()
    first = int(np.flatnonzero(company == large)[0])
    dead = np.array([first, *others])
    due = wage[[heir, *others]] // PARTS
    estate = int(ledger.balance(int(system.register.accounts[small])))
    residual = split_exactly(estate - int(due.sum()), np.ones(len(due)))
    before, profit = ledger.balance(int(accounts[heir])), population["profit"][heir]
    before_large = ledger.balance(int(system.register.accounts[large]))
    treasury = ledger.balance(world.treasury) + int(ledger.balance(accounts[dead]).sum())
    assert due.all()
    heir_id, heir_account, wage_of_first = population["id"][heir], accounts[heir], wage[first]
    population.kill(dead)
    world.turn()

    row = int(population.rows(heir_id)[0])
    gain = int(due[0] + residual[0])
    assert ledger.balance(int(heir_account)) == before + gain
    assert population["profit"][row] == pytest.approx(profit + gain - 100)
    assert population["company"][row] == -1
    assert population["invested"][row] == population["wage"][row] == 0
    assert not system.register.alive[small]
    assert system.register.alive[large]
    inherited = int(wage_of_first // PARTS)
    assert ledger.balance(int(system.register.accounts[large])) == before_large - inherited
    assert system.register.holding(large, world.treasury) == 100
    assert ledger.balance(world.treasury) == treasury + inherited + due[1:].sum() + sum(
        residual[1:]
    )


def test_partners_are_known_by_gossip_and_otherwise_anybody() -> None:
    known = run(with_companies(members=12), 1)
    company, peers = known.population["company"], known.population["peers"]
    ids = known.population["id"]
    for firm in range(known.system(Companies).founded):
        rows = np.flatnonzero(company == firm)
        # One of them, the founder, knows all others.
        assert any(set(ids[rows]) - {ids[i]} <= set(peers[i].tolist()) for i in rows)
    assert known.system(Companies).founded > 0
    strangers = run(reasoners(40, Companies(members=3, capital=100), gossip=Idle()), 1)
    company = strangers.population["company"]
    sizes = np.bincount(company[company >= 0])
    assert sizes.max() == 3
    assert (sizes < 3).sum() <= 1


def test_the_poor_and_the_unwilling_found_nothing_and_small_firms_merge() -> None:
    dear = run(reasoners(40, Companies(capital=10_001)), 2)
    assert len(dear.system(Companies).register) == 0
    unwilling = with_companies()
    unwilling.genes("venture")[:] = 0
    assert len(run(unwilling, 2).system(Companies).register) == 0
    pairs, fours = run(with_companies(members=2), 8), run(with_companies(members=4), 8)
    assert (pairs.system(Companies).register.successors < 0).all()
    assert (fours.system(Companies).register.successors >= 0).any()


def test_a_restored_world_goes_on_to_the_same_bytes(bytes_of: Callable[[World], bytes]) -> None:
    one, other = run(with_companies(), 6), with_companies()
    other.restore(one.state())
    for world in (one, other):
        run(world, 5)
    assert one.system(Companies).wages + one.population["wage"].sum() > 0
    assert bytes_of(one) == bytes_of(other)


def test_a_world_in_which_nobody_is_left_goes_on() -> None:
    world = run(with_companies(), 3)
    world.population.kill(slice(None))
    run(world, 5)
    assert not world.system(Companies).register.alive.any()
    assert world.ledger.balance(world.treasury) == world.ledger.supply


class Rival(System):
    """Wants a column that has an owner."""

    columns = {"wage": Column(np.int64)}  # noqa: RUF012


def test_settings_and_places_that_cannot_work_are_refused() -> None:
    with pytest.raises(PopulationError, match="members are 2 to 12"):
        Companies(members=13)
    with pytest.raises(PopulationError, match=r"tithe is a share in \[0, 1\]"):
        Companies(tithe=1.5)
    with pytest.raises(WorldError, match="needs the system Settlement"):
        World(40, [Idle(), Companies()], seed=1)
    with pytest.raises(WorldError, match="both own the column 'wage'"):
        with_companies(Rival())
