"""Caches against a plain dictionary, and a session against searches that forget everything."""

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from swarm.reasoning import Block, Referee
from swarm.reasoning.orders import Cache, OrdersError, OrderSession, Rate, search_orders
from tests.swarm.reasoning.orders.random_trials import (
    random_referee,
    random_strategy,
    random_table,
)

COSTS = np.array([10, 12, 22, 25, 10, 12], np.int32)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), max_size=40))
def test_a_cache_keeps_what_was_used_last(calls):
    cache, plain, hits = Cache(room=8 * 7), OrderedDict(), 0
    for key, size in calls:
        found = cache.find_or_make(bytes([key]), lambda size=size: (np.zeros(size),))
        if key in plain:
            hits += 1
            plain.move_to_end(key)
            assert len(found[0]) == plain[key]
        else:
            while sum(plain.values()) + size > 7:
                plain.popitem(last=False)
            plain[key] = size
        assert cache.held == 8 * sum(plain.values())
        assert len(cache) == len(plain)
    assert cache.rate == Rate(hits, len(calls) - hits)


def test_what_alone_is_too_large_is_not_kept():
    cache = Cache(room=8)
    cache.keep(b"small", (np.zeros(1),))
    cache.keep(b"large", (np.zeros(2),))
    assert cache.find(b"small") is not None
    assert cache.find(b"large") is None
    assert cache.rate.share == 0.5


class World:
    """Queries, asked again and again; several have the same source and relation."""

    def __init__(self, queries=40, candidates=20, engines=4):
        rng = np.random.default_rng(3)
        self.table_of_all = random_table(rng, engines, queries, candidates)
        # Every other query asks what the one before it asks, and has another answer.
        twin = np.arange(queries) // 2 * 2
        whole = self.table_of_all
        self.table_of_all = replace(
            whole,
            scores=whole.scores[twin],
            echo_row=whole.echo_row[twin],
            block=Block(twin.astype(np.int32), np.zeros(queries, np.int32), whole.block.open[twin]),
        )
        self.referee = random_referee(rng, queries, candidates)
        self.strategy = random_strategy(rng, engines, memory=0.5)
        self.asked = 0

    def part(self, rows):
        table, block = self.table_of_all, self.table_of_all.block
        return replace(
            table,
            scores=table.scores[rows],
            echo_row=table.echo_row[rows],
            block=Block(block.source[rows], block.relation[rows], block.open[rows]),
        )

    def table(self, block):
        self.asked += len(block)
        return self.part(block.source)

    def judged(self, rows):
        r = self.referee
        return Referee(r.truth[rows], r.counted[rows], r.hidden[rows])


def test_a_session_of_similar_queries_forgets_nothing():
    world = World()
    rng = np.random.default_rng(0)
    session = OrderSession("v1", world.table, COSTS, world.strategy)
    popular = 1 / np.arange(1, 41)
    for _ in range(30):
        rows = rng.choice(40, 8, p=popular / popular.sum())
        found = session.search(world.part(rows).block, world.judged(rows))
        plain = search_orders(world.strategy, world.part(rows), COSTS, world.judged(rows))
        assert found.credit.tobytes() == plain.credit.tobytes()
        assert found.mrr.tobytes() == plain.mrr.tobytes()
        assert found.cost.tobytes() == plain.cost.tobytes()
    rates = session.rates
    assert session.rate.share >= 0.7
    assert rates["engine"].share >= 0.7
    assert rates["validation"].share >= 0.7
    assert rates["validation"].lookups == rates["engine"].lookups == 240
    assert rates["sequence"].lookups == rates["validation"].misses
    assert rates["sequence"].hits > 0  # another answer of a query that was walked
    assert session.rate.misses == rates["sequence"].misses


def test_a_query_asked_twice_in_a_block_is_walked_once():
    world = World()
    session = OrderSession("v1", world.table, COSTS, world.strategy, room=0)
    rows = np.array([4, 9, 4, 4, 9])
    found = session.search(world.part(rows).block, world.judged(rows))
    plain = search_orders(world.strategy, world.part(rows), COSTS, world.judged(rows))
    assert found.credit.tobytes() == plain.credit.tobytes()
    assert session.rate == Rate(3, 2)
    assert session.rates["engine"] == Rate(3, 2)
    assert world.asked == 2


def test_without_room_every_query_is_walked_again():
    world = World()
    session = OrderSession("v1", world.table, COSTS, world.strategy, room=0)
    rows = np.arange(6)
    first = session.search(world.part(rows).block, world.judged(rows))
    again = session.search(world.part(rows).block, world.judged(rows))
    assert session.rate == Rate(0, 12)
    assert first.credit.tobytes() == again.credit.tobytes()
    assert first.steps == again.steps > 0


@pytest.mark.slow
def test_a_session_with_workers():
    world = World()
    session = OrderSession("v1", world.table, COSTS, world.strategy)
    for rows in (np.arange(12), np.arange(4, 16)):
        found = session.search(world.part(rows).block, world.judged(rows), workers=2)
        plain = search_orders(world.strategy, world.part(rows), COSTS, world.judged(rows))
        assert found.credit.tobytes() == plain.credit.tobytes()
        assert found.cost.tobytes() == plain.cost.tobytes()
    assert session.rates["validation"].hits == 8
    assert session.rates["shared"].hits > 0


def test_a_session_needs_queries_and_a_referee_of_candidates():
    world = World()
    session = OrderSession("v1", world.table, COSTS, world.strategy)
    none = np.zeros(0, int)
    with pytest.raises(OrdersError, match="no queries"):
        session.search(world.part(none).block, world.judged(none))
    lost = world.judged(np.arange(2))
    lost.truth[0] = -1
    with pytest.raises(OrdersError, match="candidates"):
        session.search(world.part(np.arange(2)).block, lost)
