"""Zero-intelligence traders: the values of Gode and Sunder, over seeds."""

from functools import cache

import numpy as np
import pytest

from economy.book import OrderError, zero_intelligence_session

# Six buyers and six sellers of four units, who cross at 108; some of the units of each side is
# extra-marginal: they should not trade, and without them any trading would reach 100 %.
VALUES = np.linspace(180, 68, 24).round().astype(int).reshape(4, 6).T
COSTS = np.linspace(36, 148, 24).round().astype(int).reshape(4, 6).T
SEEDS = range(60)


@cache
def sessions(constrained):
    return [
        zero_intelligence_session(
            VALUES, COSTS, np.random.default_rng(seed), constrained=constrained
        )
        for seed in SEEDS
    ]


def interval(values):
    """95 % for the mean: two standard errors to both sides of it."""
    error = 2 * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values) - error, np.mean(values) + error


def test_constrained_traders_are_nearly_efficient_though_prices_scatter():
    found = sessions(constrained=True)
    assert {s.equilibrium for s in found} == {108}
    assert VALUES.min() < 108 < COSTS.max()
    low, high = interval([s.efficiency for s in found])
    assert 97 < low < high < 99.4
    low, high = interval([s.alpha for s in found])
    assert 21 < low < high < 26
    for session in found:
        assert session.gains <= session.most_gains
        paid = session.prices
        assert (paid >= COSTS.min()).all()
        assert (paid <= VALUES.max()).all()


def test_unconstrained_traders_scatter_over_the_whole_range():
    found = sessions(constrained=False)
    low, high = interval([s.alpha for s in found])
    assert 51 < low < high < 56
    assert max(s.efficiency for s in found) < 90
    assert all(s.prices.size == VALUES.size for s in found)  # all units, sensible or not


def test_gains_are_those_of_the_units_traded():
    session = sessions(constrained=True)[0]
    sold = np.zeros((2, 6), int)
    gains = 0
    for buyer, seller, price in zip(session.buyers, session.sellers, session.prices, strict=True):
        value, cost = VALUES[buyer, sold[0, buyer]], COSTS[seller, sold[1, seller]]
        assert cost <= price <= value
        gains += value - cost
        sold[0, buyer] += 1
        sold[1, seller] += 1
    assert gains == session.gains


def test_traders_have_the_funds_for_any_price():
    """Here nobody trades below twelve millions."""
    rng, least = np.random.default_rng(1), 12_000_000
    session = zero_intelligence_session(
        [[16_000_000]], [[least]], rng, highest=2**24, constrained=True
    )
    assert session.prices.size == 1
    assert least <= session.prices[0] <= 16_000_000


def test_errors_say_what_is_allowed():
    rng = np.random.default_rng(1)
    with pytest.raises(OrderError, match="1 to 200 tokens"):
        zero_intelligence_session([[201]], [[3]], rng)
    with pytest.raises(OrderError, match="nothing to gain"):
        zero_intelligence_session([[3]], [[4]], rng)
