"""Royalties beside a plain reading of their rule, in a world where they flow."""

import numpy as np
import pytest

from swarm import (
    PopulationError,
    Reasoning,
    Remembering,
    Replicating,
    Royalties,
    Settlement,
    Tasks,
    World,
)
from swarm.genes import PROTOCOLS
from swarm.memory import FOREVER
from swarm.systems.royalties import ROYALTY_OWED, ROYALTY_PAID
from tests.swarm.worlds import Idle, Watch, moved, reasoners, run

TICKS, ROBBED = 9, 11
TRUST = list(PROTOCOLS).index("trust")


def with_royalties(rate: float = 0.25, authors: int = 2, *more: Watch) -> World:
    return reasoners(40, Royalties(rate, authors), *more)


def owed(world: World, most: int, rate: float) -> dict[tuple[int, int], int]:
    """(payer, payee) to tokens, by a loop over the answers of this tick."""
    tasks, reasoning = world.system(Tasks), world.system(Reasoning)
    memory, settlement = world.system(Remembering), world.system(Settlement)
    answers, population = reasoning.answers, world.population
    block, referee = tasks.problem.table.block, tasks.problem.referee
    columns = memory.facts.columns()
    first: dict[tuple[int, int, int, int], list[int]] = {}
    for i in np.flatnonzero(columns["ended"] == FOREVER)[: memory.public].tolist():
        said = [int(columns[name][i]) for name in ("subject", "relation", "object")]
        for number, edition in enumerate(memory.editions):
            known = first.setdefault((number, *said), [])
            if edition.has(i) and columns["author"][i] not in known:
                known.append(int(columns["author"][i]))
    row_of = {int(i): row for row, i in enumerate(population["id"]) if population["alive"][row]}
    total: dict[tuple[int, int], int] = {}
    for t, (agent, place) in enumerate(zip(reasoning.agent, reasoning.place, strict=True)):
        query = tasks.board[place]
        best = answers.best[reasoning.in_time[t]]
        trusts = world.genes("protocol")[agent, TRUST] > 0
        if tasks.sealed[place] or not trusts or best != referee.truth[query]:
            continue
        source, relation, R = block.source[query], block.relation[query], memory.facts.relations
        entity = int(block.entity(query, best))
        fact = (source, relation, entity) if relation < R else (entity, relation - R, source)
        number = int(memory.replica(world)[agent])
        authors = first.get((number, *map(int, fact)), [])[:most]
        rows = [row_of[a] for a in authors if a in row_of]
        royalty = int(rate * int(settlement.reward[t]))
        for place_, row in enumerate(rows):
            part = royalty // len(rows) + (place_ < royalty % len(rows))
            if row != agent and part:
                key = (int(agent), row)
                total[key] = total.get(key, 0) + part
    return total


@pytest.mark.parametrize("replicas", [1, 3])
def test_the_first_authors_of_facts_used_in_right_answers_are_paid_and_nobody_else(
    replicas: int,
) -> None:
    """Of those whose findings the payer could know, and that were not withdrawn."""
    seen = []

    def deny(world: World) -> None:
        memory = world.system(Remembering)
        if world.steps in (4, 6):
            memory.withdraw(world, np.arange(world.steps, memory.public, 9), replicas - 1)

    def compare(world: World) -> None:
        due = owed(world, 2, 0.25)
        gained = np.zeros(len(world.population), np.int64)
        for (payer, payee), tokens in due.items():
            gained[payer] -= tokens
            gained[payee] += tokens
        journal = world.ledger.journal()
        booked = np.zeros(len(world.ledger), np.int64)
        for code, end, sign in ((ROYALTY_OWED, "debit", -1), (ROYALTY_PAID, "credit", 1)):
            rows = journal["code"] == code
            np.add.at(booked, journal[end][rows], sign * journal["amount"][rows])
        assert booked[world.population["account"]].tolist() == gained.tolist()
        assert world.system(Royalties).paid == sum(due.values())
        seen.append(sum(due.values()))

    replicating = Replicating(replicas, loss=0.6)
    run(reasoners(40, replicating, Watch(deny), Royalties(0.25, 2), Watched(compare)), TICKS)
    assert max(seen) > 0


