"""Surrogates: what they learn, how well they know what they do not know, and what they refuse."""

import builtins

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import Categorical, GenomeSpec, Integer, Permutation, Real, Simplex
from evolution.surrogates import (
    ForestEnsemble,
    NeuralEnsemble,
    RidgeEnsemble,
    Surrogate,
    SurrogateError,
    features,
)
from evolution.surrogates.forest import _best_split

QUICK = ["quadratic", "fourier", "forest"]
# To load torch takes seconds.
NEURAL = pytest.param("neural", marks=pytest.mark.slow)
KINDS = {
    "quadratic": RidgeEnsemble,
    "fourier": lambda: RidgeEnsemble("fourier"),
    "forest": ForestEnsemble,
    "neural": lambda: NeuralEnsemble(hidden=16, steps=100, members=5, rate=0.03),
}


def made(kind) -> Surrogate:
    if kind == "neural":
        pytest.importorskip("torch")
    return KINDS[kind]()


def bowl(x):
    return (x * x).sum(axis=1)


def waves(x):
    return np.sin(2 * x[:, 0]) + x[:, 1] ** 2


def stairs(x):
    return np.floor(x[:, 0]) + 3.0 * (x[:, 1] > 0)


def explained(surrogate, function, n=150, d=4, seed=1):
    rng = np.random.default_rng(seed)
    X, fresh = rng.normal(size=(n, d)), rng.normal(size=(2_000, d))
    truth = function(fresh)
    mean, deviation = surrogate.fit(X, function(X), seed).predict(fresh)
    return 1 - ((truth - mean) ** 2).mean() / truth.var(), (truth - mean) / deviation


@pytest.mark.parametrize(
    ("kind", "function", "least"),
    [
        ("quadratic", bowl, 1 - 1e-9),
        ("fourier", waves, 0.75),
        ("forest", stairs, 0.75),
        pytest.param("neural", waves, 0.9, marks=pytest.mark.slow),
    ],
)
def test_each_kind_learns_what_it_is_for(kind, function, least):
    assert explained(made(kind), function)[0] > least


@pytest.mark.parametrize("kind", [*QUICK, NEURAL])
def test_deviations_say_how_far_off_predictions_are(kind):
    errors = np.concatenate([explained(made(kind), waves, n=80, seed=seed)[1] for seed in range(3)])
    assert 0.55 < (np.abs(errors) < 1).mean() < 0.92
    assert 0.88 < (np.abs(errors) < 2).mean() <= 1.0


@pytest.mark.parametrize("kind", QUICK)
def test_noise_alone_is_known_to_be_noise(kind):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(200, 3)), rng.normal(size=200)
    mean, deviation = made(kind).fit(X, y, 1).predict(rng.normal(size=(500, 3)))
    assert 0.7 < deviation.mean() < 2.5
    assert mean.std() < deviation.mean()


@pytest.mark.parametrize("kind", ["quadratic", "fourier", NEURAL])
def test_less_is_known_far_away(kind):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 3))
    surrogate = made(kind).fit(X, np.sin(X).sum(axis=1) + 0.1 * rng.normal(size=60), 1)
    near, far = (surrogate.predict(X[:20] * reach).deviation.mean() for reach in (1, 8))
    assert far > 2 * near


@pytest.mark.parametrize("kind", QUICK)
def test_predictions_do_not_depend_on_units(kind):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    plain = made(kind).fit(X, y, 1).predict(X)
    other = (
        made(kind)
        .fit(X * [1e6, 1e-3, 1.0] + 7.0, 1e4 * y - 5.0, 1)
        .predict(X * [1e6, 1e-3, 1.0] + 7.0)
    )
    np.testing.assert_allclose(other.mean, 1e4 * plain.mean - 5.0, atol=100.0)
    np.testing.assert_allclose(other.deviation, 1e4 * plain.deviation, rtol=0.02)


