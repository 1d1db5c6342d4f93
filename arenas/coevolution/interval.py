"""A mean and how sure it is: Student's interval ("The probable error of a mean", 1908).

Guarantees: equal values give an interval of no width around themselves; a single value gives one
that is infinitely wide, since it says nothing about the next.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from arenas.coevolution.errors import CoevolutionError


class Interval(NamedTuple):
    """A mean with the interval that holds the true one at the level asked for."""

    mean: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies within."""
        return self.low <= value <= self.high


def mean_interval(values: npt.ArrayLike, level: float = 0.95) -> Interval:
    """The mean of independent values ``[n]`` with its interval.

    Raises:
        CoevolutionError: for no values, values that are not finite, or a level outside (0, 1).
    """
    known = np.asarray(values, np.float64).ravel()
    if not len(known) or not np.isfinite(known).all():
        raise CoevolutionError(
            f"a mean of {len(known)} values, {int((~np.isfinite(known)).sum())} of them not "
            "finite; expected at least one, all finite, e.g. [0.5, 0.75]"
        )
    if not 0.0 < level < 1.0:
        raise CoevolutionError(
            f"level is {level}; it is a probability above 0 and below 1, e.g. 0.95"
        )
    mean = float(known.mean())
    if len(known) == 1:
        return Interval(mean, -math.inf, math.inf)
    from scipy.special import stdtrit

    spread = float(known.std(ddof=1)) / math.sqrt(len(known))
    reach = float(stdtrit(len(known) - 1, (1.0 + level) / 2.0)) * spread
    return Interval(mean, mean - reach, mean + reach)
