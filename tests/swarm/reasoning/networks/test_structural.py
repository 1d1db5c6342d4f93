"""Structural models: the noise of a network, its units, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings

from swarm.reasoning.networks import (
    BayesNetwork,
    NetworkError,
    StructuralModel,
    independent_model,
    load_network,
    monotone_model,
    query,
    random_dag,
    random_network,
)
from tests.swarm.reasoning.networks.worlds import listed, seeds, small_model, unit

NO_YES = ("no", "yes")


def parity(**changed: object) -> StructuralModel:
    """y is x, or its opposite with a chance of 0.1."""
    parts: dict = {
        "names": ("x", "y"),
        "states": (NO_YES, NO_YES),
        "parents": ((), (0,)),
        "chances": (np.array([0.3, 0.7]), np.array([0.9, 0.1])),
        "functions": (np.array([0, 1]), np.array([[0, 1], [1, 0]])),
    }
    return StructuralModel(**(parts | changed))


def test_a_model_has_the_tables_of_its_noise() -> None:
    network = parity().network
    np.testing.assert_allclose(network.tables[0], [0.3, 0.7])
    np.testing.assert_allclose(network.tables[1], [[0.9, 0.1], [0.1, 0.9]])


@settings(deadline=None, max_examples=60)
@given(seed=seeds)
def test_models_of_a_network_have_its_tables(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrows = random_dag(int(rng.integers(1, 6)), rng, mean_parents=1.0, parents_max=2)
    network = random_network(arrows, rng, cards=(1, 3), concentration=0.3)
    models = [monotone_model(network), independent_model(network, noise_states_max=20_000)]
    for model in models:
        assert (model.names, model.states, model.parents) == (
            network.names,
            network.states,
            network.parents,
        )
        for table, expected in zip(model.network.tables, network.tables, strict=True):
            np.testing.assert_allclose(table, expected, atol=1e-11)


@pytest.mark.parametrize("name", ["asia", "sachs", "alarm"])
def test_monotone_noise_is_small_and_exact(name: str) -> None:
    network = load_network(name)
    model = monotone_model(network)
    for v, chances in enumerate(model.chances):
        rows = network.tables[v].size // network.cards[v]
        assert len(chances) <= rows * (network.cards[v] - 1) + 1
        assert (np.diff(model.functions[v], axis=-1) >= 0).all()
        np.testing.assert_allclose(model.network.tables[v], network.tables[v], atol=1e-12)


def test_independent_noise_answers_each_configuration_independently() -> None:
    tables = (np.array([0.3, 0.7]), np.array([[0.9, 0.1], [0.4, 0.6]]))
    network = BayesNetwork(("x", "y"), (NO_YES, NO_YES), ((), (0,)), tables)
    model = independent_model(network)
    assert model.functions[1].tolist() == [[0, 0, 1, 1], [0, 1, 0, 1]]
    np.testing.assert_allclose(model.chances[1], [0.36, 0.54, 0.04, 0.06])
    # The other coupling: whoever answers yes at a chance of 0.1 does so at one of 0.6.
    assert monotone_model(network).functions[1].tolist() == [[0, 0, 1], [0, 1, 1]]
    np.testing.assert_allclose(monotone_model(network).chances[1], [0.4, 0.5, 0.1])


@given(seed=seeds)
@settings(deadline=None, max_examples=60)
def test_units_unfold_one_by_one(seed: int) -> None:
    model = small_model(seed)
    rng = np.random.default_rng(seed)
    v = int(rng.integers(len(model)))
    do = {v: int(rng.integers(model.network.cards[v]))}
    noise = model.noise(20, rng)
    for forced in ({}, do):
        expected = [unit(model, tuple(row), forced) for row in noise.tolist()]
        assert model.unfold(noise, forced).tolist() == expected


def test_units_follow_the_network() -> None:
    model = monotone_model(load_network("asia"))
    n = 40_000
    for do in ({}, {"smoke": "no", "tub": "yes"}):
        rows = model.sample(n, np.random.default_rng(5), do)
        for v in range(len(model)):
            chance = query(model.network, v, do=do)[0]
            error = np.sqrt(chance * (1 - chance) / n) + 1e-12
            assert abs((rows[:, v] == 0).mean() - chance) < 4 * error


def test_noise_follows_its_chances() -> None:
    model = parity(
        chances=(np.array([0.3, 0.7]), np.array([0.0, 0.2, 0.8, 0.0])),
        functions=(np.array([0, 1]), np.zeros((2, 4), int)),
    )
    n = 20_000
    noise = model.noise(n, np.random.default_rng(0))
    for v, chances in enumerate(model.chances):
        counts = np.bincount(noise[:, v], minlength=len(chances))
        error = np.sqrt(n * chances * (1 - chances))
        assert (np.abs(counts - n * chances) <= 4 * error).all()


@given(seed=seeds)
@settings(deadline=None, max_examples=30)
def test_a_model_and_its_network_agree_after_doing(seed: int) -> None:
    model = small_model(seed)
    cells = np.zeros(model.network.cards)
    do = {0: 1}
    for noise in np.ndindex(*(len(chances) for chances in model.chances)):
        weight = np.prod([c[u] for c, u in zip(model.chances, noise, strict=True)])
        cells[tuple(unit(model, noise, do))] += weight
    np.testing.assert_allclose(listed(model.network, do), cells, atol=1e-12)


WRONG = {
    "too few": ({"chances": (np.ones(1),)}, "chances must have one entry for each of the 2 names"),
    "no distribution": (
        {"chances": (np.array([0.3, 0.6]), np.ones(1))},
        r"the noise of x must be chances ≥ 0 that sum to 1, such as \(0.2, 0.8\); got \[0.3, 0.6\]",
    ),
    "shape": (
        {"functions": (np.array([0, 1]), np.array([0, 1]))},
        r"the function of y must be states 0..1 in shape \(2, 2\), an axis for each parent and "
        r"its noise last; got int64 in \(2,\)",
    ),
    "range": ({"functions": (np.array([0, 2]), np.zeros((2, 2), int))}, "the function of x must"),
    "kind": ({"functions": (np.array([0.0, 1.0]), np.zeros((2, 2), int))}, "got float64"),
    "parents": ({"parents": ((), (3,))}, "the parents of y must be distinct"),
    "circle": (
        {"parents": ((1,), (0,)), "functions": (np.zeros((2, 2), int),) * 2},
        "the arrows run in a circle: x → y → x",
    ),
}


@pytest.mark.parametrize(("changed", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_model_is_refused(changed: dict, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        parity(**changed)


def test_too_much_independent_noise_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"more than the 4096 allowed; use monotone_model"):
        independent_model(load_network("alarm"))
