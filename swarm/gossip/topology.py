"""Who can call whom: the complete graph, and random overlays that stand still.

Four worlds that gossip is measured on. In the complete graph everybody can call everybody. In a
k-out graph everyone knows k others, drawn at random (Fenner & Frieze 1982). A small world is a
ring whose links were rewired with probability p (Watts & Strogatz 1998, "Collective dynamics of
'small-world' networks", Nature 393). In a scale-free graph newcomers link to those who have many
links already (Barabási & Albert 1999, "Emergence of scaling in random networks", Science 286).

Guarantees: nobody is its own neighbour; the graphs made here have no link twice; small worlds and
scale-free graphs run both ways; equal generators give equal graphs. A million members take less
than a second or two. `KOutOverlay` is the k-out graph for populations in which agents die.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import below, seed_from, seeded, uniform
from swarm.gossip.overlay import random_peers

MEMBERS_MAX = 2**31 - 1


class TopologyError(ValueError):
    """Sizes, rates or columns that no graph can have."""


@dataclass(frozen=True)
class Complete:
    """The graph in which each of `n` ≥ 1 members can call every other; it stores no edges."""

    n: int

    def __post_init__(self) -> None:
        _check_members(self.n)

    def to_networkx(self) -> Any:
        """The same as a `networkx.DiGraph` of n·(n−1) edges: for small n."""
        import networkx

        return networkx.complete_graph(self.n, create_using=networkx.DiGraph)


@dataclass(frozen=True, eq=False)
class Topology:
    """Whom each of `n` members can call, as compressed sparse rows; leave the arrays as they are.

    Attributes:
        n: members, 1..2³¹−1.
        starts: int64[n + 1], ascending from 0 to e.
        neighbours: int32[e]; member i can call `neighbours[starts[i]:starts[i + 1]]`.

    Raises:
        TopologyError: for columns of another type or shape, or a member linked to itself.

    >>> line = Topology(3, np.array([0, 1, 2, 2]), np.array([1, 2], np.int32))  # 0 → 1 → 2
    """

    n: int
    starts: NDArray[np.int64]
    neighbours: NDArray[np.int32]

    def __post_init__(self) -> None:
        _check_members(self.n)
        starts, neighbours = self.starts, self.neighbours
        for name, column in (("starts", starts), ("neighbours", neighbours)):
            if not isinstance(column, np.ndarray):
                raise TopologyError(
                    f"{name} must be a numpy array, such as np.array([0, 1]); got {column!r:.60}."
                )
        if starts.dtype != np.int64 or starts.shape != (self.n + 1,):
            raise TopologyError(
                f"starts must be int64[{self.n + 1}] for {self.n} members, one more than members; "
                f"got {starts.dtype}{list(starts.shape)}."
            )
        if neighbours.dtype != np.int32 or neighbours.ndim != 1:
            raise TopologyError(
                "neighbours must be one column int32[e], such as np.array([1, 0], np.int32); "
                f"got {neighbours.dtype}{list(neighbours.shape)}."
            )
        if starts[0] != 0 or starts[-1] != neighbours.size or (np.diff(starts) < 0).any():
            raise TopologyError(
                f"starts must ascend from 0 to the {neighbours.size} neighbours, such as "
                f"[0, 2, 3] for members with 2 and 1; got {starts[0]}..{starts[-1]}."
            )
        wrong = _first_wrong(starts, neighbours)
        if wrong >= 0:
            raise TopologyError(
                f"member {wrong} has a neighbour outside 0..{self.n - 1}, or itself: members are "
                "counted from 0 and nobody calls oneself."
            )

    @property
    def degrees(self) -> NDArray[np.int64]:
        """int64[n], how many each member can call."""
        return np.diff(self.starts)

    @cached_property
    def backwards(self) -> Topology:
        """The graph with its edges turned round: who can call each member, ascending."""
        callers = np.repeat(np.arange(self.n, dtype=np.int32), self.degrees)
        return _linking(self.n, self.neighbours, callers)

    @classmethod
    def from_networkx(cls, graph: Any) -> Topology:
        """Take over a networkx graph; member i is the i-th of `graph.nodes`.

        An edge of an undirected graph runs both ways; parallel edges count once.

        Raises:
            TopologyError: for a graph without nodes, or with an edge from a node to itself.
        """
        rows = {node: row for row, node in enumerate(graph.nodes)}
        links = [[rows[other] for other in graph.adj[node]] for node in graph.nodes]
        starts = np.zeros(len(rows) + 1, np.int64)
        starts[1:] = np.cumsum([len(others) for others in links])
        neighbours = [other for others in links for other in others]
        return cls(len(rows), starts, np.array(neighbours, np.int32))

    def to_networkx(self) -> Any:
        """The same as a `networkx.DiGraph` on 0..n−1; `.to_undirected()` drops directions."""
        import networkx

        graph = networkx.DiGraph()
        graph.add_nodes_from(range(self.n))
        callers = np.repeat(np.arange(self.n), self.degrees)
        graph.add_edges_from(zip(callers.tolist(), self.neighbours.tolist(), strict=True))
        return graph


def complete(n: int) -> Complete:
    """Everybody can call everybody.

    Raises:
        TopologyError: for n outside 1..2³¹−1.
    """
    return Complete(n)


def k_out(n: int, k: int, rng: np.random.Generator) -> Topology:
    """Let every member know k others, drawn uniformly without repetition; one way.

    Nobody may know a member, with probability about exp(−k): push alone never reaches it.

    Args:
        n: members, > k.
        k: whom each can call, ≥ 1. Read without directions the graph is connected with high
            probability for k ≥ 2 (Fenner & Frieze 1982, Combinatorica 2).
        rng: draws n·k uniform numbers.

    Raises:
        TopologyError: for k outside 1..n−1.
    """
    _check_members(n)
    if not (_whole(k) and 1 <= k < n):
        raise TopologyError(f"k must be a whole number in 1..n−1, that is 1..{n - 1}; got {k}.")
    peers = random_peers(np.arange(n), k, rng)
    return Topology(n, np.arange(0, n * k + 1, k), peers.astype(np.int32).ravel())


def small_world(n: int, k: int, p: float, rng: np.random.Generator) -> Topology:
    """Build a ring of n where everyone links to the k nearest, then rewire links at random.

    Each link keeps one end; with probability p the other moves to a member drawn uniformly from
    those not yet linked to the first. Clustering falls as about 3(k−2) / 4(k−1) · (1−p)³ (Barrat &
    Weigt 2000, "On the properties of small-world network models", Eur. Phys. J. B 13).

    Args:
        n: members, > k.
        k: mean degree, even, ≥ 2.
        p: probability in [0, 1]; 0 leaves the ring, 1 makes a random graph.
        rng: gives one seed.

    Raises:
        TopologyError: for sizes or p out of range.
    """
    _check_members(n)
    if not _whole(k) or k < 2 or k % 2 or k >= n:
        raise TopologyError(
            f"k must be an even whole number in 2..n−1, such as 10; got k={k}, n={n}."
        )
    if not 0.0 <= p <= 1.0:
        raise TopologyError(f"p is a probability in [0, 1], such as 0.1; got {p}.")
    links = _rewired_ring(n, k // 2, p, seed_from(rng))
    kept, moved = np.repeat(np.arange(n, dtype=np.int32), k // 2), links.ravel()
    return _linking(n, np.concatenate((kept, moved)), np.concatenate((moved, kept)))


def scale_free(n: int, m: int, rng: np.random.Generator) -> Topology:
    """Grow a graph in which every newcomer links to m members, chosen in proportion to degree.

    It begins as a star of m + 1. Degrees follow P(d) = 2m(m+1) / d(d+1)(d+2), which falls as d⁻³
    (Bollobás, Riordan, Spencer & Tusnády 2001, "The degree sequence of a scale-free random graph
    process", Random Structures & Algorithms 18).

    Args:
        n: members, > m.
        m: links of a newcomer, ≥ 1, all to different members.
        rng: gives one seed.

    Raises:
        TopologyError: for m outside 1..n−1.
    """
    _check_members(n)
    if not (_whole(m) and 1 <= m < n):
        raise TopologyError(f"m must be a whole number in 1..n−1, that is 1..{n - 1}; got {m}.")
    ends = _grown(n, m, seed_from(rng))
    return _linking(n, ends, ends.reshape(-1, 2)[:, ::-1].ravel())


@njit(cache=True, nogil=True)
def _rewired_ring(n: int, half: int, p: float, seed: int) -> NDArray[np.int32]:
    """int32[n, half]: the other ends of the links that each member keeps one end of."""
    stream = seeded(seed)
    links = np.empty((n, half), np.int32)
    degrees = np.full(n, 2 * half)
    for i in range(n):
        for d in range(half):
            links[i, d] = (i + d + 1) % n
    for d in range(half):  # nearest links first, once round the ring for each distance
        for i in range(n):
            if uniform(stream) >= p or degrees[i] >= n - 1:
                continue
            other = below(stream, n)
            while other == i or _linked(links, i, other):
                other = below(stream, n)
            degrees[links[i, d]] -= 1
            degrees[other] += 1
            links[i, d] = other
    return links


@njit(cache=True, nogil=True)
def _linked(links: NDArray[np.int32], a: int, b: int) -> bool:
    """Whether either keeps a link to the other."""
    found = False
    for d in range(links.shape[1]):
        found |= links[a, d] == b or links[b, d] == a
    return found


@njit(cache=True, nogil=True)
def _grown(n: int, m: int, seed: int) -> NDArray[np.int32]:
    """int32[2e], both ends of each link in turn: a member stands there once for each link."""
    stream = seeded(seed)
    ends = np.empty(2 * m * (n - m), np.int32)
    for leaf in range(m):
        ends[2 * leaf] = 0
        ends[2 * leaf + 1] = leaf + 1
    size = 2 * m
    for newcomer in range(m + 1, n):
        chosen = 0
        while chosen < m:
            candidate = ends[below(stream, size)]
            known = False
            for c in range(chosen):
                known |= ends[size + 2 * c + 1] == candidate
            if not known:
                ends[size + 2 * chosen] = newcomer
                ends[size + 2 * chosen + 1] = candidate
                chosen += 1
        size += 2 * m
    return ends


def _linking(n: int, callers: NDArray[np.int32], called: NDArray[np.int32]) -> Topology:
    """The graph of the links given, in their order within each row."""
    starts = np.zeros(n + 1, np.int64)
    starts[1:] = np.cumsum(np.bincount(callers, minlength=n))
    return Topology(n, starts, _sorted_into(starts, callers, called))


@njit(cache=True, nogil=True)
def _sorted_into(
    starts: NDArray[np.int64], callers: NDArray[np.int32], called: NDArray[np.int32]
) -> NDArray[np.int32]:
    places = starts[:-1].copy()
    neighbours = np.empty(called.size, np.int32)
    for link in range(called.size):
        neighbours[places[callers[link]]] = called[link]
        places[callers[link]] += 1
    return neighbours


@njit(cache=True, nogil=True)
def _first_wrong(starts: NDArray[np.int64], neighbours: NDArray[np.int32]) -> int:
    """The first member with a neighbour that is itself or nobody; −1 if there is none."""
    for i in range(starts.size - 1):
        for e in range(starts[i], starts[i + 1]):
            j = neighbours[e]
            if j == i or j < 0 or j >= starts.size - 1:
                return i
    return -1


def _check_members(n: int) -> None:
    if not (_whole(n) and 1 <= n <= MEMBERS_MAX):
        raise TopologyError(
            f"n, the number of members, must be a whole number in 1..{MEMBERS_MAX}; got {n}."
        )


def _whole(number: object) -> bool:
    return isinstance(number, (int, np.integer))
