"""The functions of nodes: what a node does with the sum of its inputs, and how they are summed.

A network says each function by its code, its place in `ACTIVATIONS` or `AGGREGATIONS`. The tables
hold what neat-python 2.0 (McIntyre et al., the package ``neat-python``) has built in, under its
names and in its order; new ones may only be added at the end, since saved networks hold codes.

Guarantees: every function gives what neat-python's gives, for infinities and NaN too, to 1e-12
(see the tests); where neat-python fails with an OverflowError, as ``square`` of 1e200 does, the
value is infinite. The order of NaN in a median is undefined, there and here.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

ACTIVATIONS = (
    "sigmoid",
    "tanh",
    "sin",
    "gauss",
    "relu",
    "elu",
    "lelu",
    "selu",
    "softplus",
    "identity",
    "clamped",
    "inv",
    "log",
    "exp",
    "abs",
    "hat",
    "square",
    "cube",
)
"""Names of activation functions; the code of each, an int8, is its place."""

AGGREGATIONS = ("product", "sum", "max", "min", "maxabs", "median", "mean")
"""Names of aggregation functions; the code of each, an int8, is its place."""

SUM = AGGREGATIONS.index("sum")
"""The code of the aggregation that nearly all networks have."""

_SIGMOID, _TANH, _SIN, _GAUSS, _RELU, _ELU, _LELU, _SELU, _SOFTPLUS = range(9)
_IDENTITY, _CLAMPED, _INV, _LOG, _EXP, _ABS, _HAT, _SQUARE, _CUBE = range(9, 18)
_PRODUCT, _SUM, _MAX, _MIN, _MAXABS, _MEDIAN, _MEAN = range(7)

# Klambauer, Unterthiner, Mayr & Hochreiter 2017, "Self-normalizing neural networks", section 2.
_SELU_LAMBDA = 1.0507009873554804934193349852946
_SELU_BELOW = _SELU_LAMBDA * 1.6732632423543772848170429916717


class FunctionError(ValueError):
    """A function of nodes that there is none of."""


def activation_code(name: str) -> int:
    """The code of an activation function; `FunctionError` if there is none of this name."""
    return _code(name, ACTIVATIONS, "activation")


def aggregation_code(name: str) -> int:
    """The code of an aggregation function; `FunctionError` if there is none of this name."""
    return _code(name, AGGREGATIONS, "aggregation")


def _code(name: str, table: tuple[str, ...], what: str) -> int:
    if name not in table:
        raise FunctionError(f"no {what} function is called {name!r}; there are {', '.join(table)}")
    return table.index(name)


@njit(cache=True, nogil=True)
def activate(code: int, z: float) -> float:
    """The activation function of this code at ``z``; unknown codes are the identity."""
    if code == _SIGMOID:
        return 1.0 / (1.0 + math.exp(-_within(5.0 * z, 60.0)))
    if code == _TANH:
        return math.tanh(_within(2.5 * z, 60.0))
    if code == _RELU:
        return z if z > 0.0 else 0.0
    if code == _IDENTITY:
        return z
    if code == _SIN:
        return math.sin(_within(5.0 * z, 60.0))
    if code == _GAUSS:
        near = _within(z, 3.4)
        return math.exp(-5.0 * (near * near))
    if code == _CLAMPED:
        return _within(z, 1.0)
    if code == _ABS:
        return abs(z)
    return _activate_rarely(code, z)


@njit(cache=True, nogil=True)
def _activate_rarely(code: int, z: float) -> float:
    """The activation functions that networks seldom have."""
    if code == _ELU:
        return z if z > 0.0 else math.exp(z) - 1.0
    if code == _LELU:
        return z if z > 0.0 else 0.005 * z
    if code == _SELU:
        return _SELU_LAMBDA * z if z > 0.0 else _SELU_BELOW * (math.exp(z) - 1.0)
    if code == _SOFTPLUS:
        return 0.2 * math.log(1.0 + math.exp(_within(5.0 * z, 60.0)))
    if code == _INV:
        return 1.0 / z if z != 0.0 else 0.0
    if code == _LOG:
        return math.log(z if z > 1e-7 else 1e-7)
    if code == _EXP:
        return math.exp(_within(z, 60.0))
    if code == _HAT:
        low = 1.0 - abs(z)
        return low if low > 0.0 else 0.0
    if code == _SQUARE:
        return z * z
    if code == _CUBE:
        return z * z * z
    return z


@njit(cache=True, nogil=True)
def _within(z: float, bound: float) -> float:
    """``z`` from -bound to bound; a NaN becomes bound, as it does in Python's ``min``."""
    low = z if z < bound else bound
    return low if low > -bound else -bound


@njit(cache=True, nogil=True)
def aggregate(code: int, values: npt.NDArray[np.float64]) -> float:
    """The aggregation of this code of ``values`` float64[k], which a median sorts in place.

    Nothing aggregates to 0, but the product to 1; unknown codes are the sum.
    """
    if code == _PRODUCT:
        product = 1.0
        for value in values:
            product *= value
        return product
    if not len(values):
        return 0.0
    if code in (_MAX, _MIN, _MAXABS):
        return _extreme(code, values)
    if code == _MEDIAN and len(values) > 2:
        return _middle(values)
    total = 0.0
    for value in values:
        total += value
    return total / len(values) if code in (_MEAN, _MEDIAN) else total


@njit(cache=True, nogil=True)
def _extreme(code: int, values: npt.NDArray[np.float64]) -> float:
    """The first of the largest, smallest, or largest in absolute value, as Python compares."""
    found = values[0]
    for value in values:
        if code == _MAX:
            better = value > found
        elif code == _MIN:
            better = value < found
        else:
            better = abs(value) > abs(found)
        if better:
            found = value
    return found


@njit(cache=True, nogil=True)
def _middle(values: npt.NDArray[np.float64]) -> float:
    """The middle of at least three values, or the mean of the middle two."""
    _sort(values)
    half = len(values) // 2
    if len(values) % 2:
        return values[half]
    return (values[half - 1] + values[half]) / 2.0


@njit(cache=True, nogil=True)
def _sort(values: npt.NDArray[np.float64]) -> None:
    """Shell's sort (1959): few values, and far quicker to compile than numpy's."""
    gap = len(values) // 2
    while gap:
        for i in range(gap, len(values)):
            value, place = values[i], i
            while place >= gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value
        gap //= 2
