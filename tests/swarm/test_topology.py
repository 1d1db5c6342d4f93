"""Graphs against networkx and published statistics."""

import math
from collections.abc import Callable

import networkx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.gossip import Topology, TopologyError, complete, k_out, scale_free, small_world


def links(graph: Topology) -> set[tuple[int, int]]:
    callers = np.repeat(np.arange(graph.n), graph.degrees)
    return set(zip(callers.tolist(), graph.neighbours.tolist(), strict=True))


def clustering(graph: Topology) -> float:
    return float(networkx.average_clustering(graph.to_networkx().to_undirected()))


@settings(deadline=None)
@given(
    n=st.integers(1, 9),
    drawn=st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8))),
    directed=st.booleans(),
)
def test_networkx_and_back(n: int, drawn: set[tuple[int, int]], directed: bool) -> None:
    graph = networkx.DiGraph() if directed else networkx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((a, b) for a, b in drawn if a != b and max(a, b) < n)
    topology = Topology.from_networkx(graph)
    both_ways = graph.to_directed()
    assert links(topology) == set(both_ways.edges)
    assert topology.starts.dtype == np.int64
    assert topology.neighbours.dtype == np.int32
    assert networkx.utils.graphs_equal(topology.to_networkx(), both_ways)
    assert links(topology.backwards) == {(b, a) for a, b in both_ways.edges}
    for member in range(n):
        row = slice(*topology.backwards.starts[member : member + 2])
        assert (np.diff(topology.backwards.neighbours[row]) > 0).all()


def test_nodes_of_any_kind_become_rows() -> None:
    graph = networkx.Graph([("carol", "alice"), ("alice", "bob")])
    assert links(Topology.from_networkx(graph)) == {(0, 1), (1, 0), (1, 2), (2, 1)}


def test_everybody_can_call_everybody() -> None:
    assert complete(4).n == 4
    assert set(complete(4).to_networkx().edges) == {
        (a, b) for a in range(4) for b in range(4) if a != b
    }


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 40), seed=st.integers(0, 2**32), data=st.data())
def test_random_graphs_are_simple_and_have_their_links(
    n: int, seed: int, data: st.DataObject
) -> None:
    m = data.draw(st.integers(1, n - 1))
    p = data.draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    graphs = [(k_out(n, m, np.random.default_rng(seed)), n * m)]
    graphs.append((scale_free(n, m, np.random.default_rng(seed)), 2 * m * (n - m)))
    k = m - m % 2
    if k:
        graphs.append((small_world(n, k, p, np.random.default_rng(seed)), n * k))
    for graph, ends in graphs:
        found = links(graph)
        assert len(found) == graph.neighbours.size == ends  # so none twice
        assert all(a != b for a, b in found)
    for graph, _ in graphs[1:]:
        assert links(graph) == links(graph.backwards)
    assert (graphs[0][0].degrees == m).all()
    assert (graphs[1][0].degrees[m + 1 :] >= m).all()
    again = small_world(n, k, p, np.random.default_rng(seed)) if k else graphs[1][0]
    assert (again.neighbours == graphs[-1][0].neighbours).all()


def test_a_ring_that_is_not_rewired_is_the_ring_of_networkx() -> None:
    ours = small_world(30, 6, 0.0, np.random.default_rng(0))
    theirs = networkx.watts_strogatz_graph(30, 6, 0.0)
    assert links(ours) == set(theirs.to_directed().edges)


def test_each_link_is_rewired_with_probability_p() -> None:
    n, k, p = 20_000, 10, 0.3
    graph = small_world(n, k, p, np.random.default_rng(1))
    callers = np.repeat(np.arange(n), graph.degrees)
    steps = np.abs(callers - graph.neighbours)
    near = np.minimum(steps, n - steps) <= k // 2
    error = math.sqrt(p * (1 - p) / (n * k / 2))
    assert abs(near.mean() - (1 - p)) < 4 * error  # a rewired link lands near once in n/k


@pytest.mark.parametrize("p", [0.0, 0.1, 0.3])
def test_small_worlds_cluster_as_barrat_and_weigt_say(p: float) -> None:
    k = 10
    found = clustering(small_world(5_000, k, p, np.random.default_rng(2)))
    law = 3 * (k - 2) / (4 * (k - 1)) * (1 - p) ** 3
    assert abs(found - law) < 0.01


def test_small_worlds_are_those_of_networkx() -> None:
    """Clustering, path length and spread of degrees over many small graphs."""
    ours, theirs = [], []
    for seed in range(150):
        graph = small_world(60, 6, 0.25, np.random.default_rng(seed)).to_networkx()
        ours.append(figures(graph.to_undirected()))
        theirs.append(figures(networkx.watts_strogatz_graph(60, 6, 0.25, seed=seed)))
    check_equal_means(np.array(ours), np.array(theirs))


def test_scale_free_graphs_are_those_of_networkx() -> None:
    ours, theirs = [], []
    for seed in range(150):
        graph = scale_free(60, 3, np.random.default_rng(seed)).to_networkx()
        ours.append(figures(graph.to_undirected()))
        theirs.append(figures(networkx.barabasi_albert_graph(60, 3, seed=seed)))
    check_equal_means(np.array(ours), np.array(theirs))


