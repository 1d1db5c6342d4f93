"""The parts of CMA-ES against the tutorial's equations, written out plainly."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from evolution.strategies.covariance import FullCovariance
from evolution.strategies.distribution import Distribution
from evolution.strategies.mirror import mirrored, nearest_images
from evolution.strategies.parameters import customary_population, parameters

# Constants


def test_the_constants_of_ten_genes_are_the_published_ones():
    p = parameters(10, customary_population(10))
    assert p.population == 10
    # As pycma prints them: "(5_w,10)-aCMA-ES (mu_w=3.2,w_1=45%)".
    assert round(p.mu_eff, 1) == 3.2
    assert round(100 * p.weights[0]) == 46
    assert p.c_sigma == pytest.approx(5.1672 / 18.1672, abs=1e-4)
    assert p.chi == pytest.approx(3.084727, abs=1e-3)


@given(st.integers(1, 300), st.integers(2, 400), st.booleans())
def test_weights_and_rates_keep_the_tutorials_promises(n, population, separable):
    p = parameters(n, population, separable)
    positive, negative = p.weights[: p.parents], p.weights[p.parents :]
    assert positive.sum() == pytest.approx(1.0)
    assert (np.diff(positive) < 0).all()
    assert p.mu_eff == pytest.approx(1 / (positive**2).sum())
    assert (negative <= 0).all()
    assert p.c_1 + p.c_mu <= 1.0 + 1e-12
    # With weights scaled as they are, no step takes more from C than decay leaves there.
    assert 1 - p.c_1 - p.c_mu + (n + 1) * 1e-12 >= n * p.c_mu * -negative.sum() - 1e-9
    if separable:
        assert (negative == 0).all()


# A generation


class Tutorial:
    """Equations 38 to 47 as they stand there, with C^(−½) and all."""

    def __init__(self, p, mean, sigma, C):
        self.p, self.m, self.sigma, self.C = p, mean, sigma, C
        self.p_sigma, self.p_c, self.g = np.zeros(p.n), np.zeros(p.n), 0

    def learn(self, x):
        p, n = self.p, self.p.n
        D2, B = np.linalg.eigh(self.C)
        root = B @ np.diag(D2**-0.5) @ B.T
        y = (x - self.m) / self.sigma
        self.g += 1
        y_w = sum(w * yi for w, yi in zip(p.weights[: p.parents], y, strict=False))
        self.m = self.m + self.sigma * y_w
        self.p_sigma = (1 - p.c_sigma) * self.p_sigma + np.sqrt(
            p.c_sigma * (2 - p.c_sigma) * p.mu_eff
        ) * (root @ y_w)
        length = np.linalg.norm(self.p_sigma)
        expected = np.sqrt(1 - (1 - p.c_sigma) ** (2 * self.g))
        h = float(length / expected < (1.4 + 2 / (n + 1)) * p.chi)
        self.p_c = (1 - p.c_c) * self.p_c + h * np.sqrt(p.c_c * (2 - p.c_c) * p.mu_eff) * y_w
        w = [
            wi if wi >= 0 else wi * n / np.linalg.norm(root @ yi) ** 2
            for wi, yi in zip(p.weights, y, strict=True)
        ]
        delta = (1 - h) * p.c_c * (2 - p.c_c)
        self.C = (
            (1 + p.c_1 * delta - p.c_1 - p.c_mu * p.weights.sum()) * self.C
            + p.c_1 * np.outer(self.p_c, self.p_c)
            + p.c_mu * sum(wi * np.outer(yi, yi) for wi, yi in zip(w, y, strict=True))
        )
        self.sigma *= np.exp(p.c_sigma / p.d_sigma * (length / p.chi - 1))
        return h


def full(distribution):
    return distribution.covariance.matrix


def test_updates_that_wait_count_as_those_that_were_made():
    rng = np.random.default_rng(4)
    ours, plain = FullCovariance(np.array([1.0, 4.0, 9.0])), np.diag([1.0, 4.0, 9.0])
    for i in range(12):
        # Of either sign, in any order.
        coefficients, vectors = 0.02 * rng.normal(size=6), rng.normal(size=(6, 3))
        ours.update(0.9, coefficients, vectors)
        plain = 0.9 * plain + np.einsum("k,ki,kj->ij", coefficients, vectors, vectors)
        plain += 0.1 * np.eye(3)
        ours.update(1.0, np.full(3, 0.1), np.eye(3))
        np.testing.assert_allclose(ours.matrix, plain, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(ours.variances, np.diag(plain), rtol=1e-12)
        if i % 5 == 4:
            ours.decompose()
            turned = (ours.axes * ours.scales**2) @ ours.axes.T
            np.testing.assert_allclose(turned, plain, rtol=1e-10, atol=1e-12)


def test_generations_are_the_tutorials():
    rng = np.random.default_rng(1)
    p = parameters(5, 12)
    assert p.gap == 1
    spread = np.array([1.0, 2.0, 0.5, 3.0, 1.0])
    ours = Distribution(p, np.ones(5), spread, separable=False)
    plain = Tutorial(p, np.ones(5), ours.sigma, np.diag((spread / ours.sigma) ** 2))
    steady = set()
    for generation in range(30):
        latent = rng.standard_normal((12, 5))
        steps = ours.covariance.steps(latent)
        x = ours.mean + ours.sigma * steps
        # A steep slope at first, so that both sides of the path's condition occur.
        order = np.argsort(x[:, 0] if generation < 12 else (x**2).sum(axis=1))
        ours.learn(latent, steps, order, 12)
        steady.add(plain.learn(x[order]))
        np.testing.assert_allclose(ours.mean, plain.m, rtol=1e-9)
        np.testing.assert_allclose(ours.sigma, plain.sigma, rtol=1e-9)
        np.testing.assert_allclose(ours.path_sigma, plain.p_sigma, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(ours.path_c, plain.p_c, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(full(ours), plain.C, rtol=1e-7, atol=1e-9)
    assert steady == {0.0, 1.0}


def test_separable_is_the_diagonal_of_the_same():
    rng = np.random.default_rng(1)
    p = parameters(6, 9, separable=True)
    whole = Distribution(p, np.zeros(6), np.ones(6), separable=False)
    diagonal = Distribution(p, np.zeros(6), np.ones(6), separable=True)
    latent = rng.standard_normal((9, 6))
    for distribution in (whole, diagonal):
        distribution.learn(latent, latent, rng.permutation(9) * 0 + np.arange(9), 9)
    np.testing.assert_allclose(diagonal.covariance.variances, np.diag(full(whole)), rtol=1e-12)
    np.testing.assert_allclose(diagonal.mean, whole.mean)


def test_a_rotated_generation_gives_the_rotated_distribution():
    rng = np.random.default_rng(2)
    turned = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    p = parameters(6, 9)
    here = Distribution(p, np.zeros(6), np.ones(6), separable=False)
    there = Distribution(p, np.zeros(6), np.ones(6), separable=False)
    for _ in range(20):
        latent = rng.standard_normal((9, 6))
        steps = here.covariance.steps(latent)
        order = np.argsort(((here.mean + here.sigma * steps) ** 2) @ np.logspace(0, 3, 6))
        rotated = steps @ turned.T
        there.learn(there.covariance.latent(rotated), rotated, order, 9)
        here.learn(latent, steps, order, 9)
    np.testing.assert_allclose(there.mean, turned @ here.mean, rtol=1e-8)
    np.testing.assert_allclose(there.sigma, here.sigma, rtol=1e-8)
    np.testing.assert_allclose(full(there), turned @ full(here) @ turned.T, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("separable", [False, True])
def test_steps_have_the_covariance_and_latent_rows_come_back(separable):
    rng = np.random.default_rng(3)
    p = parameters(4, 8, separable)
    ours = Distribution(p, np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0]), separable)
    for _ in range(15):
        latent = rng.standard_normal((8, 4))
        ours.learn(latent, ours.covariance.steps(latent), rng.permutation(8), 8)
    n = 40_000
    latent = rng.standard_normal((n, 4))
    steps = ours.covariance.steps(latent)
    np.testing.assert_allclose(ours.covariance.latent(steps), latent, atol=1e-9)
    C = np.diag(ours.covariance.variances) if separable else full(ours)
    error = np.sqrt((np.outer(np.diag(C), np.diag(C)) + C**2) / n)
    assert (np.abs(steps.T @ steps / n - C) < 4 * error).all()


# Mirrors


@given(
    st.floats(-1e3, 1e3, allow_subnormal=False),
    st.floats(-5, 5, allow_subnormal=False),
    st.sampled_from([0.0, 0.5, 3.0]),
    st.floats(-1e3, 1e3, allow_subnormal=False),
)
def test_mirrors_reflect_until_the_point_is_inside(point, low, width, centre):
    high = low + width
    plain = point
    while width and not low <= plain <= high:
        plain = 2 * low - plain if plain < low else 2 * high - plain
    bounds = np.array([low]), np.array([high])
    found = mirrored(np.array([[point]]), *bounds)
    assert low <= found[0, 0] <= high
    assert found[0, 0] == pytest.approx(plain if width else low, abs=1e-8)
    image = nearest_images(found, np.array([centre]), *bounds)
    if width:
        assert abs(image[0, 0] - centre) <= width * (1 + 1e-9) + 1e-9
        assert mirrored(image, *bounds)[0, 0] == pytest.approx(found[0, 0], abs=1e-8)


def test_points_within_bounds_stay_as_they_are_bit_for_bit():
    points = np.random.default_rng(1).uniform(-3, 7, (50, 4))
    beyond = np.concatenate([points, points + 11.0])
    bounds = np.full(4, -3.0), np.full(4, 7.0)
    np.testing.assert_array_equal(mirrored(beyond, *bounds)[:50], points)
