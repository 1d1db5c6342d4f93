"""Emitters: how MAP-Elites makes new genomes from its elites.

An emitter is settings; one that learns from what becomes of its genomes hands out, by
`Emitter.opened`, a copy with memory for each search. Parents are drawn uniformly from the elites.
Steps are shares of the range of a gene, so that the same ones serve any spec.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.breeding import Breeding
from evolution.diversity.cells import DiversityError
from evolution.diversity.elites import Added, Elites
from evolution.genomes.locus import Real
from evolution.genomes.spec import Genomes, GenomeSpec
from evolution.search import Floats, Integers, Representation


class Emitter(ABC):
    """Makes genomes from elites; a subclass must say how, and may learn from the outcome."""

    # Whether `learn` is to be called.
    learns: ClassVar[bool] = False

    def opened(self, spec: Representation, batch: int) -> Emitter:
        """Check that this emitter can make ``batch`` genomes of ``spec``; one to use for that."""
        return self

    @abstractmethod
    def emit(self, elites: Elites, n: int, rng: np.random.Generator) -> Genomes:
        """``n`` genomes to evaluate; there is at least one elite."""

    def learn(  # noqa: B027  most emitters have nothing to learn
        self, genomes: Genomes, added: Added, elites: Elites, rng: np.random.Generator
    ) -> None:
        """See what became of the genomes that were last emitted; the elites know them by now."""

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What makes two emitters the same, in the types that JSON knows."""

    def save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """What it has learnt: arrays, and facts for JSON."""
        return {}, {}

    def load(  # noqa: B027  most emitters have nothing to restore
        self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]
    ) -> None:
        """Take over what `save` gave."""


class _Settled(Emitter):
    """An emitter that never learns: a dataclass of settings."""

    @property
    def settings(self) -> dict[str, Any]:
        """Its name and fields."""
        return {"emitter": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class Gaussian(_Settled):
    """One parent, and a normal step on every gene of ``sigma`` times its range; `Real` loci."""

    sigma: float = 0.05

    def __post_init__(self) -> None:
        check_step("sigma", self.sigma)

    def opened(self, spec: Representation, batch: int) -> Emitter:
        """Every locus must be `Real`."""
        real_loci(spec, "Gaussian")
        return self

    def emit(self, elites: Elites, n: int, rng: np.random.Generator) -> Genomes:
        """Clipped to the bounds."""
        parents = rng.integers(0, elites.size, n)
        children = {}
        for name, locus in real_loci(elites.spec, "Gaussian").items():
            children[name] = np.empty((n, locus.size), locus.dtype)
            low, high = locus.bounds
            steps = _steps(self.sigma, low, high)
            draws = np.empty(children[name].shape)
            _draw(rng, draws)
            _normal_steps(elites.genomes[name], parents, steps, low, high, draws, children[name])
        return children


@dataclass(frozen=True)
class IsoLine(_Settled):
    """Along the line to another elite, with a normal step around it; `Real` loci.

    child = x + iso · range · N(0, I) + line · N(0, 1) · (y - x), for elites x and y: elites lie
    close to a manifold, which such lines follow. Vassiliades & Mouret 2018, "Discovering the
    elite hypervolume by leveraging interspecies correlation", GECCO, equation 1.
    """

    iso: float = 0.01
    line: float = 0.2

    def __post_init__(self) -> None:
        check_step("iso", self.iso)
        check_step("line", self.line)

    def opened(self, spec: Representation, batch: int) -> Emitter:
        """Every locus must be `Real`."""
        real_loci(spec, "IsoLine")
        return self

    def emit(self, elites: Elites, n: int, rng: np.random.Generator) -> Genomes:
        """Clipped to the bounds; one draw along the line for all loci of a genome."""
        parents, others = rng.integers(0, elites.size, (2, n))
        shares = self.line * rng.standard_normal(n)
        children = {}
        for name, locus in real_loci(elites.spec, "IsoLine").items():
            children[name] = np.empty((n, locus.size), locus.dtype)
            low, high = locus.bounds
            steps, column = _steps(self.iso, low, high), elites.genomes[name]
            draws = np.empty(children[name].shape)
            _draw(rng, draws)
            _line_steps(column, parents, others, shares, steps, low, high, draws, children[name])
        return children


@dataclass(frozen=True)
class Genetic(Breeding, _Settled):
    """Two parents, crossed and mutated as the spec does it; any kind of locus."""

    def emit(self, elites: Elites, n: int, rng: np.random.Generator) -> Genomes:
        """One child per pair."""
        mothers, fathers = rng.integers(0, elites.size, (2, n))
        return self.children(elites.spec, elites.genomes, mothers, fathers, rng)


def real_loci(spec: Representation, emitter: str) -> dict[str, Real]:
    """The loci of a spec, all of them `Real`; else `DiversityError`."""
    loci = dict(spec.loci) if isinstance(spec, GenomeSpec) else {}
    real = {name: locus for name, locus in loci.items() if isinstance(locus, Real)}
    if not real or len(real) < len(loci):
        others = sorted(set(loci) - set(real)) or type(spec).__name__
        raise DiversityError(
            f"{emitter} makes real numbers, and {others} are not; use Genetic(), which varies any "
            "locus, or a spec of Real loci alone"
        )
    return real


def check_step(name: str, value: float) -> None:
    """Raise `DiversityError` unless this is a step: finite, and not negative."""
    if not 0.0 <= value < np.inf:
        raise DiversityError(f"{name} is {value}; expected a finite step of at least 0, e.g. 0.05")


def _steps(share: float, low: npt.NDArray[Any], high: npt.NDArray[Any]) -> Floats:
    return share * (high.astype(np.float64) - low.astype(np.float64))


@njit(cache=True, nogil=True)
def _draw(rng: np.random.Generator, draws: Floats) -> None:
    """Fill with standard normal numbers: the generator's own, but compiled in, so faster.

    Apart from what is done with them, so that the compiler does that several genes at a time.
    """
    for i in range(draws.shape[0]):
        for g in range(draws.shape[1]):
            draws[i, g] = rng.standard_normal()


@njit(cache=True, nogil=True)
def _normal_steps(
    elites: Floats,
    parents: Integers,
    steps: Floats,
    low: Floats,
    high: Floats,
    draws: Floats,
    children: Floats,
) -> None:
    """Each child one normal step from its parent, gene by gene, clipped to the bounds."""
    for i in range(len(parents)):
        parent, draw, child = elites[parents[i]], draws[i], children[i]
        for g in range(len(child)):
            gene = parent[g] + steps[g] * draw[g]
            gene = low[g] if gene < low[g] else gene
            child[g] = high[g] if gene > high[g] else gene


@njit(cache=True, nogil=True)
def _line_steps(
    elites: Floats,
    parents: Integers,
    others: Integers,
    shares: Floats,
    steps: Floats,
    low: Floats,
    high: Floats,
    draws: Floats,
    children: Floats,
) -> None:
    """Each child its share of the way to the other parent, and a normal step, clipped."""
    for i in range(len(parents)):
        parent, other, draw, child = elites[parents[i]], elites[others[i]], draws[i], children[i]
        share = shares[i]
        for g in range(len(child)):
            here = np.float64(parent[g])
            gene = here + share * (other[g] - here) + steps[g] * draw[g]
            gene = low[g] if gene < low[g] else gene
            child[g] = high[g] if gene > high[g] else gene
