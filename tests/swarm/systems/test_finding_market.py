"""Trade in findings beside a plain reading of its rule."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from swarm import (
    Bankruptcy,
    Companies,
    ComputeMarket,
    FindingMarket,
    Gossip,
    PopulationError,
    Practising,
    Reasoning,
    Remembering,
    Reputation,
    Royalties,
    Selection,
    Settlement,
    SkillMarket,
    System,
    Tasks,
    World,
    WorldError,
)
from swarm.genes import PROTOCOLS
from swarm.systems.finding_market import FINDING_SOLD
from tests.swarm.systems.plain_call import plain_call
from tests.swarm.worlds import Idle, Watch, moved, problem, run

TICKS = 12
TRUST = list(PROTOCOLS).index("trust")


class Before(Watch):
    """A look before the market."""


class After(Watch):
    """A look after the market."""


def sellers(*more: System, before: Any = None, after: Any = None, **changed: System) -> World:
    """A world in which answers are dear, and few messages are passed on for nothing."""
    nothing = Idle()
    systems: dict[str, System] = {
        "tasks": Tasks(problem(), 48, bounty=2_000),
        "skills": nothing,
        "gossip": Gossip(peers=2, messages=1),
        "before": Before(before) if before else nothing,
        "findings": FindingMarket(),
        "after": After(after) if after else nothing,
        "market": ComputeMarket(supply=40.0),
        "reasoning": Reasoning(),
        "settlement": Settlement(endowment=100_000),
        "practising": Practising(problem()),
        "remembering": Remembering(embargo=3),
    }
    kept = [system for system in (systems | changed).values() if not isinstance(system, Idle)]
    return World(40, [*kept, *more, Selection(every=4, turnover=0.5)], seed=1)


def sales(world: World) -> list[tuple[int, int, int, int]]:
    """Buyer, seller, finding and price of every sale, by loops over the queries of the board."""
    population, tasks, memory = world.population, world.system(Tasks), world.system(Remembering)
    rng = np.random.Generator(np.random.Philox())
    rng.bit_generator.state = world.stream("FindingMarket").bit_generator.state
    n, R = len(population), memory.facts.relations
    lot = rng.permutation(n)
    funds = (world.ledger.balance(population["account"]) // 10).tolist()
    columns = memory.facts.columns()
    row_of = {int(i): row for row, i in enumerate(population["id"])}
    private = [f for f in range(len(memory.facts)) if columns["tick"][f] > world.steps - 3]
    bid, ask = (world.genes(f"finding {name}")[:, 0].tolist() for name in ("bid", "ask"))
    trusts = world.genes("protocol")[:, TRUST] > 0
    block = problem().table.block
    queries = {(int(block.relation[q]), int(block.source[q])) for q in tasks.board[~tasks.sealed]}

    def answers(finding: int, relation: int, source: int) -> bool:
        end = "subject" if relation < R else "object"
        return columns["relation"][finding] == relation % R and columns[end][finding] == source

    found = []
    for relation, source in sorted(queries):
        worth = np.maximum(world.system(Practising).expected(world, relation), 0).tolist()
        said = [f for f in private if answers(f, relation, source)]
        know = {row_of.get(int(columns["author"][f])) for f in said}
        know |= {i for i in range(n) if set(population["heard"][i].tolist()) & set(said)}
        bids = []
        for i in sorted(set(range(n)) - know):
            price = min(int(bid[i] * worth[i]), funds[i])
            if trusts[i] and price > 0:  # everybody has all tasks
                bids.append((price, int(lot[i]), i))
        authors = [(row_of.get(int(columns["author"][f]), -1), f) for f in said]
        asks = [
            (int(np.ceil(ask[row] * worth[row])), int(lot[row]), (row, f), len(bids))
            for row, f in authors
            if row >= 0
        ]
        price, pairs = plain_call(bids, asks)
        for buyer, (seller, finding) in pairs:
            funds[buyer] -= price
            found.append((buyer, seller, finding, price))
    return found


def test_authors_sell_to_the_highest_bidders_and_who_pays_knows() -> None:
    due: list[Any] = []
    total = 0

    def reckon(world: World) -> None:
        accounts = world.population["account"]
        due[:] = sales(world), world.ledger.balance(accounts), world.agents.get("profit").copy()

    def compare(world: World) -> None:
        nonlocal total
        found, purse, profit = due
        heard = world.population["heard"]
        arrived = [sale for sale in found if sale[2] in heard[sale[0]]]
        gain = np.zeros(len(purse), np.int64)
        for buyer, seller, _, price in arrived:
            gain[buyer] -= price
            gain[seller] += price
        wealth = world.ledger.balance(world.population["account"])
        assert (wealth - purse).tolist() == gain.tolist()
        assert np.allclose(world.agents.get("profit") - profit, gain, rtol=0, atol=1e-6)
        market = world.system(FindingMarket)
        assert market.sold == len(arrived)
        turnover = sum(price for *_, price in arrived)
        assert market.turnover == moved(world, FINDING_SOLD) == turnover
        total += market.sold

    run(sellers(before=reckon, after=compare), TICKS)
    assert total > 20


def test_a_finding_that_was_bought_can_be_used_in_the_same_tick() -> None:
    used = []

    def look(world: World) -> None:
        known[:] = [world.system(Remembering).hearsay(world).key.copy()]

    def compare(world: World) -> None:
        key = world.system(Remembering).hearsay(world).key
        used.append(int((np.sort(key, axis=1) != np.sort(known[0], axis=1)).any(axis=1).sum()))
        assert (used[-1] > 0) == (world.system(FindingMarket).sold > 0)

    known: list[Any] = []
    run(sellers(before=look, after=compare), TICKS)
    assert max(used) > 0


def test_nobody_sells_what_was_withdrawn() -> None:
    sold: dict[bool, list[int]] = {False: [], True: []}

    def deny(world: World) -> None:
        facts = world.system(Remembering).facts
        if len(facts) and world.steps % 2:
            world.system(Remembering).withdraw(world, np.arange(len(facts)))

    def count(world: World) -> None:
        sold[bool(world.steps % 2)].append(world.system(FindingMarket).sold)

    run(sellers(before=deny, after=count), TICKS)
    assert sum(sold[False]) > 0
    assert sum(sold[True]) == 0


def test_nobody_buys_for_sealed_tasks_or_without_trust() -> None:
    sealed = sellers(tasks=Tasks(problem(), 48, bounty=2_000, sealed=1.0))
    wary = sellers()
    for world in (sealed, wary):
        for _ in range(6):
            wary.genes("protocol")[:, TRUST] = -1
            world.step()
            assert world.system(FindingMarket).sold == 0


def test_all_institutions_together_conserve_tokens_and_resume_to_the_same_bytes(
    bytes_of: Callable[[World], bytes],
) -> None:
    def everything() -> World:
        return sellers(
            Reputation(stake=100),
            Royalties(),
            Companies(capital=100),
            Bankruptcy(2),
            tasks=Tasks(problem(), 48, 12, bounty=2_000),
            skills=SkillMarket(),
        )

    one, other = everything(), everything()
    supply, sold = one.ledger.supply, 0
    for tick in range(TICKS):
        if tick == 7:
            other.restore(one.state())
        one.step()
        if tick >= 7:
            other.step()
        sold += one.system(FindingMarket).sold
        firms = one.system(Companies).register.accounts
        custody = one.system(Reputation).staked.custody
        owners = [*one.population["account"], *firms, custody, one.treasury]
        assert one.ledger.balance(owners).sum() == one.ledger.supply == supply
    assert sold > 0
    assert bytes_of(one) == bytes_of(other)


def test_a_world_in_which_nobody_is_left_goes_on() -> None:
    world = run(sellers(), 3)
    world.population.kill(slice(None))
    run(world, 2)
    assert len(world.population) == world.system(FindingMarket).sold == 0
    assert world.ledger.balance(world.treasury) == world.ledger.supply


def test_places_that_cannot_work_are_refused() -> None:
    with pytest.raises(WorldError, match="needs the system Gossip"):
        sellers(gossip=Idle())
    with pytest.raises(WorldError, match="needs the system Practising"):
        sellers(practising=Idle())
    with pytest.raises((PopulationError, WorldError), match="needs the system Remembering"):
        sellers(remembering=Idle())