def test_tokens_are_conserved_and_received_royalties_are_counted() -> None:
    world = with_royalties()
    supply, received = world.ledger.supply, 0
    for _ in range(TICKS):
        world.step()
        assert moved(world, ROYALTY_OWED) == moved(world, ROYALTY_PAID)
        received += moved(world, ROYALTY_PAID)
        assert world.ledger.supply == supply
        assert world.ledger.balance(world.escrow) == 0
    assert received > 0


def test_a_rate_of_nothing_pays_nothing_and_leaves_the_world_as_it_was() -> None:
    plain, free = run(reasoners(40), TICKS), run(with_royalties(0.0), TICKS)
    assert free.population["royalties"].sum() == 0
    assert plain.ledger.balances.tolist() == free.ledger.balances.tolist()


def test_the_poor_pay_what_they_have() -> None:
    short, left = [], 100

    def rob(world: World) -> None:
        accounts = world.agents.get("account")
        loot = np.maximum(world.ledger.balance(accounts) - left, 0)
        if world.steps == ROBBED:
            world.ledger.transfer(accounts[loot > 0], world.treasury, loot[loot > 0])

    def compare(world: World) -> None:
        due = owed(world, 3, 1.0)
        payers = {payer for payer, _ in due}
        paid = world.system(Royalties).paid
        short.append(sum(due.values()) - paid)
        if world.steps == ROBBED:
            assert 0 < paid <= left * len(payers)

    run(reasoners(40, Watch(rob), Royalties(1.0), Watched(compare)), ROBBED)
    assert short[-1] > 0
    assert not any(short[:-1])


def test_royalties_count_towards_the_profit_of_both_sides() -> None:
    before, moved_ = [], []

    def note(world: World) -> None:
        before.append(world.population["profit"].copy())

    def compare(world: World) -> None:
        journal, accounts = world.ledger.journal(), world.population["account"]
        booked = np.zeros(len(world.ledger))
        for code, end, sign in ((ROYALTY_OWED, "debit", -1), (ROYALTY_PAID, "credit", 1)):
            rows = journal["code"] == code
            np.add.at(booked, journal[end][rows], sign * journal["amount"][rows])
        gained = world.population["profit"] - before[-1]
        np.testing.assert_allclose(gained, booked[accounts], rtol=0, atol=1e-3)
        moved_.append(np.abs(booked).sum())

    run(reasoners(40, Watch(note), Royalties(0.25), Watched(compare)), TICKS)
    assert max(moved_) > 0


def test_what_is_on_hold_pays_no_royalties() -> None:
    short = []

    def freeze(world: World) -> None:
        accounts = world.agents.get("account")
        much = np.maximum(world.ledger.balance(accounts) - 100, 0)
        if world.steps == ROBBED:
            world.ledger.hold(accounts[much > 0], world.treasury, much[much > 0])

    def compare(world: World) -> None:
        royalties = world.system(Royalties)
        assert moved(world, ROYALTY_OWED) == moved(world, ROYALTY_PAID) == royalties.paid
        short.append(royalties.unpaid[2].sum())

    run(reasoners(40, Watch(freeze), Royalties(1.0), Watched(compare)), ROBBED)
    assert short[-1] > 0
    assert not any(short[:-1])


class Watched(Watch):
    """A second look, under a name of its own."""


def test_settings_and_places_that_cannot_work_are_refused() -> None:
    with pytest.raises(PopulationError, match=r"rate is a share in \[0, 1\]"):
        Royalties(1.5)
    with pytest.raises(PopulationError, match="authors 1 or more"):
        Royalties(authors=0)
    with pytest.raises(ValueError, match="needs the system Remembering"):
        reasoners(40, Royalties(), remembering=Idle())
