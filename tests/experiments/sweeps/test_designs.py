"""Designs against what defines them, and seeds that nobody shares by accident."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from experiments.sweeps import SweepError, load_sweep
from experiments.sweeps.designs import grid, latin_hypercube, random
from experiments.sweeps.factors import FactorError, Levels, Range, factor_of
from experiments.sweeps.levels import flat
from experiments.sweeps.rounds import points_of
from experiments.sweeps.seeds import refuse_repeats, replicate_seeds

SHARES = st.floats(0, 1, exclude_max=True)


@st.composite
def ranges(draw):
    whole, log = draw(st.booleans()), draw(st.booleans())
    if whole:
        low = draw(st.integers(1 if log else -50, 50))
        return Range("x", low, low + draw(st.integers(1, 100)), log)
    low = draw(st.floats(1e-3 if log else -50, 50))
    return Range("x", low, low + draw(st.floats(0.1, 100)), log)


class TestFactors:
    @given(ranges(), st.lists(SHARES, min_size=2, max_size=2))
    def test_range(self, factor, shares):
        first, second = (factor.at(share) for share in sorted(shares))
        assert factor.low <= first <= second <= factor.high
        assert all(isinstance(value, int if factor.whole else float) for value in (first, second))
        assert factor.at(0) == factor.low

    @given(st.integers(-20, 20), st.integers(1, 30))
    def test_whole_numbers_have_equal_shares(self, low, more):
        factor = Range("x", low, low + more)
        shares = (np.arange(10 * (more + 1)) + 0.5) / (10 * (more + 1))
        found = [factor.at(share) for share in shares]
        assert all(found.count(value) == 10 for value in range(low, low + more + 1))

    def test_ratios(self):
        factor = Range("x", 0.01, 1.0, log=True)
        assert factor.at(0.5) == pytest.approx(0.1)
        assert factor.spread(3) == pytest.approx((0.01, 0.1, 1.0))

    @given(ranges(), st.integers(2, 12))
    def test_spread(self, factor, count):
        values = factor.spread(count)
        assert (values[0], values[-1]) == pytest.approx((factor.low, factor.high))
        assert list(values) == sorted(set(values))
        assert len(values) == count or factor.whole

    def test_levels(self):
        factor = factor_of("x", ["a", "b", "c"])
        assert [factor.at(share) for share in (0, 0.33, 0.34, 0.99)] == ["a", "a", "b", "c"]
        assert factor_of("x", [0, 0.5]).dtype is float
        assert factor_of("x", [True, False]).dtype is bool
        lists = factor_of("x", [[], ["a", "b"]])
        assert [lists.label(value) for value in lists.values] == ["none", "a+b"]

    @pytest.mark.parametrize("given", [[], 3, "a", [1, 1.0], [{}], [math.nan], [[1]], {"low": 1}])
    def test_refused(self, given):
        with pytest.raises(FactorError, match=r"got|a range has"):
            factor_of("x", given)

    def test_a_parameter_may_be_called_as_the_end_of_a_range(self):
        table = {"a": {"low": [1, 2], "high": {"low": 1, "high": 2}}, "b": {"low": 1, "high": 2}}
        assert dict(flat(table)) == {
            "a.low": [1, 2],
            "a.high": {"low": 1, "high": 2},
            "b": {"low": 1, "high": 2},
        }


class TestDesigns:
    def test_grid(self):
        factors = [Levels("a", (1, 2)), Range("b", 0.0, 1.0), Levels("c", ("x", "y"))]
        points = grid(factors, 3)
        assert points == list(itertools.product((1, 2), (0.0, 0.5, 1.0), ("x", "y")))
        assert grid([], 3) == [()]

    @given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 2**32))
    @settings(max_examples=30, deadline=None)  # scipy.stats takes its time to import
    def test_latin_hypercube_has_one_point_in_each_part(self, trials, count, seed):
        factors = [Range(str(k), 0.0, 1.0) for k in range(count)]
        points = np.array(latin_hypercube(factors, trials, np.random.default_rng(seed)))
        parts = np.sort((points * trials).astype(int), axis=0)
        np.testing.assert_array_equal(parts, np.repeat(np.arange(trials)[:, None], count, 1))

    @given(st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 20))
    @settings(max_examples=30)
    def test_more_random_points_begin_with_the_same(self, seed, few, more):
        factors = [Range("a", 2, 5), Range("b", 0.1, 0.3), Levels("c", (True, False))]
        first, both = (
            random(factors, count, np.random.default_rng(seed)) for count in (few, few + more)
        )
        assert both[:few] == first
        assert all(2 <= a <= 5 and 0.1 <= b <= 0.3 and type(c) is bool for a, b, c in both)

    def test_random_is_uniform(self):
        points = random([Range("a", 1, 4)], 4000, np.random.default_rng(0))
        counts = np.bincount([a for (a,) in points], minlength=5)[1:]
        z = (counts - 1000) / math.sqrt(4000 * 0.25 * 0.75)
        assert np.abs(z).max() < 4

    def test_points_depend_on_the_seed_alone(self):
        def points(**options):
            plan = load_sweep("schelling", ["minimum=0..6"], trials=8, **options)
            return points_of(plan)

        for design in ("random", "latin-hypercube"):
            assert points(design=design) == points(design=design, replicates=9)
            assert points(design=design) != points(design=design, seed=2)


class TestSeeds:
    def test_more_replicates_keep_the_first(self):
        assert replicate_seeds(7, 50)[:20] == replicate_seeds(7, 20)
        assert set(replicate_seeds(7, 50)).isdisjoint(replicate_seeds(8, 50))
        assert all(0 <= seed < 2**63 for seed in replicate_seeds(7, 200))

    def test_a_seed_that_stands_twice_is_refused(self):
        refuse_repeats([1, 2, 3], 0)
        with pytest.raises(SweepError, match="the same seed; give another, such as --seed 1"):
            refuse_repeats([1, 2, 1], 0)

    def test_points_share_them(self):
        plan = load_sweep("boltzmann", ["people=5,6"], replicates=3)
        for point in points_of(plan):
            seeds = [plan.study_at(point, seed).seed for seed in plan.seeds]
            assert seeds == replicate_seeds(1, 3)
