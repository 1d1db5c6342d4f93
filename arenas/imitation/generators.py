"""Generators: genomes that turn noise into points, a population at a time.

A kind of generators says what its genomes are (``spec``) and what they make
(``points(genomes, n, seed)``, float64[generators, n, d]). All generators of a call get the same
noise, so that they differ by their genes alone (common random numbers).

`NetworkGenerators` are those of Goodfellow et al. 2014, "Generative adversarial nets", NeurIPS, in
the size that evolution without gradients can handle; `MixtureGenerators` say the places of their
modes outright, and collapse by moving them together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from arenas.imitation.errors import ImitationError
from arenas.imitation.targets import Floats
from evolution import Genomes, GenomeSpec, Real


class Generators(Protocol):
    """What every kind of generators has."""

    @property
    def spec(self) -> GenomeSpec:
        """What the genomes are."""

    def points(self, genomes: Genomes, n: int, seed: int) -> Floats:
        """Points float64[generators, n, d]."""


@dataclass(frozen=True)
class MixtureGenerators:
    """Genomes that are mixtures of round Gaussians of equal weight.

    Attributes:
        components: of each mixture.
        dimensions: d, of the points.
        reach: centres lie within −reach..reach in each dimension.
        narrowest, widest: deviations of a component.
    """

    components: int = 8
    dimensions: int = 2
    reach: float = 1.5
    narrowest: float = 0.02
    widest: float = 0.5

    def __post_init__(self) -> None:
        if self.components < 1 or self.dimensions < 1 or not self.reach > 0.0:
            raise ImitationError(
                f"{self.components} components of {self.dimensions} dimensions within "
                f"{self.reach}; at least 1 of 1, within more than 0"
            )
        if not 0.0 < self.narrowest < self.widest < math.inf:
            raise ImitationError(
                f"deviations from {self.narrowest} to {self.widest}; such as 0.02 to 0.5"
            )

    @property
    def spec(self) -> GenomeSpec:
        """The loci ``centres`` [n, K·d] and ``log_deviations`` [n, K]."""
        low, high = math.log(self.narrowest), math.log(self.widest)
        return GenomeSpec(
            {
                "centres": Real(self.components * self.dimensions, -self.reach, self.reach),
                "log_deviations": Real(self.components, low, high),
            }
        )

    def points(self, genomes: Genomes, n: int, seed: int) -> Floats:
        """Points float64[generators, n, d]; point i is of component i modulo K."""
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((n, self.dimensions))
        component = np.arange(n) % self.components
        centres = genomes["centres"].reshape(-1, self.components, self.dimensions)
        deviation = np.exp(genomes["log_deviations"])
        return np.asarray(centres[:, component] + deviation[:, component, None] * noise)


@dataclass(frozen=True)
class NetworkGenerators:
    """Genomes that are the weights of networks with one hidden layer of tanh.

    Attributes:
        noise: numbers, uniform on −1..1, that a network turns into a point.
        hidden: nodes of the hidden layer.
        dimensions: d, of the points.
        weight: bound of weights between noise and the hidden layer.
        reach: bound of weights and biases behind it.
    """

    noise: int = 2
    hidden: int = 16
    dimensions: int = 2
    weight: float = 8.0
    reach: float = 1.5

    def __post_init__(self) -> None:
        if min(self.noise, self.hidden, self.dimensions) < 1 or min(self.weight, self.reach) <= 0:
            raise ImitationError(
                f"{self}: at least 1 number of noise, hidden node and dimension, weights above 0"
            )

    @property
    def spec(self) -> GenomeSpec:
        """The loci ``inner`` [n, (noise + 1)·hidden] and ``outer`` [n, (hidden + 1)·d]."""
        inner, outer = (self.noise + 1) * self.hidden, (self.hidden + 1) * self.dimensions
        return GenomeSpec(
            {
                "inner": Real(inner, -self.weight, self.weight),
                "outer": Real(outer, -self.reach, self.reach),
            }
        )

    def points(self, genomes: Genomes, n: int, seed: int) -> Floats:
        """Points float64[generators, n, d]."""
        rng = np.random.default_rng(seed)
        noise = np.ones((n, self.noise + 1))
        noise[:, :-1] = rng.uniform(-1.0, 1.0, (n, self.noise))
        inner = genomes["inner"].reshape(-1, self.noise + 1, self.hidden)
        outer = genomes["outer"].reshape(-1, self.hidden + 1, self.dimensions)
        return np.asarray(np.tanh(noise @ inner) @ outer[:, :-1] + outer[:, -1:])
