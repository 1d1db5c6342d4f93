"""Chance inside compiled kernels: a stream that one number seeds.

A kernel draws a seed from a numpy generator, once a call, and everything else from it. The
generator is SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
generators", OOPSLA): equal seeds give equal draws on every machine. Its scramble also serves as a
hash of whole numbers.
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


@njit(cache=True, nogil=True)
def seeded(seed: int) -> NDArray[np.uint64]:
    """A stream, uint64[1]; what the functions below take and advance."""
    return np.full(1, np.uint64(seed))


@njit(cache=True, nogil=True)
def mixed(state: np.uint64) -> np.uint64:
    """Scramble 64 bits into others, one to one; SplitMix64 draws with it."""
    state = (state ^ (state >> _30)) * _MIX_1
    state = (state ^ (state >> _27)) * _MIX_2
    return state ^ (state >> _31)


@njit(cache=True, nogil=True)
def draw(stream: NDArray[np.uint64]) -> np.uint64:
    """The next draw, uniform on 0..2⁶⁴−1."""
    stream[0] += GAMMA
    return mixed(stream[0])


@njit(cache=True, nogil=True)
def uniform(stream: NDArray[np.uint64]) -> float:
    """The next number in [0, 1)."""
    return float(draw(stream) >> _11) * _UNIT


@njit(cache=True, nogil=True)
def below(stream: NDArray[np.uint64], bound: int) -> np.int64:
    """The next whole number 0..bound−1, for 1 ≤ bound ≤ 2³² (bias below bound / 2³²)."""
    return np.int64(((draw(stream) >> _32) * np.uint64(bound)) >> _32)
