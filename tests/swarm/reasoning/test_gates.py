"""Gate networks: compiled plans against plain recursion, and networks that learn by evolving."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numba import njit

from evolution import Network
from swarm.reasoning.gates import GateError, GateNetworks, evaluate
from tests.evolution.genomes.networks import Plain, column, evolved, plain

NET = Network(5, 4, hidden=5, links=30, density=0.3)
seeds = st.integers(0, 2**32)


def compiled(net: Network, rows: np.ndarray) -> GateNetworks:
    return GateNetworks.compile(net.inputs, net.outputs, *net.wiring(rows))


def states(rng: np.random.Generator, n: int, inputs: int = NET.inputs) -> np.ndarray:
    return rng.normal(0, 2, (n, inputs)).astype(np.float32)


def reference(net: Network, row: np.ndarray, x: np.ndarray) -> list[float]:
    """What a network gives, by asking each node for its sources."""
    network = plain(net, row)

    def total(node: int, bias: float) -> float:
        links = network.links.items()
        return bias + sum(w * value(s) for (s, t), (w, on) in links if t == node and on)

    def value(node: int) -> float:
        if node <= net.inputs:
            return float(x[node - 1])
        return math.tanh(total(node, network.nodes[node]))

    return [total(net.inputs + 1 + o, bias) for o, bias in enumerate(network.outputs)]


# Compiling and evaluating


@settings(max_examples=60, deadline=None)
@given(seed=seeds, times=st.integers(0, 12))
def test_networks_give_what_recursion_gives(seed: int, times: int) -> None:
    rng = np.random.default_rng(seed)
    rows = evolved(NET, 6, times, rng)
    agent, x = rng.integers(0, 6, 10), states(rng, 10)
    expected = [reference(NET, rows[a], state) for a, state in zip(agent, x, strict=True)]
    found = compiled(NET, rows).answer(agent, x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5)


def test_networks_give_what_neat_python_gives() -> None:
    neat = pytest.importorskip("neat", reason="compares with neat-python, of the extra `test`")
    from neat.graphs import feed_forward_layers

    rng = np.random.default_rng(1)
    rows = evolved(NET, 200, 12, rng)
    agent, x = np.arange(200), states(rng, 200)
    defs = neat.activations.ActivationFunctionSet(), neat.aggregations.AggregationFunctionSet()
    tanh, identity, total = defs[0].get("tanh"), defs[0].get("identity"), defs[1].get("sum")
    inputs, outputs = list(range(1, 6)), list(range(6, 10))
    expected = []
    for row, state in zip(rows, x.tolist(), strict=True):
        network = plain(NET, row)
        on = [link for link, (_, enabled) in network.links.items() if enabled]
        bias = network.nodes | dict(zip(outputs, network.outputs, strict=True))
        steps = []
        for layer in feed_forward_layers(inputs, outputs, on)[0]:
            for node in layer:
                links = [(s, network.links[s, t][0]) for s, t in on if t == node]
                # Its tanh is steeper by 2.5.
                steep = 1.0 if node in outputs else 0.4
                kind = identity if node in outputs else tanh
                steps.append((node, kind, total, steep * bias[node], steep, links))
        expected.append(neat.nn.FeedForwardNetwork(inputs, outputs, steps).activate(state))
    np.testing.assert_allclose(compiled(NET, rows).answer(agent, x), expected, rtol=1e-4, atol=2e-5)


def test_a_linear_gate_is_a_network_without_hidden_nodes() -> None:
    rng = np.random.default_rng(1)
    gate = states(rng, 4)
    links = {(f + 1, 6 + o): (float(gate[o, f]), 1.0) for f in range(5) for o in range(4)}
    wide = Network(5, 4, hidden=0, links=20, reach=100.0)
    networks = compiled(wide, column(wide, Plain(links, [0.0] * 4, {})))
    x = states(rng, 50)
    expected = np.zeros((50, 4), np.float32)
    for f in range(5):
        expected += gate[:, f] * x[:, f : f + 1]
    np.testing.assert_array_equal(networks.answer(np.zeros(50, int), x), expected)


@njit
def as_a_strategy_does(networks, agent, x, room, out):
    values = np.empty(room, np.float32)
    for t in range(len(agent)):
        evaluate(networks, agent[t], x[t], values, out[t])


def test_a_kernel_asks_many_agents_with_one_room_for_values() -> None:
    rng = np.random.default_rng(2)
    networks = compiled(NET, evolved(NET, 50, 12, rng))
    agent, x = rng.integers(0, 50, 400), states(rng, 400)
    out = np.full((400, 4), np.nan, np.float32)
    assert networks.room == 5 + max(np.diff(networks.first)) - 4
    as_a_strategy_does(networks.arrays, agent, x, networks.room, out)
    assert out.tobytes() == networks.answer(agent, x).tobytes()
    # What an agent answers does not hang on who was asked before it.
    for t in range(0, 400, 37):
        alone = networks.answer(agent[t : t + 1], x[t : t + 1])
        assert alone.tobytes() == out[t].tobytes()


def test_what_no_output_needs_is_left_out() -> None:
    rows = column(
        NET,
        Plain(
            {
                (1, 20): (1.0, 1.0),  # 20 leads to an output,
                (20, 6): (2.0, 1.0),
                (2, 21): (1.0, 1.0),  # 21 only by a link that is off,
                (21, 7): (1.0, 0.0),
                (3, 22): (1.0, 1.0),  # and 22 only to 21.
                (22, 21): (1.0, 1.0),
                (4, 8): (3.0, 1.0),
            },
            [0.5, 0.25, 0.0, -1.0],
            {20: 0.0, 21: 0.5, 22: 0.5},
        ),
    )
    networks = compiled(NET, rows)
    assert networks.first.tolist() == [0, 5]
    assert networks.start.tolist() == [0, 1, 2, 2, 3, 3]
    assert networks.source.tolist() == [0, 5, 3]
    assert networks.weight.tolist() == [1.0, 2.0, 3.0]
    assert networks.bias.tolist() == [0.0, 0.5, 0.25, 0.0, -1.0]


def test_those_not_asked_keep_their_row_without_links() -> None:
    rng = np.random.default_rng(3)
    rows = evolved(NET, 40, 12, rng)
    asked = rng.random(40) < 0.5
    networks = GateNetworks.compile(5, 4, *NET.wiring(rows), asked)
    assert len(networks) == 40
    agent, x = np.flatnonzero(asked), states(rng, asked.sum())
    expected = compiled(NET, rows).answer(agent, x)
    assert networks.answer(agent, x).tobytes() == expected.tobytes()
    links = networks.start[networks.first]
    assert (np.diff(links)[~asked] == 0).all()
    assert networks[asked].room == networks.room


@settings(max_examples=30, deadline=None)
@given(seed=seeds, n=st.integers(0, 8), data=st.data())
def test_rows_are_taken_as_those_of_columns(seed: int, n: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    rows = evolved(NET, n, 8, rng)
    networks = compiled(NET, rows)
    places = st.lists(st.integers(0, n - 1), max_size=12) if n else st.just([])
    chosen = np.array(data.draw(places), np.int64)
    for which in (chosen, np.arange(n) % 2 == 0, slice(1, None)):
        part, expected = networks[which], compiled(NET, rows[which])
        for ours, theirs in zip(part.arrays, expected.arrays, strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype


# Links that make no network


def wired(*links: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Two inputs, three hidden nodes, one output: nodes 0, 1; 2, 3, 4; 5."""
    source, target = np.array(links, np.int32).reshape(-1, 2).T.copy()
    start = np.array([0, len(links)], np.int32)
    return start, source, target, np.ones(len(links)), np.zeros((1, 4))


