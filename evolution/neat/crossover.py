"""Crossover: the child has the structure of the fitter parent, and attributes of both.

Stanley & Miikkulainen 2002, section 3.2: links are lined up by innovation number; what both
parents have comes from either at random, attribute by attribute; disjoint and excess links come
from the fitter parent. A link that is disabled in either parent is disabled in three of four
children. As both parents are sorted, lining up is one walk along them. Two links of one number
that join different nodes, as they may come from another island, do not match.
"""

from __future__ import annotations

import numpy as np

from evolution.borrowing import borrowing_inline
from evolution.chance import Stream, draw
from evolution.neat.layout import Networks, copy_link, copy_node

# Of a draw the upper bits are used. Rows are chosen by arithmetic: a branch that chance decides
# is one that the processor cannot foresee.
_HIGH = np.uint64(40)


@borrowing_inline
def inherit_nodes(
    parents: Networks, mother: int, father: int, children: Networks, end: int, stream: Stream
) -> int:
    """Write a child's nodes from row ``end`` on; its new end."""
    other, others = parents.node_start[father], parents.node_start[father + 1]
    for node in range(parents.node_start[mother], parents.node_start[mother + 1]):
        key = parents.key[node]
        while other < others and parents.key[other] < key:
            other += 1
        copy_node(parents, node, children, end)
        if mother != father and other < others and parents.key[other] == key:
            chance, apart = np.int64(draw(stream) >> _HIGH), other - node
            children.bias[end] = parents.bias[node + apart * (chance & 1)]
            children.response[end] = parents.response[node + apart * (chance >> 1 & 1)]
            children.activation[end] = parents.activation[node + apart * (chance >> 2 & 1)]
            children.aggregation[end] = parents.aggregation[node + apart * (chance >> 3 & 1)]
        end += 1
    return end


@borrowing_inline
def inherit_links(
    parents: Networks, mother: int, father: int, children: Networks, end: int, stream: Stream
) -> int:
    """Write a child's links from row ``end`` on; its new end."""
    other, others = parents.link_start[father], parents.link_start[father + 1]
    for link in range(parents.link_start[mother], parents.link_start[mother + 1]):
        number = parents.innovation[link]
        while other < others and parents.innovation[other] < number:
            other += 1
        copy_link(parents, link, children, end)
        if mother != father and other < others and _match(parents, link, other):
            chance, apart = np.int64(draw(stream) >> _HIGH), other - link
            children.weight[end] = parents.weight[link + apart * (chance & 1)]
            either_off = not (parents.enabled[link] and parents.enabled[other])
            on = parents.enabled[link + apart * (chance >> 1 & 1)]
            children.enabled[end] = on and not (either_off and chance >> 2 & 3)
        end += 1
    return end


@borrowing_inline
def _match(parents: Networks, link: int, other: int) -> bool:
    return bool(
        parents.innovation[link] == parents.innovation[other]
        and parents.source[link] == parents.source[other]
        and parents.target[link] == parents.target[other]
    )
