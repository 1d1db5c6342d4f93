"""A statistic beside the same statistic of surrogates: is it more than chance makes of it?

Many statistics are biased: the mutual information of a small table is never 0, and a sparse
random graph has communities. So none is told without the surrogates that keep all but what is
asked about (Theiler et al. 1992, "Testing for nonlinearity in time series: the method of
surrogate data", Physica D 58).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class AgainstChance:
    """What was observed, and what surrogates gave.

    Attributes:
        observed: the statistic of the data.
        mean, deviation: of the surrogates, the deviation with n − 1.
        draws: number of surrogates.
        as_high: share (k + 1) / (draws + 1) of surrogates as high as what was observed, the
            observed one included, so that it is never 0: a valid one-sided p-value (Phipson &
            Smyth 2010, "Permutation P-values should never be zero").

    Where the statistic is undefined, nan, so is all but `draws`.
    """

    observed: float
    mean: float
    deviation: float
    draws: int
    as_high: float

    @property
    def excess(self) -> float:
        """Observed less mean: what is there beyond chance."""
        return self.observed - self.mean

    @property
    def z(self) -> float:
        """Excess in deviations; 0 where chance leaves nothing open, infinite if beaten there."""
        if abs(self.excess) <= _ROUNDING * max(abs(self.observed), abs(self.mean)):
            return 0.0
        if self.deviation <= _ROUNDING * abs(self.mean):
            return float(np.copysign(np.inf, self.excess))
        return self.excess / self.deviation

    @classmethod
    def of(cls, observed: float, surrogates: ArrayLike) -> AgainstChance:
        """Compare with the statistics float[draws] of at least two surrogates.

        Raises:
            ValueError: for fewer than two.
        """
        drawn = np.asarray(surrogates, dtype=np.float64)
        if drawn.ndim != 1 or drawn.size < 2:
            raise ValueError(
                f"a spread takes at least 2 surrogates, such as 100; got shape {drawn.shape}"
            )
        # Sums of logarithms in another order differ in the last bits: those count as equal.
        margin = _ROUNDING * max(abs(observed), 1.0)
        reached = np.nan if np.isnan(observed) else np.count_nonzero(drawn >= observed - margin)
        return cls(
            observed=observed,
            mean=float(drawn.mean()),
            deviation=float(drawn.std(ddof=1)),
            draws=drawn.size,
            as_high=float(reached + 1) / (drawn.size + 1),
        )


def check_draws(draws: int) -> None:
    """Refuse a number of surrogates that no spread can be taken of.

    Raises:
        ValueError: for fewer than two, or a number that is not whole.
    """
    if not isinstance(draws, (int, np.integer)) or draws < 2:
        raise ValueError(
            f"draws must be a whole number of at least 2 surrogates, such as 100; got {draws}"
        )


_ROUNDING = 1e-9
