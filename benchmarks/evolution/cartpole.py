"""CartPole: keep a pole upright on a cart that can only be pushed left or right.

Barto, Sutton & Anderson 1983, "Neuronlike adaptive elements that can solve difficult learning
control problems", IEEE Transactions on Systems, Man, and Cybernetics 13(5), with the constants and
the Euler steps of Gymnasium's CartPole-v1. A state is the cart's place (m) and speed, the pole's
angle (rad) and its speed. An episode ends when the pole leans by more than 12° or the cart leaves
the track.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.borrowing import borrowing_inline
from evolution.neat.closed_loop import borrowing, outputs_of_two, values_for
from evolution.neat.program import Program

Floats = npt.NDArray[np.float64]
State = tuple[float, float, float, float]

GRAVITY, FORCE, SECONDS = 9.8, 10.0, 0.02
_POLE_MASS, _HALF_LENGTH = 0.1, 0.5
_TOTAL_MASS = 1.0 + _POLE_MASS
_MASS_LENGTH = _POLE_MASS * _HALF_LENGTH
_ANGLE_MAX, _PLACE_MAX = 12.0 * 2.0 * math.pi / 360.0, 2.4
# Gymnasium begins evenly within this of upright and at rest.
SPREAD = 0.05


def starts(n: int, seed: int) -> Floats:
    """States to begin with, float64[n, 4]."""
    return np.random.default_rng(seed).uniform(-SPREAD, SPREAD, (n, 4))


def stepped(state: State, push: bool) -> State:
    """One step of one cart."""
    place, speed, angle, spin = state
    force = FORCE if push else -FORCE
    cosine, sine = math.cos(angle), math.sin(angle)
    pressed = (force + _MASS_LENGTH * (spin * spin) * sine) / _TOTAL_MASS
    turning = (GRAVITY * sine - cosine * pressed) / (
        _HALF_LENGTH * (4.0 / 3.0 - _POLE_MASS * (cosine * cosine) / _TOTAL_MASS)
    )
    going = pressed - _MASS_LENGTH * turning * cosine / _TOTAL_MASS
    return (
        place + SECONDS * speed,
        speed + SECONDS * going,
        angle + SECONDS * spin,
        spin + SECONDS * turning,
    )


def fallen(state: State) -> bool:
    """Whether the episode has ended."""
    return abs(state[0]) > _PLACE_MAX or abs(state[2]) > _ANGLE_MAX


_stepped = borrowing_inline(stepped)
_fallen = borrowing_inline(fallen)


def steps_upright(program: Program, beginnings: Floats, most: int) -> Floats:
    """How many steps each network keeps its pole up, ``most`` at most, float64[n].

    ``program`` is that of `FeedForward`; the average over the beginnings float64[k, 4] counts. A
    network pushes to the right where its output is above one half.
    """
    average = np.empty(len(program.output))
    _run(program, beginnings, most, values_for(program, 4), values_for(program, 4), average)
    return average


@borrowing
def _run(
    program: Program, beginnings: Floats, most: int, values: Floats, others: Floats, average: Floats
) -> None:
    """Two episodes of a network side by side, one of which may be over before the other."""
    for row in range(len(average)):
        output, steps = program.output[row, 0], 0
        for k in range(0, len(beginnings), 2):
            begun, also = beginnings[k], beginnings[min(k + 1, len(beginnings) - 1)]
            state = (begun[0], begun[1], begun[2], begun[3])
            other = (also[0], also[1], also[2], also[3])
            up, other_up = True, k + 1 < len(beginnings)
            for _ in range(most):
                values[0], values[1], values[2], values[3] = state
                others[0], others[1], others[2], others[3] = other
                outputs_of_two(program, row, 4, values, others)
                state = _stepped(state, values[output] > 0.5)
                other = _stepped(other, others[output] > 0.5)
                steps += up + other_up
                up, other_up = up and not _fallen(state), other_up and not _fallen(other)
                if not (up or other_up):
                    break
                # A fallen pole would turn ever faster, and its sine take ever longer.
                state, other = state if up else other, other if other_up else state
        average[row] = steps / len(beginnings)


def steps_upright_alone(pushes: Callable[[State], bool], beginnings: Floats, most: int) -> float:
    """The same for one network in plain Python, as a peer's networks are run."""
    steps = 0
    for beginning in beginnings.tolist():
        state: State = tuple(beginning)
        for _ in range(most):
            state = stepped(state, pushes(state))
            steps += 1
            if fallen(state):
                break
    return steps / len(beginnings)


def as_gymnasium(steps: int, seed: int) -> bool:
    """Whether states are Gymnasium's to 1e-12, step by step under random pushes, and the ends."""
    import gymnasium

    rng = np.random.default_rng(seed)
    world: Any = gymnasium.make("CartPole-v1").unwrapped
    world.reset(seed=seed)
    state: State = tuple(world.state)
    for _ in range(steps):
        push = bool(rng.random() < 0.5)
        _, _, ended, _, _ = world.step(int(push))
        state = stepped(state, push)
        if not np.allclose(state, world.state, rtol=0.0, atol=1e-12) or ended != fallen(state):
            return False
        if ended:
            world.reset()
            state = tuple(world.state)
    return True
