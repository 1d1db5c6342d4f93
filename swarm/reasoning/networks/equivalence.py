"""Which graphs no observation can tell apart: patterns of Markov equivalent graphs.

Two acyclic graphs claim the same independences exactly when they share their adjacencies and
their v-structures (Verma & Pearl 1990, "Equivalence and synthesis of causal models"). The pattern
(CPDAG) of a class directs the arcs on which all its members agree. A pattern is bool[V, V]: only
[i, j] for i → j, both [i, j] and [j, i] for an undirected edge.

- `pattern_of`: v-structures, closed under the rules of Meek 1995, "Causal inference and causal
  explanation with background knowledge".
- `extension`: a member of the class (Dor & Tarsi 1992, "A simple algorithm to construct a
  consistent extension of a partially oriented graph").
- `structural_distance`: the structural Hamming distance of Tsamardinos, Brown & Aliferis 2006,
  "The max-min hill-climbing Bayesian network structure learning algorithm".

Guarantees: `pattern_of` is equal for two graphs exactly when they are equivalent; low numbers go
first wherever there is a choice.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.reasoning.networks.separation import StructureError, check_adjacency, check_square


def pattern_of(adjacency: ArrayLike) -> NDArray[np.bool_]:
    """Return the pattern (CPDAG) of an acyclic graph, bool[V, V].

    Raises:
        StructureError: for a graph with a cycle.
    """
    graph = check_adjacency(adjacency)
    pattern = graph | graph.T
    _keep_colliders(graph, pattern)
    _close(pattern)
    return pattern


def close_under_meek(pattern: ArrayLike) -> NDArray[np.bool_]:
    """Direct every undirected edge whose other direction would make a cycle or a v-structure.

    Rules 1 to 4 of Meek 1995: complete for v-structures together with background knowledge.

    Args:
        pattern: bool[V, V], v-structures (and knowledge) already directed.

    Returns:
        bool[V, V], a new pattern with the same adjacencies; directed arcs stay.

    Raises:
        StructureError: for another shape.
    """
    closed = check_square(pattern).copy()
    _close(closed)
    return closed


def extension(pattern: ArrayLike, force: bool = False) -> NDArray[np.bool_]:
    """Direct the undirected edges of a pattern without a cycle and without a new v-structure.

    Args:
        pattern: bool[V, V].
        force: what a test of finite data found may have no such graph. Then give an acyclic one
            of the same adjacencies that turns few arcs and adds few v-structures (greedily).

    Returns:
        bool[V, V], acyclic.

    Raises:
        StructureError: where no extension exists and `force` is not set.

    Costs O(V² · degree²).
    """
    rest = check_square(pattern).copy()
    graph = rest & ~rest.T
    left = np.ones(len(rest), np.bool_)
    for _ in range(len(rest)):
        sink, faults = _best_sink(rest, left)
        if faults > 0 and not force:
            raise StructureError(
                "no acyclic graph has these arcs and adjacencies without a new v-structure, so "
                "the pattern belongs to no class of equivalent graphs; extension(pattern, "
                "force=True) gives a near one."
            )
        near = np.flatnonzero(rest[sink] | rest[:, sink])
        graph[near, sink] = True
        graph[sink, near] = False
        rest[sink] = rest[:, sink] = False
        left[sink] = False
    return graph


def equivalent(first: ArrayLike, second: ArrayLike) -> bool:
    """Whether two acyclic graphs claim the same independences."""
    return bool((pattern_of(first) == pattern_of(second)).all())


def structural_distance(first: ArrayLike, second: ArrayLike) -> int:
    """How many pairs of nodes two graphs, or two patterns, join differently.

    A missing, an extra, a reversed and an undirected edge each count once. Compare patterns,
    `pattern_of(graph)`, where the data were observed and not brought about.

    Raises:
        StructureError: for graphs of different sizes.
    """
    one = check_square(first)
    other = check_square(second, len(one))
    differs = (one != other) | (one.T != other.T)
    return int(np.count_nonzero(np.triu(differs)))


@njit(cache=True, nogil=True)
def _keep_colliders(graph: NDArray[np.bool_], pattern: NDArray[np.bool_]) -> None:
    """Direct the arcs of the v-structures i → k ← j, i and j apart, of `graph` in `pattern`."""
    nodes = len(graph)
    for k in range(nodes):
        for i in range(nodes):
            if not graph[i, k]:
                continue
            for j in range(nodes):
                if j != i and graph[j, k] and not graph[i, j] and not graph[j, i]:
                    pattern[k, i] = False
                    break


@njit(cache=True, nogil=True)
def _close(pattern: NDArray[np.bool_]) -> None:
    """Apply the rules in rounds, so that no order of nodes shows.

    An edge forced both ways, which only a pattern of no class has, stays undirected.
    """
    nodes = len(pattern)
    forced = np.zeros(pattern.shape, np.bool_)
    changed = True
    while changed:
        changed = False
        for a in range(nodes):
            for b in range(nodes):
                undirected = pattern[a, b] and pattern[b, a]
                forced[a, b] = undirected and _must_point(pattern, a, b)
        for a in range(nodes):
            for b in range(nodes):
                if forced[a, b] and not forced[b, a]:
                    pattern[b, a] = False
                    changed = True


@njit(cache=True, nogil=True)
def _must_point(pattern: NDArray[np.bool_], a: int, b: int) -> bool:
    """Whether the undirected a – b must become a → b."""
    nodes = len(pattern)
    for c in range(nodes):
        into_a = pattern[c, a] and not pattern[a, c]
        if into_a and c != b and not pattern[c, b] and not pattern[b, c]:
            return True  # rule 1: c → a – b would become a v-structure
        into_b = pattern[c, b] and not pattern[b, c]
        if into_b and pattern[a, c] and not pattern[c, a]:
            return True  # rule 2: a → c → b would become a cycle
        if not (into_b and pattern[a, c]):
            continue
        for d in range(nodes):  # a – c → b
            if d in (b, c) or (pattern[c, d] and pattern[d, c]):
                continue
            d_near_b = pattern[d, b] or pattern[b, d]
            d_undirected = pattern[a, d] and pattern[d, a]
            apart = not pattern[c, d] and not pattern[d, c]
            if d_undirected and apart and pattern[d, b] and not pattern[b, d]:
                return True  # rule 3: a – d → b as well, c and d apart
            if d_undirected and pattern[d, c] and not pattern[c, d] and not d_near_b:
                return True  # rule 4: a – d → c → b, b and d apart
    return False


@njit(cache=True, nogil=True)
def _best_sink(rest: NDArray[np.bool_], left: NDArray[np.bool_]) -> tuple[int, int]:
    """The node that can best be last among those left, and the faults that would make.

    A sink may have no arc out of it, and whoever is joined to it by an undirected edge must be
    adjacent to all its neighbours: each exception is a fault.
    """
    nodes = len(rest)
    best, fewest = -1, 0
    for x in range(nodes):
        if not left[x]:
            continue
        faults = 0
        for y in range(nodes):
            if not rest[x, y]:
                continue
            if not rest[y, x]:
                faults += 1
            for z in range(nodes):
                near = z != y and (rest[x, z] or rest[z, x])
                if near and not rest[y, z] and not rest[z, y]:
                    faults += 1
        if best < 0 or faults < fewest:
            best, fewest = x, faults
        if fewest == 0:
            break
    return best, fewest
