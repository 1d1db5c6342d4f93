"""Which modes a sample reaches, against a plain reference and on planted collapse."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.imitation import (
    ImitationError,
    Mixture,
    MixtureGenerators,
    NetworkGenerators,
    grid,
    line,
    mode_coverage,
    ring,
)


def plain_coverage(points, target, least):
    """A point at a time: near points of each mode, all points of each mode."""
    K = len(target.modes)
    near, nearest = [0] * K, [0] * K
    for point in points:
        distances = [math.dist(point, mode) for mode in target.modes]
        mode = distances.index(min(distances))
        nearest[mode] += 1
        near[mode] += distances[mode] <= 3 * target.deviation
    size = len(points)
    captured = sum(
        count >= max(least * weight * size, 1)
        for count, weight in zip(near, target.weights, strict=True)
    )
    kl = sum(
        count / size * math.log(count / size / weight)
        for count, weight in zip(nearest, target.weights, strict=True)
        if count
    )
    return np.array(near) / size, captured, sum(near) / size, max(kl, 0.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 6), st.integers(1, 3))
def test_coverage_is_that_of_a_plain_count(seed, size, K, d):
    rng = np.random.default_rng(seed)
    target = Mixture(rng.normal(size=(K, d)), 0.3, rng.uniform(0.5, 1.0, K))
    points = rng.normal(size=(2, size, d))
    found = mode_coverage(points, target, least=0.3)
    for row in range(2):
        shares, captured, quality, kl = plain_coverage(points[row], target, 0.3)
        np.testing.assert_allclose(found.shares[row], shares)
        assert found.captured[row] == captured
        assert found.high_quality[row] == pytest.approx(quality)
        assert found.reverse_kl[row] == pytest.approx(kl, abs=1e-12)


def test_benchmarks_have_the_sizes_of_the_papers():
    eight, squares, three = ring(), grid(), line()
    np.testing.assert_allclose(np.hypot(*eight.modes.T), 1.0)
    assert (len(eight.modes), eight.deviation) == (8, 0.01)
    assert sorted(set(squares.modes.ravel())) == [-4.0, -2.0, 0.0, 2.0, 4.0]
    assert (len(squares.modes), squares.deviation) == (25, 0.05)
    assert three.modes.ravel().tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize("target", [ring(), grid(), line(5)], ids=["ring", "grid", "line"])
def test_the_target_itself_covers_all_its_modes(target):
    n = 4000
    found = mode_coverage(target.sample(n, np.random.default_rng(1)), target)
    # Within 3 deviations: 1 − exp(−9/2) in two dimensions, erf(3/√2) in one.
    expected = 1 - math.exp(-4.5) if target.dimensions == 2 else math.erf(3 / math.sqrt(2))
    z = (found.high_quality[0] - expected) / math.sqrt(expected * (1 - expected) / n)
    assert found.captured[0] == len(target.modes)
    assert abs(z) < 4
    # 2 n KL of K shares is about χ² with K − 1 degrees of freedom.
    free = len(target.modes) - 1
    assert abs(2 * n * found.reverse_kl[0] - free) < 4 * math.sqrt(2 * free)
    assert not found.collapsed[0]


@pytest.mark.parametrize("kept", [1, 3, 4, 5, 8])
def test_planted_collapse_is_detected_and_measured(kept):
    target = ring()
    some = Mixture(target.modes[:kept], target.deviation)
    found = mode_coverage(some.sample(2000, np.random.default_rng(kept)), target)
    assert found.captured[0] == kept
    assert found.reverse_kl[0] == pytest.approx(math.log(8 / kept), abs=0.01)
    assert found.collapsed[0] == (kept <= 4)


def test_a_sample_that_is_nowhere_has_failed_but_not_collapsed():
    found = mode_coverage(np.zeros((1, 100, 2)), ring())
    assert found.captured[0] == 0
    assert found.high_quality[0] == 0
    assert not found.collapsed[0]


def test_a_generator_on_one_mode_is_seen_among_generators():
    kind = MixtureGenerators(components=8, narrowest=0.01)
    genomes = {
        "centres": np.stack([ring().modes.ravel(), np.tile(ring().modes[3], 8)]),
        "log_deviations": np.full((2, 8), math.log(0.01)),
    }
    found = mode_coverage(kind.points(genomes, 400, seed=1), ring())
    assert found.captured.tolist() == [8, 1]
    assert found.collapsed.tolist() == [False, True]


def test_networks_make_what_a_plain_network_makes_of_the_same_noise():
    kind = NetworkGenerators(noise=2, hidden=3)
    genomes = kind.spec.sample(4, np.random.default_rng(2))
    points = kind.points(genomes, 5, seed=9)
    noise = np.random.default_rng(9).uniform(-1, 1, (5, 2))
    for row in range(4):
        inner = genomes["inner"][row].reshape(3, 3)
        outer = genomes["outer"][row].reshape(4, 2)
        hidden = np.tanh(noise @ inner[:2] + inner[2])
        np.testing.assert_allclose(points[row], hidden @ outer[:3] + outer[3])


def test_points_of_another_shape_are_refused_with_an_example():
    with pytest.raises(ImitationError, match=r"expected \[n, N, 2\]"):
        mode_coverage(np.zeros((3, 4, 5)), ring())
    with pytest.raises(ImitationError, match=r"such as 0\.25"):
        mode_coverage(np.zeros((4, 2)), ring(), least=2)
    with pytest.raises(ImitationError, match="above 0"):
        ring(deviation=0)
