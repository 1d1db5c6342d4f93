"""The systems of a reasoning world at work together, on the smallest graph that ships."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from economy import LedgerError
from swarm import (
    Agent,
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    System,
    Tasks,
    World,
)
from swarm.genes import PROTOCOLS, decode
from swarm.memory import Tally
from swarm.reasoning import Problem, load_graph, reason
from swarm.systems.compute_market import CODE as COMPUTE
from swarm.systems.settlement import ENDOWMENT, LEFTOVER, REFUND, RENT, REVENUE, REWARD
from swarm.systems.tasks import CODE as BOUNTY

TICKS = 13  # three generations and a tick


class Watch(System):
    """Looks at the world in the middle of a tick."""

    def __init__(self, look: Callable[[World], None]) -> None:
        self.look = look

    def __call__(self, world: World) -> None:
        self.look(world)


class Early(Watch):
    """Looks before the others act."""


@cache
def problem() -> Problem:
    return Problem.pose(load_graph("nations").resplit((0.3, 0.2, 0.5), seed=0))


def all_systems(**changed: System) -> list[System]:
    """Every system, some replaced by name."""
    systems: dict[str, System] = {
        "tasks": Tasks(problem(), 48),
        "gossip": Gossip(),
        "market": ComputeMarket(supply=40.0),
        "reasoning": Reasoning(),
        "settlement": Settlement(endowment=100_000),
        "remembering": Remembering(embargo=2),
        "selection": Selection(),
        "observation": Observation(keep=True),
    }
    return list((systems | changed).values())


def reasoners(number: int = 40, *watches: Watch, **changed: System) -> World:
    return World(number, [*all_systems(**changed), *watches], seed=1)


def run(world: World, ticks: int) -> World:
    for _ in range(ticks):
        world.step()
    return world


def moved(world: World, code: int) -> int:
    """Tokens that changed hands under a code in the last tick."""
    journal = world.ledger.journal()
    now = (journal["tick"] == world.steps) & (journal["code"] == code)
    return int(journal["amount"][now].sum())


# The economy


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
    world.ledger._balances[world.agents.get("account")[3]] += tokens
    with pytest.raises(LedgerError, match=f"balances sum to {tokens}, not 0"):
        world.step()


def test_a_balance_below_zero_is_caught_by_the_check_of_the_tick() -> None:
    def plant(world: World) -> None:
        account = world.agents.get("account")[3]
        overdraft = world.ledger.balance(account) + 1
        world.ledger._balances[account] -= overdraft
        world.ledger._balances[world.treasury] += overdraft

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
    world = reasoners(market=ComputeMarket(), selection=Watch(lambda world: None))
    for _ in range(5):
        world.step()
        income = moved(world, REWARD) - moved(world, REVENUE)
        due = world.system(Settlement).due
        assert due == income // 40 > 0
        assert moved(world, RENT) == 40 * due  # everybody could pay


# The market


def test_nobody_pays_above_their_bid_nor_uses_more_than_they_bought() -> None:
    prices: list[int] = []
    asked: list[np.ndarray] = []

    def before(world: World) -> None:
        wanted = np.ceil(world.population["appetite"].astype(float) * 48)
        asked.append(
            np.minimum(wanted, world.ledger.balance(world.agents.get("account")) // bids(world))
        )

    def bids(world: World) -> np.ndarray:
        price: np.ndarray = np.floor(2.0 ** world.genes("bid")[:, 0].astype(float))
        return price

    def after(world: World) -> None:
        market, bid = world.system(ComputeMarket), bids(world)
        quota, spent = world.population["quota"], world.population["spent"]
        assert (market.price <= bid[quota > 0]).all()
        assert (spent >= 0).all()
        assert (spent <= quota).all()
        supply = int(40.0 * 48 * len(world.population))
        assert quota.sum() == market.sold == min(market.demand, supply)
        assert (quota <= asked[-1]).all()
        # Whoever bid more than the price was served in full, whoever bid less not at all.
        assert (quota[bid > market.price] == asked[-1][bid > market.price]).all()
        assert not quota[bid < market.price].any()
        assert moved(world, COMPUTE) == market.price * quota.sum()
        assert moved(world, REFUND) == market.price * (quota - spent).sum()
        assert moved(world, REVENUE) == market.price * spent.sum()
        prices.append(market.price)

    run(World(40, [Early(before), *all_systems(), Watch(after)], seed=1), TICKS)
    assert len(prices) == TICKS
    assert max(prices) > 1  # there was competition


def test_an_answer_that_the_quota_does_not_reach_does_not_count() -> None:
    def look(world: World) -> None:
        reasoning, tasks = world.system(Reasoning), world.system(Tasks)
        assert reasoning.answers is not None
        alone = reason(
            decode(world.genes),
            problem().table,
            problem().faculties.costs,
            tasks.agent,
            tasks.board[tasks.place],
        )
        for row, quota in enumerate(world.population["quota"].tolist()):
            cost = np.cumsum(alone.spent[tasks.agent == row])
            answered = reasoning.place[reasoning.agent == row]
            assert answered.tolist() == tasks.place[tasks.agent == row][cost <= quota].tolist()
            assert world.population["spent"][row] == max(cost[cost <= quota], default=0)

    # Without hearsay, so that what a task costs does not depend on it.
    scarce = {"tasks": Tasks(problem(), 48, sealed=1.0), "market": ComputeMarket(supply=15.0)}
    run(reasoners(40, Watch(look), **scarce), 5)


def test_whoever_cannot_pay_answers_nothing_and_the_world_goes_on() -> None:
    world = run(reasoners(settlement=Settlement(endowment=0)), 9)
    assert len(world.agents) == 40
    assert world.system(Observation).latest["answered"] == 0
    assert world.system(Reasoning).evaluations == 0


# Selection


def test_the_population_is_steady_and_turns_over_every_generation() -> None:
    world = reasoners()
    ids = world.agents.get("id").copy()
    for tick in range(1, TICKS):
        world.step()
        assert len(world.agents) == 40
        now = world.agents.get("id").copy()
        if tick % 4:
            assert np.array_equal(now, ids)
        else:
            assert len(np.intersect1d(now, ids)) == 20
        ids = now
    assert world.system(Selection).generation == 3


def test_the_bankrupt_die_and_their_estate_is_inherited() -> None:
    world = run(reasoners(selection=Selection(turnover=0.1)), 3)
    # All that they own is taken from the four best.
    best = np.argsort(-world.agents.get("credits"))[:4]
    doomed = world.agents.get("id")[best]
    accounts = world.agents.get("account")[best]
    world.ledger.transfer(accounts, world.treasury, world.ledger.balance(accounts))
    world.step()
    assert world.system(Settlement).due > 0
    assert world.system(Selection).bankrupt == 4
    assert not np.isin(doomed, world.agents.get("id")).any()
    assert not world.ledger.balance(accounts).any()
    assert len(world.agents) == 40


def test_better_agents_survive_the_first_generation() -> None:
    seen: dict[str, np.ndarray] = {}

    def look(world: World) -> None:
        if world.steps == 4:
            seen["accuracy"] = world.population["accuracy"].copy()
            seen["alive"] = world.population["alive"].copy()

    run(reasoners(100, Watch(look)), 4)
    accuracy, alive = seen["accuracy"], seen["alive"]
    assert alive.sum() == 50
    assert accuracy[alive].mean() > accuracy[~alive].mean()
    assert alive[accuracy.argmax()]


def test_genes_stay_valid_for_ever() -> None:
    world = reasoners(selection=Selection(every=1, mutation=0.5, step=5.0))
    assert world.genome is not None
    for _ in range(TICKS):
        world.step()
        world.genome.validate({name: world.genes(name) for name in world.genome.names})
        for locus in world.genome.names:
            assert world.genes(locus).shape == (40, world.genome.loci[locus].size)


# Memory and rumours


def loner_world(**changed: System) -> World:
    """Agents that write nothing by themselves and trust what they are told, without market."""
    systems = {
        "tasks": Tasks(problem(), len(problem().table), sealed=0.0),
        "gossip": Gossip(loss=1.0),
        "reasoning": Reasoning(),
        "settlement": Settlement(),
        "remembering": Remembering(per_agent=0, embargo=3),
    }
    world = World(6, list((systems | changed).values()), seed=1)
    world.genes("protocol")[:, PROTOCOLS.index("trust")] = 1.0
    world.genes("protocol")[:, PROTOCOLS.index("novelty")] = 0.0
    return world


def plant(world: World, row: int, query: int) -> int:
    """One agent finds the least likely answer of a query; the finding's id."""
    block, memory = problem().table.block, world.system(Remembering)
    source, relation = int(block.source[query]), int(block.relation[query])
    R = problem().evidence.relations
    answer = unlikely(query)
    ids = memory.findings.append(
        source if relation < R else answer,
        relation % R,
        answer if relation < R else source,
        author=world.population["id"][row],
        tick=world.steps,
        engine=0,
        confidence=1.0,
        evidence=query,
    )
    world.system(Gossip).tell(world, np.array([row]), ids)
    return int(ids[0])


