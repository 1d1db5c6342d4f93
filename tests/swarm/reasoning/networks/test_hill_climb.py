"""The climb: its promises on random data, the plain climb as reference, planted structures."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.networks.bif import load_network
from swarm.reasoning.networks.counting import DataError
from swarm.reasoning.networks.equivalence import pattern_of, structural_distance
from swarm.reasoning.networks.hill_climb import GAIN_MIN, hill_climb
from swarm.reasoning.networks.learning import learn_graph
from swarm.reasoning.networks.score import FamilyScores
from swarm.reasoning.networks.separation import StructureError
from tests.swarm.reasoning.networks.planted import (
    Graph,
    acyclic,
    arcs,
    draw_cases,
    graphs,
    random_tables,
)


def neighbours(graph: Graph, parents_max: int, barred: Graph) -> list[Graph]:
    """Every allowed graph one change away, in the order in which equals are preferred."""
    found = []
    for a in range(len(graph)):
        for b in range(len(graph)):
            if a == b or graph[b, a]:
                continue
            toggled = graph.copy()
            toggled[a, b] ^= True
            reversed_arc = toggled.copy()
            reversed_arc[b, a] = graph[a, b]
            for candidate in (toggled, reversed_arc) if graph[a, b] else (toggled,):
                new = candidate & ~graph
                crowded = (candidate.sum(axis=0) > parents_max) & new.any(axis=0)
                if acyclic(candidate) and not (new & barred).any() and not crowded.any():
                    found.append(candidate)
    return found


def reference_climb(scores: FamilyScores, parents_max: int, barred: Graph) -> Graph:
    graph = np.zeros_like(barred)
    while True:
        best, best_gain = graph, GAIN_MIN
        for candidate in neighbours(graph, parents_max, barred):
            gain = scores.network(candidate) - scores.network(graph)
            if gain > best_gain + GAIN_MIN:
                best, best_gain = candidate, gain
        if best is graph:
            return graph
        graph = best


@settings(deadline=None, max_examples=30)
@given(
    truth=graphs(5, 5),
    barred=graphs(5, 5),
    parents_max=st.integers(0, 3),
    seed=st.integers(0, 2**32),
    tabu=st.sampled_from([0, 3]),
)
def test_a_climb_keeps_its_promises(
    truth: Graph, barred: Graph, parents_max: int, seed: int, tabu: int
) -> None:
    rng = np.random.default_rng(seed)
    cards = [2, 3, 2, 3, 2]
    data = draw_cases(truth, random_tables(truth, cards, rng), 200, rng)
    scores = FamilyScores(data, cards)
    climb = hill_climb(scores, parents_max=parents_max, forbidden=barred, tabu=tabu)
    assert acyclic(climb.adjacency)
    assert climb.adjacency.sum(axis=0).max() <= parents_max
    assert not (climb.adjacency & barred).any()
    assert climb.score == pytest.approx(scores.network(climb.adjacency))
    around = neighbours(climb.adjacency, parents_max, barred)
    assert all(scores.network(other) <= climb.score + 1e-6 for other in around)
    if tabu == 0:
        expected = reference_climb(scores, parents_max, barred)
        assert climb.score == pytest.approx(scores.network(expected))
        assert (climb.adjacency == expected).all()


@settings(deadline=None, max_examples=25)
@given(truth=graphs(6, 6), start=graphs(6, 6), seed=st.integers(0, 2**32))
def test_a_tabu_list_never_ends_below_the_plain_climb(
    truth: Graph, start: Graph, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    cards = [2] * 6
    data = draw_cases(truth, random_tables(truth, cards, rng), 300, rng)
    scores = FamilyScores(data, cards, "bdeu")
    plain = hill_climb(scores, start=start, parents_max=5)
    longer = hill_climb(scores, start=start, parents_max=5, tabu=4)
    assert plain.score >= scores.network(start) - 1e-6
    assert longer.score >= plain.score - 1e-6
    learned = learn_graph(data, cards, kind="bdeu")
    assert acyclic(learned.adjacency)
    assert learned.score >= hill_climb(scores).score - 1e-6


@pytest.mark.parametrize("seed", [20, 28, 71])
def test_a_locked_pair_is_freed_for_a_new_best_graph(seed: int) -> None:
    """Cases in which the best graph could be bettered only by undoing a recent move."""
    rng = np.random.default_rng(seed)
    truth = np.triu(rng.random((5, 5)) < 0.6, 1)
    cards = [2, 3, 2, 3, 2]
    data = draw_cases(truth, random_tables(truth, cards, rng), 200, rng)
    scores = FamilyScores(data, cards)
    climb = hill_climb(scores, tabu=6)
    around = neighbours(climb.adjacency, 4, np.zeros((5, 5), np.bool_))
    assert all(scores.network(other) <= climb.score + 1e-6 for other in around)


def parity_chain(rng: np.random.Generator, cases: int) -> tuple[np.ndarray, Graph]:
    """0 and 1 toss coins, 2 is their noisy sum, 3 follows 2, 4 follows 3."""
    data = rng.integers(0, 2, size=(cases, 5))
    noisy = rng.random(cases) < 0.1
    data[:, 2] = data[:, 0] + data[:, 1]
    data[noisy, 2] = rng.integers(0, 3, noisy.sum())
    for follower in (3, 4):
        same = rng.random(cases) < 0.85
        before = np.minimum(data[:, follower - 1], 1)
        data[:, follower] = np.where(same, before, 1 - before)
    return data, arcs(5, (0, 2), (1, 2), (2, 3), (3, 4))


@pytest.mark.parametrize("kind", ["bic", "bdeu"])
def test_a_planted_collider_and_its_chain_are_found(kind: str) -> None:
    data, truth = parity_chain(np.random.default_rng(4), 3000)
    scores = FamilyScores(data, [2, 2, 3, 2, 2], kind)  # type: ignore[arg-type]
    for found in (hill_climb(scores, tabu=10), learn_graph(data, [2, 2, 3, 2, 2])):
        assert structural_distance(pattern_of(found.adjacency), pattern_of(truth)) == 0
        assert (found.adjacency[:, 2] == truth[:, 2]).all()


def test_more_cases_bring_the_learned_graph_nearer() -> None:
    distances = np.zeros(2)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        truth = np.triu(rng.random((10, 10)) < 0.25, 1)
        cards = rng.integers(2, 4, 10).tolist()
        data = draw_cases(truth, random_tables(truth, cards, rng, 0.5), 10_000, rng)
        for i, cases in enumerate((200, 10_000)):
            learned = learn_graph(data[:cases], cards).adjacency
            distances[i] += structural_distance(pattern_of(learned), pattern_of(truth)) / 8
    assert distances[1] < 0.6 * distances[0]
    assert distances[1] < 5.0  # of about 11 arcs


@pytest.mark.parametrize(("name", "distance"), [("asia", 3.3), ("sachs", 3.7), ("alarm", 21.7)])
def test_learned_networks_are_nearer_than_a_plain_climb_gets(name: str, distance: float) -> None:
    """5,000 cases in shuffled columns; a plain climb from no arcs was measured at `distance`."""
    network = load_network(name)
    distances = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(network))
        data = network.sample(5000, rng)[:, order]
        found = learn_graph(data, np.array(network.cards)[order]).adjacency
        truth = network.adjacency[np.ix_(order, order)]
        distances.append(structural_distance(pattern_of(found), pattern_of(truth)))
    assert np.mean(distances) < distance / 2


def test_equal_data_give_equal_graphs() -> None:
    data, _ = parity_chain(np.random.default_rng(9), 500)
    climbs = [hill_climb(FamilyScores(data, [2, 2, 3, 2, 2]), tabu=5) for _ in range(2)]
    assert (climbs[0].adjacency == climbs[1].adjacency).all()
    assert climbs[0].score == climbs[1].score


def test_errors_teach() -> None:
    scores = FamilyScores(np.zeros((3, 3), int), [2, 2, 2])
    with pytest.raises(DataError, match="parents_max"):
        hill_climb(scores, parents_max=1, start=arcs(3, (0, 2), (1, 2)))
    with pytest.raises(DataError, match="at least 0"):
        hill_climb(scores, tabu=-1)
    with pytest.raises(StructureError, match="acyclic"):
        hill_climb(scores, start=arcs(3, (0, 1), (1, 0)))
    with pytest.raises(StructureError, match=r"bool\[3, 3\]"):
        hill_climb(scores, forbidden=arcs(2))
