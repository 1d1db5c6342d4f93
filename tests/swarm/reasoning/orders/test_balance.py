"""Longest first against its proven bound, its tight families, and the best schedule there is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

from swarm.reasoning.orders import Stealing, longest_first, lower_bound
from swarm.reasoning.orders.balance import makespan, spread_of


def tight(workers):
    """2m-1, 2m-1, ..., m+1, m+1, m, m, m: the worst there is for m workers."""
    return [n for n in range(2 * workers - 1, workers, -1) for _ in range(2)] + [workers] * 3


@pytest.mark.parametrize(
    ("workers", "ours", "best"), [(2, 7, 6), (3, 11, 9), (4, 15, 12), (5, 19, 15)]
)
def test_tight_families(workers, ours, best):
    costs = np.array(tight(workers), float)
    loads = [costs[batches].sum() for batches in longest_first(costs, workers)]
    assert max(loads) == ours
    assert lower_bound(costs, workers) == best  # and it can be reached
    assert makespan(costs, costs, workers) == ours


@given(st.lists(st.integers(1, 20), min_size=1, max_size=7), st.integers(1, 3))
def test_never_worse_than_proven(costs, workers):
    sizes = np.array(costs, float)
    given_out = longest_first(sizes, workers)
    assert sorted(batch for batches in given_out for batch in batches) == list(range(len(costs)))
    reached = max(sizes[batches].sum() for batches in given_out)
    best = min(
        max(
            sum(c for c, w in zip(costs, who, strict=True) if w == worker)
            for worker in range(workers)
        )
        for who in product(range(workers), repeat=len(costs))
    )
    assert lower_bound(sizes, workers) <= best + 1e-9
    assert best <= reached <= (4 / 3 - 1 / (3 * workers)) * best + 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_stealing_gives_every_batch_once(seed, workers):
    rng = np.random.default_rng(seed)
    stealing = Stealing(rng.random(23), workers)
    taken = []
    while len(stealing):
        worker = int(rng.integers(workers))
        batch = stealing.take(worker)
        if rng.random() < 0.2:
            stealing.give_back(batch, worker)
        else:
            taken.append(batch)
    assert sorted(taken) == list(range(23))
    assert stealing.take(0) is None


@pytest.mark.parametrize("workers", [2, 4])
def test_210_batches_end_together_though_guessed_badly(workers):
    rng = np.random.default_rng(1)
    costs = rng.uniform(0.5, 2, 210)
    guessed = costs * rng.lognormal(0, 0.3, 210)
    assert makespan(guessed, costs, workers) <= 1.05 * lower_bound(costs, workers)
    without = max(costs[batches].sum() for batches in longest_first(guessed, workers))
    assert makespan(guessed, costs, workers) <= without


def test_nobody_cannot_share():
    with pytest.raises(ValueError, match="at least one"):
        longest_first(np.ones(3), 0)


def test_spread():
    assert spread_of([3, 1], np.array([3, 1.0])) == 1
    assert spread_of([4, 0], np.array([2, 2.0])) == 2
