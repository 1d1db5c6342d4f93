"""Targets that generators imitate: mixtures of round Gaussians whose modes are known.

The standard benchmarks of mode collapse: a ring of 8 modes (radius 1, deviation 0.01) and a grid of
5×5 (2 apart, deviation 0.05), after Srivastava et al. 2017, "VEEGAN: reducing mode collapse in GANs
using implicit variational learning", NeurIPS, in the sizes of Lin et al. 2018, "PacGAN: the power
of two samples in generative adversarial networks", NeurIPS, section 4.1. A search without gradients
takes wider modes: give ``deviation``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.imitation.errors import ImitationError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of K round Gaussians of one deviation.

    Attributes:
        modes: float64[K, d], their centres; not to be altered.
        deviation: of each mode in each dimension.
        weights: float64[K], the share of each mode; equal unless given.
    """

    modes: Floats
    deviation: float
    weights: Floats

    def __init__(
        self, modes: npt.ArrayLike, deviation: float, weights: npt.ArrayLike | None = None
    ) -> None:
        centres = np.array(modes, np.float64)
        if centres.ndim != 2 or not centres.size or not np.isfinite(centres).all():
            raise ImitationError(
                f"modes are {list(centres.shape)}; expected finite [K, d], such as [[-1], [1]] for "
                "two modes on a line"
            )
        if not 0.0 < deviation < np.inf:
            raise ImitationError(f"deviation is {deviation}; above 0 and finite, such as 0.05")
        shares = np.ones(len(centres)) if weights is None else np.array(weights, np.float64)
        if shares.shape != (len(centres),) or not (shares > 0).all():
            raise ImitationError(
                f"weights are {list(shares.shape)}; one above 0 for each of {len(centres)} modes"
            )
        shares /= shares.sum()
        centres.flags.writeable = shares.flags.writeable = False
        object.__setattr__(self, "modes", centres)
        object.__setattr__(self, "deviation", float(deviation))
        object.__setattr__(self, "weights", shares)

    @property
    def dimensions(self) -> int:
        """d, numbers in a point."""
        return self.modes.shape[1]

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Points float64[n, d], independent."""
        rows = rng.choice(len(self.modes), n, p=self.weights)
        noise = rng.standard_normal((n, self.dimensions))
        return np.asarray(self.modes[rows] + self.deviation * noise)


def ring(modes: int = 8, radius: float = 1.0, deviation: float = 0.01) -> Mixture:
    """Modes evenly on a circle, the first to the right."""
    turn = 2.0 * np.pi * np.arange(modes) / modes
    return Mixture(radius * np.column_stack([np.cos(turn), np.sin(turn)]), deviation)


def grid(side: int = 5, distance: float = 2.0, deviation: float = 0.05) -> Mixture:
    """``side``² modes on a square grid around the origin, so far apart."""
    line = distance * (np.arange(side) - (side - 1) / 2.0)
    return Mixture(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), deviation)


def line(
    modes: int = 3,
    distance: float = 1.0,
    deviation: float = 0.1,
    weights: npt.ArrayLike | None = None,
) -> Mixture:
    """Modes on a line of one dimension around the origin, so far apart."""
    return Mixture(distance * (np.arange(modes)[:, None] - (modes - 1) / 2.0), deviation, weights)
