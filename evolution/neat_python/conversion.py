"""Genomes of neat-python turned into arrays, and back: there and back again nothing is lost.

``time_constant``, which only continuous-time networks use, has no array: it is left out on the way
here, and the mean that the configuration begins with on the way back. neat-python itself is not
imported; its genomes and configurations are known by their attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from evolution.genomes.locus import GenomeError
from evolution.genomes.spec import Genomes
from evolution.neat.config import NetworkConfig
from evolution.neat.functions import (
    ACTIVATIONS,
    AGGREGATIONS,
    activation_code,
    aggregation_code,
)
from evolution.neat.layout import DTYPES
from evolution.neat.networks import NetworkSpec
from evolution.neat_python import sections
from evolution.neat_python.config import Config


def from_neat_python(genomes: Mapping[int, Any] | Iterable[Any], config: Any) -> Genomes:
    """Genomes of neat-python in arrays, as `evolution.neat.networks` lays them out.

    Args:
        genomes: ``neat.DefaultGenome``s, or a dict of them, such as ``population.population``.
        config: the configuration they belong to, neat-python's or one of `Config`.

    Raises:
        GenomeError: for genomes that the configuration does not allow, or with innovation
            numbers that stand twice in one.
        FunctionError: for functions that are not built in.
    """
    rows = list(genomes.values() if isinstance(genomes, Mapping) else genomes)
    nodes = [sorted(genome.nodes.values(), key=_key) for genome in rows]
    links = [sorted(genome.connections.values(), key=_innovation) for genome in rows]
    columns: dict[str, list[Any]] = {name: [] for name in DTYPES}
    columns["node_start"] = _starts(nodes)
    columns["link_start"] = _starts(links)
    for node in (node for genome in nodes for node in genome):
        columns["key"].append(node.key)
        columns["bias"].append(node.bias)
        columns["response"].append(node.response)
        columns["activation"].append(activation_code(node.activation))
        columns["aggregation"].append(aggregation_code(node.aggregation))
    for link in (link for genome in links for link in genome):
        columns["source"].append(link.key[0])
        columns["target"].append(link.key[1])
        columns["weight"].append(link.weight)
        columns["enabled"].append(link.enabled)
        columns["innovation"].append(link.innovation)
    arrays: Genomes = {
        name: np.array(column, dtype=str(DTYPES[name])) for name, column in columns.items()
    }
    spec_of(config).validate(arrays)
    return arrays


def to_neat_python(arrays: Genomes, row: int, config: Any, key: int | None = None) -> Any:
    """A genome of arrays as one of neat-python's.

    Args:
        arrays: genomes, as `evolution.neat.networks` lays them out.
        row: which of them.
        config: the ``neat.Config`` that the genome shall belong to.
        key: the key that it gets; its row plus one where None, as neat-python counts.

    Raises:
        GenomeError: where there is no such row.
    """
    n = len(arrays["node_start"]) - 1
    if not 0 <= row < n:
        raise GenomeError(f"row is {row}; there are the rows 0 to {n - 1}")
    genome = config.genome_type(row + 1 if key is None else key)
    section = config.genome_config
    for number, bias, response, activation, aggregation in _rows(arrays, "node_start", row, _NODE):
        node = section.node_gene_type(number)
        node.bias, node.response = bias, response
        node.activation, node.aggregation = ACTIVATIONS[activation], AGGREGATIONS[aggregation]
        node.time_constant = section.time_constant_init_mean
        genome.nodes[number] = node
    for source, target, weight, enabled, innovation in _rows(arrays, "link_start", row, _LINK):
        link = section.connection_gene_type((source, target), innovation=innovation)
        link.weight, link.enabled = weight, enabled
        genome.connections[link.key] = link
    return genome


def spec_of(config: Any) -> NetworkSpec:
    """What the networks of a configuration are, neat-python's or one of `Config`."""
    if isinstance(config, Config):
        return config.spec()
    section = config.genome_config
    names = [each.name for each in sections.GENOME if each.name not in sections.TIME_CONSTANT]
    values = {name: getattr(section, name) for name in names}
    # neat-python leaves the word "false" where the setting is left out.
    values["single_structural_mutation"] = values["single_structural_mutation"] is True
    if section.connection_fraction is not None:
        values["initial_connection"] += f" {section.connection_fraction}"
    return NetworkSpec(NetworkConfig(**values))


_NODE = ("key", "bias", "response", "activation", "aggregation")
_LINK = ("source", "target", "weight", "enabled", "innovation")


def _key(gene: Any) -> int:
    return int(gene.key)


def _innovation(gene: Any) -> int:
    return int(gene.innovation)


def _starts(genomes: list[list[Any]]) -> list[int]:
    return [0, *accumulate(map(len, genomes))]


def _rows(arrays: Genomes, start: str, row: int, names: tuple[str, ...]) -> Iterator[Any]:
    """The rows of one genome in some columns, as numbers of Python."""
    begin, end = arrays[start][row : row + 2].tolist()
    return zip(*(arrays[name][begin:end].tolist() for name in names), strict=True)
