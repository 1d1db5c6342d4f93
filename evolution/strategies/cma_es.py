"""CMA-ES: a normal distribution that adapts to the landscape. One objective, minimised.

Hansen 2016, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772. With ``separable`` it
learns variances only, in linear time: Ros & Hansen 2008, PPSN X. With ``restarts`` it begins anew
with twice the population wherever a criterion of the tutorial's B.3 holds: Auger & Hansen 2005,
"A restart CMA evolution strategy with increasing population size", CEC. What arrives from
elsewhere is injected: Hansen 2011, "Injecting external solutions into CMA-ES", arXiv 1110.4181.

Guarantees beyond those of `evolution.search`: only the order of objectives counts, so any
increasing function of them gives the same run (but for the reasons in ``stopped``, which look at
differences); results do not depend on the number of BLAS threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes
from evolution.search import AskTellError, Evaluated, Floats, Representation, Search
from evolution.state import packed, unpacked
from evolution.strategies.distribution import Distribution
from evolution.strategies.mirror import mirrored, nearest_images
from evolution.strategies.parameters import customary_population, parameters
from evolution.strategies.space import RealSpace
from evolution.strategies.stopping import History

# The tutorial's first standard deviation, as a share of the range between the bounds.
_FIRST_SPREAD = 0.3
# Keeps lengths and step sizes apart from 0.
_TINY = 1e-300
# The evaluated genomes that a state holds.
_KEPT = ("best", "current", "injected")


class CMAES(Search):
    """The algorithm by ask and tell, over genomes of `Real` loci.

    >>> search = CMAES(GenomeSpec({"x": Real(10, -5, 5, initial=2.0)}), rng=1, sigma=0.5)
    >>> while not search.stopped:
    ...     genomes = search.ask()
    ...     search.tell(rosenbrock(genomes["x"]))
    >>> search.best.genomes["x"]

    The mean begins at the loci's ``initial``, or in the middle of the bounds. Bounds are mirrors
    (see `evolution.strategies.mirror`), and no gene's standard deviation grows beyond its range;
    to search without bounds, let them be wide, give ``initial`` and ``sigma``.

    Args:
        sigma: the first standard deviation, in the genes' own units: one number or one for each
            gene; 0.3 of each gene's range unless given.
        population: genomes a generation, at least 2; 4 + ⌊3 ln n⌋ unless given.
        separable: learn variances without covariances: for many, or independent, genes.
        restarts: how often to begin anew, with twice the population and from a random mean.

    Attributes: ``population``; ``restarted``, the restarts so far; ``stopped``; ``mean`` and
    ``deviations`` of the distribution, `float64[n]`.
    """

    objectives_expected = 1

    def __init__(
        self,
        spec: Representation,
        rng: np.random.Generator | int,
        *,
        sigma: float | npt.ArrayLike | None = None,
        population: int | None = None,
        separable: bool = False,
        restarts: int = 0,
    ) -> None:
        self._space = RealSpace(spec)
        super().__init__(spec, rng)
        n = self._space.n
        population = customary_population(n) if population is None else population
        if population < 2:
            raise AskTellError(f"population is {population}; at least 2 are needed, e.g. 10")
        if restarts < 0:
            raise AskTellError(f"restarts is {restarts}; 0 for none, or how often, e.g. 9")
        self._first_population = self.population = population
        self._spread = self._first_spread(sigma)
        self._least_range = float(self._space.range.min())
        self.separable = separable
        self.restarts = restarts
        self.restarted = 0
        self._begin(self._space.start)
        self._latent = self._steps = np.empty((0, n))
        none = Evaluated(spec.sample(0, self.rng), np.empty((0, 1)))
        self._best = self._current = self._injected = none

    @property
    def stopped(self) -> tuple[str, ...]:
        """Why one may stop, by the names of the tutorial's B.3, such as "TolX"; () for no reason.

        The search itself goes on as long as it is asked.
        """
        return self._history.reasons(self._distribution)

    @property
    def mean(self) -> Floats:
        """The mean ``float64[n]`` of the distribution, within bounds."""
        space = self._space
        return mirrored(self._distribution.mean, space.low, space.high).copy()

    @property
    def deviations(self) -> Floats:
        """The standard deviation ``float64[n]`` of each gene."""
        return self._distribution.deviations

    @property
    def residents(self) -> Evaluated:
        """The last generation, led by the best genome of all where that is older."""
        order = np.argsort(self._current.objectives[:, 0], kind="stable")
        current = self._rows(self._current, order)
        best, first = self._best.objectives, current.objectives[:1]
        older = len(best) and not (len(first) and first[0, 0] <= best[0, 0])
        return self._join(self._best, current) if older else current

    def _receive(self, immigrants: Evaluated) -> None:
        """They take part in the next generation, in place of samples, half of it at most.

        Failed ones are left out. How far each can move the distribution is bounded, so that a
        distant one does not tear it apart.
        """
        arrived = self._join(self._injected, immigrants)
        order = np.argsort(arrived.objectives[:, 0], kind="stable")
        order = order[~np.isnan(arrived.objectives[order, 0])]
        self._injected = self._rows(arrived, order[: max(1, self.population // 2)])
        self._keep_best(self._injected)

    def _ask(self) -> Genomes:
        distribution = self._distribution
        samples = self.population - len(self._injected.objectives)
        self._latent = self.rng.standard_normal((samples, self._space.n))
        self._steps = distribution.covariance.steps(self._latent)
        return self._space.genomes(distribution.mean + distribution.sigma * self._steps)

    def _tell(self, evaluated: Evaluated) -> None:
        if len(self._injected.objectives):
            evaluated = self._inject(evaluated)
        objectives = evaluated.objectives[:, 0]
        # NaN sorts behind everything.
        order = np.argsort(objectives, kind="stable")
        ranked = len(order) - int(np.isnan(objectives).sum())
        self._distribution.learn(self._latent, self._steps, order, ranked)
        self._bound_sigma()
        self._history.record(objectives[order[:ranked]])
        self._current = Evaluated(evaluated.genomes, evaluated.objectives)
        self._keep_best(self._rows(self._current, order[:1]))
        if self.restarted < self.restarts and self.stopped:
            self.restarted += 1
            self.population *= 2
            self._begin(self.rng.uniform(self._space.low, self._space.high))

    def _begin(self, mean: Floats) -> None:
        """A new distribution around this mean."""
        constants = parameters(len(mean), self.population, self.separable)
        self._distribution = Distribution(constants, mean, self._spread, self.separable)
        self._history = History(self._spread)

    def _inject(self, evaluated: Evaluated) -> Evaluated:
        """Add the immigrants to a generation, their steps bounded as in Hansen 2011."""
        distribution, space = self._distribution, self._space
        n = space.n
        genes = space.vectors(self._injected.genomes)
        images = nearest_images(genes, distribution.mean, space.low, space.high)
        away = images - distribution.mean
        latent = distribution.covariance.latent(away)
        lengths = np.sqrt((latent * latent).sum(axis=1, keepdims=True))
        longest = math.sqrt(n) + 2.0 * n / (n + 2.0)
        factor = np.minimum(1.0 / distribution.sigma, longest / np.maximum(lengths, _TINY))
        self._latent = np.concatenate([self._latent, latent * factor])
        self._steps = np.concatenate([self._steps, away * factor])
        joined = self._join(evaluated, self._injected)
        self._injected = self._rows(self._injected, slice(0, 0))
        return joined

    def _bound_sigma(self) -> None:
        """No gene's standard deviation beyond its range, and none so small that it is lost."""
        distribution = self._distribution
        distribution.sigma = max(distribution.sigma, _TINY)
        # No gene deviates by more than the longest axis, which is quickly known.
        if distribution.sigma * float(distribution.covariance.scales.max()) > self._least_range:
            free = self._space.range > 0.0
            excess = distribution.deviations[free] / self._space.range[free]
            distribution.sigma /= max(1.0, float(excess.max(initial=0.0)))

    def _keep_best(self, first: Evaluated) -> None:
        """Remember the first row where it is better than all so far."""
        known, found = self._best.objectives, first.objectives
        if len(found) and (found[0, 0] < known[0, 0] if len(known) else not np.isnan(found[0, 0])):
            self._best = self._rows(first, slice(0, 1))

    def _rows(self, evaluated: Evaluated, rows: npt.NDArray[Any] | slice) -> Evaluated:
        return Evaluated(self.spec.take(evaluated.genomes, rows), evaluated.objectives[rows])

    def _join(self, first: Evaluated, second: Evaluated) -> Evaluated:
        return Evaluated(
            self.spec.concatenate(first.genomes, second.genomes),
            np.concatenate([first.objectives, second.objectives]),
        )

    def _first_spread(self, sigma: float | npt.ArrayLike | None) -> Floats:
        """The first standard deviation of each gene; 1 where the bounds leave no choice."""
        n, width = self._space.n, self._space.range
        customary = np.where(width > 0.0, _FIRST_SPREAD * width, 1.0)
        spread = customary if sigma is None else np.asarray(sigma, dtype=np.float64)
        good = spread.shape in ((), (n,)) and bool((np.isfinite(spread) & (spread > 0.0)).all())
        if not good:
            raise AskTellError(
                f"sigma is {sigma!r}; expected a positive standard deviation for all genes, or "
                f"{n} of them, in the genes' units, e.g. 0.3 of the distance to the optimum"
            )
        return np.broadcast_to(spread, (n,)).astype(np.float64)

    def _settings(self) -> dict[str, Any]:
        return {
            "sigma": self._spread.tolist(),
            "population": self._first_population,
            "separable": self.separable,
            "restarts": self.restarts,
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays, facts = self._distribution.save()
        arrays = {f"distribution.{name}": array for name, array in arrays.items()}
        arrays |= {f"history.{name}": array for name, array in self._history.save().items()}
        arrays |= {"latent": self._latent, "steps": self._steps}
        for name in _KEPT:
            kept: Evaluated = getattr(self, f"_{name}")
            arrays |= packed(kept.genomes, f"{name}.genomes")
            arrays[f"{name}.objectives"] = kept.objectives
        facts = {"distribution": facts, "restarted": self.restarted, "population": self.population}
        return arrays, facts

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        kept = {
            name: Evaluated(unpacked(arrays, f"{name}.genomes"), arrays[f"{name}.objectives"])
            for name in _KEPT
        }
        for evaluated in kept.values():
            self.spec.validate(evaluated.genomes)
        self._best, self._current, self._injected = (kept[name] for name in _KEPT)
        self.population, self.restarted = facts["population"], facts["restarted"]
        self._begin(self._space.start)
        self._distribution.load(unpacked(arrays, "distribution"), facts["distribution"])
        self._history.load(unpacked(arrays, "history"))
        self._latent, self._steps = arrays["latent"], arrays["steps"]
