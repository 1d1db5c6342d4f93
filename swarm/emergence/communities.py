"""Communities of who exchanges with whom: found, measured, and set beside chance.

Communities are Louvain's (`swarm.emergence.louvain`) on the weighted graph of exchanges, the
measure is modularity. A random graph has modularity too, a sparse one much (Guimerà, Sales-Pardo
& Amaral 2004, "Modularity from fluctuations in random graphs and complex networks", Physical
Review E 70:025101), so it is compared with surrogates that are searched by the same algorithm.

Guarantees: equal graphs and generators give equal communities, in whatever order the exchanges
were listed; communities are numbered from the largest, among equals from that of the lowest id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.chance import below, seed_from, seeded
from swarm.emergence.against_chance import AgainstChance, check_draws
from swarm.emergence.louvain import adjacency, louvain, modularity

if TYPE_CHECKING:
    import networkx as nx

Shuffled = Literal["wiring", "weights"]
SWAPS_PER_EDGE = 10  # tried; many times what it takes to mix the edges


class ExchangeError(ValueError):
    """Exchanges that make no graph; the message says what would."""


@dataclass(frozen=True)
class Communities:
    """A partition of the agents.

    Attributes:
        ids: int64[n], ascending.
        labels: int64[n], community of each, 0 the largest.
        modularity: of the partition, −1/2..1; nan without exchanges.
    """

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    modularity: float

    @property
    def sizes(self) -> NDArray[np.int64]:
        """int64[c], agents in each, descending."""
        return np.bincount(self.labels)


def exchange_graph(
    givers: ArrayLike,
    takers: ArrayLike,
    amounts: ArrayLike | None = None,
    agents: ArrayLike | None = None,
) -> nx.Graph:
    """Build the graph of who exchanges with whom.

    Args:
        givers, takers: int[e], ids; a pair may come often, and in both directions.
        amounts: int or float[e] ≥ 0, what went over; 1 each if left out. Nothing makes no edge.
        agents: ids of those who belong to the graph even if they exchanged nothing.

    Returns:
        Undirected networkx.Graph: nodes are ids, `weight` is the sum of what went over between
        the two. Nodes and edges ascend, so that the order of exchanges leaves no trace.

    Raises:
        ExchangeError: for lengths that differ, ids that are no whole numbers, somebody's exchange
            with themselves, or amounts below 0 or not finite.
    """
    import networkx as nx  # takes a while to import

    one, two, amount = _check_exchanges(givers, takers, amounts)
    low, high = np.minimum(one, two), np.maximum(one, two)
    pairs, edge = np.unique(np.stack([low, high], axis=1), axis=0, return_inverse=True)
    # Sorted first: sums of floats depend on their order.
    order = np.lexsort((amount, edge.ravel()))
    weight = np.bincount(edge.ravel()[order], amount[order], minlength=len(pairs))
    graph = nx.Graph()
    others = _check_ids([] if agents is None else agents)
    graph.add_nodes_from(np.unique(np.concatenate([one, two, others])).tolist())
    kept = weight > 0
    graph.add_weighted_edges_from(zip(*pairs[kept].T.tolist(), weight[kept].tolist(), strict=True))
    return graph


def find_communities(
    graph: nx.Graph, rng: np.random.Generator, resolution: float = 1.0
) -> Communities:
    """Find communities by Louvain.

    Args:
        graph: undirected, nodes are int ids, edges may have a `weight` > 0 and are 1 otherwise;
            such as `exchange_graph` gives.
        rng: draws the order in which agents are asked.
        resolution: above 1 for smaller communities, below for larger.

    Returns:
        The communities; everybody alone where there are no exchanges.

    Raises:
        ExchangeError: for a graph of another kind.
    """
    ids, edges, weight = _arrays(graph)
    return _found(ids, edges, weight, rng, resolution)


def modularity_against_chance(
    graph: nx.Graph,
    rng: np.random.Generator,
    draws: int = 100,
    shuffled: Shuffled = "wiring",
    resolution: float = 1.0,
) -> AgainstChance:
    """Compare the modularity found with that found in surrogates.

    Args:
        graph: as `find_communities` takes.
        rng: draws the surrogates and Louvain's orders.
        draws: surrogates, ≥ 2; each is searched once.
        shuffled: what chance decides in a surrogate. "wiring": who is linked with whom, each
            with as many as before (double edge swaps, Maslov & Sneppen 2002, "Specificity and
            stability in topology of protein networks", Science 296), and the weights are dealt
            out anew. "weights": only the weights, among the links there are; this asks whether
            frequent exchange, beyond having met, keeps to communities.
        resolution: of Louvain.

    Raises:
        ExchangeError: for a graph of another kind.
        ValueError: for another way of shuffling, or draws < 2 or not whole.
    """
    if shuffled not in get_args(Shuffled):
        raise ValueError(f"shuffled must be 'wiring' or 'weights'; got {shuffled!r}")
    check_draws(draws)
    ids, edges, weight = _arrays(graph)
    observed = _found(ids, edges, weight, rng, resolution).modularity
    surrogates = [
        _found(ids, *_surrogate(edges, weight, ids.size, rng, shuffled), rng, resolution).modularity
        for _ in range(draws)
    ]
    return AgainstChance.of(observed, surrogates)


def _found(
    ids: NDArray[np.int64],
    edges: NDArray[np.int64],
    weight: NDArray[np.float64],
    rng: np.random.Generator,
    resolution: float,
) -> Communities:
    if not len(edges):
        return Communities(ids, np.arange(ids.size), np.nan)
    labels = louvain(edges, weight, ids.size, float(resolution), seed_from(rng))
    # Labels come in the order of their lowest ids; a stable sort keeps that among equal sizes.
    largest_first = np.argsort(-np.bincount(labels), kind="stable")
    labels = np.argsort(largest_first)[labels]
    return Communities(ids, labels, float(modularity(edges, weight, labels, float(resolution))))


def _surrogate(
    edges: NDArray[np.int64],
    weight: NDArray[np.float64],
    nodes: int,
    rng: np.random.Generator,
    shuffled: Shuffled,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The weights dealt out anew, and before that the edges rewired if asked."""
    if shuffled == "wiring" and len(edges) > 1:
        edges = _rewired(edges, nodes, seed_from(rng))
    return edges, rng.permutation(weight)


@njit(cache=True, nogil=True)
def _rewired(edges: NDArray[np.int64], nodes: int, seed: int) -> NDArray[np.int64]:
    """Swap the ends of random pairs of edges, unless that makes a loop or an edge twice."""
    edges = edges.copy()
    start, neighbours, _ = adjacency(edges, np.ones(len(edges)), nodes)
    stream = seeded(seed)
    for _ in range(SWAPS_PER_EDGE * len(edges)):
        first, second = below(stream, len(edges)), below(stream, len(edges))
        a, b = edges[first]
        c, d = edges[second]
        if below(stream, 2) == 1:  # either way round: an edge has no direction
            c, d = d, c
        near_a, near_b = neighbours[start[a] : start[a + 1]], neighbours[start[b] : start[b + 1]]
        near_c, near_d = neighbours[start[c] : start[c + 1]], neighbours[start[d] : start[d + 1]]
        shared = a in (c, d) or b in (c, d)  # a swap would make a loop, or change nothing
        if shared or (near_a == d).any() or (near_c == b).any():
            continue
        edges[first, 1], edges[second, 0], edges[second, 1] = d, c, b
        _replace(near_a, b, d)
        _replace(near_b, a, c)
        _replace(near_c, d, b)
        _replace(near_d, c, a)
    return edges


@njit(cache=True, nogil=True)
def _replace(neighbours: NDArray[np.int64], old: int, new: int) -> None:
    for p in range(neighbours.size):
        if neighbours[p] == old:
            neighbours[p] = new
            return


def _arrays(
    graph: nx.Graph,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Ids int64[n] ascending, edges int64[e, 2] of their rows ascending, weights float64[e]."""
    ids = np.array(sorted(graph.nodes))
    if graph.is_directed() or graph.is_multigraph() or (ids.size and ids.dtype.kind != "i"):
        raise ExchangeError(
            "communities are found in an undirected graph of int ids with one edge a pair, such "
            f"as exchange_graph(givers, takers, amounts) gives; got {type(graph).__name__} of "
            f"{ids.dtype} nodes"
        )
    listed = list(graph.edges(data="weight", default=1))
    ends = np.sort(np.array([edge[:2] for edge in listed], np.int64).reshape(-1, 2), axis=1)
    # The checks are those of exchanges, and the order of edges leaves no trace either.
    low, high, weight = _check_exchanges(ends[:, 0], ends[:, 1], [edge[2] for edge in listed])
    order = np.lexsort((high, low))
    order = order[weight[order] > 0]
    return ids.astype(np.int64), np.searchsorted(ids, ends[order]), weight[order]


def _check_ids(ids: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(ids)
    if given.size == 0:
        return given.astype(np.int64)
    if given.dtype.kind not in "iu" or given.max() > np.iinfo(np.int64).max:
        raise ExchangeError(
            f"ids are whole numbers within int64, such as [3, 4, 7]; got {given.dtype}: "
            f"{given.ravel()[:3].tolist()}. Number agents that have names instead"
        )
    return given.astype(np.int64)


def _check_exchanges(
    givers: ArrayLike, takers: ArrayLike, amounts: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    one, two = _check_ids(givers), _check_ids(takers)
    amount = np.ones(one.shape) if amounts is None else np.asarray(amounts, np.float64)
    if one.ndim != 1 or not one.shape == two.shape == amount.shape:
        raise ExchangeError(
            "givers, takers and amounts go side by side, such as [3, 3], [4, 7] and [1.0, 2.0]; "
            f"got shapes {one.shape}, {two.shape} and {amount.shape}"
        )
    if (one == two).any():
        raise ExchangeError(
            f"agent {one[one == two][0]} exchanges with itself; an exchange is between two, "
            "leave out the others: keep = givers != takers"
        )
    if not (np.isfinite(amount).all() and (amount >= 0).all()):
        raise ExchangeError(
            f"amounts must be finite and at least 0; got {amount.min()}..{amount.max()}"
        )
    return one, two, amount
