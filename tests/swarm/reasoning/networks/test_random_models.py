"""Random graphs, networks and models: what was asked for, equal for equal generators."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.networks import (
    NetworkError,
    PartlyHidden,
    StructuralModel,
    query,
    random_dag,
    random_model,
    random_network,
    with_confounders,
)
from tests.swarm.reasoning.networks.worlds import seeds


@given(seed=seeds, V=st.integers(1, 12), limit=st.integers(0, 5), data=st.data())
def test_graphs_have_the_arrows_asked_for(
    seed: int, V: int, limit: int, data: st.DataObject
) -> None:
    room = sum(min(place, limit) for place in range(V))
    edges = data.draw(st.integers(0, room))
    arrows = random_dag(V, np.random.default_rng(seed), edges, parents_max=limit)
    assert arrows.dtype == bool
    assert arrows.shape == (V, V)
    assert arrows.sum() == edges
    assert arrows.sum(axis=0).max() <= limit
    assert not np.linalg.matrix_power(arrows.astype(int), V).any(), "no way leads in a circle"
    assert (random_dag(V, np.random.default_rng(seed), edges, parents_max=limit) == arrows).all()
    by_mean = random_dag(V, np.random.default_rng(seed), mean_parents=1.2, parents_max=limit)
    assert by_mean.sum() == min(round(1.2 * V), room)


def test_every_arrow_is_equally_likely() -> None:
    rng = np.random.default_rng(0)
    draws = 6000
    counts = sum(random_dag(4, rng, edges=2).astype(int) for _ in range(draws))
    expected = draws * 2 / 12
    off = ~np.eye(4, dtype=bool)
    assert (np.abs(counts[off] - expected) < 4 * np.sqrt(expected)).all()


@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_networks_and_models_keep_to_their_graph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrows = random_dag(int(rng.integers(1, 8)), rng)
    network = random_network(arrows, np.random.default_rng(seed), cards=(2, 4))
    model = random_model(arrows, np.random.default_rng(seed), cards=(2, 4), noise_states=5)
    for each in (network, model.network):
        assert (each.adjacency == arrows).all()
        assert set(each.cards) <= {2, 3, 4}
    assert all(len(chances) == 5 for chances in model.chances)
    again = random_network(arrows, np.random.default_rng(seed), cards=(2, 4))
    assert all((a == b).all() for a, b in zip(network.tables, again.tables, strict=True))
    same = random_model(arrows, np.random.default_rng(seed), cards=(2, 4), noise_states=5)
    assert all((a == b).all() for a, b in zip(model.functions, same.functions, strict=True))


def test_concentration_decides_how_sure_rows_are() -> None:
    rng = np.random.default_rng(0)
    arrows = random_dag(30, rng)
    surest = []
    for concentration in (0.1, 1.0, 10.0):
        network = random_network(arrows, rng, (3, 3), concentration)
        surest.append(np.mean([table.max(axis=-1).mean() for table in network.tables]))
    assert surest[0] > 0.85 > surest[1] > 0.5 > surest[2]


def test_a_confounder_is_hidden_and_felt() -> None:
    """Two variables without an arrow between them differ when seen, and not when done."""
    differences = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        arrows, hidden = with_confounders(np.zeros((2, 2), dtype=bool), 1, rng)
        assert arrows.tolist() == [[False] * 3, [False] * 3, [True, True, False]]
        assert hidden.tolist() == [False, False, True]
        network = random_network(arrows, rng, (2, 2), concentration=0.5)
        seen = [query(network, 1, {0: state})[0] for state in (0, 1)]
        done = [query(network, 1, do={0: state})[0] for state in (0, 1)]
        assert done[0] == pytest.approx(done[1])
        differences.append(abs(seen[0] - seen[1]))
    assert np.median(differences) > 0.05


def test_only_what_is_visible_is_shown() -> None:
    rng = np.random.default_rng(0)
    arrows, hidden = with_confounders(random_dag(5, rng), 3, rng, children=3)
    assert arrows[5:].sum(axis=1).tolist() == [3, 3, 3]
    assert not arrows[:, 5:].any()
    model = random_model(arrows, rng)
    world = PartlyHidden(model, hidden)
    rows = world.sample(20, np.random.default_rng(1))
    whole = model.sample(20, np.random.default_rng(1))
    assert world.visible.tolist() == [0, 1, 2, 3, 4]
    assert (rows == whole[:, :5]).all()
    assert (world.directed == arrows[:5, :5]).all()
    for i in range(5):
        for j in range(5):
            shared = i != j and (arrows[5:, i] & arrows[5:, j]).any()
            assert world.bidirected[i, j] == shared


def test_what_is_hidden_on_the_way_is_stepped_over() -> None:
    """0 → 1 → 2 → 3 and 2 → 4, with 1 and 2 out of sight."""
    arrows = np.zeros((5, 5), dtype=bool)
    arrows[[0, 1, 2, 2], [1, 2, 3, 4]] = True
    model = random_model(arrows, np.random.default_rng(0))
    world = PartlyHidden(model, np.array([False, True, True, False, False]))
    assert world.visible.tolist() == [0, 3, 4]
    assert np.argwhere(world.directed).tolist() == [[0, 1], [0, 2]]
    assert np.argwhere(world.bidirected).tolist() == [[1, 2], [2, 1]]


def test_wrong_numbers_are_refused() -> None:
    rng = np.random.default_rng(0)
    arrows = random_dag(3, rng)
    with pytest.raises(NetworkError, match=r"variables ≥ 1, .* such as \(8, 1.5, 4\); got 0"):
        random_dag(0, rng)
    with pytest.raises(NetworkError, match=r"4 variables with at most 2 .* room for 0..5 arrows"):
        random_dag(4, rng, edges=6, parents_max=2)
    with pytest.raises(NetworkError, match=r"concentration must be positive, such as 0.5; got 0"):
        random_network(arrows, rng, concentration=0)
    with pytest.raises(NetworkError, match="cards must be"):
        random_network(arrows, rng, cards=(3, 2))
    with pytest.raises(NetworkError, match="noise needs at least 1 state"):
        random_model(arrows, rng, noise_states=0)
    with pytest.raises(NetworkError, match=r"confounders must be ≥ 0 with 2..3 children"):
        with_confounders(arrows, 1, rng, children=4)
    model: StructuralModel = random_model(arrows, rng)
    for wrong in (np.zeros(2, dtype=bool), np.ones(3, dtype=bool)):
        with pytest.raises(NetworkError, match=r"hidden must be bool\[3\], with something left"):
            PartlyHidden(model, wrong)