def figures(graph: networkx.Graph) -> tuple[float, ...]:
    degrees = np.array([degree for _, degree in graph.degree])
    lengths = networkx.average_shortest_path_length(graph) if networkx.is_connected(graph) else 9.0
    first, late = degrees[:3].mean(), degrees[-10:].mean()
    return networkx.average_clustering(graph), lengths, degrees.std(), degrees.max(), first, late


def check_equal_means(ours: np.ndarray, theirs: np.ndarray) -> None:
    variance = (ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / len(ours)
    z = (ours.mean(axis=0) - theirs.mean(axis=0)) / np.sqrt(variance)
    assert (np.abs(z) < 4).all(), z


def test_degrees_follow_the_law_of_bollobas() -> None:
    """P(d) = 2m(m+1) / d(d+1)(d+2), and the exponent 3 by maximum likelihood on the tail."""
    n, m = 200_000, 3
    degrees = scale_free(n, m, np.random.default_rng(3)).degrees
    for d in range(m, 12):
        chance = 2 * m * (m + 1) / (d * (d + 1) * (d + 2))
        error = math.sqrt(chance * (1 - chance) / n)
        assert abs((degrees == d).mean() - chance) < 4 * error + 4 / n
    tail = degrees[degrees >= 20]
    exponent = 1 + tail.size / np.log(tail / 19.5).sum()  # Clauset, Shalizi & Newman 2009, eq. 3.7
    assert abs(exponent - 3) < 4 * (exponent - 1) / math.sqrt(tail.size) + 0.1


def test_peers_of_a_k_out_graph_are_uniform() -> None:
    n, k, draws = 6, 2, 3_000
    rng = np.random.default_rng(4)
    counts = np.zeros((n, n))
    for _ in range(draws):
        graph = k_out(n, k, rng)
        counts[np.repeat(np.arange(n), k), graph.neighbours] += 1
    off_diagonal = counts[~np.eye(n, dtype=bool)] / draws
    error = math.sqrt((k / (n - 1)) * (1 - k / (n - 1)) / draws)
    assert np.abs(off_diagonal - k / (n - 1)).max() < 4 * error
    assert (np.diag(counts) == 0).all()


def test_errors_say_what_is_allowed() -> None:
    rng = np.random.default_rng(0)
    for wrong in (lambda: complete(0), lambda: k_out(2**31, 2, rng)):
        with pytest.raises(TopologyError, match=r"1\.\.2147483647"):
            wrong()
    for k in (0, 5):
        with pytest.raises(TopologyError, match=r"k must be .* 1\.\.4"):
            k_out(5, k, rng)
        with pytest.raises(TopologyError, match=r"m must be .* 1\.\.4"):
            scale_free(5, k, rng)
    for k in (0, 3, 6):
        with pytest.raises(TopologyError, match="even"):
            small_world(6, k, 0.1, rng)
    with pytest.raises(TopologyError, match="probability"):
        small_world(6, 2, 1.1, rng)
    one = np.array([1], np.int32)
    with pytest.raises(TopologyError, match=r"int64\[3\]"):
        Topology(2, np.array([0, 1]), one)
    with pytest.raises(TopologyError, match=r"int32\[e\]"):
        Topology(2, np.array([0, 1, 1]), one.astype(np.int64))
    for starts in ([0, 0, 2], [1, 1, 1], [0, 2, 1]):
        with pytest.raises(TopologyError, match="ascend from 0"):
            Topology(2, np.array(starts), one)
    for neighbour in (0, 2, -1):
        with pytest.raises(TopologyError, match="member 0"):
            Topology(2, np.array([0, 1, 1]), np.array([neighbour], np.int32))
    with pytest.raises(TopologyError, match="itself"):
        Topology.from_networkx(networkx.Graph([(1, 1)]))
    with pytest.raises(TopologyError, match="members"):
        Topology.from_networkx(networkx.Graph())


def test_sizes_are_whole_and_columns_arrays() -> None:
    rng = np.random.default_rng(0)
    wrong: list[Callable[[], object]] = [
        lambda: complete(1e6),  # type: ignore[arg-type]
        lambda: k_out(9.0, 2, rng),  # type: ignore[arg-type]
        lambda: k_out(9, 2.0, rng),  # type: ignore[arg-type]
        lambda: small_world(9, 2.0, 0.1, rng),  # type: ignore[arg-type]
        lambda: scale_free(9, 2.0, rng),  # type: ignore[arg-type]
    ]
    for make in wrong:
        with pytest.raises(TopologyError, match="whole number"):
            make()
    assert complete(np.int64(5)).n == 5  # type: ignore[arg-type]
    with pytest.raises(TopologyError, match="starts must be a numpy array"):
        Topology(3, [0, 1, 2, 2], np.array([1, 2], np.int32))  # type: ignore[arg-type]
    with pytest.raises(TopologyError, match="neighbours must be a numpy array"):
        Topology(3, np.array([0, 1, 2, 2]), [1, 2])  # type: ignore[arg-type]
