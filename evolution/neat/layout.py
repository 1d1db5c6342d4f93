"""The arrays of a population of networks: their names and types, and how rows are taken and joined.

What they mean stands in `evolution.neat.networks`. Errors: `GenomeError` (a ValueError).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evolution.genomes.base import GenomeError
from evolution.genomes.spec import Genomes

Integers = npt.NDArray[np.int64]


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


def view(genomes: Genomes) -> Networks:
    """The same arrays as a tuple, nothing copied."""
    return Networks(*(genomes[name] for name in Networks._fields))


def count(genomes: Genomes) -> int:
    """How many networks these are; `GenomeError` where names, types or lengths do not fit."""
    if set(genomes) != set(DTYPES):
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


def empty(n: int, nodes: int, links: int) -> Genomes:
    """Room for ``n`` networks of so many nodes and links together."""
    rows = {"node_start": nodes, "link_start": links}
    room: Genomes = {name: np.empty(n + 1, np.int64) for name in _TABLES}
    for name, columns in _TABLES.items():
        room |= {column: np.empty(rows[name], DTYPES[column]) for column in columns}
    return room


def shortened(genomes: Genomes, nodes: int, links: int) -> Genomes:
    """The same without the rows after so many nodes and links, nothing copied."""
    rows = {"node_start": nodes, "link_start": links}
    short = {name: genomes[name] for name in _TABLES}
    for name, columns in _TABLES.items():
        short |= {column: genomes[column][: rows[name]] for column in columns}
    return short


def take(genomes: Genomes, rows: npt.NDArray[Any] | slice) -> Genomes:
    """A copy of these networks: indices, a mask or a slice."""
    n = len(genomes["node_start"]) - 1
    if isinstance(rows, slice) and rows.indices(n) == (0, n, 1):
        return {name: column.copy() for name, column in genomes.items()}
    chosen = np.arange(n)[rows]
    taken = {}
    for name, columns in _TABLES.items():
        start = genomes[name]
        begin = start[chosen]
        sizes = start[chosen + 1] - begin
        taken[name] = goal = _starts(sizes)
        places = np.arange(goal[-1]) + (begin - goal[:-1]).repeat(sizes)
        taken |= {column: genomes[column][places] for column in columns}
    return taken


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
