"""Networks: what is refused, how they are ordered, cut and sampled."""

import math

import numpy as np
import pytest
from hypothesis import given, settings

from swarm.reasoning.networks import (
    BayesNetwork,
    NetworkError,
    load_network,
    random_dag,
    random_network,
)
from tests.swarm.reasoning.networks.worlds import listed, seeds, small_network

NO_YES = ("no", "yes")


def rain(**changed: object) -> BayesNetwork:
    parts: dict = {
        "names": ("rain", "wet"),
        "states": (NO_YES, NO_YES),
        "parents": ((), (0,)),
        "tables": (np.array([0.8, 0.2]), np.array([[0.9, 0.1], [0.2, 0.8]])),
    }
    return BayesNetwork(**(parts | changed))


WRONG = {
    "nothing": (
        {"names": (), "states": (), "parents": (), "tables": ()},
        r"at least one variable, such as names=\('rain',\)",
    ),
    "too few tables": (
        {"tables": (np.ones(1),)},
        "tables must have one entry for each of the 2 names, got 1",
    ),
    "same name": ({"names": ("wet", "wet")}, "two variables are named 'wet'; names must differ"),
    "same state": (
        {"states": (NO_YES, ("no", "no"))},
        r"wet has two states named 'no'; give it distinct ones, such as \('no', 'yes'\)",
    ),
    "no state": ({"states": ((), NO_YES)}, "rain has no states; give it"),
    "unknown parent": (
        {"parents": ((), (2,))},
        r"the parents of wet must be distinct numbers in 0..1, such as \(0, 1\); got \(2,\)",
    ),
    "parent twice": ({"parents": ((), (0, 0))}, "the parents of wet must be distinct"),
    "circle": (
        {"parents": ((1,), (0,)), "tables": (np.full((2, 2), 0.5), np.full((2, 2), 0.5))},
        "the arrows run in a circle: rain → wet → rain; a cause cannot be its own effect",
    ),
    "shape": (
        {"tables": (np.array([0.8, 0.2]), np.array([0.9, 0.1]))},
        r"the table of wet must have shape \(2, 2\), an axis for each parent \(rain\) and its "
        r"own 2 states last; got \(2,\)",
    ),
    "sum": (
        {"tables": (np.array([0.8, 0.3]), np.full((2, 2), 0.5))},
        r"a row of the table of rain is no distribution: \[0.8, 0.3\] sums to 1.1; its numbers "
        r"must be ≥ 0 and sum to 1, such as \(0.2, 0.8\)",
    ),
    "negative": ({"tables": (np.array([1.5, -0.5]), np.full((2, 2), 0.5))}, "no distribution"),
    "not a number": (
        {"tables": (np.array([np.nan, 1.0]), np.full((2, 2), 0.5))},
        "no distribution",
    ),
}