def test_a_cycle_is_refused() -> None:
    with pytest.raises(GateError, match="network 0 has a cycle"):
        GateNetworks.compile(2, 1, *wired((0, 2), (2, 3), (3, 4), (4, 2), (4, 5)))
    with pytest.raises(GateError, match="network 0 has a cycle"):
        GateNetworks.compile(2, 1, *wired((2, 2), (2, 5)))


@pytest.mark.parametrize("link", [(5, 2), (0, 1), (-1, 5), (0, 6)])
def test_a_link_to_nowhere_is_refused(link: tuple[int, int]) -> None:
    with pytest.raises(GateError, match=r"link 1 leads from node .* sources are 0 to 4 .* 2 to 5"):
        GateNetworks.compile(2, 1, *wired((0, 5), link))


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    start, source, target, weight, bias = wired((0, 5), (1, 5))
    with pytest.raises(GateError, match=r"1 networks with 1 outputs, bias \[1, 4\], 2 sources"):
        GateNetworks.compile(2, 1, start, source, target, weight[:1], bias)
    with pytest.raises(GateError, match=r"expected bias \[1, hidden \+ 5\]"):
        GateNetworks.compile(2, 5, start, source, target, weight, bias)
    networks = GateNetworks.compile(2, 1, start, source, target, weight, bias)
    with pytest.raises(GateError, match=r"states are \[3, 2\]; expected \[1, 2\]"):
        networks.answer(np.array([0]), np.zeros((3, 2), np.float32))