def unlikely(query: int) -> int:
    table = problem().table
    return int(np.where(table.block.open[query], table.scores[query, 0], np.inf).argmin())


def believers(world: World, query: int) -> np.ndarray:
    """bool[n], who thinks otherwise of a query for what they have heard or read."""
    strategies, costs = decode(world.genes), problem().faculties.costs
    agents, queries = np.arange(len(strategies)), np.full(len(strategies), query)
    hearsay = world.system(Remembering).hearsay(world)
    told = reason(strategies, problem().table, costs, agents, queries, hearsay)
    untold = reason(strategies, problem().table, costs, agents, queries)
    changed: np.ndarray = (told.scores != untold.scores).any(axis=1)
    return changed


@pytest.mark.parametrize("query", [5, 600])  # a tail is asked for, and a head
def test_a_finding_is_its_authors_alone_until_the_embargo_is_over(query: int) -> None:
    world = loner_world()
    world.step()
    plant(world, 2, query)
    for _ in range(2):
        assert believers(world, query).tolist() == [False, False, True, False, False, False]
        assert world.system(Remembering).tally.absorbed == 0
        world.step()
    world.step()
    assert believers(world, query).all()
    assert world.system(Remembering).tally.absorbed == 1


def test_whoever_heard_the_rumour_may_use_it_before() -> None:
    world = loner_world()
    world.step()
    rumour = plant(world, 2, 5)
    world.system(Gossip).tell(world, np.array([4]), np.array([rumour]))
    assert believers(world, 5).tolist() == [False, False, True, False, True, False]


