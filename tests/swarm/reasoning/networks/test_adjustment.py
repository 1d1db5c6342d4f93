"""Identification: the criteria by listing paths, the sets found by listing subsets."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.reasoning.networks.adjustment import (
    Identification,
    back_door_set,
    front_door_set,
    identify,
    is_back_door,
    is_front_door,
)
from swarm.reasoning.networks.separation import StructureError
from tests.swarm.reasoning.networks.planted import Graph, arcs, graphs, subsets


def below(graph: Graph, node: int) -> set[int]:
    return nx.descendants(nx.from_numpy_array(graph, create_using=nx.DiGraph), node)


def blocked(graph: Graph, path: list[int], known: set[int]) -> bool:
    """Pearl's definition 1.2.3, for one path."""
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        if graph[before, node] and graph[after, node]:
            if not ({node} | below(graph, node)) & known:
                return True
        elif node in known:
            return True
    return False


def back_door_paths(graph: Graph, x: int, y: int) -> list[list[int]]:
    either_way = nx.from_numpy_array(graph | graph.T)
    return [path for path in nx.all_simple_paths(either_way, x, y) if graph[path[1], x]]


def reference_back_door(graph: Graph, x: int, y: int, chosen: set[int]) -> bool:
    paths = back_door_paths(graph, x, y)
    return not chosen & below(graph, x) and all(blocked(graph, path, chosen) for path in paths)


def reference_front_door(graph: Graph, x: int, y: int, chosen: set[int]) -> bool:
    """Pearl's definition 3.3.3; a back-door path of the set meets it in its end alone or
    enters every member on its way, since an arc out of a member is no back-door of the set."""
    arrows = nx.from_numpy_array(graph, create_using=nx.DiGraph)
    intercepted = all(set(path) & chosen for path in nx.all_simple_paths(arrows, x, y))
    into_set = all(
        blocked(graph, path, set()) for m in chosen for path in back_door_paths(graph, x, m)
    )
    out_of_set = all(
        blocked(graph, path, {x})
        for m in chosen
        for path in back_door_paths(graph, m, y)
        if not any(graph[i, j] for p in pairwise(path) for i, j in (p, p[::-1]) if i in chosen)
    )
    return intercepted and into_set and out_of_set


@settings(deadline=None, max_examples=60)
@given(graph=graphs(6, 3), data=st.data())
def test_back_door_is_its_definition(graph: Graph, data: st.DataObject) -> None:
    x, y, *others = data.draw(st.permutations(range(len(graph))))
    for chosen in subsets(others):
        expected = reference_back_door(graph, x, y, set(chosen))
        assert is_back_door(graph, x, y, chosen) == expected


@settings(deadline=None, max_examples=60)
@given(graph=graphs(6, 3), data=st.data())
def test_front_door_is_its_definition(graph: Graph, data: st.DataObject) -> None:
    x, y, *others = data.draw(st.permutations(range(len(graph))))
    for chosen in subsets(others):
        expected = reference_front_door(graph, x, y, set(chosen))
        assert is_front_door(graph, x, y, chosen) == expected


@settings(deadline=None, max_examples=60)
@given(graph=graphs(6, 3), costly=st.booleans(), data=st.data())
def test_minimal_sets_are_found_whenever_there_are_any(
    graph: Graph, costly: bool, data: st.DataObject
) -> None:
    x, y, *others = data.draw(st.permutations(range(len(graph))))
    observed = data.draw(st.lists(st.sampled_from(others), unique=True))
    cost = data.draw(st.permutations(range(len(graph)))) if costly else None
    for find, meets in ((back_door_set, is_back_door), (front_door_set, is_front_door)):
        found = find(graph, x, y, [*observed, x, y], cost=cost)
        good = [chosen for chosen in subsets(sorted(observed)) if meets(graph, x, y, chosen)]
        if found is None:
            assert not good
        else:
            assert found in good
            assert not any(set(chosen) < set(found) for chosen in good)


@settings(deadline=None, max_examples=60)
@given(graph=graphs(6, 3), data=st.data())
def test_parents_suffice_when_seen(graph: Graph, data: st.DataObject) -> None:
    x, y = data.draw(st.permutations(range(len(graph))))[:2]
    parents = tuple(np.flatnonzero(graph[:, x]).tolist())
    chosen = identify(graph, x, y, prefer="parents")
    if y not in below(graph, x):
        assert chosen == Identification("no effect")
    elif parents:
        assert chosen == Identification("back-door", parents)
        assert is_back_door(graph, x, y, parents)
    else:
        assert chosen == Identification("conditioning")


X, Y, M, U, Z = range(5)
SMOKING = arcs(4, (U, X), (U, Y), (X, M), (M, Y))  # Pearl 2009, figure 3.5: tar in the lungs


def test_known_graphs() -> None:
    confounded = arcs(5, (Z, X), (Z, Y), (X, Y))
    assert identify(confounded, X, Y) == Identification("back-door", (Z,))
    assert identify(confounded, Y, X) == Identification("no effect")
    assert identify(confounded, X, Y, observed=[]) == Identification("not identified")
    assert identify(arcs(2, (X, Y)), X, Y) == Identification("conditioning")
    assert identify(SMOKING, X, Y, observed=[M]) == Identification("front-door", (M,))
    assert identify(SMOKING, X, Y) == Identification("back-door", (U,))


def test_an_m_shape_needs_nothing_and_suffers_from_more() -> None:
    left, right = 2, 3
    graph = arcs(5, (left, X), (left, 4), (right, 4), (right, Y), (X, Y))
    assert identify(graph, X, Y) == Identification("conditioning")
    assert not is_back_door(graph, X, Y, [4])
    assert is_back_door(graph, X, Y, [4, right])


def test_dear_nodes_are_spared() -> None:
    near_y, near_x = 2, 3
    graph = arcs(4, (near_x, X), (near_y, near_x), (near_y, Y), (X, Y))
    assert back_door_set(graph, X, Y) == (near_y,)  # adjusting there varies less
    assert back_door_set(graph, X, Y, cost=[0, 0, 9, 1]) == (near_x,)


def test_errors_teach() -> None:
    with pytest.raises(StructureError, match="two nodes"):
        identify(SMOKING, X, X)
    with pytest.raises(StructureError, match="minimal"):
        identify(SMOKING, X, Y, prefer="all")  # type: ignore[arg-type]
    with pytest.raises(StructureError, match="logarithms"):
        back_door_set(SMOKING, X, Y, cost=[1.0])
    with pytest.raises(StructureError, match=r"0\.\.3"):
        is_front_door(SMOKING, X, Y, [7])
