"""Bankruptcy beside fractions, the tables of the Talmud, and what no division may break."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.bankruptcy import (
    BankruptcyError,
    DivisionRule,
    bankruptcy_report,
    divide,
    waterfall,
)


def plain_equal(pot, caps):
    """Everybody the same, nobody more than the cap: in fractions, by raising the water."""
    shares = [Fraction(0)] * len(caps)
    open_rows = [i for i, cap in enumerate(caps) if cap > 0]
    left = Fraction(pot)
    while open_rows and left > 0:
        step = min(left / len(open_rows), min(caps[i] - shares[i] for i in open_rows))
        for i in open_rows:
            shares[i] += step
        left -= step * len(open_rows)
        open_rows = [i for i in open_rows if shares[i] < caps[i]]
    return shares


def plain_division(pot, claims, rule):
    total = sum(claims)
    pot = min(pot, total)
    if rule == DivisionRule.PROPORTIONAL:
        return [Fraction(pot * claim, total) if total else Fraction(0) for claim in claims]
    if rule == DivisionRule.EQUAL_AWARDS:
        return plain_equal(pot, [Fraction(claim) for claim in claims])
    if rule == DivisionRule.EQUAL_LOSSES:
        losses = plain_equal(total - pot, [Fraction(claim) for claim in claims])
        return [claim - loss for claim, loss in zip(claims, losses, strict=True)]
    halves = [Fraction(claim, 2) for claim in claims]
    if 2 * pot <= total:
        return plain_equal(pot, halves)
    losses = plain_equal(total - pot, halves)
    return [claim - loss for claim, loss in zip(claims, losses, strict=True)]


def rounded(pot, ideal):
    """The largest remainders are rounded up, among equals the earlier."""
    award = [int(share) for share in ideal]
    order = sorted(range(len(ideal)), key=lambda i: (award[i] - ideal[i], i))
    for i in order[: pot - sum(award)]:
        award[i] += 1
    return award


sizes = st.one_of(st.integers(0, 9), st.integers(0, 2**48))


@given(
    estates=st.lists(st.tuples(st.fractions(0, 1.3), st.lists(sizes, max_size=7)), max_size=4),
    rule=st.sampled_from(DivisionRule),
    shuffle=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_division_equals_the_rounded_fractions(estates, rule, shuffle):
    rows = [(g, claim) for g, (_, claims) in enumerate(estates) for claim in claims]
    shuffle.shuffle(rows)
    pots = [int(part * sum(claims)) for part, claims in estates]
    awards = divide(pots, [claim for _, claim in rows], rule, [g for g, _ in rows])
    for g, pot in enumerate(pots):
        mine = [k for k, row in enumerate(rows) if row[0] == g]
        claims = [rows[k][1] for k in mine]
        ideal = plain_division(pot, claims, rule)
        assert awards[mine].tolist() == rounded(min(pot, sum(claims)), ideal)


def plain_waterfall(estate, rows):
    paid = [0] * len(rows)
    for level in sorted({rank for _, rank in rows}):
        mine = [i for i, row in enumerate(rows) if row[1] == level]
        owed = sum(rows[i][0] for i in mine)
        pot = min(estate, owed)
        ideal = [Fraction(pot * rows[i][0], owed) if owed else Fraction(0) for i in mine]
        for i, share in zip(mine, rounded(pot, ideal), strict=True):
            paid[i] = share
        estate -= pot
    return paid, estate


@given(
    estates=st.lists(
        st.tuples(
            st.integers(0, 60),
            st.lists(st.tuples(st.integers(0, 20), st.integers(-2, 2)), max_size=8),
        ),
        max_size=5,
    ),
    shuffle=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_the_waterfall_equals_the_plain_one(estates, shuffle):
    rows = [(g, *row) for g, (_, claims) in enumerate(estates) for row in claims]
    shuffle.shuffle(rows)
    group, claim, rank = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 3
    settled = waterfall([estate for estate, _ in estates], claim, rank, group)
    for g, (estate, _) in enumerate(estates):
        mine = [k for k, row in enumerate(rows) if row[0] == g]
        paid, left = plain_waterfall(estate, [rows[k][1:] for k in mine])
        assert settled.paid[mine].tolist() == paid
        assert settled.residual[g] == left
        assert sum(paid) + left == estate


def test_the_talmuds_table():
    """Aumann & Maschler 1985, table 1, in thirds of a token so that nothing is rounded."""
    claims = [300, 600, 900]
    table = {300: [100, 100, 100], 600: [150, 225, 225], 900: [150, 300, 450]}
    for estate, awards in table.items():
        assert divide(estate, claims, DivisionRule.TALMUD).tolist() == awards
    # The garment: one claims all of it, the other half; they receive 3/4 and 1/4.
    assert divide(200, [200, 100], DivisionRule.TALMUD).tolist() == [150, 50]


@pytest.mark.parametrize(
    ("rule", "dual"),
    [
        (DivisionRule.TALMUD, DivisionRule.TALMUD),
        (DivisionRule.PROPORTIONAL, DivisionRule.PROPORTIONAL),
        (DivisionRule.EQUAL_AWARDS, DivisionRule.EQUAL_LOSSES),
    ],
)
def test_losses_are_divided_by_the_dual_rule(rule, dual):
    rng = np.random.default_rng(5)
    for _ in range(20):
        claims = rng.integers(0, 50, 6)
        pot = int(rng.integers(0, claims.sum() + 1))
        losses = claims - divide(pot, claims, rule)
        assert np.abs(losses - divide(claims.sum() - pot, claims, dual)).max() <= 1


def test_the_largest_estates_stay_exact():
    claims = np.array([2**53 - 2000, *[1] * 2000])
    for rule in DivisionRule:
        awards = divide(2**53 - 1001, claims, rule)
        assert int(awards.sum()) == 2**53 - 1001
        assert ((awards >= 0) & (awards <= claims)).all()
    many = np.full(3000, 2**53)  # their running sum exceeds int64
    settled = waterfall(many, many, 0 * many, np.arange(3000))
    assert (settled.paid == many).all()
    assert not settled.residual.any()


def test_the_report_counts_failures_and_recoveries():
    claim, rank = [70, 40, 20, 5], [0, 1, 1, 2]
    report = bankruptcy_report(1, 8, claim, rank, waterfall(100, claim, rank))
    assert report.rate == 0.125
    assert report.recovery == 100 / 135
    assert report.recovery_of_class == {0: 1.0, 1: 0.5, 2: 0.0}
    assert (report.shortfall, report.wiped_out) == (35, 1)
    nothing = bankruptcy_report(0, 0, [], [], waterfall([], [], [], []))
    assert (nothing.rate, nothing.recovery, nothing.wiped_out) == (0, 1, 0)
    with pytest.raises(BankruptcyError, match="3 failed of 2"):
        bankruptcy_report(3, 2, claim, rank, waterfall(100, claim, rank))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"estate": [1, 2], "claim": [1]}, "need group"),
        ({"estate": 1, "claim": [1, 2], "group": [0]}, "2 claims, but group has 1"),
        ({"estate": 1, "claim": [1], "group": [1]}, "group must name estates 0 to 0"),
        ({"estate": -1, "claim": [1]}, "estates are 0 to"),
        ({"estate": 1, "claim": [2**53 + 1]}, "claims are 0 to"),
        ({"estate": 1, "claim": [2**53, 1]}, "the claims on estate 0 sum to"),
        ({"estate": 1, "claim": [2**53] * 2049}, "the claims on estate 0 sum to"),
        ({"estate": 1, "claim": [0.5]}, "whole numbers"),
    ],
)
def test_what_cannot_be_divided_is_explained(arguments, message):
    with pytest.raises(BankruptcyError, match=message):
        divide(**arguments)


def test_every_claim_has_a_class():
    with pytest.raises(BankruptcyError, match="2 claims, but 1 seniorities"):
        waterfall(10, [1, 2], [0])
