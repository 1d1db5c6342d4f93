"""Chance inside compiled kernels: a stream that one number seeds, fast enough for any loop.

A kernel draws a seed from the world's named stream, once a call, and everything else from it:

    @njit(cache=True)
    def wander(cells, seed):
        stream = seeded(seed)
        for i in range(len(cells)):
            cells[i] += below(stream, 3) - 1

    wander(cells, seed_from(world.stream("Walker")))

The generator is SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
generators", OOPSLA): it passes BigCrush, has a period of 2⁶⁴, and equal seeds give equal draws on
every machine.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# The constants of SplitMix64, typed because uint64 mixed with a plain int becomes a float.
GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_11, _27, _30, _31, _32 = (np.uint64(bits) for bits in (11, 27, 30, 31, 32))
_UNIT = 2.0**-53


def seed_from(rng: np.random.Generator) -> int:
    """A seed for a kernel, 0..2⁶³−1: one draw of a numpy generator."""
    return int(rng.integers(2**63))


@njit(cache=True, nogil=True)
def seeded(seed: int) -> NDArray[np.uint64]:
    """A stream, uint64[1]; what the functions below take and advance."""
    return np.full(1, np.uint64(seed))


@njit(cache=True, nogil=True)
def mixed(state: np.uint64) -> np.uint64:
    """Scramble a state of SplitMix64 into its draw, 0..2⁶⁴−1."""
    state = (state ^ (state >> _30)) * _MIX_1
    state = (state ^ (state >> _27)) * _MIX_2
    return state ^ (state >> _31)


@njit(cache=True, nogil=True)
def draw(stream: NDArray[np.uint64]) -> np.uint64:
    """The next draw, uniform on 0..2⁶⁴−1."""
    stream[0] += GAMMA
    return mixed(stream[0])


@njit(cache=True, nogil=True)
def unit_of(bits: np.uint64) -> float:
    """Turn a draw into a number in [0, 1)."""
    return float(bits >> _11) * _UNIT


@njit(cache=True, nogil=True)
def below_of(bits: np.uint64, bound: int) -> np.int64:
    """Turn a draw into a whole number 0..bound−1, bound ≤ 2³² (bias below bound / 2³²)."""
    return np.int64(((bits >> _32) * np.uint64(bound)) >> _32)


@njit(cache=True, nogil=True)
def uniform(stream: NDArray[np.uint64]) -> float:
    """The next number in [0, 1)."""
    return unit_of(draw(stream))


@njit(cache=True, nogil=True)
def below(stream: NDArray[np.uint64], bound: int) -> np.int64:
    """The next whole number 0..bound−1, for 1 ≤ bound ≤ 2³² (bias below bound / 2³²)."""
    return below_of(draw(stream), bound)


@njit(cache=True, nogil=True)
def shuffle(values: NDArray, stream: NDArray[np.uint64]) -> None:
    """Put a column into a random order, in place (Fisher–Yates)."""
    for i in range(len(values) - 1, 0, -1):
        j = below(stream, i + 1)
        values[i], values[j] = values[j], values[i]


@njit(cache=True, nogil=True)
def shuffled(number: int, stream: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The numbers 0..number−1 in a random order, int64[number]."""
    order = np.arange(number)
    shuffle(order, stream)
    return order
