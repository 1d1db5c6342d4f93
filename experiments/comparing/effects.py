"""How large a difference is, in units of what varies between replicates; positive if b is higher.

- Two groups: Hedges' g, in units of the pooled standard deviation, without the bias of few
  replicates (Hedges 1981); its interval from the noncentral t (Hedges and Olkin 1985).
- Pairs: g_av, in units of the root of the mean of both variances, which pairing does not change, so
  that it can be held against a g (Cumming 2012, ch. 11); its interval as Algina and Keselman (2003)
  give it. In simulations of normal pairs it holds the truth 90 to 96 times of 100: 90 with five
  pairs, 91 with ten that follow each other closely. With five, g_av is a tenth too small.

nan where nothing varies.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special, stats

from experiments.comparing.intervals import CONFIDENCE, Interval, quiet, same

T_MAX = 10_000.0
"""Beyond it the noncentral t cannot be computed in time, and there are no bounds."""


def hedges_g(baseline: np.ndarray, group: np.ndarray) -> Interval:
    """Hedges' g of two groups, float[n] and float[m] with n, m ≥ 2, and its interval."""
    n, m = len(baseline), len(group)
    freedom = n + m - 2
    pooled = math.sqrt(((n - 1) * _variance(baseline) + (m - 1) * _variance(group)) / freedom)
    if not pooled:
        return Interval(math.nan)
    scale = math.sqrt(1 / n + 1 / m)
    d = (float(group.mean()) - float(baseline.mean())) / pooled
    return _unbiased(d, scale, freedom)


def g_av(baseline: np.ndarray, group: np.ndarray) -> Interval:
    """g_av of pairs, float[n] each with n ≥ 2, and its interval."""
    n = len(baseline)
    spread = math.sqrt((_variance(baseline) + _variance(group)) / 2)
    if not spread:
        return Interval(math.nan)
    gaps = group - baseline
    scale = math.sqrt(_variance(gaps) / n) / spread
    return _unbiased(float(gaps.mean()) / spread, scale, n - 1)


def _unbiased(d: float, scale: float, freedom: int) -> Interval:
    """A standardised difference d = scale · t, its bias taken away, with its interval.

    The exact factor of Hedges (1981, eq. 6e), not its approximation 1 - 3 / (4 freedom - 1).
    """
    factor = 1.0
    if freedom > 1:
        logs = special.gammaln(freedom / 2) - special.gammaln((freedom - 1) / 2)
        factor = math.exp(logs) / math.sqrt(freedom / 2)
    if not scale:
        return Interval(factor * d)
    t, tail = d / scale, (1 - CONFIDENCE) / 2
    if abs(t) > T_MAX:
        return Interval(factor * d)
    low, high = _noncentrality(t, freedom, 1 - tail), _noncentrality(t, freedom, tail)
    return Interval(factor * d, factor * scale * low, factor * scale * high)


def _noncentrality(t: float, freedom: int, share: float) -> float:
    """The noncentrality at which a share of all t lies below this one; nan if it is out of reach.

    The share falls with the noncentrality, so that it is found between bounds.
    """

    def excess(noncentrality: float) -> float:
        return float(stats.nct.cdf(t, freedom, noncentrality)) - share

    outward, reach = (-1 if share > 0.5 else 1), 1.0
    with quiet():
        while reach < 8 * (1 + abs(t)):  # in steps: far away the distribution is out of reach
            beyond = excess(t + outward * reach)
            if beyond * outward <= 0:
                ends = sorted((t, t + outward * reach))
                return float(optimize.brentq(excess, *ends, xtol=1e-8))
            reach *= 2
    return math.nan


def _variance(values: np.ndarray) -> float:
    return 0.0 if same(values) else float(np.var(values, ddof=1))
