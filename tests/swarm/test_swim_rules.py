"""The rules that both engines of SWIM play by: precedence, local health, sweeps of probes."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.gossip.swim import ABSENT, ALIVE, DEAD, SUSPECT
from swarm.gossip.swim.rules import (
    doubted,
    health_after,
    health_change,
    incarnation_of,
    probe_order,
    rank_of,
    refuted,
    status_of,
)

news = st.tuples(st.sampled_from([ALIVE, SUSPECT, DEAD]), st.integers(0, 50))


def swim_overrides(new: tuple[int, int], old: tuple[int, int]) -> bool:
    """The table of SWIM 4.2 in words, with incarnations for the dead as memberlist has them."""
    (status, i), (held, j) = new, old
    if status == ALIVE:
        return i > j
    if status == SUSPECT:
        return i > j or (i == j and held == ALIVE)
    return i > j or (i == j and held in (ALIVE, SUSPECT))


@settings(deadline=None)
@given(new=news, old=news)
def test_a_higher_rank_is_what_overrides(new: tuple[int, int], old: tuple[int, int]) -> None:
    assert (rank_of(*new) > rank_of(*old)) == swim_overrides(new, old)
    assert (status_of(rank_of(*new)), incarnation_of(rank_of(*new))) == new


@settings(deadline=None)
@given(st.lists(news, min_size=1, max_size=4))
def test_views_do_not_depend_on_the_order_of_news(heard: list[tuple[int, int]]) -> None:
    ends = set()
    for order in itertools.permutations(heard):
        held = order[0]
        for each in order[1:]:
            held = each if swim_overrides(each, held) else held
        ends.add(rank_of(*held))
    assert ends == {max(rank_of(*each) for each in heard)}


@settings(deadline=None)
@given(rank=st.integers(0, 200))
def test_a_refutation_is_the_least_that_overrides_doubt(rank: int) -> None:
    assert status_of(refuted(rank)) == ALIVE
    assert rank < refuted(rank) <= rank + 3
    assert doubted(rank) == (rank - 1 if status_of(rank) == DEAD else rank)


def test_the_absent_give_way_to_any_news() -> None:
    assert status_of(ABSENT) == DEAD
    assert incarnation_of(ABSENT) == -1
    assert rank_of(ALIVE, 0) > ABSENT > doubted(ABSENT)


def test_local_health_follows_the_signs() -> None:
    assert health_change(True, 3, 0) == -1
    assert [health_change(False, 3, nacks) for nacks in (0, 1, 3)] == [3, 2, 0]
    assert health_change(False, 0, 0) == 1
    health, seen = 0, []
    for change in (-1, 3, 3, 3, -1):
        health = health_after(health, change, 8)
        seen.append(health)
    assert seen == [0, 3, 6, 7, 6]


@settings(deadline=None)
@given(
    n=st.integers(2, 300),
    member=st.integers(0, 10**6),
    sweep=st.integers(0, 10**6),
    seed=st.integers(0, 2**63 - 1),
)
def test_a_sweep_visits_everybody_once(n: int, member: int, sweep: int, seed: int) -> None:
    visited = [probe_order(seed, member, sweep, place, n) for place in range(n)]
    assert sorted(visited) == list(range(n))


@pytest.mark.parametrize("n", [5, 16, 100])
def test_sweeps_are_shuffled(n: int) -> None:
    """Whoever is asked about stands at every place equally often; so do the pairs in a row."""
    draws = 20_000
    places = Counter(int(probe_order(3, k % 97, k // 97, n // 2, n)) for k in range(draws))
    counts = np.array([places[member] for member in range(n)])
    error = math.sqrt(draws / n * (1 - 1 / n))
    assert (np.abs(counts - draws / n) < 4.5 * error).all()
    ascends = sum(
        bool(probe_order(9, k, 0, 1, n) > probe_order(9, k, 0, 0, n)) for k in range(draws)
    )
    assert abs(ascends - draws / 2) < 4 * math.sqrt(draws / 4)