def test_sealed_tasks_are_answered_without_hearsay() -> None:
    world = loner_world(tasks=Tasks(problem(), len(problem().table), sealed=1.0))
    world.step()
    plant(world, 2, 5)
    assert not believers(world, 5).any()
    run(world, 4)
    assert world.system(Remembering).tally.absorbed == 1
    assert not believers(world, 5).any()


def test_gossip_spreads_a_planted_finding_to_all_unless_every_message_is_lost() -> None:
    spreading = loner_world(gossip=Gossip(), remembering=Remembering(per_agent=0, embargo=99))
    silent = loner_world(remembering=Remembering(per_agent=0, embargo=99))
    for world, sizes in ((spreading, []), (silent, [])):
        world.step()
        rumour = plant(world, 0, 5)
        for _ in range(8):
            heard = (world.population["heard"] == rumour).any(axis=1)
            assert believers(world, 5).tolist() == heard.tolist()
            sizes.append(int(heard.sum()))
            world.step()
        assert sizes[0] == 1
        if world is spreading:
            assert sizes == sorted(sizes)
            assert sizes[-1] == 6
        else:
            assert sizes == [1] * 8


def test_novelty_falls_as_memory_fills_with_the_same_answers() -> None:
    world = loner_world(
        tasks=Tasks(problem(), len(problem().table), sealed=1.0),
        remembering=Remembering(per_agent=len(problem().table), embargo=0),
    )
    world.genes("publish")[:] = 0.0
    for locus in ("order", "weight", "variant", "length", "gate", "beam", "commit", "protocol"):
        world.genes(locus)[:] = world.genes(locus)[0]  # all of one mind
    surprise = []
    for _ in range(5):
        before = world.population["surprise"].copy()
        world.step()
        gained = world.population["surprise"] - before
        surprise.append(float(gained.sum() / world.system(Settlement).credit.sum()))
        assert np.allclose(gained, gained[0])
    assert surprise[0] == pytest.approx(1)  # nothing was known
    assert (np.diff(surprise) < 0).all()
    assert surprise[-1] < 0.5


