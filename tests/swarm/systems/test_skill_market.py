"""Trade in tasks beside a plain reading of its rule, and the records that it is made on."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from swarm import (
    Column,
    ComputeMarket,
    Gossip,
    PopulationError,
    Practising,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    SkillMarket,
    System,
    Tasks,
    World,
    WorldError,
)
from swarm.emergence import division_against_chance
from swarm.systems.skill_market import TASK_SOLD
from tests.swarm.systems.plain_call import plain_call
from tests.swarm.worlds import Idle, Watch, moved, plenty, problem, run

TICKS = 10


class Before(Watch):
    """A look before the market."""


class After(Watch):
    """A look after the market."""


def traders(seed: int = 1, before: Any = None, after: Any = None, **changed: System) -> World:
    """A world in which tasks are dear, and everybody has a quarter of the board."""
    nothing = Idle()
    systems: dict[str, System] = {
        "tasks": Tasks(problem(), 48, 12, bounty=2_000),
        "before": Before(before) if before else nothing,
        "skills": SkillMarket(),
        "after": After(after) if after else nothing,
        "gossip": Gossip(),
        "market": ComputeMarket(supply=40.0),
        "reasoning": Reasoning(),
        "settlement": Settlement(endowment=100_000),
        "practising": Practising(problem()),
        "remembering": Remembering(embargo=2),
        "selection": Selection(every=4, turnover=0.5),
    }
    kept = [system for system in (systems | changed).values() if not isinstance(system, Idle)]
    return World(40, kept, seed=seed)


def expected(world: World, relation: int) -> list[float]:
    """What each agent expects of an answer about a relation, from the columns."""
    answers = world.population["practice"][:, relation].tolist()
    tokens = world.population["proceeds"][:, relation].tolist()
    common = sum(tokens) / sum(answers) if sum(answers) else 0.0
    return [
        (token + 4 * common) / (answer + 4) for token, answer in zip(tokens, answers, strict=True)
    ]


def test_tasks_go_to_the_highest_bidders_at_the_price_of_the_call() -> None:
    due: list[Any] = []
    traded = []

    def reckon(world: World) -> None:
        tasks, population = world.system(Tasks), world.population
        rng = np.random.Generator(np.random.Philox())
        rng.bit_generator.state = world.stream("SkillMarket").bit_generator.state
        n = len(population)
        lot = rng.permutation(n)
        purse = world.ledger.balance(population["account"])
        funds = [int(tokens) // 10 for tokens in purse]
        has = Counter(tasks.agent.tolist())
        holders: list[set[int]] = [set() for _ in tasks.board]
        for agent, place in zip(tasks.agent.tolist(), tasks.place.tolist(), strict=True):
            holders[place].add(agent)
        share, multiple = world.genes("task bid")[:, 0], world.genes("task ask")[:, 0]
        for place, query in enumerate(tasks.board):
            relation = int(problem().table.block.relation[query])
            worth = [max(tokens, 0) for tokens in expected(world, relation)]
            bids = []
            for i in sorted(set(range(n)) - holders[place]):
                price = min(int(float(share[i]) * worth[i]), funds[i])
                if price > 0 and has[i] < 24:
                    bids.append((price, int(lot[i]), i))
            asks = [
                (int(np.ceil(float(multiple[i]) * worth[i])), int(lot[i]), i, 1)
                for i in sorted(holders[place])
            ]
            price, pairs = plain_call(bids, asks)
            for buyer, seller in pairs:
                funds[buyer] -= price
                has[buyer] += 1
                has[seller] -= 1
                purse[buyer] -= price
                purse[seller] += price
                holders[place] = holders[place] - {seller} | {buyer}
        due[:] = holders, purse

    def compare(world: World) -> None:
        tasks = world.system(Tasks)
        holders, purse = due
        assert world.ledger.balance(world.population["account"]).tolist() == purse.tolist()
        for place in range(len(tasks.board)):
            assert set(tasks.agent[tasks.place == place].tolist()) == holders[place]
        assert moved(world, TASK_SOLD) == world.system(SkillMarket).turnover
        traded.append(world.system(SkillMarket).traded)

    run(traders(before=reckon, after=compare), TICKS)
    assert sum(traded) > 50


def test_tasks_and_tokens_are_conserved_and_gains_are_counted() -> None:
    seen: dict[str, Any] = {}
    most = []

    def look(world: World) -> None:
        tasks = world.system(Tasks)
        seen["places"] = Counter(tasks.place.tolist())
        seen["wealth"] = world.ledger.balance(world.agents.get("account"))
        seen["profit"] = world.agents.get("profit").copy()

    def compare(world: World) -> None:
        tasks = world.system(Tasks)
        assert Counter(tasks.place.tolist()) == seen["places"]
        pairs = list(zip(tasks.agent.tolist(), tasks.place.tolist(), strict=True))
        assert len(pairs) == len(set(pairs))  # nobody has a task twice
        assert (np.diff(tasks.agent) >= 0).all()  # grouped by agent
        gain = world.ledger.balance(world.agents.get("account")) - seen["wealth"]
        assert gain.sum() == 0
        assert (-gain <= seen["wealth"] // 10).all()
        profit = world.agents.get("profit") - seen["profit"]
        assert np.allclose(profit, gain, rtol=0, atol=1e-6)
        most.append(max(Counter(tasks.agent.tolist()).values()))

    world = traders(before=look, after=compare)
    supply = world.ledger.supply
    for _ in range(TICKS):
        world.step()
        assert world.ledger.supply == supply
        assert world.ledger.balance(world.escrow) == 0
    assert 12 < max(most) <= 24


def test_compute_is_bought_for_the_tasks_that_one_has() -> None:
    def look(world: World) -> None:
        number = np.bincount(world.system(Tasks).agent, minlength=len(world.population))
        appetite = world.agents.get("appetite").astype(float)
        assert world.agents.get("quota").tolist() == np.ceil(appetite * number).tolist()
        different.append(len(set(number.tolist())) > 1)

    different: list[bool] = []
    world = traders(market=plenty())
    world.systems.insert(world.systems.index(world.system(Reasoning)), Watch(look))
    run(world, 6)
    assert any(different)


def test_work_is_divided_more_where_tasks_are_traded_and_the_population_lasts() -> None:
    # Only there: where half of all die in a generation, records are too short to show it.
    for seed in (1, 2, 3):
        traded, kept = (
            run(traders(seed, skills=skills, selection=Idle()), 24)
            for skills in (SkillMarket(), Idle())
        )
        beyond_chance = [
            division_against_chance(
                world.population["practice"].astype(int), np.random.default_rng(0), 20
            ).excess
            for world in (traded, kept)
        ]
        assert beyond_chance[0] > beyond_chance[1]


def test_a_record_holds_answers_and_net_earnings_of_each_relation() -> None:
    practice, proceeds = np.zeros((40, 110)), np.zeros((40, 110))
    world = traders(selection=Idle())
    for _ in range(3):
        world.step()
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        price, reward = world.system(ComputeMarket).price, world.system(Settlement).reward
        for t, (agent, place) in enumerate(zip(reasoning.agent, reasoning.place, strict=True)):
            relation = problem().table.block.relation[tasks.board[place]]
            spent = reasoning.answers.spent[reasoning.in_time[t]]
            practice[agent, relation] += 1
            proceeds[agent, relation] += reward[t] - spent * price
    assert world.population["practice"].tolist() == practice.tolist()
    assert np.allclose(world.population["proceeds"], proceeds, rtol=1e-5)
    known = world.system(Practising).expected(world, 3)
    assert known == pytest.approx(expected(world, 3))


def test_a_record_alone_changes_nothing() -> None:
    with_record, without = traders(skills=Idle()), traders(skills=Idle(), practising=Idle())
    for world in (with_record, without):
        run(world, 6)
    assert with_record.ledger.balances.tolist() == without.ledger.balances.tolist()


def test_a_restored_world_goes_on_to_the_same_bytes(bytes_of: Callable[[World], bytes]) -> None:
    one, other = run(traders(), 6), traders()
    other.restore(one.state())
    for world in (one, other):
        run(world, 5)
    assert one.system(SkillMarket).traded > 0
    assert bytes_of(one) == bytes_of(other)


def test_a_world_in_which_nobody_is_left_goes_on() -> None:
    world = run(traders(), 3)
    world.population.kill(slice(None))
    run(world, 2)
    assert len(world.population) == world.system(SkillMarket).traded == 0
    assert world.ledger.balance(world.treasury) == world.ledger.supply


class Rival(System):
    """Wants a column that has an owner."""

    columns = {"practice": Column(np.float32, (110,))}  # noqa: RUF012


def test_settings_and_places_that_cannot_work_are_refused() -> None:
    with pytest.raises(PopulationError, match="most is a multiple"):
        SkillMarket(most=0.5)
    with pytest.raises(PopulationError, match="doubt is a number of answers above 0"):
        Practising(problem(), doubt=0)
    with pytest.raises(WorldError, match="needs the system Practising"):
        traders(practising=Idle())
    with pytest.raises(PopulationError, match="per_agent=12"):
        traders(tasks=Tasks(problem(), 48))
    with pytest.raises(WorldError, match="both own the column 'practice'"):
        traders(before=None, gossip=Rival())
