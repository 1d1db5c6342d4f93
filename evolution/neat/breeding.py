"""Breeding: children crossed and mutated straight into the arrays of the next generation.

One kernel walks through all children; each is written at the end of arrays that were made long
enough beforehand, since a child has at most one node and three links more than its mother.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing
from evolution.chance import Stream, stream_of
from evolution.genomes.spec import Genomes
from evolution.neat.config import Rules
from evolution.neat.crossover import inherit_links, inherit_nodes
from evolution.neat.graphs import Scratch, longest, scratch_for
from evolution.neat.innovation import Counters, Registry, registry_for
from evolution.neat.layout import Columns, Networks, columns_of, named, room_for, view
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
    families = (mothers, fathers, kept, mutating)
    numbers = (counters.node, counters.innovation)
    children, node, innovation = _breed(view(parents), families, rules, numbers, stream_of(rng))
    return named(children), Counters(node, innovation)


@njit(cache=True, nogil=True)
def _breed(
    parents: Networks,
    families: tuple[Rows, Rows, int, bool],
    rules: Rules,
    numbers: tuple[int, int],
    stream: Stream,
) -> tuple[Columns, int, int]:
    """The children, and the next node's key and innovation number."""
    mothers, _, kept, mutating = families
    n, nodes_all, links_all = len(mothers), 0, 0
    for mother in mothers:
        nodes_all += parents.node_start[mother + 1] - parents.node_start[mother] + _NODES_GAINED
        links_all += parents.link_start[mother + 1] - parents.link_start[mother] + _LINKS_GAINED
    children = room_for(n, nodes_all, links_all)
    registry = registry_for(n - kept if mutating else 0, numbers[0], numbers[1])
    room = scratch_for(
        longest(parents.node_start) + _NODES_GAINED, longest(parents.link_start) + _LINKS_GAINED
    )
    node, link = _fill(parents, children, families, rules, registry, room, stream)
    return columns_of(children, node, link), registry.next[0], registry.next[1]


@borrowing
def _fill(
    parents: Networks,
    children: Networks,
    families: tuple[Rows, Rows, int, bool],
    rules: Rules,
    registry: Registry,
    room: Scratch,
    stream: Stream,
) -> tuple[np.int64, np.int64]:
    """Write all children; how many nodes and links they have."""
    mothers, fathers, kept, mutating = families
    # Typed, so that numba compiles what follows for one type only.
    node, link = np.int64(0), np.int64(0)
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
