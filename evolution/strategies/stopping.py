"""When CMA-ES has nothing more to find: the criteria of the tutorial.

Hansen 2016, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772, appendix B.3, with its
thresholds. Nothing here stops a search; `History.reasons` says why one may.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.search import Floats
from evolution.strategies.covariance import CONDITION_LIMIT
from evolution.strategies.distribution import Distribution

_TOLERANCE_FUN = 1e-12
_TOLERANCE_X = 1e-12
_GROWTH_LIMIT = 1e4
_LONGEST_HISTORY = 20_000


class History:
    """The best and the median objective of each generation, and the first standard deviations.

    A generation that failed as a whole counts as infinitely bad.
    """

    def __init__(self, spread: Floats) -> None:
        self.spread = spread.copy()
        self.best: list[float] = []
        self.median: list[float] = []
        self.last_range = (-math.inf, math.inf)

    def record(self, ranked: Floats) -> None:
        """Take the objectives of a generation, best first, without the failed ones."""
        none = not len(ranked)
        self.best.append(math.inf if none else float(ranked[0]))
        self.median.append(math.inf if none else float(ranked[len(ranked) // 2]))
        self.last_range = (-math.inf, math.inf) if none else (float(ranked[0]), float(ranked[-1]))
        if len(self.best) > 2 * _LONGEST_HISTORY:
            del self.best[:_LONGEST_HISTORY], self.median[:_LONGEST_HISTORY]

    def reasons(self, distribution: Distribution) -> tuple[str, ...]:
        """The names of the criteria that hold, in the tutorial's spelling; () for none."""
        covariance, sigma = distribution.covariance, distribution.sigma
        mean, deviations = distribution.mean, distribution.deviations
        axis = covariance.axis(distribution.generation % len(mean))
        moved = np.abs(sigma * distribution.path_c)
        scales = covariance.scales
        condition = (float(scales.max()) / float(scales.min())) ** 2
        held = {
            "NoEffectAxis": bool((mean == mean + 0.1 * sigma * axis).all()),
            "NoEffectCoord": bool((mean == mean + 0.2 * deviations).any()),
            # Just below, because no decomposition leaves more than the limit.
            "ConditionCov": condition > 0.99 * CONDITION_LIMIT,
            "EqualFunValues": self._equal(distribution),
            "Stagnation": self._stagnates(distribution),
            "TolXUp": bool((deviations > _GROWTH_LIMIT * self.spread).any()),
            "TolFun": self._flat(distribution),
            "TolX": bool((np.maximum(deviations, moved) < _TOLERANCE_X * self.spread).all()),
        }
        return tuple(name for name, holds in held.items() if holds)

    def _recent(self, distribution: Distribution) -> list[float]:
        """The best of the last 10 + ⌈30 n/λ⌉ generations, or none where there were fewer."""
        p = distribution.parameters
        wanted = 10 + math.ceil(30 * p.n / p.population)
        return self.best[-wanted:] if len(self.best) >= wanted else []

    def _equal(self, distribution: Distribution) -> bool:
        recent = self._recent(distribution)
        return bool(recent) and min(recent) == max(recent)

    def _flat(self, distribution: Distribution) -> bool:
        recent = self._recent(distribution)
        if not recent or not math.isfinite(max(*recent, *map(abs, self.last_range))):
            return False
        low, high = self.last_range
        return max(*recent, high) - min(*recent, low) < _TOLERANCE_FUN

    def _stagnates(self, distribution: Distribution) -> bool:
        """Neither best nor median are better at the end of a long stretch than at its start."""
        p = distribution.parameters
        least = 120 + math.ceil(30 * p.n / p.population)
        if len(self.best) < least:
            return False
        length = min(max(least, len(self.best) // 5), _LONGEST_HISTORY)
        share = max(1, int(0.3 * length))
        for values in (self.best, self.median):
            stretch = values[-length:]
            if np.median(stretch[-share:]) < np.median(stretch[:share]):
                return False
        return True

    def save(self) -> dict[str, npt.NDArray[Any]]:
        """Everything, as arrays."""
        return {
            "spread": self.spread,
            "best": np.array(self.best),
            "median": np.array(self.median),
            "last_range": np.array(self.last_range),
        }

    def load(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what `save` gave."""
        self.spread = arrays["spread"]
        self.best = arrays["best"].tolist()
        self.median = arrays["median"].tolist()
        low, high = arrays["last_range"].tolist()
        self.last_range = (low, high)
