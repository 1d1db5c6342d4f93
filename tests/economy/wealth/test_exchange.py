"""Exchange models against plain loops, conservation, and the wealth that they end in."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.wealth import WealthError, exchange_units, gini, split_pairs, trade_yard_sale
from swarm.chance import below, draw, seeded

holdings = st.lists(st.one_of(st.integers(0, 9), st.integers(2**58, 2**59)), min_size=2, max_size=8)


def plain(rule, held, sweeps, seed, part=Fraction(1, 5)):
    """The rules, one exchange at a time, from the same stream of chance."""
    held, stream, n = list(held), seeded(seed), len(held)
    for _ in range(sweeps * n):
        one, other = int(below(stream, n)), int(below(stream, n - 1))
        other += other >= one
        if rule is exchange_units:
            moved = -min(held[one], 1)
        elif rule is split_pairs:
            moved = int(draw(stream)) % (held[one] + held[other] + 1) - held[one]
        else:
            moved = int(min(held[one], held[other]) * part)
        held[one] += moved
        held[other] -= moved
    return held


@pytest.mark.parametrize("rule", [exchange_units, split_pairs, trade_yard_sale])
@given(held=holdings, sweeps=st.integers(0, 4), seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_equals_the_plain_rule_and_keeps_every_token(rule, held, sweeps, seed):
    drawn = int(np.random.default_rng(seed).integers(2**63))
    result = rule(held, sweeps, np.random.default_rng(seed))
    assert result.tolist() == plain(rule, held, sweeps, drawn)
    assert sum(result.tolist()) == sum(held)
    assert result.min() >= 0


def within(sample, expected, least_error=0.0):
    """Whether a mean is within 4 standard errors."""
    error = np.std(sample, ddof=1) / np.sqrt(len(sample))
    return abs(np.mean(sample) - expected) < 4 * error + least_error


@pytest.mark.parametrize("m", [1, 2, 5])
def test_unit_exchange_ends_geometric(m):
    """Dragulescu & Yakovenko 2000: Gini (1 + m) / (1 + 2 m), here of 2,000 agents."""
    rng = np.random.default_rng(m)
    ends = [exchange_units(np.full(2000, m), 60 * m * m, rng) for _ in range(12)]
    # Of n agents (n - 1) / n of it, and as nearly geometric as the sum allows: below 1 / n.
    assert within([gini(held) for held in ends], (1 + m) / (1 + 2 * m), 1 / 2000)
    # A geometric law of mean m: nobody holds anything with probability 1 / (1 + m).
    assert within([(held == 0).mean() for held in ends], 1 / (1 + m), 1 / 2000)


@pytest.mark.parametrize("n", [2, 5, 50])
def test_random_splits_end_exponential(n):
    """Gini (n - 1) / (2 n)."""
    rng = np.random.default_rng(n)
    ends = [gini(split_pairs(np.full(n, 10**9), 20, rng)) for _ in range(1500)]
    assert within(ends, (n - 1) / (2 * n), 1e-6)


def test_the_yard_sale_ends_in_the_hands_of_one():
    """Stakes of a fifth among 1,000; single runs differ by .005, .006, .002 and .0005."""
    rng = np.random.default_rng(4)
    held, done = np.full(1000, 10**12), 0
    expected = (
        (10, 0.396, 0.02),
        (100, 0.781, 0.023),
        (1000, 0.969, 0.008),
        (10_000, 0.996, 0.002),
    )
    for sweeps, value, interval in expected:
        held = trade_yard_sale(held, sweeps - done, rng)
        done = sweeps
        assert gini(held) == pytest.approx(value, abs=interval)
    assert held.sum() == 1000 * 10**12


def test_mistakes_are_explained():
    rng = np.random.default_rng()
    for rule in (exchange_units, split_pairs, trade_yard_sale):
        for held, sweeps, message in (
            ([5], 1, "2 to 2"),
            ([5, -1], 1, "0 tokens or more"),
            ([2**62, 2**62], 1, "at most"),
            ([1.5, 2], 1, "whole numbers"),
            ([1, 2], -1, "0 or more"),
        ):
            with pytest.raises(WealthError, match=message):
                rule(held, sweeps, rng)
    for part in (-0.1, 1.1, 1e-9):
        with pytest.raises(WealthError, match="part is 0 to 1"):
            trade_yard_sale([1, 2], 1, rng, part=part)


@pytest.mark.parametrize("sweeps", [1.0, 2**63, -1])
def test_sweeps_are_whole(sweeps):
    with pytest.raises(WealthError, match="sweeps"):
        exchange_units([1, 2], sweeps, np.random.default_rng(1))


@pytest.mark.parametrize("part", [float("nan"), float("inf"), "x"])
def test_parts_are_numbers(part):
    with pytest.raises(WealthError, match="part"):
        trade_yard_sale([1, 2], 1, np.random.default_rng(1), part=part)
