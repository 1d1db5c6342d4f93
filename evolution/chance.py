"""Chance inside kernels: SplitMix64, seeded by one draw of a search's generator.

Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA. Equal seeds
give equal draws on every machine.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from evolution.borrowing import borrowing, borrowing_inline

Stream = npt.NDArray[np.uint64]

# Typed, because uint64 mixed with a plain int becomes a float.
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_8, _11, _27, _30, _31, _32 = (np.uint64(bits) for bits in (8, 11, 27, 30, 31, 32))
_ONE, _LAYER, _LOW = np.uint64(1), np.uint64(255), np.uint64(2**32 - 1)
_UNIT, _HALF = 2.0**-53, 2.0**-32
# Of the ziggurat with 256 layers of equal area: where its tail begins, and the area of each.
_LAYERS, _TAIL, _AREA = 256, 3.6541528853610088, 0.00492867323399


def stream_of(rng: np.random.Generator) -> Stream:
    """A stream for a kernel, uint64[1], from one draw of a numpy generator."""
    return np.array([rng.integers(2**63)], dtype=np.uint64)


@borrowing_inline
def draw(stream: Stream) -> np.uint64:
    """The next draw, uniform on 0..2⁶⁴−1."""
    stream[0] += _GAMMA
    state = stream[0]
    state = (state ^ (state >> _30)) * _MIX_1
    state = (state ^ (state >> _27)) * _MIX_2
    return state ^ (state >> _31)


@borrowing
def uniform(stream: Stream) -> float:
    """The next number in [0, 1)."""
    return float(draw(stream) >> _11) * _UNIT


@borrowing
def halves(stream: Stream) -> tuple[float, float]:
    """Two numbers in [0, 1) from one draw, in steps of 2⁻³²."""
    bits = draw(stream)
    return float(np.int64(bits >> _32)) * _HALF, float(np.int64(bits & _LOW)) * _HALF


@borrowing
def below(stream: Stream, bound: int) -> np.int64:
    """The next whole number 0..bound−1, for 1 ≤ bound ≤ 2³² (bias below bound / 2³²)."""
    return np.int64(((draw(stream) >> _32) * np.uint64(bound)) >> _32)


def _ziggurat() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Edges x of the layers, the widest first, and the density exp(-x²/2) at each."""
    x, y = np.zeros(_LAYERS + 1), np.zeros(_LAYERS + 1)
    x[1], y[1] = _TAIL, math.exp(-0.5 * _TAIL * _TAIL)
    # The lowest layer has the tail in it, and as much area as the others: as if it were so wide.
    x[0] = _AREA / y[1]
    for layer in range(2, _LAYERS):
        y[layer] = y[layer - 1] + _AREA / x[layer - 1]
        x[layer] = math.sqrt(-2.0 * math.log(y[layer]))
    y[_LAYERS] = 1.0
    return x, y


_EDGE, _HEIGHT = _ziggurat()


@borrowing
def normal(stream: Stream) -> float:
    """The next number of the standard normal distribution.

    Marsaglia & Tsang 2000, "The ziggurat method for generating random variables", Journal of
    Statistical Software 5(8), with 256 layers: 99 draws in 100 need no logarithm.
    """
    while True:
        bits = draw(stream)
        layer = np.int64(bits & _LAYER)
        sign = 1.0 - 2.0 * float(np.int64((bits >> _8) & _ONE))
        x = float(bits >> _11) * _UNIT * _EDGE[layer]
        if x < _EDGE[layer + 1]:
            return sign * x
        if layer == 0:
            return sign * _tail(stream)
        height = _HEIGHT[layer] + (_HEIGHT[layer + 1] - _HEIGHT[layer]) * uniform(stream)
        if height < math.exp(-0.5 * x * x):
            return sign * x


@borrowing
def _tail(stream: Stream) -> float:
    """A number beyond the widest layer (Marsaglia 1964)."""
    while True:
        x = -math.log(1.0 - uniform(stream)) / _TAIL
        y = -math.log(1.0 - uniform(stream))
        if 2.0 * y > x * x:
            return _TAIL + x
