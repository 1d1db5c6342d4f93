"""Communities of exchange: the graph, what is found in it, and what chance makes of it."""

import math
from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.emergence import (
    ExchangeError,
    TableError,
    adjusted_rand,
    exchange_graph,
    find_communities,
    modularity_against_chance,
    normalised_mutual_information,
)
from swarm.emergence.communities import Shuffled, _arrays, _surrogate
from swarm.emergence.louvain import louvain, modularity

Ints = NDArray[np.int64]


def planted(
    rng: np.random.Generator, groups: int, size: int, inside: float, outside: float
) -> tuple[nx.Graph, Ints]:
    """A graph whose pairs exchange with one probability inside a group, another outside."""
    label = np.repeat(np.arange(groups), size)
    one, two = np.triu_indices(groups * size, 1)
    linked = rng.random(one.size) < np.where(label[one] == label[two], inside, outside)
    ids = 7 + 3 * np.arange(groups * size)  # ids are not rows
    amounts = rng.integers(1, 5, linked.sum())
    return exchange_graph(ids[one[linked]], ids[two[linked]], amounts, ids), label


def surrogate(graph: nx.Graph, rng: np.random.Generator, shuffled: Shuffled) -> nx.Graph:
    ids, edges, weight = _arrays(graph)
    drawn, dealt = _surrogate(edges, weight, ids.size, rng, shuffled)
    return exchange_graph(ids[drawn[:, 0]], ids[drawn[:, 1]], dealt, ids)


# The graph