def test_findings_are_answers_given_in_their_tick_by_their_author() -> None:
    world = reasoners(selection=Watch(lambda world: None))
    memory, block = world.system(Remembering), problem().table.block
    R = problem().evidence.relations
    for _ in range(6):
        start = len(memory.findings)
        world.step()
        reasoning, tasks = world.system(Reasoning), world.system(Tasks)
        answers = reasoning.answers
        assert answers is not None
        given: dict[tuple[int, int], tuple[int, float, int]] = {}
        for t, row, place in zip(reasoning.in_time, reasoning.agent, reasoning.place, strict=True):
            given[int(world.agents.get("id")[row]), int(tasks.board[place])] = (
                int(answers.best[t]),
                float(answers.confidence[t]),
                int(answers.proposer[t]),
            )
        written = {name: column[start:] for name, column in memory.findings.columns().items()}
        assert set(written["tick"].tolist()) == {world.steps}
        assert np.unique(written["author"], return_counts=True)[1].max() <= 4
        publish = dict(zip(world.agents.get("id"), world.genes("publish")[:, 0], strict=True))
        for i in range(len(written["author"])):
            author, query = int(written["author"][i]), int(written["evidence"][i])
            best, confidence, engine = given[author, query]
            source, relation = int(block.source[query]), int(block.relation[query])
            fact = (source, relation, best) if relation < R else (best, relation - R, source)
            assert fact == tuple(int(written[name][i]) for name in ("head", "relation", "tail"))
            assert (confidence, engine) == (written["confidence"][i], written["engine"][i])
            assert confidence >= publish[author]


def test_the_tally_of_a_resumed_world_is_equal() -> None:
    world = run(reasoners(), 7)
    resumed = reasoners()
    resumed.restore(world.state())
    left, right = (each.system(Remembering).tally for each in (world, resumed))
    assert 0 < left.absorbed == right.absorbed < len(world.system(Remembering).findings)
    assert left.count.tobytes() == right.count.tobytes()
    assert left.weight.tobytes() == right.weight.tobytes()
    public = Tally(14, 55)
    public.absorb(world.system(Remembering).findings, 0, left.absorbed)
    assert public.count.tobytes() == left.count.tobytes()


# Tasks and observation


def test_the_board_has_no_task_twice_and_everybody_the_same_share() -> None:
    world = World(30, [Tasks(problem(), 48, per_agent=20)], seed=1)
    tasks = world.system(Tasks)
    boards = set()
    for _ in range(5):
        world.step()
        assert len(set(tasks.board.tolist())) == 48
        boards.add(tuple(tasks.board.tolist()))
        assert np.bincount(tasks.agent).tolist() == [20] * 30
        for row in range(30):
            assert len(set(tasks.place[tasks.agent == row].tolist())) == 20
        assert tasks.sealed.sum() == 24
    assert len(boards) == 5


def test_threads_do_not_change_the_answers() -> None:
    one, two = (run(reasoners(reasoning=Reasoning(threads)), 5) for threads in (1, 2))
    for name in one.population.names:
        np.testing.assert_array_equal(one.population[name], two.population[name])


def test_what_is_observed_is_what_there_is() -> None:
    world = reasoners()
    observation = world.system(Observation)
    for _ in range(8):
        world.step()
        seen = observation.latest
        assert seen["tick"] == world.steps
        assert seen["supply"] == world.ledger.supply
        assert seen["price"] == world.system(ComputeMarket).price
        assert seen["findings"] == len(world.system(Remembering).findings)
        assert seen["answered"] == len(world.system(Reasoning).agent)
        assert seen["accuracy_mean"] == world.system(Settlement).credit.mean()
        assert 0 < seen["accuracy_mean"] <= 1
    ticks, agents = observation.drain()
    assert ticks["tick"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ticks["generation"].tolist() == [0, 0, 0, 1, 1, 1, 1, 2]
    assert agents["tick"].tolist() == [4] * 40 + [8] * 40
    assert agents["alive"].sum() == 40
    assert all(len(column) == 80 for column in agents.values())
    assert observation.drain() == ({}, {})


@pytest.mark.xfail(strict=True, reason="no system but Acting asks whether an agent is alive")
def test_an_agent_that_died_earlier_in_the_tick_neither_bids_nor_answers() -> None:
    class Reaper(System):
        def __call__(self, world: World) -> None:
            world.population.kill([0, 1, 2])

    world = World(40, [Reaper(), *all_systems()], seed=1)
    world.step()
    assert not np.isin([0, 1, 2], world.system(Reasoning).agent).any()


@pytest.mark.parametrize(
    "name",
    [
        "gossip",
        "market",
        "selection",
        "observation",
        pytest.param(
            "remembering",
            marks=pytest.mark.xfail(strict=True, reason="Selection reads the column `surprise`"),
        ),
    ],
)
def test_a_world_goes_on_without_one_of_its_systems(name: str) -> None:
    idle = {name: Watch(lambda world: None)}
    world = run(reasoners(40, **idle), TICKS)
    assert len(world.agents) == 40
    assert world.system(Settlement).credit.mean() > 0


def test_a_plain_agent_needs_no_system() -> None:
    assert len(run(World({Agent: 3}, [], seed=1), 3).agents) == 3
