"""Intervals, effect sizes and tests: published figures, plain references, promised coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate, stats

from arenas.ratings.significance import holm
from experiments.comparing.differences import PAIRED, WELCH, difference
from experiments.comparing.effects import g_av, hedges_g
from experiments.comparing.intervals import mean_interval

# Hours of sleep gained with two drugs, ten patients (Student 1908).
SLEEP_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])

VALUES = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=7)


class TestPublished:
    """Of Student's sleep data, as the manual of R's t.test prints them."""

    def test_welch(self):
        found = difference(SLEEP_1, SLEEP_2, paired=False)
        assert found.kind == WELCH
        assert found.p == pytest.approx(0.07939, abs=1e-5)
        assert found.mean == pytest.approx((1.58, -0.2054832, 3.3654832), abs=1e-6)

    def test_pairs(self):
        found = difference(SLEEP_1, SLEEP_2, paired=True)
        assert found.kind == PAIRED
        assert found.p == pytest.approx(0.002833, abs=1e-6)
        assert found.mean == pytest.approx((1.58, 0.7001142, 2.4598858), abs=1e-6)

    def test_mean(self):
        """By hand: 0.75 ± 2.262157 · 1.789010 / √10."""
        assert mean_interval(SLEEP_1) == pytest.approx((0.75, -0.529778, 2.029778), abs=1e-5)

    def test_hedges_g(self):
        """Ratings of two films (Lakens 2013, table 1): g = 1.08."""
        first = np.array([9, 7, 8, 9, 8, 9, 9, 10, 9, 9.0])
        second = np.array([9, 6, 7, 8, 7, 9, 8, 8, 8, 7.0])
        assert round(hedges_g(second, first).value, 2) == 1.08

    def test_hedges_g_of_borenstein(self):
        """Means 103 and 100, deviations 5.5 and 4.5, fifty each (2009, ch. 4): g = 0.5924."""
        shape = np.random.default_rng(0).normal(0, 1, (2, 50))
        shape -= shape.mean(1, keepdims=True)
        shape /= shape.std(1, ddof=1, keepdims=True)
        g = hedges_g(100 + 4.5 * shape[0], 103 + 5.5 * shape[1])
        assert g.value == pytest.approx(0.5924, abs=1e-4)

    def test_bounds_of_g_are_those_of_the_noncentral_t(self):
        """Its distribution by its definition, P(Z + c < t √(χ² / 18)), integrated."""
        t, scale = 1.8608135, math.sqrt(1 / 10 + 1 / 10)
        g = hedges_g(SLEEP_1, SLEEP_2)
        factor = g.value / (scale * t)
        for bound, tail in ((g.low, 0.975), (g.high, 0.025)):
            noncentrality = bound / (factor * scale)

            def below(u, c=noncentrality):
                return stats.norm.cdf(t * u / math.sqrt(18) - c) * stats.chi.pdf(u, 18)

            assert integrate.quad(below, 0, 15)[0] == pytest.approx(tail, abs=1e-5)

    def test_holm(self):
        found = holm([0.01, 0.04, 0.03, 0.005, math.nan])
        assert found[:4] == pytest.approx([0.03, 0.06, 0.06, 0.02])
        assert math.isnan(found[4])


class TestAgainstPlainWords:
    @settings(max_examples=40)
    @given(VALUES, VALUES)
    def test_superiority_is_a_count_of_couples(self, a, b):
        couples = [(y > x) + 0.5 * (y == x) for x in a for y in b]
        found = difference(np.array(a), np.array(b), paired=False)
        assert found.superiority == pytest.approx(np.mean(couples))
        assert found.cliffs_delta == pytest.approx(2 * np.mean(couples) - 1)

    @given(VALUES)
    def test_superiority_of_pairs(self, a):
        b = np.roll(a, 1)
        wins = [(y > x) + 0.5 * (y == x) for x, y in zip(a, b, strict=True)]
        assert difference(np.array(a), b, paired=True).superiority == pytest.approx(np.mean(wins))

    @given(st.lists(st.floats(0, 1), max_size=8))
    def test_holm(self, p):
        """Each is tested as if it alone were left with those that are no smaller."""
        found = holm(p)
        order = sorted(range(len(p)), key=p.__getitem__)
        for rank, i in enumerate(order):
            plain = max(min(1, p[j] * (len(p) - k)) for k, j in enumerate(order[: rank + 1]))
            assert found[i] == pytest.approx(plain)

    @settings(max_examples=25)
    @given(VALUES, VALUES)
    def test_turned_round(self, a, b):
        there = difference(np.array(a), np.array(b), paired=False)
        back = difference(np.array(b), np.array(a), paired=False)
        mirrored = (-back.mean.value, -back.mean.high, -back.mean.low)
        assert there.mean == pytest.approx(mirrored, nan_ok=True)
        turned = (-back.effect.value, -back.effect.high, -back.effect.low)
        assert there.effect == pytest.approx(turned, nan_ok=True, abs=1e-6)
        assert there.p == pytest.approx(back.p, nan_ok=True)


def share_holding(draw, truth, interval, times):
    """How far the share of intervals that hold the truth is from 95%, in standard errors."""
    rng = np.random.default_rng(5)
    held = sum(low <= truth <= high for _, low, high in (interval(draw(rng)) for _ in range(times)))
    return (held / times - 0.95) / math.sqrt(0.95 * 0.05 / times)


class TestCoverage:
    def test_mean(self):
        z = share_holding(lambda rng: rng.normal(3, 2, 4), 3, mean_interval, 1000)
        assert abs(z) < 4

    def test_welch_with_unequal_spread(self):
        def interval(pair):
            return difference(*pair, paired=False).mean

        z = share_holding(lambda r: (r.normal(0, 1, 6), r.normal(1, 3, 9)), 1, interval, 150)
        assert abs(z) < 4

    def test_hedges_g(self):
        def interval(pair):
            return hedges_g(*pair)

        z = share_holding(lambda r: (r.normal(0, 1, 8), r.normal(0.8, 1, 8)), 0.8, interval, 250)
        assert abs(z) < 4

    def test_g_av(self):
        """Pairs of correlation 0.8."""

        def draw(rng):
            both, own = rng.normal(0, 1, 10), rng.normal(0, 1, (2, 10))
            a, b = math.sqrt(0.8) * both + math.sqrt(0.2) * own
            return a, b + 0.5

        z = share_holding(draw, 0.5, lambda pair: g_av(*pair), 250)
        assert abs(z) < 4

    def test_g_has_no_bias(self):
        """Cohen's d of two groups of four would be 15% too large."""
        rng = np.random.default_rng(3)
        found = [hedges_g(rng.normal(0, 1, 4), rng.normal(1, 1, 4)).value for _ in range(250)]
        assert abs(np.mean(found) - 1) < 4 * np.std(found) / math.sqrt(len(found))

    def test_resampled_mean_of_skewed_values(self):
        draws = np.random.default_rng(1).exponential(1, (80, 25))
        held = [
            low <= 1 <= high for _, low, high in (mean_interval(x, "resampling") for x in draws)
        ]
        assert 0.84 < np.mean(held) <= 1


