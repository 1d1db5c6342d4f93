"""Who is independent of whom: d-separation in a directed acyclic graph.

A graph is bool[V, V], entry [i, j] for i → j. Two variables are d-separated by a set when every
path between them is blocked: by a member of the set that is no collider of the path, or by a
collider without a descendant in the set (Pearl 1988, "Probabilistic reasoning in intelligent
systems", section 3.3). Reachability along active trails answers it in one walk over the graph
(Shachter 1998, "Bayes-ball"; Koller & Friedman 2009, algorithm 3.1).

Guarantees: no random choice; every walk costs O(V²), a sweep over all pairs O(V³).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.validity import NetworkError

Nodes = int | Iterable[int]


class StructureError(NetworkError):
    """A graph that is not square, not acyclic, or lacks the nodes asked about."""


def check_adjacency(adjacency: ArrayLike, nodes: int | None = None) -> NDArray[np.bool_]:
    """Check a directed acyclic graph, bool[V, V], and return it contiguous.

    Raises:
        StructureError: for another shape, another number of nodes, or a cycle.
    """
    graph = check_square(adjacency, nodes)
    if len(topological_order(graph)) < len(graph):
        raise StructureError(
            "the graph must be acyclic, but its arcs close a cycle through some of the nodes "
            f"{_on_cycles(graph)[:8]}. A pattern with undirected edges is not a graph yet: "
            "extension(pattern) directs them."
        )
    return graph


def check_square(adjacency: ArrayLike, nodes: int | None = None) -> NDArray[np.bool_]:
    """Check the shape of a graph or pattern, bool[V, V] with an empty diagonal.

    Raises:
        StructureError: for another shape, another number of nodes, or a node beside itself.
    """
    graph = np.ascontiguousarray(adjacency, dtype=np.bool_)
    if graph.ndim != 2 or graph.shape[0] != graph.shape[1] or nodes not in (None, len(graph)):
        size = "V" if nodes is None else nodes
        raise StructureError(
            f"a graph is bool[{size}, {size}], entry [i, j] for an arc i → j; "
            f"got shape {graph.shape}."
        )
    if graph.diagonal().any():
        node = int(np.argmax(graph.diagonal()))
        raise StructureError(f"no node may have an arc to itself; node {node} has one.")
    return graph


def mask_of(nodes: Nodes, size: int) -> NDArray[np.bool_]:
    """Turn node numbers into bool[size].

    Raises:
        StructureError: for a number outside 0..size−1.
    """
    numbers = np.atleast_1d(np.asarray(_listed(nodes), dtype=np.int64))
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < size:
        raise StructureError(f"nodes are numbered 0..{size - 1}; got {numbers.tolist()}.")
    mask = np.zeros(size, np.bool_)
    mask[numbers] = True
    return mask


def ancestors(adjacency: ArrayLike, nodes: Nodes) -> NDArray[np.bool_]:
    """The nodes with a directed path to one of `nodes`, themselves included, bool[V]."""
    graph = check_square(adjacency)
    return _reached(np.ascontiguousarray(graph.T), mask_of(nodes, len(graph)))


def descendants(adjacency: ArrayLike, nodes: Nodes) -> NDArray[np.bool_]:
    """The nodes with a directed path from one of `nodes`, themselves included, bool[V]."""
    graph = check_square(adjacency)
    return _reached(graph, mask_of(nodes, len(graph)))


def d_separated(adjacency: ArrayLike, x: Nodes, y: Nodes, given: Nodes = ()) -> bool:
    """Whether every path between `x` and `y` is blocked by `given`.

    Args:
        adjacency: bool[V, V], acyclic.
        x, y, given: a node or several, the three disjoint.

    Raises:
        StructureError: for a cycle, unknown nodes, or sets that share a node.
    """
    graph = check_adjacency(adjacency)
    sources, targets, known = (mask_of(nodes, len(graph)) for nodes in (x, y, given))
    if (sources & targets).any() or ((sources | targets) & known).any():
        raise StructureError(
            "x, y and given must share no node, such as d_separated(graph, 0, 1, given=[2]); "
            f"got {np.flatnonzero(sources).tolist()}, {np.flatnonzero(targets).tolist()} and "
            f"{np.flatnonzero(known).tolist()}."
        )
    return not (walk(graph, sources, known) & targets).any()


def connections(adjacency: ArrayLike, given: Nodes = ()) -> NDArray[np.bool_]:
    """Which pairs an active trail joins when `given` is known.

    Returns:
        bool[V, V], symmetric; True on the diagonal, False wherever a node is given.

    Raises:
        StructureError: for a cycle or unknown nodes.
    """
    graph = check_adjacency(adjacency)
    return _all_walks(graph, mask_of(given, len(graph)))


@njit(cache=True, nogil=True)
def topological_order(graph: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Parents before children, low numbers first; shorter than V where there is a cycle."""
    nodes = len(graph)
    waiting = np.zeros(nodes, np.int64)
    for i in range(nodes):
        for j in range(nodes):
            waiting[j] += graph[i, j]
    order = np.empty(nodes, np.int64)
    size = 0
    for j in range(nodes):
        if waiting[j] == 0:
            order[size] = j
            size += 1
    done = 0
    while done < size:
        for j in range(nodes):
            if graph[order[done], j]:
                waiting[j] -= 1
                if waiting[j] == 0:
                    order[size] = j
                    size += 1
        done += 1
    return order[:size]


