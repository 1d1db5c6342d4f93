"""Landscapes to search: sphere, Rosenbrock and Rastrigin, and where swarms start on them.

Domains and starts are those of Bratton & Kennedy 2007, "Defining a standard for particle swarm
optimization", IEEE Swarm Intelligence Symposium: a swarm begins in a corner of the domain that
holds no optimum, so that one which only drifts to the middle is not rewarded.

Every function takes float64[n, d] and returns float64[n]; its least value is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Landscape:
    """A function to minimise, its domain and its start.

    Attributes:
        function: float64[n, d] to float64[n].
        domain: least and greatest value of every coordinate.
        start: the same, of the places where a swarm begins.
        optimum: every coordinate of the best place.
    """

    function: Function
    domain: tuple[float, float]
    start: tuple[float, float]
    optimum: float


def sphere(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ x²: one bowl."""
    return np.einsum("nd,nd->n", places, places)


def rosenbrock(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ 100·(x_{i+1} − x_i²)² + (1 − x_i)²: a bent valley, almost level; d ≥ 2."""
    x, following = places[:, :-1], places[:, 1:]
    return (100.0 * (following - x * x) ** 2 + (1.0 - x) ** 2).sum(axis=1)


def rastrigin(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ x² − 10·cos 2πx + 10: a bowl full of dents, one at every whole number."""
    return (places * places - 10.0 * np.cos(2.0 * np.pi * places) + 10.0).sum(axis=1)


LANDSCAPES = {
    "sphere": Landscape(sphere, (-100.0, 100.0), (50.0, 100.0), 0.0),
    "rosenbrock": Landscape(rosenbrock, (-30.0, 30.0), (15.0, 30.0), 1.0),
    "rastrigin": Landscape(rastrigin, (-5.12, 5.12), (2.56, 5.12), 0.0),
}
"""By name."""
