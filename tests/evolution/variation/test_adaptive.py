"""Step sizes that adapt: their distributions, and that they find the step a problem wants."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import variation
from evolution.variation import OneFifthRule, VariationError
from tests.evolution.variation.samples import N, assert_mean, generator


def log_changes(steps, size, **options):
    """Logarithms of the factors of step sizes, and the steps of genes over their new sizes."""
    rows = np.full((len(steps), size), 0.5)
    children, changed = variation.self_adaptive_mutation(
        rows, steps, -1e6, 1e6, generator(), **options
    )
    moved = (children - rows) / 2e6
    return np.log(changed / steps), moved / changed


def test_one_step_size_changes_by_a_log_normal_factor_and_genes_by_the_new_size():
    size = 8
    logs, z = log_changes(np.full((N, 1), 1e-3), size, learning=0.5)
    assert_mean(logs, 0.0)
    assert_mean(logs.ravel() ** 2, 0.5**2 / size)
    assert_mean(z, 0.0)
    assert_mean(z.ravel() ** 2, 1.0)
    assert_mean(z.ravel() ** 4, 3.0)  # normal given the new size; given the old one, wider


def test_many_step_sizes_share_a_factor_and_have_their_own():
    size = 5
    logs, z = log_changes(np.full((N, size), 1e-4), size)
    common, own = 1 / (2 * size), 1 / (2 * np.sqrt(size))
    assert_mean(logs, 0.0)
    assert_mean(logs[:, 1] ** 2, common + own)
    assert_mean(logs[:, 0] * logs[:, 3], common)
    assert_mean(z.ravel() ** 2, 1.0)


def test_only_genes_that_are_hit_move_and_only_their_steps():
    rows, steps = np.full((N, 3), 0.5), np.full((N, 3), 0.05)
    children, changed = variation.self_adaptive_mutation(rows, steps, 0, 1, generator(), 0.2)
    np.testing.assert_array_equal(children != rows, changed != steps)
    assert_mean((children != rows).ravel().astype(float), 0.2)
    one = np.full((N, 1), 0.05)
    children, changed = variation.self_adaptive_mutation(rows, one, 0, 1, generator(), 0.2)
    np.testing.assert_array_equal((children != rows).any(axis=1), (changed != one)[:, 0])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    span=st.sampled_from([0.0, 1e-9, 1.0, 1e6]),
    each=st.booleans(),
    learning=st.sampled_from([0.0, 1.0, 30.0]),
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_bounds_dtype_and_inputs_are_kept(seed, span, each, learning, dtype):
    rng = generator(seed)
    low = np.array([-3.0, 0.0, 5.0], dtype)
    high = (low + span).astype(dtype)
    rows = rng.uniform(low, high, (20, 3)).astype(dtype).clip(low, high)
    steps = rng.uniform(1e-6, 1.0, (20, 3 if each else 1))
    before = rows.tobytes(), steps.tobytes()
    children, changed = variation.self_adaptive_mutation(
        rows, steps, low, high, rng, 0.8, learning, least=1e-6
    )
    assert (rows.tobytes(), steps.tobytes()) == before
    assert children.dtype == dtype
    assert ((children >= low) & (children <= high)).all()
    assert changed.shape == steps.shape
    assert ((changed >= 1e-6) & (changed <= 1.0)).all()


@pytest.mark.parametrize("count", [1, 10])
def test_an_evolution_strategy_of_self_adaptive_steps_goes_to_the_optimum(count):
    rng = generator(3)
    size = 10
    parents, steps = rng.uniform(-5, 5, (15, size)), np.full((15, count), 0.3)
    for _ in range(250):
        chosen, mates = rng.integers(0, 15, (2, 100))
        mean = variation.intermediate_crossover(steps[chosen], steps[mates])
        children = variation.uniform_crossover(parents[chosen], parents[mates], rng)
        children, changed = variation.self_adaptive_mutation(children, mean, -5, 5, rng)
        best = np.argsort((children**2).sum(axis=1))[:15]
        parents, steps = children[best], changed[best]
    # From 83 on average; a step size that stayed where it began would stop near 1.
    assert (parents[0] ** 2).sum() < 1e-6


def test_the_one_fifth_rule_finds_the_step_that_succeeds_one_time_in_five():
    rng = generator(4)
    point, rule = np.full((1, 10), 0.9), OneFifthRule(0.5, window=20)
    for _ in range(3000):
        child = variation.gaussian_mutation(point, -1, 1, rng, 1.0, rule.deviation)
        improved = (child**2).sum() < (point**2).sum()
        rule = rule.told([improved])
        point = child if improved else point
    assert (point**2).sum() < 1e-9
    # The step that is best on a sphere is about 1.2·distance/size; the rule is near it.
    relative = rule.deviation * 2 / np.sqrt((point**2).sum())
    assert 0.02 < relative < 1.0


def test_the_one_fifth_rule_turns_at_the_end_of_every_window():
    rule = OneFifthRule(0.1, window=10, factor=0.5)
    assert rule.told([True] * 3 + [False] * 7).deviation == 0.2
    assert rule.told([True] + [False] * 9).deviation == 0.05
    assert rule.told([True] * 2 + [False] * 8) == rule  # one in five exactly
    assert rule.told([True] * 9) == OneFifthRule(0.1, window=10, factor=0.5, trials=9, successes=9)
    assert rule.told([False] * 1000).deviation == 1e-12
    assert rule.told([True] * 1000).deviation == 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), max_size=60), st.data())
def test_trials_may_be_told_in_any_portions(trials, data):
    rule = OneFifthRule(0.1, window=7)
    cut = data.draw(st.integers(0, len(trials)))
    assert rule.told(trials) == rule.told(trials[:cut]).told(trials[cut:])
    assert OneFifthRule(**asdict(rule.told(trials))) == rule.told(trials)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda mutate: mutate(np.full((4, 3), 0.1)), r"steps are \[4, 3\]; expected \[4, 1\]"),
        (lambda mutate: mutate(np.zeros((4, 1))), "could never grow"),
        (lambda mutate: mutate(np.ones((4, 1)), learning=-1.0), "learning is -1.0"),
        (lambda mutate: mutate(np.ones((4, 1)), least=0.0), "least 0.0"),
        (lambda mutate: mutate(np.ones((4, 1)), rate=2.0), "rate is 2.0"),
        (lambda mutate: OneFifthRule(0.0), "deviation from least to most"),
        (lambda mutate: OneFifthRule(window=0), "at least 1 trial"),
        (lambda mutate: OneFifthRule(factor=1.2), "factor between 0 and 1"),
        (lambda mutate: OneFifthRule(target=0.0), "target between 0 and 1"),
        (lambda mutate: OneFifthRule(trials=50), "successes ≤ trials < window"),
    ],
)
def test_parameters_that_cannot_be_are_refused(call, message):
    def mutate(steps, **options):
        rows = np.full((4, 2), 0.5)
        return variation.self_adaptive_mutation(rows, steps, 0, 1, generator(), **options)

    with pytest.raises(VariationError, match=message):
        call(mutate)
