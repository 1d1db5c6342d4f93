"""d-separation against the moral graph of the ancestors, and known examples."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.networks.separation import (
    StructureError,
    ancestors,
    check_adjacency,
    connections,
    d_separated,
    descendants,
    strict_paths,
    topological_order,
)
from tests.swarm.reasoning.networks.planted import Graph, acyclic, arcs, graphs


def reference_separated(graph: Graph, x: set[int], y: set[int], known: set[int]) -> bool:
    """Lauritzen's criterion: moralise the ancestors, drop what is known, look for a path."""
    kept = x | y | known
    while True:
        more = {int(p) for node in kept for p in np.flatnonzero(graph[:, node])} - kept
        if not more:
            break
        kept |= more
    moral = nx.Graph()
    moral.add_nodes_from(kept)
    for child in kept:
        family = [child, *np.flatnonzero(graph[:, child]).tolist()]
        moral.add_edges_from((i, j) for i in family for j in family if i < j)
    moral.remove_nodes_from(known)
    return not any(nx.has_path(moral, i, j) for i in x for j in y)


@settings(deadline=None, max_examples=200)
@given(graph=graphs(nodes_max=7), data=st.data())
def test_sets_are_separated_as_in_the_moral_graph(graph: Graph, data: st.DataObject) -> None:
    nodes = range(len(graph))
    side = [data.draw(st.sampled_from(["x", "y", "known", "none"])) for _ in nodes]
    x, y, known = ({n for n in nodes if side[n] == name} for name in ("x", "y", "known"))
    assert d_separated(graph, x, y, known) == reference_separated(graph, x, y, known)


@settings(deadline=None, max_examples=100)
@given(graph=graphs(nodes_max=7), data=st.data())
def test_all_pairs_at_once_equal_single_questions(graph: Graph, data: st.DataObject) -> None:
    nodes = range(len(graph))
    known = data.draw(st.sets(st.sampled_from(nodes)))
    joined = connections(graph, known)
    for i in nodes:
        for j in nodes:
            if {i, j} & known:
                assert not joined[i, j]
            else:
                assert joined[i, j] == (i == j or not reference_separated(graph, {i}, {j}, known))


@settings(deadline=None, max_examples=100)
@given(graph=graphs(nodes_max=7))
def test_orders_and_paths_equal_networkx(graph: Graph) -> None:
    known = nx.from_numpy_array(graph, create_using=nx.DiGraph)
    paths = strict_paths(graph)
    for node in range(len(graph)):
        assert set(np.flatnonzero(paths[node])) == nx.descendants(known, node)
        assert set(np.flatnonzero(descendants(graph, node))) == nx.descendants(known, node) | {node}
        assert set(np.flatnonzero(ancestors(graph, node))) == nx.ancestors(known, node) | {node}
    place = np.argsort(topological_order(graph))
    assert all(place[i] < place[j] for i, j in np.argwhere(graph))


def test_the_three_ways_through_a_node() -> None:
    chain, fork, collider = (
        arcs(4, *pairs) for pairs in [[(0, 1), (1, 2)], [(1, 0), (1, 2)], [(0, 1), (2, 1), (1, 3)]]
    )
    for open_until_known in (chain, fork):
        assert not d_separated(open_until_known, 0, 2)
        assert d_separated(open_until_known, 0, 2, given=1)
    assert d_separated(collider, 0, 2)
    assert not d_separated(collider, 0, 2, given=1)
    assert not d_separated(collider, 0, 2, given=3)  # the descendant of a collider opens it


@settings(deadline=None)
@given(bits=st.lists(st.booleans(), min_size=16, max_size=16))
def test_cycles_are_refused_and_only_cycles(bits: list[bool]) -> None:
    graph = np.array(bits).reshape(4, 4) & ~np.eye(4, dtype=bool)
    if acyclic(graph):
        assert (check_adjacency(graph) == graph).all()
    else:
        with pytest.raises(StructureError, match="acyclic"):
            check_adjacency(graph)


def test_errors_teach() -> None:
    graph = arcs(3, (0, 1))
    with pytest.raises(StructureError, match="share no node"):
        d_separated(graph, 0, 1, given=[1])
    with pytest.raises(StructureError, match=r"0\.\.2"):
        d_separated(graph, 0, 3)
    with pytest.raises(StructureError, match=r"bool\[V, V\]"):
        ancestors(np.zeros((2, 3)), 0)
    with pytest.raises(StructureError, match="itself"):
        descendants(np.eye(2), 0)
