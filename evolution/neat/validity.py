"""Which networks are allowed: the rules of `evolution.neat.networks`, checked one by one."""

from __future__ import annotations

import numpy as np
from numba import njit

from evolution.genomes.base import GenomeError
from evolution.neat.config import NetworkConfig, NumberRule, Rules
from evolution.neat.graphs import Places, has_cycle, longest, place_of, scratch_for
from evolution.neat.layout import Networks
from evolution.neat.sorting import pair_of, sort_places

_FAULTS = (
    "",
    "the outputs 0..{last} must come first",
    "keys of nodes must ascend",
    "innovation numbers of links must ascend",
    "a link comes from a node that is not there",
    "a link goes to a node that is not there, or to an input",
    "two links join the same nodes",
    "a bias, response or weight is out of its range",
    "a function is not among the options",
    "node_start and link_start must rise",
    "feed_forward is set, but links lead in a circle",
)
(
    _FINE,
    _OUTPUTS,
    _KEYS,
    _INNOVATIONS,
    _SOURCE,
    _TARGET,
    _TWICE,
    _RANGE,
    _FUNCTION,
    _STARTS,
    _CYCLE,
) = range(11)


def check(config: NetworkConfig, networks: Networks) -> None:
    """Raise `GenomeError` at the first network that breaks a rule."""
    genome, fault = first_fault(networks, config.rules())
    if fault:
        told = _FAULTS[fault].format(last=config.num_outputs - 1)
        raise GenomeError(f"network {genome}: {told}")


@njit(cache=True, nogil=True)
def first_fault(networks: Networks, rules: Rules) -> tuple[int, int]:
    """The first network that breaks a rule and which, or (0, 0)."""
    for genome in range(len(networks.node_start) - 1):
        if networks.node_start[genome] > networks.node_start[genome + 1]:
            return genome, _STARTS
        if networks.link_start[genome] > networks.link_start[genome + 1]:
            return genome, _STARTS
    links = longest(networks.link_start)
    room = scratch_for(longest(networks.node_start), links)
    pairs, order, spare = np.empty(links, np.int64), np.empty(links, np.int64), room.onward
    for genome in range(len(networks.node_start) - 1):
        fault = _node_fault(networks, genome, rules)
        if fault == _FINE:
            fault = _link_fault(networks, genome, rules, pairs, order, spare)
        if fault == _FINE and rules.feed_forward:
            a, b = networks.node_start[genome], networks.node_start[genome + 1]
            c, d = networks.link_start[genome], networks.link_start[genome + 1]
            if has_cycle(networks.key[a:b], networks.source[c:d], networks.target[c:d], room):
                fault = _CYCLE
        if fault != _FINE:
            return genome, fault
    return 0, _FINE


@njit(cache=True, nogil=True)
def _node_fault(networks: Networks, genome: int, rules: Rules) -> int:
    start, end = networks.node_start[genome], networks.node_start[genome + 1]
    if end - start < rules.outputs:
        return _OUTPUTS
    for node in range(start, end):
        key = networks.key[node]
        if node < start + rules.outputs and key != node - start:
            return _OUTPUTS
        if node > start and key <= networks.key[node - 1]:
            return _KEYS
        if not (_within(networks.bias[node], rules.bias)):
            return _RANGE
        if not (_within(networks.response[node], rules.response)):
            return _RANGE
        if networks.activation[node] not in rules.activation_options:
            return _FUNCTION
        if networks.aggregation[node] not in rules.aggregation_options:
            return _FUNCTION
    return _FINE


@njit(cache=True, nogil=True)
def _link_fault(
    networks: Networks, genome: int, rules: Rules, pairs: Places, order: Places, spare: Places
) -> int:
    keys = networks.key[networks.node_start[genome] : networks.node_start[genome + 1]]
    start, end = networks.link_start[genome], networks.link_start[genome + 1]
    for link in range(start, end):
        source, target = np.int64(networks.source[link]), np.int64(networks.target[link])
        if link > start and networks.innovation[link] <= networks.innovation[link - 1]:
            return _INNOVATIONS
        if source < -rules.inputs or (source >= 0 and place_of(keys, source) < 0):
            return _SOURCE
        if place_of(keys, target) < 0:
            return _TARGET
        if not (_within(networks.weight[link], rules.weight)):
            return _RANGE
        pairs[link - start] = pair_of(source, target)
    sort_places(pairs[: end - start], order, spare)
    for i in range(1, end - start):
        if pairs[order[i]] == pairs[order[i - 1]]:
            return _TWICE
    return _FINE


@njit(cache=True, nogil=True)
def _within(value: float, rule: NumberRule) -> bool:
    return rule.low <= value <= rule.high