@pytest.mark.parametrize("kind", QUICK)
def test_examples_left_out_teach_nothing_of_themselves(kind):
    """An example that lies is an outlier to those that did not see it."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100, 2))
    y = X[:, 0] + 0.01 * rng.normal(size=100)
    middle = int(np.argmin(bowl(X)))
    y[middle] += 100.0
    assert made(kind).fit(X, y, 1).left_out[middle] < 50.0


@pytest.mark.parametrize("kind", [*QUICK, NEURAL])
def test_failed_examples_are_left_out(kind):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    y[:5] = [np.nan, np.inf, -np.inf, np.nan, np.inf]
    surrogate = made(kind).fit(X, y, 1)
    np.testing.assert_array_equal(surrogate.rows, np.arange(5, 40))
    again = made(kind).fit(X[5:], y[5:], 1)
    for first, second in zip(surrogate.predict(X), again.predict(X), strict=True):
        np.testing.assert_array_equal(first, second)
        assert np.isfinite(first).all()


@pytest.mark.parametrize("kind", QUICK)
def test_what_never_changes_is_predicted_so(kind):
    X = np.zeros((20, 2))
    mean, deviation = made(kind).fit(X, np.full(20, 3.0), 1).predict(X)
    np.testing.assert_allclose(mean, 3.0, atol=0.2)
    assert np.isfinite(deviation).all()


@pytest.mark.parametrize("kind", QUICK)
def test_equal_genomes_are_not_known_from_each_other(kind):
    rng = np.random.default_rng(1)
    X, noise = np.tile(rng.normal(size=(60, 3)), (2, 1)), np.tile(rng.normal(size=60), 2)
    assert np.corrcoef(made(kind).fit(X, noise, 1).left_out, noise)[0, 1] < 0.2


@pytest.mark.parametrize("kind", QUICK)
@pytest.mark.parametrize("always", [0.0, 0.1])
def test_a_gene_that_never_changed_is_not_magnified(kind, always):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(80, 3))
    X[:, 1] = always
    other = X + np.array([0.0, 40.0, 0.0])
    surrogate = made(kind).fit(X, bowl(X), 1)
    np.testing.assert_allclose(surrogate.predict(other).mean, surrogate.predict(X).mean, rtol=1e-6)


@pytest.mark.parametrize("kind", QUICK)
def test_a_penalty_too_large_to_be_squared_has_failed(kind):
    X = np.random.default_rng(1).normal(size=(40, 3))
    y = bowl(X)
    y[:3] = [1e200, -1e300, np.finfo(float).max]
    surrogate = made(kind).fit(X, y, 1)
    np.testing.assert_array_equal(surrogate.rows, np.arange(3, 40))
    assert np.isfinite(surrogate.predict(X)).all()


@pytest.mark.parametrize("kind", ["quadratic", "forest"])
def test_weights_say_what_matters(kind):
    rng = np.random.default_rng(1)
    X = np.repeat(rng.integers(0, 2, (50, 1)), 2, axis=0).astype(float)
    y = np.tile([0.0, 1.0], 50)
    weights = np.tile([1.0, 9.0], 50)
    mean = made(kind).fit(X, y, 1, weights).predict(X).mean
    np.testing.assert_allclose(mean, 0.9, atol=0.05)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 3), st.integers(1, 3))
def test_a_split_is_allowed_and_as_good_as_it_says(seed, n, d, least):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (n, d)).astype(float)
    y = rng.normal(size=n)
    gene, threshold = _best_split(X, y, np.ones(n), np.arange(n), least, rng)
    allowed = [
        j
        for j in range(d)
        if any(least <= (X[:, j] <= cut).sum() <= n - least for cut in (0, 1, 2))
    ]
    if gene >= 0:
        assert gene in allowed
        assert least <= (X[:, gene] <= threshold).sum() <= n - least
    elif least == 1:
        # Thresholds lie between the extremes, so one example on each side is always possible.
        assert not allowed


def test_features_tell_genomes_apart_as_their_loci_mean():
    spec = GenomeSpec(
        {
            "x": Real(2),
            "n": Integer(1, -3, 3),
            "kind": Categorical(2, (2, 3)),
            "order": Permutation(3),
            "w": Simplex(2),
        }
    )
    genomes = spec.from_json(
        '{"x": [0.25, 0.5], "n": [-2], "kind": [1, 2], "order": [2, 0, 1], "w": [0.25, 0.75]}'
    )
    np.testing.assert_array_equal(
        features(spec, genomes),
        [[0.25, 0.5, -2.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 0.0, 0.25, 0.75]],
    )


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: RidgeEnsemble("cubic"), "'cubic'"),
        (lambda: RidgeEnsemble(members=7), "multiples of 5"),
        (lambda: ForestEnsemble(least=0), "1 example or more"),
        (lambda: RidgeEnsemble().predict([[1.0]]), "before fit"),
        (lambda: RidgeEnsemble().fit(np.zeros((9, 2)), np.zeros(9), 1), "at least 10"),
        (lambda: RidgeEnsemble().fit(np.zeros((20, 2)), np.zeros(19), 1), r"expected \[n, d\]"),
        (
            lambda: RidgeEnsemble().fit(np.eye(20), np.arange(20), 1).predict([[1.0]]),
            r"expected \[k, 20\]",
        ),
    ],
)
def test_errors_teach(attempt, message):
    with pytest.raises(SurrogateError, match=message):
        attempt()


def test_without_torch_one_line_names_the_extra(monkeypatch):
    real = builtins.__import__

    def without_torch(name, *arguments, **more):
        if name == "torch":
            raise ImportError("No module named 'torch'")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    with pytest.raises(SurrogateError, match=r"pip install noosphere\[neural\]") as raised:
        NeuralEnsemble()
    assert "\n" not in str(raised.value)
