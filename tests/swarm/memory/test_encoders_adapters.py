"""Adapters: planted maps are found, and the network is taken where it is needed and only there."""

import numpy as np
import pytest

from swarm.memory.encoders import (
    EncoderError,
    MLPAdapter,
    Procrustes,
    Ridge,
    restored_adapter,
    train_adapter,
)


def linear(
    rng: np.random.Generator, n: int = 400, noise: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    old = rng.normal(size=(n, 5)) * [1, 2, 3, 0.5, 1] + 2
    weights, intercept = rng.normal(size=(5, 3)), rng.normal(size=3)
    return old, old @ weights + intercept + noise * rng.normal(size=(n, 3)), weights, intercept


def bent(rng: np.random.Generator, n: int = 1_000) -> tuple[np.ndarray, np.ndarray]:
    old = rng.normal(size=(n, 4))
    hidden = np.tanh(1.5 * old @ rng.normal(size=(4, 12)))
    return old, hidden @ rng.normal(size=(12, 3)) + 0.05 * rng.normal(size=(n, 3))


def test_ridge_recovers_a_planted_map() -> None:
    old, new, weights, intercept = linear(np.random.default_rng(1))
    found = Ridge.fit(old, new)
    assert np.allclose(found.weights, weights, atol=1e-6)
    assert np.allclose(found.intercept, intercept, atol=1e-5)
    assert np.allclose(found.apply(old), new, atol=1e-4)
    assert found.apply(old).dtype == np.float32
    assert not found.unit


def test_the_penalty_is_the_one_that_leaving_out_would_choose() -> None:
    # Golub, Heath & Wahba's formula from the hat matrix itself, for every penalty.
    rng = np.random.default_rng(2)
    old, new, _, _ = linear(rng, n=12, noise=3.0)
    X, Y = old - old.mean(axis=0), new - new.mean(axis=0)
    scale = np.trace(X.T @ X) / 5
    shares = (1e-6, 1e-3, 0.01, 0.1, 0.3, 1.0, 10.0)
    scores = []
    for share in shares:
        hat = X @ np.linalg.solve(X.T @ X + share * scale * np.eye(5), X.T)
        missed = ((Y - hat @ Y) ** 2).sum()
        scores.append(12 * missed / (12 - 1 - np.trace(hat)) ** 2)
    best = int(np.argmin(scores))
    assert 0 < best < len(shares) - 1  # the case has an inner optimum
    found = Ridge.fit(old, new, shares)
    assert np.isclose(found.penalty, shares[best] * scale)
    solved = np.linalg.solve(X.T @ X + found.penalty * np.eye(5), X.T @ Y)
    assert np.allclose(found.weights, solved)


def test_more_dimensions_than_pairs_still_gives_a_map() -> None:
    rng = np.random.default_rng(3)
    direction = rng.normal(size=(1, 30))
    amount = rng.normal(size=(12, 1))
    found = Ridge.fit(amount @ direction + 0.01 * rng.normal(size=(12, 30)), amount * [1.0, 2.0])
    assert np.allclose(found.apply(3 * direction), [[3, 6]], atol=0.3)
    same = Ridge.fit(np.ones((4, 2)), np.arange(4.0)[:, None])
    assert same.apply(np.ones((1, 2))).tolist() == [[1.5]]


@pytest.mark.parametrize("widths", [(4, 4), (3, 5), (5, 3)])
def test_procrustes_recovers_a_rotation_scale_and_shift(widths: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    size = max(widths)
    turn = np.linalg.qr(rng.normal(size=(size, size)))[0][: widths[0], : widths[1]]
    old = rng.normal(size=(50, widths[0]))
    if widths[0] > widths[1]:  # nothing lies in what is projected away
        old = rng.normal(size=(50, widths[1])) @ turn.T
    shift = rng.normal(size=widths[1])
    found = Procrustes.fit(old, 2.5 * old @ turn + shift)
    assert np.allclose(found.apply(old), 2.5 * old @ turn + shift, atol=1e-5)


def test_vectors_of_length_one_stay_so() -> None:
    rng = np.random.default_rng(5)
    old = rng.normal(size=(300, 6))
    new = old[:, :4] + rng.normal(size=(300, 4))
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    found = Ridge.fit(old, new)
    assert np.linalg.norm(found.predict(old), axis=1).mean() < 0.9
    assert np.allclose(np.linalg.norm(found.apply(old), axis=1), 1, atol=1e-6)


def test_the_held_out_error_is_of_pairs_that_were_not_trained_on() -> None:
    # Pure noise, nearly as many dimensions as pairs: training error would be near 0.
    rng = np.random.default_rng(6)
    training = train_adapter(rng.normal(size=(60, 40)), rng.normal(size=(60, 3)), rng)
    assert (training.trained, training.held_out) == (48, 12)
    assert set(training.errors) == {"ridge", "procrustes"}
    assert min(training.errors.values()) > 0.8


def test_few_pairs_of_a_rotation_take_procrustes() -> None:
    rng = np.random.default_rng(7)
    old = rng.normal(size=(80, 40))
    turn = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    new = old @ turn + 0.2 * rng.normal(size=(80, 40))
    training = train_adapter(old, new, rng, held_out=0.5)
    assert training.adapter.kind == "procrustes"
    assert training.errors["procrustes"] < training.errors["ridge"]


def test_adapters_help_to_find_and_say_how_much() -> None:
    rng = np.random.default_rng(8)
    old = rng.normal(size=(500, 8))
    new = (old * [9, 3, 1, 0.3, 0.1, 0.1, 0.1, 0.1]) @ rng.normal(size=(8, 8))
    recall = train_adapter(old, new, rng, network=False).recall
    assert recall["adapted"] > 0.99
    assert recall["old"] < 0.6


def test_the_network_is_taken_where_the_map_bends() -> None:
    pytest.importorskip("torch")
    training = train_adapter(*bent(np.random.default_rng(9)), np.random.default_rng(1))
    assert training.adapter.kind == "mlp"
    assert training.errors["mlp"] < 0.5 * training.errors["ridge"]


def test_the_network_is_not_taken_where_the_map_is_straight() -> None:
    pytest.importorskip("torch")
    old, new, _, _ = linear(np.random.default_rng(10), n=600, noise=0.5)
    training = train_adapter(old, new, np.random.default_rng(1), network=True)
    assert training.adapter.kind == "ridge"
    assert set(training.errors) == {"ridge", "procrustes", "mlp"}


def test_the_network_begins_at_ridge_and_repeats_itself() -> None:
    pytest.importorskip("torch")
    old, new = bent(np.random.default_rng(11), n=600)
    never, *twice = [
        MLPAdapter.fit(old, new, np.random.default_rng(1), epochs=epochs, hidden=64)
        for epochs in (0, 5, 5)
    ]
    assert not never.outer.any()
    assert twice[0].outer.any()
    assert (twice[0].apply(old) == twice[1].apply(old)).all()
    again = restored_adapter(twice[0].state())
    assert (again.apply(old) == twice[0].apply(old)).all()


def test_adapters_are_saved_as_arrays() -> None:
    old, new, _, _ = linear(np.random.default_rng(12), noise=1.0)
    for adapter in (Ridge.fit(old, new), Procrustes.fit(old, new)):
        state = adapter.state()
        again = restored_adapter(state)
        assert type(again) is type(adapter)
        assert (again.apply(old) == adapter.apply(old)).all()
        state["weights"][:] = 0
        assert adapter.weights.any()


def test_errors_say_what_is_allowed() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(EncoderError, match="row by row"):
        Ridge.fit(np.zeros((3, 2)), np.zeros((4, 2)))
    with pytest.raises(EncoderError, match="finite"):
        Ridge.fit(np.full((3, 2), np.nan), np.zeros((3, 2)))
    with pytest.raises(EncoderError, match="width 2 to width 1"):
        Ridge.fit(np.eye(2), np.ones((2, 1))).apply(np.zeros((1, 3)))
    with pytest.raises(EncoderError, match="10 pairs or more"):
        train_adapter(np.zeros((5, 2)), np.zeros((5, 2)), rng)
    with pytest.raises(EncoderError, match="20 pairs or more"):
        MLPAdapter.fit(np.zeros((10, 2)), np.zeros((10, 2)), rng)
    with pytest.raises(EncoderError, match="kind ridge, procrustes, mlp"):
        restored_adapter({"kind": "ridge"})
    with pytest.raises(EncoderError, match="width 1"):
        Ridge(np.zeros((2, 1)), np.zeros(2))
