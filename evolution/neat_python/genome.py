"""Genomes as neat-python's users read them: light views of rows of arrays.

A `Cohort` is a population of genomes in arrays, with a key for each; a `DefaultGenome` is a row of
it. Nodes and connections become objects when they are asked for, and networks are compiled for the
whole cohort at once, when the first is wanted.

Guarantees: a genome cannot be changed, but for its ``fitness``; a copy or a pickle of a genome
holds that genome only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.neat import layout
from evolution.neat.distance import distances
from evolution.neat.evaluation import FeedForward, Recurrent
from evolution.neat.functions import ACTIVATIONS, AGGREGATIONS
from evolution.neat.networks import NetworkSpec


@dataclass(frozen=True, slots=True, order=True)
class DefaultNodeGene:
    """A node; the order is that of keys."""

    key: int
    bias: float = field(compare=False)
    response: float = field(compare=False)
    activation: str = field(compare=False)
    aggregation: str = field(compare=False)


@dataclass(frozen=True, slots=True, order=True)
class DefaultConnectionGene:
    """A connection from one node or input, ``key[0]``, to another, ``key[1]``."""

    key: tuple[int, int]
    weight: float = field(compare=False)
    enabled: bool = field(compare=False)
    innovation: int = field(compare=False)


class Cohort:
    """Genomes in arrays, as `evolution.neat.networks` lays them out, with their keys."""

    def __init__(self, spec: NetworkSpec, arrays: Genomes, keys: npt.ArrayLike) -> None:
        self.spec = spec
        self.arrays = arrays
        self.keys = np.asarray(keys, dtype=np.int64)
        # What the networks are remembered to have answered; see `evolution.neat_python.nn`.
        self.recall: Any = None

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def feed_forward(self) -> FeedForward:
        """The genomes as networks without memory."""
        return FeedForward(self.spec, self.arrays)

    @cached_property
    def recurrent(self) -> Recurrent:
        """The genomes as networks with memory."""
        return Recurrent(self.spec, self.arrays)

    def genomes(self) -> list[DefaultGenome]:
        """A view of each genome."""
        return [DefaultGenome(key, self, row) for row, key in enumerate(self.keys.tolist())]

    def take(self, rows: Sequence[int]) -> Cohort:
        """A copy of some rows."""
        chosen = np.asarray(rows, dtype=np.int64)
        return Cohort(self.spec, layout.take(self.arrays, chosen), self.keys[chosen])

    def __getstate__(self) -> dict[str, Any]:
        kept = {"spec": self.spec, "arrays": self.arrays, "keys": self.keys}
        return kept | {"recall": None}


class DefaultGenome:
    """A genome: ``key``, ``fitness`` (None until it is set), ``nodes`` and ``connections``.

    It is the row ``row`` of ``cohort``.
    """

    __slots__ = ("_connections", "_nodes", "cohort", "fitness", "key", "row")

    def __init__(
        self, key: int, cohort: Cohort | None = None, row: int = 0, fitness: float | None = None
    ) -> None:
        if cohort is None:
            raise TypeError(
                "a genome is a row of a population: take it from Population(config).population, or "
                "convert neat-python's own by from_neat_python(genomes, config)"
            )
        self.key = key
        self.fitness = fitness
        self.cohort = cohort
        self.row = row
        self._nodes: dict[int, DefaultNodeGene] | None = None
        self._connections: dict[tuple[int, int], DefaultConnectionGene] | None = None

    @property
    def nodes(self) -> dict[int, DefaultNodeGene]:
        """The nodes by key: outputs first, then hidden ones."""
        if self._nodes is None:
            key, bias, response, activation, aggregation = self._columns("node_start", _NODE)
            names = [ACTIVATIONS[code] for code in activation]
            sums = [AGGREGATIONS[code] for code in aggregation]
            genes = map(DefaultNodeGene, key, bias, response, names, sums)
            self._nodes = {gene.key: gene for gene in genes}
        return self._nodes

    @property
    def connections(self) -> dict[tuple[int, int], DefaultConnectionGene]:
        """The connections by (source, target), the oldest innovation first."""
        if self._connections is None:
            source, target, *rest = self._columns("link_start", _LINK)
            pairs = zip(source, target, strict=True)
            genes = map(DefaultConnectionGene, pairs, *rest)
            self._connections = {gene.key: gene for gene in genes}
        return self._connections

    def size(self) -> tuple[int, int]:
        """How many nodes there are, and how many enabled connections."""
        (enabled,) = self._columns("link_start", ("enabled",))
        start = self.cohort.arrays["node_start"]
        return int(start[self.row + 1] - start[self.row]), sum(enabled)

    def distance(self, other: DefaultGenome, config: object = None) -> float:
        """How unlike another genome it is, under the settings that both have grown under."""
        return float(distances(self.cohort.spec.config, self.arrays(), other.arrays())[0, 0])

    def get_pruned_copy(self, genome_config: object = None) -> DefaultGenome:
        """A copy of what outputs depend on, to draw it, say.

        Nodes from which some chain of connections leads to an output, disabled ones included, as
        in neat-python, and the enabled connections between what is left.
        """
        arrays, config = self.arrays(), self.cohort.spec.config
        source, target = arrays["source"], arrays["target"]
        used = np.arange(config.num_outputs)
        size = 0
        while size < len(used):
            size = len(used)
            used = np.union1d(used, source[np.isin(target, used) & (source >= 0)])
        nodes = np.isin(arrays["key"], used)
        links = arrays["enabled"] & np.isin(target, used) & ((source < 0) | np.isin(source, used))
        kept: Genomes = {name: arrays[name][nodes] for name in _NODE}
        kept |= {name: arrays[name][links] for name in _LINK}
        for start, chosen in (("node_start", nodes), ("link_start", links)):
            kept[start] = np.array([0, chosen.sum()], dtype=np.int64)
        return DefaultGenome(self.key, Cohort(self.cohort.spec, kept, [self.key]), 0, self.fitness)

    def arrays(self) -> Genomes:
        """This genome alone, in arrays."""
        return layout.take(self.cohort.arrays, np.array([self.row]))

    def copy(self) -> DefaultGenome:
        """The same genome, holding no others in memory."""
        return DefaultGenome(self.key, self.cohort.take([self.row]), 0, self.fitness)

    def _columns(self, start: str, names: Sequence[str]) -> list[list[Any]]:
        """The rows of this genome in some columns."""
        arrays = self.cohort.arrays
        begin, end = arrays[start][self.row : self.row + 2].tolist()
        return [arrays[name][begin:end].tolist() for name in names]

    def __copy__(self) -> DefaultGenome:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> DefaultGenome:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        alone = self.cohort if len(self.cohort) == 1 else self.cohort.take([self.row])
        return DefaultGenome, (self.key, alone, 0, self.fitness)

    def __str__(self) -> str:
        lines = [f"Key: {self.key}", f"Fitness: {self.fitness}", "Nodes:"]
        lines += [f"\t{key} {gene}" for key, gene in self.nodes.items()]
        lines += ["Connections:", *(f"\t{gene}" for gene in sorted(self.connections.values()))]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"DefaultGenome(key={self.key}, fitness={self.fitness}, size={self.size()})"


_NODE = ("key", "bias", "response", "activation", "aggregation")
_LINK = ("source", "target", "weight", "enabled", "innovation")


class FitnessError(ValueError, RuntimeError):
    """A genome without a fitness; a RuntimeError too, as it is in neat-python."""


def fitnesses(genomes: Sequence[DefaultGenome]) -> npt.NDArray[np.float64]:
    """The fitness of each genome, float64[n]; `FitnessError` if one has none."""
    values = [genome.fitness for genome in genomes]
    for genome, value in zip(genomes, values, strict=True):
        if value is None:
            raise FitnessError(
                f"genome {genome.key} has no fitness: the fitness function must set "
                "genome.fitness = ... of every genome it is given; NaN says that it failed"
            )
    return np.array(values, dtype=np.float64)
