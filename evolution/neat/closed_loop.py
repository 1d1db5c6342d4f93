"""Networks inside a compiled loop: what a network does decides what it sees next.

Where a network acts in a world, step by step, an episode runs best as a kernel of its own: world
and network stay in the registers and the nearest cache, and no step goes through Python. The
kernel calls one of these functions on what `FeedForward` compiled:

>>> @borrowing
... def run(program, values, scores):  # the score of every network in a world of two numbers
...     for row in range(len(scores)):
...         place, speed = 1.0, 0.0
...         for _ in range(100):
...             values[0], values[1] = place, speed
...             outputs(program, row, 2, values)
...             speed += 0.1 * values[program.output[row, 0]]
...             place += 0.1 * speed
...         scores[row] = abs(place)
>>> program = FeedForward(spec, genomes).program
>>> run(program, values_for(program, 2), scores)

Guarantee: the outputs are those of `FeedForward.step`, bit for bit. Networks without memory only.
"""

from __future__ import annotations

import numpy as np

from evolution.borrowing import borrowing, borrowing_inline
from evolution.neat.functions import SUM, activate, aggregate
from evolution.neat.program import Floats, Program

__all__ = ["borrowing", "outputs", "outputs_of_two", "values_for"]


def values_for(program: Program, inputs: int) -> Floats:
    """Room for the values of any of the networks, one at a time, of so many inputs each."""
    nodes = int(np.diff(program.node_start).max(initial=0))
    return np.zeros(inputs + nodes + 1 + program.fan_in)


@borrowing_inline
def outputs(program: Program, row: int, inputs: int, values: Floats) -> None:
    """One step of the network ``row``, whose inputs are the first ``inputs`` of ``values``.

    Output j is then ``values[program.output[row, j]]``.
    """
    place, low, high = inputs, program.node_start[row], program.node_start[row + 1]
    values[inputs + high - low] = 0.0
    for node in range(low, high):
        total = 0.0
        if program.aggregation[node] == SUM:
            for link in range(program.link_start[node], program.link_start[node + 1]):
                total += values[program.source[link]] * program.weight[link]
        else:
            total = _aggregated(program, node, values, inputs + high - low + 1)
        z = program.bias[node] + program.response[node] * total
        values[place] = activate(program.activation[node], z)
        place += 1


@borrowing_inline
def outputs_of_two(program: Program, row: int, inputs: int, values: Floats, others: Floats) -> None:
    """The same for two episodes of one network side by side, each with values of its own.

    Neither waits for the other, so that the processor works on both at a time.
    """
    place, low, high = inputs, program.node_start[row], program.node_start[row + 1]
    values[inputs + high - low] = others[inputs + high - low] = 0.0
    for node in range(low, high):
        total, other = 0.0, 0.0
        if program.aggregation[node] == SUM:
            for link in range(program.link_start[node], program.link_start[node + 1]):
                source, weight = program.source[link], program.weight[link]
                total += values[source] * weight
                other += others[source] * weight
        else:
            beyond = inputs + high - low + 1
            total = _aggregated(program, node, values, beyond)
            other = _aggregated(program, node, others, beyond)
        code, bias, response = (
            program.activation[node],
            program.bias[node],
            program.response[node],
        )
        values[place] = activate(code, bias + response * total)
        others[place] = activate(code, bias + response * other)
        place += 1


@borrowing
def _aggregated(program: Program, node: int, values: Floats, beyond: int) -> float:
    """What the links bring to a node; ``values`` have room to gather it from ``beyond`` on."""
    low, high = program.link_start[node], program.link_start[node + 1]
    for link in range(low, high):
        values[beyond + link - low] = values[program.source[link]] * program.weight[link]
    return aggregate(program.aggregation[node], values[beyond : beyond + high - low])
