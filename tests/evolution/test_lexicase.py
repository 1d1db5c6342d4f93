"""Lexicase: who is chosen, how often, and with which tolerance."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from evolution import AskTellError, GenomeSpec, Lexicase, ObjectiveError, Real, lexicase_select

SPEC = GenomeSpec({"x": Real(4, -1.0, 1.0)})
small = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.sampled_from([0, 1, 3])
)


def deviation(values):
    return float(np.median(np.abs(values - np.median(values))))


def chances(errors, tolerance):
    """The chance of each row, over all orders of the cases."""
    n, cases = errors.shape
    chance = np.zeros(n)
    orders = list(permutations(range(cases)))
    for order in orders:
        left = list(range(n))
        for case in order:
            of_case = errors[left, case]
            limit = of_case.min() + tolerance(of_case, errors[:, case])
            left = [row for row in left if errors[row, case] <= limit]
        for row in left:
            chance[row] += 1 / (len(orders) * len(left))
    return chance


TOLERANCES = {
    0.0: lambda left, everybody: 0.0,
    1.0: lambda left, everybody: 1.0,
    "semi-dynamic": lambda left, everybody: deviation(everybody),
    "dynamic": lambda left, everybody: deviation(left),
}


@pytest.mark.parametrize("epsilon", TOLERANCES)
@settings(max_examples=25, deadline=None)
@given(errors=small, seed=st.integers(0, 2**32))
def test_parents_are_as_frequent_as_over_all_orders_of_the_cases(epsilon, errors, seed):
    k = 4000
    chosen = lexicase_select(errors, k, np.random.default_rng(seed), epsilon)
    share = np.bincount(chosen, minlength=len(errors)) / k
    expected = chances(errors, TOLERANCES[epsilon])
    assert not share[expected == 0].any()
    assert (np.abs(share - expected) <= 5.5 * np.sqrt(expected * (1 - expected) / k) + 1e-12).all()


def test_a_specialist_is_chosen_that_a_sum_would_drop():
    errors = np.array([[0.0, 9.0], [3.0, 3.0], [4.0, 0.0]])
    chosen = lexicase_select(errors, 200, np.random.default_rng(1))
    assert set(chosen.tolist()) == {0, 2}


def test_failures_are_chosen_only_where_nobody_succeeded():
    nan = np.nan
    assert set(lexicase_select([[nan, nan], [5, 7]], 50, np.random.default_rng(1)).tolist()) == {1}
    for epsilon in (0.0, "semi-dynamic", "dynamic"):
        rng = np.random.default_rng(1)
        count = Counter(lexicase_select(np.full((3, 2), nan), 300, rng, epsilon).tolist())
        assert set(count) == {0, 1, 2}


def test_down_sampling_draws_the_cases_anew_for_each_generation():
    search = Lexicase(SPEC, 10, 1, cases=40, downsample=0.2)
    seen = []
    for _ in range(30):
        x = search.ask()["x"]
        assert len(search.cases) == 8
        assert len(set(search.cases.tolist())) == 8
        seen += search.cases.tolist()
        search.tell(np.abs(x[:, :1] - search.cases / 40))
    # 240 draws over 40 cases: each about 6 times.
    assert len(set(seen)) == 40
    with pytest.raises(AskTellError, match="receives nobody"):
        search.receive(search.residents)
    search.ask()
    with pytest.raises(ObjectiveError, match=r"expected \[10, 8\]"):
        search.tell(np.zeros((10, 40)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cases": 0}, "cases is 0"),
        ({"cases": np.arange(5)}, "expected how many there are"),
        ({"epsilon": None}, "epsilon is None"),
        ({"downsample": 0.0}, "downsample is 0.0"),
        ({"epsilon": -1.0}, "epsilon is -1.0"),
        ({"epsilon": "mad"}, "epsilon is 'mad'; allowed: a number"),
    ],
)
def test_bad_settings_teach(changed, message):
    with pytest.raises(AskTellError, match=message):
        Lexicase(SPEC, 10, 1, **{"cases": 5, **changed})


def test_errors_of_no_use_teach():
    for errors in ([3.0, 1.0], np.empty((0, 3)), np.empty((3, 0)), np.zeros((2, 2, 2))):
        with pytest.raises(ObjectiveError, match="expected"):
            lexicase_select(errors, 1, np.random.default_rng(1))
