"""The arrays of a population of networks: their names and types, and how rows are taken and joined.

What they mean stands in `evolution.neat.networks`. Errors: `GenomeError` (a ValueError).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.borrowing import borrowing, borrowing_inline
from evolution.genomes.base import GenomeError
from evolution.genomes.spec import Genomes

Integers = npt.NDArray[np.int64]
# The arrays of networks, in the order of `Networks`.
Columns = tuple[npt.NDArray[Any], ...]


class Networks(NamedTuple):
    """A population of networks for kernels, which know arrays by attribute, not by key."""

    node_start: npt.NDArray[np.int64]
    key: npt.NDArray[np.int32]
    bias: npt.NDArray[np.float64]
    response: npt.NDArray[np.float64]
    activation: npt.NDArray[np.int8]
    aggregation: npt.NDArray[np.int8]
    link_start: npt.NDArray[np.int64]
    source: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float64]
    enabled: npt.NDArray[np.bool_]
    innovation: npt.NDArray[np.int32]


DTYPES: dict[str, np.dtype[Any]] = {
    "node_start": np.dtype(np.int64),
    "key": np.dtype(np.int32),
    "bias": np.dtype(np.float64),
    "response": np.dtype(np.float64),
    "activation": np.dtype(np.int8),
    "aggregation": np.dtype(np.int8),
    "link_start": np.dtype(np.int64),
    "source": np.dtype(np.int32),
    "target": np.dtype(np.int32),
    "weight": np.dtype(np.float64),
    "enabled": np.dtype(np.bool_),
    "innovation": np.dtype(np.int32),
}

_TABLES = {
    "node_start": ("key", "bias", "response", "activation", "aggregation"),
    "link_start": ("source", "target", "weight", "enabled", "innovation"),
}


@borrowing_inline
def copy_link(origin: Networks, link: int, goal: Networks, at: int) -> None:
    """Copy one link, within the same arrays too."""
    goal.source[at] = origin.source[link]
    goal.target[at] = origin.target[link]
    goal.weight[at] = origin.weight[link]
    goal.enabled[at] = origin.enabled[link]
    goal.innovation[at] = origin.innovation[link]


@borrowing_inline
def copy_node(origin: Networks, node: int, goal: Networks, at: int) -> None:
    """Copy one node, within the same arrays too."""
    goal.key[at] = origin.key[node]
    goal.bias[at] = origin.bias[node]
    goal.response[at] = origin.response[node]
    goal.activation[at] = origin.activation[node]
    goal.aggregation[at] = origin.aggregation[node]


def view(genomes: Genomes) -> Networks:
    """The same arrays as a tuple, nothing copied."""
    return Networks(*(genomes[name] for name in Networks._fields))


def count(genomes: Genomes) -> int:
    """How many networks these are; `GenomeError` where names, types or lengths do not fit."""
    if genomes.keys() != DTYPES.keys():
        raise GenomeError(f"networks have {sorted(DTYPES)}; these arrays are {sorted(genomes)}")
    for name, dtype in DTYPES.items():
        column = genomes[name]
        if column.dtype != dtype or column.ndim != 1:
            raise GenomeError(f"{name} is {column.dtype}{list(column.shape)}; expected {dtype}[…]")
    n = len(genomes["node_start"]) - 1
    for table, columns in _TABLES.items():
        start = genomes[table]
        if n < 0 or len(start) != n + 1 or start[0] != 0:
            raise GenomeError(f"{table} must be {n + 1} rising numbers, 0 first, as in node_start")
        for name in columns:
            if len(genomes[name]) != start[-1]:
                raise GenomeError(
                    f"{name} has {len(genomes[name])} rows; {table} ends at {start[-1]}"
                )
    return n


@njit(cache=True, nogil=True)
def room_for(n: int, nodes: int, links: int) -> Networks:
    """Room for ``n`` networks of so many nodes and links together, the starts of the first set."""
    room = Networks(
        np.empty(n + 1, np.int64),
        np.empty(nodes, np.int32),
        np.empty(nodes),
        np.empty(nodes),
        np.empty(nodes, np.int8),
        np.empty(nodes, np.int8),
        np.empty(n + 1, np.int64),
        np.empty(links, np.int32),
        np.empty(links, np.int32),
        np.empty(links),
        np.empty(links, np.bool_),
        np.empty(links, np.int32),
    )
    room.node_start[0], room.link_start[0] = 0, 0
    return room


@njit(cache=True, nogil=True, inline="always")
def columns_of(networks: Networks, nodes: int, links: int) -> Columns:
    """The first so many rows, nothing copied: a plain tuple, which is quicker to give back."""
    return (
        networks.node_start,
        networks.key[:nodes],
        networks.bias[:nodes],
        networks.response[:nodes],
        networks.activation[:nodes],
        networks.aggregation[:nodes],
        networks.link_start,
        networks.source[:links],
        networks.target[:links],
        networks.weight[:links],
        networks.enabled[:links],
        networks.innovation[:links],
    )


def named(columns: Columns) -> Genomes:
    """The arrays in a dict under their names."""
    return dict(zip(Networks._fields, columns, strict=True))


def take(genomes: Genomes, rows: npt.NDArray[Any] | slice) -> Genomes:
    """A copy of these networks: indices, a mask or a slice."""
    n = len(genomes["node_start"]) - 1
    if isinstance(rows, slice) and rows.indices(n) == (0, n, 1):
        return {name: column.copy() for name, column in genomes.items()}
    return named(_taken(view(genomes), np.arange(n)[rows]))


@njit(cache=True, nogil=True)
def _taken(networks: Networks, rows: Integers) -> Columns:
    nodes, links = 0, 0
    for row in rows:
        nodes += networks.node_start[row + 1] - networks.node_start[row]
        links += networks.link_start[row + 1] - networks.link_start[row]
    taken = room_for(len(rows), nodes, links)
    _copy_rows(networks, rows, taken)
    return columns_of(taken, nodes, links)


@borrowing
def _copy_rows(networks: Networks, rows: Integers, taken: Networks) -> None:
    at, end = 0, 0
    for i in range(len(rows)):
        for node in range(networks.node_start[rows[i]], networks.node_start[rows[i] + 1]):
            copy_node(networks, node, taken, at)
            at += 1
        for link in range(networks.link_start[rows[i]], networks.link_start[rows[i] + 1]):
            copy_link(networks, link, taken, end)
            end += 1
        taken.node_start[i + 1], taken.link_start[i + 1] = at, end


def concatenate(parts: tuple[Genomes, ...]) -> Genomes:
    """The networks of all parts, one after the other."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in DTYPES}
    for name in _TABLES:
        joined[name] = _starts(np.concatenate([np.diff(part[name]) for part in parts]))
    return joined


def _starts(sizes: Integers) -> Integers:
    starts = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts
