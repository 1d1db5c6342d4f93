"""Bidding games: equilibria have no NashConv, others the one worked out by hand; play agrees."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.games.sealed_bid import (
    BiddingContest,
    BiddingError,
    bidding_exploitability,
    play_auctions,
    shading,
)
from arenas.tournaments.contest import check_contest


@pytest.mark.parametrize("n", [2, 3, 5])
def test_equilibria_cannot_be_exploited(n):
    first = bidding_exploitability(shading([(n - 1) / n] * n))
    assert first.nash_conv == pytest.approx(0.0, abs=2e-6)
    # Whoever wins keeps a part 1 / n of the highest value, n / (n + 1), and wins one time in n.
    assert first.gains == pytest.approx(1 / (n * (n + 1)), abs=1e-5)
    second = bidding_exploitability(shading([1.0] * n), second_price=True)
    assert second.nash_conv == pytest.approx(0.0, abs=2e-6)
    assert second.gains == pytest.approx(first.gains, abs=1e-5)  # revenue equivalence


def test_other_profiles_have_the_nash_conv_of_theory():
    # All bid the value at first price: the best reply shades by 4/5 and gains .8**4 * .2 / 6.
    honest = bidding_exploitability(shading([1.0] * 5))
    assert honest.gains == pytest.approx(0.0, abs=1e-12)
    assert honest.best == pytest.approx(0.8**4 * 0.2 / 6, abs=1e-6)
    assert honest.nash_conv == pytest.approx(5 * 0.8**4 * 0.2 / 6, abs=5e-6)
    # Two bid a quarter: each gains 3/4 of E[v; v wins] = 3/4 / 3. The best reply to bids spread
    # over 0 … 1/4 bids min(v / 2, 1/4): v**2 up to 1/2, v - 1/4 beyond, together 1/24 + 1/4.
    low = bidding_exploitability(shading([0.25, 0.25]))
    assert low.gains == pytest.approx(0.25, abs=1e-6)
    assert low.best == pytest.approx(1 / 24 + 1 / 4, abs=2e-6)
    # At second price, against one who bids half: bidding the value already is the best reply.
    uneven = bidding_exploitability(shading([1.0, 0.5]), second_price=True)
    assert uneven.best[0] == pytest.approx(uneven.gains[0], abs=2e-6)
    assert uneven.best[1] > uneven.gains[1] + 0.01


def test_a_table_on_the_line_is_the_line():
    line = shading([0.8] * 3)
    fine = np.repeat(np.linspace(0, 0.8, 9)[np.newaxis], 3, axis=0)
    one, other = bidding_exploitability(line, points=300), bidding_exploitability(fine, points=300)
    assert one.gains == pytest.approx(other.gains, abs=1e-12)
    assert one.best == pytest.approx(other.best, abs=1e-12)


profiles = st.integers(2, 3).flatmap(
    lambda n: st.lists(
        st.lists(st.floats(0.01, 0.6), min_size=3, max_size=3), min_size=n, max_size=n
    )
)


@given(profiles, st.booleans())
@settings(max_examples=15, deadline=None)
def test_play_agrees_with_the_integrals(steps, second_price):
    profile = np.cumsum(steps, axis=1)
    expected = bidding_exploitability(profile, second_price=second_price, points=400)
    assert expected.nash_conv >= -1e-12
    seats = np.broadcast_to(np.arange(len(profile)), (400, len(profile)))
    matches = play_auctions(profile, seats, np.arange(400), auctions=50, second_price=second_price)
    error = matches.std(axis=0) / np.sqrt(len(matches))
    assert (np.abs(matches.mean(axis=0) - expected.gains) < 4.5 * error + 1e-4).all()


def plain_match(tables, seats, seed, auctions, second_price):
    """One match, with plain floats and the same draws."""
    mask, gains = 2**64 - 1, [0.0] * len(seats)
    state = seed

    def draw():
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & mask
        bits = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & mask
        return bits ^ (bits >> 31)

    for _ in range(auctions):
        values = [(draw() >> 11) * 2.0**-53 for _ in seats]
        knots = np.linspace(0, 1, tables.shape[1])
        bids = [np.interp(value, knots, tables[s]) for value, s in zip(values, seats, strict=True)]
        winner = int(np.argmax(bids))
        price = sorted(bids)[-2] if second_price else bids[winner]
        gains[winner] += values[winner] - price
    return [gain / auctions for gain in gains]


def test_equals_plain_matches():
    rng = np.random.default_rng(3)
    tables = np.cumsum(rng.random((6, 4)), axis=1)  # rising, so that nothing ties
    seats, seeds = rng.integers(0, 6, (30, 3)), rng.integers(0, 2**63, 30).astype(np.uint64)
    for second_price in (False, True):
        played = play_auctions(tables, seats, seeds, auctions=5, second_price=second_price)
        for row, chairs, seed in zip(played, seats, seeds.tolist(), strict=True):
            expected = plain_match(tables, chairs, seed, 5, second_price)
            assert row == pytest.approx(expected, abs=1e-12)


def test_ties_are_broken_evenly():
    nothing = np.zeros((1, 2))
    gains = play_auctions(nothing, np.zeros((1, 4), int), [5], auctions=40_000)[0]
    # Four who bid nothing share the mean value evenly: 1/8 each.
    assert gains == pytest.approx([1 / 8] * 4, abs=4 * 0.26 / 200)


def test_it_is_a_contest_for_tournaments():
    contest = BiddingContest(shading([0.3, 0.5, 0.9]), ["shy", "even", "keen"], auctions=400)
    check_contest(contest)
    points = contest(np.array([[1, 2], [1, 0], [1, 1]]), np.arange(3, dtype=np.uint64))
    assert points[0, 0] > points[0, 1]  # against whoever bids too much, shading gains more
    assert points[2].sum() == pytest.approx(1 / 3, abs=0.03)  # half of E[max] = 2/3 is kept


def test_mistakes_are_explained():
    tables = shading([0.5, 0.6])
    for work, message in (
        (lambda: shading([-1.0]), "0 or more"),
        (lambda: shading([np.nan]), "finite"),
        (lambda: play_auctions([[1.0]], [[0]], [1]), "2 or more evenly spaced"),
        (lambda: play_auctions(tables, [[0, 2]], [1]), "strategies are 0 to 1"),
        (lambda: play_auctions(tables, [0, 1], [1]), "seats are int64"),
        (lambda: play_auctions(tables, [[0, 1]], [1, 2]), "one for each of 1 matches"),
        (lambda: play_auctions(tables, [[0, 1]], [1], auctions=0), "1 or more"),
        (lambda: bidding_exploitability(tables[:1]), "2 bidders or more"),
        (lambda: bidding_exploitability(tables, points=1), "points is 2 or more"),
        (lambda: bidding_exploitability([[0.0, 0.0], [0.0, 1.0]]), "small slope"),
        (lambda: BiddingContest(tables, ["one", "one"]), "as many different names"),
    ):
        with pytest.raises(BiddingError, match=message):
            work()


def test_numbers_of_other_kinds_are_explained():
    two = shading([0.5, 0.6])
    for mistake in (
        lambda: shading(["x"]),
        lambda: play_auctions(two, [[0, 1]], [-1]),
        lambda: play_auctions(two, [[0, 1]], [1], auctions=2.5),
        lambda: BiddingContest(two, auctions=0),
    ):
        with pytest.raises(BiddingError):
            mistake()
