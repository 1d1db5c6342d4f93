"""Networks inside a compiled loop give what they give step by step, bit for bit."""

import numpy as np
import pytest

from evolution.neat import NetworkConfig, NetworkSpec
from evolution.neat.closed_loop import borrowing, outputs, outputs_of_two, values_for
from evolution.neat.evaluation import FeedForward
from evolution.neat.functions import ACTIVATIONS, AGGREGATIONS

INPUTS, OUTPUTS, STEPS = 3, 2, 7
VARIED = {
    "activation_default": "random",
    "activation_options": ACTIVATIONS,
    "aggregation_default": "random",
    "aggregation_options": AGGREGATIONS,
    "enabled_mutate_rate": 0.3,
}


@borrowing
def put(numbers, values):
    """The inputs that are told."""
    for j in range(len(numbers)):
        values[j] = numbers[j]


@borrowing
def alone(program, beginnings, values, seen):
    """What each network answers where it sees its answers again, one episode after the other."""
    for row in range(seen.shape[0]):
        for episode in range(2):
            put(beginnings[episode], values)
            for step in range(STEPS):
                outputs(program, row, INPUTS, values)
                for j in range(OUTPUTS):
                    seen[row, episode, step, j] = values[program.output[row, j]]
                put(seen[row, episode, step], values)


@borrowing
def side_by_side(program, beginnings, values, others, seen):
    """The same, both episodes at a time."""
    for row in range(seen.shape[0]):
        put(beginnings[0], values)
        put(beginnings[1], others)
        for step in range(STEPS):
            outputs_of_two(program, row, INPUTS, values, others)
            for j in range(OUTPUTS):
                seen[row, 0, step, j] = values[program.output[row, j]]
                seen[row, 1, step, j] = others[program.output[row, j]]
            put(seen[row, 0, step], values)
            put(seen[row, 1, step], others)


@pytest.mark.parametrize("settings", [{}, VARIED])
@pytest.mark.parametrize("generations", [0, 25])
def test_a_closed_loop_is_the_same_step_by_step(settings, generations):
    spec, rng = NetworkSpec(NetworkConfig(INPUTS, OUTPUTS, **settings)), np.random.default_rng(1)
    genomes = spec.sample(60, rng)
    for _ in range(generations):
        genomes = spec.mutate(genomes, rng)
    networks, beginnings = FeedForward(spec, genomes), rng.normal(size=(2, INPUTS))
    expected = np.empty((60, 2, STEPS, OUTPUTS))
    for episode in range(2):
        given = np.tile(beginnings[episode], (60, 1))
        for step in range(STEPS):
            expected[:, episode, step] = networks.step(given)
            given[:, :OUTPUTS] = expected[:, episode, step]
    program = networks.program
    # Whatever the room held before.
    room = [np.full_like(values_for(program, INPUTS), np.nan) for _ in range(3)]
    seen, both = np.empty_like(expected), np.empty_like(expected)
    alone(program, beginnings, room[0], seen)
    side_by_side(program, beginnings, room[1], room[2], both)
    np.testing.assert_array_equal(seen, expected)
    np.testing.assert_array_equal(both, expected)
    assert len(np.unique(expected)) > 100
