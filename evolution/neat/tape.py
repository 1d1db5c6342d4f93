"""Networks as tapes: each a stretch of numbers that is read from front to end, once a step.

A batch of samples reads each weight once (`evolution.neat.evaluation`); where every network has
inputs of its own there is nothing to share, and what counts is that a network is one piece.

A network's values are its outputs, its inputs, its nodes in the order in which they are computed,
a zero, for what has no value, and some room to aggregate in. Its tape holds the numbers of
outputs, inputs and nodes; for each node activation, aggregation, bias, response, the number of its
links, and for each of these the place of its source and its weight; then the places of the outputs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.neat.functions import SUM, activate, aggregate
from evolution.neat.program import Floats, Integers, Program

# How many numbers a tape or a block begins with, and how many a node has before its links.
_HEAD, _NODE = 3, 5
OUTPUTS = _HEAD
"""Where the outputs begin in a `block`; the inputs follow."""


class Tapes(NamedTuple):
    """The tapes of n networks, one after the other.

    Attributes:
        tape: float64[T]; the tape of network i is tape[start[i]:start[i + 1]], start int64[n + 1].
        room: int64[n + 1]; so the values of network i are values[room[i]:room[i + 1]].
    """

    tape: Floats
    start: Integers
    room: Integers


def taped(program: Program, inputs: int) -> Tapes:
    """The tapes of compiled networks."""
    n, outputs = program.output.shape
    nodes = np.diff(program.node_start)
    links = np.diff(program.link_start[program.node_start])
    start, room = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    np.cumsum(_HEAD + _NODE * nodes + 2 * links + outputs, out=start[1:])
    # Sums are made as one goes; other aggregations need all that the links bring at once.
    most = program.fan_in if (program.aggregation != SUM).any() else 0
    np.cumsum(outputs + inputs + nodes + 1 + most, out=room[1:])
    tape = np.empty(start[-1])
    _record(program, inputs, tape)
    return Tapes(tape, start, room)


def block(tapes: Tapes, row: int, pins: int, recurrent: bool) -> tuple[Floats, int]:
    """A network as one array, and where its values begin in it.

    To hand one array to a kernel is far quicker than several. The block holds the places of tape,
    values before and values after, the outputs and inputs (``pins`` together), then the tape and
    the values, twice where the network has a memory.
    """
    tape = tapes.tape[tapes.start[row] : tapes.start[row + 1]]
    room = int(tapes.room[row + 1] - tapes.room[row])
    values = _HEAD + pins + len(tape)
    whole = np.zeros(values + (room << recurrent))
    whole[:_HEAD] = _HEAD + pins, values, values + room * recurrent
    whole[_HEAD + pins : values] = tape
    return whole, values


@njit(cache=True, nogil=True)
def _record(program: Program, inputs: int, tape: Floats) -> None:
    """Write the tapes, one after the other."""
    node_start, activations, aggregations, biases, responses = program[:5]
    link_start, sources, weights, output, _ = program[5:]
    outputs = output.shape[1]
    at = 0
    for i in range(len(output)):
        tape[at], tape[at + 1], tape[at + 2] = outputs, inputs, node_start[i + 1] - node_start[i]
        at += _HEAD
        for k in range(node_start[i], node_start[i + 1]):
            tape[at], tape[at + 1] = activations[k], aggregations[k]
            tape[at + 2], tape[at + 3] = biases[k], responses[k]
            tape[at + 4] = link_start[k + 1] - link_start[k]
            at += _NODE
            for link in range(link_start[k], link_start[k + 1]):
                tape[at], tape[at + 1] = outputs + sources[link], weights[link]
                at += 2
        for j in range(outputs):
            tape[at] = outputs + output[i, j]
            at += 1


@njit(cache=True, nogil=True)
def play(tape: Floats, before: Floats, after: Floats) -> None:
    """One step of a network from its values ``before``, inputs included, to those ``after``.

    Both may be the same array: a network without memory.
    """
    outputs, inputs, nodes = int(tape[0]), int(tape[1]), int(tape[2])
    at, place, beyond = _HEAD, outputs + inputs, outputs + inputs + nodes + 1
    for j in range(outputs, place):
        after[j] = before[j]
    for _ in range(nodes):
        end = at + _NODE + 2 * int(tape[at + 4])
        total = 0.0
        if tape[at + 1] == SUM:
            for link in range(at + _NODE, end, 2):
                total += before[int(tape[link])] * tape[link + 1]
        else:
            links = tape[at + _NODE : end]
            total = _aggregated(int(tape[at + 1]), links, before, after[beyond:])
        after[place] = activate(int(tape[at]), tape[at + 2] + tape[at + 3] * total)
        place += 1
        at = end
    for j in range(outputs):
        after[j] = after[int(tape[at + j])]


@njit(cache=True, nogil=True)
def play_alone(block: Floats) -> None:
    """One step of the network of a `block`, which holds its inputs, and then its outputs."""
    tape, before, after = int(block[0]), int(block[1]), int(block[2])
    outputs, inputs = int(block[tape]), int(block[tape + 1])
    for j in range(outputs, outputs + inputs):
        block[before + j] = block[_HEAD + j]
    play(block[tape:], block[before:], block[after:])
    for j in range(outputs):
        block[_HEAD + j] = block[after + j]
    block[1], block[2] = after, before


@njit(cache=True, nogil=True)
def _aggregated(code: int, links: Floats, before: Floats, room: Floats) -> float:
    """What the links, pairs of place and weight, bring to a node."""
    brought = room[: len(links) // 2]
    for link in range(len(brought)):
        brought[link] = before[int(links[2 * link])] * links[2 * link + 1]
    return aggregate(code, brought)


@njit(cache=True, nogil=True)
def play_all(
    tapes: Tapes,
    inputs: Floats,
    active: npt.NDArray[np.bool_],
    before: Floats,
    after: Floats,
    results: Floats,
) -> None:
    """A step of each network on its own inputs [n, I]: results [n, O].

    Networks that are not active keep their values, and their results are 0.
    """
    tape, start, room = tapes
    outputs = results.shape[1]
    for i in range(len(inputs)):
        old, new = before[room[i] : room[i + 1]], after[room[i] : room[i + 1]]
        if active[i]:
            for j in range(inputs.shape[1]):
                old[outputs + j] = inputs[i, j]
            play(tape[start[i] : start[i + 1]], old, new)
            for j in range(outputs):
                results[i, j] = new[j]
        else:
            for j in range(len(new)):
                new[j] = old[j]
            for j in range(outputs):
                results[i, j] = 0.0
