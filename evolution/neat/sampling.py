"""Networks to begin with: the outputs, the hidden nodes asked for, and the initial connections.

Guarantee: equal initial connections, and equal hidden nodes, have equal innovation numbers and
keys in all networks. (neat-python 2.0 gives each network hidden nodes of its own.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.neat.config import NetworkConfig, NumberRule

Pairs = list[tuple[int, int]]


def initial_networks(config: NetworkConfig, n: int, rng: np.random.Generator) -> Genomes:
    """``n`` networks; the draws are the connections', then those of each attribute in turn."""
    rules = config.rules()
    pairs = np.array(initial_pairs(config), dtype=np.int32).reshape(-1, 2)
    row, link = np.nonzero(_chosen(config, pairs, n, rng))
    nodes = config.num_outputs + config.num_hidden
    size = n * nodes
    return {
        "node_start": np.arange(n + 1, dtype=np.int64) * nodes,
        "key": np.tile(np.arange(nodes, dtype=np.int32), n),
        "bias": _numbers(rules.bias, size, rng),
        "response": _numbers(rules.response, size, rng),
        "activation": _options(rules.activation_options, rules.activation_start, size, rng),
        "aggregation": _options(rules.aggregation_options, rules.aggregation_start, size, rng),
        "link_start": np.searchsorted(row, np.arange(n + 1)).astype(np.int64),
        "source": pairs[link, 0],
        "target": pairs[link, 1],
        "weight": _numbers(rules.weight, len(link), rng),
        "enabled": _switches(rules.enabled_start, len(link), rng),
        "innovation": (link + 1).astype(np.int32),
    }


def initial_pairs(config: NetworkConfig) -> Pairs:
    """The connections that initial networks may have, as (source, target), in order of number."""
    way, _ = config.connectivity
    inputs = [-1 - i for i in range(config.num_inputs)]
    outputs = list(range(config.num_outputs))
    hidden = [config.num_outputs + i for i in range(config.num_hidden)]
    if way == "unconnected":
        return []
    if way.startswith("fs_neat"):
        targets = outputs + hidden if way == "fs_neat_hidden" else outputs
        return [(i, node) for i in inputs for node in targets]
    pairs = [(i, h) for i in inputs for h in hidden] + [(h, o) for h in hidden for o in outputs]
    if way.endswith("_direct") or not hidden:
        pairs += [(i, o) for i in inputs for o in outputs]
    return pairs if config.feed_forward else pairs + [(i, i) for i in outputs + hidden]


def _chosen(
    config: NetworkConfig, pairs: npt.NDArray[np.int32], n: int, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Which of the pairs each network has, bool[n, pairs]."""
    way, share = config.connectivity
    if way.startswith("fs_neat"):
        picked = -1 - rng.integers(config.num_inputs, size=n)
        return np.asarray(pairs[:, 0] == picked[:, np.newaxis])
    if way.startswith("partial"):
        order = np.argsort(rng.random((n, len(pairs))), axis=1)
        return np.asarray(order < round(len(pairs) * share))
    return np.ones((n, len(pairs)), dtype=np.bool_)


def _numbers(rule: NumberRule, size: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    if rule.even:
        low = max(rule.low, rule.mean - 2.0 * rule.stdev)
        high = min(rule.high, rule.mean + 2.0 * rule.stdev)
        drawn = low + (high - low) * rng.random(size)
    else:
        drawn = rng.normal(rule.mean, rule.stdev, size)
    return np.clip(drawn, rule.low, rule.high)


def _options(
    options: npt.NDArray[np.int8], start: int, size: int, rng: np.random.Generator
) -> npt.NDArray[Any]:
    if start >= 0:
        return np.full(size, start, dtype=np.int8)
    return options[rng.integers(len(options), size=size)]


def _switches(start: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    if start >= 0:
        return np.full(size, bool(start))
    return np.asarray(rng.random(size) < 0.5)
