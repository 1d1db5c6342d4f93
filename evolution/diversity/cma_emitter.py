"""The CMA emitter: CMA-ES that climbs towards what the archive lacks.

CMA-ME's improvement emitter: Fontaine, Togelius, Nikolaidis & Hoover 2020, "Covariance matrix
adaptation for the rapid illumination of behavior space", GECCO, arXiv:1912.02400. On a soft
archive it is CMA-MAE's: Fontaine & Nikolaidis 2023, "Covariance Matrix Adaptation MAP-Annealing",
GECCO, arXiv:2205.10752. The strategy itself is that of `evolution.strategies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from evolution.diversity.cells import DiversityError
from evolution.diversity.elites import REJECTED, Added, Elites
from evolution.diversity.emitters import Emitter, check_step, real_loci
from evolution.genomes.locus import Real
from evolution.genomes.spec import Genomes
from evolution.search import Floats, Integers, Representation
from evolution.strategies.distribution import Distribution
from evolution.strategies.parameters import Parameters, parameters

# Axes whose lengths differ by more than this, or none longer than this: nothing left to learn.
_CONDITION = 1e7
_SMALLEST = 1e-12


@dataclass(frozen=True)
class CMA(Emitter):
    """A normal distribution that learns from which of its genomes the archive admitted.

    Those first in their cell rank above those better than their elite, and these above the rest;
    within each, by how much better. Of the better half those admitted are parents; without any the
    emitter starts afresh around an elite drawn at random. On a soft archive (``learning_rate``
    below 1) the rank is by how far below the threshold, the better half are parents, and it
    starts afresh only when it has converged.

    ``sigma``, the first standard deviation, is a share of the range of each gene; `Real` loci,
    clipped to the bounds. One emitter is one strategy: ``emitters=[CMA()] * 15, batch=540``.
    """

    sigma: float = 0.1

    def __post_init__(self) -> None:
        check_step("sigma", self.sigma)
        if self.sigma == 0.0:
            raise DiversityError("sigma is 0; expected the first step as a share, e.g. 0.1")

    def opened(self, spec: Representation, batch: int) -> Emitter:
        """A strategy of its own, with a population of ``batch``."""
        if batch < 2:
            raise DiversityError(
                f"a CMA emitter with a share of {batch} in the batch; at least 2 are needed, "
                "e.g. emitters=[CMA()] * 15, batch=540"
            )
        return _Strategy(self, real_loci(spec, "CMA"), batch)

    def emit(self, elites: Elites, n: int, rng: np.random.Generator) -> Genomes:
        """Only for the copy that `opened` gives."""
        raise DiversityError("a CMA emitter has a memory: use the one that .opened() gives")

    @property
    def settings(self) -> dict[str, Any]:
        """Its name and the first step."""
        return {"emitter": "CMA", "sigma": self.sigma}


class _Strategy(Emitter):
    """The strategy of one emitter; genes are shares of their range, loci side by side."""

    learns: ClassVar[bool] = True

    def __init__(self, cma: CMA, loci: dict[str, Real], batch: int) -> None:
        self._cma = cma
        self._loci = loci
        low, high = zip(*(locus.bounds for locus in loci.values()), strict=True)
        self._low = np.concatenate(low).astype(np.float64)
        # A gene with nothing to choose from stays where it is.
        self._span = np.concatenate(high).astype(np.float64) - self._low
        self._parameters: Parameters = parameters(len(self._low), batch)
        self._distribution: Distribution | None = None
        self.restarts = 0

    @property
    def settings(self) -> dict[str, Any]:
        """Those it was opened with."""
        return self._cma.settings

    def emit(self, elites: Elites, n: int, rng: np.random.Generator) -> Genomes:
        """Drawn from the distribution, clipped to the bounds."""
        if self._distribution is None:
            self._distribution = self._fresh(elites, rng)
        d = self._distribution
        steps = d.covariance.steps(rng.standard_normal((n, self._parameters.n)))
        return self._genomes(np.clip(d.mean + d.sigma * steps, 0.0, 1.0))

    def learn(
        self, genomes: Genomes, added: Added, elites: Elites, rng: np.random.Generator
    ) -> None:
        """Move towards what was admitted, or start afresh where nothing was."""
        d = self._distribution
        assert d is not None
        # From the genomes, not from the draws: they may have been clipped.
        steps = (self._shares(genomes) - d.mean) / d.sigma
        order, parents = _ranking(added, soft=elites.learning_rate < 1.0)
        d.learn(d.covariance.latent(steps), steps, order, parents)
        if parents == 0 or _exhausted(d):
            self._distribution = self._fresh(elites, rng)
            self.restarts += 1

    def save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """The distribution, if there is one yet."""
        if self._distribution is None:
            return {}, {"restarts": self.restarts, "distribution": None}
        arrays, facts = self._distribution.save()
        return arrays, {"restarts": self.restarts, "distribution": facts}

    def load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        """Take over what `save` gave."""
        self.restarts = facts["restarts"]
        self._distribution = None
        if facts["distribution"] is not None:
            self._distribution = self._around(np.zeros(self._parameters.n))
            self._distribution.load(arrays, facts["distribution"])

    def _fresh(self, elites: Elites, rng: np.random.Generator) -> Distribution:
        row = rng.integers(0, elites.size, 1)
        return self._around(self._shares(elites.taken(row).genomes)[0])

    def _around(self, mean: Floats) -> Distribution:
        spread = np.full(self._parameters.n, self._cma.sigma)
        return Distribution(self._parameters, mean, spread, separable=False)

    def _shares(self, genomes: Genomes) -> Floats:
        genes = np.concatenate([genomes[name] for name in self._loci], axis=1, dtype=np.float64)
        span = np.where(self._span > 0.0, self._span, 1.0)
        return np.asarray((genes - self._low) / span)

    def _genomes(self, shares: Floats) -> Genomes:
        genes, first, genomes = self._low + shares * self._span, 0, {}
        for name, locus in self._loci.items():
            low, high = locus.bounds
            column = genes[:, first : first + locus.size].astype(locus.dtype)
            genomes[name] = column.clip(low, high)  # rounding may step over a bound
            first += locus.size
        return genomes


def _ranking(added: Added, soft: bool) -> tuple[Integers, int]:
    """The rows from best to worst, and how many of them may be parents."""
    failed = np.isnan(added.gain)
    gain = np.where(failed, -np.inf, added.gain)
    if soft:
        return np.lexsort((-gain, failed)), int((~failed).sum())
    return np.lexsort((-gain, failed, -added.status)), int((added.status != REJECTED).sum())


def _exhausted(d: Distribution) -> bool:
    """Whether the distribution has shrunk to a point, or to a line."""
    scales = d.covariance.scales
    longest = float(scales.max())
    return not (d.sigma * longest > _SMALLEST and longest < _CONDITION * float(scales.min()))