@njit(cache=True, nogil=True)
def strict_paths(graph: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which nodes of an acyclic graph a directed path of one arc or more leads to, bool[V, V]."""
    paths = graph.copy()
    for i in topological_order(graph)[::-1]:
        for j in range(len(graph)):
            if graph[i, j]:
                paths[i] |= paths[j]
    return paths


@njit(cache=True, nogil=True)
def walk(
    graph: NDArray[np.bool_], sources: NDArray[np.bool_], given: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The nodes an active trail leads to from `sources` when `given` is known, bool[V]."""
    nodes = len(graph)
    opens = _reached(np.ascontiguousarray(graph.T), given)  # colliders that are open
    came = np.zeros((2, nodes), np.bool_)  # row 0: from a child (or begun), row 1: from a parent
    stack = np.empty(2 * nodes, np.int64)
    size = 0
    for i in range(nodes):
        if sources[i] and not given[i]:
            came[0, i] = True
            stack[size] = i
            size += 1
    while size > 0:
        size -= 1
        down, i = divmod(stack[size], nodes)
        up_next = (down == 0 and not given[i]) or (down == 1 and opens[i])
        down_next = not given[i]
        for j in range(nodes):
            if up_next and graph[j, i] and not came[0, j]:
                came[0, j] = True
                stack[size] = j
                size += 1
            if down_next and graph[i, j] and not came[1, j]:
                came[1, j] = True
                stack[size] = nodes + j
                size += 1
    return (came[0] | came[1]) & ~given


@njit(cache=True, nogil=True)
def _all_walks(graph: NDArray[np.bool_], given: NDArray[np.bool_]) -> NDArray[np.bool_]:
    joined = np.zeros(graph.shape, np.bool_)
    source = np.zeros(len(graph), np.bool_)
    for i in range(len(graph)):
        source[i] = True
        joined[i] = walk(graph, source, given)
        source[i] = False
    return joined


@njit(cache=True, nogil=True)
def _reached(graph: NDArray[np.bool_], sources: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reached = sources.copy()
    stack = np.empty(len(graph), np.int64)
    size = 0
    for i in range(len(graph)):
        if sources[i]:
            stack[size] = i
            size += 1
    while size > 0:
        size -= 1
        i = stack[size]
        for j in range(len(graph)):
            if graph[i, j] and not reached[j]:
                reached[j] = True
                stack[size] = j
                size += 1
    return reached


def _on_cycles(graph: NDArray[np.bool_]) -> list[int]:
    rest = np.setdiff1d(np.arange(len(graph)), topological_order(graph))
    return rest.tolist()


def _listed(nodes: Nodes) -> list[int]:
    return list(nodes) if isinstance(nodes, Iterable) else [nodes]
