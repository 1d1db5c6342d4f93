"""Patterns against the enumeration of every equivalent graph."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.networks.equivalence import (
    close_under_meek,
    equivalent,
    extension,
    pattern_of,
    structural_distance,
)
from swarm.reasoning.networks.separation import StructureError, connections
from tests.swarm.reasoning.networks.planted import Graph, acyclic, arcs, graphs, subsets


def orientations(graph: Graph) -> list[Graph]:
    """Every acyclic graph with the same adjacencies."""
    pairs = np.argwhere(np.triu(graph | graph.T)).tolist()
    directed = (
        arcs(len(graph), *(pair if kept else (pair[1], pair[0]) for pair, kept in way))
        for way in (
            list(zip(pairs, keep, strict=True)) for keep in product([0, 1], repeat=len(pairs))
        )
    )
    return [candidate for candidate in directed if acyclic(candidate)]


def claims(graph: Graph) -> bytes:
    """Every dependence the graph allows, for every set that may be known."""
    sets = subsets(list(range(len(graph))))
    return b"".join(connections(graph, known).tobytes() for known in sets)


def members(graph: Graph) -> list[Graph]:
    return [other for other in orientations(graph) if claims(other) == claims(graph)]


@settings(deadline=None, max_examples=60)
@given(graph=graphs(nodes_max=4))
def test_pattern_is_the_union_of_the_equivalent_graphs(graph: Graph) -> None:
    union = np.logical_or.reduce(members(graph))
    assert (pattern_of(graph) == union).all()


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(graph=graphs(nodes_min=5, nodes_max=5))
def test_pattern_of_five_nodes(graph: Graph) -> None:
    assert (pattern_of(graph) == np.logical_or.reduce(members(graph))).all()


@settings(deadline=None, max_examples=50)
@given(graph=graphs(nodes_max=4), data=st.data())
def test_equivalence_is_equality_of_all_claims(graph: Graph, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from(orientations(graph)))
    assert equivalent(graph, other) == (claims(graph) == claims(other))


@settings(deadline=None, max_examples=60)
@given(graph=graphs(nodes_min=4, nodes_max=4), data=st.data())
def test_background_knowledge_is_carried_through(graph: Graph, data: st.DataObject) -> None:
    known = pattern_of(graph)
    for i, j in np.argwhere(np.triu(known & known.T)):
        if data.draw(st.booleans()):  # say which way this edge runs in the true graph
            known[i, j], known[j, i] = graph[i, j], graph[j, i]
    agreeing = [other for other in members(graph) if not (other & ~known).any()]
    assert (close_under_meek(known) == np.logical_or.reduce(agreeing)).all()


def test_rule_four_is_needed_for_knowledge() -> None:
    a, b, c, d = range(4)
    pattern = arcs(4, (a, b), (b, a), (a, c), (c, a), (a, d), (d, a), (d, c), (c, b))
    closed = close_under_meek(pattern)
    assert closed[a, b]
    assert not closed[b, a]


@settings(deadline=None, max_examples=50)
@given(graph=graphs(nodes_max=7))
def test_extension_is_a_member(graph: Graph) -> None:
    pattern = pattern_of(graph)
    member = extension(pattern)
    assert acyclic(member)
    assert (pattern_of(member) == pattern).all()
    assert (extension(pattern, force=True) == member).all()


@settings(deadline=None, max_examples=50)
@given(bits=st.lists(st.booleans(), min_size=25, max_size=25))
def test_forced_extension_is_acyclic_with_the_same_adjacencies(bits: list[bool]) -> None:
    pattern = np.array(bits).reshape(5, 5) & ~np.eye(5, dtype=bool)
    forced = extension(pattern, force=True)
    assert acyclic(forced)
    assert ((forced | forced.T) == (pattern | pattern.T)).all()
    assert not (forced & forced.T).any()


def test_what_has_no_extension_is_refused() -> None:
    square = arcs(4, (0, 1), (1, 2), (2, 3), (3, 0))
    undirected = square | square.T  # every direction of a square makes a collider
    with pytest.raises(StructureError, match="force=True"):
        extension(undirected)


@settings(deadline=None, max_examples=50)
@given(graph=graphs(nodes_min=5, nodes_max=5), other=graphs(nodes_min=5, nodes_max=5))
def test_distance_counts_pairs_joined_differently(graph: Graph, other: Graph) -> None:
    for one, two in ((graph, other), (pattern_of(graph), pattern_of(other))):
        expected = sum(
            (one[i, j], one[j, i]) != (two[i, j], two[j, i]) for i in range(5) for j in range(i)
        )
        assert structural_distance(one, two) == expected == structural_distance(two, one)


def test_distance_of_known_pairs() -> None:
    chain = arcs(3, (0, 1), (1, 2))
    assert structural_distance(chain, arcs(3, (1, 0), (1, 2))) == 1
    assert structural_distance(pattern_of(chain), pattern_of(arcs(3, (1, 0), (1, 2)))) == 0
    assert structural_distance(pattern_of(chain), pattern_of(arcs(3, (0, 1), (2, 1)))) == 2
    with pytest.raises(StructureError, match=r"bool\[3, 3\]"):
        structural_distance(chain, arcs(2))
