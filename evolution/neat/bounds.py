"""Lower bounds of the compatibility distance, of one network to many at a time.

A few features stand for a network: its numbers of nodes and links, the biases of its outputs, and
the weights of those links that are the most common. What two networks differ by in these they
differ by altogether, at least. The features lie in rows over the networks, so that the processor
takes several networks at a step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing, borrowing_inline
from evolution.neat.distance import Aligned, Coefficients

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

_1, _2, _4, _56, _58 = (np.uint64(bits) for bits in (1, 2, 4, 56, 58))
_PAIRS, _FOURS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_EIGHTS, _BYTES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_SCATTER = np.uint64(0x9E3779B97F4A7C15)

# More features bound more sharply and cost more; the commonest few do nearly all.
_OUTPUTS_MAX = 4
_LINKS_MAX = 8
# The commonest links are sought among so many networks, and in a table of so many places.
_SAMPLE = 256
_PLACES = 1024


class Features(NamedTuple):
    """Of n networks: sizes float64[n], biases [k, n], weights [m, n], whether they are there.

    A share is 1 / the size. The bits uint64[n] say which of 64 classes of hidden nodes, and of
    links, a network has any of: as many bits as differ, so many genes at least are disjoint.
    """

    nodes: Floats
    links: Floats
    node_share: Floats
    link_share: Floats
    node_bits: Bits
    link_bits: Bits
    bias: Floats
    weight: Floats
    there: Floats


@njit(cache=True, nogil=True)
def features_of(lined: Aligned, old: Aligned, outputs: int) -> tuple[Features, Features]:
    """The same features of the networks of both."""
    pairs = _common_pairs(lined)
    return _features(lined, pairs, outputs), _features(old, pairs, outputs)


@njit(cache=True, nogil=True)
def put_features(features: Features, rows: Rows, capacity: int) -> Features:
    """The features of these rows (not those of −1), with room for ``capacity`` networks."""
    put = _room_for(len(features.bias), len(features.weight), capacity)
    for at in range(len(rows)):
        if rows[at] >= 0:
            put_feature(features, rows[at], put, at)
    return put


@borrowing
def put_feature(features: Features, row: int, goal: Features, at: int) -> None:
    """Copy the features of one network."""
    goal.nodes[at] = features.nodes[row]
    goal.links[at] = features.links[row]
    goal.node_share[at] = features.node_share[row]
    goal.link_share[at] = features.link_share[row]
    goal.node_bits[at] = features.node_bits[row]
    goal.link_bits[at] = features.link_bits[row]
    for k in range(len(features.bias)):
        goal.bias[k, at] = features.bias[k, row]
    for k in range(len(features.weight)):
        goal.weight[k, at] = features.weight[k, row]
        goal.there[k, at] = features.there[k, row]


@borrowing_inline
def lower_bounds(
    ones: Features,
    one: int,
    others: Features,
    count: int,
    coefficients: Coefficients,
    bounds: Floats,
    room: Floats,
) -> None:
    """Write into ``bounds`` what one is at least apart from each of the first ``count`` others.

    ``bounds`` and ``room`` are float64[≥ count]. Rounding may add a part in 10⁹ at most.
    """
    c_w, c_d = coefficients.weight, coefficients.disjoint
    nodes, links = ones.nodes[one], ones.links[one]
    bounds[:count] = 0.0
    for k in range(len(others.bias)):
        value, values = ones.bias[k, one], others.bias[k]
        for i in range(count):
            bounds[i] += abs(value - values[i])
    # A division takes as long as ten additions: 1 / max(a, b) = min(1 / a, 1 / b).
    share, bits = ones.node_share[one], ones.node_bits[one]
    for i in range(count):
        alone = max(_ones_in(bits ^ others.node_bits[i]), abs(nodes - others.nodes[i]))
        apart = c_w * bounds[i] + c_d * alone
        bounds[i] = apart * min(share, others.node_share[i])
    room[:count] = 0.0
    for k in range(len(others.weight)):
        value, values, there = ones.weight[k, one], others.weight[k], others.there[k]
        if ones.there[k, one] > 0.0:
            for i in range(count):
                room[i] += abs(value - values[i]) * there[i]
    share, bits = ones.link_share[one], ones.link_bits[one]
    for i in range(count):
        alone = max(_ones_in(bits ^ others.link_bits[i]), abs(links - others.links[i]))
        apart = c_w * room[i] + c_d * alone
        bounds[i] += apart * min(share, others.link_share[i])


@borrowing_inline
def _ones_in(bits: np.uint64) -> float:
    """How many bits are set (Warren 2002, "Hacker's Delight", section 5-1)."""
    bits -= (bits >> _1) & _PAIRS
    bits = (bits & _FOURS) + ((bits >> _2) & _FOURS)
    # In this form the compiler knows it, and takes the processor's own instruction.
    bits = (bits + (bits >> _4)) & _EIGHTS
    return float(np.int64((bits * _BYTES) >> _56))


@borrowing_inline
def _bit_of(gene: int) -> np.uint64:
    """The class of a gene, one of 64, as a bit."""
    return _1 << ((np.uint64(gene) * _SCATTER) >> _58)


@njit(cache=True, nogil=True)
def _room_for(biases: int, weights: int, capacity: int) -> Features:
    return Features(
        np.zeros(capacity),
        np.zeros(capacity),
        np.zeros(capacity),
        np.zeros(capacity),
        np.zeros(capacity, np.uint64),
        np.zeros(capacity, np.uint64),
        np.zeros((biases, capacity)),
        np.zeros((weights, capacity)),
        np.zeros((weights, capacity)),
    )


@njit(cache=True, nogil=True)
def _features(lined: Aligned, pairs: Rows, outputs: int) -> Features:
    n = len(lined.node_start) - 1
    features = _room_for(min(outputs, _OUTPUTS_MAX), len(pairs), n)
    _read(lined, pairs, outputs, features)
    return features


@borrowing
def _read(lined: Aligned, pairs: Rows, outputs: int, features: Features) -> None:
    """Fill in the features of all networks."""
    for row in range(len(lined.node_start) - 1):
        node, link = lined.node_start[row], lined.link_start[row]
        features.nodes[row] = lined.node_start[row + 1] - node
        features.links[row] = lined.link_start[row + 1] - link
        features.node_share[row] = 1.0 / features.nodes[row]
        features.link_share[row] = 1.0 / max(features.links[row], 1.0)
        for k in range(node + outputs, lined.node_start[row + 1]):
            features.node_bits[row] |= _bit_of(np.int64(lined.key[k]))
        for k in range(link, lined.link_start[row + 1]):
            features.link_bits[row] |= _bit_of(lined.pair[k])
        for k in range(len(features.bias)):
            features.bias[k, row] = lined.bias[node + k]
        for k in range(len(pairs)):
            while link < lined.link_start[row + 1] and lined.pair[link] < pairs[k]:
                link += 1
            if link < lined.link_start[row + 1] and lined.pair[link] == pairs[k]:
                features.weight[k, row] = lined.weight[link]
                features.there[k, row] = 1.0


@njit(cache=True, nogil=True)
def _common_pairs(lined: Aligned) -> Rows:
    """The commonest links of a sample of networks, at most so many, in order."""
    seen, times = np.full(_PLACES, -1, np.int64), np.zeros(_PLACES, np.int64)
    chosen = np.empty(_LINKS_MAX, np.int64)
    return chosen[: _choose(lined, seen, times, chosen)]


@borrowing
def _choose(lined: Aligned, seen: Rows, times: Rows, chosen: Rows) -> int:
    """Fill in the commonest links; how many there are."""
    n = len(lined.link_start) - 1
    for row in range(0, n, max(n // _SAMPLE, 1)):
        for link in range(lined.link_start[row], lined.link_start[row + 1]):
            # Two links that meet in a place: the first keeps it, and the other is no feature.
            at = _place_of(lined.pair[link])
            if seen[at] < 0:
                seen[at] = lined.pair[link]
            times[at] += seen[at] == lined.pair[link]
    # A link that is in fewer than one of eight tells little for what it costs.
    least, found = max(min(n, _SAMPLE) / 8.0, 1.0), 0
    for place in range(_PLACES):
        if times[place] < least:
            continue
        # The commonest so far, in order; the last of them falls out where there is no room.
        at, found = found, min(found + 1, _LINKS_MAX)
        while at > 0 and times[_place_of(chosen[at - 1])] < times[place]:
            if at < _LINKS_MAX:
                chosen[at] = chosen[at - 1]
            at -= 1
        if at < _LINKS_MAX:
            chosen[at] = seen[place]
    for i in range(1, found):
        for j in range(i, 0, -1):
            if chosen[j - 1] > chosen[j]:
                chosen[j - 1], chosen[j] = chosen[j], chosen[j - 1]
    return found


@borrowing_inline
def _place_of(pair: int) -> int:
    """Where a link is counted."""
    return (pair ^ (pair >> 26)) & (_PLACES - 1)
