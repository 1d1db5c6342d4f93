"""What networks compute: genomes are compiled, a whole population at once, and run as a batch.

`FeedForward` and `Recurrent` give what neat-python's ``nn.FeedForwardNetwork`` and
``nn.RecurrentNetwork`` give for the same networks (Stanley & Miikkulainen 2002, "Evolving neural
networks through augmenting topologies", Evolutionary Computation 10(2)). A node's value is
``activation(bias + response · aggregation(weight · value of each source))``, over the links that
are enabled, in the order of their innovation.

Guarantees: compiled networks do not look at the genomes again, whatever happens to those; equal
genomes and inputs give equal bytes, alone or in a batch. Errors: `NetworkError` (a ValueError).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.neat.functions import SUM, activate, aggregate
from evolution.neat.program import (
    Floats,
    Genomes,
    NetworkError,
    Program,
    Slots,
    compiled,
)
from evolution.neat.tape import OUTPUTS, Tapes, block, play_all, play_alone, taped

if TYPE_CHECKING:
    from evolution.neat.networks import NetworkSpec

__all__ = ["FeedForward", "NetworkError", "Recurrent"]

# Samples that are computed side by side: their values fit into the nearest cache.
_BLOCK = 64


class _Networks:
    """Compiled networks of either kind."""

    recurrent = False

    def __init__(self, spec: NetworkSpec, genomes: Genomes) -> None:
        self.inputs = spec.config.num_inputs
        self.outputs = spec.config.num_outputs
        self.program = compiled(self.inputs, self.outputs, genomes, self.recurrent)

    def __len__(self) -> int:
        return len(self.program.output)

    @cached_property
    def tapes(self) -> Tapes:
        """The networks as they are run on inputs of their own."""
        return taped(self.program, self.inputs)

    @cached_property
    def packing(self) -> tuple[Struct, Struct]:
        """The outputs and the inputs in the block of a network alone."""
        return Struct(f"{self.outputs}d"), Struct(f"{self.inputs}d")

    def alone(self, row: int) -> Alone:
        """One of the networks, with a memory of its own."""
        return Alone(self, row)

    def _checked(self, inputs: npt.ArrayLike, rows: int | None, what: str) -> Floats:
        """The inputs as float64[rows, I], rows of any number where None."""
        given = np.ascontiguousarray(inputs, dtype=np.float64)
        wanted = (len(given) if rows is None and given.ndim else rows, self.inputs)
        if given.shape != wanted:
            raise NetworkError(
                f"inputs are {list(given.shape)}; expected "
                f"[{'S' if rows is None else rows}, {self.inputs}], {what}"
            )
        return given

    def _stepped(
        self, inputs: npt.ArrayLike, active: npt.ArrayLike | None, before: Floats, after: Floats
    ) -> Floats:
        """A step of the networks that are active, from the values before it to those after."""
        n = len(self)
        own = self._checked(inputs, n, "a row for each network")
        awake = np.ones(n, np.bool_) if active is None else np.asarray(active)
        if awake.shape != (n,) or awake.dtype != np.bool_:
            raise NetworkError(f"active is {awake.dtype}{list(awake.shape)}; expected bool[{n}]")
        results = np.empty((n, self.outputs))
        play_all(self.tapes, own, awake, before, after, results)
        return results


class Alone:
    """One of many compiled networks, for those who run them one by one."""

    __slots__ = ("_block", "_pack", "_places", "_unpack", "_values", "inputs")

    def __init__(self, networks: _Networks, row: int) -> None:
        self.inputs = networks.inputs
        pins = networks.outputs + networks.inputs
        self._block, self._values = block(networks.tapes, row, pins, networks.recurrent)
        # Far quicker than to assign a few numbers to an array, and to list them.
        answers, questions = networks.packing
        self._unpack: Callable[..., tuple[float, ...]] = answers.unpack_from
        self._pack: Callable[..., None] = questions.pack_into
        self._places = 8 * OUTPUTS, 8 * OUTPUTS + answers.size

    def reset(self) -> None:
        """Forget: all values are 0 again."""
        self._block[self._values :] = 0.0

    def step(self, inputs: Sequence[float] | Floats) -> list[float]:
        """What the network makes of its inputs, as many as it has; else a ``struct.error``."""
        outputs, own = self._places
        self._pack(self._block, own, *inputs)
        play_alone(self._block)
        return [*self._unpack(self._block, outputs)]


class FeedForward(_Networks):
    """Networks without memory: every node is computed once, after those it depends on.

    A node of a cycle, or behind one, cannot be computed; an output among these is 0, as it is in
    neat-python.

    >>> networks = FeedForward(spec, genomes)
    >>> networks([[0, 0], [0, 1], [1, 0], [1, 1]])  # float64[n, 4, O]

    Costs: compiling is linear in nodes and links; a sample costs each network its used links.
    """

    def __call__(self, inputs: npt.ArrayLike) -> Floats:
        """What every network makes of the same samples float64[S, I]: float64[n, S, O]."""
        samples = self._checked(inputs, None, "a row for each sample")
        results = np.empty((len(self), len(samples), self.outputs))
        _map(self.program, np.ascontiguousarray(samples.T), results)
        return results

    def step(self, inputs: npt.ArrayLike, active: npt.ArrayLike | None = None) -> Floats:
        """What each network makes of its own inputs float64[n, I]: float64[n, O].

        Where ``active`` bool[n] is given, the others are not computed, and their results are 0.
        """
        values = np.zeros(self.tapes.room[-1])
        return self._stepped(inputs, active, values, values)


class Recurrent(_Networks):
    """Networks with memory: in a step all nodes look at the values that the step before left.

    All values begin at 0. A node without enabled links into it stays 0, whatever its bias, as it
    does in neat-python.

    >>> networks = Recurrent(spec, genomes)
    >>> for observed in episode:
    ...     actions = networks.step(observed)  # float64[n, I] to float64[n, O]
    """

    recurrent = True

    def __init__(self, spec: NetworkSpec, genomes: Genomes) -> None:
        super().__init__(spec, genomes)
        self._values = np.zeros((2, self.tapes.room[-1]))

    def reset(self) -> None:
        """Forget: all values are 0 again."""
        self._values[:] = 0.0

    def step(self, inputs: npt.ArrayLike, active: npt.ArrayLike | None = None) -> Floats:
        """One step of each network on its own inputs float64[n, I]: float64[n, O].

        Where ``active`` bool[n] is given, the others keep their values, and their results are 0.
        """
        results = self._stepped(inputs, active, self._values[0], self._values[1])
        self._values = self._values[::-1]
        return results


@njit(cache=True, nogil=True)
def _map(program: Program, columns: Floats, results: Floats) -> None:
    """All networks on the samples, columns [I, S], side by side in blocks: results [n, S, O]."""
    node_start, activations, aggregations, biases, responses = program[:5]
    link_start, sources, weights, output, fan_in = program[5:]
    inputs, samples = columns.shape
    nodes = 0
    for i in range(len(output)):
        nodes = max(nodes, node_start[i + 1] - node_start[i])
    values = np.empty((inputs + nodes + 1, _BLOCK))
    gathered = np.empty(fan_in)
    for begin in range(0, samples, _BLOCK):
        width = min(_BLOCK, samples - begin)
        for j in range(inputs):
            for s in range(width):
                values[j, s] = columns[j, begin + s]
        for i in range(len(output)):
            low, high = node_start[i], node_start[i + 1]
            for s in range(width):
                values[inputs + high - low, s] = 0.0
            for k in range(low, high):
                row = values[inputs + k - low, :width]
                source = sources[link_start[k] : link_start[k + 1]]
                weight = weights[link_start[k] : link_start[k + 1]]
                if aggregations[k] == SUM:
                    _sum_row(values, source, weight, row)
                else:
                    _aggregate_row(aggregations[k], values, source, weight, row, gathered)
                _activate_row(activations[k], biases[k], responses[k], row)
            for j in range(results.shape[2]):
                for s in range(width):
                    results[i, begin + s, j] = values[output[i, j], s]


@njit(cache=True, nogil=True)
def _sum_row(values: Floats, source: Slots, weight: Floats, row: Floats) -> None:
    """What the links bring, summed sample by sample."""
    for s in range(len(row)):
        row[s] = 0.0
    for link in range(len(source)):
        brought = values[source[link]]
        for s in range(len(row)):
            row[s] += brought[s] * weight[link]


@njit(cache=True, nogil=True)
def _aggregate_row(
    code: int, values: Floats, source: Slots, weight: Floats, row: Floats, gathered: Floats
) -> None:
    """What the links bring, aggregated sample by sample."""
    for s in range(len(row)):
        for link in range(len(source)):
            gathered[link] = values[source[link], s] * weight[link]
        row[s] = aggregate(code, gathered[: len(source)])


@njit(cache=True, nogil=True)
def _activate_row(code: int, bias: float, response: float, row: Floats) -> None:
    """The values of a node from what it aggregated."""
    for s in range(len(row)):
        row[s] = activate(code, bias + response * row[s])
