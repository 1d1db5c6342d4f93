"""The market in a reasoning world: bids, quotas, refunds, and answers that come too late."""

import numpy as np
import pytest

from swarm import (
    ComputeMarket,
    Observation,
    PopulationError,
    Reasoning,
    Settlement,
    Tasks,
    World,
)
from swarm.genes import decode
from swarm.reasoning import reason
from swarm.systems.compute_market import CODE as COMPUTE
from swarm.systems.settlement import REFUND, REVENUE
from tests.swarm.worlds import Watch, all_systems, moved, problem, reasoners, run

TICKS = 13  # three generations and a tick


class Early(Watch):
    """Looks before the others act."""


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


def test_a_market_needs_agents_that_know_what_they_want() -> None:
    with pytest.raises(PopulationError, match=r"column `appetite`.*add Reasoning\(\)"):
        World(3, [Tasks(problem(), 16), ComputeMarket()], seed=1)


def test_whoever_cannot_pay_answers_nothing_and_the_world_goes_on() -> None:
    world = run(reasoners(settlement=Settlement(endowment=0)), 9)
    assert len(world.agents) == 40
    assert world.system(Observation).latest["answered"] == 0
    assert world.system(Reasoning).evaluations == 0
