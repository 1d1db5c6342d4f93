"""Order search against `reason`, order by order: the same bits, whoever does it and however."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.orders import OrdersError, search_orders
from tests.swarm.reasoning.orders.random_trials import (
    plain_search,
    random_referee,
    random_strategy,
    random_table,
)

COSTS = np.array([10, 12, 22, 25, 10, 7, 9, 10, 12], np.int32)


def case(seed, engines, queries, candidates, memory=0.0):
    rng = np.random.default_rng(seed)
    table = random_table(rng, engines, queries, candidates)
    referee = random_referee(rng, queries, candidates)
    return random_strategy(rng, engines, memory), table, COSTS[-engines - 2 :], referee


def same(found, wanted):
    for got, want in zip((found.credit, found.mrr, found.cost), wanted, strict=False):
        assert got.tobytes() == want.tobytes()


class Aloof:
    """A referee of another domain: only ranks and credit."""

    def __init__(self, referee):
        self.ranks = referee.ranks
        self.credit = referee.credit


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(3, 5),
    st.sampled_from([1, 2, 7, 40, 70]),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.0, 0.6]),
)
def test_every_order_comes_to_what_reason_says(seed, engines, candidates, depth, memory):
    one = case(seed, engines, 4, candidates, memory)
    wanted = plain_search(*one)
    found = search_orders(*one, depth=depth, detail=True)
    same(found, wanted)
    np.testing.assert_array_equal(found.twice, wanted[3])
    same(search_orders(*one[:3], Aloof(one[3]), depth=depth), wanted)


def test_every_node_is_walked_once_and_sets_of_engines_are_merged():
    one = case(5, 7, 3, 30)
    one[0].commit[:] = 50
    one[0].beam[:] = 50
    found = search_orders(*one)
    assert len(found.orders) == 5040
    assert found.steps == 3 * 7 * 2**6  # nothing falls or settles: a step for a set and an engine
    one[0].memory[:] = 0.1  # now what was heard before makes a difference
    assert search_orders(*one).steps == 3 * 13_699
    one[0].memory[:] = 0
    one[0].beam[:] = 0.7
    assert len(np.unique(search_orders(*one).mrr)) > 10


@pytest.mark.parametrize("seed", range(3))
def test_close_calls_fall_out_as_in_the_order_walked(seed):
    """Scores of -1, 0 and 1 with weights that round: what ties in one order differs in another."""
    strategy, table, costs, referee = case(seed, 5, 6, 33)
    grid = np.clip(np.round(table.scores), -1, 1)
    table = replace(table, scores=np.where(table.block.open[:, None], grid, 0).astype(np.float32))
    strategy.weight[:] = np.array([[0.1, 0.2, 0.3, 0.4, 0.5]], np.float32)
    strategy.beam[:] = 1
    strategy.commit[:] = 0.5
    wanted = plain_search(strategy, table, costs, referee)
    for depth in (0, 2):
        found = search_orders(strategy, table, costs, referee, detail=True, depth=depth)
        same(found, wanted)
        np.testing.assert_array_equal(found.twice, wanted[3])


@pytest.mark.parametrize("strange", ["loud", "mute", "truth is closed"])
@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_what_cannot_be_merged_is_walked(strange, memory):
    strategy, table, costs, referee = case(3, 4, 5, 20, memory)
    if strange == "loud":  # one engine makes up for having been pruned
        table.scores[:, 1] *= 3000
        table.scores[:, 0] *= 3000
    if strange == "mute":
        strategy.consensus[:] = 0
    if strange == "truth is closed":
        table.block.open[np.arange(5), referee.truth] = False
    for depth in (0, 2):
        found = search_orders(strategy, table, costs, referee, detail=True, depth=depth)
        wanted = plain_search(strategy, table, costs, referee)
        same(found, wanted)
        np.testing.assert_array_equal(found.twice, wanted[3])


def test_a_query_that_commits_at_once_is_walked_once_an_engine():
    one = case(6, 5, 2, 9)
    one[0].commit[:] = -1
    assert search_orders(*one).steps == 2 * 5


def test_some_of_the_queries():
    strategy, table, costs, referee = case(7, 4, 9, 12)
    rows = np.array([8, 1, 4])
    found = search_orders(strategy, table, costs, referee, queries=rows, detail=True)
    whole = search_orders(strategy, table, costs, referee, detail=True)
    np.testing.assert_array_equal(found.twice, whole.twice[rows])
    other = search_orders(strategy, table, costs, Aloof(referee), queries=rows)
    assert other.credit.tobytes() == found.credit.tobytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workers": 0}, "at least one"),
        ({"depth": 9}, "prefix"),
        ({"queries": np.zeros(0, int)}, "no queries"),
    ],
)
def test_what_cannot_be_searched_is_told(change, words):
    with pytest.raises(OrdersError, match=words):
        search_orders(*case(0, 3, 2, 5), **change)


def test_protocols_and_crowds_are_refused():
    strategy, *rest = case(0, 3, 2, 5)
    with pytest.raises(OrdersError, match="give one"):
        search_orders(strategy.take(np.array([0, 0])), *rest)
    strategy.council[:] = 1
    with pytest.raises(OrdersError, match="council is 1"):
        search_orders(strategy, *rest)


# Several processes


def segments():
    return {path.name for path in Path("/dev/shm").glob("psm_*")}


@pytest.fixture
def nothing_left():
    before = segments()
    yield
    assert segments() <= before


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_make_no_difference(workers):
    one = case(11, 6, 12, 40, 0.5)
    wanted = search_orders(*one, detail=True)
    found = search_orders(*one, workers=workers, detail=True)
    same(found, (wanted.credit, wanted.mrr, wanted.cost))
    np.testing.assert_array_equal(found.twice, wanted.twice)
    np.testing.assert_array_equal(found.spent, wanted.spent)
    assert found.shared.share >= 0.7


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
def test_a_killed_worker_loses_and_repeats_nothing():
    one = case(12, 7, 60, 100)
    wanted = search_orders(*one)
    rng = np.random.default_rng(0)
    alive: list[int] = []
    stop = threading.Event()
    kills = 0

    def hunt():
        nonlocal kills
        while not stop.wait(0.05 + 0.1 * rng.random()):
            if alive and kills < 4 and begun.is_set():
                with_pid = alive[int(rng.integers(len(alive)))]
                try:
                    os.kill(with_pid, signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    pass

    def watch(pids):
        alive[:] = pids

    begun = threading.Event()
    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        found = search_orders(
            *one, workers=2, watch=watch, progress=lambda done, batches: begun.set()
        )
    finally:
        stop.set()
        hunter.join()
    same(found, (wanted.credit, wanted.mrr, wanted.cost))
    assert found.deaths >= 1


class Faulty(Aloof):
    """Breaks in the worker."""

    def __init__(self, referee):
        self.referee = referee

    def ranks(self, scores, queries):
        raise RuntimeError("the referee is ill")

    def credit(self, ranks, queries):
        return ranks


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
def test_an_error_in_a_worker_is_an_error_here():
    strategy, table, costs, referee = case(13, 4, 3, 9)
    with pytest.raises(RuntimeError, match="ill"):
        search_orders(strategy, table, costs, Faulty(referee), workers=2)


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
def test_control_c_leaves_nothing_behind():
    def interrupt(done, batches):
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search_orders(*case(14, 6, 20, 40), workers=2, progress=interrupt)