class TestWhatIsThere:
    def test_nothing_flags_about_one_in_twenty(self):
        rng = np.random.default_rng(11)
        p = [
            difference(rng.normal(0, 1, 5), rng.normal(0, 1, 5), paired=bool(i % 2)).p
            for i in range(240)
        ]
        z = (np.mean(np.array(p) < 0.05) - 0.05) / math.sqrt(0.05 * 0.95 / len(p))
        assert abs(z) < 4

    @pytest.mark.parametrize("method", ["t", "resampling"])
    @pytest.mark.parametrize("paired", [True, False])
    def test_a_planted_difference_is_found(self, method, paired):
        rng = np.random.default_rng(2)
        a = rng.normal(0, 1, 10)
        found = difference(a, rng.normal(3, 1, 10), paired, method)
        assert found.p < 0.01
        assert 0 < found.mean.low < 3 < found.mean.high
        assert found.effect.low > 0.5
        assert found.superiority > 0.9

    @pytest.mark.parametrize("method", ["t", "resampling"])
    def test_pairs_that_go_together_are_surer(self, method):
        rng = np.random.default_rng(4)
        luck = rng.normal(0, 5, 8)
        a, b = luck + rng.normal(0, 0.1, 8), luck + 1 + rng.normal(0, 0.1, 8)
        together, apart = (difference(a, b, paired, method) for paired in (True, False))
        assert np.ptp(together.mean[1:]) < 0.1 * np.ptp(apart.mean[1:])
        assert together.p < 0.01 < 0.5 < apart.p
        assert together.effect.value == pytest.approx(apart.effect.value, rel=0.1)


class TestWithoutAnAnswer:
    def test_one_replicate(self):
        assert mean_interval(np.array([2.0])) == pytest.approx((2, math.nan, math.nan), nan_ok=True)
        for paired in (True, False):
            found = difference(np.array([1.0]), np.array([3.0]), paired)
            assert found.mean.value == 2
            assert not found.mean.bounded
            assert math.isnan(found.p)
            assert math.isnan(found.effect.value)

    def test_one_against_many_has_no_interval_either(self):
        found = difference(np.array([1.0]), np.array([3.0, 4.0, 5.0]), paired=False)
        assert (found.mean.value, found.mean.bounded) == (3, False)

    @pytest.mark.parametrize("paired", [True, False])
    @pytest.mark.parametrize("method", ["t", "resampling"])
    def test_nothing_varies(self, paired, method):
        found = difference(np.full(3, 2.0), np.full(3, 5.0), paired, method)
        assert found.mean == (3, 3, 3)
        assert math.isnan(found.p)
        assert math.isnan(found.effect.value)
        assert mean_interval(np.full(3, 0.1), method) == pytest.approx((0.1, 0.1, 0.1))

    @pytest.mark.parametrize("method", ["t", "resampling"])
    def test_one_group_does_not_vary(self, method):
        found = difference(np.full(4, 2.0), np.array([5.0, 6.0, 5.5, 5.2]), False, method)
        assert found.mean.bounded
        assert found.p < 0.05

    def test_a_difference_far_beyond_the_spread_has_bounds(self):
        near = np.array([0.0, 1e-3, -1e-3])
        g = hedges_g(near, near + 5)
        assert 0 < g.low < g.value < g.high < math.inf

    def test_pairs_of_unequal_number(self):
        with pytest.raises(ValueError, match="got 2 and 3"):
            difference(np.zeros(2), np.zeros(3), paired=True)
