"""Attacks on staked reputation; each is also made on the naive rule, where it does gain."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.economy.reputation.registry import OK, reputation_with


def average_of_ratings(ratings, n, prior=0.5):
    """The naive rule: the mean of what others said of a name, `prior` while nobody said anything.

    ``ratings`` are rows (rater, rated, value in [0, 1]).
    """
    said = [[value for _, rated, value in ratings if rated == i] for i in range(n)]
    return np.array([np.mean(values) if values else prior for values in said])


scripts = st.lists(
    st.one_of(
        st.tuples(st.just("attest"), st.integers(0, 3), st.integers(0, 1000), st.integers(1, 300)),
        st.tuples(st.just("unbond"), st.integers(0, 3), st.just(0), st.integers(1, 200)),
        st.tuples(st.just("reveal"), st.integers(0, 1000)),
        st.tuples(st.just("fade")),
    ),
    max_size=25,
)


@given(script=scripts, outsider=st.integers(0, 1000), earning=st.integers(0, 1024))
@settings(max_examples=60, deadline=None)
def test_a_ring_of_names_never_outweighs_the_single_name_that_does_the_same(
    script, outsider, earning
):
    """Names 0 to 3 of a Sybil ring in one world; in the other, name 0 does it all."""
    worlds = []
    for ring in (True, False):
        tokens = [500] * 4 if ring else [2000, 0, 0, 0]
        _, reputation, names = reputation_with([*tokens, 1000], 5, earning=earning)
        reputation.bond(names, [*tokens, 1000])
        worlds.append((reputation, ring))
    for step in script:
        accepted = None
        for reputation, ring in worlds:
            claim = max(reputation._claims.opened - 1, 0)
            if not reputation._claims.opened:
                reputation.open_claims()
                reputation.attest(4, 0, outsider, 30)
            match step:
                case ("attest", who, report, stake):
                    if accepted is not False:
                        refusals = reputation.attest(who if ring else 0, claim, report, stake)
                        accepted = bool(refusals[0] == OK)
                        assert accepted or ring
                case ("unbond", who, _, amount):
                    if accepted is not False:
                        accepted = not reputation.unbond(who if ring else 0, amount)[0]
                        assert accepted or ring
                case ("reveal", truth):
                    reputation.reveal(claim, truth)
                    new = reputation.open_claims()
                    reputation.attest(4, new, outsider, 30)
                case ("fade",):
                    reputation.fade()
        (ring, _), (single, _) = worlds
        assert single.bonds[0] == ring.bonds[:4].sum()
        assert single.weights[0] >= ring.weights[:4].sum()


@given(
    parts=st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 400)), min_size=2, max_size=4),
    outsiders=st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 400)), max_size=3),
    truth=st.sampled_from([0, 1000]),
)
@settings(max_examples=60, deadline=None)
def test_hedging_never_beats_the_mean_report(parts, outsiders, truth):
    total = sum(stake for _, stake in parts)
    # The mean report need not be whole: it is made of the two whole ones beside it.
    mean = sum(report * stake for report, stake in parts) // total
    spare = sum(report * stake for report, stake in parts) - mean * total
    held = []
    for rows in (parts, [(mean, total - spare), (mean + 1, spare)]):
        _, reputation, (me, other) = reputation_with(2000, 2)
        reputation.bond([me, other], 2000)
        claim = reputation.open_claims()
        for report, stake in rows:
            if stake:
                assert reputation.attest(me, claim, report, stake)[0] == OK
        for report, stake in outsiders:
            reputation.attest(other, claim, report, stake)
        reputation.reveal(claim, truth)
        held.append((reputation.bonds[me], reputation.weights[me]))
    rounding = len(parts) + 2
    assert held[0][0] <= held[1][0] + rounding
    assert held[0][1] <= held[1][1] + rounding


def test_whitewashing_gains_nothing():
    _, reputation, (old,) = reputation_with(1000)
    account = reputation._names["account"][old]
    reputation.bond(old, 500)
    claims = reputation.open_claims(4)
    reputation.attest(old, claims, [1000, 1000, 0, 0], 100)
    reputation.reveal(claims, 1000)  # right twice, wrong twice
    before = reputation.weights[old]
    assert before > 0
    (new,) = reputation.join(account)
    reputation.unbond(old, reputation.bonds[old])
    reputation.bond(new, 400)
    assert reputation.weights[new] == 0
    assert reputation.weights[[old, new]].sum() < before

    naive = average_of_ratings([(1, 0, 0.1), (2, 0, 0.0)], n=4)
    assert naive[3] > naive[0]  # the new name has the better standing


def test_a_ring_that_praises_itself_gains_nothing():
    """Claims that only the ring stakes on: as a whole it cannot gain a token."""
    ledger, reputation, names = reputation_with(300, 4)
    reputation.bond(names, 300)
    claims = reputation.open_claims(20)
    for k in claims:
        reputation.attest(names, k, [1000, 1000, 0, 500], 10)
    reputation.reveal(claims, 1000)
    assert reputation.bonds.sum() < 1200
    assert reputation.bonds.sum() + ledger.balance(reputation.treasury) == 1200
    assert (reputation.weights <= reputation.bonds).all()

    alone = average_of_ratings([(4, 0, 0.2)], n=5)
    ring = average_of_ratings([(4, 0, 0.2), (1, 0, 1.0), (2, 0, 1.0), (3, 0, 1.0)], n=5)
    assert ring[0] > alone[0]


def test_slander_costs_only_the_slanderer():
    held = []
    for slander in (False, True):
        _, reputation, (victim, slanderer) = reputation_with(500, 2)
        reputation.bond([victim, slanderer], 500)
        claim = reputation.open_claims()
        reputation.attest(victim, claim, 900, 100)
        if slander:
            reputation.attest(slanderer, claim, 0, 400)
        reputation.reveal(claim, 1000)
        held.append((reputation.bonds.tolist(), reputation.weights.tolist()))
    (calm, calm_weights), (slandered, slandered_weights) = held
    assert slandered[0] >= calm[0]
    assert slandered_weights[0] >= calm_weights[0]
    assert slandered[1] < calm[1]
    assert slandered_weights[1] == 0

    naive = average_of_ratings([(2, 0, 0.9)], n=3)
    smeared = average_of_ratings([(2, 0, 0.9), (1, 0, 0.0)], n=3)
    assert smeared[0] < naive[0]


@pytest.mark.parametrize("belief", [0, 130, 500, 820, 1000])
def test_to_report_what_one_believes_is_best(belief):
    """Lambert et al. 2008, theorem 1: in expected tokens, whatever the others say."""
    expected = []
    reports = range(0, 1001, 10)
    for report in reports:
        kept = []
        for truth in (1000, 0):
            _, reputation, (me, other) = reputation_with(2**41, 2)
            reputation.bond([me, other], 2**40)
            claim = reputation.open_claims()
            reputation.attest([me, other], claim, [report, 350], [2**39, 2**40])
            reputation.reveal(claim, truth)
            kept.append(int(reputation.bonds[me]))
        expected.append((belief * kept[0] + (1000 - belief) * kept[1]) / 1000)
    assert reports[int(np.argmax(expected))] == belief


def test_a_rule_that_takes_weight_by_name_would_fall_for_hedging():
    """Had wrong stakes cost weight, down to the floor, a ring could shed the loss."""

    def by_name(outcomes):
        return sum(max(0, sum(stakes)) for stakes in outcomes)

    ring, single = by_name([[+100], [-100]]), by_name([[+100, -100]])
    assert ring > single
    weights = []
    for who in ((0, 1), (0, 0)):
        _, reputation, names = reputation_with(400, 2)
        reputation.bond(names, [400, 400])
        claim = reputation.open_claims()
        reputation.attest(names[list(who)], claim, [1000, 0], 100)
        reputation.reveal(claim, 1000)
        weights.append(reputation.weights.sum())
    assert weights[0] <= weights[1]