@pytest.mark.parametrize(("changed", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_network_is_refused(changed: dict, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        rain(**changed)


def test_names_and_numbers_are_the_same_thing() -> None:
    network = rain()
    assert [network.number("wet"), network.number(1)] == [1, 1]
    assert [network.state_number("wet", "yes"), network.state_number(1, 1)] == [1, 1]
    assert network.numbered({"wet": "no", 0: 1}) == {1: 0, 0: 1}
    assert network.rows([{"wet": "yes"}, None], 2).tolist() == [[-1, 1], [-1, -1]]
    for wrong in ("snow", 2, -1):
        with pytest.raises(NetworkError, match=r"there are 2: numbers 0..1, named rain, wet"):
            network.number(wrong)
    for wrong in ("maybe", 2, -1):
        with pytest.raises(NetworkError, match=r"wet has no state .*; its states are 0..1, named"):
            network.numbered({"wet": wrong})
    with pytest.raises(NetworkError, match="set twice, by number and by name"):
        network.numbered({"wet": 1, 1: 0})


def test_rows_of_settings_are_checked() -> None:
    network = rain()
    with pytest.raises(NetworkError, match=r"settings must be int\[3, 2\].* got int64\[2, 2\]"):
        network.rows(np.zeros((2, 2), dtype=int), 3)
    with pytest.raises(NetworkError, match=r"got float64\[1, 2\]"):
        network.rows(np.zeros((1, 2)), 1)
    with pytest.raises(NetworkError, match="wet has no state 2"):
        network.rows(np.array([[0, 1], [-1, 2]]), 2)
    with pytest.raises(NetworkError, match="expected 3 settings, one a query; got 1"):
        network.rows([{}], 3)


def test_a_network_never_changes() -> None:
    table = np.array([0.8, 0.2])
    network = rain(tables=(table, np.full((2, 2), 0.5)))
    table[0] = 0.5
    assert network.tables[0].tolist() == [0.8, 0.2]
    with pytest.raises(ValueError, match="read-only"):
        network.tables[0][0] = 0.5
    with pytest.raises(ValueError, match="read-only"):
        network.adjacency[0, 1] = False


@given(seed=seeds)
def test_order_adjacency_and_children_agree_with_the_parents(seed: int) -> None:
    network = small_network(seed, variables=9)
    arrows = {(p, v) for v, above in enumerate(network.parents) for p in above}
    assert {(i, j) for i, j in np.argwhere(network.adjacency).tolist()} == arrows
    assert {(i, j) for i, below in enumerate(network.children) for j in below} == arrows
    place = {v: i for i, v in enumerate(network.order)}
    assert sorted(place) == list(range(len(network)))
    assert all(place[i] < place[j] for i, j in arrows)


@settings(deadline=None)
@given(seed=seeds)
def test_doing_cuts_the_arrows_and_fixes_the_state(seed: int) -> None:
    network = small_network(seed, variables=5)
    rng = np.random.default_rng(seed)
    v = int(rng.integers(len(network)))
    do = {v: int(rng.integers(network.cards[v]))}
    after = network.do(do)
    assert after.parents[v] == ()
    np.testing.assert_allclose(listed(after), listed(network, do), atol=1e-15)
    assert all(after.parents[u] == network.parents[u] for u in range(len(network)) if u != v)


def test_samples_follow_the_joint_distribution() -> None:
    seeded = np.random.default_rng(0)
    network = random_network(random_dag(5, seeded), seeded, concentration=0.3)
    expected = listed(network)
    n = 40_000
    rows = network.sample(n, np.random.default_rng(1))
    assert rows.dtype == np.int16
    counts = np.zeros(network.cards)
    np.add.at(counts, tuple(rows.T), 1)
    likely = expected * n > 10
    error = np.sqrt(expected * (1 - expected) * n)
    assert likely.sum() > 10
    assert (np.abs(counts - n * expected)[likely] < 4 * error[likely]).all()


@pytest.mark.parametrize("parents", [0, 1])
def test_what_cannot_happen_is_never_sampled(parents: int) -> None:
    # Rounding leaves the cumulated row short of 1, and its first and last states are impossible.
    row = np.array([0.0] + [0.1] * 3 + [0.7 - 1e-10, 0.0])
    states, table = tuple("abcdef"), np.array([row, np.roll(row, 1)])
    network = BayesNetwork(("x",), (states,), ((),), (row,))
    if parents:
        network = BayesNetwork(
            ("y", "x"), (NO_YES, states), ((), (0,)), (np.array([1.0, 0.0]), table)
        )
    drawn = np.array([0.0, 0.05, 0.1, math.nextafter(1.0, 0.0)])
    columns = np.zeros((len(network), 4), dtype=int)
    assert network.states_at(parents, columns, drawn).tolist() == [1, 1, 2, 4]
    assert network.breakpoints[parents][0, 4] == 1.0


def test_equal_generators_give_equal_samples() -> None:
    network = load_network("sachs")
    first, again, other = (network.sample(50, np.random.default_rng(s)) for s in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()
    assert network.sample(0, np.random.default_rng(0)).shape == (0, 11)
