"""Mutation: structure first, then the attributes of all links and nodes, as neat-python does it.

Stanley & Miikkulainen 2002, section 3.1. A network is mutated where it lies, as the last one of
its arrays, which have room for one more node and three more links.

Guarantees: where ``feed_forward`` is set no link closes a circle; keys and innovation numbers
still ascend; no two links join the same nodes.
"""

from __future__ import annotations

import numpy as np

from evolution.borrowing import borrowing, borrowing_inline
from evolution.chance import Stream, below, halves, normal, uniform
from evolution.neat.config import NumberRule, Rules
from evolution.neat.graphs import Scratch, reaches
from evolution.neat.innovation import Registry, number_of_connection, numbers_of_split
from evolution.neat.layout import Networks, copy_link, copy_node

Ends = tuple[int, int]


@borrowing_inline
def mutate_structure(
    networks: Networks,
    nodes: Ends,
    links: Ends,
    rules: Rules,
    registry: Registry,
    room: Scratch,
    stream: Stream,
) -> Ends:
    """Add and delete nodes and links of a network at rows ``nodes`` and ``links``; its new ends."""
    node, end = nodes
    link, last = links
    if rules.single:
        add, delete, join, cut = _one_of_four(rules, stream)
    else:
        add = uniform(stream) < rules.node_add
        delete = uniform(stream) < rules.node_delete
        join = uniform(stream) < rules.conn_add
        cut = uniform(stream) < rules.conn_delete
    if add:
        if last > link:
            end, last = _split(networks, link, last, end, rules, registry, stream)
        elif rules.surer:
            last = _join(networks, node, end, link, last, rules, registry, room, stream)
    if delete and end - node > rules.outputs:
        at = node + rules.outputs + below(stream, end - node - rules.outputs)
        last = _without_links_of(networks, np.int64(networks.key[at]), link, last)
        end -= 1
        for i in range(at, end):
            copy_node(networks, i + 1, networks, i)
    if join:
        last = _join(networks, node, end, link, last, rules, registry, room, stream)
    if cut and last > link:
        last -= 1
        for i in range(link + below(stream, last + 1 - link), last):
            copy_link(networks, i + 1, networks, i)
    return end, last


@borrowing_inline
def mutate_attributes(
    networks: Networks, nodes: Ends, links: Ends, rules: Rules, stream: Stream
) -> None:
    """Mutate the attributes of every link and node of a network."""
    for link in range(links[0], links[1]):
        chance, toggle = halves(stream)
        networks.weight[link] = _mutated(networks.weight[link], rules.weight, chance, stream)
        on = networks.enabled[link]
        if toggle < (rules.enabled_rate_if_on if on else rules.enabled_rate_if_off):
            networks.enabled[link] = uniform(stream) < 0.5
    for node in range(nodes[0], nodes[1]):
        chance, other = halves(stream)
        networks.bias[node] = _mutated(networks.bias[node], rules.bias, chance, stream)
        networks.response[node] = _mutated(networks.response[node], rules.response, other, stream)
        if rules.activation_rate > 0.0 and uniform(stream) < rules.activation_rate:
            picked = below(stream, len(rules.activation_options))
            networks.activation[node] = rules.activation_options[picked]
        if rules.aggregation_rate > 0.0 and uniform(stream) < rules.aggregation_rate:
            picked = below(stream, len(rules.aggregation_options))
            networks.aggregation[node] = rules.aggregation_options[picked]


@borrowing
def _one_of_four(rules: Rules, stream: Stream) -> tuple[bool, bool, bool, bool]:
    """Which single change of structure happens, if any; rates that sum above 1 are scaled to 1."""
    total = max(1.0, rules.node_add + rules.node_delete + rules.conn_add + rules.conn_delete)
    chance = uniform(stream) * total
    first = rules.node_add
    second = first + rules.node_delete
    third = second + rules.conn_add
    fourth = third + rules.conn_delete
    return (
        chance < first,
        first <= chance < second,
        second <= chance < third,
        third <= chance < fourth,
    )


