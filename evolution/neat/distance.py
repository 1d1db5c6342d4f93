"""Compatibility distance: how unlike two networks are, as neat-python 2.0 measures it.

Stanley & Miikkulainen 2002, equation 1, with a term for nodes beside that for connections. Each
term is (the differences of what both have + c_d · the number of what only one has) / the larger
one's number. Nodes match by key and connections by the nodes they join, whatever their innovation
numbers; differences are those of the real attributes, plus 1 for each other attribute that
differs, times c_w.

Guarantees: symmetric to the last bit; equal to `neat.DefaultGenome.distance` but for rounding;
linear in nodes and links once the links are sorted.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing, borrowing_inline
from evolution.genomes.spec import Genomes
from evolution.neat.config import NetworkConfig
from evolution.neat.graphs import longest
from evolution.neat.layout import Networks, view
from evolution.neat.sorting import Places, pair_of, sort_places

Floats = npt.NDArray[np.float64]

# What rounding may add to a lower bound of a distance, and far less than anything measured.
SLACK = 1.0 + 1e-9


class Coefficients(NamedTuple):
    """What a disjoint gene counts (c_d), and what a difference of 1 does (c_w)."""

    disjoint: float
    weight: float

    @classmethod
    def of(cls, config: NetworkConfig) -> Coefficients:
        """Those of the settings."""
        return cls(
            float(config.compatibility_disjoint_coefficient),
            float(config.compatibility_weight_coefficient),
        )


class Aligned(NamedTuple):
    """Networks with their links in order of the nodes that they join."""

    node_start: npt.NDArray[np.int64]
    key: npt.NDArray[np.int32]
    bias: Floats
    response: Floats
    activation: npt.NDArray[np.int8]
    aggregation: npt.NDArray[np.int8]
    link_start: npt.NDArray[np.int64]
    pair: npt.NDArray[np.int64]
    weight: Floats
    enabled: npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def aligned(networks: Networks) -> Aligned:
    """The same networks with their links sorted by the nodes they join."""
    total, most = len(networks.weight), longest(networks.link_start)
    room = (np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64))
    lined = Aligned(
        networks.node_start,
        networks.key,
        networks.bias,
        networks.response,
        networks.activation,
        networks.aggregation,
        networks.link_start,
        np.empty(total, np.int64),
        np.empty(total, np.float64),
        np.empty(total, np.bool_),
    )
    _line_up(networks, lined, room)
    return lined


@borrowing
def _line_up(networks: Networks, lined: Aligned, room: tuple[Places, Places, Places]) -> None:
    """Fill in the links."""
    values, order, spare = room
    for genome in range(len(networks.link_start) - 1):
        start = networks.link_start[genome]
        links = networks.link_start[genome + 1] - start
        for i in range(links):
            source, target = networks.source[start + i], networks.target[start + i]
            values[i] = pair_of(np.int64(source), np.int64(target))
        sort_places(values[:links], order, spare)
        for i in range(links):
            link = start + order[i]
            lined.pair[start + i] = values[order[i]]
            lined.weight[start + i] = networks.weight[link]
            lined.enabled[start + i] = networks.enabled[link]


def distances(config: NetworkConfig, one: Genomes, other: Genomes) -> Floats:
    """The distance of every network of one to every one of the other, float64[n, m]."""
    return _all_distances(view(one), view(other), Coefficients.of(config))


@borrowing_inline
def distance(
    a: Aligned, i: int, b: Aligned, j: int, coefficients: Coefficients, bound: float
) -> float:
    """The distance of network i of ``a`` and j of ``b``, or infinity as soon as it passes bound."""
    nodes = _node_term(a, i, b, j, coefficients)
    start, end = a.link_start[i], a.link_start[i + 1]
    other, others = b.link_start[j], b.link_start[j + 1]
    most = max(end - start, others - other)
    if most == 0:
        return nodes if nodes <= bound else math.inf
    # What the differences of the links may come to, while the distance can still be within bound.
    limit = (bound * SLACK - nodes) * most
    if coefficients.disjoint * abs(end - start - others + other) > limit:
        return math.inf
    total, alone = 0.0, 0
    while start < end and other < others:
        if a.pair[start] == b.pair[other]:
            differing = abs(a.weight[start] - b.weight[other])
            if a.enabled[start] != b.enabled[other]:
                differing += 1.0
            total += differing * coefficients.weight
            start += 1
            other += 1
        else:
            alone += 1
            if a.pair[start] < b.pair[other]:
                start += 1
            else:
                other += 1
        if total + coefficients.disjoint * alone > limit:
            return math.inf
    alone += end - start + others - other
    apart = nodes + (total + coefficients.disjoint * alone) / most
    return apart if apart <= bound else math.inf


@borrowing_inline
def _node_term(a: Aligned, i: int, b: Aligned, j: int, coefficients: Coefficients) -> float:
    start, end = a.node_start[i], a.node_start[i + 1]
    other, others = b.node_start[j], b.node_start[j + 1]
    most = max(end - start, others - other)
    total, alone = 0.0, 0
    while start < end and other < others:
        if a.key[start] == b.key[other]:
            differing = abs(a.bias[start] - b.bias[other])
            differing += abs(a.response[start] - b.response[other])
            if a.activation[start] != b.activation[other]:
                differing += 1.0
            if a.aggregation[start] != b.aggregation[other]:
                differing += 1.0
            total += differing * coefficients.weight
            start += 1
            other += 1
        else:
            alone += 1
            if a.key[start] < b.key[other]:
                start += 1
            else:
                other += 1
    alone += end - start + others - other
    return (total + coefficients.disjoint * alone) / most


@njit(cache=True, nogil=True)
def _all_distances(one: Networks, other: Networks, coefficients: Coefficients) -> Floats:
    a, b = aligned(one), aligned(other)
    apart = np.empty((len(a.node_start) - 1, len(b.node_start) - 1))
    _compare(a, b, coefficients, apart)
    return apart


@borrowing
def _compare(a: Aligned, b: Aligned, coefficients: Coefficients, apart: Floats) -> None:
    for i in range(apart.shape[0]):
        for j in range(apart.shape[1]):
            apart[i, j] = distance(a, i, b, j, coefficients, math.inf)
