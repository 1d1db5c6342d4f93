"""A good that agents trade: two ledgers, one book, and nothing lost on the way."""

import numpy as np

from economy import OrderRefusal, Side
from swarm import Acting, Agent, AgentSet, GoodsMarket, World


class Hawker(Agent):
    """Buys and sells at random, is born and dies."""

    @classmethod
    def step_all(cls, hawkers: AgentSet) -> None:
        world = hawkers.model
        rng, n = world.stream("Hawker"), len(hawkers)
        market = world.system(GoodsMarket)
        rows = rng.integers(0, n, 2 * n)
        market.submit(
            world, rows, rng.integers(0, 2, 2 * n), rng.integers(1, 101, 2 * n), rng.integers(1, 4)
        )
        if world.steps % 2:
            world.population.kill(rng.random(n) < 0.1)
            world.birth(Hawker, 5)


def hawkers(for_the_day: bool = True) -> World:
    world = World({Hawker: 40}, [Acting(), GoodsMarket(100, for_the_day)], seed=3)
    world.ledger.mint(world.agents.get("account"), 1_000)
    world.system(GoodsMarket).endow(world, np.arange(40), 10)
    return world


def test_tokens_and_goods_are_conserved_through_trade_birth_and_death() -> None:
    for for_the_day in (True, False):
        world, traded = hawkers(for_the_day), 0
        market = world.system(GoodsMarket)
        for _ in range(20):
            world.step()
            traded += market.traded
            market.exchange.check()
            market.goods.verify()
            assert (world.ledger.supply, market.goods.supply) == (40_000, 400)
            accounts = world.agents.get("account")
            cash, units = market.exchange.reserved
            owned = world.ledger.balance(accounts).sum() + world.ledger.balance(world.treasury)
            held = market.stock(world).sum() + market.goods.balance(world.treasury)
            assert (owned + cash, held + units) == (40_000, 400)
            assert (len(market.exchange) == 0) == for_the_day
        assert traded > 100


def test_the_dead_leave_tokens_goods_and_what_they_had_on_offer() -> None:
    world = hawkers(for_the_day=False)
    market = world.system(GoodsMarket)
    market.submit(world, np.array([0, 0]), [Side.SELL, Side.BUY], [90, 10], [4, 5])
    world.population.kill(np.array([0]))
    world.turn()
    assert len(market.exchange) == 0
    assert world.ledger.balance(world.treasury) == 1_000
    assert market.goods.balance(world.treasury) == 10


def test_price_and_turnover_are_those_of_the_tick() -> None:
    world = World({Agent: 3}, [GoodsMarket(100)], seed=1)
    market = world.system(GoodsMarket)
    world.ledger.mint(world.agents.get("account"), 500)
    market.endow(world, np.array([0]), 10)
    rows = np.array([0, 1, 2, 2])
    report = market.submit(world, rows, [1, 0, 0, 0], [40, 50, 60, 99], [5, 2, 2, 9])
    assert report.refusals.tolist() == [0, 0, 0, OrderRefusal.INSUFFICIENT]
    assert (market.traded, market.turnover, market.price) == (4, 160, 40.0)
    assert market.stock(world).tolist() == [5, 2, 2]  # one is still on offer
    world.step()
    assert market.stock(world).tolist() == [6, 2, 2]
    assert (market.traded, market.turnover) == (0, 0)
    assert np.isnan(market.price)


def test_a_restored_world_goes_on_to_the_same_bytes() -> None:
    one, other = hawkers(for_the_day=False), hawkers(for_the_day=False)
    for _ in range(7):
        one.step()
    other.restore(one.state())
    first, second = (world.system(GoodsMarket) for world in (one, other))
    assert (first.traded, first.turnover) == (second.traded, second.turnover)
    assert first.state()["tick"] == second.state()["tick"]
    assert first.state()["tick"][0] == one.steps
    for world in (one, other):
        for _ in range(7):
            world.step()
    assert one.ledger.balances.tobytes() == other.ledger.balances.tobytes()
    books = [world.system(GoodsMarket).exchange.state() for world in (one, other)]
    assert all((books[0][name] == books[1][name]).all() for name in books[0])