@borrowing
def _split(
    networks: Networks,
    link: int,
    last: int,
    end: int,
    rules: Rules,
    registry: Registry,
    stream: Stream,
) -> Ends:
    """Put a new node into a link chosen at random, which is disabled; the new ends."""
    old = link + below(stream, last - link)
    source, target = np.int64(networks.source[old]), np.int64(networks.target[old])
    key, number = numbers_of_split(registry, source, target)
    networks.enabled[old] = False
    networks.key[end] = key
    networks.bias[end] = _clamped(0.0, rules.bias)
    networks.response[end] = _initial(rules.response, stream)
    networks.activation[end] = rules.activation_start
    if rules.activation_start < 0:
        picked = below(stream, len(rules.activation_options))
        networks.activation[end] = rules.activation_options[picked]
    networks.aggregation[end] = rules.aggregation_start
    if rules.aggregation_start < 0:
        picked = below(stream, len(rules.aggregation_options))
        networks.aggregation[end] = rules.aggregation_options[picked]
    weight = networks.weight[old]
    last = _insert(networks, link, last, source, key, number)
    networks.weight[last - 1] = _clamped(1.0, rules.weight)
    last = _insert(networks, link, last, key, target, number + 1)
    networks.weight[last - 1] = weight
    return end + 1, last


@borrowing
def _join(
    networks: Networks,
    node: int,
    end: int,
    link: int,
    last: int,
    rules: Rules,
    registry: Registry,
    room: Scratch,
    stream: Stream,
) -> int:
    """Try to join two nodes chosen at random; the new end of the links."""
    target = np.int64(networks.key[node + below(stream, end - node)])
    picked = below(stream, rules.inputs + end - node - rules.outputs)
    hidden = picked - rules.inputs
    source = -1 - picked
    if hidden >= 0:
        source = np.int64(networks.key[node + rules.outputs + hidden])
    for i in range(link, last):
        if networks.source[i] == source and networks.target[i] == target:
            if rules.surer:
                networks.enabled[i] = True
            return last
    # Nothing leads to an input, so that only a link from a hidden node can close a circle.
    if rules.feed_forward and source >= 0:
        keys = networks.key[node:end]
        sources, targets = networks.source[link:last], networks.target[link:last]
        if reaches(keys, sources, targets, target, source, room):
            return last
    number = number_of_connection(registry, source, target)
    last = _insert(networks, link, last, source, target, number)
    at = last - 1
    while networks.innovation[at] != number:
        at -= 1
    networks.weight[at] = _initial(rules.weight, stream)
    networks.enabled[at] = rules.enabled_start > 0
    if rules.enabled_start < 0:
        networks.enabled[at] = uniform(stream) < 0.5
    return last


@borrowing
def _insert(networks: Networks, link: int, last: int, source: int, target: int, number: int) -> int:
    """Make room for an enabled link where its number belongs, near the end; the new end."""
    at = last
    while at > link and networks.innovation[at - 1] > number:
        copy_link(networks, at - 1, networks, at)
        at -= 1
    networks.source[at] = source
    networks.target[at] = target
    networks.weight[at] = 0.0
    networks.enabled[at] = True
    networks.innovation[at] = number
    return last + 1


@borrowing
def _without_links_of(networks: Networks, key: int, link: int, last: int) -> int:
    """Drop the links from and to a node; the new end of the links."""
    kept = link
    for i in range(link, last):
        if networks.source[i] != key and networks.target[i] != key:
            if kept < i:
                copy_link(networks, i, networks, kept)
            kept += 1
    return kept


@borrowing
def _initial(rule: NumberRule, stream: Stream) -> float:
    if rule.even:
        low = max(rule.low, rule.mean - 2.0 * rule.stdev)
        high = min(rule.high, rule.mean + 2.0 * rule.stdev)
        return _clamped(low + (high - low) * uniform(stream), rule)
    if rule.stdev == 0.0:
        return _clamped(rule.mean, rule)
    return _clamped(rule.mean + rule.stdev * normal(stream), rule)


@borrowing_inline
def _mutated(value: float, rule: NumberRule, chance: float, stream: Stream) -> float:
    """A number shifted at ``mutate_rate``, drawn anew at ``replace_rate``, or as it was."""
    if chance < rule.mutate_rate:
        return _clamped(value + rule.power * normal(stream), rule)
    if chance < rule.mutate_rate + rule.replace_rate:
        return _initial(rule, stream)
    return value


@borrowing
def _clamped(value: float, rule: NumberRule) -> float:
    return max(min(value, rule.high), rule.low)