exchanges = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 4)).filter(
        lambda exchange: exchange[0] != exchange[1]
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(exchanges=exchanges)
def test_the_graph_sums_what_went_over_in_both_directions(
    exchanges: list[tuple[int, int, int]],
) -> None:
    givers, takers, amounts = zip(*exchanges, strict=True)
    graph = exchange_graph(givers, takers, amounts, agents=[20])
    expected: Counter[frozenset[int]] = Counter()
    for giver, taker, amount in exchanges:
        expected[frozenset((giver, taker))] += amount
    found = {frozenset((a, b)): weight for a, b, weight in graph.edges(data="weight")}
    assert found == {pair: amount for pair, amount in expected.items() if amount > 0}
    assert list(graph.nodes) == sorted({*givers, *takers, 20})


@settings(deadline=None, max_examples=40)
@given(exchanges=exchanges, seed=st.integers(0, 2**32))
def test_the_order_of_exchanges_leaves_no_trace(
    exchanges: list[tuple[int, int, int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = np.array(exchanges)
    moved = table[rng.permutation(len(table))]
    turned = rng.random(len(table)) < 0.5
    moved[turned] = moved[turned][:, [1, 0, 2]]
    one, two = (exchange_graph(each[:, 0], each[:, 1], each[:, 2] / 3) for each in (table, moved))
    assert list(one.edges(data="weight")) == list(two.edges(data="weight"))
    first, second = (find_communities(each, np.random.default_rng(seed)) for each in (one, two))
    assert first.labels.tolist() == second.labels.tolist()


def test_without_exchanges_everybody_is_alone() -> None:
    rng = np.random.default_rng(0)
    for graph in (exchange_graph([], [], agents=[4, 9]), exchange_graph([4], [9], [0.0])):
        alone = find_communities(graph, rng)
        assert alone.ids.tolist() == [4, 9]
        assert alone.labels.tolist() == [0, 1]
        assert math.isnan(alone.modularity)
        assert math.isnan(modularity_against_chance(graph, rng, 2).z)


# Communities


@pytest.mark.parametrize("seed", range(3))
def test_planted_communities_are_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph, label = planted(rng, groups=5, size=24, inside=0.35, outside=0.02)
    found = find_communities(graph, rng)
    assert found.ids.tolist() == list(graph.nodes)
    assert normalised_mutual_information(found.labels, label) > 0.95
    assert adjusted_rand(found.labels, label) > 0.95
    assert (np.diff(found.sizes) <= 0).all()
    assert found.sizes.sum() == 120
    chance = modularity_against_chance(graph, rng, 10)
    assert chance.observed > chance.mean + 0.2
    assert chance.z > 20
    assert chance.as_high == pytest.approx(1 / 11)


def test_modularity_is_that_of_its_definition() -> None:
    rng = np.random.default_rng(3)
    graph, _ = planted(rng, groups=3, size=8, inside=0.6, outside=0.1)
    found = find_communities(graph, rng, resolution=1.3)
    strength = dict(graph.degree(weight="weight"))
    total = sum(strength.values())
    community = dict(zip(found.ids.tolist(), found.labels.tolist(), strict=True))
    modularity = 0.0
    for a in graph:
        for b in graph:
            if community[a] == community[b]:
                weight = graph.get_edge_data(a, b, {"weight": 0})["weight"]
                modularity += weight / total - 1.3 * strength[a] * strength[b] / total**2
    assert found.modularity == pytest.approx(modularity)


def test_the_karate_club_has_its_published_modularity() -> None:
    club = nx.karate_club_graph()  # Zachary 1977
    givers, takers = np.array(club.edges).T
    graph = exchange_graph(givers, takers)
    found = [find_communities(graph, np.random.default_rng(seed)) for seed in range(30)]
    best = max(found, key=lambda each: each.modularity)
    # The optimum, proven by Brandes et al. 2008, "On modularity clustering".
    assert best.modularity == pytest.approx(0.4198, abs=5e-5)
    assert len(best.sizes) == 4
    assert min(each.modularity for each in found) > 0.38
    hall = [club.nodes[member]["club"] for member in club]
    assert normalised_mutual_information(best.labels, hall) > 0.5


@settings(deadline=None, max_examples=150)
@given(exchanges=exchanges, resolution=st.sampled_from([0.5, 1.0, 2.0]), seed=st.integers(0, 99))
def test_communities_gain_nothing_by_merging(
    exchanges: list[tuple[int, int, int]], resolution: float, seed: int
) -> None:
    graph = exchange_graph(*zip(*exchanges, strict=True))
    ids, edges, weight = _arrays(graph)
    if not len(edges):
        return
    labels = louvain(edges, weight, ids.size, resolution, seed)
    reached = modularity(edges, weight, labels, resolution)
    parts = [set(ids[labels == label].tolist()) for label in range(labels.max() + 1)]
    expected = nx.community.modularity(graph, parts, resolution=resolution)
    assert reached == pytest.approx(expected, abs=1e-12)
    for one, two in combinations(range(labels.max() + 1), 2):
        merged = np.where(labels == two, one, labels)
        assert modularity(edges, weight, merged, resolution) <= reached + 1e-9
    alone = modularity(edges, weight, np.arange(ids.size), resolution)
    assert reached >= alone - 1e-12


def test_as_good_as_the_louvain_of_networkx() -> None:
    ours, theirs = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        graph, _ = planted(rng, groups=4, size=25, inside=0.15, outside=0.04)
        ours.append(find_communities(graph, rng).modularity)
        found = nx.community.louvain_communities(graph, seed=seed)
        theirs.append(nx.community.modularity(graph, found))
    difference = np.array(ours) - theirs
    assert abs(difference.mean()) < 4 * difference.std(ddof=1) / math.sqrt(12)
    assert np.abs(difference).max() < 0.03


def test_ties_do_not_go_round_for_ever() -> None:
    # Rings and complete graphs of awkward weights: every move is worth as much as another.
    for size in range(3, 40):
        one = np.arange(size)
        rings = exchange_graph(one, (one + 1) % size, np.full(size, 0.1))
        full = exchange_graph(*np.triu_indices(size, 1), np.full(size * (size - 1) // 2, 0.3))
        for seed in range(10):
            assert find_communities(rings, np.random.default_rng(seed)).modularity >= -1e-9
            assert len(find_communities(full, np.random.default_rng(seed)).sizes) == 1


def test_equal_generators_give_equal_communities() -> None:
    graph, _ = planted(np.random.default_rng(1), groups=4, size=15, inside=0.2, outside=0.1)
    first, second = (find_communities(graph, np.random.default_rng(8)) for _ in range(2))
    assert first.labels.tolist() == second.labels.tolist()
    assert first.modularity == second.modularity


# Against chance


def test_a_random_graph_has_modularity_but_not_beyond_chance() -> None:
    deviations = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        graph, _ = planted(rng, groups=1, size=100, inside=0.05, outside=0)
        chance = modularity_against_chance(graph, rng, 12)
        assert chance.observed > 0.3
        deviations.append(chance.z)
    assert abs(np.mean(deviations)) < 4 * 1.2 / math.sqrt(6)  # z of 12 draws is a bit wide


@pytest.mark.parametrize("seed", range(4))
def test_rewiring_keeps_degrees_and_weights_and_little_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph, _ = planted(rng, groups=3, size=30, inside=0.3, outside=0.02)
    rewired = surrogate(graph, rng, "wiring")
    assert dict(rewired.degree) == dict(graph.degree)
    assert nx.number_of_selfloops(rewired) == 0
    weights = [
        sorted(weight for *_, weight in each.edges(data="weight")) for each in (graph, rewired)
    ]
    assert weights[0] == weights[1]
    kept = len(set(graph.edges) & set(rewired.edges)) / graph.number_of_edges()
    # By the configuration model, Σ dᵢdⱼ / 2m of the old edges are drawn again.
    degree = dict(graph.degree)
    expected = np.mean([degree[a] * degree[b] for a, b in graph.edges]) / degree_sum(graph)
    assert abs(kept - expected) < 0.08
    dealt = surrogate(graph, rng, "weights")
    assert set(dealt.edges) == set(graph.edges)
    assert sorted(w for *_, w in dealt.edges(data="weight")) == weights[0]
    assert list(dealt.edges(data="weight")) != list(graph.edges(data="weight"))


def degree_sum(graph: nx.Graph) -> int:
    return 2 * graph.number_of_edges()


def test_every_graph_of_the_same_degrees_is_drawn_alike() -> None:
    square = exchange_graph([0, 1, 2, 3], [1, 2, 3, 0])  # one of three rings of four
    rng = np.random.default_rng(5)
    draws = 3000
    rings = Counter(frozenset(surrogate(square, rng, "wiring").edges) for _ in range(draws))
    assert len(rings) == 3
    error = math.sqrt(draws * (1 / 3) * (2 / 3))
    assert all(abs(count - draws / 3) < 4 * error for count in rings.values())


def test_communities_of_frequent_exchange_among_all_who_have_met() -> None:
    rng = np.random.default_rng(2)
    one, two = np.triu_indices(40, 1)
    often = np.where(one // 10 == two // 10, 12, 3)
    amounts = rng.poisson(often) + 1
    graph = exchange_graph(one, two, amounts)
    assert modularity_against_chance(graph, rng, 10, "weights").z > 10
    graph, _ = planted(rng, groups=3, size=15, inside=0.4, outside=0.05)
    # Here the communities are those of the wiring, and the weights add nothing.
    assert abs(modularity_against_chance(graph, rng, 30, "weights").z) < 4
    assert modularity_against_chance(graph, rng, 30, "wiring").z > 10


# Agreement of partitions

labellings = st.integers(1, 25).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2)
)


def reference_information(first: list[int], second: list[int]) -> float:
    n = len(first)
    one, two, both = Counter(first), Counter(second), Counter(zip(first, second, strict=True))
    information = sum(
        count / n * math.log(count * n / one[a] / two[b]) for (a, b), count in both.items()
    )
    entropies = -sum(c / n * math.log(c / n) for each in (one, two) for c in each.values())
    return 2 * information / entropies if entropies else 1.0


def reference_rand(first: list[int], second: list[int]) -> float:
    pairs = list(combinations(range(len(first)), 2))
    one = [first[a] == first[b] for a, b in pairs]
    two = [second[a] == second[b] for a, b in pairs]
    if one == two:
        return 1.0
    both = sum(a and b for a, b in zip(one, two, strict=True))
    chance = sum(one) * sum(two) / len(pairs)
    return (both - chance) / ((sum(one) + sum(two)) / 2 - chance)


@settings(deadline=None, max_examples=200)
@given(both=labellings)
def test_agreement_equals_the_reference(both: tuple[list[int], list[int]]) -> None:
    first, second = both
    near = pytest.approx(reference_information(first, second), abs=1e-12)
    assert normalised_mutual_information(first, second) == near
    assert normalised_mutual_information(second, first) == near
    assert adjusted_rand(first, second) == pytest.approx(reference_rand(first, second))


@settings(deadline=None)
@given(both=labellings)
def test_labels_are_only_names(both: tuple[list[int], list[int]]) -> None:
    first, second = both
    renamed = [f"group {9 - label}" for label in first]
    assert normalised_mutual_information(first, renamed) == pytest.approx(1)
    assert adjusted_rand(first, renamed) == pytest.approx(1)
    assert adjusted_rand(renamed, second) == adjusted_rand(first, second)


def test_agreement_by_hand() -> None:
    first, second = [0, 0, 1, 1], [0, 0, 1, 2]
    assert normalised_mutual_information(first, second) == pytest.approx(0.8)  # 2·1 / (1 + 1.5)
    assert adjusted_rand(first, second) == pytest.approx(4 / 7)
    # Hubert & Arabie 1985: below chance is below 0.
    assert adjusted_rand([0, 0, 1, 1], [0, 1, 0, 1]) == pytest.approx(-0.5)
    assert normalised_mutual_information([0, 0, 1, 1], [0, 1, 0, 1]) == 0
    for alike in ([], [5], [3, 3, 3], [1, 2, 3]):
        assert adjusted_rand(alike, alike) == 1
        assert normalised_mutual_information(alike, alike) == 1


def test_random_partitions_agree_by_chance_only() -> None:
    rng = np.random.default_rng(6)
    first = rng.integers(0, 5, 60)
    found = [adjusted_rand(first, rng.permutation(first)) for _ in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / math.sqrt(200)


def test_errors_say_what_is_allowed() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ExchangeError, match="agent 4 exchanges with itself"):
        exchange_graph([1, 4], [2, 4])
    with pytest.raises(ExchangeError, match="side by side"):
        exchange_graph([1, 4], [2])
    with pytest.raises(ExchangeError, match="at least 0"):
        exchange_graph([1], [2], [-1.0])
    with pytest.raises(ValueError, match="'wiring' or 'weights'"):
        modularity_against_chance(exchange_graph([1], [2]), rng, shuffled="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 2 surrogates"):
        modularity_against_chance(exchange_graph([1], [2]), rng, draws=1)
    with pytest.raises(ExchangeError, match="undirected graph of int ids"):
        find_communities(nx.DiGraph([(1, 2)]), rng)
    with pytest.raises(ExchangeError, match="undirected graph of int ids"):
        find_communities(nx.Graph([("ada", "bob")]), rng)
    with pytest.raises(ExchangeError, match="agent 3 exchanges with itself"):
        find_communities(nx.Graph([(1, 2), (3, 3)]), rng)
    with pytest.raises(TableError, match="side by side"):
        adjusted_rand([1, 2], [1])
    for draws in (1.5, 1):
        with pytest.raises(ValueError, match="draws must be a whole number"):
            modularity_against_chance(nx.Graph(), rng, draws=draws)  # type: ignore[arg-type]


def test_ids_are_whole_numbers() -> None:
    with pytest.raises(ExchangeError, match=r"ids are whole numbers.*float64"):
        exchange_graph([1.5], [2.5])
    with pytest.raises(ExchangeError, match=r"ids are whole numbers.*Ann"):
        exchange_graph(["Ann"], ["Bob"])
    with pytest.raises(ExchangeError, match="ids are whole numbers"):
        exchange_graph([1], [2], agents=[0.5])
    with pytest.raises(ExchangeError, match=r"ids are whole numbers.*uint64"):
        exchange_graph([2**63], [1])
    assert not exchange_graph([], []).nodes
    assert sorted(exchange_graph(np.array([1], np.uint8), [300]).nodes) == [1, 300]
