"""Breeding: children crossed and mutated straight into the arrays of the next generation.

One kernel walks through all children; each is written at the end of arrays that were made long
enough beforehand, since a child has at most one node and three links more than its mother.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.genomes.spec import Genomes
from evolution.neat.chance import Stream, stream_of
from evolution.neat.config import Rules
from evolution.neat.crossover import inherit_links, inherit_nodes
from evolution.neat.graphs import longest, scratch_for
from evolution.neat.innovation import Counters, Registry, registry_for
from evolution.neat.layout import Networks, empty, shortened, view
from evolution.neat.mutation import mutate_attributes, mutate_structure

Rows = npt.NDArray[np.int64]

_NODES_GAINED, _LINKS_GAINED = 1, 3


def breed(
    parents: Genomes,
    mothers: Rows,
    fathers: Rows,
    rules: Rules,
    counters: Counters,
    rng: np.random.Generator,
    *,
    kept: int = 0,
    mutating: bool = True,
) -> tuple[Genomes, Counters]:
    """One child for each pair of rows of ``parents``, and the counters after it.

    Args:
        parents: networks.
        mothers: int64[n], the fitter parent of each child.
        fathers: int64[n], the other one; the mother herself for a child without crossover.
        rules: how they mutate.
        counters: the first node's key and innovation number that are free.
        rng: one draw of it seeds the kernel.
        kept: so many first children are their mothers, unchanged.
        mutating: whether children mutate.
    """
    n, after = len(mothers), mothers + 1
    nodes, links = (
        int((parents[start][after] - parents[start][mothers]).sum()) + gained * n
        for start, gained in (("node_start", _NODES_GAINED), ("link_start", _LINKS_GAINED))
    )
    children = empty(n, nodes, links)
    registry = registry_for(n - kept if mutating else 0, counters)
    stream = stream_of(rng)
    families = (mothers, fathers, kept, mutating)
    ends = _breed(view(parents), families, rules, registry, stream, view(children))
    children = shortened(children, int(ends[0]), int(ends[1]))
    return children, Counters(int(registry.next[0]), int(registry.next[1]))


@njit(cache=True, nogil=True)
def _breed(
    parents: Networks,
    families: tuple[Rows, Rows, int, bool],
    rules: Rules,
    registry: Registry,
    stream: Stream,
    children: Networks,
) -> tuple[np.int64, np.int64]:
    """Fill ``children``; how many nodes and links they have."""
    mothers, fathers, kept, mutating = families
    room = scratch_for(
        longest(parents.node_start) + _NODES_GAINED, longest(parents.link_start) + _LINKS_GAINED
    )
    # Typed, so that numba compiles what follows for one type only.
    node, link = np.int64(0), np.int64(0)
    children.node_start[0], children.link_start[0] = 0, 0
    for child in range(len(mothers)):
        mother, father = mothers[child], fathers[child]
        end = inherit_nodes(parents, mother, father, children, node, stream)
        last = inherit_links(parents, mother, father, children, link, stream)
        if mutating and child >= kept:
            nodes, links = (node, end), (link, last)
            end, last = mutate_structure(children, nodes, links, rules, registry, room, stream)
            mutate_attributes(children, (node, end), (link, last), rules, stream)
        node, link = end, last
        children.node_start[child + 1], children.link_start[child + 1] = node, link
    return node, link
