"""Louvain: communities of a weighted graph that raise modularity, move by move.

Blondel, Guillaume, Lambiotte & Lefebvre 2008, "Fast unfolding of communities in large networks",
Journal of Statistical Mechanics P10008. Every node moves to the community of a neighbour where it
raises modularity most, until none does; then communities become nodes, and so on.

Guarantees: it ends on every graph, since a node moves only for a gain beyond what rounding could
feign (without that, ties of equal worth can be swapped for ever); equal graphs and seeds give
equal communities.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import seeded, shuffle

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MARGIN = 1e-10  # of a node's strength; rounding is some 1e-15 of it


@njit(cache=True, nogil=True)
def louvain(edges: Ints, weight: Floats, nodes: int, resolution: float, seed: int) -> Ints:
    """Find communities.

    Args:
        edges: int64[e, 2], the two ends of each, 0..nodes−1 and never the same; each pair once.
        weight: float64[e], > 0.
        nodes: how many there are.
        resolution: above 1 for smaller communities, below for larger.
        seed: 0..2⁶³−1, decides the order in which nodes are asked.

    Returns:
        int64[nodes], labels 0..c−1.

    Costs O(e) a pass over the nodes, of which there are few.
    """
    start, near, amount = adjacency(edges, weight, nodes)
    within = np.zeros(nodes)
    labels = np.arange(nodes)
    stream = seeded(seed)
    while True:
        community = _moved(start, near, amount, within, resolution, stream)
        number = _renumber(community)
        if number == community.size:
            return labels
        labels = community[labels]
        start, near, amount, within = _merged(start, near, amount, within, community, number)


@njit(cache=True, nogil=True)
def modularity(edges: Ints, weight: Floats, labels: Ints, resolution: float) -> float:
    """Modularity of a partition, Σ over communities of inside / m − resolution·(strength / 2m)².

    Newman 2004, "Analysis of weighted networks", Physical Review E 70:056131.
    """
    inside = np.zeros(labels.max() + 1)
    strength = np.zeros(labels.max() + 1)
    for e in range(len(edges)):
        a, b = labels[edges[e, 0]], labels[edges[e, 1]]
        strength[a] += weight[e]
        strength[b] += weight[e]
        if a == b:
            inside[a] += weight[e]
    total = weight.sum()
    return inside.sum() / total - resolution * ((strength / (2 * total)) ** 2).sum()


@njit(cache=True, nogil=True)
def adjacency(edges: Ints, weight: Floats, nodes: int) -> tuple[Ints, Ints, Floats]:
    """Neighbours of a node and the weights to them, from `start[node]` to `start[node + 1]`."""
    start = np.zeros(nodes + 1, np.int64)
    for end in edges.ravel():
        start[end + 1] += 1
    start = np.cumsum(start)
    free = start.copy()
    near = np.empty(edges.size, np.int64)
    amount = np.empty(edges.size, np.float64)
    for e in range(len(edges)):
        a, b = edges[e]
        near[free[a]], near[free[b]] = b, a
        amount[free[a]] = amount[free[b]] = weight[e]
        free[a] += 1
        free[b] += 1
    return start, near, amount


@njit(cache=True, nogil=True)
def _moved(
    start: Ints,
    near: Ints,
    amount: Floats,
    within: Floats,
    resolution: float,
    stream: NDArray[np.uint64],
) -> Ints:
    """Communities int64[n] in which no node can gain by moving."""
    nodes = within.size
    strength = within.copy()
    for i in range(nodes):
        strength[i] += amount[start[i] : start[i + 1]].sum()
    total = strength.sum()
    community = np.arange(nodes)
    order = np.arange(nodes)
    shuffle(order, stream)
    to = np.zeros(nodes)  # what a node exchanges with each community
    moves = 1
    while moves > 0:
        moves = 0
        held = np.zeros(nodes)  # summed anew every time, lest rounding adds up
        for i in range(nodes):
            held[community[i]] += strength[i]
        for place in range(nodes):
            i = order[place]
            for e in range(start[i], start[i + 1]):
                to[community[near[e]]] += amount[e]
            home = community[i]
            held[home] -= strength[i]
            price = resolution * strength[i] / total if total > 0 else 0.0
            best = home
            most = to[home] - price * held[home] + MARGIN * strength[i]
            for e in range(start[i], start[i + 1]):
                other = community[near[e]]
                worth = to[other] - price * held[other]
                if worth > most:
                    best, most = other, worth
            for e in range(start[i], start[i + 1]):
                to[community[near[e]]] = 0.0
            held[best] += strength[i]
            community[i] = best
            if best != home:
                moves += 1
    return community


@njit(cache=True, nogil=True)
def _renumber(community: Ints) -> int:
    """Number communities 0.. in the order of their first nodes, in place; returns how many."""
    name = np.full(community.size, -1)
    number = 0
    for i in range(community.size):
        if name[community[i]] < 0:
            name[community[i]] = number
            number += 1
        community[i] = name[community[i]]
    return number


@njit(cache=True, nogil=True)
def _merged(
    start: Ints, near: Ints, amount: Floats, within: Floats, community: Ints, number: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """The graph whose nodes are the communities; what is inside one counts from both ends."""
    inside = np.zeros(number)
    for i in range(community.size):
        inside[community[i]] += within[i]
    members = np.argsort(community, kind="mergesort")
    merged_start = np.zeros(number + 1, np.int64)
    merged_near = np.empty(near.size, np.int64)
    merged_amount = np.empty(near.size)
    place = np.full(number, -1)  # where this community's link to another stands
    size = 0
    for m in range(members.size):
        i = members[m]
        mine = community[i]
        for e in range(start[i], start[i + 1]):
            other = community[near[e]]
            if other == mine:
                inside[mine] += amount[e]
            elif place[other] >= merged_start[mine]:
                merged_amount[place[other]] += amount[e]
            else:
                place[other] = size
                merged_near[size], merged_amount[size] = other, amount[e]
                size += 1
        merged_start[mine + 1] = size
    return merged_start, merged_near[:size], merged_amount[:size], inside
