"""Innovation numbers: the same change of structure gets the same number within a generation.

Stanley & Miikkulainen 2002, section 3.2. Two networks of a generation that gain a connection
between the same nodes give it the same number, and two that split a connection between the same
nodes get the same new node and the same two links. (neat-python 2.0 numbers every new node anew,
so that its splits never match.) A generation's changes are held in open-addressing tables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing
from evolution.genomes.spec import Genomes
from evolution.neat.sorting import pair_of

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_EMPTY = -1


class Counters(NamedTuple):
    """The next node's key and the next link's innovation number."""

    node: int
    innovation: int

    @classmethod
    def of(cls, genomes: Genomes) -> Counters:
        """The first key and number that nobody here has."""
        key, number = genomes["key"], genomes["innovation"]
        return cls(
            int(key.max()) + 1 if len(key) else 0, int(number.max()) + 1 if len(number) else 1
        )


class Registry(NamedTuple):
    """The changes of a generation: pairs of nodes, and the first number each was given.

    ``next`` int64[2] holds the counters: the next node's key, the next innovation number.
    """

    next: npt.NDArray[np.int64]
    joined: npt.NDArray[np.int64]
    joined_number: npt.NDArray[np.int64]
    split: npt.NDArray[np.int64]
    split_node: npt.NDArray[np.int64]
    split_number: npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def registry_for(children: int, node: int, innovation: int) -> Registry:
    """An empty registry for a generation of so many children, and the first numbers it gives."""
    size = 4
    # A child makes at most two connections and one split: some places always stay empty.
    while size <= 2 * children + 2:
        size *= 2
    return Registry(
        np.array([node, innovation]),
        np.full(size, _EMPTY, np.int64),
        np.empty(size, np.int64),
        np.full(size, _EMPTY, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
    )


@borrowing
def number_of_connection(registry: Registry, source: int, target: int) -> int:
    """The innovation number of a new connection between these nodes."""
    pair = pair_of(source, target)
    at = _slot(registry.joined, pair)
    if registry.joined[at] == _EMPTY:
        registry.joined[at] = pair
        registry.joined_number[at] = registry.next[1]
        registry.next[1] += 1
    return registry.joined_number[at]


@borrowing
def numbers_of_split(registry: Registry, source: int, target: int) -> tuple[int, int]:
    """The key of the node that splits a connection between these, and its link in's number.

    The link out has the number after that.
    """
    pair = pair_of(source, target)
    at = _slot(registry.split, pair)
    if registry.split[at] == _EMPTY:
        registry.split[at] = pair
        registry.split_node[at] = registry.next[0]
        registry.split_number[at] = registry.next[1]
        registry.next[0] += 1
        registry.next[1] += 2
    return registry.split_node[at], registry.split_number[at]


@borrowing
def _slot(table: npt.NDArray[np.int64], pair: np.int64) -> np.int64:
    """Where a pair is, or would go, in a table of 2ᵏ places."""
    mask = len(table) - 1
    at = np.int64((np.uint64(pair) * _MULTIPLIER) >> np.uint64(32)) & mask
    while table[at] != _EMPTY and table[at] != pair:
        at = (at + 1) & mask
    return at
