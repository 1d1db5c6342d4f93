"""Networks as genomes: a population of them in a dict of arrays, and what can be done to it.

Stanley & Miikkulainen 2002, "Evolving neural networks through augmenting topologies",
Evolutionary Computation 10(2). Networks differ in size, so that a population is two ragged
tables, of nodes and of links, and genome g has the rows ``start[g]..start[g + 1]`` of each:

    node_start int64[n+1]; key int32[N]; bias, response float64[N]; activation, aggregation int8[N]
    link_start int64[n+1]; source, target int32[L]; weight float64[L]; enabled bool[L];
    innovation int32[L]

Keys are neat-python's: inputs are -1, -2, …, and have no rows; outputs are 0, 1, … and always
there; hidden nodes come after. In a genome keys ascend, and so do the innovation numbers of its
links, which join different pairs of nodes. Codes of functions are places in the tables of
`evolution.neat.functions`.

Guarantees: no method alters its inputs; what `sample`, `crossover` and `mutate` return passes
`validate`; all costs are linear in nodes and links, but for sorting. Errors: `GenomeError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.base import GenomeError
from evolution.genomes.spec import Genomes
from evolution.neat import layout
from evolution.neat.breeding import breed
from evolution.neat.config import NetworkConfig
from evolution.neat.innovation import Counters
from evolution.neat.layout import Networks, view
from evolution.neat.sampling import initial_networks
from evolution.neat.validity import check

__all__ = ["NetworkSpec", "Networks", "view"]


@dataclass(frozen=True)
class NetworkSpec:
    """Networks of these settings, as a search sees them: a `Representation`.

    >>> spec = NetworkSpec(NetworkConfig(num_inputs=2, num_outputs=1))
    >>> networks = spec.mutate(spec.sample(150, rng), rng)

    By itself it numbers the innovations of one call: the same change of structure gets the same
    number in all networks of the call. `NEAT` numbers them over the whole run.
    """

    config: NetworkConfig

    def sample(self, n: int, rng: np.random.Generator) -> Genomes:
        """``n`` networks as ``initial_connection`` and the ``init`` settings say."""
        return initial_networks(self.config, n, rng)

    def count(self, genomes: Genomes) -> int:
        """How many networks these are; `GenomeError` where names, types or lengths do not fit."""
        return layout.count(genomes)

    def validate(self, genomes: Genomes) -> None:
        """Raise `GenomeError` at the first network that breaks a rule, saying which and where."""
        layout.count(genomes)
        check(self.config, view(genomes))

    def take(self, genomes: Genomes, rows: npt.NDArray[Any] | slice) -> Genomes:
        """A copy of these networks: indices ``int[k]``, a mask ``bool[n]``, or a slice."""
        return layout.take(genomes, rows)

    def concatenate(self, *parts: Genomes) -> Genomes:
        """The networks of all parts, one after the other."""
        return layout.concatenate(parts)

    def crossover(
        self, mothers: Genomes, fathers: Genomes, rng: np.random.Generator, rate: float = 0.9
    ) -> Genomes:
        """One child per pair, of its mother's structure: she counts as the fitter one.

        With probability ``rate`` the attributes of what both have come from either at random.
        """
        n = layout.count(mothers)
        if layout.count(fathers) != n:
            raise GenomeError(f"{n} mothers but {layout.count(fathers)} fathers; they pair by row")
        _check_share(rate)
        both = layout.concatenate((mothers, fathers))
        pairs = np.arange(2 * n).reshape(2, n)
        crossed = rng.random(n) < rate
        fathering = np.where(crossed, pairs[1], pairs[0])
        still = self.config.rules()._replace(
            conn_add=0.0, conn_delete=0.0, node_add=0.0, node_delete=0.0
        )
        return breed(both, pairs[0], fathering, still, Counters.of(both), rng, mutating=False)[0]

    def mutate(
        self,
        genomes: Genomes,
        rng: np.random.Generator,
        rate: float | None = None,
        scale: float = 1.0,
    ) -> Genomes:
        """Mutated copies: structure and attributes change as the settings say.

        A ``rate`` replaces the settings' mutate rates of weights, biases and responses; ``scale``
        multiplies their mutate powers.
        """
        n = layout.count(genomes)
        if rate is not None:
            _check_share(rate)
        if not 0.0 < scale <= 10.0:
            raise GenomeError(f"scale is {scale}; allowed: above 0, at most 10 (1 is customary)")
        rows = np.arange(n)
        rules = self.config.rules(rate, scale)
        return breed(genomes, rows, rows, rules, Counters.of(genomes), rng)[0]


def _check_share(rate: float) -> None:
    if not 0.0 <= rate <= 1.0:
        raise GenomeError(f"rate is {rate}; a rate is a probability from 0 to 1")