# Evolving

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
TRUTH = np.array([0, 1, 1, 0])
XOR = Network(
    2, 1, links=24, reach=8.0, density=1.0, structured=0.0,
    add_link=0.035, add_node=0.02, drop_link=0.0, toggle=0.01,
)  # fmt: skip


def offspring(
    column: np.ndarray, fitness: np.ndarray, number: int, rng: np.random.Generator
) -> np.ndarray:
    """Children of a species by its better fifth, its champion first if it is not small."""
    best = np.argsort(-fitness, kind="stable")
    parents = best[: math.ceil(len(best) / 5)]
    kept = column[best[:1]] if len(best) > 5 and number else column[:0]
    pairs = np.sort(rng.integers(0, len(parents), (number - len(kept), 2)), axis=1)
    mothers, fathers = parents[pairs].T  # the fitter are the mothers
    alone = rng.random(len(pairs)) < 0.25
    fathers[alone] = mothers[alone]
    children = XOR.crossover(column[mothers], column[fathers], rng)
    return np.concatenate([kept, XOR.mutate(children, rng, rate=0.8, scale=1.0)])


def generations_until_xor(seed: int, population: int = 150, most: int = 300) -> int:
    """Section 4.1: solved when all four outputs lie on the right side of one half."""
    rng = np.random.default_rng(seed)
    rows, representatives = XOR.sample(population, rng), None
    for generation in range(most):
        asked = np.repeat(np.arange(len(rows)), 4), np.tile(X, (len(rows), 1))
        out = compiled(XOR, rows).answer(*asked).reshape(-1, 4)
        if ((out > 0.5) == (TRUTH > 0.5)).all(axis=1).any():
            return generation
        fitness = (4 - np.minimum(np.abs(out - TRUTH), 1).sum(axis=1)) ** 2
        species, representatives = XOR.species(rows, 3.0, representatives)
        living, species = np.unique(species, return_inverse=True)
        members = [np.flatnonzero(species == s) for s in range(len(living))]
        shared = np.array([fitness[mine].mean() for mine in members])  # equation 2, summed
        numbers = rng.multinomial(population, shared / shared.sum())
        representatives = np.array([rows[rng.choice(mine)] for mine in members])
        rows = np.concatenate(
            [
                offspring(rows[mine], fitness[mine], number, rng)
                for mine, number in zip(members, numbers, strict=True)
            ]
        )
    return most


def test_xor_is_found_about_as_fast_as_published() -> None:
    """32 generations on average in the paper, 71 in the median with neat-python's settings."""
    needed = [generations_until_xor(seed) for seed in range(12)]
    assert max(needed) < 300
    assert 10 < np.median(needed) < 71
